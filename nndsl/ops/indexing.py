"""Indexing and slicing as in Python: what `x[:, 0]`, `x[..., :d]`, `x[:, None]` and `x[idx]` mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.costing import Saved, Use
from nndsl.ops.domain import Domain, indices
from nndsl.ops.families import SHAPE
from nndsl.ops.schema import Op, param
from nndsl.shapes import Dim, Size, TensorType, broadcast, ceil_div, smax, smin

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

_FAR = (1 << 63) - 1


@dataclass(slots=True)
class Step:
    """One item of an index, with the axis of x it is about (None: it makes a new axis).

    `kind`: "new", "slice", "number"; a tensor is an "input", and without dims, which counts as a number, a "scalar"."""

    item: Any
    axis: int | None
    kind: str

    @property
    def stays(self) -> bool:
        """Does its axis remain, rather than be selected from?"""
        return self.kind not in ("number", "scalar")


class Index(Op, family=SHAPE):
    """`x[:, 0, ..., None]`, and whole-number tensors as indices: [*] -> [*] (torch.Tensor.__getitem__)."""

    inputs = ("*xs",)
    hidden = True

    items: Any = param(doc='a number, ("slice", start, stop, step), "...", none, or ("input", k), for each axis')

    # ------------------------------------------------------------ shape

    def steps(self, rank: int, indices: Sequence[TensorType | OnnxValue]) -> list[Step]:
        """The items with their axes; `...` and what is not mentioned become full slices."""
        items = list(self.items)
        free = rank - sum(item is not None and item != "..." for item in items)
        full = [("slice", None, None, None)] * free
        at = items.index("...") if "..." in items else len(items)
        items[at : at + 1] = full
        steps, axis = [], 0
        for item in items:
            steps.append(Step(item, None if item is None else axis, _kind(item, indices)))
            axis += item is not None
        return steps

    def shape(self, x: TensorType, *indices: TensorType, say: Say) -> TensorType | None:
        wanted = sum(item is not None and item != "..." for item in self.items)
        if wanted > x.rank:
            message = f"{wanted} indices for {x.rank} dims: {say.type(x)}"
            say.error(message, code="rank-mismatch", at="items")
            return None
        if sum(item == "..." for item in self.items) > 1:
            say.error("`...` may stand once in an index", at="items")
            return None
        steps = self.steps(x.rank, indices)
        sizes = [self._size(say, step, x) for step in steps]
        if None in sizes:
            return None
        return self._with_tensors(say, x, steps, sizes, indices)

    def _size(self, say: Say, step: Step, x: TensorType) -> Size | None:
        """What the item leaves of its axis: 0 for nothing at all (a number); None after an error."""
        if step.axis is None:
            return 1
        size = x.shape[step.axis]
        if step.kind == "number":
            return 0 if _inside(say, step.item, size, step.axis) else None
        if step.kind == "slice":
            return _sliced(say, step.item, size, step.axis)
        return size

    def _with_tensors(
        self, say: Say, x: TensorType, steps: list[Step], sizes: list[Any], indices: tuple[TensorType, ...]
    ) -> TensorType | None:
        kept = [(step, size) for step, size in zip(steps, sizes, strict=True) if step.stays]
        places = [i for i, (step, _) in enumerate(kept) if step.kind == "input"]
        joined = self._joined(say, indices)
        if joined is None:
            return None
        if not places:
            return TensorType(x.dtype, tuple(size for _, size in kept))
        rest = [size for step, size in kept if step.kind != "input"]
        first = _place(places)
        return TensorType(x.dtype, (*rest[:first], *joined, *rest[first:]))

    def _joined(self, say: Say, indices: tuple[TensorType, ...]) -> tuple[Size, ...] | None:
        joined: tuple[Size, ...] = ()
        for k, index in enumerate(indices, start=1):
            if index.dtype == "bool":
                help = "give a value to what is not selected with `Where` or `MaskedFill`"
                say.error(
                    "how many a bool mask selects is only known when the model runs",
                    code="dtype-mismatch",
                    at=k,
                    help=help,
                )
                return None
            if not say.index(index, at=k):
                return None
            found = broadcast(joined, index.shape, say.facts)
            if not isinstance(found, tuple):
                say.error("the indices do not broadcast against each other", code="shape-mismatch", at=k)
                return None
            joined = found
        return joined

    def demands(self, x: TensorType, *indices: TensorType) -> list[Size]:
        steps = self.steps(x.rank, indices)
        picked = [(x.shape[s.axis], s.item) for s in steps if s.axis is not None and s.kind == "number"]
        return [size + at + 1 if isinstance(at, int) and at < 0 else size - at for size, at in picked]

    def domains(self, x: TensorType, *more: TensorType) -> dict[int, Domain]:
        asked = [s for s in self.steps(x.rank, more) if s.kind in ("input", "scalar")]
        return {s.item[1]: indices(x.shape[s.axis]) for s in asked if s.axis is not None}

    def saves(self, x: TensorType, *indices: TensorType, y: TensorType, use: Use) -> Saved:
        return Saved(tuple(range(1, 1 + len(indices))))

    def flops(self, x: TensorType, *indices: TensorType, y: TensorType) -> Size:
        return 0

    # ------------------------------------------------------------ PyTorch

    def torch(self, t: TorchWriter, x: Operand, *indices: Operand) -> Text:
        return t.index(x, *[self._python(item, indices) for item in self.items])

    def _python(self, item: Any, indices: tuple[Operand, ...]) -> Any:
        if item == "...":
            return ...
        if not isinstance(item, tuple):
            return item
        return indices[item[1] - 1] if item[0] == "input" else slice(*item[1:])

    # ------------------------------------------------------------ ONNX

    def onnx(self, g: OnnxBuilder, x: OnnxValue, *indices: OnnxValue) -> Any:
        steps = self.steps(x.rank, indices)
        y: Any = _slices(g, x, [s for s in steps if s.kind == "slice" and s.item[1:] != (None, None, None)])
        axis = 0
        for step in steps:
            if not step.stays:
                at = g.size(step.item) if step.kind == "number" else indices[step.item[1] - 1]
                y = g.op("Gather", y, at, axis=axis)
                continue
            if step.kind == "new":
                y = g.op("Unsqueeze", y, g.const([axis]))
            axis += 1
        kept = [step for step in steps if step.stays]
        places = [i for i, step in enumerate(kept) if step.kind == "input"]
        if not places:
            return y
        chosen = [indices[kept[i].item[1] - 1] for i in places]
        if len(chosen) == 1:
            return g.op("Gather", y, chosen[0], axis=places[0])
        return _gathered(g, y, len(kept), places, chosen)

    def detail(self) -> str:
        return ", ".join(_spelled(item) for item in self.items)

    def spell(self) -> str:
        return f"[{self.detail()}]"

    @property
    def heading(self) -> str:
        return self.spell()


def _kind(item: Any, indices: Sequence[TensorType | OnnxValue]) -> str:
    if not isinstance(item, tuple):
        return "new" if item is None else "number"
    return "scalar" if item[0] == "input" and not indices[item[1] - 1].rank else str(item[0])


def _inside(say: Say, index: Size, size: Size, axis: int) -> bool:
    """Is the index provably outside? Then say it."""
    number = isinstance(index, int)
    if number and index < 0:
        most = say.facts.upper_bound(size)
        outside = most is not None and -index > most
    else:
        room = say.facts.upper_bound(size - index)
        outside = room is not None and room < 1
    if outside:
        message = f"index {say.spell(index)} is out of range: dim {axis} has {say.spell(size)}"
        say.error(message, code="bad-index", at="items")
    return not outside


def _bound(say: Say, end: Size, size: Size, axis: int) -> Size | None:
    """An end of a slice counted from the front and kept within the axis."""
    if isinstance(end, int) and end < 0:
        return smax(size + end, 0)
    least = say.facts.lower_bound(end)
    if least is not None and least >= 0:
        return say.facts.normalize(smin(end, size))
    message = f"the end {say.spell(end)} of the slice of dim {axis} may be negative"
    say.error(message, code="unproven", at="items", help=f"state it in the model: `require {say.spell(end)} >= 0`")
    return None


def _sliced(say: Say, item: tuple[Any, ...], size: Size, axis: int) -> Size | None:
    """The size of `start:stop:step`; None after an error."""
    _, start, stop, step = item
    step = 1 if step is None else step
    if not isinstance(step, int) or step < 1:
        say.error(f"the step of a slice is at least 1, not {step}", at="items", help="`Flip` reverses")
        return None
    if stop is None and step == 1 and isinstance(start, int) and start < 0:
        return smin(size, -start)  # the last ones
    first = 0 if start is None else _bound(say, start, size, axis)
    last = size if stop is None else _bound(say, stop, size, axis)
    if first is None or last is None:
        return None
    count = ceil_div(last - first, step)
    if not say.positive(count, f"the size of dim {axis} after slicing", at="items"):
        return None
    return smax(count, 0)


def _place(places: list[int]) -> int:
    """Where the indexed axes come to stand: in their place when they are neighbours, else first."""
    together = places[-1] - places[0] == len(places) - 1
    return places[0] if together else 0


def _slices(g: OnnxBuilder, x: OnnxValue, steps: list[Step]) -> Any:
    if not steps:
        return x
    starts = [0 if s.item[1] is None else s.item[1] for s in steps]
    stops = [_FAR if s.item[2] is None else s.item[2] for s in steps]
    strides = [1 if s.item[3] is None else s.item[3] for s in steps]
    stride = g.const(strides) if any(n != 1 for n in strides) else None
    return g.op("Slice", x, _vector(g, starts), _vector(g, stops), g.const([s.axis for s in steps]), stride)


def _vector(g: OnnxBuilder, sizes: list[Size]) -> OnnxValue:
    return g.sizes(sizes) if any(isinstance(s, Dim) for s in sizes) else g.const(sizes)


def _gathered(g: OnnxBuilder, y: OnnxValue, rank: int, places: list[int], chosen: list[OnnxValue]) -> Any:
    """Several tensors of indices: their axes to the front, GatherND, and what they made back to its place."""
    others = [axis for axis in range(rank) if axis not in places]
    front = g.op("Transpose", y, perm=[*places, *others])
    width = max(c.rank for c in chosen)
    chosen = [cast_to(g, c, "int64") for c in chosen]
    total = reduce(lambda a, b: g.op("Add", a, b), chosen)  # only for its shape, to which all are broadcast
    shape = g.op("Shape", total)
    parts = [g.op("Unsqueeze", g.op("Expand", c, shape), g.const([-1])) for c in chosen]
    found = g.op("GatherND", front, g.op("Concat", *parts, axis=-1))
    first = _place(places)
    if first == 0:
        return found
    new = list(range(width))
    rest = list(range(width, width + len(others)))
    return g.op("Transpose", found, perm=[*rest[:first], *new, *rest[first:]])


def _spelled(item: Any) -> str:
    if item is None:
        return "none"
    if not isinstance(item, tuple):
        return str(item)
    if item[0] == "input":
        return "index" if item[1] == 1 else f"index {item[1]}"
    start, stop, step = ("" if end is None else str(end) for end in item[1:])
    return f"{start}:{stop}" + (f":{step}" if step else "")
