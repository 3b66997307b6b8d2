"""Nodes that need not be: decided when they are asked for, so that they never exist.

Each rule gives the value to use instead, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.onnx.records import Tensor
from nndsl.shapes import Dim, Size

if TYPE_CHECKING:
    from nndsl.backends.onnx.builder import Builder

Inputs = Sequence[Tensor | None]
Rule = Callable[["Builder", Inputs, dict[str, Any]], Tensor | None]


def simplify(g: Builder, op_type: str, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    rule = _RULES.get(op_type)
    return rule(g, inputs, attributes) if rule is not None else None


def _identity(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    return inputs[0]


def _cast(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    x = inputs[0]
    assert x is not None
    return x if x.known is not None and g.dtypes.number(x.dtype) == attributes["to"] else None


def _transpose(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """Two in a row are one; one that moves nothing is none."""
    x, order = inputs[0], attributes.get("perm")
    assert x is not None
    if order is None:
        return None
    if list(order) == sorted(order):
        return x
    if x.step is None or x.step.op_type != "Transpose" or x.step.attributes.get("perm") is None:
        return None
    before = x.step.attributes["perm"]
    made: Tensor = g.op("Transpose", x.step.inputs[0], perm=[before[i] for i in order])
    return made


def _reshape(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """Reshapes in a row are one, and most shapes can be said without being computed: 0 keeps a size, -1 is the rest."""
    x, wanted = inputs
    assert x is not None
    assert wanted is not None
    if wanted.content is None or attributes.get("allowzero"):
        return None
    sizes = whole(x, wanted.content)
    if x.known is not None and sizes == x.shape:
        return x
    before = x.step.inputs[0] if x.step is not None and x.step.op_type == "Reshape" else None
    if before is not None and before.known is not None and 0 not in wanted.content:
        made: Tensor = g.op("Reshape", before, wanted)
        return made
    short = _said(x, sizes)
    if short is None or (wanted.array is not None and list(wanted.array) == short):
        return None
    vector = g.const(short)
    vector.content = tuple(short)
    made = g.raw("Reshape", [x, vector], {})
    if -1 not in sizes:
        made.known = _typed(x, sizes)
    return made


def _typed(x: Tensor, sizes: tuple[Size, ...]) -> Any:
    return type(x.known)(x.known.dtype, sizes) if x.known is not None else None


def whole(x: Tensor, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
    """-1 and 0 replaced by what they stand for, where that is known."""
    if x.known is None:
        return sizes
    sizes = tuple(x.shape[i] if s == 0 and i < x.rank else s for i, s in enumerate(sizes))
    if -1 not in sizes:
        return sizes
    total: Size = 1
    for size in x.shape:
        total = total * size
    for size in sizes:
        if size != -1:
            total = total // size
    return tuple(total if s == -1 else s for s in sizes)


def _said(x: Tensor, sizes: tuple[Size, ...]) -> list[int] | None:
    """The vector in numbers; None where two sizes are neither known nor kept."""
    said: list[int] = []
    for i, size in enumerate(sizes):
        kept = x.known is not None and i < x.rank and x.shape[i] == size
        if isinstance(size, Dim):
            said.append(0 if kept else -1)
        else:
            said.append(size)
    return said if said.count(-1) <= 1 else None


def _expand(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    x, wanted = inputs
    assert x is not None
    assert wanted is not None
    return x if x.known is not None and wanted.content == x.shape else None


def _concat(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    return inputs[0] if len(inputs) == 1 else None


_RULES: dict[str, Rule] = {
    "Identity": _identity,
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Expand": _expand,
    "Concat": _concat,
}
