"""Bytes moved, arithmetic and roofline time of each layer and of the whole, for a batch."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.cost.hardware import Hardware
from nndsl.cost.memory import at
from nndsl.cost.numbers import bytes_of, total
from nndsl.cost.run import Part, Run, Step
from nndsl.ir.cost import Costs
from nndsl.ir.loops import is_end
from nndsl.ops.families import EMBEDDING
from nndsl.shapes import Size, TensorType


@dataclass(slots=True)
class Work:
    """Of a layer or a block, once; None where an operator has no formula, a size or a rate is not known."""

    flops: float | None = 0.0
    moved: float | None = 0.0
    seconds: float | None = 0.0

    def add(self, other: Work, times: float | None = 1) -> None:
        for name in ("flops", "moved", "seconds"):
            mine, theirs = getattr(self, name), getattr(other, name)
            more = _product(theirs, times)
            setattr(self, name, None if mine is None or more is None else mine + more)

    @property
    def intensity(self) -> float | None:
        return self.flops / self.moved if self.flops is not None and self.moved else None


class Times:
    """`of`: by the identity of a step of the run. `training`: seconds of a training step; `optimizer`: the bytes that
    the update of the weights moves."""

    def __init__(
        self,
        costs: Costs,
        ran: Run,
        trained: Run,
        values: dict[str, Size],
        hardware: Hardware | None,
        optimizer: Size = 0,
    ) -> None:
        self.costs = costs
        self.run = ran
        self.values = values
        self.hardware = hardware
        self.of: dict[int, Work] = {}
        self._parts: dict[int, Work] = {}
        for part in ran.parts.values():  # callees before callers
            self._parts[id(part)] = self._sum(part)
        self.total = self._parts[id(ran.root)]
        self.training = self._step(trained, optimizer)

    def _sum(self, part: Part) -> Work:
        whole = Work()
        for step in part.steps:
            work = self._parts[id(step.part)] if step.part is not None else self._operator(step)
            self.of[id(step)] = work
            whole.add(work, self._number(part.often(step)))
        return whole

    def _operator(self, step: Step) -> Work:
        assert step.node is not None
        cost = self.costs.of_node(step.node)
        flops = None if cost.no_flops else self._number(cost.flops)
        moved = self._number(self._moved(step))
        if self.hardware is None or flops is None or moved is None:
            return Work(flops, moved, None)
        return Work(flops, moved, self.hardware.seconds(flops, moved, self.run.dtype))

    def _step(self, trained: Run, optimizer: Size) -> float | None:
        """Forward and backward pass, and the update of the weights, which memory decides."""
        both, moved = self._both(trained), self._number(optimizer)
        if self.hardware is None or both is None or moved is None:
            return None
        return both + moved / self.hardware.bandwidth

    def _both(self, trained: Run) -> float | None:
        """Each part as it is called, for the first of equal blocks may have less to do than those behind it."""
        known: dict[int, float | None] = {}
        for part in trained.parts.values():  # callees before callers
            each: list[float | None] = []
            for step in part.steps:
                times = self._number(part.often(step))
                if step.part is not None:
                    each.append(_product(known[id(step.part)], times))
                else:
                    each += [_product(seconds, times) for seconds in (self._operator(step).seconds, self._again(step))]
            known[id(part)] = None if None in each else sum(s for s in each if s is not None)
        return known[id(trained.root)]

    def _again(self, step: Step) -> float | None:
        back, moved = self._number(step.flops), self._number(self._moved(step))
        if self.hardware is None or back is None or moved is None:
            return None
        return self.hardware.seconds(back, 2 * moved, self.run.dtype) if back else 0.0

    def _moved(self, step: Step) -> Size:
        """Views move nothing; of a table of embeddings only the rows that are looked up are read."""
        node, dtype = step.node, self.run.dtype
        assert node is not None
        if not any(size != 0 for size in step.made.values()):
            return 0
        results = total(bytes_of(value.type, dtype) for value in node.outputs)
        if is_end(node):  # as much as the results of all steps
            return results * 2
        inputs = total(bytes_of(value.type, dtype) for value in node.inputs if value is not None)
        if node.op.family is EMBEDDING:
            return inputs + results * 2
        weights = (TensorType(w.dtype, w.shape) for w in node.weights())
        return inputs + results + total(bytes_of(type, dtype) for type in weights)

    def _number(self, size: Size) -> float | None:
        known = at(size, self.values)
        return float(known) if isinstance(known, int) else None


def _product(number: float | None, times: float | None) -> float | None:
    return None if number is None or times is None else number * times
