"""A scene as PNG, drawn by resvg with the fonts that lie beside this file: the same picture on every machine."""

from __future__ import annotations

from pathlib import Path

from nndsl.backends.draw.scene import Scene
from nndsl.backends.draw.svg import svg

CSS_DPI, DPI = 96.0, 192.0
MOST_PIXELS = 16_000  # on a side


def zoomed(scene: Scene, dpi: float = DPI, *, most: int | None = MOST_PIXELS) -> float:
    """How many pixels a unit of the scene has; fewer than asked for where there would be too many."""
    return min(dpi / CSS_DPI, most / max(scene.width, scene.height)) if most else dpi / CSS_DPI


def png(scene: Scene, *, dpi: float = DPI) -> bytes:
    """ImportError where resvg-py is not installed (`pip install nndsl[png]`)."""
    import resvg_py

    fonts = Path(__file__).parent / "fonts"
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg(scene),
            zoom=zoomed(scene, dpi),
            skip_system_fonts=True,
            font_files=sorted(str(font) for font in fonts.glob("*.ttf")),
            font_family="DejaVu Serif" if scene.font == "serif" else "DejaVu Sans",
            sans_serif_family="DejaVu Sans",
            serif_family="DejaVu Serif",
        )
    )
