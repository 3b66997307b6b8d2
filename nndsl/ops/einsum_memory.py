"""What `torch.einsum` makes on its way, and what autograd keeps of it.

Inputs meet one after the other, each as a tensor of all indices: those of the result, then those that are summed. What
stands in one of two only and is not needed later is summed first. Where an index is summed as they meet, they become
batches of matrices, copied where the indices of a row or a column do not lie behind each other; elsewhere they are
multiplied cell by cell. (Where opt_einsum is installed, PyTorch asks it for the order of more than two inputs.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nndsl.ops.costing import Saved
from nndsl.ops.strided import Strided, dense, merges
from nndsl.shapes import Size, TensorType, product


@dataclass(slots=True)
class Factor:
    """A tensor over all indices. `input`: which it is; None: one that was made."""

    shape: list[Size]
    strides: list[Size]
    needs: bool
    input: int | None = None
    kept: bool = False

    @property
    def size(self) -> Size:
        return product(self.shape)


@dataclass(slots=True)
class Contraction:
    """`made`: all tensors that come to be, the result last."""

    made: list[Factor] = field(default_factory=list)
    kept: dict[int, None] = field(default_factory=dict)  # inputs
    result: Factor | None = None

    def saved(self, dtype: str) -> Saved:
        return Saved(tuple(self.kept), made=tuple(TensorType(dtype, (f.size,)) for f in self.made if f.kept))


def contraction(
    inputs: Sequence[Strided], needs: Sequence[bool], terms: list[list[str]], result: list[str], summed: list[str]
) -> Contraction:
    """`summed`: the indices that the result lacks, in PyTorch's order."""
    indices = [*result, *summed]
    factors = [
        _spread(x, at, need, term, indices) for at, (x, need, term) in enumerate(zip(inputs, needs, terms, strict=True))
    ]
    found = Contraction()
    have = factors[0]
    for at, other in enumerate(factors[1:], start=1):
        together, alone = [], ([], [])  # type: ignore[var-annotated]  # told by what is put in
        for axis in range(len(result), len(indices)):
            if any(f.shape[axis] != 1 for f in factors[at + 1 :]):
                continue
            there = [f.shape[axis] != 1 for f in (have, other)]
            if all(there):
                together.append(axis)
            elif any(there):
                alone[there.index(True)].append(axis)
        pair = [_summed(f, axes, found) for f, axes in zip((have, other), alone, strict=True)]
        have = _met(pair[0], pair[1], together, found)
    found.result = have
    return found


def _spread(x: Strided, at: int, needs: bool, term: list[str], indices: list[str]) -> Factor:
    """Over all indices; one that stands twice is a diagonal."""
    shape: dict[str, Size] = {}
    strides: dict[str, Size] = {}
    for name, size, stride in zip(term, x.shape, x.strides, strict=True):
        shape[name] = size
        strides[name] = stride if name not in strides else strides[name] + stride
    return Factor([shape.get(n, 1) for n in indices], [strides.get(n, 0) for n in indices], needs, at)


def _made(shape: list[Size], needs: bool, found: Contraction, order: list[int] | None = None) -> Factor:
    order = list(range(len(shape))) if order is None else order
    lying = dense([shape[axis] for axis in order])
    strides: list[Size] = [0] * len(shape)
    for axis, stride in zip(order, lying, strict=True):
        strides[axis] = stride
    made = Factor(shape, strides, needs)
    found.made.append(made)
    return made


def _summed(x: Factor, axes: list[int], found: Contraction) -> Factor:
    if not axes:
        return x
    return _made([1 if axis in axes else size for axis, size in enumerate(x.shape)], x.needs, found)


def _met(a: Factor, b: Factor, together: list[int], found: Contraction) -> Factor:
    """The product of two."""
    for mine, other in ((a, b), (b, a)):
        groups = _groups(mine, other, together)
        copied = together and not all(merges(tuple(mine.shape), tuple(mine.strides), group) for group in groups)
        kept = _made(mine.shape, mine.needs, found) if copied else mine
        kept.kept = kept.kept or other.needs
        if kept.input is not None and other.needs:
            found.kept[kept.input] = None
    shape = [
        1 if axis in together else x if x != 1 else y for axis, (x, y) in enumerate(zip(a.shape, b.shape, strict=True))
    ]
    both, one, _ = _groups(a, b, together)
    order = [*both, *one, *together, *_groups(b, a, together)[1]] if together else _as_they_lie(a, b)
    rest = [axis for axis in range(len(shape)) if axis not in order]
    return _made(shape, a.needs or b.needs, found, [*order, *rest])


def _groups(mine: Factor, other: Factor, together: list[int]) -> list[list[int]]:
    """Indices of both, of this one alone, and those that are summed."""
    free = [axis for axis, size in enumerate(mine.shape) if size != 1 and axis not in together]
    both = [axis for axis in free if other.shape[axis] != 1]
    return [both, [axis for axis in free if axis not in both], together]


def _as_they_lie(a: Factor, b: Factor) -> list[int]:
    """The axes of a product cell by cell, from the outermost to the innermost: as in the first of the two that has
    both, where that can be told."""
    order: list[int] = []
    for axis in reversed(range(len(a.shape))):
        place = 0
        while place < len(order) and _inside(order[place], axis, (a, b)) is False:
            place += 1
        order.insert(place, axis)
    return order


def _inside(one: int, other: int, factors: tuple[Factor, Factor]) -> bool | None:
    """Does `one` lie inside of `other`?"""
    for f in factors:
        if f.shape[one] == 1 or f.shape[other] == 1:
            continue
        mine, theirs = f.strides[one], f.strides[other]
        if isinstance(mine, int) and isinstance(theirs, int) and mine and theirs and mine != theirs:
            return mine < theirs
    return None
