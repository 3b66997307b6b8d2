"""Linear layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.schema import LINEAR, Inferred, Op, Weight, param, same_along
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType, product

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


class Identity(Op, family=LINEAR):
    """Pass the input on, unchanged: [*] -> [*] (torch.nn.Identity)."""

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
