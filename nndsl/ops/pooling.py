"""Pooling over sliding windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, Saved, Use
from nndsl.ops.families import POOLING
from nndsl.ops.kinds import PerAxis
from nndsl.ops.schema import param, same_along
from nndsl.ops.windows import (
    AXIS_NAMES,
    Spatial,
    enough,
    kept,
    once,
    padded,
    reach,
    slash,
    times,
    window_count,
    window_count_up,
)
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Pooling(Spatial, family=POOLING, abstract=True):
    """Windows within one channel. Subclasses may lack `padding` and `dilation`: then these are 0 and 1."""

    kernel_size: PerAxis
    stride: PerAxis | None
    padding: PerAxis
    dilation: PerAxis
    ceil_mode: bool

    @property
    def steps(self) -> PerAxis:
        return self.kernel_size if self.stride is None else self.stride

    @property
    def pads(self) -> PerAxis:
        return getattr(self, "padding", (0,) * self.axes)

    @property
    def spans(self) -> PerAxis:
        dilations = getattr(self, "dilation", (1,) * self.axes)
        return tuple(reach(k, d) for k, d in zip(self.kernel_size, dilations, strict=True))

    def sees(self, x: TensorType, y: Any) -> tuple[tuple[int, int], ...]:
        return tuple(zip(self.spans, self.steps, strict=True))

    def check(self, say: Say) -> bool:
        for kernel, pad in zip(self.kernel_size, self.pads, strict=True):
            if 2 * pad > kernel:
                say.error(
                    f"padding {pad} is more than half of kernel_size {kernel}: some windows would hold padding only",
                    at="padding",
                )
                return False
        return True

    def shape(self, x: TensorType, say: Say) -> Any:
        if not self.fits(x, say):
            return None
        sizes: list[Size] = []
        for i, size in enumerate(x.shape[-self.axes :]):
            span, step, pad = self.spans[i], self.steps[i], self.pads[i]
            name = AXIS_NAMES[self.axes][i]
            if self.ceil_mode:
                sizes.append(kept(size, window_count_up(size, pad, span, step)))
                if not say.positive(sizes[-1], f"the {name} of the result", at="kernel_size"):
                    return None
                continue
            whole = padded(size, pad, pad)
            if not enough(whole, span, name, say):
                return None
            sizes.append(kept(size, window_count(whole, span, step)))
        return TensorType(x.dtype, (*x.shape[: -self.axes], *sizes))

    def over(self, x: TensorType | OnnxValue) -> list[int] | None:
        """With ceil_mode: how many cells after the end the last windows cover, where all sizes are known."""
        found = []
        for size, pad, span, step in zip(x.shape[-self.axes :], self.pads, self.spans, self.steps, strict=True):
            if not isinstance(size, int):
                return None
            windows = window_count_up(size, pad, span, step)
            assert isinstance(windows, int)
            plain = window_count(size + 2 * pad, span, step)
            found.append(pad if windows == plain else (windows - 1) * step + span - size - pad)
        return found

    def geometry(self, x: OnnxValue) -> dict[str, Any]:
        """Attributes of an ONNX pooling. Known sizes need no ceil_mode, on which implementations disagree."""
        found: dict[str, Any] = {
            "kernel_shape": self.kernel_size,
            "strides": self.steps,
            "pads": self.pads * 2,
        }
        if not self.ceil_mode:
            return found
        over = self.over(x)
        if over is not None and all(o < k for o, k in zip(over, self.kernel_size, strict=True)):
            return found | {"pads": (*self.pads, *over)}
        return found | {"ceil_mode": 1}

    def call(self, t: TorchWriter, function: str, x: Operand, *names: str) -> Text:
        return t.call(function, x, once(self.kernel_size), **self.arguments(*names))

    def blame(self, axis: int, rank: int) -> str | None:
        at = axis - (rank - self.axes)
        if at < 0:
            return None
        return "stride" if self.stride is not None and self.steps[at] > 1 else "kernel_size"

    def detail(self) -> str:
        return f"{times(self.kernel_size)}{slash(self.steps)}"


class _MaxPool(Pooling, abstract=True):
    kernel_size: PerAxis = param(doc="size of a window along each axis", min=1)
    stride: PerAxis | None = param(None, doc="step between windows; the kernel_size when not given", min=1)
    padding: PerAxis = param(0, doc="cells of minus infinity added on each side", min=0)
    dilation: PerAxis = param(1, doc="distance between the cells of a window", min=1)
    return_indices: bool = param(False, doc="also give the place of each maximum, counted over the spatial axes")
    ceil_mode: bool = param(False, doc="count an incomplete last window too")

    outputs = ("y", "indices")

    def shape(self, x: TensorType, say: Say) -> Any:
        y = super().shape(x, say)
        return (y, TensorType("int64", y.shape)) if y is not None and self.return_indices else y

    def saves(self, x: TensorType, y: Any, use: Use) -> Saved:
        """Where each maximum stands, too."""
        return Saved((0,), (1,)) if self.return_indices else Saved((0,), made=(TensorType("int64", y.shape),))

    def flops(self, x: TensorType, y: Any) -> Size:
        return same_along(y[0] if self.return_indices else y, math.prod(self.kernel_size) - 1)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.arguments("stride", "padding", "dilation", "return_indices", "ceil_mode")
        return t.new(f"nn.{self.name}", once(self.kernel_size), **given)

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        names = ("stride", "padding", "dilation", "ceil_mode", "return_indices")
        call = self.call(t, f"F.max_pool{self.axes}d", x, *names)
        return t.unpack(call) if self.return_indices else call

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        attributes = self.geometry(x) | {"dilations": self.dilation}
        plane: Size = 1
        for size in x.shape[-self.axes :]:
            plane = plane * size

        def run(x: OnnxValue) -> Any:
            if not self.return_indices:
                return g.op("MaxPool", x, **attributes)
            y, places = g.op("MaxPool", x, outputs=2, **attributes)
            return y, g.op("Mod", places, g.size(plane))  # ONNX counts over batch and channels too

        return lowering.batched(g, x, self.axes, run)


class MaxPool1d(_MaxPool, axes=1):
    """The largest value of each window: [N, C, L] -> [N, C, L'] (torch.nn.MaxPool1d)."""

    examples = [
        "[2, 3, 8] -> MaxPool1d(2) -> [2, 3, 4]",
        "[N, 3, L] -> MaxPool1d(3, stride=2, padding=1, dilation=2) -> [N, 3, (L - 3) // 2 + 1]",
        "[3, 10] -> MaxPool1d(3, 3, ceil_mode=true) -> [3, 4]",
    ]


class MaxPool2d(_MaxPool, axes=2):
    """The largest value of each window: [N, C, H, W] -> [N, C, H', W'] (torch.nn.MaxPool2d)."""

    examples = [
        "[2, 3, 8, 8] -> MaxPool2d(2) -> [2, 3, 4, 4]",
        "[N, C, H, W] -> MaxPool2d(3, stride=2, padding=1) -> [N, C, (H - 1) // 2 + 1, (W - 1) // 2 + 1]",
        "[1, 2, 8, 9] -> MaxPool2d([3, 2], 3, padding=[1, 0], ceil_mode=true) -> [1, 2, 3, 3]",
        "[2, 9, 9] -> MaxPool2d(3, 1, dilation=[1, 3]) -> [2, 7, 3]",
    ]


class MaxPool3d(_MaxPool, axes=3):
    """The largest value of each window: [N, C, D, H, W] -> [N, C, D', H', W'] (torch.nn.MaxPool3d)."""

    examples = [
        "[2, 3, 4, 8, 8] -> MaxPool3d(2) -> [2, 3, 2, 4, 4]",
        "[N, 2, T, 8, 8] -> MaxPool3d([1, 3, 3], stride=[1, 2, 2], padding=[0, 1, 1]) -> [N, 2, T, 4, 4]",
        "[1, 2, 5, 6, 7] -> MaxPool3d(2, ceil_mode=true) -> [1, 2, 3, 3, 4]",
    ]


class _Averaging(Pooling, abstract=True):
    kept = INPUT

    def shape(self, x: TensorType, say: Say) -> Any:
        """PyTorch's avg_pool3d, unlike those of fewer axes, wants a window to lie inside the input, without padding."""
        y = super().shape(x, say)
        inside = zip(x.shape[-3:], self.kernel_size, AXIS_NAMES[3], strict=False) if self.axes == 3 and y else ()
        return y if all(enough(size, span, name, say) for size, span, name in inside) else None

    def demands(self, x: TensorType) -> list[Size]:
        if self.axes < 3:
            return []
        return [size - kernel + 1 for size, kernel in zip(x.shape[-3:], self.kernel_size, strict=True)]


class _AvgPool(_Averaging, abstract=True):
    kernel_size: PerAxis = param(doc="size of a window along each axis", min=1)
    stride: PerAxis | None = param(None, doc="step between windows; the kernel_size when not given", min=1)
    padding: PerAxis = param(0, doc="zeros added on each side", min=0)
    ceil_mode: bool = param(False, doc="count an incomplete last window too")
    count_include_pad: bool = param(True, doc="let padding count in the mean")

    divisor_override: int | None = None

    def check(self, say: Say) -> bool:
        if self.divisor_override == 0:
            say.error("the divisor cannot be 0", at="divisor_override")
            return False
        return super().check(say)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y, math.prod(self.kernel_size))

    def _names(self) -> tuple[str, ...]:
        more = ("divisor_override",) if "divisor_override" in self.params else ()
        return ("stride", "padding", "ceil_mode", "count_include_pad", *more)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(f"nn.{self.name}", once(self.kernel_size), **self.arguments(*self._names()))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        return self.call(t, f"F.avg_pool{self.axes}d", x, *self._names())

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        over = self.over(x) if self.ceil_mode else list(self.pads)

        def run(one: OnnxValue) -> Any:
            return self._mean(g, one, over) if self.divisor_override is None else self._sum(g, one, x, over)

        return lowering.batched(g, x, self.axes, run)

    def _mean(self, g: OnnxBuilder, x: OnnxValue, over: list[int] | None) -> Any:
        """Cells after the end never count, padding counts as asked. Known sizes need no ceil_mode, on which
        runtimes disagree; where padding counts and cells after it do not, it is made part of the input."""
        found: dict[str, Any] = {"kernel_shape": self.kernel_size, "strides": self.steps}
        include = self.count_include_pad and any(self.pads)
        if over == list(self.pads):
            return g.op("AveragePool", x, pads=self.pads * 2, count_include_pad=int(include), **found)
        if over is None:
            found |= {"pads": self.pads * 2, "ceil_mode": 1}
            return g.op("AveragePool", x, count_include_pad=int(include), **found)
        if not include:
            return g.op("AveragePool", x, pads=(*self.pads, *over), **found)
        x = lowering.pad(g, x, self.axes + 2, self.pads, self.pads)
        beyond = [o - p for o, p in zip(over, self.pads, strict=True)]
        return g.op("AveragePool", x, pads=(*[0] * self.axes, *beyond), **found)

    def _sum(self, g: OnnxBuilder, x: OnnxValue, like: OnnxValue, over: list[int] | None) -> Any:
        """Windows that zeros make complete: the mean times their cells, divided by the given number. A window
        that begins in the input reaches at most kernel_size - 1 cells beyond it; later ones are cropped."""
        unknown = self.ceil_mode and over is None
        after = tuple(k - 1 for k in self.kernel_size) if unknown else tuple(over or self.pads)
        pads = (*self.pads, *after)
        shape: dict[str, Any] = {"kernel_shape": self.kernel_size, "strides": self.steps, "pads": pads}
        y = g.op("AveragePool", x, count_include_pad=1, **shape)
        if unknown:
            geometry = zip(like.shape[-self.axes :], self.pads, self.spans, self.steps, strict=True)
            y = lowering.crop(g, y, 2, [window_count_up(*one) for one in geometry])
        assert self.divisor_override is not None
        return g.op("Mul", y, g.const(math.prod(self.kernel_size) / self.divisor_override, like.dtype))


