"""Branches side by side: where each stands, which of them is the trunk, and what passes them."""

from __future__ import annotations

from nndsl.backends.draw.places import Places, joined, united
from nndsl.backends.draw.regions import COLUMN_GAP, LANE, LANE_GAP, Flow, Leaf, Region, Series, passed_on

POINT_GAP = 8.0  # between the inputs of a block, below the ports of another


class Parallel(Region):
    """Branches side by side in the order of the text; flows that skip them run at the right. `first`: the flow into the
    first input of what is above, where that says what each of its inputs is."""

    __slots__ = ("branches", "ends", "first", "flows", "passing", "ports", "starts", "values")

    def __init__(
        self,
        branches: list[Region],
        skips: list[int],
        starts: bool,
        ends: bool,
        ports: Places,
        flows: list[Flow],
        first: int | None = None,
    ) -> None:
        super().__init__()
        self.branches = branches
        self.passing = sorted(skips)
        self.skips = set(skips)
        self.starts = starts  # nothing is below: branches begin with the inputs
        self.ends = ends  # nothing is above: branches end with the outputs
        self.flows = flows
        self.ports = ports  # where an open block above takes the flows
        self.first = first
        self.values: set[int] = set()  # of the flows that go in or pass

    def parts(self) -> list[Region]:
        return self.branches

    def fed(self, flows: list[Flow]) -> set[int]:
        return self.values

    def measure(self) -> None:
        self.height = max(branch.height for branch in self.branches)
        self.weight = max(branch.weight for branch in self.branches)
        self._balance()
        places = self._columns()
        main = self._main()
        axis = self._axis(places, main)
        offs = [x - axis for x in places]
        for branch, off in zip(self.branches, offs, strict=True):
            self._stand(branch, off)
        self._take_over(offs)
        self.out = self._main_out(places, axis, main)
        around = (f for f in self.passing if self.flows[f].parted or self.flows[f].value in self.values)
        self.bypasses.update(around)
        self.values.update(self.flows[f].value for f in self.passing)
        lane, below = self.right + LANE_GAP, self._below_ports()
        for flow in self.passing:
            lane = max(lane, below.get(flow, lane))
            self.wire(flow, (lane, 0.0), (lane, self.height))
            self.entry[flow] = self.exit[flow] = lane
            lane += LANE

    def _below_ports(self) -> dict[int, float]:
        """Where what passes would go straight up into the open block above."""
        passing = [f for f in self.passing if f in self.ports]
        if not passing:
            return {}
        straight = [f for f, x in self.exit.items() if abs(x - self.out) < 0.01 and f in self.ports]
        axis = self.out - (self.ports[straight[0]] if straight else 0.0)
        return {f: axis + self.ports[f] for f in passing}

    def _take_over(self, offs: list[float]) -> None:
        """What the branches know of the flows that pass them."""
        self.entry = joined([(passed_on(b, b.entry), x) for b, x in zip(self.branches, offs, strict=True)])
        self.exit = joined([(passed_on(b, b.exit), x) for b, x in zip(self.branches, offs, strict=True)])
        self.skips = united([self.skips, *(branch.skips for branch in self.branches)])
        self.bypasses = united([self.bypasses, *(branch.bypasses for branch in self.branches)])
        self.values = united(branch.fed(self.flows) for branch in self.branches)

    def _columns(self) -> list[float]:
        """Side by side, with more room between them where that brings them below their ports. The inputs of a block are
        points, and may be as near each other as ports are."""
        places: list[float] = []
        right, origin, gap = 0.0, None, POINT_GAP if self._are_points() else COLUMN_GAP
        for branch in self.branches:
            x = right - branch.left
            port = self._port(branch) if self.ports else None
            if port is not None:
                origin = x + branch.out - port if origin is None else origin
                x = max(x, origin + port - branch.out)
            places.append(x)
            right = x + branch.right + gap
        return places

    def _are_points(self) -> bool:
        """Are they the inputs of a block, which all go to one open block?"""
        points = (isinstance(b, Leaf) and b.is_input and not b.half for b in self.branches)
        return bool(self.ports) and all(points)

    def _port(self, branch: Region) -> float | None:
        """Where the flow that goes straight up out of a branch enters the open block above."""
        ends = ((f, at) for f, at in branch.exit.items() if f in self.ports)
        return next((self.ports[f] for f, at in ends if abs(at - branch.out) < 0.01), None)

    def _balance(self) -> None:
        """What branches off the trunk and ends may change its side, to stand less far out; a mere output does not."""
        trunk = self._trunk()
        if self.starts or not self.ends or trunk is None or any(branch.exit for branch in self.branches):
            return
        before, main, after = self.branches[:trunk][::-1], self.branches[trunk], self.branches[trunk + 1 :]
        reach = [-main.left, main.right]
        beside: tuple[list[Region], list[Region]] = [], []
        for branch, side in [*((b, 0) for b in before), *((b, 1) for b in after)]:
            width = branch.right - branch.left + COLUMN_GAP
            other = 1 - side
            stays, moves = reach[side] + width, max(reach[side], reach[other] + width)
            at = other if stays - moves > width / 2 and not isinstance(branch, Leaf) else side
            beside[at].append(branch)
            reach[at] += width
        self.branches = [*beside[0][::-1], main, *beside[1]]

    def _main(self) -> int | None:
        """The branch that goes straight on, where one clearly is the trunk and the others are its side branches. Into
        an open block one does, whatever else it is given; of inputs that have names it is the first."""
        if self.first is not None and self.starts:
            found = [i for i, branch in enumerate(self.branches) if self.first in branch.exit]
            if found:
                return found[0]
        count = len(self.branches)
        trunk = self._trunk()
        return trunk if trunk is not None else count // 2 if count % 2 else None

    def _trunk(self) -> int | None:
        """The one that clearly is longer."""
        order = sorted(range(len(self.branches)), key=lambda i: -self.branches[i].weight)
        if len(order) == 1 or (self.starts and self.ports):
            return order[0]
        clearly = 1.2 if self.starts or self.ends else 1.5
        longer = self.branches[order[0]].weight > clearly * self.branches[order[1]].weight
        return order[0] if longer and (len(order) == 2 or self.starts or self.ends) else None

    def _axis(self, places: list[float], main: int | None) -> float:
        if main is not None:
            return places[main]
        right = len(places) // 2
        return (places[right - 1] + places[right]) / 2

    def _main_out(self, places: list[float], axis: float, main: int | None) -> float:
        if main is not None:
            return places[main] + self.branches[main].out - axis
        right = len(places) // 2
        left_out = places[right - 1] + self.branches[right - 1].out
        return (left_out + places[right] + self.branches[right].out) / 2 - axis

    def _stand(self, branch: Region, x: float) -> None:
        free = self.height - branch.height
        y = 0.0 if self.ends or (self.starts and _begins_with_input(branch)) else free if self.starts else free / 2
        self.adopt(branch, x, y)
        if y:
            for flow, at in branch.entry.items():
                self.wire(flow, (x + at, 0.0), (x + at, y))
        if y + branch.height < self.height:
            for flow, at in branch.exit.items():
                self.wire(flow, (x + at, y + branch.height), (x + at, self.height))


def _begins_with_input(region: Region) -> bool:
    """Several branches at once count as inputs: one of them may be."""
    while isinstance(region, Series):
        region = region.regions[0]
    return not isinstance(region, Leaf) or region.is_input
