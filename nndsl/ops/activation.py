"""Activations that work on each element by itself.

Costs count each comparison, product, sum and each function evaluated (exp, tanh, erf …) as one operation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import INPUT, OUTPUT, Saved, Use
from nndsl.ops.families import ACTIVATION
from nndsl.ops.initializers import Initializer
from nndsl.ops.kinds import told
from nndsl.ops.schema import Op, Weight, param, same_along
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Activation(Op, family=ACTIVATION, abstract=True):
    """`function` is what `forward` calls; `cost` counts operations per element."""

    function: ClassVar[str]
    cost: ClassVar[int] = 1
    like_input = True
    kept = INPUT

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.floating(x) else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y, self.cost)

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """What is not at its default; the first parameter stands alone, as one writes `nn.LeakyReLU(0.2)`."""
        given = self.given(*self.params)
        first = next(iter(self.params), None)
        return ([given.pop(first)] if first in given else []), given

    def module(self, t: TorchWriter, x: Operand) -> Text:
        args, given = self.arguments()
        return t.new(f"nn.{self.name}", *args, **given)

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        args, given = self.arguments()
        return t.call(self.function, x, *args, **given)

    def detail(self) -> str:
        args, given = self.arguments()
        return told([*args, *given.values()])


class ReLU(Activation):
    """max(x, 0): [*] -> [*] (torch.nn.ReLU)."""

    function = "F.relu"
    kept = OUTPUT
    examples = ["[2, 3] -> ReLU -> [2, 3]", "[N, 4, H, W] -> ReLU -> [N, 4, H, W]", "[] -> ReLU -> []"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Relu", x)


class LeakyReLU(Activation):
    """x, and negative_slope * x below 0: [*] -> [*] (torch.nn.LeakyReLU)."""

    negative_slope: float = param(0.01, doc="slope below 0")

    function = "F.leaky_relu"
    cost = 2
    examples = [
        "[2, 3] -> LeakyReLU -> [2, 3]",
        "[N, T] -> LeakyReLU(0.2) -> [N, T]",
        "[4] -> LeakyReLU(negative_slope=-0.5) -> [4]",
    ]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("LeakyRelu", x, alpha=self.negative_slope)


class PReLU(Activation):
    """x, and a learned slope times x below 0: [N, C, *] -> [N, C, *] (torch.nn.PReLU)."""

    num_parameters: int = param(1, doc="1, or the number of channels (axis 1)", min=1)
    init: Initializer | None = param(None, doc="first values of the slopes; 0.25 when not given")

    source = "He et al. 2015, Delving Deep into Rectifiers"
    cost = 2
    examples = [
        "[2, 3] -> PReLU -> [2, 3]",
        "[N, 4, H, W] -> PReLU(4) -> [N, 4, H, W]",
        "[5] -> PReLU(1, 0.1) -> [5]",
        "[N, 6] -> PReLU(6, init=uniform(0, 0.5)) -> [N, 6]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.floating(x):
            return None
        if self.num_parameters > 1:
            if not say.rank_at_least(x, 2, layout="[N, C, *]"):
                return None
            if not say.same(self.num_parameters, x.shape[1], "num_parameters is 1 or the number of channels", axis=1):
                return None
        return x

    def weights(self, x: TensorType) -> list[Weight]:
        return [Weight("weight", (self.num_parameters,), dtype=x.dtype, init=self.init)]

    def module(self, t: TorchWriter, x: Operand) -> Text:
        args = [self.num_parameters] if self.num_parameters > 1 else []
        return t.new("nn.PReLU", *args, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        return t.call(t.me(), x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if x.rank == 0:
            return g.op("PRelu", x, g.packed("weight", lambda w: w("weight").reshape(()), ()))
        if self.num_parameters == 1:
            return g.op("PRelu", x, g.weight("weight"))
        column = (self.num_parameters, *[1] * (x.rank - 2))
        return g.op("PRelu", x, g.packed("weight", lambda w: w("weight").reshape(column), column))

    def detail(self) -> str:
        return str(self.num_parameters) if self.num_parameters > 1 else ""


class RReLU(Activation):
    """x, and a slope drawn between lower and upper below 0: [*] -> [*] (torch.nn.RReLU).

    At inference the slope is their mean."""

    lower: float = param(1 / 8, doc="smallest slope")
    upper: float = param(1 / 3, doc="largest slope")

    cost = 2
    examples = [
        "[2, 3] -> RReLU -> [2, 3]",
        "[N, T] -> RReLU(0.1, 0.5) -> [N, T]",
        "[4] -> RReLU(upper=0.125) -> [4]",
    ]

    def check(self, say: Say) -> bool:
        if self.lower <= self.upper:
            return True
        say.error(f"slopes are drawn from lower to upper, and {self.lower} is greater than {self.upper}", at="lower")
        return False

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The slopes, too."""
        return Saved((0,), made=(x,))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        return t.call(t.me(), x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("LeakyRelu", x, alpha=(self.lower + self.upper) / 2)


class ReLU6(Activation):
    """x between 0 and 6: [*] -> [*] (torch.nn.ReLU6)."""

    function = "F.relu6"
    cost = 2
    examples = ["[2, 3] -> ReLU6 -> [2, 3]", "[N, T] -> ReLU6 -> [N, T]", "[5] -> ReLU6 -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Clip", x, g.const(0.0, x.dtype), g.const(6.0, x.dtype))


class ELU(Activation):
    """x, and alpha * (exp(x) - 1) below 0: [*] -> [*] (torch.nn.ELU)."""

    alpha: float = param(1.0, doc="how far it goes below 0")

    function = "F.elu"
    cost = 4
    examples = ["[2, 3] -> ELU -> [2, 3]", "[N, T] -> ELU(0.5) -> [N, T]", "[5] -> ELU(alpha=2) -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Elu", x, alpha=self.alpha)


class SELU(Activation):
    """ELU scaled so that mean 0 and variance 1 stay: [*] -> [*] (torch.nn.SELU)."""

    source = "Klambauer et al. 2017, Self-Normalizing Neural Networks"
    function = "F.selu"
    cost = 5
    examples = ["[2, 3] -> SELU -> [2, 3]", "[N, T] -> SELU -> [N, T]", "[5] -> SELU -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Selu", x)


class CELU(Activation):
    """max(x, 0) + min(0, alpha * (exp(x / alpha) - 1)): [*] -> [*] (torch.nn.CELU)."""

    alpha: float = param(1.0, doc="how far it goes below 0, and how slowly")

    function = "F.celu"
    cost = 6
    examples = ["[2, 3] -> CELU -> [2, 3]", "[N, T] -> CELU(0.5) -> [N, T]", "[5] -> CELU(alpha=2) -> [5]"]

    def check(self, say: Say) -> bool:
        if self.alpha:
            return True
        say.error("CELU divides by alpha: it cannot be 0", at="alpha")
        return False

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """Celu is for float32 alone, and for alpha > 0; with Elu: alpha * elu(x / alpha) below 0, x above."""
        if self.alpha > 0 and x.dtype in ("float", "float32"):
            return g.op("Celu", x, alpha=self.alpha)
        alpha = g.const(self.alpha, x.dtype)
        zero = g.const(0.0, x.dtype)
        exp = g.op("Sub", g.op("Exp", g.op("Div", x, alpha)), g.const(1.0, x.dtype))
        low = g.op("Min", zero, g.op("Mul", alpha, exp))
        return g.op("Add", g.op("Max", x, zero), low)


class GELU(Activation):
    """x times the normal distribution's share below x: [*] -> [*] (torch.nn.GELU)."""

    approximate: str = param("none", doc="exact, or by tanh", choices=("none", "tanh"))

    source = "Hendrycks and Gimpel 2016, Gaussian Error Linear Units"
    function = "F.gelu"
    cost = 5
    examples = [
        "[2, 3] -> GELU -> [2, 3]",
        '[N, T, D] -> GELU(approximate="tanh") -> [N, T, D]',
        '[5] -> GELU("none") -> [5]',
    ]

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        return [], self.given("approximate")

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y, 9 if self.approximate == "tanh" else 5)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if g.opset >= 20:
            return g.op("Gelu", x, approximate="tanh" if self.approximate == "tanh" else None)
        half, one = g.const(0.5, x.dtype), g.const(1.0, x.dtype)
        if self.approximate == "none":
            share = g.op("Add", g.op("Erf", g.op("Div", x, g.const(math.sqrt(2), x.dtype))), one)
            return g.op("Mul", g.op("Mul", x, share), half)
        cube = g.op("Mul", g.op("Mul", g.op("Mul", x, x), x), g.const(0.044715, x.dtype))
        inner = g.op("Mul", g.op("Add", x, cube), g.const(math.sqrt(2 / math.pi), x.dtype))
        return g.op("Mul", g.op("Mul", x, g.op("Add", g.op("Tanh", inner), one)), half)


