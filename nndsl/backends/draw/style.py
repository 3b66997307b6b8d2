"""Themes: which colour everything has. The layout does not depend on them."""

from __future__ import annotations

from dataclasses import dataclass, field
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
    "arithmetic": "arithmetic",
    "shape": "tensor operation",
    "python": "layer in Python",
    "block": "block (closed)",
}
# Families that are drawn small and round, and those that are shown as another one.
PILLS = {"activation", "regularization", "shape", "reduction", "arithmetic"}
SHOWN_AS = {"tensor": "shape"}


@dataclass(frozen=True, slots=True)
class Outline:
    width: float = 1.2
    dotted: bool = False


PLAIN, FINE, THICK, DOTTED = Outline(), Outline(0.5), Outline(2.4), Outline(1.2, dotted=True)


@dataclass(frozen=True, slots=True)
class Theme:
    """`frames`: the fills of frames, the outermost first; deeper ones have the last. `outlines`: of families whose
    boxes are not drawn with a plain one."""

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
    outlines: dict[str, Outline] = field(default_factory=lambda: {"regularization": DOTTED})

    def colors(self, family: str) -> Colors:
        return self.families.get(family, self.other)

    def outline(self, family: str) -> Outline:
        return self.outlines.get(family, PLAIN)

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
        "regularization": ("#ececec", "#666666"),
        "shape": ("#d3d9e3", "#5d6675"),
        "arithmetic": ("#ffffff", "#444444"),
        "reduction": ("#e5d3c3", "#6f4a2c"),
        "python": ("#dcd6c6", "#5c5030"),
        "block": ("#ffffff", "#3d4270"),
    },
    other=("#ffffff", "#444444"),
    frames=("#f7f7fa", "#efeff5", "#e7e8f0"),
    frame_line="#9a9aa6",
    wire="#444444",
    skip="#b06000",
)

# Black on white, for any printer: five steps of grey, and outlines where these do not suffice.
_GREYS = ("#ffffff", "#e6e6e6", "#cdcdcd", "#b6b6b6", "#a0a0a0")
PAPER = Theme(
    name="paper",
    page="#ffffff",
    tones={"ink": "#000000", "grey": "#333333", "count": "#000000", "shared": "#000000", "constant": "#000000"},
    families={
        "linear": (_GREYS[1], "#000000"),
        "convolution": (_GREYS[2], "#000000"),
        "attention": (_GREYS[4], "#000000"),
        "recurrent": (_GREYS[3], "#000000"),
        "embedding": (_GREYS[0], "#000000"),
        "normalization": (_GREYS[0], "#000000"),
        "pooling": (_GREYS[1], "#000000"),
        "activation": (_GREYS[1], "#000000"),
        "reduction": (_GREYS[3], "#000000"),
        "python": (_GREYS[2], "#000000"),
    },
    other=("#ffffff", "#000000"),
    frames=("#ffffff",),
    frame_line="#777777",
    wire="#000000",
    skip="#000000",
    dashed_skips=True,
    outlines={"embedding": THICK, "pooling": THICK, "python": THICK, "regularization": DOTTED, "shape": FINE},
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
        "regularization": ("#282b31", "#a9aeb8"),
        "shape": ("#3b404a", "#9aa2b0"),
        "arithmetic": ("#16181d", "#c2c6ce"),
        "reduction": ("#3a2a22", "#c7a58c"),
        "python": ("#1d3a2f", "#7cc9a2"),
        "block": ("#16181d", "#a3a9d0"),
    },
    other=("#16181d", "#c2c6ce"),
    frames=("#1d2026", "#24272f", "#2b2f38"),
    frame_line="#5b606b",
    wire="#b4b9c3",
    skip="#f0a04b",
)

THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, PAPER, DARK)}
