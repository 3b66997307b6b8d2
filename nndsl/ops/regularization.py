"""What works only while training: at inference all of these pass their input on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import NOTHING, Saved, Use
from nndsl.ops.families import REGULARIZATION
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class _Dropping(Op, family=REGULARIZATION, abstract=True):
    p: float = param(0.5, doc="share that is dropped", min=0, max=1)

    ranks: ClassVar[tuple[int, ...]] = ()  # none: any
    layout: ClassVar[str] = ""
    like_input = True
    whole: ClassVar[int] = 0  # how many of the last axes are kept or dropped as a whole

    def noise(self, x: TensorType, use: Use) -> TensorType:
        """What x is multiplied by."""
        return TensorType(x.dtype, x.shape[: x.rank - self.whole])

    def same(self, x: TensorType, y: TensorType) -> bool:
        return not self.p

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        if not self.p:
            return NOTHING
        return Saved(made=(self.noise(x, use) if self.p < 1 else TensorType(x.dtype, ()),))

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if self.ranks and not say.rank(x, *self.ranks, layout=self.layout):
            return None
        return x if say.floating(x) else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """At inference nothing is computed."""
        return same_along(y, 0)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(f"nn.{self.name}", self.p)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return x

    def detail(self) -> str:
        return f"{self.p:g}"


class Dropout(_Dropping):
    """Set a share of all elements to 0 while training: [*] -> [*] (torch.nn.Dropout).

    With p = 0 it passes everything on, and stays a layer: its place in a list counts, and its p can be set later."""

    source = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting"
    examples = [
        "[2, 3] -> Dropout -> [2, 3]",
        "[N, T, 8] -> Dropout(0.1) -> [N, T, 8]",
        "[4] -> Dropout(p=0) -> [4]",
    ]

    def noise(self, x: TensorType, use: Use) -> TensorType:
        """A GPU's kernel keeps which ones stay; elsewhere they are factors."""
        return TensorType("bool" if use.cuda else x.dtype, x.shape)


class Dropout1d(_Dropping):
    """Set whole channels of sequences to 0 while training: [N, C, L] -> the same (torch.nn.Dropout1d)."""

    whole = 1
    ranks, layout = (2, 3), "[N, C, L] (or the same without N)"
    examples = [
        "[2, 3, 8] -> Dropout1d -> [2, 3, 8]",
        "[N, C, L] -> Dropout1d(0.1) -> [N, C, L]",
        "[4, 5] -> Dropout1d(1) -> [4, 5]",
    ]


class Dropout2d(_Dropping):
    """Set whole channels of images to 0 while training: [N, C, H, W] -> the same (torch.nn.Dropout2d)."""

    whole = 2
    ranks, layout = (4,), "[N, C, H, W]"  # without N, PyTorch would drop rows of pixels
    examples = [
        "[2, 3, 8, 8] -> Dropout2d -> [2, 3, 8, 8]",
        "[N, C, H, W] -> Dropout2d(0.1) -> [N, C, H, W]",
        "[N, 4, 2, 2] -> Dropout2d(p=0.25) -> [N, 4, 2, 2]",
    ]


class Dropout3d(_Dropping):
    """Set whole channels of volumes to 0 while training: [N, C, D, H, W] -> the same (torch.nn.Dropout3d)."""

    whole = 3
    ranks, layout = (4, 5), "[N, C, D, H, W] (or the same without N)"
    examples = [
        "[2, 3, 4, 4, 4] -> Dropout3d -> [2, 3, 4, 4, 4]",
        "[N, C, D, H, W] -> Dropout3d(0.1) -> [N, C, D, H, W]",
        "[C, D, H, W] -> Dropout3d(p=0.25) -> [C, D, H, W]",
    ]


class AlphaDropout(_Dropping):
    """Dropout that keeps mean and variance, for SELU: [*] -> [*] (torch.nn.AlphaDropout)."""

    source = "Klambauer et al. 2017, Self-Normalizing Neural Networks"
    examples = [
        "[2, 3] -> AlphaDropout -> [2, 3]",
        "[N, T] -> AlphaDropout(0.1) -> [N, T]",
        "[4] -> AlphaDropout(p=0) -> [4]",
    ]


class FeatureAlphaDropout(_Dropping):
    """AlphaDropout of whole channels: [N, C, *] -> the same (torch.nn.FeatureAlphaDropout)."""

    examples = [
        "[2, 3, 4, 4] -> FeatureAlphaDropout -> [2, 3, 4, 4]",
        "[N, C, L] -> FeatureAlphaDropout(0.1) -> [N, C, L]",
        "[4, 3] -> FeatureAlphaDropout(p=0) -> [4, 3]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return super().shape(x, say) if say.rank_at_least(x, 2, layout="[N, C, *]") else None

    def noise(self, x: TensorType, use: Use) -> TensorType:
        return TensorType(x.dtype, x.shape[:2])


_DROP_PATH = '''\
class DropPath(nn.Module):
    """Stochastic depth: while training, drop samples ("row") or the batch ("batch")."""

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        size = [x.shape[0] if self.mode == "row" else 1] + [1] * (x.ndim - 1)
        mask = x.new_empty(size).bernoulli_(keep)
        return x * (mask / keep if keep > 0.0 else mask)

    def extra_repr(self) -> str:
        return f"p={self.p}, mode={self.mode!r}"
'''


class DropPath(_Dropping):
    """Drop whole samples while training: [N, *] -> the same (torchvision.ops.StochasticDepth)."""

    source = "Huang et al. 2016, Deep Networks with Stochastic Depth"
    p: float = param(doc="how likely a sample is dropped", min=0, max=1)
    mode: str = param("row", doc="drop each sample by itself, or the batch as a whole", choices=("row", "batch"))

    examples = [
        "[2, 3] -> DropPath(0.2) -> [2, 3]",
        "[N, T, 8] -> DropPath(0.1) -> [N, T, 8]",
        '[N, C, H, W] -> DropPath(0.5, mode="batch") -> [N, C, H, W]',
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return super().shape(x, say) if say.rank_at_least(x, 1, layout="[N, *]") else None

    def noise(self, x: TensorType, use: Use) -> TensorType:
        return TensorType(x.dtype, x.shape[:1] if self.mode == "row" else ())

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(t.define("DropPath", _DROP_PATH), self.p, **self.given("mode"))
