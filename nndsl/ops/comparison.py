"""Comparisons and logic: what `== != < <= > >=`, `and`, `or`, `not` mean between tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.arithmetic import Binary
from nndsl.ops.families import ARITHMETIC
from nndsl.ops.schema import Op, same_along
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Comparison(Binary, abstract=True):
    """Two tensors, or a tensor and a number, compared element by element."""

    done = "compared"
    node: ClassVar[str]
    negated: ClassVar[bool] = False

    def gives(self, x: TensorType, other: Any) -> str:
        return "bool"

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        """ONNX orders numbers only."""
        if dtype == "bool" and self.node != "Equal":
            a, b = g.cast(a, "int32"), g.cast(b, "int32")
        found = g.op(self.node, a, b)
        return g.op("Not", found) if self.negated else found


class Equal(Comparison):
    """`x == y`: [*], [*] -> bool[*] (torch.eq)."""

    sign, node = "==", "Equal"


class NotEqual(Comparison):
    """`x != y`: [*], [*] -> bool[*] (torch.ne)."""

    sign, node, negated = "!=", "Equal", True


class Less(Comparison):
    """`x < y`: [*], [*] -> bool[*] (torch.lt)."""

    sign, node = "<", "Less"


class LessEqual(Comparison):
    """`x <= y`: [*], [*] -> bool[*] (torch.le)."""

    sign, node = "<=", "LessOrEqual"


class Greater(Comparison):
    """`x > y`: [*], [*] -> bool[*] (torch.gt)."""

    sign, node = ">", "Greater"


class GreaterEqual(Comparison):
    """`x >= y`: [*], [*] -> bool[*] (torch.ge)."""

    sign, node = ">=", "GreaterOrEqual"


class Logical(Binary, abstract=True):
    """Truth values, element by element."""

    done = "combined"
    node: ClassVar[str]

    def takes(self, say: Say, x: TensorType, other: Any) -> bool:
        if isinstance(other, TensorType):
            return say.boolean(x, at=0) and say.boolean(other, at=1)
        if isinstance(other, bool):
            return say.boolean(x, at=0)
        say.error(f"{self.name} takes true/false values (bool), and {other} is a number", code="dtype-mismatch")
        return False

    def nodes(self, g: OnnxBuilder, a: OnnxValue, b: OnnxValue, dtype: str) -> Any:
        return g.op(self.node, a, b)


class LogicalAnd(Logical):
    """`x and y`: bool[*], bool[*] -> bool[*] (torch.logical_and)."""

    sign, written, node = "&", "and", "And"


class LogicalOr(Logical):
    """`x or y`: bool[*], bool[*] -> bool[*] (torch.logical_or)."""

    sign, written, node = "|", "or", "Or"


class LogicalNot(Op, family=ARITHMETIC):
    """`not x`: bool[*] -> bool[*] (torch.logical_not)."""

    hidden = True
    shown = "not"

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.boolean(x) else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(y)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.unary("~", x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Not", x)
