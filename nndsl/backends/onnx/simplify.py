"""Nodes that need not be: decided when they are asked for, so that they never exist.

Each rule gives the value to use instead, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.onnx.records import Step, Tensor
from nndsl.shapes import Dim, Size

if TYPE_CHECKING:
    from nndsl.backends.onnx.builder import Builder

Inputs = Sequence[Tensor | None]
Rule = Callable[["Builder", Inputs, dict[str, Any]], Tensor | None]


def simplify(g: Builder, op_type: str, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    rule = _RULES.get(op_type)
    return rule(g, inputs, attributes) if rule is not None else None


def _maker(x: Tensor | None, op_type: str) -> Step | None:
    """The node that gives x, where it is of this kind."""
    step = x.step if x is not None else None
    return step if step is not None and step.op_type == op_type and not step.foreign else None


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
    step = _maker(x, "Transpose")
    if step is None or step.attributes.get("perm") is None:
        return None
    before = step.attributes["perm"]
    made: Tensor = g.op("Transpose", step.inputs[0], perm=[before[i] for i in order])
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
    step = _maker(x, "Reshape")
    before = step.inputs[0] if step is not None else None
    if before is not None and before.known is not None and 0 not in wanted.content:
        made: Tensor = g.op("Reshape", before, wanted)
        return made
    short = _said(x, sizes)
    at_hand = wanted.step is not None and wanted.step.op_type == "Shape"
    if short == list(wanted.content) or (at_hand and any(isinstance(size, Dim) for size in short)):
        return None
    made = g.raw("Reshape", [x, g.sizes(short)], {})
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


def _said(x: Tensor, sizes: tuple[Size, ...]) -> list[Size]:
    """With 0 for what is kept, and -1 for what is left over: of several sizes the one that is dearest to compute."""
    if 0 in sizes:  # there is nothing in it
        return list(sizes)
    said: list[Size] = [
        0 if isinstance(size, Dim) and x.known is not None and i < x.rank and x.shape[i] == size else size
        for i, size in enumerate(sizes)
    ]
    unknown = [i for i, size in enumerate(said) if isinstance(size, Dim)]
    if unknown and -1 not in said:
        said[max(unknown, key=lambda i: len(str(said[i])))] = -1
    return said


def _expand(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    x, wanted = inputs
    assert x is not None
    assert wanted is not None
    return x if x.known is not None and wanted.content == x.shape else None


def _unsqueeze(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """Two in a row are one."""
    x, axes = inputs[0], _axes_of(inputs)
    step = _maker(x, "Unsqueeze")
    first = _axes_of(step.inputs) if step is not None else None
    if x is None or step is None or x.known is None or axes is None or first is None:
        return None
    rank = x.rank + len(axes)
    later = {axis % rank for axis in axes}
    kept = [axis for axis in range(rank) if axis not in later]
    both = sorted(later | {kept[axis % x.rank] for axis in first})
    made: Tensor = g.op("Unsqueeze", step.inputs[0], g.const(both))
    return made


def _squeeze(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """What was put in before is not put in."""
    x, axes = inputs[0], _axes_of(inputs)
    step = _maker(x, "Unsqueeze")
    if x is None or step is None or x.known is None or axes is None:
        return None
    before = _axes_of(step.inputs)
    same = before is not None and {axis % x.rank for axis in axes} == {axis % x.rank for axis in before}
    return step.inputs[0] if same else None


def _axes_of(inputs: Inputs) -> list[int] | None:
    given = inputs[1] if len(inputs) > 1 else None
    return None if given is None or given.array is None else [int(axis) for axis in given.array]


def _gather(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """One entry of an axis: looked for behind what only arranges the axes, and in the piece that holds it."""
    x, index = inputs
    if x is None or index is None or index.array is None or index.array.ndim or x.known is None:
        return None
    axis = attributes.get("axis", 0) % x.rank
    if (step := _maker(x, "Unsqueeze")) is not None:
        axes = _axes_of(step.inputs)
        return step.inputs[0] if axes is not None and [a % x.rank for a in axes] == [axis] else None
    if (step := _maker(x, "Transpose")) is not None:
        return _of_turned(g, step, index, axis)
    if (step := _maker(x, "Concat")) is not None and step.attributes["axis"] % x.rank == axis:
        return _of_pieces(g, step.inputs, int(index.array), axis)
    return None


def _of_turned(g: Builder, step: Step, index: Tensor, axis: int) -> Tensor | None:
    """Where the other axes are in order without that one."""
    order = step.attributes.get("perm", [])
    rest = [a for i, a in enumerate(order) if i != axis]
    if not order or rest != sorted(rest):
        return None
    made: Tensor = g.op("Gather", step.inputs[0], index, axis=order[axis])
    return made


def _of_pieces(g: Builder, pieces: Inputs, at: int, axis: int) -> Tensor | None:
    """Counted from the end that the index counts from."""
    for piece in pieces if at >= 0 else reversed(pieces):
        size = piece.shape[axis] if piece is not None and piece.known is not None else None
        if not isinstance(size, int):
            return None
        if -size <= at < size:
            made: Tensor = g.op("Gather", piece, g.const(at), axis=axis)
            return made
        at += size if at < 0 else -size
    return None


def _concat(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    return inputs[0] if len(inputs) == 1 else None


# Zeros around an image are the padding of the layer that follows, where they mean the same to it. (onnxruntime's own
# fusion does not ask, and `Pad` keeps out of its reach.)


def _conv(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    found = _zeros_around(inputs[0])
    if found is None or "auto_pad" in attributes:
        return None
    x, pads = found
    made: Tensor = g.op("Conv", x, *inputs[1:], **{**attributes, "pads": _sums(pads, attributes)})
    return made


def _average_pool(g: Builder, inputs: Inputs, attributes: dict[str, Any]) -> Tensor | None:
    """Where the mean is over all of a window, whatever of it is padding; a window must not be all padding."""
    found = _zeros_around(inputs[0])
    partly = any(attributes.get("pads", ())) and not attributes.get("count_include_pad")
    if found is None or partly or "auto_pad" in attributes or attributes.get("ceil_mode"):
        return None
    x, pads = found
    pads = _sums(pads, attributes)
    if any(pad >= size for pad, size in zip(pads, attributes["kernel_shape"] * 2, strict=True)):
        return None
    made: Tensor = g.op("AveragePool", x, **{**attributes, "pads": pads, "count_include_pad": 1})
    return made


def _sums(pads: list[int], attributes: dict[str, Any]) -> list[int]:
    return [a + b for a, b in zip(pads, attributes.get("pads", [0] * len(pads)), strict=True)]


def _zeros_around(x: Tensor | None) -> tuple[Tensor, list[int]] | None:
    """What was padded, and by how much at the beginning and at the end of each axis of an image."""
    step = _maker(x, "Pad")
    if x is None or step is None or x.known is None or step.attributes.get("mode", "constant") != "constant":
        return None
    before, pads, value, axes = (*step.inputs, None, None)[:4]
    if before is None or pads is None or pads.array is None or (axes is not None and axes.array is None):
        return None
    if value is not None and (value.array is None or value.array.item() != 0):
        return None
    named = range(x.rank) if axes is None else [int(axis) % x.rank for axis in axes.array]
    ends = dict(zip(named, zip(*pads.array.reshape(2, -1).tolist(), strict=True), strict=True))
    begin, end = zip(*(ends.get(axis, (0, 0)) for axis in range(x.rank)), strict=True)
    if x.rank < 3 or min(begin + end) < 0 or any(begin[:2] + end[:2]):
        return None
    return before, [*begin[2:], *end[2:]]


_RULES: dict[str, Rule] = {
    "Conv": _conv,
    "AveragePool": _average_pool,
    "Identity": _identity,
    "Cast": _cast,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Expand": _expand,
    "Concat": _concat,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Gather": _gather,
}
