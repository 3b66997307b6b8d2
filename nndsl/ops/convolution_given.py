"""Convolutions whose filters are a tensor, not weights of their own: normalized, shared, or made by another network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.convolution import Conv1d, Conv2d, Conv3d, Convolution
from nndsl.ops.costing import Saved, Use
from nndsl.ops.families import CONVOLUTION
from nndsl.ops.kinds import PerAxis, PerAxisPadding
from nndsl.ops.schema import param
from nndsl.ops.windows import Spatial, slash
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

_LAYERS: dict[int, type[Convolution]] = {1: Conv1d, 2: Conv2d, 3: Conv3d}
_FILTERS = {1: "[O, C / groups, k]", 2: "[O, C / groups, h, w]", 3: "[O, C / groups, d, h, w]"}


class GivenConvolution(Spatial, family=CONVOLUTION, abstract=True):
    inputs = ("x", "weight", "bias?")
    stride: PerAxis = param(1, doc="step between positions", min=1)
    padding: PerAxisPadding = param(0, doc="cells added on each side; 'same' keeps the size, 'valid' adds none", min=0)
    dilation: PerAxis = param(1, doc="distance between the cells that a filter sees", min=1)
    groups: int = param(1, doc="independent groups of channels", min=1)

    def layer(self, weight: TensorType, bias: TensorType | None) -> Convolution:
        """The layer that has these filters as its own."""
        given = {name: getattr(self, name) for name in ("stride", "padding", "dilation", "groups")}
        sizes = {"out_channels": weight.shape[0], "kernel_size": weight.shape[2:], "bias": bias is not None}
        made = _LAYERS[self.axes].of({**sizes, **given})
        assert isinstance(made, Convolution)
        return made

    def shape(self, x: TensorType, weight: TensorType, bias: TensorType | None, say: Say) -> TensorType | None:
        if not self.fits(x, say) or not self._filters(x, weight, say) or not self._offsets(weight, bias, say):
            return None
        layer = self.layer(weight, bias)
        if not layer.check(say) or not say.same(
            weight.shape[1] * self.groups,
            x.shape[-self.axes - 1],
            "the filters are for as many channels as the input has, dim 1 of the weight times groups",
            at=1,
            axis=1,
        ):
            return None
        return layer.shape(x, say)

    def _filters(self, x: TensorType, weight: TensorType, say: Say) -> bool:
        """Their sizes are known and their type is that of the input."""
        layout = f"filters {_FILTERS[self.axes]}"
        if not say.rank(weight, self.axes + 2, layout=layout, at=1):
            return False
        if x.dtype != weight.dtype:
            message = f"{self.name} takes an input and filters of one type: {x.dtype} ≠ {weight.dtype}"
            say.error(message, code="dtype-mismatch", at=1, help=f"convert the filters: `Cast({x.dtype})`")
            return False
        return all(say.known(size, "every size of the filters", at=1) is not None for size in weight.shape)

    def _offsets(self, weight: TensorType, bias: TensorType | None, say: Say) -> bool:
        if bias is None:
            return True
        if bias.dtype != weight.dtype:
            message = f"{self.name} takes filters and offsets of one type: {weight.dtype} ≠ {bias.dtype}"
            say.error(message, code="dtype-mismatch", at=2, help=f"convert the offsets: `Cast({weight.dtype})`")
            return False
        return say.rank(bias, 1, layout="a bias [out_channels]", at=2) and say.same(
            bias.shape[0], weight.shape[0], "there is one offset for each filter", at=2, axis=0
        )

    def demands(self, x: TensorType, weight: TensorType, bias: TensorType | None) -> list[Size]:
        return self.layer(weight, bias).demands(x)

    def saves(self, x: TensorType, weight: TensorType, bias: TensorType | None, y: TensorType, use: Use) -> Saved:
        """What the layer keeps, and the filters."""
        kept = self.layer(weight, bias).saves(x, y, use)
        return Saved((*kept.inputs, 1), made=kept.made)

    def sees(
        self, x: TensorType, weight: TensorType, bias: TensorType | None, y: TensorType
    ) -> tuple[tuple[int, int], ...]:
        return self.layer(weight, bias).sees(x, y)

    def macs(self, x: TensorType, weight: TensorType, bias: TensorType | None, y: TensorType) -> Size:
        return self.layer(weight, bias).macs(x, y)

    def backward_macs(
        self, x: TensorType, weight: TensorType, bias: TensorType | None, y: TensorType, use: Use
    ) -> Size:
        """The offsets' gradient is a sum."""
        return self.macs(x, weight, bias, y) * sum(use.needs[:2])

    def flops(self, x: TensorType, weight: TensorType, bias: TensorType | None, y: TensorType) -> Size:
        return self.layer(weight, bias).flops(x, y)

    def torch(self, t: TorchWriter, x: Operand, weight: Operand, bias: Operand | None) -> Text:
        given = self.arguments("stride", "padding", "dilation", "groups")
        return t.call(f"F.conv{self.axes}d", x, weight, *([] if bias is None else [bias]), **given)

    def onnx(self, g: OnnxBuilder, x: OnnxValue, weight: OnnxValue, bias: OnnxValue | None) -> Any:
        layer = self.layer(weight.type, None if bias is None else bias.type)
        return lowering.batched(g, x, self.axes, lambda x: layer.node(g, x, weight, bias))

    def blame(self, axis: int, rank: int) -> str | None:
        return self.blame_window(axis, rank, ("stride", "padding", "dilation"))

    def detail(self) -> str:
        return slash(self.stride).removeprefix(", ")


class Convolve1d(GivenConvolution, axes=1):
    """Slide given filters over a sequence: [N, C, L], [O, C, k] -> [N, O, L'] (torch.nn.functional.conv1d)."""

    examples = [
        "([2, 4, 16], [6, 4, 3]) -> Convolve1d -> [2, 6, 14]",
        '([N, 4, L], [6, 4, 4], [6]) -> Convolve1d(padding="same", dilation=3) -> [N, 6, L]',
        "([4, 9], [8, 1, 3]) -> Convolve1d(2, 1, groups=4) -> [8, 5]",
    ]


class Convolve2d(GivenConvolution, axes=2):
    """Slide given filters over an image: [N, C, H, W], [O, C, h, w] -> [N, O, H', W'] (torch.nn.functional.conv2d)."""

    examples = [
        "([2, 8, 9, 9], [4, 8, 3, 3], [4]) -> Convolve2d(padding=1) -> [2, 4, 9, 9]",
        "([N, 3, H, 8], [6, 3, 7, 7]) -> Convolve2d(2, padding=3) -> [N, 6, (H - 1) // 2 + 1, 4]",
        '([1, 4, 9, 8], [8, 2, 3, 2]) -> Convolve2d(padding="same", dilation=[1, 3], groups=2) -> [1, 8, 9, 8]',
    ]


class Convolve3d(GivenConvolution, axes=3):
    """Slide given filters over a volume: [N, C, D, H, W], [O, C, d, h, w] -> [N, O, …] (torch.nn.functional.conv3d)."""

    examples = [
        "([1, 3, 6, 8, 8], [4, 3, 3, 3, 3]) -> Convolve3d(padding=1) -> [1, 4, 6, 8, 8]",
        "([N, 2, T, 8, 8], [4, 2, 1, 3, 3], [4]) -> Convolve3d([1, 2, 2], [0, 1, 1]) -> [N, 4, T, 4, 4]",
        "([2, 5, 6, 7], [2, 1, 3, 3, 3]) -> Convolve3d(padding=1, groups=2) -> [2, 5, 6, 7]",
    ]
