"""Themes: which colour everything has. The layout does not depend on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Font: TypeAlias = Literal["sans", "serif"]
Tone: TypeAlias = Literal["ink", "grey", "count", "shared", "constant"]
Colors: TypeAlias = tuple[str, str]  # fill and outline

FONTS: dict[Font, str] = {
    "sans": "DejaVu Sans, Verdana, sans-serif",
    "serif": "DejaVu Serif, Georgia, serif",
}

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


@dataclass(frozen=True, slots=True)
class Theme:
    """`frames`: the fills of frames, the outermost first; deeper ones have the last."""

    name: str
    page: str
    tones: dict[Tone, str]
    families: dict[str, Colors]
    other: Colors
    frames: tuple[str, ...]
    frame_line: str
    wire: str
    skip: str
    dashed_skips: bool = False  # where colour does not tell them apart

    def colors(self, family: str) -> Colors:
        return self.families.get(family, self.other)

    def tells(self, family: str) -> bool:
        """Is a family's colour its own? Then the legend says it."""
        return self.colors(family)[0] != self.other[0]

    def frame(self, depth: int) -> str:
        return self.frames[min(depth, len(self.frames) - 1)]


# Calm fills that stay apart in print and for colour-blind eyes.
LIGHT = Theme(
    name="light",
    page="#ffffff",
    tones={"ink": "#111111", "grey": "#555555", "count": "#b00020", "shared": "#6a3fa0", "constant": "#1f4e8c"},
    families={
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
    },
    other=("#ffffff", "#444444"),
    frames=("#f7f7fa", "#efeff5", "#e7e8f0"),
    frame_line="#9a9aa6",
    wire="#444444",
    skip="#b06000",
)

# Black on white. The greys are steps that a printer keeps apart.
PAPER = Theme(
    name="paper",
    page="#ffffff",
    tones={"ink": "#000000", "grey": "#333333", "count": "#000000", "shared": "#000000", "constant": "#000000"},
    families={
        "linear": ("#e2e2e2", "#000000"),
        "convolution": ("#d0d0d0", "#000000"),
        "attention": ("#bcbcbc", "#000000"),
        "recurrent": ("#c6c6c6", "#000000"),
        "embedding": ("#ececec", "#000000"),
        "normalization": ("#f6f6f6", "#000000"),
        "block": ("#ffffff", "#000000"),
    },
    other=("#ffffff", "#000000"),
    frames=("#ffffff",),
    frame_line="#777777",
    wire="#000000",
    skip="#000000",
    dashed_skips=True,
)

DARK = Theme(
    name="dark",
    page="#16181d",
    tones={"ink": "#f2f3f5", "grey": "#aab0bb", "count": "#ff7b8a", "shared": "#c4a3ff", "constant": "#8fc0ff"},
    families={
        "input": ("#16181d", "#d5d8de"),
        "output": ("#16181d", "#d5d8de"),
        "linear": ("#22375c", "#7fa6e8"),
        "convolution": ("#17424b", "#5fc0d3"),
        "attention": ("#3c2b5e", "#b595f0"),
        "recurrent": ("#552437", "#ec8fae"),
        "embedding": ("#4d3a17", "#e0b564"),
        "normalization": ("#2c4020", "#98c878"),
        "pooling": ("#55301e", "#eb9d76"),
        "activation": ("#474110", "#d9ca5c"),
        "regularization": ("#2b2e35", "#9298a3"),
        "shape": ("#262930", "#9298a3"),
        "arithmetic": ("#16181d", "#c2c6ce"),
        "reduction": ("#55301e", "#eb9d76"),
        "tensor": ("#262930", "#9298a3"),
        "block": ("#2a2e40", "#a3a9d0"),
    },
    other=("#16181d", "#c2c6ce"),
    frames=("#1d2026", "#24272f", "#2b2f38"),
    frame_line="#5b606b",
    wire="#b4b9c3",
    skip="#f0a04b",
)

THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, PAPER, DARK)}
