"""A scene as PDF: one page of its size, vectors throughout, its fonts embedded. Equal scenes, equal bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nndsl.backends.draw.curves import FRAME_BEND, Move, arrow, course, filled, outline
from nndsl.backends.draw.metrics import text_width
from nndsl.backends.draw.scene import BOX_DASHES, Box, Cluster, Point, Scene, Swatch, Text, Wire
from nndsl.backends.draw.svg import cluster_depths

if TYPE_CHECKING:
    from nndsl.backends.draw.style import Font

POINTS = 0.75  # in one unit of the scene, a CSS pixel
_FACES: dict[Font, str] = {"sans": "DejaVuSans", "serif": "DejaVuSerif"}


def pdf(scene: Scene) -> bytes:
    """ImportError where ReportLab is not installed (`pip install nndsl[pdf]`)."""
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    size = (scene.width * POINTS, scene.height * POINTS)
    first = _face(_FACES[scene.font])  # else the page begins with a font that is not inside
    begin: Any = first  # a name, though the stubs say a number
    canvas = Canvas(file, size, invariant=1, pageCompression=1, initialFontName=begin)
    canvas.setTitle(scene.title)
    canvas.setCreator("nndsl")
    canvas.scale(POINTS, POINTS)
    pen = _Pen(canvas, scene)
    pen.page()
    canvas.showPage()
    canvas.save()
    return file.getvalue()


class _Pen:
    """Draws on a canvas whose y grows upwards, unlike the scene's."""

    def __init__(self, canvas: Any, scene: Scene) -> None:
        self.canvas = canvas
        self.scene = scene
        self.theme = scene.theme
        self.faces = {bold: _face(_FACES[scene.font] + ("-Bold" if bold else "")) for bold in (False, True)}

    def page(self) -> None:
        scene = self.scene
        self.canvas.setFillColor(self.theme.page)
        self.canvas.rect(0, 0, scene.width, scene.height, stroke=0, fill=1)
        depths = cluster_depths(scene.clusters)
        for cluster in scene.clusters:
            self.cluster(cluster, depths[cluster.id])
        for wire in sorted(scene.wires, key=lambda wire: not wire.skip):
            self.wire(wire)
        for (x, y), wire in scene.dots.items():
            self.canvas.setFillColor(self.theme.skip if wire.skip else self.theme.wire)
            self.canvas.circle(x, self.up(y), 2.6, stroke=0, fill=1)
        for box in scene.boxes:
            self.box(box)
        for swatch in scene.legend:
            self.swatch(swatch)
        for text in (*scene.header, *scene.labels):
            self.text(text)

    def up(self, y: float) -> float:
        return self.scene.height - y

    def text(self, text: Text) -> None:
        shown = text.text.strip(" ")
        lead = text.text[: len(text.text) - len(text.text.lstrip(" "))]
        before = text_width(lead, text.size, text.bold, self.scene.font)
        self.canvas.setFillColor(self.theme.tones[text.tone])
        self.canvas.setFont(self.faces[text.bold], text.size)
        self.canvas.drawString(text.x + before, self.up(text.y), "".join(map(_drawable, shown)))

    def frame(self, x: float, y: float, width: float, height: float, radius: float, **how: int) -> None:
        self.canvas.roundRect(x, self.up(y + height), width, height, min(radius, width / 2, height / 2), **how)

    def ink(self, fill: str, line: str, width: float, dash: tuple[float, ...] = ()) -> None:
        self.canvas.setFillColor(fill)
        self.canvas.setStrokeColor(line)
        self.canvas.setLineWidth(width)
        self.canvas.setDash(*([list(dash)] if dash else []))

    def cluster(self, cluster: Cluster, depth: int) -> None:
        self.ink(self.theme.frame(depth), self.theme.frame_line, 1.0, BOX_DASHES if cluster.dashed else ())
        if cluster.cut:
            lines = outline(cluster)
            self.canvas.drawPath(self.path(filled(lines)), fill=1, stroke=0)
            for line in lines:
                self.canvas.drawPath(self.path(line), fill=0, stroke=1)
        else:
            self.frame(cluster.x, cluster.y, cluster.width, cluster.height, FRAME_BEND, fill=1)
        for text in cluster.texts:
            self.text(text)

    def box(self, box: Box) -> None:
        fill, line = self.theme.colors(box.family)
        self.ink(fill, line, self.theme.outline(box.family).width, box.dashes(self.theme))
        if box.shape == "circle":
            middle = self.up(box.y + box.height / 2)
            self.canvas.circle(box.x + box.width / 2, middle, box.width / 2, fill=1)
        else:
            self.frame(box.x, box.y, box.width, box.height, box.radius, fill=1)
            if box.stacked:
                self.ink(fill, line, 0.6)
                by = box.inset
                width, height = box.width - 2 * by, box.height - 2 * by
                self.frame(box.x + by, box.y + by, width, height, box.radius - by * 2 / 3, fill=0)
        for text in box.texts:
            self.text(text)

    def wire(self, wire: Wire) -> None:
        if len(wire.points) < 2:
            return
        color = self.theme.skip if wire.skip else self.theme.wire
        self.ink(color, color, 1.6 if wire.skip else 1.2, wire.dashes(self.theme))
        self.canvas.drawPath(self.path(course(wire)), fill=0, stroke=1)
        if wire.arrow:
            head = self.canvas.beginPath()
            tip, left, right = ((x, self.up(y)) for x, y in arrow(wire))
            head.moveTo(*tip)
            head.lineTo(*left)
            head.lineTo(*right)
            head.close()
            self.canvas.drawPath(head, fill=1, stroke=0)

    def path(self, moves: list[Move]) -> Any:
        path = self.canvas.beginPath()
        at = (0.0, 0.0)
        for kind, *points in moves:
            ends = [(x, self.up(y)) for x, y in points]
            if kind == "M":
                path.moveTo(*ends[0])
            elif kind == "L":
                path.lineTo(*ends[0])
            else:
                path.curveTo(*_cubic(at, *ends))
            at = ends[-1]
        return path

    def swatch(self, swatch: Swatch) -> None:
        match swatch.sample:
            case Box() as box:
                self.box(box)
            case Wire() as wire:
                self.wire(wire)
        self.text(swatch.text)


def _face(name: str) -> str:
    """Registers a font that lies beside this file."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(name, str(Path(__file__).parent / "fonts" / f"{name}.ttf")))
    return name


def _drawable(letter: str) -> str:
    """A PDF string cannot hold half of a surrogate pair."""
    return letter if not 0xD800 <= ord(letter) < 0xE000 else "\N{REPLACEMENT CHARACTER}"


def _cubic(start: Point, corner: Point, end: Point) -> tuple[float, ...]:
    """The control points and the end of the cubic that is this quadratic."""
    (ax, ay), (bx, by), (cx, cy) = start, corner, end
    return (ax + (bx - ax) * 2 / 3, ay + (by - ay) * 2 / 3, cx + (bx - cx) * 2 / 3, cy + (by - cy) * 2 / 3, cx, cy)
