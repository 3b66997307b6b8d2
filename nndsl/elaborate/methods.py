"""Layers called by Python's names for them: `Flatten(2).transpose(1, 2)`, `x -> sum(dim=1)`. They are told with what to
write, and taken for what they are called here, so that what follows is checked, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate import foreign
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, BuiltinFunction, Chain, Poison, Stage, is_layer, is_tensor
from nndsl.source import Span
from nndsl.syntax import ast


def method(node: ast.Call, base: Any, scope: Scope, ctx: Context) -> Any:
    """`Flatten(2).transpose(1, 2)`, a method of a layer; None where it is something else."""
    at = node.callee
    if not isinstance(at, ast.Attribute) or not is_layer(base) or is_tensor(base):
        return None
    hint = foreign.method(at.name.id)
    if hint is None:
        return None
    found = ctx.error("unknown-name", f"{ctx.describe(base)} has no .{at.name.id}", at.name.span, scope)
    name = foreign.operation(at.name.id)
    if name is None:
        found.hints.append(hint)
        return POISON
    end = at.span.end if node.arguments or node.braces else node.span.end
    rest = Span(at.span.source, end, node.span.end).text
    title = f"write `-> {name}{rest}`" if "\n" not in rest else f"write `-> {name}(…)`"
    found.fixes.append(Fix(title, [Edit(Span(at.span.source, at.base.span.end, end), f" -> {name}")]))
    meant = _called(node, name, scope, ctx)
    return (
        meant if isinstance(meant, Poison) else Chain([Stage(base, at.base.span), Stage(meant, node.span)], node.span)
    )


def function(node: Any, scope: Scope, ctx: Context) -> Any:
    """`sum(dim=1)` or `max` as a stage of a flow, where a layer is meant; None where it is something else."""
    called = node.callee if isinstance(node, ast.Call) else node
    if not isinstance(called, ast.Name):
        return None
    builtin = ctx.project.resolve(called.id, scope, called.span)
    if not isinstance(builtin, BuiltinFunction) or _joins_lists(node, scope, ctx):
        return None
    message = f"{called.id} computes with hyperparameters; only layers stand after `->`"
    found = ctx.error("not-a-layer", message, called.span, scope)
    name = foreign.operation(called.id)
    if name is not None:
        found.hints.append(f"did you mean {name}?")
        found.fixes.append(Fix(f"use {name}", [Edit(called.span, name)]))
    if name is None:
        return POISON
    return _called(node, name, scope, ctx) if isinstance(node, ast.Call) else _named(name, scope, called.span, ctx)


def _joins_lists(node: Any, scope: Scope, ctx: Context) -> bool:
    """`x -> sum([[a, b], [c]])` is a sequence of layers."""
    given = (isinstance(node, ast.Call) and node.arguments) or []
    return bool(given) and given[0].name is None and isinstance(evaluate(given[0].value, scope, ctx), list)


def _called(node: ast.Call, name: str, scope: Scope, ctx: Context) -> Any:
    layer = _named(name, scope, node.span, ctx)
    if isinstance(layer, Poison):
        return POISON
    return evaluate(replace(node, callee=ast.Name(node.callee.span, name)), scope, ctx)


def _named(name: str, scope: Scope, span: Span, ctx: Context) -> Any:
    found = ctx.project.resolve(name, scope, span)
    return found if is_layer(found) else POISON  # a name of the spec's own may hide it
