"""Types of values made inside a lowering, for the operators that lowerings use: what is not known here stays
unknown.

Values of the IR need none of this, their types are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.onnx.infer_layers import ONE, SEVERAL
from nndsl.backends.onnx.simplify import whole
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.backends.onnx.records import Tensor

Shape = tuple[Size, ...]
Rule = Callable[[Sequence["Tensor | None"], dict[str, Any]], TensorType | None]

# fmt: off
_LIKE_FIRST = [
    "Abs", "BatchNormalization", "Ceil", "Celu", "Clip", "Cos", "Cosh", "CumSum", "Dropout", "Elu", "Erf", "Exp",
    "Floor", "Gelu", "GroupNormalization", "HardSigmoid", "HardSwish", "Hardmax", "Identity",
    "InstanceNormalization", "LRN", "LayerNormalization", "LeakyRelu", "Log", "LogSoftmax", "LpNormalization",
    "Mish", "Neg", "Not", "PRelu", "RMSNormalization", "Reciprocal", "Relu", "RotaryEmbedding", "Round",
    "ScatterElements", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softmax", "Softplus", "Softsign", "Sqrt", "Swish",
    "Tan", "Tanh", "ThresholdedRelu", "Trilu",
]
# fmt: on
_BROADCAST = ["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Min", "Max", "And", "Or", "Xor", "Sum", "Mean"]
_COMPARE = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]
_REDUCE = [
    "ReduceSum",
    "ReduceMean",
    "ReduceMax",
    "ReduceMin",
    "ReduceProd",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSumExp",
]


def infer(
    op_type: str, inputs: Sequence[Tensor | None], attributes: dict[str, Any], outputs: int = 1, which: int = 0
) -> TensorType | None:
    """The type of one of the outputs, where it is known."""
    if outputs > 1 or op_type in SEVERAL:
        several = SEVERAL.get(op_type)
        return several(inputs, attributes, outputs)[which] if several is not None else None
    rule = _RULES.get(op_type)
    return rule(inputs, attributes) if rule is not None else None


def broadcast(*shapes: Shape) -> Shape | None:
    """NumPy's rule where it can be decided without facts."""
    rank = max(map(len, shapes))
    result: list[Size] = [1] * rank
    for shape in shapes:
        for axis, size in enumerate(shape, rank - len(shape)):
            if size == 1 or size == result[axis]:
                continue
            if result[axis] != 1:
                return None
            result[axis] = size
    return tuple(result)


def _known(inputs: Sequence[Tensor | None]) -> list[TensorType] | None:
    types = [x.known for x in inputs if x is not None]
    return None if any(t is None for t in types) else types  # type: ignore[return-value]  # no None is left


def _like_first(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    return inputs[0].known if inputs[0] is not None else None


def _broadcast(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    types = _known(inputs)
    shape = broadcast(*[t.shape for t in types]) if types else None
    return TensorType(types[0].dtype, shape) if types and shape is not None else None


def _compare(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    found = _broadcast(inputs, attributes)
    return TensorType("bool", found.shape) if found else None


def _where(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    found, types = _broadcast(inputs, attributes), _known(inputs)
    return TensorType(types[1].dtype, found.shape) if found and types else None


def _transpose(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x = inputs[0].known if inputs[0] else None
    if x is None:
        return None
    order = attributes.get("perm") or reversed(range(len(x.shape)))
    return TensorType(x.dtype, tuple(x.shape[i] for i in order))


def _reshape(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x, sizes = inputs
    if x is None or sizes is None or x.known is None or sizes.content is None:
        return None
    shape = whole(x, sizes.content)
    return None if -1 in shape else TensorType(x.known.dtype, shape)


def _expand(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x, sizes = inputs
    if x is None or sizes is None or x.known is None or sizes.content is None:
        return None
    shape = broadcast(x.known.shape, sizes.content)
    return TensorType(x.known.dtype, shape) if shape is not None else None


def _axes(inputs: Sequence[Tensor | None], rank: int) -> list[int] | None:
    if len(inputs) < 2 or inputs[1] is None:
        return list(range(rank))
    if inputs[1].array is None:
        return None
    return [int(a) % rank for a in inputs[1].array.reshape(-1)]


def _unsqueeze(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x = inputs[0].known if inputs[0] else None
    if x is None or len(inputs) < 2 or inputs[1] is None or inputs[1].array is None:
        return None
    count = inputs[1].array.size
    axes = _axes(inputs, len(x.shape) + count) or []
    rest = iter(x.shape)
    return TensorType(x.dtype, tuple(1 if i in axes else next(rest) for i in range(len(x.shape) + count)))


def _squeeze(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x = inputs[0].known if inputs[0] else None
    if x is None:
        return None
    axes = _axes(inputs, len(x.shape)) if len(inputs) > 1 else [i for i, s in enumerate(x.shape) if s == 1]
    return None if axes is None else TensorType(x.dtype, tuple(s for i, s in enumerate(x.shape) if i not in axes))


def _matmul(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    types = _known(inputs)
    if types is None or min(len(t.shape) for t in types) < 2:
        return None
    a, b = types[0].shape, types[1].shape
    batch = broadcast(a[:-2], b[:-2]) if a[:-2] or b[:-2] else ()
    return TensorType(types[0].dtype, (*batch, a[-2], b[-1])) if batch is not None else None


def _gemm(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    types = _known(inputs[:2])
    if types is None:
        return None
    rows = types[0].shape[1 if attributes.get("transA") else 0]
    columns = types[1].shape[0 if attributes.get("transB") else 1]
    return TensorType(types[0].dtype, (rows, columns))


def _concat(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    types = _known(inputs)
    if not types:
        return None
    shape = list(types[0].shape)
    axis = attributes["axis"] % len(shape)
    for other in types[1:]:
        shape[axis] = shape[axis] + other.shape[axis]
    return TensorType(types[0].dtype, tuple(shape))


def _shape(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x = inputs[0].known if inputs[0] else None
    if x is None:
        return None
    taken = x.shape[attributes.get("start", 0) : attributes.get("end")]
    return TensorType("int64", (len(taken),))


def _gather(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    types = _known(inputs)
    if types is None:
        return None
    x, at = types
    axis = attributes.get("axis", 0) % len(x.shape)
    return TensorType(x.dtype, (*x.shape[:axis], *at.shape, *x.shape[axis + 1 :]))


def _reduce(inputs: Sequence[Tensor | None], attributes: dict[str, Any]) -> TensorType | None:
    x = inputs[0].known if inputs[0] else None
    axes = _axes(inputs, len(x.shape)) if x is not None and "axes" not in attributes else attributes.get("axes")
    if x is None or axes is None:
        return None
    axes = [a % len(x.shape) for a in axes]
    if attributes.get("keepdims", 1):
        return TensorType(x.dtype, tuple(1 if i in axes else s for i, s in enumerate(x.shape)))
    return TensorType(x.dtype, tuple(s for i, s in enumerate(x.shape) if i not in axes))


_RULES: dict[str, Rule] = {
    **ONE,
    **dict.fromkeys(_LIKE_FIRST, _like_first),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys(_COMPARE, _compare),
    **dict.fromkeys(_REDUCE, _reduce),
    "Where": _where,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Expand": _expand,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Concat": _concat,
    "Shape": _shape,
    "Gather": _gather,
}
