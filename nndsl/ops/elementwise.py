"""Functions of one tensor, element by element, under PyTorch's names: `Exp`, `Sqrt`, `Clamp`, `Pow` …"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import INPUT, NOTHING, OUTPUT
from nndsl.ops.families import ARITHMETIC
from nndsl.ops.kinds import Scalar
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Size, TensorType, is_floating

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

_EXAMPLES = ["[2, 3] -> {} -> [2, 3]", "[N, T, 4] -> {} -> [N, T, 4]", "[] -> {} -> []"]


class Function(Op, family=ARITHMETIC, abstract=True):
    """`torch.<function>`; whole numbers become floating-point ones where `floats`."""

    function: ClassVar[str]
    node: ClassVar[str]
    floats: ClassVar[bool] = True
    like_input = True
    kept = INPUT

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.examples and "name" in cls.__dict__:
            cls.examples = [e.format(cls.name) for e in _EXAMPLES]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.floating(x, help="convert with `Cast(float)`") else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call(f"torch.{self.function}", x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op(self.node, x)


class Whole(Function, abstract=True):
    """Functions that whole numbers have too."""

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if x.dtype != "bool":
            return x
        say.error(
            f"{self.name} takes numbers, and this is bool",
            code="dtype-mismatch",
            at=0,
            help="convert with `Cast(float)`",
        )
        return None


class Abs(Whole):
    """Absolute value: [*] -> [*] (torch.abs)."""

    function, node = "abs", "Abs"


class Sign(Whole):
    """-1, 0 or 1: [*] -> [*] (torch.sign)."""

    function, node = "sign", "Sign"
    kept = NOTHING


class Square(Whole):
    """x ** 2: [*] -> [*] (torch.square)."""

    function = "square"

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Mul", x, x)


class Exp(Function):
    """e to the power of x: [*] -> [*] (torch.exp)."""

    function, node = "exp", "Exp"
    kept = OUTPUT


class Expm1(Function):
    """exp(x) - 1: [*] -> [*] (torch.expm1)."""

    function = "expm1"
    kept = OUTPUT

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Sub", g.op("Exp", x), g.const(1.0, x.dtype))


class Log(Function):
    """Natural logarithm: [*] -> [*] (torch.log)."""

    function, node = "log", "Log"


class Log1p(Function):
    """log(1 + x): [*] -> [*] (torch.log1p)."""

    function = "log1p"

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Log", g.op("Add", x, g.const(1.0, x.dtype)))


class Log2(Function):
    """Logarithm to base 2: [*] -> [*] (torch.log2)."""

    function = "log2"

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Mul", g.op("Log", x), g.const(1.4426950408889634, x.dtype))


class Log10(Function):
    """Logarithm to base 10: [*] -> [*] (torch.log10)."""

    function = "log10"

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Mul", g.op("Log", x), g.const(0.4342944819032518, x.dtype))


class Sqrt(Function):
    """Square root: [*] -> [*] (torch.sqrt)."""

    function, node = "sqrt", "Sqrt"
    kept = OUTPUT


class Rsqrt(Function):
    """1 / sqrt(x): [*] -> [*] (torch.rsqrt)."""

    function = "rsqrt"
    kept = OUTPUT

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Reciprocal", g.op("Sqrt", x))


class Reciprocal(Function):
    """1 / x: [*] -> [*] (torch.reciprocal)."""

    function, node = "reciprocal", "Reciprocal"
    kept = OUTPUT


class Sin(Function):
    """Sine: [*] -> [*] (torch.sin)."""

    function, node = "sin", "Sin"


class Cos(Function):
    """Cosine: [*] -> [*] (torch.cos)."""

    function, node = "cos", "Cos"


class Tan(Function):
    """Tangent: [*] -> [*] (torch.tan)."""

    function, node = "tan", "Tan"
    kept = OUTPUT


class Asin(Function):
    """Inverse sine: [*] -> [*] (torch.asin)."""

    function, node = "asin", "Asin"


class Acos(Function):
    """Inverse cosine: [*] -> [*] (torch.acos)."""

    function, node = "acos", "Acos"


class Atan(Function):
    """Inverse tangent: [*] -> [*] (torch.atan)."""

    function, node = "atan", "Atan"


class Sinh(Function):
    """Hyperbolic sine: [*] -> [*] (torch.sinh)."""

    function, node = "sinh", "Sinh"


class Cosh(Function):
    """Hyperbolic cosine: [*] -> [*] (torch.cosh)."""

    function, node = "cosh", "Cosh"


class Erf(Function):
    """Error function: [*] -> [*] (torch.erf)."""

    function, node = "erf", "Erf"


class Rounding(Whole, abstract=True):
    """Whole numbers stay as they are."""

    kept = NOTHING

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op(self.node, x) if is_floating(x.dtype) else x


class Floor(Rounding):
    """The next whole number below: [*] -> [*] (torch.floor)."""

    function, node = "floor", "Floor"


class Ceil(Rounding):
    """The next whole number above: [*] -> [*] (torch.ceil)."""

    function, node = "ceil", "Ceil"


class Round(Rounding):
    """The nearest whole number, halves to the even one: [*] -> [*] (torch.round)."""

    function, node = "round", "Round"


class Clamp(Whole):
    """Keep within bounds: [*] -> [*] (torch.clamp)."""

    min: Scalar | None = param(None, doc="lower bound")
    max: Scalar | None = param(None, doc="upper bound")

    examples = [
        "[2, 3] -> Clamp(-0.5, 0.5) -> [2, 3]",
        "[N] -> Clamp(min=0) -> [N]",
        "int[N, 2] -> Clamp(max=1) -> int[N, 2]",
    ]

    def check(self, say: Say) -> bool:
        if self.min is not None or self.max is not None:
            return True
        say.error("Clamp needs min, max or both")
        return False

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        given = {"min": self.min, "max": self.max}
        fits = all(say.holds(x.dtype, bound, at=name) for name, bound in given.items() if bound is not None)
        return super().shape(x, say) if fits else None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "clamp", **self.given("min", "max"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        bounds = [None if v is None else g.const(v, x.dtype) for v in (self.min, self.max)]
        return g.op("Clip", x, *bounds)

    def detail(self) -> str:
        return f"{'' if self.min is None else self.min} … {'' if self.max is None else self.max}"


class Pow(Whole):
    """x to a power: [*] -> [*] (torch.pow)."""

    exponent: Scalar = param(doc="the power")

    examples = [
        "[2, 3] -> Pow(2) -> [2, 3]",
        "[N] -> Pow(3.0) -> [N]",
        "int[N] -> Pow(3) -> int[N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not is_floating(x.dtype) and (isinstance(self.exponent, float) or self.exponent < 0):
            say.error(
                f"whole numbers have no powers of {self.exponent}",
                at="exponent",
                help="convert with `Cast(float)`",
            )
            return None
        return super().shape(x, say)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.binary("**", x, self.exponent)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Pow", x, g.const(self.exponent, x.dtype))
