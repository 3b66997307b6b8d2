"""Sums of products that are one matrix product, or a product of elements: simpler for ONNX than its Einsum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nndsl.ops.lowering import unsqueeze

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder

Term = Sequence[str]  # the name of each axis


def contracted(g: OnnxBuilder, values: Sequence[Any], terms: Sequence[Term], result: Term) -> Any:
    """The product of two values, None where only Einsum says it. Axes that meet are of one size."""
    if len(values) != 2 or any(len(set(term)) < len(term) for term in terms):
        return None
    left, right = terms
    if set(left) | set(right) == set(result):
        return _elementwise(g, values, terms, result)
    orders = [(values, left, right), (values[::-1], right, left)]
    found = [(made[1], pair, made[0]) for pair, a, b in orders if (made := _arranged(a, b, result)) is not None]
    if not found:
        return None
    _, (x, y), (first, second, last) = min(found, key=lambda made: made[0])
    return _turned(g, g.op("MatMul", _turned(g, x, first), _turned(g, y, second)), last)


def _elementwise(g: OnnxBuilder, values: Sequence[Any], terms: Sequence[Term], result: Term) -> Any:
    """Each value's axes in the order of the result, with an axis of 1 for what it lacks; those in front are implied."""
    sides = []
    for value, term in zip(values, terms, strict=True):
        kept = [name for name in result if name in term]
        turned = _turned(g, value, [list(term).index(name) for name in kept])
        shown = result[min(map(result.index, kept), default=len(result)) :]
        missing = [axis for axis, name in enumerate(shown) if name not in term]
        sides.append(unsqueeze(g, turned, *missing) if missing else turned)
    return g.op("Mul", *sides)


def _arranged(a: Term, b: Term, result: Term) -> Any:
    """`[batch, m, k] @ [batch, k, n]`: how each side and the product are turned for that, and how many of them are.

    Without a batch, a may have several axes m; the sizes of several m, n or k would have to be multiplied otherwise."""
    shared = set(a) & set(b)
    batch = [name for name in result if name in shared]
    inner = [name for name in a if name in shared and name not in result]
    rows = [name for name in result if name in a and name not in shared]
    columns = [name for name in result if name in b and name not in shared]
    complete = len(rows) + len(shared) == len(a) and len(columns) + len(shared) == len(b)
    if len(inner) != 1 or len(columns) != 1 or not complete or not rows or (batch and len(rows) > 1):
        return None
    first = [list(a).index(name) for name in (*batch, *rows, *inner)]
    second = [list(b).index(name) for name in (*batch, *inner, *columns)]
    made = [*batch, *rows, *columns]
    last = [made.index(name) for name in result]
    return (first, second, last), sum(order != sorted(order) for order in (first, second, last))


def _turned(g: OnnxBuilder, x: Any, order: list[int]) -> Any:
    return x if order == sorted(order) else g.op("Transpose", x, perm=order)
