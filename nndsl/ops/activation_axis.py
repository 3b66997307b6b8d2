"""Activations along an axis: softmax and its kin, gated units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.activation import Activation
from nndsl.ops.costing import OUTPUT
from nndsl.ops.schema import param
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue
    from nndsl.ops.say import Say


class _AlongAxis(Activation, abstract=True):
    dim: int = param(-1, doc="the axis")

    def sees(self, x: TensorType, y: TensorType) -> tuple[tuple[int, int], ...] | None:
        """Along channels each place is by itself."""
        return () if x.rank > 2 and self.dim in (1, 1 - x.rank) else None

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.floating(x) or not say.rank_at_least(x, 1):
            return None
        return None if say.axis(self.dim, x.rank) is None else x

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """PyTorch wants the axis said."""
        return [], {"dim": self.dim}

    def detail(self) -> str:
        return f"dim {self.dim}" if self.dim != -1 else ""


class Softmax(_AlongAxis):
    """exp(x) divided by its sum along an axis: [*] -> [*] (torch.nn.Softmax)."""

    function = "F.softmax"
    kept = OUTPUT
    cost = 5
    examples = [
        "[2, 3] -> Softmax -> [2, 3]",
        "[N, C, H, W] -> Softmax(1) -> [N, C, H, W]",
        "[N, T] -> Softmax(dim=-2) -> [N, T]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Softmax", x, axis=self.dim)


class LogSoftmax(_AlongAxis):
    """log(softmax(x)), without its rounding: [*] -> [*] (torch.nn.LogSoftmax)."""

    function = "F.log_softmax"
    kept = OUTPUT
    cost = 5
    examples = [
        "[2, 3] -> LogSoftmax -> [2, 3]",
        "[N, C, H, W] -> LogSoftmax(1) -> [N, C, H, W]",
        "[7] -> LogSoftmax(dim=0) -> [7]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("LogSoftmax", x, axis=self.dim)


class Softmin(_AlongAxis):
    """softmax(-x): [*] -> [*] (torch.nn.Softmin)."""

    function = "F.softmin"
    kept = OUTPUT
    cost = 6
    examples = [
        "[2, 3] -> Softmin -> [2, 3]",
        "[N, C, H, W] -> Softmin(1) -> [N, C, H, W]",
        "[7] -> Softmin(dim=0) -> [7]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Softmax", g.op("Neg", x), axis=self.dim)


class Softmax2d(Activation):
    """Softmax over the channels at each place: [N, C, H, W] -> the same (torch.nn.Softmax2d)."""

    function = "F.softmax"
    kept = OUTPUT
    cost = 5
    examples = [
        "[2, 3, 4, 4] -> Softmax2d -> [2, 3, 4, 4]",
        "[N, C, H, W] -> Softmax2d -> [N, C, H, W]",
        "[3, 4, 5] -> Softmax2d -> [3, 4, 5]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.rank(x, 3, 4, layout="[N, C, H, W] (or the same without N)") and say.floating(x) else None

    def torch(self, t: Any, x: Any) -> Any:
        return t.call(self.function, x, dim=-3)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Softmax", x, axis=-3)


class GLU(_AlongAxis):
    """One half times the sigmoid of the other: [*, 2 D] -> [*, D] (torch.nn.GLU)."""

    source = "Dauphin et al. 2016, Language Modeling with Gated Convolutional Networks"
    function = "F.glu"
    cost = 2
    examples = [
        "[2, 6] -> GLU -> [2, 3]",
        "[N, 4, H, W] -> GLU(1) -> [N, 2, H, W]",
        "[N, 8, T] -> GLU(dim=-2) -> [N, 4, T]",
    ]

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        return [], self.given("dim")

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if super().shape(x, say) is None:
            return None
        axis = self.dim % x.rank
        half: Size = x.shape[axis] // 2
        if not say.same(x.shape[axis], half * 2, f"GLU halves dim {axis}, which has to be even", axis=axis):
            return None
        return TensorType(x.dtype, (*x.shape[:axis], half, *x.shape[axis + 1 :]))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        a, b = g.op("Split", x, outputs=2, axis=self.dim, num_outputs=2 if g.opset >= 18 else None)
        return g.op("Mul", a, g.op("Sigmoid", b))

    def blame(self, axis: int, rank: int) -> str | None:
        return "dim" if axis == self.dim % rank else None