class AvgPool1d(_AvgPool, axes=1):
    """The mean of each window: [N, C, L] -> [N, C, L'] (torch.nn.AvgPool1d)."""

    examples = [
        "[2, 3, 8] -> AvgPool1d(2) -> [2, 3, 4]",
        "[N, 3, L] -> AvgPool1d(3, stride=1, padding=1, count_include_pad=false) -> [N, 3, L]",
        "[3, 10] -> AvgPool1d(4, 3, 2, ceil_mode=true) -> [3, 4]",
    ]


class AvgPool2d(_AvgPool, axes=2):
    """The mean of each window: [N, C, H, W] -> [N, C, H', W'] (torch.nn.AvgPool2d)."""

    divisor_override: int | None = param(None, doc="divide the sums by this instead of the number of cells")

    examples = [
        "[2, 3, 8, 8] -> AvgPool2d(2) -> [2, 3, 4, 4]",
        "[N, C, H, W] -> AvgPool2d(3, stride=2, padding=1) -> [N, C, (H - 1) // 2 + 1, (W - 1) // 2 + 1]",
        "[2, 8, 9] -> AvgPool2d([3, 2], 3, [1, 0], ceil_mode=true, count_include_pad=false) -> [2, 3, 3]",
        "[2, 9, 9] -> AvgPool2d(4, 3, 1, divisor_override=5) -> [2, 3, 3]",
    ]


