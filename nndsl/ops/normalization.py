"""Normalisation over batches, instances and groups of channels; channels are axis 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops import lowering
from nndsl.ops.costing import STATISTICS, Saved, Use
from nndsl.ops.families import NORMALIZATION
from nndsl.ops.schema import Inferred, Op, Weight, param, same_along
from nndsl.ops.windows import LAYOUTS, dtype_argument
from nndsl.shapes import Size, TensorType, product
from nndsl.shapes.origins import plain

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


def affine_weights(op: Any, x: TensorType, shape: tuple[Size, ...], affine: bool) -> list[Weight]:
    """`weight` and `bias`, as far as they exist."""
    if not affine:
        return []
    made = [Weight("weight", shape, dtype=x.dtype, init=op.init)]
    return [*made, Weight("bias", shape, dtype=x.dtype, init=op.bias_init)] if op.bias else made


def statistics(x: TensorType, channels: Size) -> list[Weight]:
    """The running statistics, and how many batches they have seen."""
    return [
        Weight("running_mean", (channels,), "buffer", x.dtype),
        Weight("running_var", (channels,), "buffer", x.dtype),
        Weight("num_batches_tracked", (), "buffer", "int64"),
    ]


def _spread(say: Say, x: TensorType, count: Size, where: str, *, tracked: bool = False) -> bool:
    """PyTorch refuses to normalise a single value, which would always give 0; with statistics that were `tracked`,
    only while training."""
    if count != 1:
        return True
    message = f"{say.type(x)} has a single value {where}: nothing to normalise"
    if tracked:
        say.warning(f"{message} while training, where PyTorch refuses it", code="single-value", at=0, help=_LARGER)
    else:
        say.error(message, code="shape-mismatch", at=0)
    return tracked


_LARGER = "give it more values: a larger batch, or an image before it is pooled to one pixel"


class _BatchNorm(Op, family=NORMALIZATION, abstract=True):
    inferred = (Inferred("num_features", axis=1),)
    eps: float = param(1e-5, doc="added to the variance", min=0)
    momentum: float | None = param(0.1, doc="weight of a new batch in the running statistics; none: all count alike")
    affine: bool = param(True, doc="learn a scale and an offset per channel")
    track_running_stats: bool = param(
        True, doc="keep running statistics for inference; otherwise each batch has its own"
    )
    bias: bool = param(True, doc="learn the offset too", keyword=True)

    layout: ClassVar[str]
    ranks: ClassVar[tuple[int, ...]]
    pointwise = True

    def check(self, say: Say) -> bool:
        if not self.eps:
            say.error("eps is greater than 0: PyTorch refuses to train with 0", at="eps")
        return self.eps > 0

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank(x, *self.ranks, layout=self.layout) or not say.floating(x):
            return None
        count = product(map(plain, (x.shape[0], *x.shape[2:])))
        if not _spread(say, x, count, "in each channel", tracked=self.track_running_stats):
            return None
        return None if say.known(x.shape[1], "the number of channels") is None else x

    def weights(self, x: TensorType) -> list[Weight]:
        made = affine_weights(self, x, (x.shape[1],), self.affine)
        return made + statistics(x, x.shape[1]) if self.track_running_stats else made

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Mean and deviation of each channel, too."""
        return Saved((0,), made=(TensorType(STATISTICS, (x.shape[1],)),) * 2)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """At inference one scale and one offset; five more where the statistics are the batch's own."""
        return same_along(y, 2 if self.track_running_stats else 7)

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.given("eps", "momentum", "affine", "track_running_stats", "bias")
        return t.new(f"nn.{self.name}", x.shape[1], **given, **dtype_argument(t, x.type))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        scale, offset = _affine(g, x, self.affine, self.bias)
        if self.track_running_stats:
            running = g.weight("running_mean"), g.weight("running_var")
            return g.op("BatchNormalization", x, scale, offset, *running, epsilon=self.eps)
        return self._over_batch(g, x, scale, offset)

    def _over_batch(self, g: OnnxBuilder, x: OnnxValue, scale: OnnxValue, offset: OnnxValue) -> Any:
        """ONNX knows the batch's statistics only while training."""
        axes = [0, *range(2, x.rank)]
        centred = g.op("Sub", x, lowering.reduce(g, "ReduceMean", x, axes))
        variance = lowering.reduce(g, "ReduceMean", g.op("Mul", centred, centred), axes)
        deviation = g.op("Sqrt", g.op("Add", variance, g.const(self.eps, x.dtype)))
        y = g.op("Div", centred, deviation)
        if not self.affine:
            return y
        column = g.const([-1, *[1] * (x.rank - 2)])
        y = g.op("Mul", y, g.op("Reshape", scale, column))
        return g.op("Add", y, g.op("Reshape", offset, column)) if self.bias else y

    def detail(self) -> str:
        return ""


