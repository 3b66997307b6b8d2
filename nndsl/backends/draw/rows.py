"""What is neither a series nor parallel branches: rows of cells, with wires that pass rows at the right.

Each cell stands in the row below the first that needs it, so that wires go up. A wire to the next row bends in the gap
between them. One that passes rows goes straight up where a column is free, else to the right of all cells, where flows
of one value share a lane; it comes back in a gap, or into the side of a cell that has nothing to its right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from nndsl.backends.draw.channel import STRAIGHT, TRACK, arrivals, heights
from nndsl.backends.draw.columns import FAN, Pairs, columns, end_of
from nndsl.backends.draw.pins import leave
from nndsl.backends.draw.regions import LANE, LANE_GAP, Flow, Leaf, Point, Region
from nndsl.backends.draw.tracks import Tracks, Turn, arrange

ROW_GAP = 24.0
CLEAR = 9.0  # between a straight lane and the cells beside it
MOST_SEEN = 300  # of cells above a value: more of them surely lead where it goes
MOST_WIRES, MOST_ROWS = 12, 30  # of a lane that may stand between cells


@dataclass(slots=True, eq=False)
class Wiring:
    """A flow between cells; None stands for what is below or above all of them.

    A flow that skips a cell's inside has two: into the cell and out of it."""

    flow: int
    tail: int | None
    head: int | None


@dataclass(slots=True)
class Lane:
    """Rows it passes: from the gap below `low` to the gap below `high`."""

    low: int
    high: int
    wires: list[Wiring] = field(default_factory=list)
    x: float = 0.0

    @property
    def order(self) -> tuple[bool, int, int]:
        """The nearest first: what many cells need would cross all lanes on its way to each, then the shortest."""
        return len(self.wires) <= FAN, self.high - self.low, self.low


Bend: TypeAlias = tuple[str, float, int]  # leaves a cell or a lane, where, which value


