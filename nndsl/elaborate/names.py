"""Names: what they stand for, and what is said where they stand for nothing."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate.arithmetic import TENSOR_OPS
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import form
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.values import POISON, BlockLayer, Poison
from nndsl.syntax import ast


@form(ast.Name)
def _name(node: ast.Name, scope: Scope, ctx: Context) -> Any:
    value = ctx.project.resolve(node.id, scope, node.span)
    if isinstance(value, BlockLayer) and scope.within and not value.within:
        return _named_within(value, node, scope, ctx)
    if value is not MISSING:
        return value
    if node.id == "training":
        message = "training is only known when the model runs: it stands alone as the condition of an `if`"
        return ctx.poison("not-constant", message, node.span, scope)
    return unknown_name(node, scope, ctx)


def _named_within(layer: BlockLayer, node: ast.Name, scope: Scope, ctx: Context) -> Any:
    """A block of a file, and in whose text it is named here."""
    if any(at == id(layer.definition) for at, _ in scope.within):
        cycle = " -> ".join([*(name for _, name in scope.within), layer.name])
        return ctx.poison("recursion", f"{layer.name} contains itself: {cycle}", node.span, scope)
    return BlockLayer(layer.definition, layer.home, layer.span, layer.given, scope.within)


def unknown_name(node: ast.Name, scope: Scope, ctx: Context) -> Poison:
    what, code = ("layer", "unknown-layer") if node.id[:1].isupper() and len(node.id) > 1 else ("name", "unknown-name")
    found = ctx.error(code, f"there is no {what} {node.id}", node.span, scope)
    symbol = next((s for s, name in TENSOR_OPS.items() if name == node.id), None)
    close = nearest(node.id, ctx.project.candidates(scope))
    if symbol is not None:
        found.hints.append(f"tensors are joined by an operator: `a, b = …`, then `a {symbol} b`")
    elif close:
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"use {close}", [Edit(node.span, close)]))
    return POISON