class Sigmoid(Activation):
    """1 / (1 + exp(-x)): [*] -> [*] (torch.nn.Sigmoid)."""

    function = "torch.sigmoid"
    kept = OUTPUT
    examples = ["[2, 3] -> Sigmoid -> [2, 3]", "[N, T] -> Sigmoid -> [N, T]", "[5] -> Sigmoid -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Sigmoid", x)


class Tanh(Activation):
    """The hyperbolic tangent: [*] -> [*] (torch.nn.Tanh)."""

    function = "torch.tanh"
    kept = OUTPUT
    examples = ["[2, 3] -> Tanh -> [2, 3]", "[N, T] -> Tanh -> [N, T]", "[5] -> Tanh -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Tanh", x)


class SiLU(Activation):
    """x * sigmoid(x), also called Swish: [*] -> [*] (torch.nn.SiLU)."""

    function = "F.silu"
    cost = 2
    examples = ["[2, 3] -> SiLU -> [2, 3]", "[N, T] -> SiLU -> [N, T]", "[5] -> SiLU -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Swish", x) if g.opset >= 24 else g.op("Mul", x, g.op("Sigmoid", x))


class Mish(Activation):
    """x * tanh(softplus(x)): [*] -> [*] (torch.nn.Mish)."""

    source = "Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function"
    function = "F.mish"
    cost = 4
    examples = ["[2, 3] -> Mish -> [2, 3]", "[N, T] -> Mish -> [N, T]", "[5] -> Mish -> [5]"]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Mish", x) if g.opset >= 18 else g.op("Mul", x, g.op("Tanh", g.op("Softplus", x)))