def _affine(g: OnnxBuilder, x: OnnxValue, affine: bool, bias: bool) -> tuple[OnnxValue, OnnxValue]:
    """Scale and offset per channel; constants where nothing is learned."""
    scale = g.weight("weight") if affine else lowering.filled(g, 1.0, x.shape[1:2], x.dtype)
    offset = g.weight("bias") if affine and bias else lowering.filled(g, 0.0, x.shape[1:2], x.dtype)
    return scale, offset


class BatchNorm1d(_BatchNorm):
    """Normalise each channel over the batch: [N, C] or [N, C, L] -> the same (torch.nn.BatchNorm1d)."""

    layout = "[N, C] or [N, C, L]"
    ranks = (2, 3)
    examples = [
        "[4, 8] -> BatchNorm1d -> [4, 8]",
        "[N, 3, L] -> BatchNorm1d(eps=0.001, momentum=none) -> [N, 3, L]",
        "[4, 6, 5] -> BatchNorm1d(affine=false) -> [4, 6, 5]",
        "[N, 6] -> BatchNorm1d(track_running_stats=false) -> [N, 6]",
    ]


class BatchNorm2d(_BatchNorm):
    """Normalise each channel over the batch: [N, C, H, W] -> the same (torch.nn.BatchNorm2d)."""

    layout = LAYOUTS[2]
    ranks = (4,)
    examples = [
        "[2, 8, 4, 4] -> BatchNorm2d -> [2, 8, 4, 4]",
        "[N, 3, H, W] -> BatchNorm2d(eps=0.01, momentum=0.05) -> [N, 3, H, W]",
        "[2, 4, 3, 3] -> BatchNorm2d(affine=false, track_running_stats=false) -> [2, 4, 3, 3]",
        "[N, 4, H, 3] -> BatchNorm2d(track_running_stats=false, init=uniform) -> [N, 4, H, 3]",
    ]


class BatchNorm3d(_BatchNorm):
    """Normalise each channel over the batch: [N, C, D, H, W] -> the same (torch.nn.BatchNorm3d)."""

    layout = LAYOUTS[3]
    ranks = (5,)
    examples = [
        "[2, 3, 4, 4, 4] -> BatchNorm3d -> [2, 3, 4, 4, 4]",
        "[N, 2, D, 3, 3] -> BatchNorm3d(eps=0.1) -> [N, 2, D, 3, 3]",
        "[2, 2, 2, 3, 3] -> BatchNorm3d(affine=false, momentum=0.3) -> [2, 2, 2, 3, 3]",
    ]


