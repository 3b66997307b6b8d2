"""How tensors lie in memory, and what of another's memory a result shares: read off an operator's PyTorch text.

`Strider` stands in for the writer of PyTorch source: an operator "writes" its text, and what comes back is not text but
how far apart neighbours lie. So views (`permute`, `unflatten`, slices …) are known without a second rule for each of
the operators that make them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from nndsl.shapes import Size, TensorType, product

Strides = tuple[Size, ...]


def dense(shape: Sequence[Size]) -> Strides:
    """Strides of a tensor whose last axis is next to itself."""
    found: list[Size] = []
    step: Size = 1
    for size in reversed(shape):
        found.append(step)
        step = size * step
    return tuple(reversed(found))


def is_dense(shape: Sequence[Size], strides: Strides) -> bool:
    step: Size = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size == 1:
            continue
        if stride != step:
            return False
        step = size * step
    return True


def ordered(shape: Sequence[Size], order: Sequence[int]) -> Strides:
    """Strides of a tensor without gaps whose axes follow each other in memory as `order` says, the innermost last."""
    found: list[Size] = [0] * len(shape)
    step: Size = 1
    for axis in reversed(order):
        found[axis] = step
        step = shape[axis] * step
    return tuple(found)


def order_of(shape: Sequence[Size], strides: Strides) -> list[int] | None:
    """The axes from the outermost to the innermost, where no axis is repeated and this can be told."""
    rest = [axis for axis, size in enumerate(shape) if size != 1]
    found: list[int] = []
    inside: Size = 1
    while rest:
        nearest = [axis for axis in rest if strides[axis] == inside] or _smallest(rest, strides)
        if len(nearest) != 1:
            return None
        rest.remove(nearest[0])
        found.insert(0, nearest[0])
        inside = shape[nearest[0]] * strides[nearest[0]]
    return [axis for axis, size in enumerate(shape) if size == 1] + found


def _smallest(axes: list[int], strides: Strides) -> list[int]:
    """The axis whose stride divides all others': the next one out, past a gap."""
    numbers = [strides[axis] for axis in axes]
    known = [n for n in numbers if isinstance(n, int)]
    least = min(known) if known else None
    return [axis for axis in axes if least and strides[axis] == least]


def merges(shape: Sequence[Size], strides: Strides, axes: Sequence[int]) -> bool:
    """Can these axes, in this order, become one without a copy?"""
    inner = [axis for axis in axes if shape[axis] != 1]
    return all(strides[a] == shape[b] * strides[b] for a, b in pairwise(inner))


@dataclass(frozen=True, slots=True)
class Strided:
    """A tensor as its memory sees it. `home`: whose memory it is, None for memory of its own."""

    type: TensorType
    strides: Strides
    home: Any = None

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)

    @property
    def dtype(self) -> str:
        return self.type.dtype

    def viewed(self, axes: Sequence[tuple[Size, Size]]) -> Strided:
        """The same memory, with these sizes and strides."""
        made = TensorType(self.dtype, tuple(size for size, _ in axes))
        return replace(self, type=made, strides=tuple(stride for _, stride in axes))

    def axes(self) -> list[tuple[Size, Size]]:
        return list(zip(self.shape, self.strides, strict=True))


class Elsewhere(Exception):
    """The text does what is no view: the result has memory of its own."""


