"""Where lines of a picture run on each other, and whether that tells something untrue."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from nndsl.backends.draw.scene import Point, Scene

CLOSE = 1.0  # lines so near each other are seen as one
SHORT = 2.0  # what is shared for less is a crossing


def shared(scene: Scene) -> Iterator[tuple[list[Point], list[Point]]]:
    """Pairs of lines that share more than a common beginning, which is one value, or a common end, at one box."""
    lines = [wire.points for wire in scene.wires]
    for first, second in sorted({tuple(sorted(pair)) for pair in _touching(lines)}):
        a, b = lines[first], lines[second]
        starts = max(_prefix(_from(a, b[0]), b), _prefix(a, _from(b, a[0])))
        ends = _prefix(a[::-1], b[::-1]) if _meet(a[-1], b[-1]) else 0.0
        if _common(a, b) > starts + ends + SHORT:
            yield a, b


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


def _from(line: list[Point], start: Point) -> list[Point]:
    """What of a line lies behind a point on it, where another leaves it; nothing if it does not pass there."""
    for k, ((ax, ay), (bx, by)) in enumerate(itertools.pairwise(line)):
        x, y = start
        if min(ax, bx) - CLOSE < x < max(ax, bx) + CLOSE and min(ay, by) - CLOSE < y < max(ay, by) + CLOSE:
            return [start, *(p for p in line[k + 1 :] if not _meet(p, start))]
    return []


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
