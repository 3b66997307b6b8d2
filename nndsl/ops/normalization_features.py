"""Normalisation over the last axes, and over neighbouring channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import STATISTICS, Saved, Use
from nndsl.ops.families import NORMALIZATION
from nndsl.ops.initializers import Initializer
from nndsl.ops.normalization import affine_weights
from nndsl.ops.schema import Inferred, Op, Weight, param, same_along
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

# What PyTorch adds when RMSNorm is given no eps: the distance from 1 to the next number of the type.
_EPSILON = {"float64": 2.0**-52, "float16": 2.0**-10, "bfloat16": 2.0**-7}


class _FeatureNorm(Op, family=NORMALIZATION, abstract=True):
    """The last `dims` axes are normalised; their sizes are known where a weight has them."""

    inferred = (Inferred("normalized_shape", count="dims"),)
    dims: int = param(1, doc="how many of the last axes are normalised together", min=1)

    elementwise_affine: bool

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.floating(x):
            return None
        if x.rank < self.dims:
            say.error(
                f"{self.name} over the last {self.dims} axes takes at least {self.dims} dims, "
                f"and this has {x.rank}: {say.type(x)}",
                code="rank-mismatch",
                at=0,
            )
            return None
        for size in x.shape[-self.dims :] if self.elementwise_affine else ():
            if say.known(size, "the sizes of the axes it normalises") is None:
                return None
        return x

    def sizes(self, x: Any) -> list[Size]:
        return list(x.shape[-self.dims :])

    def arguments(self, t: TorchWriter, x: Operand) -> tuple[Any, ...]:
        sizes = self.sizes(x)
        return (sizes[0] if len(sizes) == 1 else sizes,)

    def unit(self, g: OnnxBuilder, x: OnnxValue) -> OnnxValue:
        """A scale of ones, for operators that want one."""
        made: OnnxValue = lowering.filled(g, 1.0, self.sizes(x), x.dtype)
        return made

    def detail(self) -> str:
        return f"last {self.dims}" if self.dims > 1 else ""


class LayerNorm(_FeatureNorm):
    """Normalise the last axis (or the last `dims` axes): [*, D] -> the same (torch.nn.LayerNorm)."""

    eps: float = param(1e-5, doc="added to the variance", min=0)
    elementwise_affine: bool = param(True, doc="learn a scale and an offset per feature")
    bias: bool = param(True, doc="learn the offset too")

    examples = [
        "[2, 5, 8] -> LayerNorm -> [2, 5, 8]",
        "[N, T, 6] -> LayerNorm(eps=0.000001, bias=false) -> [N, T, 6]",
        "[N, 3, 4, 4] -> LayerNorm(dims=3) -> [N, 3, 4, 4]",
        "[N, H, W] -> LayerNorm(dims=2, elementwise_affine=false) -> [N, H, W]",
        "[7] -> LayerNorm(elementwise_affine=false) -> [7]",
    ]

    def weights(self, x: TensorType) -> list[Weight]:
        return affine_weights(self, x, tuple(self.sizes(x)), self.elementwise_affine)

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Mean and deviation of each vector, too."""
        return Saved((0,), made=(TensorType(STATISTICS, x.shape[: -self.dims]),) * 2)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """Mean, variance, normalisation: 5; a scale and an offset: 2."""
        return same_along(y, 5 + self.elementwise_affine * (1 + self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        if any(not isinstance(s, int) for s in self.sizes(x)):
            return None
        given = self.given("eps", "elementwise_affine", "bias")
        return t.new("nn.LayerNorm", *self.arguments(t, x), **given, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        if all(isinstance(s, int) for s in self.sizes(x)):
            return t.call(t.me(), x)
        return t.call("F.layer_norm", x, self.sizes(x), **self.given("eps"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        scale = g.weight("weight") if self.elementwise_affine else self.unit(g, x)
        offset = g.weight("bias") if self.elementwise_affine and self.bias else None
        return g.op("LayerNormalization", x, scale, offset, axis=-self.dims, epsilon=self.eps)


class RMSNorm(_FeatureNorm):
    """Divide by the root mean square of the last axis: [*, D] -> the same (torch.nn.RMSNorm)."""

    source = "Zhang and Sennrich 2019, Root Mean Square Layer Normalization"
    eps: float | None = param(None, doc="added to the mean square; none: the smallest step of the number type", min=0)
    elementwise_affine: bool = param(True, doc="learn a scale per feature")
    init: Initializer | None = param(None, doc="how its scale is initialised; ones when not given", keyword=True)

    examples = [
        "[2, 5, 8] -> RMSNorm -> [2, 5, 8]",
        "[N, T, 6] -> RMSNorm(eps=0.000001) -> [N, T, 6]",
        "[N, 3, 4, 4] -> RMSNorm(dims=3, eps=0.5) -> [N, 3, 4, 4]",
        "[N, T, D] -> RMSNorm(elementwise_affine=false) -> [N, T, D]",
    ]

    def weights(self, x: TensorType) -> list[Weight]:
        sizes = tuple(self.sizes(x))
        return [Weight("weight", sizes, dtype=x.dtype, init=self.init)] if self.elementwise_affine else []

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The root of each vector, and what is scaled; on a GPU one kernel makes that again."""
        root = TensorType(STATISTICS, x.shape[: -self.dims])
        return Saved((0,), made=(root, x) if self.elementwise_affine and not use.cuda else (root,))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """Squares, their sum, the division: 3; a scale: 1."""
        return same_along(y, 3 + self.elementwise_affine)

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        if any(not isinstance(s, int) for s in self.sizes(x)):
            return None
        given = self.given("eps", "elementwise_affine")
        return t.new("nn.RMSNorm", *self.arguments(t, x), **given, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        if all(isinstance(s, int) for s in self.sizes(x)):
            return t.call(t.me(), x)
        return t.call("F.rms_norm", x, self.sizes(x), **self.given("eps"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        kind = "float64" if g.elem_type(x.dtype) == g.elem_type("float64") else x.dtype
        eps = _EPSILON.get(kind, 2.0**-23) if self.eps is None else self.eps
        if g.opset >= 23:
            scale = g.weight("weight") if self.elementwise_affine else self.unit(g, x)
            return g.op("RMSNormalization", x, scale, axis=-self.dims, epsilon=eps)
        square = lowering.reduce(g, "ReduceMean", g.op("Mul", x, x), list(range(-self.dims, 0)))
        y = g.op("Div", x, g.op("Sqrt", g.op("Add", square, g.const(eps, x.dtype))))
        return g.op("Mul", y, g.weight("weight")) if self.elementwise_affine else y


class LocalResponseNorm(Op, family=NORMALIZATION):
    """Divide by the energy of neighbouring channels: [N, C, *] -> the same (torch.nn.LocalResponseNorm)."""

    source = "Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks"
    pointwise = True
    size: int = param(doc="how many neighbouring channels count", min=1)
    alpha: float = param(1e-4, doc="weight of the energy")
    beta: float = param(0.75, doc="exponent")
    k: float = param(1.0, doc="added to the energy")

    examples = [
        "[2, 8, 4, 4] -> LocalResponseNorm(5) -> [2, 8, 4, 4]",
        "[N, C, H, W] -> LocalResponseNorm(4, alpha=0.5, beta=0.5, k=2) -> [N, C, H, W]",
        "[N, 6, L] -> LocalResponseNorm(3, 0.1) -> [N, 6, L]",
        "[2, 5, 2, 3, 4] -> LocalResponseNorm(2, 1.0) -> [2, 5, 2, 3, 4]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.rank_at_least(x, 3, layout="[N, C, *]") and say.floating(x) else None

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The padded squares, the energy and its power."""
        squares = TensorType(x.dtype, (x.shape[0], x.shape[1] + self.size - 1, *x.shape[2:]))
        return Saved((0,), made=(squares, x, x))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """A square, the sum of the window, times alpha, plus k, the power, the division."""
        return same_along(y, self.size + 5)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.LocalResponseNorm", self.size, **self.given("alpha", "beta", "k"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """LRN is for images; an even window has its extra channel after the middle, in PyTorch before."""
        if self.size % 2 and x.rank == 4:
            return g.op("LRN", x, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k)
        plane = g.op("Reshape", g.op("Mul", x, x), g.const([0, 0, -1]))
        before, after = self.size // 2, (self.size - 1) // 2
        window = lowering.pad(g, lowering.unsqueeze(g, plane, 1), 4, (before, 0), (after, 0))
        mean = g.op("AveragePool", window, kernel_shape=[self.size, 1], strides=[1, 1])
        mean = g.op("Reshape", mean, g.op("Shape", x))
        energy = g.op("Add", g.op("Mul", mean, g.const(self.alpha, x.dtype)), g.const(self.k, x.dtype))
        return g.op("Div", x, g.op("Pow", energy, g.const(self.beta, x.dtype)))
