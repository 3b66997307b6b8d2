"""A scene as SVG: text stays text, lines bend softly, pointing at a box tells about it. Equal scenes, equal bytes."""

from __future__ import annotations

from nndsl.backends.draw.curves import FRAME_BEND, Move, arrow, course, filled, outline
from nndsl.backends.draw.metrics import text_width
from nndsl.backends.draw.scene import BOX_DASHES, Box, Cluster, Point, Scene, Swatch, Text, Wire
from nndsl.backends.draw.style import FONTS, Font, Theme

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def svg(scene: Scene) -> str:
    theme = scene.theme
    width, height = number(scene.width), number(scene.height)
    depths = cluster_depths(scene.clusters)
    pen = _Pen(theme, scene.font)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{escape(FONTS[scene.font])}">',
        f"<title>{escape(scene.title)}</title>",
        f'<rect width="{width}" height="{height}" fill="{theme.page}"/>',
        *(pen.text(text) for text in scene.header),
        *(pen.cluster(cluster, depths[cluster.id]) for cluster in scene.clusters),
        *(pen.wire(wire) for wire in scene.wires if wire.skip),
        *(pen.wire(wire) for wire in scene.wires if not wire.skip),
        *(pen.dot(dot, wire) for dot, wire in scene.dots.items()),
        *(pen.box(box) for box in scene.boxes),
        *(pen.text(text) for text in scene.labels),
        *(pen.swatch(swatch) for swatch in scene.legend),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def escape(text: str) -> str:
    """For text and attributes; what XML cannot hold becomes a replacement mark."""
    return "".join(_ESCAPES.get(c, c if _allowed(c) else "\N{REPLACEMENT CHARACTER}") for c in text)


def _allowed(c: str) -> bool:
    code = ord(c)
    return (
        c in "\n\t" or (0x20 <= code < 0xD800 and not 0x7F <= code < 0xA0) or 0xE000 <= code < 0xFFFE or code > 0xFFFF
    )


def cluster_depths(clusters: list[Cluster]) -> dict[str, int]:
    """How many frames are around each frame, by its id."""
    depths: dict[str, int] = {}
    for cluster in clusters:
        depths[cluster.id] = depths.get(cluster.parent or "", -1) + 1
    return depths


class _Pen:
    """Writes elements in the colours of a theme."""

    def __init__(self, theme: Theme, font: Font) -> None:
        self.theme = theme
        self.font = font

    def text(self, text: Text) -> str:
        weight = ' font-weight="bold"' if text.bold else ""
        shown = text.text.strip(" ")
        lead = text.text[: len(text.text) - len(text.text.lstrip(" "))]
        before = text_width(lead, text.size, text.bold, self.font)
        length = text_width(shown, text.size, text.bold, self.font)
        return (
            f'<text x="{number(text.x + before)}" y="{number(text.y)}" font-size="{number(text.size)}"{weight} '
            f'fill="{self.theme.tones[text.tone]}" textLength="{number(length)}" lengthAdjust="spacingAndGlyphs">'
            f"{escape(shown)}</text>"
        )

    def dot(self, dot: Point, wire: Wire) -> str:
        color = self.theme.skip if wire.skip else self.theme.wire
        return f'<circle cx="{number(dot[0])}" cy="{number(dot[1])}" r="2.6" fill="{color}"/>'

    def box(self, box: Box) -> str:
        texts = "".join(map(self.text, box.texts))
        return f'<g id="{box.id}"><title>{escape(box.title)}</title>{self.shape(box)}{texts}</g>'

    def shape(self, box: Box) -> str:
        fill, line = self.theme.colors(box.family)
        x, y, w, h = box.x, box.y, box.width, box.height
        width = number(self.theme.outline(box.family).width)
        style = f'fill="{fill}" stroke="{line}" stroke-width="{width}"{dashed(box.dashes(self.theme))}'
        if box.shape == "circle":
            return f'<circle cx="{number(x + w / 2)}" cy="{number(y + h / 2)}" r="{number(w / 2)}" {style}/>'
        drawn = _rect(x, y, w, h, box.radius, style)
        if not box.stacked:
            return drawn
        by, inner = box.inset, f'fill="none" stroke="{line}" stroke-width="0.6"'
        return drawn + _rect(x + by, y + by, w - 2 * by, h - 2 * by, box.radius - by * 2 / 3, inner)

    def cluster(self, cluster: Cluster, depth: int) -> str:
        dash = dashed(BOX_DASHES if cluster.dashed else ())
        style = f'fill="{self.theme.frame(depth)}" stroke="{self.theme.frame_line}" stroke-width="1"{dash}'
        frame = _rect(cluster.x, cluster.y, cluster.width, cluster.height, FRAME_BEND, style)
        if cluster.cut:
            lines = outline(cluster)
            frame = f'<path d="{_path(filled(lines))}" {style} stroke-opacity="0"/>'
            frame += f'<path d="{"".join(map(_path, lines))}" {style} fill-opacity="0"/>'
        texts = "".join(map(self.text, cluster.texts))
        return f'<g id="{cluster.id}"><title>{escape(cluster.title)}</title>{frame}{texts}</g>'

    def swatch(self, swatch: Swatch) -> str:
        text = self.text(swatch.text)
        match swatch.sample:
            case Box() as box:
                return self.shape(box) + text
            case Wire() as wire:
                return self.wire(wire) + text
            case _:
                return text

    def wire(self, wire: Wire) -> str:
        if len(wire.points) < 2:
            return ""
        color = self.theme.skip if wire.skip else self.theme.wire
        dash = dashed(wire.dashes(self.theme))
        style = f'stroke="{color}" stroke-width="{"1.6" if wire.skip else "1.2"}"{dash}'
        path = _path(course(wire))
        head = ""
        if wire.arrow:
            corners = "L".join(f"{number(x)} {number(y)}" for x, y in arrow(wire))
            head = f'<path d="M{corners}Z" fill="{color}"/>'
        return f'<path d="{path}" fill="none" {style}/>{head}'


def dashed(pattern: tuple[float, ...]) -> str:
    return f' stroke-dasharray="{" ".join(map(number, pattern))}"' if pattern else ""


def _path(moves: list[Move]) -> str:
    return "".join(kind + " ".join(f"{number(x)} {number(y)}" for x, y in points) for kind, *points in moves)


def _rect(x: float, y: float, w: float, h: float, radius: float, style: str) -> str:
    place = f'x="{number(x)}" y="{number(y)}" width="{number(w)}" height="{number(h)}"'
    return f'<rect {place} rx="{number(radius)}" {style}/>'
