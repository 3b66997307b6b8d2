"""What depends on constants alone is computed while exporting, where the result is small."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from nndsl.backends.onnx.records import Tensor

MOST_BYTES = 1 << 16  # beyond, a file would grow by what a runtime computes in no time

Arrays = Sequence[Any]
Rule = Callable[[Arrays, dict[str, Any]], Any]


def folded(op_type: str, inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> Any:
    """The result as an array; None where it is not computed here."""
    rule = _RULES.get(op_type)
    if rule is None or any(x is None or x.array is None for x in inputs):
        return None
    arrays = [x.array for x in inputs if x is not None]
    if any(a.dtype.kind not in "biuf" for a in arrays) or _too_large(op_type, arrays):
        return None
    with np.errstate(all="ignore"):
        made = rule(arrays, attributes)
    return made if made is not None and made.nbytes <= MOST_BYTES else None


def _too_large(op_type: str, arrays: Arrays) -> bool:
    """Before it is computed: what a result's size says without the result."""
    if op_type in ("Expand", "ConstantOfShape"):
        return math.prod(map(float, arrays[-1])) > MOST_BYTES
    if op_type == "Range":
        return abs(float(arrays[1]) - float(arrays[0])) > MOST_BYTES * abs(float(arrays[2]))
    return sum(int(a.nbytes) for a in arrays) > 4 * MOST_BYTES


def _divide(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    a, b = arrays
    if a.dtype.kind == "f":
        return a / b
    return None if (b == 0).any() else (np.sign(a) * np.sign(b) * (abs(a) // abs(b))).astype(a.dtype)


def _modulo(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    a, b = arrays
    if a.dtype.kind == "f" or attributes.get("fmod") or (b == 0).any():
        return None
    return np.mod(a, b)


def _power(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    a, b = arrays
    return np.power(a, b).astype(a.dtype) if a.dtype.kind == "f" or (b >= 0).all() else None


def _range(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    first, end, step = arrays
    count = max(int(np.ceil((end - first) / step)), 0) if step != 0 else 0
    return (first + np.arange(count) * step).astype(first.dtype)


def _reshape(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, sizes = arrays
    shape = [x.shape[i] if size == 0 and not attributes.get("allowzero") else size for i, size in enumerate(sizes)]
    return x.reshape(shape)


def _expand(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, sizes = arrays
    return np.array(np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(sizes))))


def _unsqueeze(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, axes = arrays
    return np.expand_dims(x, tuple(int(axis) for axis in axes))


def _squeeze(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, *axes = arrays
    return np.squeeze(x, tuple(int(axis) for axis in axes[0]) if axes else None)


def _slice(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, starts, ends, axes, *steps = arrays
    at: list[Any] = [slice(None)] * x.ndim
    for i, axis in enumerate(axes):
        step = int(steps[0][i]) if steps else 1
        end = int(ends[i])
        stop = None if step < 0 and end < -x.shape[axis] else end
        at[axis] = slice(int(starts[i]), stop, step)
    return np.array(x[tuple(at)])


def _gather(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, index = arrays
    return np.asarray(np.take(x, index, axis=attributes.get("axis", 0)))


def _trilu(arrays: Arrays, attributes: dict[str, Any]) -> Any:
    x, *k = arrays
    return (np.triu if attributes.get("upper", 1) else np.tril)(x, int(k[0]) if k else 0)


def _plain(function: Any) -> Rule:
    """Of one, two or more arrays, with a result of the first one's type."""
    return lambda arrays, attributes: np.asarray(function(*arrays)).astype(arrays[0].dtype)


def _truth(function: Any) -> Rule:
    return lambda arrays, attributes: np.asarray(function(*arrays))


_RULES: dict[str, Rule] = {
    **{name: _plain(getattr(np, function)) for name, function in {
        "Add": "add", "Sub": "subtract", "Mul": "multiply", "Neg": "negative", "Abs": "abs", "Exp": "exp", "Log": "log",
        "Sqrt": "sqrt", "Sin": "sin", "Cos": "cos", "Tanh": "tanh", "Floor": "floor", "Ceil": "ceil",
        "Reciprocal": "reciprocal", "Min": "minimum", "Max": "maximum",
    }.items()},
    **{name: _truth(getattr(np, function)) for name, function in {
        "Equal": "equal", "Less": "less", "Greater": "greater", "LessOrEqual": "less_equal",
        "GreaterOrEqual": "greater_equal", "And": "logical_and", "Or": "logical_or", "Not": "logical_not",
    }.items()},
    "Div": _divide,
    "Mod": _modulo,
    "Pow": _power,
    "Range": _range,
    "Reshape": _reshape,
    "Expand": _expand,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "Slice": _slice,
    "Gather": _gather,
    "Trilu": _trilu,
    "Where": lambda arrays, attributes: np.where(*arrays),
    "Transpose": lambda arrays, attributes: np.ascontiguousarray(np.transpose(arrays[0], attributes.get("perm"))),
    "Concat": lambda arrays, attributes: np.concatenate(arrays, axis=attributes["axis"]),
    "Tile": lambda arrays, attributes: np.tile(arrays[0], arrays[1]),
}  # fmt: skip
