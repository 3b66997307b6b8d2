"""Which regions a body consists of: its flows, reduced until series and parallel branches show.

The things and flows between two virtual ends make a graph with one entry and one exit. A thing with one link in and one
link out joins them into a longer link; links with the same ends become one link with branches. What is left when
nothing reduces any further is split at the things that all flow passes, and each remaining knot is laid out in rows.
All in linear time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nndsl.backends.draw.parallel import Parallel
from nndsl.backends.draw.places import Places
from nndsl.backends.draw.regions import Flow, Leaf, Region, Series
from nndsl.backends.draw.rows import Rows, Wiring

START = -1
END = -2


@dataclass(slots=True, eq=False)
class Chain:
    """Two links with a thing between them. `begin`: of its first things, the one that is first in the text."""

    first: Link
    thing: int
    last: Link
    begin: int = field(init=False)

    def __post_init__(self) -> None:
        self.begin = min([self.thing, *(branch.begin for branch in self.first.branches[:1])])


@dataclass(slots=True, eq=False)
class Link:
    """A way from `tail` to `head`: a flow, a chain, or branches."""

    tail: int
    head: int
    flows: list[int] = field(default_factory=list)  # flows that go straight from tail to head
    branches: list[Chain] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        return not self.branches


Part: TypeAlias = int | Link


@dataclass(slots=True)
class Knot:
    """Cells and wires of a `Rows` while it is made."""

    cells: list[Region] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    inputs: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)
    wires: list[Wiring] = field(default_factory=list)

    def add(self, region: Region, rank: int) -> int:
        self.cells.append(region)
        self.ranks.append(rank)
        return len(self.cells) - 1

    def tie(self, flows: list[int], tail: int | None, head: int | None) -> None:
        self.wires.extend(Wiring(flow, tail, head) for flow in flows)


class Structure:
    """The links of one body."""

    def __init__(self, leaves: list[Leaf], flows: list[Flow]) -> None:
        self.leaves = leaves
        self.flows = flows
        self.ahead: dict[int, dict[int, Link]] = {i: {} for i in [START, END, *range(len(leaves))]}
        self.behind: dict[int, dict[int, Link]] = {i: {} for i in [START, END, *range(len(leaves))]}

    def region(self) -> Region:
        for i, flow in enumerate(self.flows):
            self._add(Link(flow.tail, flow.head, [i]))
        for i in range(len(self.leaves)):
            if not self.behind[i]:
                self._add(Link(START, i))
            if not self.ahead[i]:
                self._add(Link(i, END))
        self._reduce()
        return self._series(self._spine())

    # ------------------------------------------------------------ reduction

    def _add(self, link: Link) -> None:
        known = self.ahead[link.tail].get(link.head)
        if known is not None:
            known.flows.extend(link.flows)
            known.branches.extend(link.branches)
            return
        self.ahead[link.tail][link.head] = link
        self.behind[link.head][link.tail] = link

    def _reduce(self) -> None:
        waiting = list(range(len(self.leaves)))[::-1]
        gone: set[int] = set()
        while waiting:
            at = waiting.pop()
            if at in gone or len(self.ahead[at]) != 1 or len(self.behind[at]) != 1:
                continue
            gone.add(at)
            (first,) = self.behind.pop(at).values()
            (last,) = self.ahead.pop(at).values()
            del self.ahead[first.tail][at], self.behind[last.head][at]
            self._add(Link(first.tail, last.head, [], [Chain(first, at, last)]))
            waiting.extend(end for end in (first.tail, last.head) if end >= 0)

    # ------------------------------------------------------------ what is left, as a line of things, links and knots

    def _spine(self) -> list[Part | Region]:
        order = self._in_order()
        rank = {at: k for k, at in enumerate(order)}
        parts: list[Part | Region] = []
        since, reach = 0, 0
        for k, at in enumerate(order):
            if reach <= k:
                if k:
                    parts.extend(self._between(order, since, k))
                if at >= 0:
                    parts.append(at)
                since = k
            reach = max([reach, *(rank[head] for head in self.ahead[at])])
        return parts

    def _in_order(self) -> list[int]:
        """The remaining things so that flow goes forward, the text's order where there is a choice."""
        import heapq

        left = {at: len(self.behind[at]) for at in self.behind if at != END}
        ready = [START]
        order = []
        while ready:
            at = heapq.heappop(ready)
            order.append(at)
            for head in self.ahead[at]:
                if head == END:
                    continue
                left[head] -= 1
                if not left[head]:
                    heapq.heappush(ready, head)
        return [*order, END]

    def _between(self, order: list[int], since: int, until: int) -> list[Part | Region]:
        below, above = order[since], order[until]
        if until == since + 1:
            link = self.ahead[below][above]
            if link.is_bare:
                return []
            return [*_flat(link.branches[0])] if len(link.branches) == 1 and not link.flows else [link]
        knot = self._knot(order[since + 1 : until], below, above)
        return [knot if below != START or above != END else self._beside(knot, order[since + 1])]

    def _beside(self, knot: Rows, rank: int) -> Region:
        """What goes from inputs to outputs on its own stands beside the knot, not in its rows."""
        link = self.ahead[START].get(END)
        if link is None:
            return knot
        made = [(rank, -1, knot), *((b.begin, i, self._series([*_flat(b)])) for i, b in enumerate(link.branches))]
        return Parallel(
            [region for _, _, region in sorted(made, key=lambda m: m[:2])], [], True, True, Places(), self.flows
        )

    def _knot(self, things: list[int], below: int, above: int) -> Rows:
        """Things and the links with branches become cells; bare flows become wires between them.

        A thing with one link in, and what is on that link, are one cell."""
        knot = Knot()
        index: dict[int, int] = {}
        for at in things:
            lead = self._lead(at)
            parts = [] if lead is None else [lead] if lead.tail != START else _flat(lead.branches[0])[1:]
            index[at] = knot.add(self._series([*parts, at]), at if lead is None else _first(lead))
            if self.leaves[at].is_input:
                knot.inputs.add(index[at])
        for at in [below, *things]:
            for head, link in self.ahead[at].items():
                if (at, head) == (START, END):
                    continue
                self._tie(knot, link, index.get(at), index.get(head))
        knot.last.update(index[at] for at in things if above == END and not self.leaves[at].outgoing)
        return Rows(knot.cells, knot.ranks, knot.wires, self.flows, knot.last, knot.inputs)

    def _tie(self, knot: Knot, link: Link, tail: int | None, head: int | None) -> None:
        """What a link becomes between two cells."""
        if link.is_bare:
            knot.tie(link.flows, tail, head)
            return
        entering, leaving = _edges(link, "first"), _edges(link, "last")
        leads = head is not None and self._lead(link.head) is link
        if link.tail == START:
            for branch in link.branches:
                self._tie_input(knot, branch, link, head, leads)
        elif leads:
            knot.tie(entering, tail, head)
        else:
            cell = knot.add(self._series([link]), _first(link))
            if link.head == END:
                knot.last.add(cell)
            knot.tie(entering, tail, cell)
            knot.tie(leaving, cell, head)

    def _tie_input(self, knot: Knot, branch: Chain, link: Link, head: int | None, leads: bool) -> None:
        """An input stays at the bottom, what follows it goes up to where it is needed."""
        parts = _flat(branch)
        leaving = _edges(Link(link.tail, link.head, [], [branch]), "last")
        first = parts[0]
        if not isinstance(first, int) or not self.leaves[first].is_input or len(parts) == 1:
            cell = knot.add(self._series(list(parts)), branch.begin)
            if link.head == END:
                knot.last.add(cell)
            if not isinstance(first, int) or self.leaves[first].is_input:
                knot.inputs.add(cell)
            knot.tie(leaving, cell, head)
            return
        start = knot.add(self.leaves[first], first)
        knot.inputs.add(start)
        if leads:
            knot.tie(self.leaves[first].outgoing, start, head)
            return
        cell = knot.add(self._series(list(parts[1:])), first)
        if link.head == END:
            knot.last.add(cell)
        knot.tie(self.leaves[first].outgoing, start, cell)
        knot.tie(leaving, cell, head)

    def _lead(self, at: int) -> Link | None:
        """What leads to a thing and to nothing else."""
        if len(self.behind[at]) != 1:
            return None
        (link,) = self.behind[at].values()
        if link.tail != START:
            return None if link.is_bare else link
        parts = _flat(link.branches[0]) if len(link.branches) == 1 else []
        follows = len(parts) > 1 and isinstance(parts[0], int) and self.leaves[parts[0]].is_input
        return link if follows else None

    # ------------------------------------------------------------ links to regions, children first, without recursion

    def _series(self, parts: list[Part | Region]) -> Region:
        made: dict[int, Region] = {}
        link_order: list[Link] = []
        stack = [part for part in parts if isinstance(part, Link)]
        while stack:
            link = stack.pop()
            link_order.append(link)
            for branch in link.branches:
                stack.extend(part for part in _flat(branch) if isinstance(part, Link))
        for link in reversed(link_order):
            made[id(link)] = self._parallel(link, made)
        return self._stack(parts, made)

    def _stack(self, parts: list[Part | Region] | list[Part], made: dict[int, Region]) -> Region:
        regions = [
            part if isinstance(part, Region) else made[id(part)] if isinstance(part, Link) else self.leaves[part]
            for part in parts
        ]
        return regions[0] if len(regions) == 1 else Series(regions, self.flows)

    def _parallel(self, link: Link, made: dict[int, Region]) -> Region:
        branches = sorted(link.branches, key=lambda branch: branch.begin)
        if link.head >= 0 and self.leaves[link.head].is_frame:
            branches.sort(key=lambda branch: self._port(branch, link))
        regions = [self._stack(_flat(branch), made) for branch in branches]
        if len(regions) == 1 and not link.flows and link.tail != START and link.head != END:
            return regions[0]
        above = self.leaves[link.head] if link.head >= 0 else None
        ports = above.entry if above is not None and above.is_frame else Places()
        first = above.incoming[0] if above is not None and above.named else None
        return Parallel(regions, link.flows, link.tail == START, link.head == END, ports, self.flows, first)

    def _port(self, branch: Chain, link: Link) -> int:
        """The first port of an open block that a branch ends at: in their order no lines cross below it."""
        leaving = _edges(Link(link.tail, link.head, [], [branch]), "last")
        return min((self.flows[f].head_port for f in leaving), default=0)


def _flat(chain: Chain) -> list[Part]:
    """The things of a chain and the links with branches between them, in order."""
    parts: list[Part] = []
    stack: list[Link | int | Chain] = [chain]
    while stack:
        at = stack.pop()
        if isinstance(at, Chain):
            stack += [at.last, at.thing, at.first]
        elif isinstance(at, int):
            parts.append(at)
        elif not at.flows and len(at.branches) == 1:
            stack.append(at.branches[0])
        elif not at.is_bare:
            parts.append(at)
    return parts


def _first(link: Link) -> int:
    return min(branch.begin for branch in link.branches)


def _edges(link: Link, side: Literal["first", "last"]) -> list[int]:
    """The flows of a link at one side of it: those that enter its branches ("first"), or leave them ("last")."""
    found = list(link.flows)
    stack: list[Link] = [getattr(branch, side) for branch in link.branches]
    while stack:
        at = stack.pop()
        found.extend(at.flows)
        stack.extend(getattr(branch, side) for branch in at.branches)
    return found
