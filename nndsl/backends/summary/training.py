"""What a summary says of training, memory and time, besides the counts of a forward pass."""

from __future__ import annotations

from typing import Any

from nndsl.backends.summary.data import Memory, Row
from nndsl.cost.field import fields, seen
from nndsl.cost.hardware import Hardware
from nndsl.cost.memory import measured, saved
from nndsl.cost.numbers import bytes_of, total
from nndsl.cost.run import Run, Step
from nndsl.cost.time import Times
from nndsl.ir.cost import Costs, batch_symbol
from nndsl.ir.graph import Graph, Node
from nndsl.shapes import Size


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
        at_work = Run(graph, dtype, training=False, cuda=cuda)
        self.times = Times(costs, at_work, self.run, {} if batch is None else {batch: samples}, hardware)
        self.needed = measured(graph, self.run, at_work, samples, optimizer)
        self.fields = fields(graph)
        self.steps: dict[int, tuple[Step, Size]] = {}
        for part in self.run.first.values():
            kept = frozenset().union(*(step.kept for step in part.steps)) if part.steps else frozenset()
            for step in part.steps:
                own = total(size for home, size in step.made.items() if home in kept)
                self.steps[id(step.node)] = step, own
        self._forward: dict[int, tuple[Size, Size]] = {}
        for part in self.run.parts.values():  # callees before callers
            both = [self.forward(step) for step in part.steps]
            self._forward[id(part)] = total(macs for macs, _ in both), total(flops for _, flops in both)

    def fill(self, row: Row, node: Node, last: Node) -> None:
        """`saved` is told where a tensor is made: what a block's layers keep counts in the block."""
        row.activations = total(bytes_of(value.type, self.dtype) for value in last.outputs)
        row.receptive_field = seen(self.fields.get(id(last)))
        work = self.times.of.get(id(node))
        if work is not None:
            row.intensity, row.seconds = work.intensity, work.seconds
        if id(node) not in self.steps:
            return
        step, own = self.steps[id(node)]
        row.saved = None if step.unknown else step.inside + own
        macs, flops = self.forward(step)
        cost = self.costs.of_node(node)
        block = isinstance(node.target, Graph)
        row.training_macs = macs + step.macs if block or not cost.no_macs else None
        row.training_flops = flops + step.flops if block or not cost.no_flops else None

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
            "memory": Memory(**{name: getattr(self.needed, name) for name in Memory.__dataclass_fields__}),
        }

    def _activations(self) -> Size:
        """Of all tensors that a forward pass makes."""
        found: dict[int, Size] = {}
        for part in self.run.parts.values():
            inner = (found[id(step.part)] if step.part else total(step.made.values()) for step in part.steps)
            found[id(part)] = total(inner)
        return found[id(self.run.root)]
