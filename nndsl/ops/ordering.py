"""Where values stand in an order: `TopK`, `Sort`, `ArgMax`, `ArgMin` and `CumSum`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.costing import NOTHING, Saved
from nndsl.ops.domain import Domain
from nndsl.ops.families import REDUCTION
from nndsl.ops.schema import Op, Unsupported, param, same_along
from nndsl.shapes import Size, TensorType, is_floating

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class TopK(Op, family=REDUCTION):
    """The k largest along a dim, and where they stand: [*, D, *] -> [*, k, *], int[*, k, *] (torch.topk)."""

    outputs = ("values", "indices")
    k: Size = param(doc="how many")
    dim: int = param(-1, doc="the dim to search")
    largest: bool = param(True, doc="the largest; false: the smallest")
    sorted: bool = param(True, doc="in order")

    examples = [
        "[2, 7] -> TopK(3) -> ([2, 3], int[2, 3])",
        "[N, 5, T] -> TopK(2, dim=1, largest=false) -> ([N, 2, T], int[N, 2, T])",
        "[6] -> TopK(k=6) -> ([6], int[6])",
    ]

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, TensorType] | None:
        axis = say.axis(self.dim, x.rank)
        if axis is None or not say.positive(self.k, "the number of values", at="k"):
            return None
        if x.dtype == "bool":
            say.error("true and false have no order", code="dtype-mismatch", at=0, help="convert with `Cast(int)`")
            return None
        room = say.facts.upper_bound(x.shape[axis] - self.k)
        if room is not None and room < 0:
            message = f"dim {axis} has {say.spell(x.shape[axis])} values, fewer than k = {say.spell(self.k)}"
            say.error(message, code="shape-mismatch", at="k")
            return None
        shape = (*x.shape[:axis], self.k, *x.shape[axis + 1 :])
        return TensorType(x.dtype, shape), TensorType("int64", shape)

    def demands(self, x: TensorType) -> list[Size]:
        return [x.shape[self.dim] - self.k + 1]

    def domains(self, x: TensorType) -> dict[int, Domain]:
        return {0: Domain(distinct=True)}

    kept = Saved(outputs=(1,))

    def flops(self, x: TensorType, y: Any) -> Size | None:
        return None

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        return t.unpack(t.method(x, "topk", self.k, **self.given("dim", "largest", "sorted")))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if not self.sorted:
            raise Unsupported("the order of unsorted values is each program's own: leave TopK sorted")
        return g.op("TopK", x, g.sizes([self.k]), axis=self.dim, largest=int(self.largest), outputs=2)

    def blame(self, axis: int, rank: int) -> str | None:
        return "k" if axis == self.dim % rank else None


class Sort(Op, family=REDUCTION):
    """Values in order along a dim, and where they stood: [*] -> [*], int[*] (torch.sort)."""

    outputs = ("values", "indices")
    dim: int = param(-1, doc="the dim to sort")
    descending: bool = param(False, doc="largest first")

    examples = [
        "[2, 7] -> Sort -> ([2, 7], int[2, 7])",
        "[N, 5, T] -> Sort(dim=1, descending=true) -> ([N, 5, T], int[N, 5, T])",
        "[N] -> Sort(0) -> ([N], int[N])",
    ]

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, TensorType] | None:
        if say.axis(self.dim, x.rank) is None:
            return None
        return x, TensorType("int64", x.shape)

    kept = Saved(outputs=(1,))

    def flops(self, x: TensorType, y: Any) -> Size | None:
        return None

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        """Stable: equal values keep their order, on every device and in ONNX."""
        return t.unpack(t.method(x, "sort", stable=True, **self.given("dim", "descending")))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        count = g.sizes([x.shape[self.dim]])
        if x.dtype == "bool":
            values, places = g.op(
                "TopK", g.cast(x, "int32"), count, axis=self.dim, largest=int(self.descending), outputs=2
            )
            return g.cast(values, "bool"), places
        return g.op("TopK", x, count, axis=self.dim, largest=int(self.descending), outputs=2)


class ArgMax(Op, family=REDUCTION):
    """Where the largest value stands: [*, D, *] -> int[*, *] (torch.argmax)."""

    function: ClassVar[str] = "argmax"
    node: ClassVar[str] = "ArgMax"

    dim: int | None = param(None, doc="the dim to search; all of them, as one, when not given")
    keepdim: bool = param(False, doc="keep the dim, of size 1")

    examples = [
        "[2, 7] -> ArgMax(1) -> int[2]",
        "[N, 5, T] -> ArgMax(dim=-2, keepdim=true) -> int[N, 1, T]",
        "[N, 3] -> ArgMax -> int[]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if x.dtype == "bool":
            say.error(
                f"{self.name} takes numbers, and this is bool",
                code="dtype-mismatch",
                at=0,
                help="`Cast(int)`",
            )
            return None
        if self.dim is None:
            return TensorType("int64", (1,) * x.rank if self.keepdim else ())
        axis = say.axis(self.dim, x.rank)
        if axis is None:
            return None
        return TensorType("int64", (*x.shape[:axis], *([1] if self.keepdim else []), *x.shape[axis + 1 :]))

    kept = NOTHING

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(x)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, self.function, **self.given("dim", "keepdim"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if self.dim is not None:
            return g.op(self.node, x, axis=self.dim, keepdims=int(self.keepdim))
        y = g.op(self.node, g.op("Reshape", x, g.const([-1])), axis=0, keepdims=0)
        return g.op("Reshape", y, g.const([1] * x.rank)) if self.keepdim else y


class ArgMin(ArgMax):
    """Where the smallest value stands: [*, D, *] -> int[*, *] (torch.argmin)."""

    function, node = "argmin", "ArgMin"
    examples = [e.replace("ArgMax", "ArgMin") for e in ArgMax.examples]


class CumSum(Op, family=REDUCTION):
    """Sums of all values so far along a dim: [*] -> [*] (torch.cumsum)."""

    dim: int = param(doc="the dim to sum along")

    examples = [
        "[2, 7] -> CumSum(1) -> [2, 7]",
        "[N, 5, T] -> CumSum(dim=-2) -> [N, 5, T]",
        "bool[N] -> CumSum(0) -> int[N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if say.axis(self.dim, x.rank) is None:
            return None
        return x if is_floating(x.dtype) else TensorType("int64", x.shape)

    kept = NOTHING

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "cumsum", dim=self.dim)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("CumSum", x if is_floating(x.dtype) else cast_to(g, x, "int64"), g.const(self.dim))
