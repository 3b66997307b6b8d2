"""Diagrams: `scene` lays a model out once, `svg`, `png` and `dot` write it down."""

from __future__ import annotations

from nndsl.backends.draw.dot import dot
from nndsl.backends.draw.picture import scene
from nndsl.backends.draw.png import png
from nndsl.backends.draw.scene import Scene
from nndsl.backends.draw.svg import svg

__all__ = ["Scene", "dot", "png", "scene", "svg"]
