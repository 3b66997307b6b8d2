"""Linear layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import factors, together
from nndsl.ops.costing import INPUT, NOTHING, Saved, Use
from nndsl.ops.families import LINEAR
from nndsl.ops.schema import Inferred, Op, Weight, param, same_along
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType, is_floating, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Linear(Op, family=LINEAR):
    """Multiply the last axis by a learned matrix: [*, D] -> [*, out_features] (torch.nn.Linear)."""

    inferred = (Inferred("in_features"),)
    out_features: int = param(doc="size of the last axis of the result", min=1)
    bias: bool = param(True, doc="add a learned offset")

    examples = [
        "[2, 8] -> Linear(4) -> [2, 4]",
        "[N, T, 8] -> Linear(3, bias=false) -> [N, T, 3]",
        "[8] -> Linear(5, init=xavier_uniform(gain=2), bias_init=zeros) -> [5]",
        "[B, 3, T, 6] -> Linear(1) -> [B, 3, T, 1]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank_at_least(x, 1, layout="[*, D]") or not say.floating(x):
            return None
        if say.known(x.shape[-1], "the size of the last axis") is None:
            return None
        return TensorType(x.dtype, (*x.shape[:-1], self.out_features))

    def weights(self, x: TensorType) -> list[Weight]:
        made = [Weight("weight", (self.out_features, x.shape[-1]), dtype=x.dtype, init=self.init)]
        if self.bias:
            made.append(Weight("bias", (self.out_features,), dtype=x.dtype, init=self.bias_init))
        return made

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Rows that do not follow each other in memory are copied for the product."""
        return INPUT if use.is_dense(0) or x.rank <= 2 else Saved(made=(x,))

    def scratch(self, x: TensorType, y: TensorType, use: Use) -> list[TensorType]:
        return list(self.saves(x, y, use).made)

    def macs(self, x: TensorType, y: TensorType) -> Size:
        return product(y.shape) * x.shape[-1]

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return self.macs(x, y) * 2 + same_along(y, int(self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.given("bias") | dtype_argument(t, x.type)
        return t.new("nn.Linear", x.shape[-1], self.out_features, **given)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if x.rank == 2:
            return g.op("Gemm", x, g.weight("weight"), g.weight("bias") if self.bias else None, transB=1)
        y = g.op("MatMul", x, g.packed("weight", lambda w: w("weight").T, (x.shape[-1], self.out_features)))
        return g.op("Add", y, g.weight("bias")) if self.bias else y

    def blame(self, axis: int, rank: int) -> str | None:
        return "out_features" if axis == rank - 1 else None


class Bilinear(Op, family=LINEAR):
    """Combine two vectors by a learned form: [*, D1], [*, D2] -> [*, out_features] (torch.nn.Bilinear)."""

    inputs = ("x1", "x2")
    inferred = (Inferred("in1_features"), Inferred("in2_features", place=1, of=1))
    out_features: int = param(doc="size of the last axis of the result", min=1)
    bias: bool = param(True, doc="add a learned offset")

    examples = [
        "([2, 8], [2, 5]) -> Bilinear(4) -> [2, 4]",
        "([N, T, 3], [N, T, 3]) -> Bilinear(2, bias=false) -> [N, T, 2]",
        "([4], [6]) -> Bilinear(3) -> [3]",
    ]

    def shape(self, x1: TensorType, x2: TensorType, say: Say) -> TensorType | None:
        for at, x in enumerate((x1, x2)):
            if not say.rank_at_least(x, 1, layout="[*, D]", at=at) or not say.floating(x, at=at):
                return None
            if say.known(x.shape[-1], "the size of the last axis", at=at) is None:
                return None
        if not say.rank(x2, x1.rank, at=1):
            return None
        for axis, (a, b) in enumerate(zip(x1.shape[:-1], x2.shape[:-1], strict=True)):
            if not say.same(
                a, b, f"both inputs of {self.name} agree in all but the last dim, dim {axis}", at=1, axis=axis
            ):
                return None
        if x1.dtype != x2.dtype:
            say.error(
                f"{self.name} takes two inputs of one type: {x1.dtype} ≠ {x2.dtype}",
                code="dtype-mismatch",
                at=1,
            )
            return None
        return TensorType(x1.dtype, (*x1.shape[:-1], self.out_features))

    def weights(self, x1: TensorType, x2: TensorType) -> list[Weight]:
        form = (self.out_features, x1.shape[-1], x2.shape[-1])
        made = [Weight("weight", form, dtype=x1.dtype, init=self.init)]
        if self.bias:
            made.append(Weight("bias", (self.out_features,), dtype=x1.dtype, init=self.bias_init))
        return made

    kept = Saved((0, 1))

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Size:
        """First the matrix of each output with x2, then x1 with what came of it."""
        return product(y.shape) * x1.shape[-1] * (x2.shape[-1] + 1)

    def flops(self, x1: TensorType, x2: TensorType, y: TensorType) -> Size:
        return self.macs(x1, x2, y) * 2 + same_along(y, int(self.bias))

    def module(self, t: TorchWriter, x1: Operand, x2: Operand) -> Text:
        given = self.given("bias") | dtype_argument(t, x1.type)
        return t.new("nn.Bilinear", x1.shape[-1], x2.shape[-1], self.out_features, **given)

    def onnx(self, g: OnnxBuilder, x1: OnnxValue, x2: OnnxValue) -> Any:
        """x2 [*, D2] @ weight as [D2, O * D1] -> [*, O, D1], then @ x1 as [*, D1, 1]."""
        out, d1, d2 = self.out_features, x1.shape[-1], x2.shape[-1]
        flat = g.packed("weight", lambda w: w("weight").reshape(out * d1, d2).T, (d2, out * d1))
        rows = g.op("Reshape", g.op("MatMul", x2, flat), g.dims([*x2.shape[:-1], out, d1]))
        column = g.op("Unsqueeze", x1, g.const([-1]))
        y = g.op("Squeeze", g.op("MatMul", rows, column), g.const([-1]))
        return g.op("Add", y, g.weight("bias")) if self.bias else y

    def blame(self, axis: int, rank: int) -> str | None:
        return "out_features" if axis == rank - 1 else None


class MatMul(Op, family=LINEAR):
    """Matrix product, batched and broadcast: [*, M, K], [*, K, N] -> [*, M, N] (torch.matmul)."""

    inputs = ("x", "y")
    examples = [
        "([2, 3], [3, 4]) -> MatMul -> [2, 4]",
        "([B, H, T, 8], [8, 5]) -> MatMul -> [B, H, T, 5]",
        "([4, 1, 2, 3], [5, 3, 2]) -> MatMul -> [4, 5, 2, 2]",
        "([3], [2, 3, 4]) -> MatMul -> [2, 4]",
        "([N, 3], [3]) -> MatMul -> [N]",
        "([3], [3]) -> MatMul -> []",
    ]

    def shape(self, x: TensorType, y: TensorType, say: Say) -> TensorType | None:
        if not (say.rank_at_least(x, 1, at=0) and say.rank_at_least(y, 1, at=1)) or not self._same_type(say, x, y):
            return None
        a, b = x.shape[-1], y.shape[-2] if y.rank > 1 else y.shape[0]
        what = f"{say.type(x)} @ {say.type(y)}: the last dim of the first meets dim {max(y.rank - 2, 0)} of the second"
        if not say.same(a, b, what, at=1):
            return None
        batch = together(say, _batch(x), _batch(y), "multiplied in batches")
        if batch is None:
            return None
        return TensorType(x.dtype, (*batch, *x.shape[-2:-1], *(y.shape[-1:] if y.rank > 1 else ())))

    def _same_type(self, say: Say, x: TensorType, y: TensorType) -> bool:
        if x.dtype == y.dtype and x.dtype != "bool":
            return True
        help = f"convert one of them: `Cast({x.dtype if is_floating(x.dtype) else y.dtype})`"
        say.error(
            f"MatMul takes two inputs of one numeric type: {x.dtype} and {y.dtype}",
            code="dtype-mismatch",
            help=help,
        )
        return False

    def saves(self, x: TensorType, other: TensorType, /, *, y: TensorType, use: Use) -> Saved:
        """Each factor for the gradient of the other; a batch that is broadcast, or no rows of memory, is copied."""
        copied = [at for at in factors(use).inputs if self._copied(at, (x, other), y, use)]
        made = [TensorType(x.dtype, (*y.shape[: max(y.rank - 2, 0)], *t.shape[-2:])) for t in (x, other)]
        shown = [x if other.rank <= 2 else made[0], other if x.rank <= 2 else made[1]]
        kept = tuple(at for at in factors(use).inputs if at not in copied)
        return Saved(kept, made=tuple(shown[at] for at in copied))

    def _copied(self, at: int, both: tuple[TensorType, TensorType], y: TensorType, use: Use) -> bool:
        mine, theirs = both[at], both[1 - at]
        if mine.rank <= 2:
            return False
        batch = range(mine.rank - 2)
        if theirs.rank <= 2:  # one product of all rows
            return at == 1 or not use.merges(at, *range(mine.rank - 1))
        whole = y.shape[: y.rank - 2]
        if len(whole) > 1 and mine.shape[:-2] != whole and any(s != 1 for s in mine.shape[:-2]):
            return True
        return not use.merges(at, *batch)

    def macs(self, x: TensorType, other: TensorType, /, *, y: TensorType) -> Size:
        return product(y.shape) * x.shape[-1]

    def flops(self, x: TensorType, other: TensorType, /, *, y: TensorType) -> Size:
        return self.macs(x, other, y=y) * 2

    def torch(self, t: TorchWriter, x: Operand, y: Operand) -> Text:
        return t.binary("@", x, y)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, y: OnnxValue) -> Any:
        return g.op("MatMul", x, y)


def _batch(x: TensorType) -> TensorType:
    """What stands before the matrix."""
    return TensorType(x.dtype, x.shape[:-2])


class Identity(Op, family=LINEAR):
    """Pass the input on, unchanged: [*] -> [*] (torch.nn.Identity)."""

    pointwise = True
    kept = NOTHING
    examples = ["[2, 3] -> Identity -> [2, 3]", "int[N] -> Identity -> int[N]", "[] -> Identity -> []"]

    def shape(self, x: TensorType, say: Say) -> TensorType:
        return x

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.Identity")

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        return x

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return x
