"""Hyperparameters: their types, and what a call leaves to their defaults."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nndsl.diagnostics import Label
from nndsl.elaborate import ownership
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import Given, Poison, extent, is_layer, is_size, members
from nndsl.ir.graph import Graph
from nndsl.ops.initializers import INITIALIZERS
from nndsl.shapes.origins import called
from nndsl.source import Span
from nndsl.syntax import ast

_SIMPLE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "int": (
        "a whole number",
        lambda v: is_size(v) or (isinstance(v, float) and _finite(v) and v == int(v)),
    ),
    "float": ("a number", lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)),
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "str": ("a string", lambda v: isinstance(v, str)),
    "layer": ("a layer", is_layer),
}
KNOWN_TYPES = (*_SIMPLE, "list")


def _finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def fits(type_: ast.ParamTypeExpr | None, name: str, given: Given, who: str, scope: Scope | None, ctx: Context) -> bool:
    """Does the value fit the declared type? Whole floats become ints, Python's strings layers."""
    if given.read is not None and type_ is not None:
        given.value = _layers(type_, given.value, given.read)
        if any(isinstance(v, Poison) for v in members(given.value)):
            return False
    problem = misfit(type_, given.value)
    if problem is None:
        if type_ is not None and type_.name.id == "int" and isinstance(given.value, float):
            given.value = called(int(given.value), "int", given.value)
        return True
    hint = instead(given, ctx)
    declared = (
        [] if type_ is None or ctx.project.is_shipped(type_.span.source) else [Label(type_.span, "declared here")]
    )
    message = f"{who}: {name} is {problem}, not {ctx.describe(given.value)}"
    ctx.error("bad-argument", message, given.span, scope, labels=declared, hints=[hint] if hint else [])
    return False


def _layers(type_: ast.ParamTypeExpr, value: Any, read: Callable[[str], Any]) -> Any:
    """With what each string means that stands for a layer."""
    if isinstance(value, list) and type_.element is not None:
        return [_layers(type_.element, member, read) for member in value]
    return read(value) if isinstance(value, str) and type_.name.id == "layer" else value


def instead(given: Given, ctx: Context) -> str:
    """What to write in place of a value of the wrong kind."""
    value, text = given.value, given.span.text
    if isinstance(value, str):
        layers = [name for name in ctx.project.candidates(Scope()) if name[:1].isupper()]
        meant = value if value in INITIALIZERS else next((n for n in layers if n.lower() == value.lower()), None)
        return f"write {meant} without quotes" if meant else ""
    if isinstance(value, float) and not value.is_integer() and "/" in text and "//" not in text:
        return "`//` divides whole numbers, and rounds down"
    return ""


def misfit(type_: ast.ParamTypeExpr | None, value: Any) -> str | None:
    """What the type wants, when the value is not that."""
    if type_ is None or (type_.optional and value is None) or isinstance(value, Poison):
        return None
    kind = type_.name.id
    if kind == "list":
        if not isinstance(value, list):
            return "a list"
        distinct = {id(v): v for v in value}.values()
        inner = next((found for v in distinct if (found := misfit(type_.element, v))), None)
        return f"a list in which each member is {inner}" if inner else None
    if kind not in _SIMPLE:
        return None  # an unknown type was reported where it stands
    wanted, test = _SIMPLE[kind]
    return None if test(value) else wanted


def fill_defaults(
    declared: list[ast.Param],
    given: dict[str, Given],
    inner: Scope,
    who: str,
    span: Span,
    scope: Scope | None,
    ctx: Context,
    block: Graph | None = None,
) -> bool:
    """Bind each parameter in `inner`: as given, or its default, which may mention earlier ones. `block`: whose own the
    values become."""
    ctx.budget.step(10 + 4 * len(declared))
    missing = [p.name.id for p in declared if p.name.id not in given and p.default is None and not _optional(p)]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        signature = ", ".join(p.name.id for p in declared)
        message = f"{who} needs its argument{plural} {', '.join(missing)}"
        first = next(p for p in declared if p.name.id == missing[0])
        own = not ctx.project.is_shipped(first.span.source)
        labels = [Label(first.span, "declared here")] if own else []
        hints = [] if own else [f"its arguments are ({signature})"]
        ctx.error("missing-argument", message, span, scope, labels=labels, hints=hints)
        return False
    fine = True
    for param in declared:
        name = param.name.id
        if name in given:
            fine &= fits(param.type, name, given[name], who, scope, ctx) if param.type is not None else True
            value = given[name].value
            value = ownership.own(value, name, block) if block is not None else value
        elif param.default is not None:
            value = evaluate(param.default, inner, ctx)
            ctx.budget.written(*extent(value))
            default = Given(value, param.default.span)
            fine &= fits(param.type, name, default, who, inner, ctx)
            value = default.value if block is None else ownership.own_default(default.value, name, block)
        else:
            value = None
        fine &= not isinstance(value, Poison)
        inner.names[name] = value
        flag = ("hyper", block.owner, name) if block is not None else given[name].flag if name in given else None
        if isinstance(value, bool) and flag is not None:
            inner.flags[name] = flag
    return fine


def _optional(param: ast.Param) -> bool:
    return param.type is not None and param.type.optional
