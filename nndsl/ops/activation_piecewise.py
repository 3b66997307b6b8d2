"""Activations made of pieces (hard and soft thresholds), and the smooth ones around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.activation import Activation
from nndsl.ops.costing import Saved, Use
from nndsl.ops.schema import param
from nndsl.shapes import TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, TorchWriter
    from nndsl.ops.say import Say


class Hardtanh(Activation):
    """x between min_val and max_val: [*] -> [*] (torch.nn.Hardtanh)."""

    min_val: float = param(-1.0, doc="least value")
    max_val: float = param(1.0, doc="greatest value")

    function = "F.hardtanh"
    cost = 2
    examples = [
        "[2, 3] -> Hardtanh -> [2, 3]",
        "[N, T] -> Hardtanh(-2, 0.5) -> [N, T]",
        "[5] -> Hardtanh(max_val=0) -> [5]",
    ]

    def check(self, say: Say) -> bool:
        if self.min_val < self.max_val:
            return True
        say.error(f"min_val {self.min_val} has to be less than max_val {self.max_val}", at="min_val")
        return False

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        return [], self.given("min_val", "max_val")

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Clip", x, g.const(self.min_val, x.dtype), g.const(self.max_val, x.dtype))


class Hardsigmoid(Activation):
    """(x + 3) / 6 between 0 and 1: [*] -> [*] (torch.nn.Hardsigmoid)."""

    function = "F.hardsigmoid"
    cost = 4
    examples = [
        "[2, 3] -> Hardsigmoid -> [2, 3]",
        "[N, T] -> Hardsigmoid -> [N, T]",
        "[9] -> Hardsigmoid -> [9]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("HardSigmoid", x, alpha=1 / 6, beta=0.5)


class Hardswish(Activation):
    """x * hardsigmoid(x): [*] -> [*] (torch.nn.Hardswish)."""

    source = "Howard et al. 2019, Searching for MobileNetV3"
    function = "F.hardswish"
    cost = 5
    examples = ["[2, 3] -> Hardswish -> [2, 3]", "[N, T] -> Hardswish -> [N, T]", "[9] -> Hardswish -> [9]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("HardSwish", x)


class Softplus(Activation):
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x is large: [*] -> [*] (torch.nn.Softplus)."""

    beta: float = param(1.0, doc="how sharp the bend is")
    threshold: float = param(20.0, doc="above it, beta * x is taken as it is")

    function = "F.softplus"
    cost = 2
    examples = [
        "[2, 3] -> Softplus -> [2, 3]",
        "[N, T] -> Softplus(2) -> [N, T]",
        "[9] -> Softplus(beta=0.5, threshold=0.75) -> [9]",
    ]

    def check(self, say: Say) -> bool:
        if self.beta:
            return True
        say.error("Softplus divides by beta: it cannot be 0", at="beta")
        return False

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if self.beta == 1.0:
            y = scaled = x
        else:
            y = scaled = g.op("Mul", x, g.const(self.beta, x.dtype))
        y = g.op("Softplus", y)
        y = y if self.beta == 1.0 else g.op("Div", y, g.const(self.beta, x.dtype))
        if self.threshold >= 20:  # there the difference is below 2.1e-9
            return y
        return g.op("Where", g.op("Greater", scaled, g.const(self.threshold, x.dtype)), x, y)


class Softsign(Activation):
    """x / (1 + |x|): [*] -> [*] (torch.nn.Softsign)."""

    function = "F.softsign"
    cost = 3

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """1 + |x|, too."""
        return Saved((0,), made=(x,))

    examples = ["[2, 3] -> Softsign -> [2, 3]", "[N, T] -> Softsign -> [N, T]", "[9] -> Softsign -> [9]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Softsign", x)


class Softshrink(Activation):
    """Move x towards 0 by lambd, and to 0 what is nearer: [*] -> [*] (torch.nn.Softshrink)."""

    lambd: float = param(0.5, doc="by how much", min=0)

    function = "F.softshrink"
    cost = 3
    examples = [
        "[2, 3] -> Softshrink -> [2, 3]",
        "[N, T] -> Softshrink(1) -> [N, T]",
        "[9] -> Softshrink(lambd=0) -> [9]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Shrink", x, lambd=self.lambd, bias=self.lambd)


class Hardshrink(Activation):
    """0 where |x| is at most lambd, x elsewhere: [*] -> [*] (torch.nn.Hardshrink)."""

    lambd: float = param(0.5, doc="up to where it is 0")

    function = "F.hardshrink"
    cost = 2
    examples = [
        "[2, 3] -> Hardshrink -> [2, 3]",
        "[N, T] -> Hardshrink(1) -> [N, T]",
        "[9] -> Hardshrink(lambd=2) -> [9]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Shrink", x, lambd=self.lambd, bias=0.0)


class LogSigmoid(Activation):
    """log(sigmoid(x)): [*] -> [*] (torch.nn.LogSigmoid)."""

    function = "F.logsigmoid"
    cost = 2

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """On a CPU, exp(-|x|) too."""
        return Saved((0,), made=() if use.cuda else (x,))

    examples = [
        "[2, 3] -> LogSigmoid -> [2, 3]",
        "[N, T] -> LogSigmoid -> [N, T]",
        "[9] -> LogSigmoid -> [9]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Neg", g.op("Softplus", g.op("Neg", x)))


class Tanhshrink(Activation):
    """x - tanh(x): [*] -> [*] (torch.nn.Tanhshrink)."""

    function = "F.tanhshrink"
    cost = 2

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Of x - tanh(x) the second."""
        return Saved(made=(x,))

    examples = [
        "[2, 3] -> Tanhshrink -> [2, 3]",
        "[N, T] -> Tanhshrink -> [N, T]",
        "[9] -> Tanhshrink -> [9]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Sub", x, g.op("Tanh", x))


class Threshold(Activation):
    """x where it is above threshold, value elsewhere: [*] -> [*] (torch.nn.Threshold)."""

    threshold: float = param(doc="from where on x stays")
    value: float = param(doc="what stands elsewhere")

    function = "F.threshold"
    examples = [
        "[2, 3] -> Threshold(0.5, 0) -> [2, 3]",
        "[N, T] -> Threshold(-1, 20) -> [N, T]",
        "[9] -> Threshold(threshold=0, value=-0.5) -> [9]",
    ]

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        return [self.threshold, self.value], {}

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        return t.call(self.function, x, self.threshold, self.value)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        below = g.op("LessOrEqual", x, g.const(self.threshold, x.dtype))
        return g.op("Where", below, g.const(self.value, x.dtype), x)
