"""Embeddings: learned rows, looked up by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, Saved, Use
from nndsl.ops.domain import Domain, indices
from nndsl.ops.families import EMBEDDING
from nndsl.ops.initializers import Initializer
from nndsl.ops.schema import Op, Weight, param, same_along
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class _Table(Op, family=EMBEDDING, abstract=True):
    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float

    def check(self, say: Say) -> bool:
        rows, padding = self.num_embeddings, self.padding_idx
        if padding is not None and not -rows <= padding < rows:
            say.error(f"padding_idx {padding} is no row: there are {rows}", at="padding_idx")
            return False
        if self.max_norm is not None and self.norm_type <= 0:
            say.error(f"norm_type is greater than 0, not {self.norm_type:g}", at="norm_type")
            return False
        return True

    def weights(self, x: TensorType, *more: Any) -> list[Weight]:
        zero = "" if self.padding_idx is None else "padding_idx"
        return [Weight("weight", (self.num_embeddings, self.embedding_dim), init=self.init, zero_row=zero)]

    def domains(self, x: TensorType, *more: Any) -> dict[int, Domain]:
        return {0: indices(self.num_embeddings)}

    def rows(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """The rows looked up; those longer than max_norm are shortened."""
        rows = g.op("Gather", g.weight("weight"), x, axis=0)
        if self.max_norm is None:
            return rows
        power = g.op("Pow", g.op("Abs", rows), g.const(self.norm_type, "float"))
        total = lowering.reduce(g, "ReduceSum", power, [-1])
        length = g.op("Pow", total, g.const(1 / self.norm_type, "float"))
        most = g.const(self.max_norm, "float")
        short = g.op("Div", most, g.op("Add", length, g.const(1e-7, "float")))
        scale = g.op("Where", g.op("Greater", length, most), short, g.const(1.0, "float"))
        return g.op("Mul", rows, scale)

    def renormalization(self, cells: Size) -> Size:
        """Powers, their sum and the scaling of rows, where max_norm is set."""
        return cells * 3 if self.max_norm is not None else 0

    def detail(self) -> str:
        return f"{self.num_embeddings} × {self.embedding_dim}"


class Embedding(_Table):
    """Look up learned rows by index: int[*] -> [*, embedding_dim] (torch.nn.Embedding)."""

    num_embeddings: int = param(doc="how many rows", min=1)
    embedding_dim: int = param(doc="size of a row", min=1)
    padding_idx: int | None = param(None, doc="a row that is zero at first and is not trained")
    max_norm: float | None = param(None, doc="rows longer than this are shortened when looked up", min=0)
    norm_type: float = param(2.0, doc="the p of that length")
    scale_grad_by_freq: bool = param(False, doc="divide gradients by how often a row occurs in the batch")
    sparse: bool = param(False, doc="make the gradient of the rows sparse")
    init: Initializer | None = param(None, doc="how the rows are initialised; normal when not given", keyword=True)

    examples = [
        "int[2, 5] -> Embedding(10, 4) -> [2, 5, 4]",
        "int[N, T] -> Embedding(7, 3, padding_idx=0) -> [N, T, 3]",
        "int32[T] -> Embedding(6, 5, max_norm=0.5, init=normal(std=0.02)) -> [T, 5]",
        "int[N, T] -> Embedding(9, 4, max_norm=1, norm_type=1) -> [N, T, 4]",
        "int[] -> Embedding(3, 2) -> [2]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.index(x):
            return None
        return TensorType("float", (*x.shape, self.embedding_dim))

    kept = INPUT

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return self.renormalization(same_along(y))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.given("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")
        return t.new("nn.Embedding", self.num_embeddings, self.embedding_dim, **given)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.rows(g, x)

    def blame(self, axis: int, rank: int) -> str | None:
        return "embedding_dim" if axis == rank - 1 else None


class EmbeddingBag(_Table):
    """Mean, sum or maximum of looked-up rows: int[B, T] -> [B, embedding_dim] (torch.nn.EmbeddingBag).

    Or int[T], with offsets int[B] that say where each bag begins; per_sample_weights, shaped like the
    indices, weigh the rows of a sum.
    """

    inputs = ("x", "offsets?", "per_sample_weights?")
    num_embeddings: int = param(doc="how many rows", min=1)
    embedding_dim: int = param(doc="size of a row", min=1)
    max_norm: float | None = param(None, doc="rows longer than this are shortened when looked up", min=0)
    norm_type: float = param(2.0, doc="the p of that length")
    scale_grad_by_freq: bool = param(False, doc="divide gradients by how often a row occurs in the batch")
    mode: str = param("mean", doc="how a bag's rows become one", choices=("sum", "mean", "max"))
    sparse: bool = param(False, doc="make the gradient of the rows sparse")
    include_last_offset: bool = param(False, doc="the last offset is the end, not one more bag", keyword=True)
    padding_idx: int | None = param(None, doc="a row that is not trained and does not count", keyword=True)
    init: Initializer | None = param(None, doc="how the rows are initialised; normal when not given", keyword=True)

    examples = [
        "int[3, 4] -> EmbeddingBag(10, 5) -> [3, 5]",
        'int[B, T] -> EmbeddingBag(6, 3, mode="max") -> [B, 3]',
        'int[B, T] -> EmbeddingBag(6, 3, mode="sum", padding_idx=1) -> [B, 3]',
        "int[B, 5] -> EmbeddingBag(4, 3, max_norm=0.5, padding_idx=0) -> [B, 3]",
    ]

    def check(self, say: Say) -> bool:
        for name in ("scale_grad_by_freq", "sparse"):
            if self.mode == "max" and getattr(self, name):
                say.error(f'PyTorch has no {name} for mode="max"', at=name)
                return False
        return super().check(say)

    def shape(
        self, x: TensorType, offsets: TensorType | None, per_sample_weights: TensorType | None, say: Say
    ) -> TensorType | None:
        if not say.rank(x, 1, 2, layout="[B, T], or [T] with offsets") or not say.index(x):
            return None
        if not self._weighable(x, per_sample_weights, say):
            return None
        if x.rank == 2 and offsets is not None:
            say.error("indices [B, T] are bags already: offsets are for indices [T]", code="shape-mismatch", at=1)
            return None
        if x.rank == 2:
            return TensorType("float", (x.shape[0], self.embedding_dim))
        return self._between(x, offsets, say)

    def _between(self, x: TensorType, offsets: TensorType | None, say: Say) -> TensorType | None:
        if offsets is None:
            say.error("indices [T] need a second input: offsets, where each bag begins", code="shape-mismatch", at=0)
            return None
        if not say.rank(offsets, 1, layout="offsets [B]", at=1) or not say.integral(offsets, at=1):
            return None
        if offsets.dtype != x.dtype:
            say.error(
                f"indices and offsets are of one type: {x.dtype} ≠ {offsets.dtype}",
                code="dtype-mismatch",
                at=1,
            )
            return None
        bags = offsets.shape[0] - int(self.include_last_offset)
        if not say.positive(bags, "the number of bags", at=1):
            return None
        return TensorType("float", (bags, self.embedding_dim))

    def _weighable(self, x: TensorType, weights: TensorType | None, say: Say) -> bool:
        if weights is None:
            return True
        if self.mode != "sum":
            say.error('per_sample_weights are for mode="sum" only', at="mode")
            return False
        if not say.floating(weights, at=2) or not say.rank(weights, x.rank, at=2):
            return False
        what = "per_sample_weights have the shape of the indices"
        return all(
            say.same(a, b, what, at=2, axis=i) for i, (a, b) in enumerate(zip(x.shape, weights.shape, strict=True))
        )

    def domains(self, x: TensorType, *more: Any) -> dict[int, Domain]:
        """Offsets begin with 0; the last may be the end itself: an empty bag."""
        offsets = Domain(0, x.shape[0], ascending=True, closed=self.include_last_offset)
        return {0: indices(self.num_embeddings), 1: offsets}

    def saves(self, x: TensorType, *more: Any, y: TensorType, use: Use) -> Saved:
        """Where each bag begins, whose each row is, how many it has, and where its maxima stand."""
        bags: Size = y.shape[0]
        largest = bags * self.embedding_dim if self.mode == "max" else bags
        sizes = [product(x.shape) + 1, bags, largest, *([] if more[0] is not None else [bags])]
        given = tuple(at for at in (1, 2) if more[at - 1] is not None)
        return Saved((0, *given), made=tuple(TensorType("int64", (size,)) for size in sizes))

    def flops(self, x: TensorType, *more: Any, y: TensorType) -> Size:
        cells = same_along(x, self.embedding_dim)
        weighed = cells if more[1] is not None else 0
        return cells + weighed + self.renormalization(cells) + (same_along(y) if self.mode == "mean" else 0)

    def module(self, t: TorchWriter, x: Operand, *more: Operand | None) -> Text:
        names = (
            "max_norm",
            "norm_type",
            "scale_grad_by_freq",
            "mode",
            "sparse",
            "include_last_offset",
            "padding_idx",
        )
        return t.new("nn.EmbeddingBag", self.num_embeddings, self.embedding_dim, **self.given(*names))

    def torch(
        self,
        t: TorchWriter,
        x: Operand,
        offsets: Operand | None = None,
        per_sample_weights: Operand | None = None,
    ) -> Any:
        named = {"per_sample_weights": per_sample_weights} if per_sample_weights is not None else {}
        return t.call(t.me(), x, *[o for o in (offsets,) if o is not None], **named)

    def onnx(
        self, g: OnnxBuilder, x: OnnxValue, offsets: OnnxValue | None = None, weights: OnnxValue | None = None
    ) -> Any:
        """`members` [B, T, 1] says which of the rows [.., T, D] are in which bag."""
        rows = self.rows(g, x)
        if weights is not None:
            rows = g.op("Mul", rows, lowering.unsqueeze(g, weights, -1))
        members = self._members(g, x, offsets)
        if self.mode == "max":
            return self._largest(g, rows, members)
        inside = g.cast(members, "float")
        if offsets is None:
            total = lowering.reduce(g, "ReduceSum", g.op("Mul", rows, inside), [-2], keepdims=False)
        else:
            total = g.op("MatMul", lowering.squeeze(g, inside, -1), rows)
        if self.mode == "sum":
            return total
        count = lowering.reduce(g, "ReduceSum", inside, [-2], keepdims=False)
        return g.op("Div", total, g.op("Max", count, g.const(1.0, "float")))

    def _members(self, g: OnnxBuilder, x: OnnxValue, offsets: OnnxValue | None) -> Any:
        counts = None
        if self.padding_idx is not None:
            padding = g.const(self.padding_idx % self.num_embeddings, x.dtype)
            counts = g.op("Not", g.op("Equal", x, padding))
        if offsets is None:
            shown = counts if counts is not None else g.op("Equal", x, x)
            return lowering.unsqueeze(g, shown, -1)
        places = g.op("Range", g.const(0), g.size(x.shape[0]), g.const(1))
        begins = lowering.unsqueeze(g, g.cast(offsets, "int64"), -1)
        begun = g.op("GreaterOrEqual", places, begins)
        inside = self._apart(g, begun, x)
        inside = inside if counts is None else g.op("And", inside, counts)
        return lowering.unsqueeze(g, inside, -1)

    def _apart(self, g: OnnxBuilder, begun: Any, x: OnnxValue) -> Any:
        """A bag holds what has begun with it and not yet with the next; the last goes on to the end."""
        later = lowering.cut(g, begun, 0, 1)
        if self.include_last_offset:
            first = lowering.cut(g, begun, 0, 0, -1)
            return g.op("And", first, g.op("Not", later))
        never = g.op("Expand", g.const([[False]], "bool"), g.sizes([1, x.shape[0]]))
        return g.op("And", begun, g.op("Not", g.op("Concat", later, never, axis=0)))

    def _largest(self, g: OnnxBuilder, rows: Any, members: Any) -> Any:
        """The maximum of an empty bag is 0."""
        shown = g.op("Where", members, rows, g.const(float("-inf"), "float"))
        largest = lowering.reduce(g, "ReduceMax", shown, [-2], keepdims=False)
        some = lowering.reduce(g, "ReduceMax", g.cast(members, "float"), [-2], keepdims=False)
        return g.op("Where", g.op("Greater", some, g.const(0.5, "float")), largest, g.const(0.0, "float"))

    def blame(self, axis: int, rank: int) -> str | None:
        return "embedding_dim" if axis == rank - 1 else None
