"""The diagram as one HTML page that works by itself: blocks open and close, and the picture is laid out anew.

Nothing is loaded, and nothing could be: the page's own policy allows only the script and the style that stand in it.
What a spec says reaches the page as JSON, which the script shows as text. Equal models, equal bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from nndsl.backends.draw.atlas import Atlas
from nndsl.backends.draw.opening import Opening, globs
from nndsl.backends.draw.picture import LINES, SIGN_WORDS
from nndsl.backends.draw.scene import BOX_DOTS, Direction
from nndsl.backends.draw.style import FONTS, LEGEND, PILLS, THEMES, Font, Theme
from nndsl.backends.draw.svg import escape
from nndsl.ir.graph import Graph

WEB = Path(__file__).parent / "web"
# In this order they become one script: a class stands before those that extend it.
SCRIPTS = (
    "dom.js",
    "channel.js",
    "places.js",
    "pins.js",
    "regions.js",
    "parallel.js",
    "tracks.js",
    "columns.js",
    "rows.js",
    "structure.js",
    "orders.js",
    "layout.js",
    "junctions.js",
    "scene.js",
    "curves.js",
    "glyphs.js",
    "camera.js",
    "canvas.js",
    "legend.js",
    "save.js",
    "blocks.js",
    "moves.js",
    "search.js",
    "panel.js",
    "keys.js",
    "page.js",
    "main.js",
)
_JOINS = re.compile(r"^import\s[^;]*;\n|^export ", re.MULTILINE)
_UNSAFE = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="nndsl">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript><p>This diagram opens and closes its blocks with a script, and scripts are off here.</p></noscript>
<script type="application/json" id="atlas">{atlas}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def html(
    graph: Graph,
    *,
    depth: int | None = None,
    expand: str | Sequence[str] = (),
    collapse: str | Sequence[str] = (),
    max_nodes: int | None = None,
    direction: Direction = "up",
    font: Font = "sans",
    theme: Theme = THEMES["light"],
    labels: bool = True,
) -> str:
    """The page of a model. `depth`, `expand`, `collapse`, `max_nodes`: what is open at first, as in `scene`; `theme`:
    light stands for the reader's choice."""
    opening = Opening(depth, globs(expand), globs(collapse), max_nodes)
    atlas = Atlas(graph, opening, direction, font, labels=labels).write()
    atlas["theme"] = theme.name
    atlas["legend"] = {"words": LEGEND, "signs": SIGN_WORDS, "lines": LINES, "pills": sorted(PILLS)}
    style, written = stylesheet(font), script()
    return PAGE.format(
        theme=theme.name,
        policy=policy(written, style),
        title=escape(atlas["model"]["name"]),
        style=style,
        atlas=embedded(atlas),
        script=written,
    )


def embedded(data: Any) -> str:
    """JSON that no letter of which can end the element it stands in, or mean anything in a script."""
    return json.dumps(data, separators=(",", ":")).translate(_UNSAFE)


def policy(script: str, style: str) -> str:
    allowed = f"script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@lru_cache(maxsize=4)
def script(names: tuple[str, ...] = SCRIPTS) -> str:
    """Modules of `web/` as one."""
    parts = [_JOINS.sub("", (WEB / name).read_text(encoding="utf-8")) for name in names]
    return "\n" + "\n".join(parts)


def stylesheet(font: Font) -> str:
    parts = [_colors(theme) for theme in THEMES.values()]
    families = sorted({family for theme in THEMES.values() for family in theme.families} | set(LEGEND))
    for family in families:
        fill, line = f"var(--{family}, var(--other))", f"var(--{family}-line, var(--other-line))"
        outline = f"--width: var(--{family}-width); --dots: var(--{family}-dots);"
        parts.append(f".f-{family} {{ --fill: {fill}; --line: {line}; {outline} }}")
    parts += [f".tone-{tone} {{ fill: var(--{tone}); }}" for tone in THEMES["light"].tones]
    parts.append(f":root {{ --letters: {FONTS[font]}; }}")
    return "\n" + "\n".join(parts) + "\n" + (WEB / "page.css").read_text(encoding="utf-8")


def _colors(theme: Theme) -> str:
    """A theme as variables of the style sheet."""
    found = {"page": theme.page, "wire": theme.wire, "skip": theme.skip, "frame-line": theme.frame_line}
    found |= {f"frame-{depth}": theme.frame(depth) for depth in range(3)}
    found |= dict(theme.tones.items())
    for family, (fill, line) in [*theme.families.items(), ("other", theme.other)]:
        found |= {family: fill, f"{family}-line": line}
    for family in [*LEGEND, "input", "output"]:
        outline = theme.outline(family)
        found[f"{family}-width"] = str(outline.width)
        found[f"{family}-dots"] = " ".join(map(str, BOX_DOTS)) if outline.dotted else "none"
    found["skip-dash"] = "4 2.5" if theme.dashed_skips else "none"
    words = " ".join(f"--{name}: {value};" for name, value in found.items())
    return f':root[data-theme="{theme.name}"] {{ {words} }}'
