"""Random numbers, in training and at inference alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import NOTHING
from nndsl.ops.families import TENSOR
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


def _drawn_as(g: OnnxBuilder, x: OnnxValue) -> str:
    """onnxruntime draws in single and double precision only."""
    exact = g.elem_type(x.dtype) in (g.elem_type("float32"), g.elem_type("float64"))
    return x.dtype if exact else "float32"


def _started(seed: int | None) -> float | None:
    return None if seed is None else float(seed)


class _Like(Op, family=TENSOR, abstract=True):
    """Independent numbers of one distribution. The input gives shape and type, and gets no gradient."""

    random = True
    detached = True
    kept = NOTHING
    pointwise = True
    like_input = True

    seed: int | None

    function: ClassVar[str]

    def scale(self) -> float:
        """What a drawn number is multiplied by: each distribution gives its own."""
        raise NotImplementedError(self.name)

    def offset(self) -> float:
        """What is added to it: each distribution gives its own."""
        raise NotImplementedError(self.name)

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.floating(x) else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """The generator's own arithmetic counts as one."""
        return same_along(y, 1 + (self.scale() != 1) + (self.offset() != 0))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        drawn = t.call(f"torch.{self.function}", x)
        scaled = drawn if self.scale() == 1 else t.binary("*", self.scale(), drawn)
        return scaled if self.offset() == 0 else t.binary("+", self.offset(), scaled)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        drawn_as = _drawn_as(g, x)
        y = g.op(self.name, x, dtype=g.elem_type(drawn_as), seed=_started(self.seed))
        y = y if drawn_as == x.dtype else g.cast(y, x.dtype)
        y = y if self.scale() == 1 else g.op("Mul", y, g.const(self.scale(), x.dtype))
        return y if self.offset() == 0 else g.op("Add", y, g.const(self.offset(), x.dtype))


class RandomNormalLike(_Like):
    """Normally distributed random numbers, drawn anew in each run: [*] -> [*] (torch.randn_like)."""

    function = "randn_like"

    mean: float = param(0.0, doc="mean of the distribution")
    std: float = param(1.0, doc="its standard deviation", min=0)
    seed: int | None = param(
        None, doc="where the generator of an ONNX file starts; PyTorch's is torch.manual_seed", keyword=True
    )

    examples = [
        "[2, 3] -> RandomNormalLike -> [2, 3]",
        "[N, T, 8] -> RandomNormalLike(std=0.5) -> [N, T, 8]",
        "[N, 4] -> RandomNormalLike(1.0, 2.0, seed=3) -> [N, 4]",
    ]

    def scale(self) -> float:
        return self.std

    def offset(self) -> float:
        return self.mean

    def detail(self) -> str:
        return f"{self.mean:g} ± {self.std:g}"


class RandomUniformLike(_Like):
    """Random numbers between two bounds, all equally likely, drawn anew in each run: [*] -> [*] (torch.rand_like)."""

    function = "rand_like"

    low: float = param(0.0, doc="the lower bound")
    high: float = param(1.0, doc="the upper bound")
    seed: int | None = param(
        None, doc="where the generator of an ONNX file starts; PyTorch's is torch.manual_seed", keyword=True
    )

    examples = [
        "[2, 3] -> RandomUniformLike -> [2, 3]",
        "[N, T, 8] -> RandomUniformLike(-1, 1) -> [N, T, 8]",
        "[N, 4] -> RandomUniformLike(high=2, seed=3) -> [N, 4]",
    ]

    def check(self, say: Say) -> bool:
        if self.low < self.high:
            return True
        say.error(f"the lower bound is below the upper one: {self.low:g} and {self.high:g}", at="low")
        return False

    def scale(self) -> float:
        return self.high - self.low

    def offset(self) -> float:
        return self.low

    def detail(self) -> str:
        return f"{self.low:g} to {self.high:g}"


class Bernoulli(Op, family=TENSOR):
    """1 with the probability that the input says, else 0, drawn anew in each run: [*] -> [*] (torch.bernoulli)."""

    random = True
    kept = NOTHING  # its gradient is 0 everywhere
    pointwise = True
    like_input = True

    seed: int | None = param(
        None, doc="where the generator of an ONNX file starts; PyTorch's is torch.manual_seed", keyword=True
    )

    examples = [
        "[2, 3] -> Bernoulli -> [2, 3]",
        "[N, T, 8] -> Bernoulli -> [N, T, 8]",
        "[N, 4] -> Bernoulli(seed=3) -> [N, 4]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.floating(x) else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """A number is drawn and compared."""
        return same_along(y, 2)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("torch.bernoulli", x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """Not ONNX's own Bernoulli, with which onnxruntime draws 1 where 0 is meant."""
        drawn_as = _drawn_as(g, x)
        drawn = g.op("RandomUniformLike", x, dtype=g.elem_type(drawn_as), seed=_started(self.seed))
        given = x if drawn_as == x.dtype else g.cast(x, drawn_as)
        return g.cast(g.op("Less", drawn, given), x.dtype)
