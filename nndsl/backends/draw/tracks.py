"""Level lines in the gap between two rows: on which track each lies, so that no two lines run on each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush

NEAR = 4.0  # so close two lines seem to be one
DETOUR = 6.0  # from a line that rises aside to its neighbours


@dataclass(slots=True)
class Turn:
    """A line that comes up at `x`, lies on a track, and goes on up at each of `tops`.

    `aside`: where it rises from a lower track to its own, and the lower one, if it has two."""

    x: float
    tops: list[float] = field(default_factory=list)
    track: int = 0
    aside: tuple[float, int] | None = None

    def span(self) -> tuple[float, float]:
        begin = self.aside[0] if self.aside else self.x
        return min(begin, *self.tops), max(begin, *self.tops) + NEAR


class Tracks:
    """Lines side by side, each the first that is free on all of its way."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[float], list[float]]] = []  # on each track: where ways begin and end, in order

    def take(self, low: float, high: float, least: int = 0) -> int:
        for track in range(least, len(self.taken)):
            begins, ends = self.taken[track]
            at = bisect_left(begins, low)
            if (at == 0 or ends[at - 1] < low) and (at == len(begins) or begins[at] > high):
                begins.insert(at, low)
                ends.insert(at, high)
                return track
        while len(self.taken) < least:
            self.taken.append(([], []))
        self.taken.append(([low], [high]))
        return len(self.taken) - 1


def arrange(turns: list[Turn], walls: Iterable[float], edge: float) -> int:
    """A track for each turn, from the lowest, in the order given where there is a choice; how many there are.

    What goes up in a column lies above what comes up there: else one would seem to feed what the other feeds. Where
    that leads in a circle, a turn rises aside: at a place left of `edge` that is on none of the `walls`."""
    above, waiting = _order(turns)
    ready = [i for i, count in enumerate(waiting) if not count]
    least = [0] * len(turns)
    tracks = Tracks()
    stuck = 0
    placed: set[int] = set()
    pins = sorted({*walls, *(turn.x for turn in turns), *(x for turn in turns for x in turn.tops)})

    def release(turn: int, track: int) -> None:
        for other in above[turn]:
            least[other] = max(least[other], track + 1)
            waiting[other] -= 1
            if not waiting[other]:
                heappush(ready, other)

    while len(placed) < len(turns):
        if ready:
            at = heappop(ready)
            turns[at].track = tracks.take(*turns[at].span(), least[at])
            placed.add(at)
            if turns[at].aside is None:
                release(at, turns[at].track)
            continue
        while stuck in placed or turns[stuck].aside is not None:
            stuck += 1
        turn = turns[stuck]
        place = _place_aside(turn.x, pins, edge)
        pins.insert(bisect_left(pins, place), place)
        turn.aside = place, tracks.take(min(turn.x, place), max(turn.x, place) + NEAR)
        least[stuck] = max(least[stuck], turn.aside[1] + 1)
        release(stuck, turn.aside[1])
    return len(tracks.taken)


def _order(turns: list[Turn]) -> tuple[list[list[int]], list[int]]:
    """The turns that must lie above each one, and how many must lie below it."""
    above: list[list[int]] = [[] for _ in turns]
    waiting = [0] * len(turns)
    bottoms = sorted((turn.x, i) for i, turn in enumerate(turns))
    for i, turn in enumerate(turns):
        lower = set()
        for x in turn.tops:
            at = bisect_left(bottoms, (x - NEAR, -1))
            while at < len(bottoms) and bottoms[at][0] < x + NEAR:
                lower.add(bottoms[at][1])
                at += 1
        for other in lower - {i}:
            above[other].append(i)
            waiting[i] += 1
    return above, waiting


def _place_aside(x: float, pins: list[float], edge: float) -> float:
    """The nearest where nothing else goes up; left of everything there is room."""
    step = 0
    while True:
        step += 1
        for place in (x + DETOUR * step, x - DETOUR * step):
            at = bisect_left(pins, place)
            near_left = at > 0 and place - pins[at - 1] < DETOUR
            near_right = at < len(pins) and pins[at] - place < DETOUR
            if place < edge and not near_left and not near_right:
                return place
