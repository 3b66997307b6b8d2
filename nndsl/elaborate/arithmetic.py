"""Operators of expressions: on numbers, dims, lists and strings while compiling; on tensors by adding a node."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from nndsl.elaborate.budget import LIST, TEXT
from nndsl.elaborate.context import Context
from nndsl.elaborate.operands import apart, named_parts
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import (
    POISON,
    Counted,
    Given,
    OpLayer,
    Poison,
    appended,
    is_layer,
    is_size,
    is_tensor,
)
from nndsl.ir.graph import Value
from nndsl.ops import lookup
from nndsl.shapes import Dim, Size
from nndsl.shapes.origins import floored, lifted, remainder, sized
from nndsl.syntax import ast

MAX_BITS = 4096

TENSOR_OPS = {
    "+": "Add", "-": "Subtract", "*": "Multiply", "/": "Divide", "//": "FloorDivide", "%": "Remainder", "**": "Power",
    "@": "MatMul", "==": "Equal", "!=": "NotEqual", "<": "Less", "<=": "LessEqual", ">": "Greater",
    ">=": "GreaterEqual", "and": "LogicalAnd", "or": "LogicalOr",
}  # fmt: skip
_ORDERS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "and": "or", "or": "and"}


@dataclass(slots=True)
class Unknown:
    """A condition on dims that is neither provably true nor provably false: `require` may make it a fact."""

    op: str
    left: Size
    right: Size
    about: str
    described = "a condition on unknown dims"


def unary(node: ast.Unary, value: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(value, Poison):
        return POISON
    if node.op == "not":
        if isinstance(value, bool):
            return not value
        if isinstance(value, Value):
            return _apply("LogicalNot", [value], {}, node, scope, ctx)
        if isinstance(value, Unknown):
            return Unknown(_OPPOSITE[value.op], value.left, value.right, value.about)
        return ctx.poison("bad-value", f"`not` takes true or false, not {ctx.describe(value)}", node.span, scope)
    if isinstance(value, Value):
        return value if node.op == "+" else _apply("Negative", [value], {}, node, scope, ctx)
    if isinstance(value, (int, float, Dim)) and not isinstance(value, bool):
        return -value if node.op == "-" else value
    return ctx.poison("not-a-number", f"`{node.op}` takes a number, not {ctx.describe(value)}", node.span, scope)


def binary(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(left, Poison) or isinstance(right, Poison):
        return POISON
    if is_tensor(left) or is_tensor(right):
        return _tensors(node, left, right, scope, ctx)
    if node.op in ("in", "not in"):
        return _member(node, left, right, scope, ctx)
    if node.op in ("and", "or"):
        return _logic(node, left, right, scope, ctx)
    if node.op in _ORDERS:
        return _compare(node, left, right, scope, ctx)
    if isinstance(left, (list, str)) or isinstance(right, (list, str)):
        return _lists(node, left, right, scope, ctx)
    if _number(left) and _number(right):
        return _numbers(node, left, right, scope, ctx)
    return _misfit(node, left, right, scope, ctx)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, Dim)) and not isinstance(value, bool)


def _misfit(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    hints = []
    layer = node.left if is_layer(left) else node.right if is_layer(right) else None
    if layer is not None:
        text = layer.span.text if len(layer.span.text) < 40 and "\n" not in layer.span.text else "Layer"
        other = node.right if layer is node.left else node.left
        start = other.id if isinstance(other, ast.Name) and is_tensor(left if other is node.left else right) else "x"
        hints = [f"apply the layer to a tensor first: `({start} -> {text})`; layers in sequence are joined with `->`"]
        if node.op == "*" and isinstance(right if layer is node.left else left, int):
            hints = [f"a list of layers is repeated: `[{text}] * {other.span.text}`"]
    what = f"`{node.op}` does not go between {ctx.describe(left)} and {ctx.describe(right)}"
    return ctx.poison("bad-value", what, node.span, scope, hints=hints)


# ---------------------------------------------------------------- numbers and dims


def _numbers(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    op = node.op
    try:
        if op in ("/", "//", "%") and isinstance(right, (int, float)) and right == 0:
            return ctx.poison("bad-value", "division by zero", node.span, scope)
        if op == "**" and _too_big(left, right):
            return ctx.poison("too-big", "this power is too large", node.span, scope)
        dims = isinstance(left, Dim) or isinstance(right, Dim)
        if dims and (isinstance(left, float) or isinstance(right, float) or op in ("/", "@")):
            return _inexact(node, left, right, scope, ctx)
        found = _COMPUTE[op](left, lifted(left, right))
        if op == "//" and not dims and remainder(left, right) not in ctx.divided:
            found = floored(found, left, right)
        return sized(ctx.facts.normalize(found), op, left, right) if dims else _bounded(found)
    except OverflowError:
        return ctx.poison("too-big", "this number is too large", node.span, scope)
    except (ValueError, ZeroDivisionError, TypeError, KeyError):
        return _misfit(node, left, right, scope, ctx)


def _inexact(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    if node.op == "/" and not isinstance(right, float):
        divisible = ctx.facts.divisible(left, right) if isinstance(left, Dim) else None
        if divisible:
            return sized(left // right, "//", left, right)
    hint = "`//` divides dims; what is only known when the model runs has no fraction"
    message = f"{ctx.spell(left)} {node.op} {ctx.spell(right)} is not a whole number that is known"
    return ctx.poison("unknown-dim", message, node.span, scope, hints=[hint])


def _too_big(left: Any, right: Any) -> bool:
    if isinstance(right, Dim):
        return True
    if isinstance(left, int) and isinstance(right, int):
        return right > 0 and left.bit_length() * right > MAX_BITS
    return isinstance(left, Dim) and (not isinstance(right, int) or not 0 <= right <= 8)


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise OverflowError
    if isinstance(value, complex):
        raise ValueError
    return value


_COMPUTE = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}

# ---------------------------------------------------------------- lists and strings


def _lists(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    if node.op == "+" and isinstance(left, str) and isinstance(right, str):
        ctx.budget.items(len(left) + len(right), what=TEXT)
        return left + right
    if node.op == "+" and isinstance(left, list) and isinstance(right, list):
        ctx.budget.items(len(left) + len(right))
        return appended(left, right)
    if node.op == "*" and isinstance(right, (list, str)):
        left, right = right, left
    if node.op == "*" and isinstance(left, (list, str)) and isinstance(right, int) and not isinstance(right, bool):
        if right < 0:
            kind = "string" if isinstance(left, str) else "list"
            return ctx.poison("bad-value", f"a {kind} cannot be repeated {right} times", node.right.span, scope)
        ctx.budget.items(len(left) * right, what=TEXT if isinstance(left, str) else LIST)
        alone = isinstance(left, list) and len(left) == 1
        return Counted(left * right, [(0, right)]) if alone else left * right
    if node.op == "*" and isinstance(left, list) and isinstance(right, Dim):
        message = f"a list is repeated while compiling, and {ctx.spell(right)} is only known when the model runs"
        return ctx.poison("unknown-dim", message, node.right.span, scope)
    if node.op == "+" and (is_layer(left) and is_layer(right)):
        hint = "put the single layer into brackets: `[Layer] + …`"
        return ctx.poison(
            "bad-value", "`+` joins lists, and one side is a single layer", node.span, scope, hints=[hint]
        )
    return _misfit(node, left, right, scope, ctx)


def _member(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(right, str) and isinstance(left, str):
        return (left in right) is (node.op == "in")
    if isinstance(right, list) and not isinstance(left, Dim):
        ctx.budget.step(len(right))
        alike = [member for member in right if _comparable(left, member)]
        if right and not alike:
            return _never_equal(node, left, right[0], scope, ctx)
        return any(_equal(left, member, ctx) for member in alike) is (node.op == "in")
    return _misfit(node, left, right, scope, ctx)


# ---------------------------------------------------------------- conditions


def _logic(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    for value, part in ((left, node.left), (right, node.right)):
        if not isinstance(value, (bool, Unknown)):
            return ctx.poison(
                "bad-value", f"`{node.op}` takes true or false, not {ctx.describe(value)}", part.span, scope
            )
    if isinstance(left, bool):
        decided = left is (node.op == "or")
        return left if decided else right
    if isinstance(right, bool):
        decided = right is (node.op == "or")
        return right if decided else left
    return Unknown(node.op, 0, 0, left.about)


def _compare(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    op = node.op
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown("or", 0, 0, left.about if isinstance(left, Unknown) else right.about)
    if isinstance(left, Dim) and isinstance(right, float):
        return _compare_float(op, left, right, ctx)
    if isinstance(left, float) and isinstance(right, Dim):
        return _compare_float(TURNED[op], right, left, ctx)
    if is_size(left) and is_size(right) and (isinstance(left, Dim) or isinstance(right, Dim)):
        return _compare_dims(op, left, right, ctx)
    if op in ("==", "!="):
        if not _comparable(left, right):
            return _never_equal(node, left, right, scope, ctx)
        return _equal(left, right, ctx) is (op == "==")
    if (_number(left) and _number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return bool(_ORDERS[op](left, right))
    return _misfit(node, left, right, scope, ctx)


def _compare_float(op: str, left: Dim, right: float, ctx: Context) -> Any:
    """A whole number is below 2.5 if it is below 3, and at most 2.5 if it is at most 2."""
    if not math.isfinite(right):
        return _ORDERS[op](0, right)
    if op in ("==", "!=") and not right.is_integer():
        return op == "!="
    return _compare_dims(op, left, math.floor(right) if op in ("<=", ">") else math.ceil(right), ctx)


def _comparable(left: Any, right: Any) -> bool:
    """Can the two be equal? Anything may be none."""
    return left is None or right is None or _sort(left) == _sort(right)


def _sort(value: Any) -> str:
    if isinstance(value, (bool, Unknown)):
        return "truth"
    if isinstance(value, (int, float, Dim)):
        return "number"
    if isinstance(value, (str, list)):
        return type(value).__name__
    return "layer" if is_layer(value) else type(value).__name__


def _never_equal(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    message = f"{ctx.describe(left)} is never equal to {ctx.describe(right)}"
    number = next((side for side in (left, right) if isinstance(side, (int, float))), None)
    written = isinstance(left, str) or isinstance(right, str)
    hints = [f'in quotes it is a string: `"{ctx.spell(number)}"`'] if number is not None and written else []
    return ctx.poison("bad-value", message, node.span, scope, hints=hints)


def _equal(left: Any, right: Any, ctx: Context) -> bool:
    if isinstance(left, (bool, int, float, str)) or left is None or right is None:
        return bool(left is right if left is None or right is None else left == right)
    return ctx.key(left) == ctx.key(right)


def _compare_dims(op: str, left: Size, right: Size, ctx: Context) -> Any:
    facts = ctx.facts
    about = facts.spell(left if isinstance(left, Dim) else right)
    if op in ("==", "!="):
        equal = facts.equal(left, right)
        return Unknown(op, left, right, about) if equal is None else equal is (op == "==")
    if op in (">", ">="):
        low, high, strict = right, left, op == ">"
    else:
        low, high, strict = left, right, op == "<"
    margin = high - low - (1 if strict else 0)  # holds when >= 0
    least, most = facts.lower_bound(margin), facts.upper_bound(margin)
    if least is not None and least >= 0:
        return True
    if most is not None and most < 0:
        return False
    return Unknown(op, left, right, about)


# ---------------------------------------------------------------- tensors


def _tensors(node: ast.Binary, left: Any, right: Any, scope: Scope, ctx: Context) -> Any:
    if left is None or right is None:
        if node.op in ("==", "!="):  # a missing optional input
            return (left is right) is (node.op == "==")
        return ctx.poison("not-a-tensor", f"`{node.op}` with an input that was not given (none)", node.span, scope)
    name = TENSOR_OPS.get(node.op)
    for value, part in ((left, node.left), (right, node.right)):
        if isinstance(value, tuple):
            message = f"`{node.op}` takes one tensor on each side, and this is {ctx.describe(value)}"
            hints = [apart(value)]
            return ctx.poison("not-a-tensor", message + named_parts(value), part.span, scope, hints=hints)
        if not isinstance(value, (Value, int, float, Dim)) or name is None:
            return _misfit(node, left, right, scope, ctx)
    assert name is not None
    if isinstance(left, Value) and isinstance(right, Value):
        return _apply(name, [left, right], {}, node, scope, ctx)
    if name == "MatMul":
        return _misfit(node, left, right, scope, ctx)
    if isinstance(left, Value):
        return _apply(name, [left], {"other": right}, node, scope, ctx)
    return _apply(name, [right], {"other": left, "reverse": True}, node, scope, ctx)


def _apply(name: str, inputs: list[Value], values: dict[str, Any], node: Any, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import apply_operator

    if scope.builder is None:
        return ctx.poison("not-a-number", "tensors are computed with inside a block or a model", node.span, scope)
    op = lookup(name)
    assert op is not None, name
    given = {key: Given(value, node.span) for key, value in values.items()}
    return apply_operator(OpLayer(op, node.span, given), tuple(inputs), scope.builder, node.span, None, ctx)
