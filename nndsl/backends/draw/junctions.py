"""Where the lines of one value part: what they share is drawn once, up to a dot, and each goes on from there.

What several lines share is the trunk. It looks as all of them do, or, where they differ, as a line that nothing is said
about: a skip connection has its colour, and what only training needs its dots, from where nothing else goes the same
way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from nndsl.backends.draw.scene import Point, Wire

CLOSE = 0.05  # places so near each other are one

Way: TypeAlias = tuple[bool, float, int]  # upright or level, at which place, forwards (1) or backwards (-1)


def part(wires: list[Wire], group: Sequence[int]) -> None:
    """Cut the lines of one value where they part, and add their trunks to `wires`."""
    if len(group) < 2:
        return
    lines = _snapped([wires[i].points for i in group])
    forks = _Forks(lines)
    if not forks.places:
        return
    trunks: dict[Point, int] = {}  # by the place where each ends
    for i, line in zip(group, lines, strict=True):
        above = i
        for k, piece in enumerate(forks.pieces(line)):
            if k:
                wires.append(Wire(piece, skip=True, arrow=False, training=True))
                trunks[piece[-1]] = wires[above].after = len(wires) - 1
                above = len(wires) - 1
            else:
                wires[i].points = piece
            if piece[0] in trunks:
                wires[above].after = trunks[piece[0]]
                break
    for i in group:
        _tell(wires, i)


def _tell(wires: list[Wire], at: int) -> None:
    """A trunk looks as all lines do that leave it."""
    skip, training = wires[at].skip, wires[at].training
    above = wires[at].after
    while above is not None:
        trunk = wires[above]
        skip, training = skip and trunk.skip, training and trunk.training
        if (skip, training) == (trunk.skip, trunk.training):
            return
        trunk.skip, trunk.training, above = skip, training, trunk.after


def _snapped(lines: list[list[Point]]) -> list[list[Point]]:
    """With equal numbers for what is one place; without points that stand still."""
    xs = _equal(x for line in lines for x, _ in line)
    ys = _equal(y for line in lines for _, y in line)
    found = []
    for line in lines:
        points = [(xs[x], ys[y]) for x, y in line]
        found.append([points[0], *(b for a, b in pairwise(points) if a != b)])
    return found


def _equal(places: Iterable[float]) -> dict[float, float]:
    found: dict[float, float] = {}
    first = float("-inf")
    for place in sorted(set(places)):
        first = first if place - first < CLOSE else place
        found[place] = first
    return found


class _Forks:
    """The places from which lines go on in more than one direction."""

    def __init__(self, lines: list[list[Point]]) -> None:
        stretches: dict[Way, list[tuple[float, float]]] = {}
        for line in lines:
            for (ax, ay), (bx, by) in pairwise(line):
                upright = ax == bx
                begin, end = (ay, by) if upright else (ax, bx)
                sign = 1 if begin < end else -1
                way = upright, ax if upright else ay, sign
                stretches.setdefault(way, []).append((sign * begin, sign * end))
        self.covered = {way: _merged(found) for way, found in stretches.items()}
        self.places = {point for line in lines for point in line[1:-1] if self._leaving(point) > 1}
        self.on: dict[tuple[bool, float], list[float]] = {}
        for x, y in sorted(self.places):
            self.on.setdefault((True, x), []).append(y)
            self.on.setdefault((False, y), []).append(x)

    def _leaving(self, point: Point) -> int:
        x, y = point
        found = 0
        for way, along in (((True, x), y), ((False, y), x)):
            for sign in (1, -1):
                begins, ends = self.covered.get((*way, sign), ((), ()))
                k = bisect_right(begins, sign * along) - 1
                found += k >= 0 and sign * along < ends[k]
        return found

    def pieces(self, line: list[Point]) -> Iterator[list[Point]]:
        """What lies between forks, the last piece first."""
        piece = [line[-1]]
        for late, early in pairwise(reversed(line)):
            for fork in self._between(late, early):
                yield [fork, *reversed(piece)]
                piece = [fork]
            if piece[-1] != early:
                piece.append(early)
        if len(piece) > 1:
            yield piece[::-1]

    def _between(self, late: Point, early: Point) -> Iterator[Point]:
        """The forks from one point to another, without the first."""
        upright = late[0] == early[0]
        place, begin, end = (late[0], late[1], early[1]) if upright else (late[1], late[0], early[0])
        on = self.on.get((upright, place), [])
        if begin > end:
            indices = range(bisect_left(on, begin) - 1, bisect_left(on, end) - 1, -1)
        else:
            indices = range(bisect_right(on, begin), bisect_right(on, end))
        for k in indices:
            yield (place, on[k]) if upright else (on[k], place)


def _merged(stretches: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Where lines on each other begin and end together."""
    begins: list[float] = []
    ends: list[float] = []
    for begin, end in sorted(stretches):
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(begin)
            ends.append(end)
    return begins, ends