class Rows(Region):
    """`order`: rank of the cells in the text; `last`: cells that are outputs; `inputs`: those that are inputs."""

    __slots__ = (
        "above",
        "cells",
        "edge",
        "entering",
        "flows",
        "gaps",
        "heads",
        "inputs",
        "last",
        "leaving",
        "members",
        "order",
        "row",
        "row_y",
        "sides",
        "tracks",
        "turns",
        "upright",
        "uses",
        "wiring",
        "xs",
    )

    def __init__(
        self,
        cells: list[Region],
        order: list[int],
        wiring: list[Wiring],
        flows: list[Flow],
        last: set[int],
        inputs: set[int],
    ) -> None:
        super().__init__()
        self.cells, self.order, self.wiring, self.flows, self.last, self.inputs = (
            cells,
            order,
            wiring,
            flows,
            last,
            inputs,
        )
        self.row: list[int] = []
        self.members: list[list[int]] = []
        self.above: list[list[int]] = []  # the cells that each one feeds
        self.entering: list[list[Wiring]] = [[] for _ in cells]
        self.leaving: list[list[Wiring]] = [[] for _ in cells]
        self.xs: list[float] = []
        self.edge = 0.0  # right of it are lanes only
        self.row_y: list[float] = []
        self.gaps: list[float] = []
        self.heads: dict[Wiring, float] = {}
        self.sides: dict[Wiring, tuple[float, float]] = {}  # of what enters from the right: how far, and how high
        self.uses: dict[tuple[int | None, int], list[int]] = {}  # the cells that need a value, the lowest first
        self.turns: dict[int, dict[Bend, Turn]] = {}  # in each gap
        self.tracks: dict[int, int] = {}  # how many a gap has
        self.upright: dict[int, list[float]] = {}  # lines that go straight up through a gap

    def parts(self) -> list[Region]:
        return self.cells

    def measure(self) -> None:
        self._rank()
        self.members = [[] for _ in range(max(self.row) + 1)]
        for i, row in enumerate(self.row):
            self.members[row].append(i)
        pairs: Pairs = {}
        for wire in self.wiring:
            if wire.tail is not None and wire.head is not None:
                pairs.setdefault((wire.tail, wire.head), wire.flow)
        self.xs, self.out = columns(self.cells, self.order, self.row, pairs, self.last)
        self.edge = max(x + cell.right for x, cell in zip(self.xs, self.cells, strict=True)) + LANE_GAP - CLEAR
        self._leave({})
        lanes = self._lanes(self.edge + CLEAR)
        lane_of = {wire: lane for lane in lanes for wire in lane.wires}
        self._leave(lane_of)
        self._arrive(lane_of)
        self._turn(lane_of)
        self._heights()
        for cell, x, row in zip(self.cells, self.xs, self.row, strict=True):
            self.adopt(cell, x, self.row_y[row])
        for wire in self.wiring:
            self._draw(wire, lane_of.get(wire))
        self.weight = max(self.row) + 1

    # ------------------------------------------------------------ rows

    def _rank(self) -> None:
        for wire in self.wiring:
            if wire.head is not None:
                self.entering[wire.head].append(wire)
            if wire.tail is not None:
                self.leaving[wire.tail].append(wire)
        above = self.above = [[] for _ in self.cells]
        waiting = [0] * len(self.cells)
        for wire in self.wiring:
            if wire.tail is not None and wire.head is not None:
                above[wire.tail].append(wire.head)
                waiting[wire.head] += 1
        self.row = [0] * len(self.cells)
        ready = [i for i, count in enumerate(waiting) if not count]
        done = []
        while ready:
            at = ready.pop()
            done.append(at)
            for head in above[at]:
                self.row[head] = max(self.row[head], self.row[at] + 1)
                waiting[head] -= 1
                if not waiting[head]:
                    ready.append(head)
        top = max(self.row)
        for at in reversed(done):
            if at in self.last:
                self.row[at] = top
            elif at not in self.inputs and above[at] and not self._only_prepares(at):
                self.row[at] = min(self.row[head] for head in above[at]) - 1

    def _only_prepares(self, cell: int) -> bool:
        """Does it follow inputs that nothing else needs, and give one value? Then it stays beside them."""
        given = {self.flows[wire.flow].value for wire in self.leaving[cell]}
        tails = [wire.tail for wire in self.entering[cell]]
        mine = all(t in self.inputs and {w.head for w in self.leaving[t]} == {cell} for t in tails if t is not None)
        return bool(tails) and None not in tails and mine and len(given) <= 1

    # ------------------------------------------------------------ lanes

    def _passes(self, wire: Wiring) -> bool:
        low = -1 if wire.tail is None else self.row[wire.tail]
        high = max(self.row) + 1 if wire.head is None else self.row[wire.head]
        return high - low > 1

    def _lanes(self, x: float) -> list[Lane]:
        """One for each value that passes rows."""
        found: dict[tuple[int | None, int], Lane] = {}
        for head in sorted(range(len(self.cells)), key=lambda i: self.row[i]):
            for wire in self.entering[head]:
                self.uses.setdefault((wire.tail, self.flows[wire.flow].value), []).append(head)
        for wire in self.wiring:
            if not self._passes(wire):
                continue
            low = 0 if wire.tail is None else self.row[wire.tail] + 1
            high = max(self.row) + 1 if wire.head is None else self.row[wire.head]
            lane = found.setdefault((wire.tail, self.flows[wire.flow].value), Lane(low, high))
            lane.high = max(lane.high, high)
            lane.wires.append(wire)
            self.skips.add(wire.flow)
            if self._goes_round(wire):
                self.bypasses.add(wire.flow)
        lanes = sorted(found.values(), key=lambda lane: (*lane.order, lane.wires[0].flow))
        self._place_lanes(lanes, x)
        return lanes

    def _place_lanes(self, lanes: list[Lane], x: float) -> None:
        """Straight up where a column is free, else at the right of everything."""
        tracks = Tracks()
        for lane in lanes:
            free = next((at for at in self._columns_of(lane, x) if self._is_free(at, lane)), None)
            if free is None:
                lane.x = x + LANE * tracks.take(lane.low, lane.high)
                continue
            lane.x = free
            for row in range(lane.low, lane.high + 1):
                self.upright.setdefault(row, []).append(free)

    def _columns_of(self, lane: Lane, outside: float) -> list[float]:
        first = lane.wires[0]
        if (
            lane.high - lane.low > MOST_ROWS
            or len(lane.wires) > MOST_WIRES
            or first.tail is None
            or any(wire.head is None for wire in lane.wires)
        ):
            return []
        heads = [self.xs[w.head] + self.cells[w.head].entry[w.flow] for w in lane.wires if w.head is not None]
        return [self._tail_x(first), *heads, *self._beside(lane, outside)]

    def _beside(self, lane: Lane, outside: float) -> list[float]:
        """Close beside the cells that it passes, the nearer side first; skip connections stay at the right."""
        if any(wire.flow in self.bypasses for wire in lane.wires):
            return []
        passed = [i for row in range(lane.low, lane.high) for i in self.members[row]]
        left = min(self.xs[i] + self.cells[i].left for i in passed) - LANE
        right = max(self.xs[i] + self.cells[i].right for i in passed) + LANE
        places = [left, left - LANE, *(x for x in (right, right + LANE) if x < outside - CLEAR)]
        tail = self._tail_x(lane.wires[0])
        return sorted(places, key=lambda x: abs(x - tail))

    def _is_free(self, x: float, lane: Lane) -> bool:
        for row in range(lane.low, lane.high):
            for i in self.members[row]:
                if self.xs[i] + self.cells[i].left - CLEAR < x < self.xs[i] + self.cells[i].right + CLEAR:
                    return False
        rows = range(lane.low, lane.high + 1)
        return not any(abs(other - x) < CLEAR for row in rows for other in self.upright.get(row, ()))

    def _goes_round(self, wire: Wiring) -> bool:
        """Does its value also go another way to its head? Then it skips what is on that way."""
        heads = self.uses.get((wire.tail, self.flows[wire.flow].value), [])
        if wire.tail is not None and self.flows[wire.flow].parted:
            heads = sorted(self.above[wire.tail], key=self.row.__getitem__)
        if wire.head is None:
            return bool(heads)  # all that is here ends above
        top = self.row[wire.head]
        stack = list(takewhile(lambda head: self.row[head] < top, heads[:MOST_SEEN]))
        seen = set(stack)
        while stack and len(seen) < MOST_SEEN:
            for head in self.above[stack.pop()]:
                if head == wire.head:
                    return True
                if head not in seen and self.row[head] < top:
                    seen.add(head)
                    stack.append(head)
        return len(seen) >= MOST_SEEN

    def _leave(self, lane_of: dict[Wiring, Lane]) -> None:
        """Several values leave a box below where each goes: a lane, or what it enters."""
        for tail, wires in enumerate(self.leaving):
            end, cell = end_of(self.cells[tail], -1), self.cells[tail]
            if len(wires) < 2 or not isinstance(end, Leaf) or end.is_frame:
                continue
            toward = {wire.flow: self.edge for wire in wires}
            toward.update(
                (w.flow, self.xs[w.head] + self.cells[w.head].entry[w.flow]) for w in wires if w.head is not None
            )
            toward.update((wire.flow, lane_of[wire].x) for wire in wires if wire in lane_of)
            leave(cell.exit, self.flows, {f: x - self.xs[tail] for f, x in toward.items()}, cell.out, end.half)

    def _arrive(self, lane_of: dict[Wiring, Lane]) -> None:
        """Where each flow meets its cell: boxes spread what enters, the last one of a row takes lanes from its side."""
        ends: dict[int, float] = {}
        for x, row in zip(self.xs, self.row, strict=True):
            ends[row] = max(x, ends.get(row, x))
        for head, wires in enumerate(self.entering):
            cell = self.cells[head]
            self.heads.update((wire, self.xs[head] + cell.entry[wire.flow]) for wire in wires)
            if isinstance(cell, Leaf) and not cell.is_frame:
                self._arrive_at_leaf(cell, head, self.xs[head] == ends[self.row[head]], lane_of)

    def _arrive_at_leaf(self, cell: Leaf, head: int, last: bool, lane_of: dict[Wiring, Lane]) -> None:
        at, wires = self.xs[head], self.entering[head]
        sideways = [w for w in wires if last and w in lane_of and lane_of[w].x > at + cell.right and not cell.named]
        self._enter(cell, at, {wire: lane_of[wire].x for wire in sideways})
        rest = {wire.flow: wire for wire in wires if wire not in sideways}
        places = {f: (lane_of[w].x if w in lane_of else self._tail_x(w)) - at for f, w in rest.items()}
        inside = {f: min(max(x, -cell.half), cell.half) for f, x in places.items()}
        self.heads.update((rest[f], at + x) for f, x in arrivals(cell, inside, set())[1].items())

    def _enter(self, cell: Leaf, x: float, wires: dict[Wiring, float]) -> None:
        order = sorted(wires, key=lambda wire: (wires[wire], wire.flow))
        offs = heights(cell, [wire.flow for wire in order], self.bypasses)
        for wire in order:
            off = offs[wire.flow]
            self.sides[wire] = (x + cell.half_at(off), cell.middle + off)

    # ------------------------------------------------------------ gaps

    def _tail_x(self, wire: Wiring) -> float:
        if wire.tail is None:
            return self.heads[wire]
        return self.xs[wire.tail] + self.cells[wire.tail].exit[wire.flow]

    def _turn(self, lane_of: dict[Wiring, Lane]) -> None:
        """What moves sideways in each gap, and on which tracks: what leaves below what enters, if there is a choice."""

        def touch(gap: int, kind: str, x: float, wire: Wiring, to: float) -> None:
            if abs(x - to) > STRAIGHT:
                bend = kind, x, self.flows[wire.flow].value
                self.turns.setdefault(gap, {}).setdefault(bend, Turn(x)).tops.append(to)
            else:
                self.upright.setdefault(gap, []).append(x)

        for wire in self.wiring:
            lane = lane_of.get(wire)
            if lane is not None:
                if wire.tail is not None:
                    touch(lane.low, "leave", self._tail_x(wire), wire, lane.x)
                if wire.head is not None and wire not in self.sides:
                    touch(self.row[wire.head], "enter", lane.x, wire, self.heads[wire])
            elif wire.tail is not None and wire.head is not None:
                touch(self.row[wire.head], "leave", self._tail_x(wire), wire, self.heads[wire])
        for gap, turns in self.turns.items():
            order = sorted(turns, key=lambda k: (k[0] == "enter", -k[1], k[2]))
            self.tracks[gap] = arrange([turns[bend] for bend in order], self.upright.get(gap, ()), self.edge)

    def _heights(self) -> None:
        y = 0.0
        tallest = [0.0] * (max(self.row) + 1)
        for cell, row in zip(self.cells, self.row, strict=True):
            tallest[row] = max(tallest[row], cell.height)
        for gap in range(len(tallest) + 1):
            count = self.tracks.get(gap, 0)
            inner = 0 < gap < len(tallest)
            self.gaps.append(y)
            y += (ROW_GAP if inner else 0.0) + TRACK * count + (12.0 if count and not inner else 0.0)
            if gap < len(tallest):
                self.row_y.append(y)
                y += tallest[gap]
        self.height = y

    def _level(self, gap: int, track: int) -> float:
        return self.gaps[gap] + TRACK * (track + 1)

    def _way(self, gap: int, bend: Bend, to: float) -> list[Point]:
        """From where a bend comes up to above where it goes."""
        turn = self.turns[gap][bend]
        level = self._level(gap, turn.track)
        if turn.aside is None:
            return [(turn.x, level), (to, level)]
        place, track = turn.aside
        lower = self._level(gap, track)
        return [(turn.x, lower), (place, lower), (place, level), (to, level)]

    # ------------------------------------------------------------ wires

    def _draw(self, wire: Wiring, lane: Lane | None) -> None:
        x = lane.x if lane and wire.tail is None else self._tail_x(wire)
        value = self.flows[wire.flow].value
        points: list[Point] = [(x, 0.0)]
        if wire.tail is None:
            self.entry[wire.flow] = x
        else:
            points = [(x, self.row_y[self.row[wire.tail]] + self.cells[wire.tail].height)]
        if lane and wire.tail is not None and abs(lane.x - x) > STRAIGHT:
            points += self._way(lane.low, ("leave", x, value), lane.x)
        if wire.head is None:
            end = lane.x if lane else x
            self.exit[wire.flow] = end
            self.wire(wire.flow, *points, (end, self.height))
            return
        row = self.row[wire.head]
        if wire in self.sides and lane:
            to, height = self.sides[wire]
            self.wire(wire.flow, *points, (lane.x, self.row_y[row] + height), (to, self.row_y[row] + height))
            return
        start, to = lane.x if lane else x, self.heads[wire]
        if abs(start - to) > STRAIGHT and (lane or wire.tail is not None):
            points += self._way(row, ("enter" if lane else "leave", start, value), to)
        self.wire(wire.flow, *points, (to, self.row_y[row]))
