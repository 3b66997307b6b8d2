"""Lengths of vectors and angles between them: `Normalize`, `CosineSimilarity`, `PairwiseDistance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import together
from nndsl.ops.costing import Saved, Use
from nndsl.ops.families import REDUCTION
from nndsl.ops.lowering import reduce
from nndsl.ops.reduction import p_norm
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Normalize(Op, family=REDUCTION):
    """Scale to norm 1 along a dim: [*] -> [*] (torch.nn.functional.normalize)."""

    p: float = param(2.0, doc="which norm")
    dim: int = param(1, doc="the dim")
    eps: float = param(1e-12, doc="the least norm that is divided by")

    examples = [
        "[2, 3, 4] -> Normalize -> [2, 3, 4]",
        "[N, T] -> Normalize(1.0, dim=-1) -> [N, T]",
        "[N, T, 8] -> Normalize(p=3.0, dim=2, eps=0.001) -> [N, T, 8]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.floating(x) and say.axis(self.dim, x.rank) is not None else None

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The norms, before and after they are bounded."""
        norm = TensorType(x.dtype, tuple(1 if i == self.dim % x.rank else s for i, s in enumerate(x.shape)))
        return Saved((0,), made=(norm, norm) if x.rank else (x, x))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y, 3)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.normalize", x, **self.given("p", "dim", "eps"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        norm = p_norm(g, x, self.p, lambda node, y: reduce(g, node, y, [self.dim]), x.dtype)
        return g.op("Div", x, g.op("Max", norm, g.const(self.eps, x.dtype)))


def _compared(say: Say, x1: TensorType, x2: TensorType) -> tuple[Size, ...] | None:
    if not say.floating(x1, at=0) or not say.floating(x2, at=1):
        return None
    if x1.dtype != x2.dtype:
        message = f"{say.who} compares tensors of one type: {x1.dtype} ≠ {x2.dtype}"
        say.error(message, code="dtype-mismatch", at=1, help=f"`Cast({x1.dtype})`")
        return None
    return together(say, x1, x2, "compared")


def _broadcast(x1: TensorType, x2: TensorType) -> TensorType:
    """What both become when they are compared; that they fit was checked."""
    rank = max(x1.rank, x2.rank)
    both = [(1,) * (rank - x.rank) + x.shape for x in (x1, x2)]
    return TensorType(x1.dtype, tuple(b if a == 1 else a for a, b in zip(*both, strict=True)))


