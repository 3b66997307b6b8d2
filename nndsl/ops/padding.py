"""Room at the ends of dims: `Pad`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops import lowering
from nndsl.ops.costing import INPUT, NOTHING, Saved, Use
from nndsl.ops.kinds import Scalar, Sizes
from nndsl.ops.layout import Moves
from nndsl.ops.schema import param
from nndsl.shapes import Size, TensorType, is_floating

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class Pad(Moves):
    """Add to both ends of the last dims: [*, L] -> [*, before + L + after] (torch.nn.functional.pad)."""

    pad: Sizes = param(doc="before and after for the last dim, then for the one before it, …")
    mode: str = param("constant", doc="what is added", choices=("constant", *_MODES))
    value: Scalar = param(0, doc="the number that is added in mode constant")

    examples = [
        "[2, 5] -> Pad([1, 2]) -> [2, 8]",
        '[N, 3, H, W] -> Pad([1, 1, 2, 0], mode="reflect") -> [N, 3, H + 2, W + 2]',
        '[N, 3, T] -> Pad([2, 1], mode="circular") -> [N, 3, T + 3]',
        '[N, 3, T] -> Pad([0, 3], mode="replicate") -> [N, 3, T + 3]',
        "[2, 5] -> Pad([-1, 2, 1, 0], value=-1.5) -> [3, 6]",
        "int[N] -> Pad([1, 0], value=7) -> int[N + 1]",
    ]

    def check(self, say: Say) -> bool:
        if len(self.pad) % 2:
            say.error("numbers come in pairs: before and after", at="pad")
        elif self.mode != "constant" and self.value != 0:
            say.error(f"mode {self.mode} takes no value", at="value")
        else:
            return True
        return False

    def _ends(self, rank: int) -> tuple[list[Size], list[Size]]:
        """Before and after for each dim, in order."""
        free: list[Size] = [0] * (rank - len(self.pad) // 2)
        return [*free, *self.pad[-2::-2]], [*free, *self.pad[::-2]]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        count = len(self.pad) // 2
        if count > x.rank:
            say.error(f"{len(self.pad)} numbers for {x.rank} dims: {say.type(x)}", code="rank-mismatch", at="pad")
            return None
        if self.mode != "constant" and x.rank not in (count + 1, count + 2):
            say.error(f"mode {self.mode} pads all but the first one or two dims", code="rank-mismatch", at="pad")
            return None
        if not say.holds(x.dtype, self.value, at="value"):
            return None
        sizes = []
        for axis, (size, before, after) in enumerate(zip(x.shape, *self._ends(x.rank), strict=True)):
            if not self._fits(say, size, (before, after), axis):
                return None
            sizes.append(size + before + after)
        return TensorType(x.dtype, tuple(sizes))

    def _most(self, size: Size) -> Size | None:
        """Mirrored and circular ends come from the tensor itself."""
        return {"reflect": size - 1, "circular": size}.get(self.mode)

    def demands(self, x: TensorType) -> list[Size]:
        found = []
        for size, *ends in zip(x.shape, *self._ends(x.rank), strict=True):
            most = self._most(size)
            found += [] if most is None else [most - end + 1 for end in ends]
        return found

    def _fits(self, say: Say, size: Size, ends: tuple[Size, Size], axis: int) -> bool:
        """Cropping must leave something."""
        most = self._most(size)
        for end in ends:
            room = None if most is None else say.facts.upper_bound(most - end)
            if room is not None and room < 0:
                message = f"mode {self.mode} can add {say.spell(most or 0)} at most to dim {axis}, not {say.spell(end)}"
                say.error(message, code="shape-mismatch", at="pad")
                return False
        return say.positive(size + ends[0] + ends[1], f"the size of dim {axis} after padding", at="pad")

    pointwise = True

    def saves(self, x: TensorType, y: TensorType, use: Use) -> Saved:
        return INPUT if self.mode in ("reflect", "replicate") else NOTHING

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.pad", x, self.pad, **self.given("mode", "value"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        before, after = self._ends(x.rank)
        if self.mode == "circular" and g.opset < 19:
            return self._wrapped(g, x, before, after)
        value = g.const(float(self.value) if is_floating(x.dtype) else self.value, x.dtype) if self.value else None
        mode = _MODES.get(self.mode, "constant")
        if mode == "constant" and value is None and self.pad:
            return self._zeros(g, x, before, after)
        return g.op("Pad", x, g.sizes([*before, *after]), value, mode=mode)

    def _zeros(self, g: OnnxBuilder, x: OnnxValue, before: list[Size], after: list[Size]) -> Any:
        """onnxruntime merges zeros into a pooling that follows, where they would count as minus infinity or not at
        all. It leaves alone what names its axes, and (before opset 18) what is cropped."""
        first = x.rank - len(self.pad) // 2
        if g.opset >= 18:
            axes = g.const(list(range(first, x.rank)))
            return g.op("Pad", x, g.sizes([*before[first:], *after[first:]]), None, axes)
        y = g.op("Pad", x, g.sizes([*before, *after[:-1], after[-1] + 1]))
        return lowering.cut(g, y, x.rank - 1, 0, -1)

    def _wrapped(self, g: OnnxBuilder, x: OnnxValue, before: list[Size], after: list[Size]) -> Any:
        y: Any = x
        for axis, (left, right) in enumerate(zip(before, after, strict=True)):
            here, far, none = g.const([axis]), g.const([(1 << 63) - 1]), g.const([0])
            head = [g.op("Slice", y, g.sizes([x.shape[axis] - left]), far, here)] if left != 0 else []
            tail = [g.op("Slice", y, none, g.sizes([right]), here)] if right != 0 else []
            y = g.op("Concat", *head, y, *tail, axis=axis) if head or tail else y
        return y

    def blame(self, axis: int, rank: int) -> str | None:
        return "pad" if axis >= rank - len(self.pad) // 2 else None