class Strider:
    """Knows the methods of tensors that make views, of all that a TorchWriter can write."""

    def method(self, x: Strided, name: str, *args: Any, **kwargs: Any) -> Any:
        made = getattr(self, f"_{name}", None)
        if made is None or not isinstance(x, Strided):
            raise Elsewhere(name)
        return made(x, *args, **kwargs)

    def attribute(self, x: Strided, name: str) -> Strided:
        if name == "T":
            return x.viewed(x.axes()[::-1])
        if name == "mT":
            return self._transpose(x, -1, -2)
        raise Elsewhere(name)

    def unpack(self, call: Any, pattern: str = "") -> Any:
        return call.each if isinstance(call, Pieces) else call

    def let(self, expression: Any, hint: str) -> Any:
        return expression

    def __getattr__(self, name: str) -> Any:
        """`call`, `binary` and all else."""
        raise Elsewhere(name)

    def index(self, x: Strided | Pieces, *items: Any) -> Strided:
        if isinstance(x, Pieces):
            return x.each
        axes, found = x.axes(), []
        given = sum(item is not None and item is not Ellipsis for item in items)
        for item in items:
            if item is Ellipsis:
                rest = len(axes) - given
                found += axes[:rest]
                axes = axes[rest:]
            elif item is None:
                found.append((1, 0))
            elif isinstance(item, slice):
                size, stride = axes.pop(0)
                given -= 1
                found.append(_sliced(size, stride, item))
            elif isinstance(item, (int, str, Strided)) or hasattr(item, "terms"):  # a text: the number of a step
                if isinstance(item, Strided):
                    raise Elsewhere("index")
                axes.pop(0)
                given -= 1
            else:
                raise Elsewhere("index")
        return x.viewed([*found, *axes])

    # ------------------------------------------------------------ views

    def _detach(self, x: Strided) -> Strided:
        return x

    def _permute(self, x: Strided, *dims: int) -> Strided:
        return x.viewed([x.axes()[d] for d in dims])

    def _transpose(self, x: Strided, a: int, b: int) -> Strided:
        axes = x.axes()
        axes[a], axes[b] = axes[b], axes[a]
        return x.viewed(axes)

    def _unsqueeze(self, x: Strided, dim: int) -> Strided:
        at = dim % (x.rank + 1)
        return x.viewed([*x.axes()[:at], (1, 0), *x.axes()[at:]])

    def _squeeze(self, x: Strided, dims: int | tuple[int, ...]) -> Strided:
        gone = {d % x.rank for d in ((dims,) if isinstance(dims, int) else dims)}
        return x.viewed([axis for i, axis in enumerate(x.axes()) if i not in gone])

    def _expand(self, x: Strided, *sizes: Size) -> Strided:
        new = len(sizes) - x.rank
        axes: list[tuple[Size, Size]] = [(size, 0) for size in sizes[:new]]
        for wanted, (size, stride) in zip(sizes[new:], x.axes(), strict=True):
            repeated = size == 1 and wanted not in (1, -1)
            axes.append((wanted, 0) if repeated else (size, stride))
        return x.viewed(axes)

    def _unflatten(self, x: Strided, dim: int, sizes: tuple[Size, ...]) -> Strided:
        at = dim % x.rank
        size, stride = x.axes()[at]
        known = product(s for s in sizes if s != -1)
        parts = [size // known if s == -1 else s for s in sizes]
        steps = [inner * stride for inner in dense(parts)]
        return x.viewed([*x.axes()[:at], *zip(parts, steps, strict=True), *x.axes()[at + 1 :]])

    def _flatten(self, x: Strided, first: int = 0, last: int = -1) -> Strided:
        if not x.rank:
            return x.viewed([(1, 1)])
        a, b = first % x.rank, last % x.rank
        if not merges(x.shape, x.strides, range(a, b + 1)):
            raise Elsewhere("flatten")
        inner = [stride for size, stride in x.axes()[a : b + 1] if size != 1]
        one = (product(x.shape[a : b + 1]), inner[-1] if inner else 1)
        return x.viewed([*x.axes()[:a], one, *x.axes()[b + 1 :]])

    def _reshape(self, x: Strided, *sizes: Any) -> Strided:
        """Only from tensors without gaps, or where just ones come and go; else it is taken for a copy."""
        flat = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes
        known = product(s for s in flat if s != -1)
        shape = [product(x.shape) // known if s == -1 else s for s in flat]
        if is_dense(x.shape, x.strides):
            return x.viewed(list(zip(shape, dense(shape), strict=True)))
        kept = [axis for axis in x.axes() if axis[0] != 1]
        if [size for size, _ in kept] != [size for size in shape if size != 1]:
            raise Elsewhere("reshape")
        return x.viewed([(1, 0) if size == 1 else kept.pop(0) for size in shape])

    def _split(self, x: Strided, sizes: Any, dim: int = 0) -> Pieces:
        return Pieces(x)

    def _chunk(self, x: Strided, chunks: int, dim: int = 0) -> Pieces:
        return Pieces(x)

    def _unbind(self, x: Strided, dim: int = 0) -> Pieces:
        return Pieces(x.viewed([axis for i, axis in enumerate(x.axes()) if i != dim % x.rank]))


@dataclass(frozen=True, slots=True)
class Pieces:
    """What `split` and its kin give: several views, which differ in where they begin (and in size)."""

    each: Strided


def shared(op: Any, inputs: Sequence[Strided | None]) -> Strided | None:
    """Whose memory the results are part of, and their strides; None: they have memory of their own."""
    try:
        made = op.torch(Strider(), *inputs)
    except Elsewhere:
        return None
    return made if isinstance(made, Strided) else None


def _sliced(size: Size, stride: Size, item: slice) -> tuple[Size, Size]:
    """The size of a slice is told by the result's type; here only the stride counts."""
    step = item.step if isinstance(item.step, int) else 1
    return size, stride * step
