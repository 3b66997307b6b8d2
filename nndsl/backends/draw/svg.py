"""A scene as SVG: text stays text, lines bend softly, pointing at a box tells about it. Equal scenes, equal bytes."""

from __future__ import annotations

from nndsl.backends.draw.metrics import text_width
from nndsl.backends.draw.scene import Box, Cluster, Point, Scene, Swatch, Text, Wire
from nndsl.backends.draw.style import FONT, FRAME_FILLS, FRAME_LINE, SKIP, WIRE, colors

BEND, SKIP_BEND = 7.0, 16.0
ARROW = 7.0
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def svg(scene: Scene) -> str:
    width, height = _number(scene.width), _number(scene.height)
    depths = _depths(scene.clusters)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{_escape(FONT)}">',
        f"<title>{_escape(scene.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(_text(text) for text in scene.header),
        *(_cluster(cluster, depths[cluster.id]) for cluster in scene.clusters),
        *(_wire(wire) for wire in scene.wires if wire.skip),
        *(_wire(wire) for wire in scene.wires if not wire.skip),
        *(f'<circle cx="{_number(x)}" cy="{_number(y)}" r="2.6" fill="{WIRE}"/>' for x, y in scene.dots),
        *(_box(box) for box in scene.boxes),
        *(_text(text) for text in scene.labels),
        *(_swatch(swatch) for swatch in scene.legend),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _escape(text: str) -> str:
    """For text and attributes; what XML cannot hold becomes a replacement mark."""
    return "".join(_ESCAPES.get(c, c if _allowed(c) else "\N{REPLACEMENT CHARACTER}") for c in text)


def _allowed(c: str) -> bool:
    code = ord(c)
    return (
        c in "\n\t" or (0x20 <= code < 0xD800 and not 0x7F <= code < 0xA0) or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    )


def _depths(clusters: list[Cluster]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for cluster in clusters:
        depths[cluster.id] = depths.get(cluster.parent or "", -1) + 1
    return depths


def _text(text: Text) -> str:
    weight = ' font-weight="bold"' if text.bold else ""
    shown = text.text.strip(" ")
    lead = text.text[: len(text.text) - len(text.text.lstrip(" "))]
    before = text_width(lead, text.size, text.bold)
    length = text_width(shown, text.size, text.bold)
    return (
        f'<text x="{_number(text.x + before)}" y="{_number(text.y)}" font-size="{_number(text.size)}"{weight} '
        f'fill="{text.color}" textLength="{_number(length)}" lengthAdjust="spacingAndGlyphs">{_escape(shown)}</text>'
    )


def _box(box: Box) -> str:
    fill, line = colors(box.family)
    x, y, w, h = box.x, box.y, box.width, box.height
    dash = ' stroke-dasharray="5 3"' if box.dashed else ""
    style = f'fill="{fill}" stroke="{line}" stroke-width="1.2"{dash}'
    parts = [f'<g id="{box.id}"><title>{_escape(box.title)}</title>']
    if box.shape == "circle":
        parts.append(f'<circle cx="{_number(x + w / 2)}" cy="{_number(y + h / 2)}" r="{_number(w / 2)}" {style}/>')
    else:
        radius = h / 2 if box.shape == "pill" else 6.0
        parts.append(_rect(x, y, w, h, min(radius, 10.0), style))
        if box.stacked:
            parts.append(_rect(x + 3, y + 3, w - 6, h - 6, 4.0, f'fill="none" stroke="{line}" stroke-width="0.6"'))
    parts.extend(_text(text) for text in box.texts)
    return "".join(parts) + "</g>"


def _rect(x: float, y: float, w: float, h: float, radius: float, style: str) -> str:
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(w)}" height="{_number(h)}" '
        f'rx="{_number(radius)}" {style}/>'
    )


def _cluster(cluster: Cluster, depth: int) -> str:
    fill = FRAME_FILLS[min(depth, len(FRAME_FILLS) - 1)]
    dash = ' stroke-dasharray="5 3"' if cluster.dashed else ""
    style = f'fill="{fill}" stroke="{FRAME_LINE}" stroke-width="1"{dash}'
    frame = _rect(cluster.x, cluster.y, cluster.width, cluster.height, 9.0, style)
    texts = "".join(map(_text, cluster.texts))
    return f'<g id="{cluster.id}"><title>{_escape(cluster.title)}</title>{frame}{texts}</g>'


def _swatch(swatch: Swatch) -> str:
    text = _text(swatch.text)
    if swatch.family == "skip":
        y = _number(swatch.y + 5.5)
        line = f'<path d="M{_number(swatch.x)} {y}h11" stroke="{SKIP}" stroke-width="1.6" fill="none"/>'
        return line + text
    if not swatch.family:
        return text
    fill, outline = colors(swatch.family)
    return _rect(swatch.x, swatch.y, 11, 11, 2.5, f'fill="{fill}" stroke="{outline}" stroke-width="1"') + text


def _wire(wire: Wire) -> str:
    color = SKIP if wire.skip else WIRE
    width = "1.6" if wire.skip else "1.2"
    points = wire.points
    if len(points) < 2:
        return ""
    head = _arrow(points[-2], points[-1], color) if wire.arrow else ""
    path = _path(points, SKIP_BEND if wire.skip else BEND, ARROW - 1 if wire.arrow else 0.0)
    return f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>{head}'


def _path(points: list[Point], bend: float, short: float) -> str:
    """Straight pieces with soft corners; it ends short of the tip of its arrow."""
    parts = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(bend, _length(before, corner) / 2, _length(corner, after) / 2)
        a, b = _toward(corner, before, reach), _toward(corner, after, reach)
        parts.append(f"L{_number(a[0])} {_number(a[1])}")
        parts.append(f"Q{_number(corner[0])} {_number(corner[1])} {_number(b[0])} {_number(b[1])}")
    end = _toward(points[-1], points[-2], min(short, _length(points[-1], points[-2])))
    parts.append(f"L{_number(end[0])} {_number(end[1])}")
    return "".join(parts)


def _length(a: Point, b: Point) -> float:
    return float(abs(a[0] - b[0]) + abs(a[1] - b[1]))


def _toward(a: Point, b: Point, distance: float) -> Point:
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    if not length:
        return a
    return a[0] + (b[0] - a[0]) * distance / length, a[1] + (b[1] - a[1]) * distance / length


def _arrow(before: Point, tip: Point, color: str) -> str:
    back = _toward(tip, before, ARROW)
    dx, dy = (tip[0] - back[0]) * 0.45, (tip[1] - back[1]) * 0.45
    corners = [tip, (back[0] - dy, back[1] + dx), (back[0] + dy, back[1] - dx)]
    return f'<path d="M{"L".join(f"{_number(x)} {_number(y)}" for x, y in corners)}Z" fill="{color}"/>'