class _InstanceNorm(Op, family=NORMALIZATION, abstract=True):
    inferred = (Inferred("num_features", axis=1),)
    eps: float = param(1e-5, doc="added to the variance", min=0)
    momentum: float = param(0.1, doc="weight of a new batch in the running statistics")
    affine: bool = param(False, doc="learn a scale and an offset per channel")
    track_running_stats: bool = param(False, doc="keep running statistics and use them at inference")
    bias: bool = param(True, doc="learn the offset too", keyword=True)

    axes: ClassVar[int]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        layout = f"{LAYOUTS[self.axes]} (or the same without N)"
        if not say.rank(x, self.axes + 1, self.axes + 2, layout=layout) or not say.floating(x):
            return None
        count = product(x.shape[-self.axes :])
        if not _spread(say, x, count, "in each channel", tracked=self.track_running_stats):
            return None
        if not (self.affine or self.track_running_stats):
            return x
        return None if say.known(x.shape[-self.axes - 1], "the number of channels") is None else x

    def weights(self, x: TensorType) -> list[Weight]:
        channels = x.shape[-self.axes - 1]
        made = affine_weights(self, x, (channels,), self.affine)
        return made + statistics(x, channels) if self.track_running_stats else made

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """PyTorch normalises N·C channels of one batch, for which weights and running statistics are repeated."""
        channels = TensorType(STATISTICS, (product(x.shape[: -self.axes]),))
        return Saved((0,), made=(channels,) * (2 + int(self.affine) + 2 * int(self.track_running_stats)))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """Mean, variance, normalisation: 5; a scale and an offset: 2."""
        return same_along(y, 2 if self.track_running_stats else 5 + self.affine * (1 + self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text | None:
        given = self.given("eps", "momentum", "affine", "track_running_stats", "bias")
        channels = x.shape[-self.axes - 1]
        if not isinstance(channels, int):
            return None
        return t.new(f"nn.{self.name}", channels, **given, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, x: Operand) -> Any:
        if isinstance(x.shape[-self.axes - 1], int):
            return t.call(t.me(), x)
        if x.rank == self.axes + 2:
            return t.call("F.instance_norm", x, **self.given("eps"))
        alone = t.call("F.instance_norm", t.method(x, "unsqueeze", 0), **self.given("eps"))
        return t.method(alone, "squeeze", 0)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        channels = x.shape[-self.axes - 1]
        if not isinstance(channels, int):
            return self._plain(g, x)
        scale = g.weight("weight") if self.affine else lowering.filled(g, 1.0, [channels], x.dtype)
        offset = g.weight("bias") if self.affine and self.bias else lowering.filled(g, 0.0, [channels], x.dtype)

        def run(x: OnnxValue) -> Any:
            if not self.track_running_stats:
                return g.op("InstanceNormalization", x, scale, offset, epsilon=self.eps)
            running = g.weight("running_mean"), g.weight("running_var")
            return g.op("BatchNormalization", x, scale, offset, *running, epsilon=self.eps)

        return lowering.batched(g, x, self.axes, run)

    def _plain(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """InstanceNormalization wants a scale per channel; without the number of channels there is none."""
        axes = list(range(-self.axes, 0))
        centred = g.op("Sub", x, lowering.reduce(g, "ReduceMean", x, axes))
        variance = lowering.reduce(g, "ReduceMean", g.op("Mul", centred, centred), axes)
        return g.op("Div", centred, g.op("Sqrt", g.op("Add", variance, g.const(self.eps, x.dtype))))

    def detail(self) -> str:
        return ""


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sequence by itself: [N, C, L] -> the same (torch.nn.InstanceNorm1d)."""

    axes = 1
    examples = [
        "[2, 3, 8] -> InstanceNorm1d -> [2, 3, 8]",
        "[N, C, L] -> InstanceNorm1d(eps=0.1) -> [N, C, L]",
        "[3, 8] -> InstanceNorm1d(affine=true, track_running_stats=true) -> [3, 8]",
    ]


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image by itself: [N, C, H, W] -> the same (torch.nn.InstanceNorm2d)."""

    axes = 2
    examples = [
        "[2, 3, 8, 8] -> InstanceNorm2d -> [2, 3, 8, 8]",
        "[N, 4, H, W] -> InstanceNorm2d(affine=true) -> [N, 4, H, W]",
        "[N, 4, H, W] -> InstanceNorm2d(track_running_stats=true, momentum=0.2) -> [N, 4, H, W]",
        "[C, H, W] -> InstanceNorm2d -> [C, H, W]",
    ]


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume: [N, C, D, H, W] -> the same (torch.nn.InstanceNorm3d)."""

    axes = 3
    examples = [
        "[2, 3, 4, 4, 4] -> InstanceNorm3d -> [2, 3, 4, 4, 4]",
        "[N, 2, T, 3, 3] -> InstanceNorm3d(affine=true, eps=0.01) -> [N, 2, T, 3, 3]",
        "[2, 3, 4, 5] -> InstanceNorm3d(track_running_stats=true) -> [2, 3, 4, 5]",
    ]


class GroupNorm(Op, family=NORMALIZATION):
    """Normalise groups of channels of each sample: [N, C, *] -> the same (torch.nn.GroupNorm)."""

    inferred = (Inferred("num_channels", place=1, axis=1),)
    num_groups: int = param(doc="into how many groups the channels are divided", min=1)
    eps: float = param(1e-5, doc="added to the variance", min=0)
    affine: bool = param(True, doc="learn a scale and an offset per channel")
    bias: bool = param(True, doc="learn the offset too", keyword=True)

    examples = [
        "[2, 8, 4, 4] -> GroupNorm(4) -> [2, 8, 4, 4]",
        "[N, 6, H, W] -> GroupNorm(1, eps=0.01) -> [N, 6, H, W]",
        "[N, 6, L] -> GroupNorm(3, affine=false) -> [N, 6, L]",
        "[5, 6] -> GroupNorm(2) -> [5, 6]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not say.rank_at_least(x, 2, layout="[N, C, *]") or not say.floating(x):
            return None
        channels = say.known(x.shape[1], "the number of channels")
        if channels is None or not _spread(say, x, product(x.shape) // self.num_groups, "in all groups"):
            return None
        if channels % self.num_groups:
            say.error(
                f"{channels} channels cannot be divided into {self.num_groups} groups",
                code="shape-mismatch",
                at="num_groups",
                help=f"num_groups divides {channels}",
            )
            return None
        return x

    def weights(self, x: TensorType) -> list[Weight]:
        return affine_weights(self, x, (x.shape[1],), self.affine)

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        """Mean and deviation of each group, too."""
        return Saved((0,), made=(TensorType(STATISTICS, (x.shape[0], self.num_groups)),) * 2)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        """Mean, variance, normalisation: 5; a scale and an offset: 2."""
        return same_along(y, 5 + self.affine * (1 + self.bias))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        given = self.given("eps", "affine", "bias")
        return t.new("nn.GroupNorm", self.num_groups, x.shape[1], **given, **dtype_argument(t, x.type))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """Before opset 21 GroupNormalization had a scale per group: instances of groups say the same."""
        if g.opset >= 21 and x.rank > 2:
            affine = _affine(g, x, self.affine, self.bias)
            return g.op("GroupNormalization", x, *affine, num_groups=self.num_groups, epsilon=self.eps)
        groups = self.num_groups
        unit = lowering.filled(g, 1.0, [groups], x.dtype), lowering.filled(g, 0.0, [groups], x.dtype)
        rows = g.op("Reshape", x, g.const([0, groups, -1]))
        rows = g.op("InstanceNormalization", rows, *unit, epsilon=self.eps)
        y = g.op("Reshape", rows, g.dims(x.shape))
        if not self.affine:
            return y
        column = [x.shape[1], *[1] * (x.rank - 2)]
        y = g.op("Mul", y, g.packed("weight", lambda w: w("weight").reshape(column), column))
        return g.op("Add", y, g.packed("bias", lambda w: w("bias").reshape(column), column)) if self.bias else y
