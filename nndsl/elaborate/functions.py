"""Functions: those of a spec, and those of the language, `min`, `len`, `sqrt`, `zip`, …: on numbers, dims and lists."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nndsl.elaborate import foreign
from nndsl.elaborate.arguments import collect
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.hyperparameters import fill_defaults
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.slots import Signature, place
from nndsl.elaborate.values import POISON, Given, is_tensor
from nndsl.shapes import Dim, DimTooLarge, smax, smin
from nndsl.shapes.origins import called, sized
from nndsl.shapes.simplified import FUNCTIONS
from nndsl.syntax import ast


class Misuse(Exception):
    """The message is for the user."""


def call_function(node: ast.Call, callee: Any, scope: Scope, ctx: Context) -> Any:
    """A `fn` of the spec: its body, in the scope of its file."""
    definition: ast.Function = callee.definition
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    name = definition.name.id
    if any(at == id(definition) for at, _ in ctx.expanding):
        return ctx.poison("recursion", f"{name} calls itself, and functions may not", node.span, scope)
    given: dict[str, Given] = {}
    positional = [g for n, g in bound if n is None]
    keywords = {n: g for n, g in bound if n is not None}
    if not place(Signature.of(definition), positional, keywords, given, scope, ctx):
        return POISON
    inner = Scope(callee.home, scope.builder)
    inner.within = scope.within
    ctx.expanding.append((id(definition), name))
    try:
        if not fill_defaults(definition.params, given, inner, name, node.span, scope, ctx):
            return POISON
        return evaluate(definition.value, inner, ctx)
    finally:
        ctx.expanding.pop()


def call_builtin(node: ast.Call, name: str, scope: Scope, ctx: Context) -> Any:
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    values = [g.value for _, g in bound]
    if any(is_tensor(v) for v in values):
        layer = foreign.operation(name)
        hints = [f"on tensors it is a layer: `x -> {layer}`"] if layer else []
        message = f"{name} computes with numbers, not with tensors"
        return ctx.poison("not-a-number", message, node.span, scope, hints=hints)
    if any(key is not None for key, _ in bound):
        return ctx.poison("bad-argument", f"{name} takes no named arguments", node.span, scope)
    try:
        _bound(name, values, ctx)
        return _remembered(name, _FUNCTIONS[name](*values), values)
    except Misuse as problem:
        return ctx.poison("bad-argument", str(problem), node.span, scope)
    except DimTooLarge as problem:
        return ctx.poison("too-big", f"this dim is too large an expression: {problem}", node.span, scope)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        shown = ", ".join(ctx.describe(v) for v in values)
        return ctx.poison("bad-argument", f"{name} does not take ({shown})", node.span, scope)


def _remembered(name: str, result: Any, values: list[Any]) -> Any:
    """A number or size that a function made of others knows which."""
    if name not in FUNCTIONS or not isinstance(result, (int, float, Dim)):
        return result
    operands = _flat(tuple(values)) if name in ("min", "max") else values
    if any(isinstance(each, Dim) for each in operands):
        return sized(result, name, *operands)
    return called(result, name, *operands)


def _bound(name: str, values: list[Any], ctx: Context) -> None:
    """Before a list is made, that it may be."""
    if name == "range" and values and all(isinstance(v, int) for v in values):
        ctx.budget.items(len(range(*values)))
    elif name == "sum" and values and isinstance(values[0], list):
        ctx.budget.items(sum(len(v) if isinstance(v, list) else 1 for v in values[0]))
    elif name in ("reversed", "enumerate", "zip"):
        ctx.budget.items(max((len(v) for v in values if isinstance(v, (list, str))), default=0), weight=len(values) + 2)


def _flat(values: tuple[Any, ...]) -> list[Any]:
    members = list(values[0]) if len(values) == 1 and isinstance(values[0], (list, tuple)) else list(values)
    if not members:
        raise Misuse("of an empty list there is none")
    if not all(isinstance(v, (int, float, Dim)) for v in members):
        raise TypeError
    return members


def _least(*values: Any) -> Any:
    members = _flat(values)
    return smin(*members) if any(isinstance(v, Dim) for v in members) else min(members)


def _greatest(*values: Any) -> Any:
    members = _flat(values)
    return smax(*members) if any(isinstance(v, Dim) for v in members) else max(members)


def _sum(values: Any) -> Any:
    if values and all(isinstance(v, list) for v in values):
        return [member for part in values for member in part]
    total: Any = 0
    for value in values:
        if not isinstance(value, (int, float, Dim)):
            raise TypeError
        total = total + value
    return total


def _whole(value: Any) -> Any:
    return value if isinstance(value, Dim) else int(value)


def _round(value: Any, digits: int = 0) -> Any:
    if isinstance(value, Dim):
        return value
    if not -400 <= digits <= 400:  # more digits than a float has on either side
        raise Misuse("that is more digits than a number has")
    return round(value, digits) if digits else round(value)


def _str(value: Any) -> str:
    if not isinstance(value, (int, float, str)):
        raise TypeError
    return str(value)


def _pow(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and base.bit_length() * exponent > 4096:
        raise Misuse("this power is too large")
    return base**exponent


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": lambda v: v if isinstance(v, Dim) else math.ceil(v),
    "floor": lambda v: v if isinstance(v, Dim) else math.floor(v),
    "round": _round,
    "int": _whole,
    "float": float,
    "str": _str,
    "len": len,
    "min": _least,
    "max": _greatest,
    "sum": _sum,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "sin": math.sin,
    "cos": math.cos,
    "pow": _pow,
    "range": lambda *v: list(range(*v)),
    "reversed": lambda v: list(reversed(v)),
    "enumerate": lambda v, start=0: [(i, x) for i, x in enumerate(v, start)],
    "zip": lambda *v: [tuple(x) for x in zip(*v, strict=True)],
}