class AvgPool3d(_AvgPool, axes=3):
    """The mean of each window: [N, C, D, H, W] -> [N, C, D', H', W'] (torch.nn.AvgPool3d)."""

    divisor_override: int | None = param(None, doc="divide the sums by this instead of the number of cells")

    examples = [
        "[2, 3, 4, 8, 8] -> AvgPool3d(2) -> [2, 3, 2, 4, 4]",
        "[N, 2, T, 8, 8] -> AvgPool3d([1, 3, 3], stride=[1, 2, 2], padding=[0, 1, 1]) -> [N, 2, T, 4, 4]",
        "[1, 2, 5, 6, 7] -> AvgPool3d(2, ceil_mode=true, divisor_override=3) -> [1, 2, 3, 3, 4]",
    ]


class _LPPool(_Averaging, abstract=True):
    norm_type: float = param(doc="the exponent p: 1 sums, 2 gives Euclidean lengths")
    kernel_size: PerAxis = param(doc="size of a window along each axis", min=1)
    stride: PerAxis | None = param(None, doc="step between windows; the kernel_size when not given", min=1)
    ceil_mode: bool = param(False, doc="count an incomplete last window too")

    def check(self, say: Say) -> bool:
        if self.norm_type and math.isfinite(self.norm_type):
            return True
        help_ = None if not self.norm_type else f"the limit is the largest |x|: Abs -> MaxPool{self.axes}d"
        say.error("norm_type is a number other than 0", at="norm_type", help=help_)
        return False

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """The powers, and what becomes of their means: signs, magnitudes, products, roots."""
        return Saved((0,), made=(x, y, y, y, y))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """Powers, sums, and a root per window."""
        return same_along(x) + same_along(y, math.prod(self.kernel_size) + 1)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(f"nn.{self.name}", self.norm_type, once(self.kernel_size), **self.arguments("stride", "ceil_mode"))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        given = self.arguments("stride", "ceil_mode")
        return t.call(f"F.lp_pool{self.axes}d", x, self.norm_type, once(self.kernel_size), **given)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """Not LpPool: PyTorch takes powers of x, not of |x|, and means times the full window, cut or not."""
        attributes, cells = self.geometry(x), g.const(float(math.prod(self.kernel_size)), x.dtype)
        exponent, root = g.const(self.norm_type, x.dtype), g.const(1 / self.norm_type, x.dtype)

        def run(x: OnnxValue) -> Any:
            mean = g.op("AveragePool", g.op("Pow", x, exponent), **attributes)
            return g.op("Pow", g.op("Mul", mean, cells), root)

        return lowering.batched(g, x, self.axes, run)