class CosineSimilarity(Op, family=REDUCTION):
    """The cosine of the angle between vectors: [*, D, *], [*, D, *] -> [*, *] (torch.nn.CosineSimilarity)."""

    inputs = ("x1", "x2")
    dim: int = param(1, doc="the dim of the vectors")
    eps: float = param(1e-8, doc="the least norm that is divided by")

    examples = [
        "([2, 3], [2, 3]) -> CosineSimilarity -> [2]",
        "([N, 1, 8], [N, T, 8]) -> CosineSimilarity(dim=-1) -> [N, T]",
        "([4], [4]) -> CosineSimilarity(0, eps=0.1) -> []",
    ]

    def shape(self, x1: TensorType, x2: TensorType, say: Say) -> TensorType | None:
        shape = _compared(say, x1, x2)
        axis = None if shape is None else say.axis(self.dim, len(shape))
        if shape is None or axis is None:
            return None
        return TensorType(x1.dtype, (*shape[:axis], *shape[axis + 1 :]))

    def saves(self, x1: TensorType, x2: TensorType, y: TensorType, use: Use) -> Saved:
        """Norms, before and after they are bounded, and both vectors divided by them."""
        shape = _broadcast(x1, x2)
        return Saved((0, 1), made=(y, y, y, y, shape, shape))

    def flops(self, x1: TensorType, x2: TensorType, y: TensorType) -> Size:
        """Three products of vectors, two roots, two bounds, two divisions."""
        rank = max(x1.rank, x2.rank)
        axis = self.dim % rank - rank
        sizes = [x.shape[axis] if -axis <= x.rank else 1 for x in (x1, x2)]
        return same_along(y) * (sizes[1] if sizes[0] == 1 else sizes[0]) * 6 + same_along(y, 4)

    def module(self, t: TorchWriter, x1: Operand, x2: Operand) -> Text:
        return t.new("nn.CosineSimilarity", **self.given("dim", "eps"))

    def torch(self, t: TorchWriter, x1: Operand, x2: Operand) -> Text:
        return t.call("F.cosine_similarity", x1, x2, **self.given("dim", "eps"))

    def onnx(self, g: OnnxBuilder, x1: OnnxValue, x2: OnnxValue) -> Any:
        rank = max(x1.rank, x2.rank)
        axis = self.dim % rank - rank
        eps = g.const(self.eps, x1.dtype)
        scaled = [
            g.op("Div", x, g.op("Max", self._length(g, x, other, axis), eps)) for x, other in ((x1, x2), (x2, x1))
        ]
        return reduce(g, "ReduceSum", g.op("Mul", *scaled), [axis], keepdims=False)

    def _length(self, g: OnnxBuilder, x: OnnxValue, other: OnnxValue, axis: int) -> Any:
        """A single value that is compared with a vector is a vector of equal values."""
        size, wanted = (v.shape[axis] if -axis <= v.rank else 1 for v in (x, other))
        if size == 1 and wanted != 1:
            x = g.op("Expand", x, g.sizes([wanted, *[1] * (-axis - 1)]))
            return reduce(g, "ReduceL2", x, [axis])
        return reduce(g, "ReduceL2", x, [axis]) if -axis <= x.rank else g.op("Abs", x)


class PairwiseDistance(Op, family=REDUCTION):
    """The distance between vectors: [*, D], [*, D] -> [*] (torch.nn.PairwiseDistance)."""

    inputs = ("x1", "x2")
    p: float = param(2.0, doc="which norm")
    eps: float = param(1e-6, doc="added to each difference")
    keepdim: bool = param(False, doc="keep the last dim, of size 1")

    examples = [
        "([2, 3], [2, 3]) -> PairwiseDistance -> [2]",
        "([N, 1, 8], [N, T, 8]) -> PairwiseDistance(p=1.0, keepdim=true) -> [N, T, 1]",
        "([4], [4]) -> PairwiseDistance(3.0, eps=0.1) -> []",
    ]

    def shape(self, x1: TensorType, x2: TensorType, say: Say) -> TensorType | None:
        shape = _compared(say, x1, x2)
        if shape is None or not say.rank_at_least(TensorType(x1.dtype, shape), 1):
            return None
        return TensorType(x1.dtype, (*shape[:-1], *([1] if self.keepdim else [])))

    def saves(self, x1: TensorType, x2: TensorType, y: TensorType, use: Use) -> Saved:
        """The differences."""
        return Saved((), (0,), (_broadcast(x1, x2),))

    def flops(self, x1: TensorType, x2: TensorType, y: TensorType) -> Size:
        last = x2.shape[-1] if x1.rank == 0 or x1.shape[-1] == 1 else x1.shape[-1]
        return same_along(y) * last * 4

    def module(self, t: TorchWriter, x1: Operand, x2: Operand) -> Text:
        return t.new("nn.PairwiseDistance", **self.given("p", "eps", "keepdim"))

    def torch(self, t: TorchWriter, x1: Operand, x2: Operand) -> Text:
        return t.call("F.pairwise_distance", x1, x2, **self.given("p", "eps", "keepdim"))

    def onnx(self, g: OnnxBuilder, x1: OnnxValue, x2: OnnxValue) -> Any:
        away = g.op("Add", g.op("Sub", x1, x2), g.const(self.eps, x1.dtype))
        return p_norm(g, away, self.p, lambda node, y: reduce(g, node, y, [-1], self.keepdim), x1.dtype)
