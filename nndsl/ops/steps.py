"""What stands at the ends of a recurrence: the part of a sequence that a step gets, and the sequence of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.costing import NOTHING
from nndsl.ops.families import TENSOR
from nndsl.ops.kinds import Sizes
from nndsl.ops.schema import Op, param
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class StepOf(Op, family=TENSOR):
    """The part of a sequence that one step gets: [*, T, *] -> [*] (x[:, t])."""

    hidden = True
    kept = NOTHING
    dim: int = param(doc="the axis of the steps")
    reverse: bool = param(False, doc="from the last step to the first")

    def shape(self, x: TensorType, say: Say) -> TensorType:
        return x.with_shape((*x.shape[: self.dim], *x.shape[self.dim + 1 :]))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    @property
    def heading(self) -> str:
        return "each step"

    def detail(self) -> str:
        return "from the last to the first" if self.reverse else ""

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        from nndsl.ops.emit import Text

        return t.index(x, *[slice(None)] * self.dim, Text("t"))


class Steps(Op, family=TENSOR):
    """The results of all steps, side by side: [*] -> [*, T, *] (torch.stack)."""

    hidden = True
    kept = NOTHING
    dim: int = param(doc="the axis of the steps")
    size: Sizes = param(doc="how many steps there are")
    reverse: bool = param(False, doc="from the last step to the first")

    def shape(self, x: TensorType, say: Say) -> TensorType:
        return x.with_shape((*x.shape[: self.dim], *self.size, *x.shape[self.dim :]))

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    @property
    def heading(self) -> str:
        return "all steps"

    def detail(self) -> str:
        return ""

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        """Of the list that the loop has filled."""
        listed: Any = t.call("reversed", x) if self.reverse else x
        return t.call("torch.stack", t.call("list", listed) if self.reverse else x, dim=self.dim)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> OnnxValue:
        """The node around the loop joins them."""
        return x