class LPPool1d(_LPPool, axes=1):
    """The p-norm of each window: [N, C, L] -> [N, C, L'] (torch.nn.LPPool1d)."""

    examples = [
        "[2, 3, 8] -> LPPool1d(2, 2) -> [2, 3, 4]",
        "[N, 3, L] -> LPPool1d(1, 3, stride=2) -> [N, 3, (L - 3) // 2 + 1]",
        "[3, 10] -> LPPool1d(4, 3, ceil_mode=true) -> [3, 4]",
    ]


class LPPool2d(_LPPool, axes=2):
    """The p-norm of each window: [N, C, H, W] -> [N, C, H', W'] (torch.nn.LPPool2d)."""

    examples = [
        "[2, 3, 8, 8] -> LPPool2d(2, 2) -> [2, 3, 4, 4]",
        "[N, C, H, W] -> LPPool2d(2, [3, 2], stride=1) -> [N, C, H - 2, W - 1]",
        "[1, 2, 8, 9] -> LPPool2d(1, 3, 2, ceil_mode=true) -> [1, 2, 4, 4]",
    ]


class LPPool3d(_LPPool, axes=3):
    """The p-norm of each window: [N, C, D, H, W] -> [N, C, D', H', W'] (torch.nn.LPPool3d)."""

    examples = [
        "[2, 3, 4, 8, 8] -> LPPool3d(2, 2) -> [2, 3, 2, 4, 4]",
        "[N, 2, T, 8, 8] -> LPPool3d(2, [1, 3, 3], stride=[1, 2, 2]) -> [N, 2, T, 3, 3]",
        "[1, 2, 5, 6, 7] -> LPPool3d(4, 2, ceil_mode=true) -> [1, 2, 3, 3, 4]",
    ]
