"""Where lines of a picture run on each other, and whether that tells something untrue."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from nndsl.backends.draw.scene import Edge, Point, Scene, Wire

CLOSE = 1.0  # lines so near each other are seen as one
SHORT = 2.0  # what is shared for less is a crossing


def shared(scene: Scene) -> Iterator[tuple[list[Point], list[Point]]]:
    """Pairs of lines that share more than a common end, at one box: what lines of one value share is one line."""
    lines = [wire.points for wire in scene.wires]
    for first, second in sorted({tuple(sorted(pair)) for pair in _touching(lines)}):
        a, b = lines[first], lines[second]
        ends = _prefix(a[::-1], b[::-1]) if _meet(a[-1], b[-1]) else 0.0
        if _common(a, b) > ends + SHORT:
            yield a, b


def ways(scene: Scene, edge: Edge) -> Iterator[tuple[Point, Point]]:
    """Where one of the lines that show an edge ends, and where the next begins."""
    for wire in edge.wires:
        at = scene.wires[wire]
        while at.after is not None:
            before = scene.wires[at.after]
            yield before.points[-1], at.points[0]
            at = before
    for way, next_way in itertools.pairwise(scene.way(wire) for wire in edge.wires):
        yield way[-1], next_way[0]


def looks_untrue(scene: Scene) -> Iterator[Wire]:
    """Trunks that do not look as all lines that leave them do."""
    leaving: dict[int, list[Wire]] = {}
    for wire in scene.wires:
        if wire.after is not None:
            leaving.setdefault(wire.after, []).append(wire)
    for at, wires in leaving.items():
        trunk = scene.wires[at]
        if (trunk.skip, trunk.training) != (all(w.skip for w in wires), all(w.training for w in wires)):
            yield trunk


def _touching(lines: list[list[Point]]) -> Iterator[tuple[int, int]]:
    """Pairs of lines with stretches on each other."""
    places: dict[tuple[bool, int], list[tuple[float, float, int]]] = {}
    for i, line in enumerate(lines):
        for upright, place, low, high in _pieces(line):
            for near in {int(place - CLOSE / 2), int(place + CLOSE / 2)}:
                places.setdefault((upright, near), []).append((low, high, i))
    for pieces in places.values():
        pieces.sort()
        for k, (low, high, i) in enumerate(pieces):
            for begin, end, j in itertools.islice(pieces, k + 1, None):
                if begin > high - SHORT:
                    break
                if i != j and min(high, end) - max(low, begin) > SHORT:
                    yield i, j


def _pieces(line: list[Point]) -> Iterator[tuple[bool, float, float, float]]:
    for (ax, ay), (bx, by) in itertools.pairwise(line):
        upright = abs(ax - bx) < abs(ay - by)
        yield (True, ax, min(ay, by), max(ay, by)) if upright else (False, ay, min(ax, bx), max(ax, bx))


def _common(a: list[Point], b: list[Point]) -> float:
    """How long two lines are on each other."""
    return sum(
        max(min(high, end) - max(low, begin), 0.0)
        for upright, place, low, high in _pieces(a)
        for is_upright, other, begin, end in _pieces(b)
        if upright == is_upright and abs(place - other) < CLOSE
    )


def _meet(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < CLOSE and abs(a[1] - b[1]) < CLOSE


def _prefix(a: list[Point], b: list[Point]) -> float:
    """How long two lines that begin at one point stay together."""
    length = 0.0
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(a, a[1:], b, b[1:], strict=False):
        way, other = (bx - ax, by - ay), (dx - cx, dy - cy)
        if way[0] * other[0] + way[1] * other[1] <= 0 or abs(way[0] * other[1] - way[1] * other[0]) > CLOSE:
            return length
        mine, theirs = abs(way[0]) + abs(way[1]), abs(other[0]) + abs(other[1])
        length += min(mine, theirs)
        if abs(mine - theirs) > CLOSE:
            return length
    return length
