"""Choosing among values: `Gather`, `IndexSelect`, `Where`, `MaskedFill`, `Scatter` and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import cast_to, common_type, scalar, together
from nndsl.ops.costing import INPUT, Saved
from nndsl.ops.domain import Domain, indices
from nndsl.ops.families import SHAPE
from nndsl.ops.kinds import Scalar
from nndsl.ops.schema import Op, Unsupported, param, same_along
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


def _fits(say: Say, index: TensorType, x: TensorType, axis: int, at: int) -> bool:
    """An index may be smaller than what it points into, along every other dim."""
    for i, (a, b) in enumerate(zip(index.shape, x.shape, strict=True)):
        low = say.facts.lower_bound(a - b) if i != axis else None
        if low is not None and low > 0:
            say.error(
                f"dim {i} of the index is larger: {say.spell(a)} > {say.spell(b)}",
                code="shape-mismatch",
                at=at,
            )
            return False
    return True


class Gather(Op, family=SHAPE):
    """Pick values along a dim, an index for each: [*], int[*'] -> [*'] (torch.gather)."""

    inputs = ("x", "index")
    dim: int = param(doc="the dim that the index counts along")

    examples = [
        "([2, 3], int[2, 5]) -> Gather(1) -> [2, 5]",
        "([N, T, 4], int[N, 1, 4]) -> Gather(dim=1) -> [N, 1, 4]",
        "([4, 3], int[2, 2]) -> Gather(-2) -> [2, 2]",
    ]

    def shape(self, x: TensorType, index: TensorType, say: Say) -> TensorType | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None or not _indices(say, index, at=1):
            return None
        if index.rank != x.rank:
            message = f"the index of Gather has as many dims as what it points into: {index.rank} ≠ {x.rank}"
            say.error(message, code="rank-mismatch", at=1)
            return None
        return TensorType(x.dtype, index.shape) if _fits(say, index, x, axis, 1) else None

    def demands(self, x: TensorType, index: TensorType) -> list[Size]:
        return _room(index, x, self.dim)

    def domains(self, x: TensorType, index: TensorType) -> dict[int, Domain]:
        return {1: indices(x.shape[self.dim])}

    kept = Saved((0, 1))

    def flops(self, x: TensorType, index: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand, index: Operand) -> Text:
        return t.method(x, "gather", self.dim, index)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, index: OnnxValue) -> Any:
        return g.op("GatherElements", x, index, axis=self.dim)


def _indices(say: Say, index: TensorType, at: int) -> bool:
    if index.dtype == "int64":
        return True
    say.error(
        f"{say.who} takes indices (int), and this is {index.dtype}",
        code="dtype-mismatch",
        at=at,
        help="`Cast(int)`",
    )
    return False


def _room(index: TensorType, x: TensorType, dim: int) -> list[Size]:
    """Along all other dims there are at most as many indices as values."""
    pairs = zip(x.shape, index.shape, strict=True)
    return [size - count + 1 for axis, (size, count) in enumerate(pairs) if axis != dim % x.rank]


class IndexSelect(Op, family=SHAPE):
    """Pick entries of one dim: [*, D, *], int[K] -> [*, K, *] (torch.index_select)."""

    inputs = ("x", "index")
    dim: int = param(doc="the dim to pick from")

    examples = [
        "([3, 4], int[2]) -> IndexSelect(0) -> [2, 4]",
        "([N, 3, T], int[K]) -> IndexSelect(dim=1) -> [N, K, T]",
        "([5], int[7]) -> IndexSelect(-1) -> [7]",
    ]

    def shape(self, x: TensorType, index: TensorType, say: Say) -> TensorType | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None or not say.index(index, at=1) or not say.rank(index, 1, layout="an index of one dim", at=1):
            return None
        return TensorType(x.dtype, (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))

    def domains(self, x: TensorType, index: TensorType) -> dict[int, Domain]:
        return {1: indices(x.shape[self.dim])}

    kept = Saved((1,))

    def flops(self, x: TensorType, index: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand, index: Operand) -> Text:
        return t.method(x, "index_select", self.dim, index)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, index: OnnxValue) -> Any:
        return g.op("Gather", x, index, axis=self.dim)


class Where(Op, family=SHAPE):
    """The first where the condition is true, else the second: bool[*], [*], [*] -> [*] (torch.where)."""

    inputs = ("condition", "x", "y?")
    other: Scalar | None = param(None, doc="a number in place of the second")

    examples = [
        "(bool[2, 3], [2, 3], [3]) -> Where -> [2, 3]",
        "(bool[N, 1], [N, 4]) -> Where(other=0.5) -> [N, 4]",
        "(bool[T], [N, 1], int[]) -> Where -> [N, T]",
        "(bool[3], int[3]) -> Where(2) -> int[3]",
    ]

    def shape(self, condition: TensorType, x: TensorType, y: TensorType | None, say: Say) -> TensorType | None:
        if not say.boolean(condition, at=0):
            return None
        if (y is None) == (self.other is None):
            say.error("Where chooses between two: give a third input, or other=…", code="missing-input")
            return None
        shape = together(say, condition, x, "combined")
        if shape is None:
            return None
        other = self.other if y is None else y
        dtype = common_type(x, other)
        if y is None and not say.holds(dtype, other, at="other"):
            return None
        if y is not None:
            shape = together(say, TensorType(x.dtype, shape), y, "combined", at=2)
        return None if shape is None else TensorType(dtype, shape)

    kept = INPUT

    def flops(self, condition: TensorType, x: TensorType, other: TensorType | None, /, *, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, condition: Operand, x: Operand, y: Operand | None) -> Text:
        return t.call("torch.where", condition, x, self.other if y is None else y)

    def onnx(self, g: OnnxBuilder, condition: OnnxValue, x: OnnxValue, y: OnnxValue | None) -> Any:
        dtype = common_type(x.type, self.other if y is None else y.type)
        other = scalar(g, self.other, dtype) if y is None else cast_to(g, y, dtype)
        return _chosen(g, condition, cast_to(g, x, dtype), other, dtype)


def _chosen(g: OnnxBuilder, condition: OnnxValue, x: OnnxValue, y: OnnxValue, dtype: str) -> Any:
    """onnxruntime has no Where between true and false on the CPU."""
    if dtype != "bool":
        return g.op("Where", condition, x, y)
    return g.op("Or", g.op("And", condition, x), g.op("And", g.op("Not", condition), y))


class MaskedFill(Op, family=SHAPE):
    """A number where the mask is true: [*], bool[*] -> [*] (torch.Tensor.masked_fill)."""

    inputs = ("x", "mask")
    value: Scalar = param(doc="the number")

    examples = [
        "([2, 3], bool[2, 3]) -> MaskedFill(-inf) -> [2, 3]",
        "([N, H, T, T], bool[N, 1, 1, T]) -> MaskedFill(0) -> [N, H, T, T]",
        "(int[4], bool[]) -> MaskedFill(value=7) -> int[4]",
    ]

    def shape(self, x: TensorType, mask: TensorType, say: Say) -> TensorType | None:
        if not say.boolean(mask, at=1):
            return None
        if not say.holds(x.dtype, self.value, at="value"):
            return None
        shape = together(say, x, mask, "combined", at=1)
        if shape is None:
            return None
        if len(shape) > x.rank or any(say.facts.equal(a, b) is not True for a, b in zip(shape, x.shape, strict=True)):
            say.error(f"the mask {say.type(mask)} is larger than {say.type(x)}", code="shape-mismatch", at=1)
            return None
        return x

    kept = Saved((1,))

    def flops(self, x: TensorType, mask: TensorType, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand, mask: Operand) -> Text:
        return t.method(x, "masked_fill", mask, self.value)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, mask: OnnxValue) -> Any:
        return _chosen(g, mask, g.const(self.value, x.dtype), x, x.dtype)


class Scatter(Op, family=SHAPE):
    """Write values to indexed places along a dim: [*], int[*'], [*'] -> [*] (torch.scatter)."""

    inputs = ("x", "index", "src")
    dim: int = param(doc="the dim that the index counts along")

    examples = [
        "([2, 3], int[2, 1], [2, 1]) -> Scatter(1) -> [2, 3]",
        "([4, N], int[1, N], [1, N]) -> Scatter(dim=0) -> [4, N]",
        "(int[3, 2], int[3, 1], int[3, 1]) -> Scatter(-1) -> int[3, 2]",
    ]

    def shape(self, x: TensorType, index: TensorType, src: TensorType, say: Say) -> TensorType | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None or not _indices(say, index, at=1):
            return None
        for at, other in ((1, index), (2, src)):
            if not say.rank(other, x.rank, layout=f"as many dims as x ({x.rank})", at=at):
                return None
        if src.dtype != x.dtype:
            say.error(
                f"what is written is of one type with what it goes into: {src.dtype} ≠ {x.dtype}",
                code="dtype-mismatch",
                at=2,
            )
            return None
        pairs = zip(index.shape, src.shape, strict=True)
        if not all(say.same(a, b, f"each index has a value, dim {i}", at=2) for i, (a, b) in enumerate(pairs)):
            return None
        return x if _fits(say, index, x, axis, 1) else None

    def demands(self, x: TensorType, index: TensorType, src: TensorType) -> list[Size]:
        return _room(index, x, self.dim)

    def domains(self, x: TensorType, index: TensorType, src: TensorType) -> dict[int, Domain]:
        return {1: indices(x.shape[self.dim])}

    kept = Saved((1,))

    def flops(self, x: TensorType, index: TensorType, src: TensorType, y: TensorType) -> Size:
        return same_along(src, int(self.name == "ScatterAdd"))

    def torch(self, t: TorchWriter, x: Operand, index: Operand, src: Operand) -> Text:
        return t.method(x, "scatter_add" if self.name == "ScatterAdd" else "scatter", self.dim, index, src)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, index: OnnxValue, src: OnnxValue) -> Any:
        return g.op(
            "ScatterElements",
            x,
            index,
            src,
            axis=self.dim,
            reduction="add" if self.name == "ScatterAdd" else None,
        )


class ScatterAdd(Scatter):
    """Add values to indexed places along a dim: [*], int[*'], [*'] -> [*] (torch.scatter_add)."""

    examples = [
        "([2, 3], int[2, 5], [2, 5]) -> ScatterAdd(1) -> [2, 3]",
        "([4, N], int[T, N], [T, N]) -> ScatterAdd(dim=0) -> [4, N]",
        "(int[3], int[6], int[6]) -> ScatterAdd(0) -> int[3]",
    ]


_REDUCTIONS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}  # PyTorch's words, ONNX's


class ScatterReduce(Scatter):
    """Combine values with what stands at indexed places: [*], int[*'], [*'] -> [*] (torch.scatter_reduce).

    What stands there counts as one value more. With -inf everywhere, `amax` gives the largest of each segment."""

    dim: int = param(doc="the dim that the index counts along")
    reduce: str = param(doc="how values of one place become one", choices=tuple(_REDUCTIONS))

    examples = [
        '([2, 3], int[2, 5], [2, 5]) -> ScatterReduce(1, "amax") -> [2, 3]',
        '([4, N], int[T, N], [T, N]) -> ScatterReduce(dim=0, reduce="amin") -> [4, N]',
        '([3], int[6], [6]) -> ScatterReduce(0, "sum") -> [3]',
        '([N, 3], int[N, 5], [N, 5]) -> ScatterReduce(-1, reduce="prod") -> [N, 3]',
    ]
    kept = Saved((0, 1, 2), (0,))

    def flops(self, x: TensorType, index: TensorType, src: TensorType, y: TensorType) -> Size:
        return same_along(src)

    def torch(self, t: TorchWriter, x: Operand, index: Operand, src: Operand) -> Text:
        return t.method(x, "scatter_reduce", self.dim, index, src, reduce=self.reduce)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, index: OnnxValue, src: OnnxValue) -> Any:
        if self.reduce in ("amax", "amin") and g.opset < 18:
            raise Unsupported(f"ScatterElements knows {_REDUCTIONS[self.reduce]} from opset 18 on")
        return g.op("ScatterElements", x, index, src, axis=self.dim, reduction=_REDUCTIONS[self.reduce])
