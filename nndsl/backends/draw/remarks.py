"""What a picture is not, though it was asked for: said beside it, since it is drawn all the same."""

from __future__ import annotations

from nndsl.backends.draw.png import MOST_PIXELS, zoomed
from nndsl.backends.draw.scene import Scene


class PictureWarning(UserWarning):
    """A picture could not be drawn as it was asked for."""


def remarks(scene: Scene, ending: str, wrap: int) -> list[str]:
    """For a scene that is written to a file with this ending."""
    found = []
    strips = "rows" if scene.direction == "right" else "columns"
    if wrap > 1 and ending in (".dot", ".html"):
        found.append(f"wrap {wrap} does nothing in a {ending} file, which is laid out by what reads it")
    elif scene.strips == 1 < wrap:
        found.append(
            f"wrap {wrap} does nothing here: the picture is short, or there is no place where one line goes on "
            f"alone in other {strips}"
        )
    elif scene.strips < wrap:
        found.append(f"the picture is broken into {scene.strips} {strips}, not {wrap}: there is no other good place")
    zoom, asked = zoomed(scene), zoomed(scene, most=None)
    if ending == ".png" and zoom < asked:
        width, height = round(scene.width * zoom), round(scene.height * zoom)
        found.append(
            f"the PNG is shrunk to {width} × {height} pixels, {zoom / asked:.0%} of its size: at most "
            f"{MOST_PIXELS} are on a side; SVG and PDF have no limit, and depth, max-nodes, collapse or wrap make the "
            "picture smaller"
        )
    return found
