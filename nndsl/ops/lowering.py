"""Small pieces of ONNX graphs that operators share, with what differs between opsets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nndsl.ops.emit import OnnxBuilder, OnnxValue
from nndsl.shapes import Dim, Size, product

_FAR = (1 << 63) - 1
MOST_LISTED = 1 << 22  # numbers of a constant; what would have more is computed when the model runs


def few(*sizes: Size) -> bool:
    """May so many numbers be written into the file? Sizes come from specs, and may be anything."""
    count = product(sizes)
    return isinstance(count, int) and count <= MOST_LISTED


def filled(g: OnnxBuilder, value: float, sizes: Sequence[Size], dtype: str) -> Any:
    """One number everywhere."""
    if not few(*sizes):
        return g.op("Expand", g.const(value, dtype), g.sizes(sizes))
    made: Any = value
    for size in reversed(sizes):
        made = [made] * size  # type: ignore[operator]  # numbers: `sizes` was asked
    return g.const(made, dtype)


def counted(g: OnnxBuilder, count: Size) -> Any:
    """0, 1, 2 … below `count`."""
    if isinstance(count, int) and few(count):
        return g.const(list(range(count)))
    return g.op("Range", g.const(0), g.size(count), g.const(1))


def unsqueeze(g: OnnxBuilder, x: OnnxValue, *axes: int) -> Any:
    return g.op("Unsqueeze", x, g.const(list(axes)))


def reshape(g: OnnxBuilder, x: OnnxValue, old: Sequence[Size], new: Sequence[Size]) -> Any:
    """Reshape to a constant wherever that says it: 0 copies the size at its place, -1 is the one that is left over."""
    short = [0 if isinstance(s, Dim) and i < len(old) and s == old[i] else s for i, s in enumerate(new)]
    open_ = [i for i, s in enumerate(short) if isinstance(s, Dim)]
    if len(open_) > 1 or (open_ and -1 in short):
        return g.op("Reshape", x, g.dims(new))
    return g.op("Reshape", x, g.const([-1 if isinstance(s, Dim) else s for s in short]))


def squeeze(g: OnnxBuilder, x: OnnxValue, *axes: int) -> Any:
    return g.op("Squeeze", x, g.const(list(axes)))


def reduce(g: OnnxBuilder, kind: str, x: OnnxValue, axes: Sequence[int], keepdims: bool = True) -> Any:
    """ReduceMean and its kin: `axes` became an input with opset 18 (of ReduceSum with 13)."""
    if g.opset >= 18 or kind == "ReduceSum":
        return g.op(kind, x, g.const(list(axes)), keepdims=int(keepdims))
    return g.op(kind, x, axes=list(axes), keepdims=int(keepdims))


def cut(g: OnnxBuilder, x: OnnxValue, axis: int, start: int, stop: int | None = None) -> Any:
    """`x[..., start:stop]` along one axis; negative numbers count from the end, None is the end."""
    last = _FAR if stop is None else stop
    return g.op("Slice", x, g.const([start]), g.const([last]), g.const([axis]))


def crop(g: OnnxBuilder, x: OnnxValue, first: int, sizes: Sequence[Size]) -> Any:
    """The first `sizes` cells along the axes from `first` on."""
    axes = list(range(first, first + len(sizes)))
    return g.op("Slice", x, g.const([0] * len(axes)), g.sizes(sizes), g.const(axes))


def pad(
    g: OnnxBuilder,
    x: OnnxValue,
    rank: int,
    before: Sequence[int],
    after: Sequence[int],
    *,
    mode: str = "constant",
) -> Any:
    """Pad the last axes. ONNX's `wrap` exists from opset 19 on; before, both ends are copied around."""
    if not any(before) and not any(after):
        return x
    if mode == "wrap" and g.opset < 19:
        return _wrapped(g, x, rank, before, after)
    free = [0] * (rank - len(before))
    return g.op("Pad", x, g.const([*free, *before, *free, *after]), mode=mode)


def _wrapped(g: OnnxBuilder, x: OnnxValue, rank: int, before: Sequence[int], after: Sequence[int]) -> Any:
    for axis, (left, right) in enumerate(zip(before, after, strict=True), start=rank - len(before)):
        head = [cut(g, x, axis, -left)] if left else []
        tail = [cut(g, x, axis, 0, right)] if right else []
        x = g.op("Concat", *head, x, *tail, axis=axis) if head or tail else x
    return x


def batched(g: OnnxBuilder, x: OnnxValue, axes: int, run: Callable[[OnnxValue], Any]) -> Any:
    """ONNX's layers want a batch: where x has none, add it before and take it away after."""
    if x.rank == axes + 2:
        return run(x)
    result = run(unsqueeze(g, x, 0))
    if isinstance(result, tuple):
        return tuple(squeeze(g, y, 0) for y in result)
    return squeeze(g, result, 0)
