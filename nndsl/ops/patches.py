"""Windows and channels of images rearranged: `Unfold`, `Fold`, `PixelShuffle`, `ChannelShuffle`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.kinds import Pair
from nndsl.ops.layout import Moves
from nndsl.ops.schema import Unsupported, param, same_along
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Windows(Moves, abstract=True):
    """Sliding windows; declared by `Unfold` and `Fold` in PyTorch's order."""

    kernel_size: Pair
    dilation: Pair
    padding: Pair
    stride: Pair

    def counts(self, sizes: tuple[Size, ...]) -> tuple[Size, Size]:
        """How many windows fit, down and across."""
        made = []
        for size, k, d, p, s in zip(sizes, self.kernel_size, self.dilation, self.padding, self.stride, strict=True):
            made.append((size + 2 * p - d * (k - 1) - 1) // s + 1)
        return made[0], made[1]

    def window(self) -> int:
        return self.kernel_size[0] * self.kernel_size[1]

    def given_windows(self) -> dict[str, Any]:
        return self.given("dilation", "padding", "stride")

    def one_hot(self, g: OnnxBuilder, channels: int, dtype: str) -> OnnxValue:
        """For every channel and place in the window, the filter that picks just that place."""
        height, width = self.kernel_size
        if not lowering.few(channels, self.window(), self.window()):
            raise Unsupported(f"{self.name} needs a filter for each place of its windows, too many of {height}×{width}")
        rows = [
            [[float((i, j) == (a, b)) for b in range(width)] for a in range(height)]
            for i in range(height)
            for j in range(width)
        ]
        return g.const([[row] for _ in range(channels) for row in rows], dtype)

    def attributes(self) -> dict[str, Any]:
        top, left = self.padding
        return {
            "strides": self.stride,
            "dilations": self.dilation,
            "pads": [top, left, top, left],
            "kernel_shape": self.kernel_size,
        }


class Unfold(Windows):
    """Sliding windows as columns: [N, C, H, W] -> [N, C*kh*kw, L] (torch.nn.Unfold)."""

    kernel_size: Pair = param(doc="height and width of a window", min=1)
    dilation: Pair = param(1, doc="distance between the pixels of a window", min=1)
    padding: Pair = param(0, doc="zeros added on each side", min=0)
    stride: Pair = param(1, doc="step between windows", min=1)

    examples = [
        "[2, 3, 6, 5] -> Unfold(2) -> [2, 12, 20]",
        "[N, 3, H, W] -> Unfold((3, 2), padding=1, stride=2) -> [N, 18, ((H - 1) // 2 + 1) * (W // 2 + 1)]",
        "[3, 7, 7] -> Unfold(3, dilation=2) -> [27, 9]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank(x, 3, 4, layout="[N, C, H, W] or [C, H, W]") or not say.floating(x):
            return None
        height, width = self.counts(x.shape[-2:])
        if not (
            say.positive(height, "the number of windows", at="kernel_size")
            and say.positive(width, "the number of windows", at="kernel_size")
        ):
            return None
        return TensorType(x.dtype, (*x.shape[:-3], x.shape[-3] * self.window(), height * width))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.Unfold", self.kernel_size, **self.given_windows())

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.unfold", x, _pair(self.kernel_size), **{k: _pair(v) for k, v in self.given_windows().items()})

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """ONNX has none: a convolution whose filters pick one place of the window each."""
        channels = x.shape[-3]
        height, width = self.counts(x.shape[-2:])
        batch = x if x.rank == 4 else g.op("Unsqueeze", x, g.const([0]))
        if isinstance(channels, int):
            y = g.op("Conv", batch, self.one_hot(g, channels, x.dtype), group=channels, **self.attributes())
        else:  # one channel at a time
            flat = g.op("Reshape", batch, g.sizes([-1, 1, *x.shape[-2:]]))
            y = g.op("Conv", flat, self.one_hot(g, 1, x.dtype), **self.attributes())
        return g.op("Reshape", y, g.sizes([*x.shape[:-3], channels * self.window(), height * width]))

    def blame(self, axis: int, rank: int) -> str | None:
        return "kernel_size" if axis >= rank - 2 else None


class Fold(Windows):
    """Put columns back as overlapping windows, summed: [N, C*kh*kw, L] -> [N, C, H, W] (torch.nn.Fold)."""

    output_size: Pair = param(doc="height and width of the image", min=1)
    kernel_size: Pair = param(doc="height and width of a window", min=1)
    dilation: Pair = param(1, doc="distance between the pixels of a window", min=1)
    padding: Pair = param(0, doc="zeros that were added on each side", min=0)
    stride: Pair = param(1, doc="step between windows", min=1)

    examples = [
        "[2, 12, 20] -> Fold((6, 5), 2) -> [2, 3, 6, 5]",
        "[N, 18, 16] -> Fold((8, 7), (3, 2), padding=1, stride=2) -> [N, 3, 8, 7]",
        "[27, 9] -> Fold(7, 3, dilation=2) -> [3, 7, 7]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank(x, 2, 3, layout="[N, C*kh*kw, L]") or not say.floating(x):
            return None
        rows = x.shape[-2]
        if not say.facts.divisible(rows, self.window()):
            message = f"dim {x.rank - 2} has {say.spell(rows)}, no multiple of a window's {self.window()}"
            say.error(message, code="shape-mismatch", at=0)
            return None
        height, width = self.counts(self.output_size)
        what = f"an image of {self.output_size[0]}×{self.output_size[1]} has {height}×{width} windows"
        if not say.same(height * width, x.shape[-1], what, at="output_size"):
            return None
        return TensorType(x.dtype, (*x.shape[:-2], rows // self.window(), *self.output_size))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(x)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.Fold", self.output_size, self.kernel_size, **self.given_windows())

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        given = {k: _pair(v) for k, v in self.given_windows().items()}
        return t.call("F.fold", x, self.output_size, _pair(self.kernel_size), **given)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """The transposed convolution of what `Unfold` does sums where windows overlap."""
        channels = x.shape[-2] // self.window()
        height, width = self.counts(self.output_size)
        group = channels if isinstance(channels, int) else 1
        columns = g.op("Reshape", x, g.const([-1, group * self.window(), height, width]))
        y = g.op(
            "ConvTranspose",
            columns,
            self.one_hot(g, group, x.dtype),
            group=group,
            **self.attributes(),
            output_padding=self._rest(),
        )
        return g.op("Reshape", y, g.dims([*x.shape[:-2], channels, *self.output_size]))

    def _rest(self) -> list[int]:
        """What the last step of the windows does not reach."""
        rest = []
        for size, k, d, p, s in zip(
            self.output_size, self.kernel_size, self.dilation, self.padding, self.stride, strict=True
        ):
            rest.append((size + 2 * p - d * (k - 1) - 1) % s)
        return rest


def _pair(pair: tuple[int, int]) -> Any:
    return pair[0] if pair[0] == pair[1] else pair


class PixelShuffle(Moves):
    """Channels to space: [*, C*r*r, H, W] -> [*, C, H*r, W*r] (torch.nn.PixelShuffle)."""

    upscale_factor: int = param(doc="r", min=1)

    examples = [
        "[2, 12, 3, 4] -> PixelShuffle(2) -> [2, 3, 6, 8]",
        "[N, 9, H, W] -> PixelShuffle(3) -> [N, 1, 3*H, 3*W]",
        "[4, 5, 5] -> PixelShuffle(2) -> [1, 10, 10]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        r = self.upscale_factor
        if not say.rank_at_least(x, 3, layout="[*, C, H, W]"):
            return None
        *batch, channels, height, width = x.shape
        if not say.facts.divisible(channels, r * r):
            message = f"the {say.spell(channels)} channels must be a multiple of {r}² = {r * r}"
            say.error(message, code="shape-mismatch", at="upscale_factor")
            return None
        return TensorType(x.dtype, (*batch, channels // (r * r), height * r, width * r))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.PixelShuffle", self.upscale_factor)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.pixel_shuffle", x, self.upscale_factor)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        *batch, channels, height, width = x.shape
        r = self.upscale_factor
        images = x if x.rank == 4 else g.op("Reshape", x, g.sizes([-1, channels, height, width]))
        y = g.op("DepthToSpace", images, blocksize=r, mode="CRD")
        return y if x.rank == 4 else g.op("Reshape", y, g.sizes([*batch, channels // (r * r), height * r, width * r]))

    def blame(self, axis: int, rank: int) -> str | None:
        return "upscale_factor" if axis >= rank - 3 else None


class PixelUnshuffle(Moves):
    """Space to channels: [*, C, H*r, W*r] -> [*, C*r*r, H, W] (torch.nn.PixelUnshuffle)."""

    downscale_factor: int = param(doc="r", min=1)

    examples = [
        "[2, 3, 6, 8] -> PixelUnshuffle(2) -> [2, 12, 3, 4]",
        "[N, H, 3*H, 3*H] -> PixelUnshuffle(3) -> [N, 9*H, H, H]",
        "[1, 10, 10] -> PixelUnshuffle(2) -> [4, 5, 5]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        r = self.downscale_factor
        if not say.rank_at_least(x, 3, layout="[*, C, H, W]"):
            return None
        *batch, channels, height, width = x.shape
        for what, size in (("height", height), ("width", width)):
            if not say.same(size // r * r, size, f"the {what} must be a multiple of {r}", at="downscale_factor"):
                return None
        return TensorType(x.dtype, (*batch, channels * r * r, height // r, width // r))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.PixelUnshuffle", self.downscale_factor)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.pixel_unshuffle", x, self.downscale_factor)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """[B, C, H, r, W, r] -> [B, C, r, r, H, W]; ONNX's SpaceToDepth orders the channels otherwise."""
        *batch, channels, height, width = x.shape
        r = self.downscale_factor
        cells = g.op("Reshape", x, g.sizes([-1, channels, height // r, r, width // r, r]))
        y = g.op("Transpose", cells, perm=[0, 1, 3, 5, 2, 4])
        return g.op("Reshape", y, g.dims([*batch, channels * r * r, height // r, width // r]))

    def blame(self, axis: int, rank: int) -> str | None:
        return "downscale_factor" if axis >= rank - 3 else None


class ChannelShuffle(Moves):
    """Mix the channels of groups: [N, C, *] -> [N, C, *] (torch.nn.ChannelShuffle)."""

    groups: int = param(doc="number of groups", min=1)

    examples = [
        "[2, 6, 3, 4] -> ChannelShuffle(2) -> [2, 6, 3, 4]",
        "[N, 4, T] -> ChannelShuffle(4) -> [N, 4, T]",
        "[N, 9, H, W] -> ChannelShuffle(groups=3) -> [N, 9, H, W]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank_at_least(x, 3, layout="[N, C, *]"):
            return None
        what = f"the channels divide into {self.groups} groups"
        return x if say.same(x.shape[1] // self.groups * self.groups, x.shape[1], what, at="groups") else None

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new("nn.ChannelShuffle", self.groups)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.channel_shuffle", x, self.groups)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        batch, channels, *rest = x.shape
        groups = g.op("Reshape", x, g.sizes([batch, self.groups, channels // self.groups, product(rest)]))
        return g.op("Reshape", g.op("Transpose", groups, perm=[0, 2, 1, 3]), g.dims(x.shape))
