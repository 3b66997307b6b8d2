"""Arithmetic between tensors: what `+ - * / // % ** @` and unary `-` mean, `Maximum`, `Minimum`, `Pow`, `MatMul`.

`together` holds the rule that all of them and the comparisons share: broadcasting and PyTorch's type promotion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import BOTH, INPUT, NOTHING, Saved, Use
from nndsl.ops.domain import Domain
from nndsl.ops.families import ARITHMETIC
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Dim, Size, TensorType, broadcast, is_floating, is_integral, promote

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


def rank_of_kind(dtype: str) -> int:
    """bool < whole numbers < floating: a number never changes more than the kind of what it meets."""
    return 2 if is_floating(dtype) else 1 if is_integral(dtype) else 0


def common_type(x: TensorType, other: Any) -> str:
    """The dtype of `x ∘ other` in PyTorch. A tensor without dims counts as a number of its dtype's default width."""
    if not isinstance(other, TensorType):
        kind, default = (
            (0, "bool") if isinstance(other, bool) else (2, "float") if isinstance(other, float) else (1, "int64")
        )
        return x.dtype if kind <= rank_of_kind(x.dtype) else default
    kinds = rank_of_kind(x.dtype), rank_of_kind(other.dtype)
    if kinds[0] != kinds[1]:
        return x.dtype if kinds[0] > kinds[1] else other.dtype
    if bool(x.rank) != bool(other.rank):
        return x.dtype if x.rank else other.dtype
    return promote(x.dtype, other.dtype)


def together(say: Say, x: TensorType, y: TensorType, done: str, at: Any = None) -> tuple[Size, ...] | None:
    """The broadcast shape of two tensors; `done` completes "these two cannot be …"."""
    found = broadcast(x.shape, y.shape, say.facts)
    if isinstance(found, tuple):
        return found
    rank = max(x.rank, y.rank)
    pairs = [(axis, *_sizes_at(axis, rank, x, y)) for axis in range(rank)]
    message = f"these two cannot be {done}: {say.type(x)} and {say.type(y)}"
    agreed = say.agree([pair for pair in pairs if 1 not in pair[1:]], message, at)
    assert not agreed, "broadcasting found a difference"
    return None


def _sizes_at(axis: int, rank: int, x: TensorType, y: TensorType) -> tuple[Size, Size]:
    """Both sizes along an axis of the result; a missing dim counts as 1."""
    before_x, before_y = rank - x.rank, rank - y.rank
    return (x.shape[axis - before_x] if axis >= before_x else 1), (y.shape[axis - before_y] if axis >= before_y else 1)


def cast_to(g: OnnxBuilder, x: OnnxValue, dtype: str, now: str | None = None) -> OnnxValue:
    """A cast only where one is needed; `now` is the dtype of a derived value."""
    return x if (now or x.dtype) == dtype else g.cast(x, dtype)


def scalar(g: OnnxBuilder, value: Any, dtype: str) -> OnnxValue:
    """A number or a size as an ONNX scalar of this dtype."""
    if isinstance(value, Dim):
        return cast_to(g, g.size(value), dtype, "int64")
    return g.const(value, dtype)


def factors(use: Use) -> Saved:
    """Each of two factors where the other needs a gradient."""
    return Saved(tuple(at for at in (0, 1) if use.needs[1 - at]))


