"""Diagrams: `scene` lays a model out once; `svg`, `png`, `pdf`, `dot` and `tikz` write it down.

`html` makes a page that lays the model out by itself, with blocks that open and close.
"""

from __future__ import annotations

from nndsl.backends.draw.dot import dot
from nndsl.backends.draw.html import html
from nndsl.backends.draw.opening import CannotOpen
from nndsl.backends.draw.pdf import pdf
from nndsl.backends.draw.picture import scene
from nndsl.backends.draw.png import png
from nndsl.backends.draw.remarks import PictureWarning, remarks
from nndsl.backends.draw.scene import Direction, Scene
from nndsl.backends.draw.style import THEMES, Font, Theme
from nndsl.backends.draw.svg import svg
from nndsl.backends.draw.tikz import tikz

__all__ = [
    "THEMES",
    "CannotOpen",
    "Direction",
    "Font",
    "PictureWarning",
    "Scene",
    "Theme",
    "dot",
    "html",
    "pdf",
    "png",
    "remarks",
    "scene",
    "svg",
    "tikz",
]
