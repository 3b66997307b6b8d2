"""Wires between two regions: they go up, along a track of their own, and up again.

Everything that leaves at one place is one net: it shares a track. What joins at a small circle from a side, and every
flow that skipped what lies below, enters from that side instead: at a circle as one line, at a box apart where its side
has the room.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from math import copysign, inf

from nndsl.backends.draw.pins import AT_CIRCLE, go_straight
from nndsl.backends.draw.regions import Flow, Leaf, Point, Region
from nndsl.backends.draw.tracks import NEAR, Turn, arrange

GAP = 22.0  # a channel with straight wires only
AFTER_LABEL = 12.0
TRACK = 9.0
BELOW_HEAD = 18.0  # room for an arrowhead above the tracks
MOST_TRACKS = 60
STRAIGHT = 0.01
APART = 8.0  # arrowheads
ASIDE = 14.0  # an arrowhead and a bend, of what enters from a side


@dataclass(slots=True)
class Net:
    """Wires that begin at one place. `heads`: flow, and where it leaves the channel; `track`: from the highest down;
    `aside`: where the net rises from a lower track to its own, and the lower one, if it has two."""

    x: float
    heads: list[tuple[int, float]] = field(default_factory=list)
    track: int = 0
    aside: tuple[float, int] | None = None

    @property
    def bends(self) -> bool:
        return any(abs(x - self.x) > STRAIGHT for _, x in self.heads)

    @property
    def span(self) -> tuple[float, float]:
        places = [self.x, *(x for _, x in self.heads)]
        return min(places), max(places)


def connect(
    owner: Region, below: Region, below_x: float, above: Region, above_x: float, y: float, flows: list[Flow]
) -> float:
    """Draw the channel between two regions of a series into `owner`; its height."""
    lower = {f: below_x + x for f, x in below.exit.items() if f in above.entry}
    sides: dict[int, int] = {}
    upper = {f: above_x + above.entry[f] for f in lower}
    if isinstance(above, Leaf) and not above.is_frame:
        sides, bottoms = arrivals(above, {f: x - above_x for f, x in lower.items()}, below.skips)
        upper = {f: above_x + x for f, x in bottoms.items()}
    nets = gather({f: (lower[f], flows[f].value) for f in upper}, upper)
    tracks = assign(nets)
    if _run_on_each_other(nets):
        tracks = _rearrange(nets, lower)
    base = AFTER_LABEL if isinstance(below, Leaf) and below.strip and not tracks else GAP
    height = base + TRACK * max(tracks - 1, 0) + (8.0 if tracks else 0.0)
    draw(owner, nets, y, height)
    if isinstance(above, Leaf) and sides:
        _enter_from_sides(
            owner,
            above,
            above_x,
            {f: (x, sides[f]) for f, x in lower.items() if f in sides},
            (y, y + height),
            below.bypasses,
        )
    return height


def arrivals(leaf: Leaf, places: dict[int, float], skips: set[int]) -> tuple[dict[int, int], dict[int, float]]:
    """Which flows enter a box from its left (-1) or right (1), and where at its lower side the others do."""
    ways = places if leaf.is_round else {f: x for f, x in places.items() if f in skips and (x > 0 or not leaf.told)}
    aside = {f: x for f, x in ways.items() if abs(x) > leaf.half + ASIDE and not leaf.named}
    sides = {f: (1 if x > 0 else -1) for f, x in aside.items()}
    rest = sorted((f for f in places if f not in sides), key=lambda f: (places[f], f))
    if leaf.is_round and go_straight([places[f] for f in rest]):
        return sides, {f: places[f] for f in rest}
    centre = next((i for i, f in enumerate(rest) if abs(places[f]) < STRAIGHT), None)
    if leaf.is_ordered and len(rest) == 2:
        middle = 0.5 if centre is None else float(centre)
        return sides, {f: AT_CIRCLE * (i - middle) for i, f in enumerate(rest)}
    if leaf.is_round or len(rest) <= 1:
        return sides, dict.fromkeys(rest, 0.0)
    middle = float(centre) if centre is not None else (len(rest) - 1) / 2
    longest = max(middle, len(rest) - 1 - middle)
    reach = max(leaf.half - 6, 4)
    step = min(leaf.pin, reach / longest)
    if step >= APART:
        return sides, {f: step * (i - middle) for i, f in enumerate(rest)}
    return sides, {f: _shared_place((i - middle) / longest, reach) for i, f in enumerate(rest)}


def _shared_place(part: float, reach: float) -> float:
    """Of more arrowheads than a side has room for: those that are near each other become one."""
    most = int(reach / APART)
    return copysign(int(abs(part) * most + 0.5) * (reach / most), part) if most else 0.0


def heights(leaf: Leaf, flows: list[int], skips: set[int]) -> dict[int, float]:
    """How far from its middle each flow enters a side of a box, given from the lowest up. A circle takes all that are
    drawn alike as one line, if their order says nothing; a box as many lines as have room."""
    kinds = [f in skips for f in flows]
    joins = leaf.is_round and not leaf.is_ordered
    rank = [sorted(set(kinds), key=kinds.index).index(kind) for kind in kinds] if joins else [*range(len(flows))]
    count = max(rank, default=0) + 1
    places = min(count, int((leaf.glyph_height - 8) / APART) + 1)
    return {f: APART * (r * places // count - (places - 1) / 2) for f, r in zip(flows, rank, strict=True)}


def gather(tails: dict[int, tuple[float, int]], heads: dict[int, float]) -> list[Net]:
    nets: dict[tuple[float, int], Net] = {}
    for flow, (x, value) in tails.items():
        nets.setdefault((x, value), Net(x)).heads.append((flow, heads[flow]))
    return list(nets.values())


def assign(nets: list[Net]) -> int:
    """A track for each net that bends, so that wires do not cross where they need not; how many there are."""
    bent = [net for net in nets if net.bends]
    rightward = sorted((n for n in bent if n.span[0] >= n.x), key=lambda n: n.x)
    leftward = sorted((n for n in bent if n.span[0] < n.x), key=lambda n: -n.x)
    taken: list[list[tuple[float, float]]] = []
    for group in (rightward, leftward):
        lowest = 0
        for net in group:
            low, high = net.span
            track = lowest
            while track < len(taken) and any(low <= b + 3 and a - 3 <= high for a, b in taken[track]):
                track += 1
            net.track = min(track, MOST_TRACKS)
            if net.track == len(taken):
                taken.append([])
            if net.track < len(taken):
                taken[net.track].append((low, high))
            lowest = net.track
    return len(taken)


def _run_on_each_other(nets: list[Net]) -> bool:
    """Does one go up where another comes up, and from no higher than that lies?"""
    bent = sorted((net for net in nets if net.bends), key=lambda net: net.x)
    if not 1 < len(bent) <= MOST_TRACKS:
        return False
    xs = [net.x for net in bent]
    for net in bent:
        for _, x in net.heads:
            others = bent[bisect_left(xs, x - NEAR) : bisect_right(xs, x + NEAR)]
            if any(net.track >= other.track for other in others if other is not net):
                return True
    return False


def _rearrange(nets: list[Net], lower: dict[int, float]) -> int:
    """Tracks so that none runs on another; how many there are."""
    bent = [net for net in nets if net.bends]
    bent.sort(key=lambda net: (net.span[0] < net.x, -net.x if net.span[0] >= net.x else net.x))
    turns = [Turn(net.x, [x for _, x in net.heads]) for net in bent]
    count = arrange(turns, lower.values(), inf)
    for net, turn in zip(bent, turns, strict=True):
        net.track = count - 1 - turn.track
        net.aside = (turn.aside[0], count - 1 - turn.aside[1]) if turn.aside else None
    return count


def draw(owner: Region, nets: list[Net], y: float, height: float) -> None:
    def level(track: int) -> float:
        return max(y + height - BELOW_HEAD - TRACK * track, y + 4)

    for net in nets:
        begin: Point = (net.aside[0] if net.aside else net.x, level(net.track) if net.bends else y)
        lead = [(net.x, y)]
        if net.aside:
            lead += [(net.x, level(net.aside[1])), (net.aside[0], level(net.aside[1]))]
        for flow, x in net.heads:
            way = [begin] if abs(begin[0] - x) <= STRAIGHT else [begin, (x, begin[1])]
            owner.wire(flow, *lead, *way, (x, y + height))


def _enter_from_sides(
    owner: Region, leaf: Leaf, leaf_x: float, flows: dict[int, tuple[float, int]], gap: Point, skips: set[int]
) -> None:
    """Up beside the box, then straight into its side: the farthest wire highest, so that none crosses another.

    `flows`: where each is below, and which side it enters; `gap`: from where to where the channel is."""
    for side in (-1, 1):
        order = sorted((f for f, (_, s) in flows.items() if s == side), key=lambda f: abs(flows[f][0] - leaf_x))
        for f, off in heights(leaf, order, skips).items():
            x, at = flows[f][0], gap[1] + leaf.middle + off
            owner.wire(f, (x, gap[0]), (x, at), (leaf_x + side * leaf.half_at(off), at))