class Binary(Op, family=ARITHMETIC, abstract=True):
    """Two tensors, or a tensor and a number, element by element."""

    inputs = ("x", "y?")
    hidden = True
    like_input = True
    kept = NOTHING
    sign: ClassVar[str]
    written: ClassVar[str] = ""  # in a spec, where that is not the sign in Python
    done: ClassVar[str]

    other: Any = param(None, doc="the number or size on the other side, when only one is a tensor")
    reverse: bool = param(False, doc="the number stands on the left")

    def sides(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Left and right as they stand in the spec."""
        other = self.other if y is None else y
        return (other, x) if self.reverse and y is None else (x, other)

    def result(self, x: TensorType, other: Any) -> str:
        """The dtype in which it is computed."""
        return common_type(x, other)

    def shape(self, x: TensorType, y: TensorType | None, say: Say) -> TensorType | None:
        other = self.other if y is None else y
        if not self.takes(say, x, other):
            return None
        if isinstance(other, (int, float)) and not say.holds(self.result(x, other), other, at="other"):
            return None
        shape = x.shape if y is None else together(say, x, y, self.done)
        return None if shape is None else TensorType(self.gives(x, other), shape)

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        """Are these dtypes fit?"""
        return True

    def gives(self, x: TensorType, other: Any) -> str:
        return self.result(x, other)

    def of_right(self, y: TensorType | None, domain: Domain) -> dict[int, Domain]:
        """For divisors and exponents, where they are a tensor."""
        return {1: domain} if y is not None else {0: domain} if self.reverse else {}

    def flops(self, x: TensorType, other: TensorType | None, /, *, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand, y: Operand | None) -> Text:
        return t.binary(self.sign, *self.sides(x, y))

    def onnx(self, g: OnnxBuilder, x: OnnxValue, y: OnnxValue | None) -> OnnxValue:
        dtype = self.result(x.type, self.other if y is None else y.type)
        here = cast_to(g, x, dtype)
        there = scalar(g, self.other, dtype) if y is None else cast_to(g, y, dtype)
        left, right = (there, here) if self.reverse and y is None else (here, there)
        return self.nodes(g, left, right, dtype)

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> OnnxValue:
        """Each operator gives its own."""
        raise NotImplementedError(self.name)

    def spell(self) -> str:
        """As in a spec: `x ** 2`, `1 - x`, `x + y`."""
        left, right = self.sides("x", "y" if self.other is None else None)
        return f"{left} {self.written or self.sign} {right}"

    def detail(self) -> str:
        return (
            "" if self.other is None else f"{self.other} {self.sign}" if self.reverse else f"{self.sign} {self.other}"
        )


def _no_booleans(say: Say, x: TensorType, other: Any, done: str) -> bool:
    """PyTorch refuses `-` on bool; `~` and `!=` say what is meant."""
    dtype = other.dtype if isinstance(other, TensorType) else "bool" if isinstance(other, bool) else ""
    if "bool" not in (x.dtype, dtype):
        return True
    say.error(f"true/false values cannot be {done}", code="dtype-mismatch", help="convert them first: `Cast(float)`")
    return False


class Add(Binary):
    """`x + y`, broadcast: [*], [*] -> [*] (torch.add)."""

    sign, done = "+", "added"

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        if dtype == "bool":
            return g.op("Or", a, b)
        return g.op("Add", a, b)


class Subtract(Binary):
    """`x - y`, broadcast: [*], [*] -> [*] (torch.sub)."""

    sign, done = "-", "subtracted"

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        return _no_booleans(say, x, other, self.done)

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op("Sub", a, b)


class Multiply(Binary):
    """`x * y`, broadcast: [*], [*] -> [*] (torch.mul)."""

    sign, done = "*", "multiplied"

    def saves(self, x: TensorType, other: TensorType | None, /, *, y: TensorType, use: Use) -> Saved:
        """Each factor for the gradient of the other."""
        return NOTHING if other is None else factors(use)

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        if dtype == "bool":
            return g.op("And", a, b)
        return g.op("Mul", a, b)


class Divide(Binary):
    """`x / y`, broadcast; whole numbers give floating-point ones: [*], [*] -> [*] (torch.div)."""

    sign, done = "/", "divided"

    def result(self, x: TensorType, other: Any) -> str:
        dtype = super().result(x, other)
        return dtype if is_floating(dtype) else "float"

    def saves(self, x: TensorType, other: TensorType | None, /, *, y: TensorType, use: Use) -> Saved:
        """The divisor, and for its gradient what is divided; a number is divided by multiplying it by 1 / x."""
        if other is None:
            return Saved(made=(x,)) if self.reverse else NOTHING
        return Saved((0, 1) if use.needs[1] else (1,))

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op("Div", a, b)


class Remainder(Binary):
    """`x % y`, with the sign of y as in Python: [*], [*] -> [*] (torch.remainder)."""

    sign, done = "%", "divided"

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        return _no_booleans(say, x, other, self.done)

    def saves(self, x: TensorType, other: TensorType | None, /, *, y: TensorType, use: Use) -> Saved:
        return Saved((0, 1)) if other is not None and use.needs[1] else NOTHING

    def flops(self, x: TensorType, other: TensorType | None, /, *, y: TensorType) -> Size:
        return same_along(y, 3)

    def domains(self, x: TensorType, y: TensorType | None) -> dict[int, Domain]:
        return self.of_right(y, Domain(1))

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        """ONNX's Mod has Python's sign only for whole numbers."""
        if not is_floating(dtype):
            return g.op("Mod", a, b)
        rest, turned = _rest(g, a, b, dtype)
        return g.op("Where", turned, g.op("Add", rest, b), rest)


def _rest(g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> tuple[Any, Any]:
    """What is left of a, with its sign, which unlike a quotient is exact: 1.0 // 0.1 is 9, though 1.0 / 0.1 is 10.
    And where its sign is not that of b."""
    rest = g.op("Mod", a, b, fmod=1)
    return rest, g.op("Less", g.op("Mul", g.op("Sign", rest), b), g.const(0.0, dtype))


class FloorDivide(Binary):
    """`x // y`, rounded down: [*], [*] -> [*] (torch.floor_divide)."""

    sign, done = "//", "divided"

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        return _no_booleans(say, x, other, self.done)

    def flops(self, x: TensorType, other: TensorType | None, /, *, y: TensorType) -> Size:
        return same_along(y, 2)

    def domains(self, x: TensorType, y: TensorType | None) -> dict[int, Domain]:
        return self.of_right(y, Domain(1))

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        """ONNX's Div cuts toward zero, so the remainder goes first."""
        if is_floating(dtype):
            return self._floored(g, a, b, dtype)
        return g.op("Div", g.op("Sub", a, g.op("Mod", a, b)), b)

    def _floored(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        rest, turned = _rest(g, a, b, dtype)
        whole = g.op("Div", g.op("Sub", a, rest), b)
        less = g.op("Where", turned, g.op("Sub", whole, g.const(1.0, dtype)), whole)
        rounded = g.op("Round", less)
        if self.other not in (None, 0) and not self.reverse:
            return rounded
        return g.op("Where", g.op("Equal", b, g.const(0.0, dtype)), g.op("Div", a, b), rounded)  # ±inf and NaN


class Power(Binary):
    """`x ** y`, broadcast: [*], [*] -> [*] (torch.pow)."""

    sign, done = "**", "raised to powers"

    def saves(self, x: TensorType, other: TensorType | None, /, *, y: TensorType, use: Use) -> Saved:
        """For the gradient of an exponent the power, too."""
        if other is None:
            return BOTH if self.reverse else INPUT
        return Saved((0, 1), (0,))

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        if not _no_booleans(say, x, other, self.done):
            return False
        if self.reverse or is_floating(x.dtype) or not isinstance(other, int) or other >= 0:
            return True
        say.error(f"whole numbers have no powers of {other}", help="convert them first: `Cast(float)`")
        return False

    def domains(self, x: TensorType, y: TensorType | None) -> dict[int, Domain]:
        return self.of_right(y, Domain(0, 3))

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op("Pow", a, b)


class Maximum(Binary):
    """The larger of two, element by element: [*], [*] -> [*] (torch.maximum)."""

    inputs = ("x", "y")
    hidden = False
    done = "compared"
    kept = Saved((0, 1))
    examples = [
        "([2, 3], [2, 3]) -> Maximum -> [2, 3]",
        "([N, 1, 4], [T, 4]) -> Maximum -> [N, T, 4]",
        "(int[3], [2, 1]) -> Maximum -> [2, 3]",
    ]

    def torch(self, t: TorchWriter, x: Operand, y: Operand | None) -> Text:
        return t.call("torch.maximum", x, y)

    def spell(self) -> str:
        return self.name

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op("Max", a, b) if dtype != "bool" else g.op("Or", a, b)

    def detail(self) -> str:
        return ""


class Minimum(Maximum):
    """The smaller of two, element by element: [*], [*] -> [*] (torch.minimum)."""

    examples = [
        "([2, 3], [2, 3]) -> Minimum -> [2, 3]",
        "([N, 1, 4], [T, 4]) -> Minimum -> [N, T, 4]",
        "(int[3], [2, 1]) -> Minimum -> [2, 3]",
    ]

    def torch(self, t: TorchWriter, x: Operand, y: Operand | None) -> Text:
        return t.call("torch.minimum", x, y)

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op("Min", a, b) if dtype != "bool" else g.op("And", a, b)


class Negative(Op, family=ARITHMETIC):
    """`-x`: [*] -> [*] (torch.neg)."""

    hidden = True
    shown = "−x"
    like_input = True
    kept = NOTHING

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if _no_booleans(say, x, None, "negated") else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.unary("-", x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Neg", x)
