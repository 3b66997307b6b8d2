"""A long picture in several strips side by side: cut where all flow goes along one line, which then leads from the end
of one strip to the beginning of the next. A frame that is cut is open there and goes on in the next strip.

Here y grows along the flow and x across it, whatever the direction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from nndsl.backends.draw.captions import CAPTION_LINE, INSET
from nndsl.backends.draw.continued import Heading, continued, crossing, free, full
from nndsl.backends.draw.scene import Box, Cluster, Direction, Point, Scene, Side, Text, Wire

GAP = 44.0  # between strips; the line to the next runs in its middle
LOOSE = 16.0  # of that line, before and behind a cut
LEAST_STRIP = 240.0
LEAST_ROOM = 10.0  # of a cut
REACH = 0.6  # of a strip's length: how far a cut may be from where strips would be equal
EDGE = 4.0  # around the sides of a frame
THROUGH_FRAME = 300.0  # so much farther a cut may be, if it cuts one frame less

Extent: TypeAlias = tuple[float, float, float, float]  # x and y, least and most


@dataclass(slots=True)
class Axes:
    """To and from the directions of the page."""

    direction: Direction

    def flow(self, x: float, y: float) -> Point:
        match self.direction:
            case "up":
                return x, -y
            case "down":
                return x, y
            case "right":
                return y, x

    def extent(self, x0: float, y0: float, x1: float, y1: float) -> Extent:
        (ax, ay), (bx, by) = self.flow(x0, y0), self.flow(x1, y1)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def page(self, x: float, y: float) -> Point:
        """Turning twice turns back."""
        return self.flow(x, y)

    def of(self, item: Box | Cluster) -> Extent:
        return self.extent(item.x, item.y, item.x + item.width, item.y + item.height)

    def of_text(self, text: Text) -> Extent:
        return self.extent(text.x, text.y - text.size * 0.8, text.x + text.width, text.y + text.size * 0.3)


def broken(scene: Scene, count: int) -> int:
    """Break what is painted into at most `count` strips; into how many it was."""
    axes = Axes(scene.direction)
    cuts = _cuts(scene, axes, count)
    if cuts:
        Strips(scene, axes, cuts).apply()
    return len(cuts) + 1


# ------------------------------------------------------------ where to cut


def _cuts(scene: Scene, axes: Axes, count: int) -> list[float]:
    """The places nearest to those that would make all strips equal."""
    frames = [axes.of(frame) for frame in scene.clusters]
    found = [(place, _around(frames, place)) for place in _places(scene, axes, frames)]
    ends = [axes.of(box) for box in scene.boxes]
    low, high = min(e[1] for e in ends), max(e[3] for e in ends)
    count = min(count, int((high - low) / LEAST_STRIP))
    chosen: list[float] = []
    for k in range(1, count):
        wish = low + (high - low) * k / count
        near = (high - low) / count * REACH
        free = [(abs(y - wish) + THROUGH_FRAME * cost, y) for y, cost in found if abs(y - wish) < near]
        if free and (not chosen or min(free)[1] > chosen[-1]):
            chosen.append(min(free)[1])
    return chosen


def _around(frames: list[Extent], place: float) -> int:
    return sum(low < place < high for _, low, _, high in frames)


def _places(scene: Scene, axes: Axes, frames: list[Extent]) -> Iterator[float]:
    """The middles of the gaps that only lines cross, all of them at one x."""
    taken = [(e[1], e[3]) for e in _things(scene, axes)]
    for frame, held in zip(frames, _held(scene, axes), strict=True):
        taken += [(frame[1] - EDGE, max(frame[1], held[0])), (min(frame[3], held[1]), frame[3] + EDGE)]
    moves: list[tuple[float, int, float]] = []
    for wire in scene.wires:
        for (ax, ay), (bx, by) in pairwise(axes.flow(*point) for point in wire.points):
            if abs(ay - by) < 0.05:
                taken.append((ay - 6, ay + 6))
                continue
            moves += [(min(ay, by), 1, round(ax, 1)), (max(ay, by), -1, round(bx, 1))]
    moves.sort()
    lines: Counter[float] = Counter()
    at = 0
    for low, high in _gaps(taken):
        place = (low + high) / 2
        while at < len(moves) and moves[at][0] <= place:
            lines[moves[at][2]] += moves[at][1]
            if not lines[moves[at][2]]:
                del lines[moves[at][2]]
            at += 1
        if len(lines) == 1:
            yield place


def _held(scene: Scene, axes: Axes) -> list[tuple[float, float]]:
    """From where to where each frame holds boxes: no piece of it is without."""
    parents = {frame.id: frame.parent for frame in scene.clusters}
    found = {frame.id: (float("inf"), float("-inf")) for frame in scene.clusters}
    for box in scene.boxes:
        _, low, _, high = axes.of(box)
        frame = box.cluster
        while frame is not None:
            found[frame] = min(low, found[frame][0]), max(high, found[frame][1])
            frame = parents[frame]
    return list(found.values())


def _things(scene: Scene, axes: Axes, *, captions: bool = True) -> Iterator[Extent]:
    yield from (axes.of(box) for box in scene.boxes)
    yield from (axes.of_text(text) for text in scene.labels)
    if captions:
        yield from (axes.of_text(text) for frame in scene.clusters for text in frame.texts)
    yield from ((x, y - 5, x, y + 5) for x, y in (axes.flow(*dot) for dot in scene.dots))


def _gaps(taken: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    taken.sort()
    reach = taken[0][1]
    for low, high in taken:
        if low - reach >= LEAST_ROOM:
            yield reach, low
        reach = max(reach, high)


# ------------------------------------------------------------ side by side


@dataclass(slots=True)
class Piece:
    """Of a frame in a strip, before it is moved there; `heading`: what its caption takes beyond the cut."""

    frame: Cluster
    strip: int
    extent: Extent
    heading: Heading | None = None


class Strips:
    """Puts strip after strip to the right of the one before, all beginning at one height."""

    def __init__(self, scene: Scene, axes: Axes, cuts: list[float]) -> None:
        self.scene, self.axes, self.cuts = scene, axes, cuts
        self.pieces: dict[tuple[str, int], Cluster] = {}  # of a frame in a strip
        self.told: set[str] = set()  # frames whose caption went to another piece
        self.before, self.behind = list(cuts), list(cuts)  # how far strips reach at the cuts, with captions there
        self.frames = self._cut_frames()
        begin = min((piece.extent[1] for piece in self.frames), default=float("inf"))
        begin = min(begin, *(axes.of(box)[1] for box in scene.boxes))
        starts = [begin, *self.behind]
        self.moves: list[Point] = []
        right = 0.0
        widths = self._widths()
        for strip, (least, most) in enumerate(widths):
            x = right + GAP - least if strip else 0.0
            self.moves.append((x, begin - starts[strip]))
            right = x + most
        self.rights = [x + most for (x, _), (_, most) in zip(self.moves, widths, strict=True)]

    def strip(self, y: float) -> int:
        return bisect_right(self.cuts, y)

    def _cut_frames(self) -> list[Piece]:
        """Each frame as one or several, told in the first and continued in the others."""
        found: list[Piece] = []
        for frame in self.scene.clusters:
            x0, y0, x1, y1 = self.axes.of(frame)
            first, last = self.strip(y0), self.strip(y1)
            for strip in range(first, last + 1):
                made = replace(frame, cut=self._open_sides(strip > first, strip < last))
                made.id = frame.id if strip == first else f"{frame.id}_{strip}"
                made.parent = self.pieces[frame.parent, strip].id if frame.parent else None
                self.pieces[frame.id, strip] = made
                low = self.cuts[strip - 1] if strip > first else y0
                found.append(Piece(made, strip, (x0, low, x1, self.cuts[strip] if strip < last else y1)))
                if first < last:
                    self._tell(found[-1], frame, first, last)
        for piece in reversed(found):  # the inner ones first: their captions are nearer to what they tell
            if piece.heading is not None:
                self._reach(piece, piece.heading)
        return found

    def _open_sides(self, low: bool, high: bool) -> frozenset[Side]:
        ends: dict[Direction, tuple[Side, Side]] = {
            "up": ("bottom", "top"),
            "down": ("top", "bottom"),
            "right": ("left", "right"),
        }
        return frozenset(side for side, is_cut in zip(ends[self.axes.direction], (low, high), strict=True) if is_cut)

    def _tell(self, piece: Piece, frame: Cluster, first: int, last: int) -> None:
        """Its caption: where the frame has room for one from the start, or beyond the cut at its upper side."""
        direction, strip, (x0, low, x1, high) = self.axes.direction, piece.strip, piece.extent
        made = piece.frame
        if not frame.texts or strip == (last if direction == "up" else first):
            if strip > first and frame.id in self.told:
                made.texts = self._again(frame, frame.x, frame.y, frame.x + frame.width)
            return
        if direction == "right":
            heading = continued(frame, self.scene.font, [(low + INSET, high - INSET)])
            made.texts = heading.at(0.0, frame.texts[0].y - CAPTION_LINE) if heading else []
            return
        places = free(x0, x1, crossing(self.scene, self.axes.page(0.0, high if direction == "up" else low)[1]))
        whole = full(frame)
        fits = [x for x, end in places if end - x >= whole.width]
        if strip == first and fits:
            made.texts, piece.heading = whole.at(fits[0], 0.0), whole
            self.told.add(frame.id)
            return
        piece.heading = continued(frame, self.scene.font, places)
        made.texts = piece.heading.at(0.0, 0.0) if piece.heading else []

    def _again(self, frame: Cluster, x0: float, y: float, x1: float) -> list[Text]:
        """In place of the caption that the frame has."""
        heading = continued(frame, self.scene.font, free(x0, x1, crossing(self.scene, y + 1.0)))
        return heading.at(0.0, y) if heading else []

    def _reach(self, piece: Piece, heading: Heading) -> None:
        """Beyond the cut and the captions of the frames inside."""
        x0, low, x1, high = piece.extent
        if self.axes.direction == "up":
            high = self.before[piece.strip] = self.before[piece.strip] + heading.height
        else:
            low = self.behind[piece.strip - 1] = self.behind[piece.strip - 1] - heading.height
        piece.extent = x0, low, x1, high
        top = self.axes.extent(x0, low, x1, high)[1]
        for text in piece.frame.texts:
            text.y += top

    def _widths(self) -> list[Point]:
        """The least and the most x of each strip."""
        found: list[list[float]] = [[] for _ in range(len(self.cuts) + 1)]
        for extent in _things(self.scene, self.axes, captions=False):
            found[self.strip((extent[1] + extent[3]) / 2)] += [extent[0], extent[2]]
        for piece in self.frames:
            found[piece.strip] += [piece.extent[0], piece.extent[2]]
        for wire in self.scene.wires:
            for x, y in (self.axes.flow(*point) for point in wire.points):
                found[self.strip(y)].append(x)
        return [(min(xs), max(xs)) for xs in found]

    # ------------------------------------------------------------ moving

    def apply(self) -> None:
        scene, axes = self.scene, self.axes
        for wire in scene.wires:
            wire.points = self._course(wire)
        for text in scene.labels:
            self._move_text(text, axes.of_text(text)[1])
        for box in scene.boxes:
            y = axes.of(box)[1]
            for text in box.texts:
                self._move_text(text, y)
            dx, dy = self._shift(y)
            box.cluster = self.pieces[box.cluster, self.strip(y)].id if box.cluster else None
            box.x, box.y = box.x + dx, box.y + dy
        scene.clusters = [self._place(piece) for piece in self.frames]

    def _shift(self, y: float) -> Point:
        """How far on the page what stands at a height moves."""
        return self.axes.page(*self.moves[self.strip(y)])

    def _moved(self, x: float, y: float) -> Point:
        dx, dy = self.moves[self.strip(y)]
        return x + dx, y + dy

    def _move_text(self, text: Text, y: float) -> None:
        self._move_text_with(text, self.strip(y))

    def _move_text_with(self, text: Text, strip: int) -> None:
        dx, dy = self.axes.page(*self.moves[strip])
        text.x, text.y = text.x + dx, text.y + dy

    def _place(self, piece: Piece) -> Cluster:
        x0, y0, x1, y1 = piece.extent
        made = piece.frame
        for text in made.texts:
            self._move_text_with(text, piece.strip)
        dx, dy = self.moves[piece.strip]
        left, top, right, bottom = self.axes.extent(x0 + dx, y0 + dy, x1 + dx, y1 + dy)
        made.x, made.y, made.width, made.height = left, top, right - left, bottom - top
        return made

    def _course(self, wire: Wire) -> list[Point]:
        """A line with its ways from strip to strip."""
        points = [self.axes.flow(*point) for point in wire.points]
        made = [self._moved(*points[0])]
        for (x, y), (to_x, to_y) in pairwise(points):
            for strip in range(self.strip(y), self.strip(to_y)):
                made += self._lead(x, strip)
            made.append(self._moved(to_x, to_y))
        return [self.axes.page(*point) for point in made]

    def _lead(self, x: float, strip: int) -> list[Point]:
        """From the end of a strip to the beginning of the next."""
        (here, up), (there, down) = self.moves[strip], self.moves[strip + 1]
        above, below = self.before[strip] + up + LOOSE, self.behind[strip] + down - LOOSE
        middle = self.rights[strip] + GAP / 2
        return [(x + here, above), (middle, above), (middle, below), (x + there, below)]


def bounds(scene: Scene) -> Extent:
    """Of what is painted, on the page."""
    axes = Axes("down")
    found = [*_things(scene, axes), *(axes.of(frame) for frame in scene.clusters)]
    found += [(x, y, x, y) for wire in scene.wires for x, y in wire.points]
    return min(e[0] for e in found), min(e[1] for e in found), max(e[2] for e in found), max(e[3] for e in found)


def shift(scene: Scene, dx: float, dy: float) -> None:
    """Move what is painted."""
    texts = [*scene.labels]
    for box in scene.boxes:
        box.x, box.y = box.x + dx, box.y + dy
        texts += box.texts
    for frame in scene.clusters:
        frame.x, frame.y = frame.x + dx, frame.y + dy
        texts += frame.texts
    for text in texts:
        text.x, text.y = text.x + dx, text.y + dy
    for wire in scene.wires:
        wire.points = [(x + dx, y + dy) for x, y in wire.points]
