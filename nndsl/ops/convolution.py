"""Convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, Saved, Use
from nndsl.ops.families import CONVOLUTION
from nndsl.ops.kinds import PerAxis, PerAxisPadding
from nndsl.ops.schema import Inferred, Weight, param, same_along
from nndsl.ops.windows import (
    AXIS_NAMES,
    Spatial,
    dtype_argument,
    enough,
    kept,
    once,
    padded,
    reach,
    slash,
    times,
    window_count,
)
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from fractions import Fraction

    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say

_PAD_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class Convolution(Spatial, family=CONVOLUTION, abstract=True):
    inferred = (Inferred("in_channels"),)
    positional = ("stride",)
    out_channels: int = param(doc="number of filters", min=1)
    kernel_size: PerAxis = param(doc="size of a filter along each axis", min=1)
    stride: PerAxis = param(1, doc="step between positions", min=1)
    padding: PerAxisPadding = param(0, doc="cells added on each side; 'same' keeps the size, 'valid' adds none", min=0)
    dilation: PerAxis = param(1, doc="distance between the cells that a filter sees", min=1)
    groups: int = param(1, doc="independent groups of channels", min=1)
    bias: bool = param(True, doc="add a learned offset per filter")
    padding_mode: str = param(
        "zeros", doc="what the padding holds", choices=("zeros", "reflect", "replicate", "circular")
    )

    def check(self, say: Say) -> bool:
        if self.padding == "same" and set(self.stride) != {1}:
            say.error(
                'padding="same" is only possible with stride 1',
                at="stride",
                help="give the padding as a number",
            )
            return False
        if self.out_channels % self.groups:
            say.error(f"{self.out_channels} filters cannot be shared out to {self.groups} groups", at="groups")
            return False
        return True

    def seems_misread(self, x: TensorType) -> bool:
        return _pasted(self, x)

    def pads(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Cells added before and after, per axis. An odd total of "same" has its extra cell at the end."""
        if isinstance(self.padding, tuple):
            return self.padding, self.padding
        if self.padding == "valid":
            return (0,) * self.axes, (0,) * self.axes
        totals = [reach(k, d) - 1 for k, d in zip(self.kernel_size, self.dilation, strict=True)]
        return tuple(n // 2 for n in totals), tuple(n - n // 2 for n in totals)

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not self.fits(x, say):
            return None
        channels = say.known(x.shape[-self.axes - 1], "the number of channels")
        if channels is None or not _grouped(channels, self.groups, say):
            return None
        sizes: list[Size] = []
        names = AXIS_NAMES[self.axes]
        for i, (size, before, after) in enumerate(zip(x.shape[-self.axes :], *self.pads(), strict=True)):
            if not self._paddable(size, max(before, after), names[i], say):
                return None
            span = reach(self.kernel_size[i], self.dilation[i])
            whole = padded(size, before, after)
            if not enough(whole, span, names[i], say):
                return None
            sizes.append(kept(size, window_count(whole, span, self.stride[i])))
        return TensorType(x.dtype, (*x.shape[: -self.axes - 1], self.out_channels, *sizes))

    def _needed(self, padding: int) -> int:
        """Reflection needs a cell more than it adds, going around as many."""
        return {"reflect": padding + 1, "circular": padding}.get(self.padding_mode, 0) if padding else 0

    def demands(self, x: TensorType) -> list[Size]:
        ends = [max(pair) for pair in zip(*self.pads(), strict=True)]
        return [size - self._needed(end) + 1 for size, end in zip(x.shape[-self.axes :], ends, strict=True)]

    def _paddable(self, size: Size, padding: int, name: str, say: Say) -> bool:
        needed = self._needed(padding)
        most = say.facts.upper_bound(size)
        if most is None or most >= needed:
            return True
        say.error(
            f"{self.padding_mode} padding of {padding} needs a {name} of at least {needed}, "
            f"and it is {say.spell(size)}",
            code="shape-mismatch",
            at="padding",
        )
        return False

    def weights(self, x: TensorType) -> list[Weight]:
        filters = (self.out_channels, x.shape[-self.axes - 1] // self.groups, *self.kernel_size)
        made = [Weight("weight", filters, dtype=x.dtype, init=self.init)]
        if self.bias:
            made.append(Weight("bias", (self.out_channels,), dtype=x.dtype, init=self.bias_init))
        return made

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The input; where it has to be padded beforehand, what came of that."""
        before, after = self.pads()
        if before == after and (self.padding_mode == "zeros" or not any(before)):
            return INPUT
        sizes = (s + p + q for s, p, q in zip(x.shape[-self.axes :], before, after, strict=True))
        if self.padding_mode == "zeros":
            sizes = (s + abs(p - q) for s, p, q in zip(x.shape[-self.axes :], before, after, strict=True))
        wide = TensorType(x.dtype, (*x.shape[: -self.axes], *sizes))
        return Saved((0,) if self.padding_mode in ("reflect", "replicate") else (), made=(wide,))

    def sees(self, x: TensorType, y: TensorType) -> tuple[tuple[int, int], ...]:
        spans = (reach(k, d) for k, d in zip(self.kernel_size, self.dilation, strict=True))
        return tuple(zip(spans, self.stride, strict=True))

    def macs(self, x: TensorType, y: TensorType) -> Size:
        return product(y.shape) * (x.shape[-self.axes - 1] // self.groups) * product(self.kernel_size)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return self.macs(x, y) * 2 + same_along(y, int(self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.arguments("stride", "padding", "dilation", "groups", "bias", "padding_mode")
        sizes = (x.shape[-self.axes - 1], self.out_channels, once(self.kernel_size))
        return t.new(f"nn.{self.name}", *sizes, **given, **dtype_argument(t, x.type))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        bias = g.weight("bias") if self.bias else None
        return lowering.batched(g, x, self.axes, lambda x: self.node(g, x, g.weight("weight"), bias))

    def node(self, g: OnnxBuilder, x: OnnxValue, weight: OnnxValue, bias: OnnxValue | None) -> Any:
        """The convolution of a batch with these filters."""
        before, after = self.pads()
        shape: dict[str, Any] = {
            "kernel_shape": self.kernel_size,
            "strides": self.stride,
            "dilations": self.dilation,
            "group": self.groups,
        }
        if self.padding_mode == "zeros":
            return g.op("Conv", x, weight, bias, pads=(*before, *after), **shape)
        x = lowering.pad(g, x, self.axes + 2, before, after, mode=_PAD_MODES[self.padding_mode])
        return g.op("Conv", x, weight, bias, **shape)

    def blame(self, axis: int, rank: int) -> str | None:
        if axis == rank - self.axes - 1:
            return "out_channels"
        return self.blame_window(axis, rank, ("stride", "padding", "dilation", "kernel_size"))

    def detail(self) -> str:
        return f"{self.out_channels}, {times(self.kernel_size)}{slash(self.stride)}"


class Conv1d(Convolution, axes=1):
    """Slide learned filters over a sequence: [N, C, L] -> [N, out_channels, L'] (torch.nn.Conv1d)."""

    examples = [
        "[2, 4, 16] -> Conv1d(6, 3) -> [2, 6, 14]",
        '[N, 4, L] -> Conv1d(6, 4, padding="same", dilation=3) -> [N, 6, L]',
        '[2, 4, 16] -> Conv1d(8, 5, 2, padding=3, groups=4, padding_mode="circular", bias=false) -> [2, 8, 9]',
        '[4, 9] -> Conv1d(2, 3, padding=2, padding_mode="reflect") -> [2, 11]',
    ]


class Conv2d(Convolution, axes=2):
    """Slide learned filters over an image: [N, C, H, W] -> [N, out_channels, H', W'] (torch.nn.Conv2d)."""

    examples = [
        "[2, 8, 16, 16] -> Conv2d(4, 3, padding=1) -> [2, 4, 16, 16]",
        "[N, 3, H, 8] -> Conv2d(6, 7, 2, padding=3, bias=false) -> [N, 6, (H - 1) // 2 + 1, 4]",
        '[1, 4, 9, 8] -> Conv2d(8, [3, 2], padding="same", dilation=[1, 3], groups=2) -> [1, 8, 9, 8]',
        '[1, 4, 9, 8] -> Conv2d(2, 3, [2, 1], padding=[0, 2], padding_mode="replicate") -> [1, 2, 4, 10]',
        "[6, 8, 8] -> Conv2d(6, 3, groups=6) -> [6, 6, 6]",
    ]


class Conv3d(Convolution, axes=3):
    """Slide filters over a volume: [N, C, D, H, W] -> [N, out_channels, D', H', W'] (torch.nn.Conv3d)."""

    examples = [
        "[1, 3, 6, 8, 8] -> Conv3d(4, 3, padding=1) -> [1, 4, 6, 8, 8]",
        "[N, 2, T, 8, 8] -> Conv3d(4, [1, 3, 3], stride=[1, 2, 2], padding=[0, 1, 1]) -> [N, 4, T, 4, 4]",
        '[2, 2, 5, 6, 7] -> Conv3d(2, 3, padding=1, groups=2, padding_mode="circular") -> [2, 2, 5, 6, 7]',
    ]


class TransposedConvolution(Spatial, family=CONVOLUTION, abstract=True):
    inferred = (Inferred("in_channels"),)
    positional = ("stride",)
    out_channels: int = param(doc="number of channels made", min=1)
    kernel_size: PerAxis = param(doc="size of a filter along each axis", min=1)
    stride: PerAxis = param(1, doc="by how much the input is spread", min=1)
    padding: PerAxis = param(0, doc="cells taken off on each side of the result", min=0)
    output_padding: PerAxis = param(
        0, doc="cells added at the end, to choose among the sizes that a stride allows", min=0
    )
    groups: int = param(1, doc="independent groups of channels", min=1)
    bias: bool = param(True, doc="add a learned offset per channel")
    dilation: PerAxis = param(1, doc="distance between the cells that a filter reaches", min=1)

    def check(self, say: Say) -> bool:
        if self.out_channels % self.groups:
            say.error(f"{self.out_channels} channels cannot be shared out to {self.groups} groups", at="groups")
            return False
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, dilation):
                bound = f"stride {stride}" if stride >= dilation else f"dilation {dilation}"
                say.error(f"output_padding {extra} has to be less than the {bound}", at="output_padding")
                return False
        return True

    def seems_misread(self, x: TensorType) -> bool:
        return _pasted(self, x)

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not self.fits(x, say):
            return None
        channels = say.known(x.shape[-self.axes - 1], "the number of channels")
        if channels is None or not _grouped(channels, self.groups, say):
            return None
        sizes: list[Size] = []
        for i, size in enumerate(x.shape[-self.axes :]):
            span = reach(self.kernel_size[i], self.dilation[i])
            grown = padded(size, 0, -1) * int(self.stride[i])
            sizes.append(kept(size, grown - 2 * int(self.padding[i]) + span + int(self.output_padding[i])))
            if not say.positive(sizes[-1], f"the {AXIS_NAMES[self.axes][i]} of the result", at="padding"):
                return None
        return TensorType(x.dtype, (*x.shape[: -self.axes - 1], self.out_channels, *sizes))

    def weights(self, x: TensorType) -> list[Weight]:
        filters = (x.shape[-self.axes - 1], self.out_channels // self.groups, *self.kernel_size)
        made = [Weight("weight", filters, dtype=x.dtype, init=self.init)]
        if self.bias:
            made.append(Weight("bias", (self.out_channels,), dtype=x.dtype, init=self.bias_init))
        return made

    kept = INPUT

    def sees(self, x: TensorType, y: TensorType) -> tuple[tuple[Fraction | int, Fraction | int], ...]:
        """Stretched by the stride, a cell sees as many as fit under the filter."""
        from fractions import Fraction

        spans = (reach(k, d) for k, d in zip(self.kernel_size, self.dilation, strict=True))
        return tuple(
            (Fraction(span - 1, step) + 1, Fraction(1, step)) for span, step in zip(spans, self.stride, strict=True)
        )

    def macs(self, x: TensorType, y: TensorType) -> Size:
        """Each input cell meets each filter once."""
        return product(x.shape) * (self.out_channels // self.groups) * product(self.kernel_size)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return self.macs(x, y) * 2 + same_along(y, int(self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.arguments("stride", "padding", "output_padding", "groups", "bias", "dilation")
        sizes = (x.shape[-self.axes - 1], self.out_channels, once(self.kernel_size))
        return t.new(f"nn.{self.name}", *sizes, **given, **dtype_argument(t, x.type))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """onnxruntime refuses output_padding as large as the stride; zeros after the input reach as far."""
        more = [-(-extra // s) if extra >= s else 0 for extra, s in zip(self.output_padding, self.stride, strict=True)]
        extra = [0 if n else e for n, e in zip(more, self.output_padding, strict=True)]
        after = [
            p + n * s - (e if n else 0)
            for p, n, s, e in zip(self.padding, more, self.stride, self.output_padding, strict=True)
        ]

        def run(x: OnnxValue) -> Any:
            return g.op(
                "ConvTranspose",
                lowering.pad(g, x, self.axes + 2, (0,) * self.axes, more),
                g.weight("weight"),
                g.weight("bias") if self.bias else None,
                kernel_shape=self.kernel_size,
                strides=self.stride,
                pads=(*self.padding, *after),
                output_padding=extra if any(extra) else None,
                dilations=self.dilation,
                group=self.groups,
            )

        return lowering.batched(g, x, self.axes, run)

    def blame(self, axis: int, rank: int) -> str | None:
        if axis == rank - self.axes - 1:
            return "out_channels"
        return self.blame_window(axis, rank, ("stride", "output_padding", "padding", "dilation", "kernel_size"))

    def detail(self) -> str:
        stretch = slash(self.stride).replace("/", "×")
        return f"{self.out_channels}, {times(self.kernel_size)}{stretch}"


class ConvTranspose1d(TransposedConvolution, axes=1):
    """The transpose of Conv1d: [N, C, L] -> [N, out_channels, L'] (torch.nn.ConvTranspose1d)."""

    examples = [
        "[2, 4, 7] -> ConvTranspose1d(6, 3) -> [2, 6, 9]",
        "[N, 4, L] -> ConvTranspose1d(6, 4, stride=2, padding=1) -> [N, 6, 2*L]",
        "[4, 7] -> ConvTranspose1d(6, 3, 3, output_padding=2, groups=2, dilation=2, bias=false) -> [6, 25]",
    ]


class ConvTranspose2d(TransposedConvolution, axes=2):
    """The transpose of Conv2d: [N, C, H, W] -> [N, out_channels, H', W'] (torch.nn.ConvTranspose2d)."""

    examples = [
        "[2, 8, 5, 5] -> ConvTranspose2d(4, 2, stride=2) -> [2, 4, 10, 10]",
        "[N, 4, H, W] -> ConvTranspose2d(4, 3, 2, padding=1, output_padding=1, groups=2) -> [N, 4, 2*H, 2*W]",
        "[1, 3, 4, 6] -> ConvTranspose2d(2, [3, 2], [1, 3], padding=[1, 0], output_padding=[0, 1]) -> [1, 2, 4, 18]",
        "[3, 4, 4] -> ConvTranspose2d(6, 3, groups=3, dilation=3, output_padding=2) -> [6, 12, 12]",
    ]


class ConvTranspose3d(TransposedConvolution, axes=3):
    """The transpose of Conv3d: [N, C, D, H, W] -> [N, out_channels, …] (torch.nn.ConvTranspose3d)."""

    examples = [
        "[1, 3, 2, 4, 4] -> ConvTranspose3d(4, 2, stride=2) -> [1, 4, 4, 8, 8]",
        "[N, 2, T, 4, 4] -> ConvTranspose3d(2, 3, padding=1, bias=false) -> [N, 2, T, 4, 4]",
        "[4, 2, 3, 4] -> ConvTranspose3d(4, [1, 2, 3], [1, 2, 2], output_padding=[0, 1, 1], groups=4) -> [4, 2, 7, 10]",
    ]


def _pasted(op: Any, x: TensorType) -> bool:
    """As many filters as channels, and windows that are large or at odds with their steps, hardly padded: more likely
    PyTorch's (channels, filters, size). A filter of a single signal may be as long as it likes."""
    size, step = op.kernel_size[0], op.stride[0]
    if {*op.kernel_size, *op.stride} != {size, step} or op.groups > 1 or not isinstance(op.padding, tuple):
        return False
    if 4 * op.padding[0] >= size or x.shape[-op.axes - 1] == op.axes == 1:
        return False
    return bool((size > 2 * step and size >= 12) or (step >= 3 and size > step and size % step != 0))


def _grouped(channels: int, groups: int, say: Say) -> bool:
    if channels % groups == 0:
        return True
    say.error(
        f"the {channels} channels of the input cannot be shared out to {groups} groups",
        code="shape-mismatch",
        at="groups",
        help=f"groups divides {channels} and out_channels",
    )
    return False
