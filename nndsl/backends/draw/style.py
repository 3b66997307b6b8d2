"""Colours by family: fill and outline. Calm fills that stay apart in print and for colour-blind eyes."""

from __future__ import annotations

FAMILY_COLORS: dict[str, tuple[str, str]] = {
    "input": ("#ffffff", "#333333"),
    "output": ("#ffffff", "#333333"),
    "linear": ("#dae7fb", "#34558b"),
    "convolution": ("#d5eef2", "#1d6f80"),
    "attention": ("#e9defa", "#6540a3"),
    "recurrent": ("#fbdde6", "#a03a5c"),
    "embedding": ("#fce8c8", "#8c6a2f"),
    "normalization": ("#e4eed9", "#57803a"),
    "pooling": ("#fbe0d3", "#a8562f"),
    "activation": ("#fdf6c9", "#8f8022"),
    "regularization": ("#f0f0f0", "#777777"),
    "shape": ("#f4f4f6", "#80808a"),
    "arithmetic": ("#ffffff", "#444444"),
    "reduction": ("#fbe0d3", "#a8562f"),
    "tensor": ("#f4f4f6", "#80808a"),
    "block": ("#eceef6", "#565b7c"),
}
OTHER = ("#ffffff", "#444444")
FRAME_FILLS = ("#f7f7fa", "#efeff5", "#e7e8f0")
FRAME_LINE = "#9a9aa6"
WIRE, SKIP = "#444444", "#b06000"
FONT = "DejaVu Sans, Verdana, sans-serif"

# What the legend says, in the order in which it says it.
LEGEND: dict[str, str] = {
    "linear": "linear",
    "convolution": "convolution",
    "attention": "attention",
    "recurrent": "recurrent",
    "embedding": "embedding",
    "normalization": "normalization",
    "activation": "activation",
    "pooling": "pooling",
    "reduction": "reduction",
    "regularization": "regularization",
    "shape": "shape",
    "block": "block (closed)",
}


def colors(family: str) -> tuple[str, str]:
    return FAMILY_COLORS.get(family, OTHER)
