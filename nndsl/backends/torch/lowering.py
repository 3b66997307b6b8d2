"""The writer that operators are handed: builds the text of one node of `forward`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch.names import number, quote
from nndsl.backends.torch.numbers import MARKS, Numbers
from nndsl.backends.torch.pieces import New, piece
from nndsl.backends.torch.sizes import wrap
from nndsl.ops.emit import Operand, Text
from nndsl.shapes import Dim, Size
from nndsl.shapes.origins import alike

if TYPE_CHECKING:
    from nndsl.backends.torch.forward import Body
    from nndsl.backends.torch.steps import Step

_LEVELS = {
    "**": 90,
    "*": 70,
    "/": 70,
    "@": 70,
    "//": 70,
    "%": 70,
    "+": 60,
    "-": 60,
    "&": 57,
    "^": 56,
    "|": 55,
}
_SIMPLE = re.compile(rf"-?[\w.{MARKS}]+", re.ASCII)
_NAME = re.compile(rf"(-?[\w{MARKS}]+)?", re.ASCII)
# Constructors whose first argument is a tuple of sizes even when all are equal.
_WHOLE = {"nn.LayerNorm", "nn.RMSNorm", "nn.Unflatten"}


class Made(Text):
    """A constructor call that is still in pieces."""

    __slots__ = ("piece",)
    piece: New


class Lowering:
    """One attempt to lower one node. What it asks for is kept until the attempt is accepted: `lines` to
    put before, `names` bound by `unpack`, `reads` of variables for their sizes, `early`: operands that
    must be variables first."""

    def __init__(self, body: Body, step: Step, operands: Sequence[Operand | None]) -> None:
        self.body, self.step, self.operands = body, step, operands
        self.lines: list[tuple[str, Text]] = []
        self.locals: list[str] = []
        self.bound: tuple[str, ...] = ()
        self.reads: list[Any] = []
        self.early: set[int] = set()

    # ------------------------------------------------------------ the layer

    def me(self) -> Text:
        return self.body.layer(self.step, self)

    def new(self, cls: str, *args: Any, **kwargs: Any) -> Text:
        spell = self.value
        once = _as_is if cls in _WHOLE else _once
        call = New(cls, [piece(once(a), spell) for a in args], {}, set(kwargs))
        call.kwargs = {k: piece(once(v), spell) for k, v in kwargs.items()}
        made = Made(self.call(cls, *[once(a) for a in args], **{k: once(v) for k, v in kwargs.items()}))
        made.piece = call
        return made

    def parameter(
        self, name: str, shape: Sequence[Size], init: Any, trained: bool = True, dtype: str = "float"
    ) -> Text:
        return self.body.tensor(self.step, name, shape, init, trained, dtype)

    # ------------------------------------------------------------ expressions

    def call(self, callee: str, *args: Any, **kwargs: Any) -> Text:
        parts = [*map(self.value, args), *(f"{k}={self.value(v)}" for k, v in kwargs.items())]
        return Text(f"{callee}({', '.join(parts)})")

    def method(self, x: str, name: str, *args: Any, **kwargs: Any) -> Text:
        return self.call(f"{wrap(self.value(x), 100)}.{name}", *args, **kwargs)

    def attribute(self, x: str, name: str) -> Text:
        return Text(f"{wrap(self.value(x), 100)}.{name}")

    def binary(self, operator: str, a: Any, b: Any) -> Text:
        return joined(operator, self.value(a), self.value(b))

    def unary(self, operator: str, a: Any) -> Text:
        """A power gets parentheses that Python does not need, as the formatter has it."""
        operand = self.value(a)
        if operator == "-" and operand.level == 80 and operand.startswith("-"):
            return self.call("torch.neg", operand)  # `-(-x)` is a decrement to linters
        alone = operand.level == 90 or operand.startswith(operator)
        return Text(f"{operator}{wrap(operand, 100 if alone else 80)}", 80)

    def index(self, x: str, *items: Any) -> Text:
        return Text(f"{wrap(self.value(x), 100)}[{', '.join(map(self._item, items))}]")

    def _item(self, item: Any) -> str:
        if item is Ellipsis:
            return "..."
        if not isinstance(item, slice):
            return self.value(item)
        parts = ["" if end is None else self.value(end) for end in (item.start, item.stop)]
        if item.step is not None:
            parts.append(self.value(item.step))
        loose = not all(_NAME.fullmatch(part) for part in parts)
        text = str(parts[0])
        for before, after in itertools.pairwise(parts):
            text += (" " if loose and before else "") + ":" + (" " if loose and after else "") + after
        return text

    def value(self, value: Any) -> Text:
        if isinstance(value, Text):
            return value
        if isinstance(value, Dim):
            return self.body.size(value, self)
        if isinstance(value, (list, tuple)):
            inside = ", ".join(map(self.value, value))
            comma = "," if len(value) == 1 else ""
            return Text(f"[{inside}]" if isinstance(value, list) else f"({inside}{comma})")
        if isinstance(value, str):
            return Text(quote(value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return literal(value, self.body.numbers)
        return Text(repr(value))

    def dtype(self, name: str) -> Text:
        return Text(f"torch.{name}") if name != "float" else self.body.float_dtype(self)

    def device(self) -> Text | None:
        return self.body.device(self)

    # ------------------------------------------------------------ statements

    def unpack(self, call: Text, pattern: str = "") -> tuple[Text, ...]:
        self.bound = self.body.targets(self, pattern.count("{}") if pattern else len(self.step.outs))
        target = pattern.format(*self.bound) if pattern else ", ".join(self.bound)
        self.lines.append((target, call))
        return tuple(map(Text, self.bound))

    def let(self, expression: Text, hint: str) -> Text:
        name = self.body.local(hint, self.locals)
        self.locals.append(name)
        self.lines.append((name, expression))
        return Text(name)

    def define(self, name: str, source: str) -> Text:
        return Text(self.body.module.define(name, source))


def joined(operator: str, left: Text, right: Text) -> Text:
    """`left ∘ right`, in the formatter's spacing, with the parentheses that it needs."""
    level = _LEVELS.get(operator, 50)
    tight = level + 1
    left_level = tight if operator == "**" or level == 50 else level
    simple = operator == "**" and all(_SIMPLE.fullmatch(side) for side in (left, right))
    sign = operator if simple else f" {operator} "
    return Text(f"{wrap(left, left_level)}{sign}{wrap(right, 80 if operator == '**' else tight)}", level)


def literal(value: int | float, numbers: Numbers) -> Text:
    """A number, or the mark that stands for it."""
    return Text(numbers.mark(value) or number(value), 80 if value < 0 else 100)


def _as_is(value: Any) -> Any:
    return value


def _once(value: Any) -> Any:
    """Pairs of equal numbers are written once (a list is left alone)."""
    if isinstance(value, tuple) and len(value) > 1 and alike(value) and isinstance(value[0], (int, float)):
        return value[0]
    return value
