"""What a summary says of training, memory and time, besides the counts of a forward pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from nndsl.backends.summary.data import Row
from nndsl.cost.field import fields, seen
from nndsl.cost.hardware import Hardware
from nndsl.cost.memory import measured, saved, updated
from nndsl.cost.numbers import bytes_of, total
from nndsl.cost.run import Run, Step
from nndsl.cost.time import Times, Work
from nndsl.ir.cost import Costs, batch_symbol
from nndsl.ir.graph import Graph, Node
from nndsl.shapes import Size

T = TypeVar("T")
Way: TypeAlias = tuple[int, frozenset[int]]  # the number of a part, and which of its results its callers keep
Ways: TypeAlias = tuple[tuple[Way, int], ...]  # how often a graph is called in each; empty: never


@dataclass(frozen=True, slots=True)
class Calls:
    """The ways in which a graph is called while training, and at work."""

    trained: Ways
    ran: Ways

    @property
    def key(self) -> tuple[frozenset[tuple[Way, int]], frozenset[tuple[Way, int]]]:
        return frozenset(self.trained), frozenset(self.ran)


class Training:
    """Follows one run in training and one at work; rows ask for what concerns them."""

    def __init__(
        self, graph: Graph, costs: Costs, samples: int, dtype: str, hardware: Hardware | None, optimizer: str
    ) -> None:
        self.costs = costs
        self.dtype = dtype
        cuda = hardware is not None and hardware.cuda
        self.run = Run(graph, dtype, training=True, cuda=cuda)
        batch = batch_symbol(graph)
        self.at_work = Run(graph, dtype, training=False, cuda=cuda)
        self.needed = measured(graph, self.run, self.at_work, samples, optimizer)
        values: dict[str, Size] = {} if batch is None else {batch: samples}
        self.times = Times(costs, self.at_work, self.run, values, hardware, updated(self.needed))
        self.fields = fields(graph)
        self._parts = {id(part): part for run in (self.run, self.at_work) for part in run.parts.values()}
        self._steps: dict[int, dict[int, Step]] = {}
        self._kept: dict[int, frozenset[int]] = {}
        self._forward: dict[int, tuple[Size, Size]] = {}
        for part in self.run.parts.values():  # callees before callers
            both = [self.forward(step) for step in part.steps]
            self._forward[id(part)] = (
                total(macs for macs, _ in both) * part.times,
                total(flops for _, flops in both) * part.times,
            )

    def calls(self) -> Calls:
        """How the model itself is called: once, and nobody keeps its results."""
        trained, ran = ((((id(run.root), frozenset[int]()), 1),) for run in (self.run, self.at_work))
        return Calls(trained, ran)

    def inside(self, nodes: Sequence[Node], calls: Calls) -> Calls:
        """How the graph that these equal nodes call is called, where theirs is called in these ways."""
        return Calls(self._inside(nodes, calls.trained), self._inside(nodes, calls.ran))

    def _inside(self, nodes: Sequence[Node], ways: Ways) -> Ways:
        """What happens in one way alone is told once."""
        found: Counter[Way] = Counter()
        for way, times in ways:
            for step in self._found(way, nodes):
                assert step.part is not None
                kept = self._keeps(way)
                places = zip(step.part.whole.results, step.results, strict=True)
                outside = {theirs.home for theirs, ours in places if theirs and ours and ours.home in kept}
                own = outside - set(range(len(step.part.places)))
                found[id(step.part), frozenset(own)] += times
        return tuple(found.items()) if len(found) > 1 else tuple((way, 1) for way in found)

    def fill(self, row: Row, nodes: Sequence[Node], calls: Calls) -> None:
        """Of equal nodes, in a graph that is called in these ways. `saved` is told where a tensor is made: what a
        block's layers keep counts in the block."""
        last = nodes[-1]
        row.activations = total(bytes_of(value.type, self.dtype) for value in last.outputs)
        row.receptive_field = seen(self.fields.get(id(last)))
        works = [(self.times.of[id(step)], times) for way, times in calls.ran for step in self._found(way, nodes)]
        works = _alike(works)
        if works:
            whole = Work()
            for work, times in works:
                whole.add(work, times)
            row.intensity, row.seconds, row.timed = whole.intensity, whole.seconds, sum(times for _, times in works)
        trained = [(way, times, step) for way, times in calls.trained for step in self._found(way, nodes)]
        each = _alike([(self._told(step, self._keeps(way)), times) for way, times, step in trained])
        row.training_macs = row.training_flops = row.saved = 0
        if not each:
            return
        row.together = sum(times for _, times in each)
        row.training_macs, row.training_flops, row.saved = (_sum([(told[i], n) for told, n in each]) for i in range(3))

    def _told(self, step: Step, kept: frozenset[int]) -> tuple[Size | None, Size | None, Size | None]:
        """Training MACs, training FLOPs and what is saved."""
        assert step.node is not None
        macs, flops = self.forward(step)
        cost = self.costs.of_node(step.node)
        block = step.part is not None
        own = total(size for home, size in step.made.items() if home in kept)
        return (
            macs + step.macs if block or not cost.no_macs else None,
            flops + step.flops if block or not cost.no_flops else None,
            None if step.unknown else step.inside + own,
        )

    def _found(self, way: Way, nodes: Sequence[Node]) -> list[Step]:
        if way[0] not in self._steps:
            self._steps[way[0]] = {id(step.node): step for step in self._parts[way[0]].steps}
        steps = self._steps[way[0]]
        return [steps[id(node)] for node in nodes if id(node) in steps]

    def _keeps(self, way: Way) -> frozenset[int]:
        """What a part or its callers keep."""
        part = self._parts[way[0]]
        if way[0] not in self._kept:
            self._kept[way[0]] = frozenset().union(*(step.kept for step in part.steps))
        return self._kept[way[0]] | way[1]

    def forward(self, step: Step) -> tuple[Size, Size]:
        """MACs and FLOPs of the forward pass while training."""
        assert step.node is not None
        if step.part is not None:
            return self._forward[id(step.part)]
        cost = self.costs.of_node(step.node)
        return cost.macs, cost.flops

    def totals(self) -> dict[str, Any]:
        whole, work = self.run.root.whole, self.times.total
        macs, flops = self._forward[id(self.run.root)]
        return {
            "dtype": self.dtype,
            "activations": self._activations(),
            "saved": saved(self.run),
            "training_macs": macs + whole.macs,
            "training_flops": flops + whole.flops,
            "unknown_saved": sorted(whole.unknown),
            "intensity": work.intensity,
            "seconds": work.seconds if self.times.hardware is not None else None,
            "training_seconds": self.times.training if self.times.hardware is not None else None,
            "memory": self.needed,
        }

    def _activations(self) -> Size:
        """Of all tensors that a forward pass makes."""
        found: dict[int, Size] = {}
        for part in self.run.parts.values():
            found[id(part)] = total(
                (found[id(step.part)] if step.part else total(step.made.values())) * part.often(step)
                for step in part.steps
            )
        return found[id(self.run.root)]


def _alike(each: list[tuple[T, int]]) -> list[tuple[T, int]]:
    """Once, where all are equal."""
    return [(each[0][0], 1)] if each and all(told == each[0][0] for told, _ in each) else each


def _sum(sizes: Sequence[tuple[Size | None, int]]) -> Size | None:
    known = [size * times for size, times in sizes if size is not None]
    return total(known) if len(known) == len(sizes) else None
