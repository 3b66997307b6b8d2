"""A scene as TikZ: a standalone document that also can be `\\input` into a paper, set in the paper's own font.

Letters of a paper's font have other widths than those the layout was measured with, so that each line of text is one
node, centred on its line or set from its left end as in the scene.
"""

from __future__ import annotations

from nndsl.backends.draw.curves import FRAME_BEND, Move, arrow, course, filled, outline
from nndsl.backends.draw.letters import FALLBACK, latex
from nndsl.backends.draw.scene import BOX_DASHES, Box, Cluster, Point, Scene, Swatch, Text, Wire
from nndsl.backends.draw.svg import cluster_depths, number

_SCALE = 0.75  # points in a unit of the scene


def tikz(scene: Scene) -> str:
    """Colours are defined by their values; `\\sffamily` is the font, `\\rmfamily` in a scene with serifs."""
    pen = _Pen(scene)
    lines = [
        r"\documentclass[tikz,border=2pt]{standalone}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{textcomp}",
        r"\begin{document}",
        "% To put this into a paper, copy what follows; the paper needs the packages tikz and textcomp, and T1 fonts.",
        *pen.picture(),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


class _Pen:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.theme = scene.theme
        self.colors: dict[str, str] = {}

    def picture(self) -> list[str]:
        scene = self.scene
        depths = cluster_depths(scene.clusters)
        body = [
            f"\\fill[{self.color(self.theme.page)}] (0,0) rectangle ({number(scene.width)},{number(scene.height)});",
            *(line for cluster in scene.clusters for line in self.cluster(cluster, depths[cluster.id])),
            *(line for wire in sorted(scene.wires, key=lambda wire: not wire.skip) for line in self.wire(wire)),
            *(self.dot(dot, wire) for dot, wire in scene.dots.items()),
            *(line for box in scene.boxes for line in self.box(box)),
            *(line for swatch in scene.legend for line in self.swatch(swatch)),
            *(line for texts in _lines([*scene.header, *scene.labels]) for line in self.left(texts)),
        ]
        family = r"\rmfamily" if scene.font == "serif" else r"\sffamily"
        unit = f"x={_SCALE}pt,y=-{_SCALE}pt"
        font = f"every node/.style={{inner sep=0pt,outer sep=0pt,font={family}}}"
        return [
            rf"\begin{{tikzpicture}}[{unit},{font}]",
            *([FALLBACK] if any("\\nnletter" in line for line in body) else []),
            *(f"\\definecolor{{{name}}}{{HTML}}{{{value.lstrip('#').upper()}}}" for value, name in self.colors.items()),
            *body,
            r"\end{tikzpicture}",
        ]

    def color(self, value: str) -> str:
        return self.colors.setdefault(value, f"nn{len(self.colors)}")

    def paint(self, fill: str, line: str, width: float, dashes: tuple[float, ...] = ()) -> str:
        return f"fill={self.color(fill)},draw={self.color(line)},line width={number(width * _SCALE)}pt{_dash(dashes)}"

    def cluster(self, cluster: Cluster, depth: int) -> list[str]:
        how = self.paint(self.theme.frame(depth), self.theme.frame_line, 1.0, BOX_DASHES if cluster.dashed else ())
        frame = [_rectangle(cluster.x, cluster.y, cluster.width, cluster.height, FRAME_BEND, how)]
        if cluster.cut:
            lines = outline(cluster)
            frame = [f"\\fill[{how},draw=none] {_path(filled(lines))};"]
            frame += [f"\\draw[{how},fill=none] {_path(line)};" for line in lines]
        return [f"% {_comment(cluster.path)}", *frame, *(s for t in _lines(cluster.texts) for s in self.left(t))]

    def box(self, box: Box) -> list[str]:
        fill, line = self.theme.colors(box.family)
        how = self.paint(fill, line, self.theme.outline(box.family).width, box.dashes(self.theme))
        middle = (box.x + box.width / 2, box.y + box.height / 2)
        lines = [f"% {_comment(box.path)}"] if box.path else []
        if box.shape == "circle":
            lines.append(f"\\draw[{how}] {_at(middle)} circle[radius={number(box.width / 2)}];")
            sign = "".join(self.words(box.texts))
            return [*lines, f"\\node[anchor=center] at {_at(middle)} {{{sign}}};"]
        lines.append(_rectangle(box.x, box.y, box.width, box.height, box.radius, how))
        if box.stacked:
            inner, by = f"draw={self.color(line)},line width={number(0.6 * _SCALE)}pt", box.inset
            width, height = box.width - 2 * by, box.height - 2 * by
            lines.append(_rectangle(box.x + by, box.y + by, width, height, box.radius - by * 2 / 3, inner))
        for texts in _lines(box.texts):
            at = (middle[0], texts[0].y)
            lines.append(f"\\node[anchor=base] at {_at(at)} {{{''.join(self.words(texts))}}};")
        return lines

    def left(self, texts: list[Text]) -> list[str]:
        at = (texts[0].x, texts[0].y)
        return [f"\\node[anchor=base west] at {_at(at)} {{{''.join(self.words(texts))}}};"]

    def words(self, texts: list[Text]) -> list[str]:
        found = []
        for text in texts:
            size = text.size * _SCALE
            font = rf"\fontsize{{{number(size)}}}{{{number(size * 1.2)}}}\selectfont"
            words = latex(text.text)
            shown = rf"\textbf{{{words}}}" if text.bold else words
            found.append(f"{{{font}\\color{{{self.color(self.theme.tones[text.tone])}}}{shown}}}")
        return found

    def dot(self, dot: Point, wire: Wire) -> str:
        color = self.color(self.theme.skip if wire.skip else self.theme.wire)
        return f"\\fill[{color}] {_at(dot)} circle[radius=2.6];"

    def wire(self, wire: Wire) -> list[str]:
        if len(wire.points) < 2:
            return []
        color = self.color(self.theme.skip if wire.skip else self.theme.wire)
        dash = _dash(wire.dashes(self.theme))
        parts: list[str] = []
        at = wire.points[0]
        for kind, *points in course(wire):
            if kind == "Q":
                a, b = _controls(at, *points)
                parts.append(f" .. controls {_at(a)} and {_at(b)} .. {_at(points[-1])}")
            else:
                parts.append(f"{'' if kind == 'M' else ' -- '}{_at(points[0])}")
            at = points[-1]
        width = number((1.6 if wire.skip else 1.2) * _SCALE)
        lines = [f"\\draw[{color},line width={width}pt{dash}] {_path(course(wire))};"]
        if wire.arrow:
            lines.append(f"\\fill[{color}] {' -- '.join(map(_at, arrow(wire)))} -- cycle;")
        return lines

    def swatch(self, swatch: Swatch) -> list[str]:
        match swatch.sample:
            case Box() as box:
                sample = self.box(box)
            case Wire() as wire:
                sample = self.wire(wire)
            case _:
                sample = []
        return [*self.left([swatch.text]), *sample]


def _lines(texts: list[Text]) -> list[list[Text]]:
    """Texts that follow each other on one line, in the order of the scene."""
    lines: list[list[Text]] = []
    for text in texts:
        last = lines[-1][-1] if lines else None
        if last is not None and last.y == text.y and abs(last.x + last.width - text.x) < 0.01:
            lines[-1].append(text)
        else:
            lines.append([text])
    return lines


def _dash(pattern: tuple[float, ...]) -> str:
    words = [f"{word} {number(length * _SCALE)}pt" for word, length in zip(("on", "off"), pattern, strict=False)]
    return f",dash pattern={' '.join(words)}" if words else ""


def _at(point: Point) -> str:
    return f"({number(point[0])},{number(point[1])})"


def _path(moves: list[Move]) -> str:
    parts: list[str] = []
    at = (0.0, 0.0)
    for kind, *points in moves:
        if kind == "Q":
            a, b = _controls(at, *points)
            parts.append(f" .. controls {_at(a)} and {_at(b)} .. {_at(points[-1])}")
        else:
            parts.append(f"{'' if kind == 'M' else ' -- '}{_at(points[0])}")
        at = points[-1]
    return "".join(parts)


def _rectangle(x: float, y: float, width: float, height: float, radius: float, how: str) -> str:
    corners = f"rounded corners={number(radius * _SCALE)}pt"
    return f"\\draw[{how},{corners}] {_at((x, y))} rectangle {_at((x + width, y + height))};"


def _controls(start: Point, corner: Point, end: Point) -> tuple[Point, Point]:
    """Of the cubic that is this quadratic."""
    (ax, ay), (bx, by), (cx, cy) = start, corner, end
    return (ax + (bx - ax) * 2 / 3, ay + (by - ay) * 2 / 3), (cx + (bx - cx) * 2 / 3, cy + (by - cy) * 2 / 3)


def _comment(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
