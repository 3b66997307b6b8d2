"""Types of what layers and shape operators give inside a lowering; `infer` has the elementwise ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nndsl.shapes import Dim, Size, TensorType
from nndsl.shapes.dims import lower_bound

if TYPE_CHECKING:
    from nndsl.backends.onnx.records import Tensor

_FAR = (1 << 31) - 1

Inputs = Sequence["Tensor | None"]
Found = list[TensorType | None]


def _first(inputs: Inputs) -> TensorType | None:
    return inputs[0].known if inputs and inputs[0] is not None else None


def _numbers(inputs: Inputs, at: int) -> list[int] | None:
    """The constant at a place; None where it is computed."""
    given = inputs[at] if at < len(inputs) else None
    return None if given is None or given.array is None else [int(v) for v in given.array.reshape(-1)]


# --- with sliding windows -----------------------------------------------------------------------------------------


def _windows(sizes: Sequence[Size], attributes: dict[str, Any]) -> list[Size] | None:
    kernel = attributes.get("kernel_shape")
    if kernel is None or "auto_pad" in attributes or attributes.get("ceil_mode"):
        return None
    axes = len(kernel)
    pads, strides = attributes.get("pads", [0] * 2 * axes), attributes.get("strides", [1] * axes)
    wide = [d * (k - 1) + 1 for k, d in zip(kernel, attributes.get("dilations", [1] * axes), strict=True)]
    padded = [s + a + b for s, a, b in zip(sizes, pads[:axes], pads[axes:], strict=True)]
    return [(s - w) // step + 1 for s, w, step in zip(padded, wide, strides, strict=True)]


def _conv(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x, weight = _first(inputs), _first(inputs[1:])
    sizes = _windows(x.shape[2:], attributes) if x is not None else None
    if x is None or weight is None or sizes is None:
        return None
    return x.with_shape((x.shape[0], weight.shape[0], *sizes))


def _conv_transpose(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x, weight, kernel = _first(inputs), _first(inputs[1:]), attributes.get("kernel_shape")
    if x is None or weight is None or kernel is None or {"auto_pad", "output_shape"} & set(attributes):
        return None
    axes = len(kernel)
    given = [attributes.get(n, [d] * axes) for n, d in (("strides", 1), ("dilations", 1), ("output_padding", 0))]
    pads = attributes.get("pads", [0] * 2 * axes)
    sizes = [
        stride * (size - 1) + more + dilation * (k - 1) + 1 - before - after
        for size, k, stride, dilation, more, before, after in zip(
            x.shape[2:], kernel, *given, pads[:axes], pads[axes:], strict=True
        )
    ]
    return x.with_shape((x.shape[0], weight.shape[1] * attributes.get("group", 1), *sizes))


def _pool(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x = _first(inputs)
    sizes = _windows(x.shape[2:], attributes) if x is not None else None
    return x.with_shape((*x.shape[:2], *sizes)) if x is not None and sizes is not None else None


def _global_pool(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x = _first(inputs)
    return x.with_shape((*x.shape[:2], *[1] * (len(x.shape) - 2))) if x is not None else None


def _pad(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x, pads = _first(inputs), _numbers(inputs, 1)
    if x is None or pads is None or len(inputs) > 3:
        return None
    rank = len(x.shape)
    return x.with_shape(tuple(s + a + b for s, a, b in zip(x.shape, pads[:rank], pads[rank:], strict=True)))


# --- choosing and arranging ---------------------------------------------------------------------------------------


def _slice(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x = _first(inputs)
    starts, ends, axes, steps = (_numbers(inputs, at) for at in range(1, 5))
    if x is None or starts is None or ends is None or axes is None or (steps is None and len(inputs) > 4):
        return None
    shape = list(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps or [1] * len(starts), strict=True):
        size = shape[axis]
        if isinstance(size, Dim):
            left = _left(size, start, end) if step == 1 else None
            if left is None:
                return None
            shape[axis] = left
            continue
        stop = None if step < 0 and end < -size else end
        shape[axis] = len(range(size)[slice(start, stop, step)])
    return x.with_shape(tuple(shape))


def _left(size: Dim, start: int, end: int) -> Size | None:
    """Of a size that is not known, where it is large enough for both ends to lie inside."""
    far = end >= _FAR
    if (lower_bound(size) or 0) < max(abs(start), 0 if far else abs(end)):
        return None
    first = size + start if start < 0 else start
    return (size if far else size + end if end < 0 else end) - first


def _range(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    """From 0 in steps of 1, to a constant or to a size that is read when the model runs."""
    limit, kind = inputs[1], _first(inputs)
    if kind is None or limit is None or _numbers(inputs, 0) != [0] or _numbers(inputs, 2) != [1]:
        return None
    if limit.content is not None:
        return kind.with_shape(limit.content)
    known = _numbers(inputs, 1)
    return kind.with_shape(tuple(known)) if known is not None else None


def _tile(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x, times = _first(inputs), _numbers(inputs, 1)
    return x.with_shape(tuple(s * t for s, t in zip(x.shape, times, strict=True))) if x and times else None


def _gather_elements(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x, index = _first(inputs), _first(inputs[1:])
    return x.with_shape(index.shape) if x is not None and index is not None else None


def _arg(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    x = _first(inputs)
    if x is None:
        return None
    axis, kept = attributes.get("axis", 0) % len(x.shape), [1] if attributes.get("keepdims", 1) else []
    return TensorType("int64", (*x.shape[:axis], *kept, *x.shape[axis + 1 :]))


def _one_hot(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    index, depth, values = _first(inputs), _numbers(inputs, 1), _first(inputs[2:])
    if index is None or depth is None or values is None or attributes.get("axis", -1) != -1:
        return None
    return TensorType(values.dtype, (*index.shape, *depth))


def _attention(inputs: Inputs, attributes: dict[str, Any]) -> TensorType | None:
    query, value = _first(inputs), _first(inputs[2:])
    if query is None or value is None:
        return None
    if len(query.shape) == 4:
        return query.with_shape((*query.shape[:3], value.shape[3]))
    width = value.shape[2] // attributes["kv_num_heads"] * attributes["q_num_heads"]
    return query.with_shape((*query.shape[:2], width))


# --- of several results -------------------------------------------------------------------------------------------


def split(inputs: Inputs, attributes: dict[str, Any], outputs: int) -> Found:
    x = _first(inputs)
    if x is None:
        return [None] * outputs
    axis = attributes.get("axis", 0) % len(x.shape)
    sizes: Any = inputs[1].content if len(inputs) > 1 and inputs[1] is not None else None
    if len(inputs) == 1 and isinstance(x.shape[axis], int):
        sizes = [x.shape[axis] // outputs] * outputs if x.shape[axis] % outputs == 0 else None
    if sizes is None:
        return [None] * outputs
    return [x.with_shape((*x.shape[:axis], size, *x.shape[axis + 1 :])) for size in sizes]


def recurrent(inputs: Inputs, attributes: dict[str, Any], outputs: int) -> Found:
    x = _first(inputs)
    if x is None:
        return [None] * outputs
    steps, batch = x.shape[:2]
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    state = x.with_shape((directions, batch, attributes["hidden_size"]))
    found: Found = [x.with_shape((steps, *state.shape)), state, state]
    return found[:outputs]


def top_k(inputs: Inputs, attributes: dict[str, Any], outputs: int) -> Found:
    x, count = _first(inputs), _numbers(inputs, 1)
    if x is None or count is None:
        return [None] * outputs
    axis = attributes.get("axis", -1) % len(x.shape)
    shape = (*x.shape[:axis], *count, *x.shape[axis + 1 :])
    return [x.with_shape(shape), TensorType("int64", shape)]


ONE = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "AveragePool": _pool,
    "MaxPool": _pool,
    "LpPool": _pool,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
    "Pad": _pad,
    "Slice": _slice,
    "Range": _range,
    "Tile": _tile,
    "GatherElements": _gather_elements,
    "ArgMax": _arg,
    "ArgMin": _arg,
    "OneHot": _one_hot,
    "Attention": _attention,
}
SEVERAL = {"Split": split, "LSTM": recurrent, "GRU": recurrent, "RNN": recurrent, "TopK": top_k}
