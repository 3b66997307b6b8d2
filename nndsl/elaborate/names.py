"""Names: what they stand for, and what is said where they stand for nothing."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate import foreign
from nndsl.elaborate.arithmetic import TENSOR_OPS
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import form
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.values import POISON, BlockLayer, OpLayer, Poison
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
        hints = [f"a block is repeated where it is used: `[{layer.name}] * 3`, or in a `for`"]
        return ctx.poison("recursion", f"{layer.name} contains itself: {cycle}", node.span, scope, hints=hints)
    return BlockLayer(layer.definition, layer.home, layer.span, layer.given, scope.within)


def unknown_name(node: ast.Name, scope: Scope, ctx: Context) -> Poison:
    what, code = ("layer", "unknown-layer") if node.id[:1].isupper() and len(node.id) > 1 else ("name", "unknown-name")
    if node.id in foreign.PREFIXES:
        hints = ["layers and functions stand for themselves: `x -> ReLU`, `x -> Linear(8)`"]
        return ctx.poison("unknown-name", f"there is no module {node.id}", node.span, scope, hints=hints)
    found = ctx.error(code, f"there is no {what} {node.id}", node.span, scope)
    symbol = next((s for s, name in TENSOR_OPS.items() if name == node.id), None)
    meant = foreign.layer(node.id)
    if symbol is not None:
        found.hints.append(f"tensors are joined by an operator: `a, b = …`, then `a {symbol} b`")
    elif meant is not None and not meant.isidentifier():
        found.hints.append(meant)
    elif close := meant or nearest(node.id, ctx.project.candidates(scope)):
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"use {close}", [Edit(node.span, close)]))
    return POISON


def hidden_layer(node: Any, scope: Scope, ctx: Context) -> list[str]:
    """A hint where a name of the block hides a layer: `input x: [N, Linear]`, then `Linear(3)`."""
    if not isinstance(node, ast.Name) or not scope.holds(node.id):
        return []
    outside = scope
    while outside.builder is not None and outside.parent is not None:
        outside = outside.parent
    if not isinstance(ctx.project.resolve(node.id, outside, node.span), (OpLayer, BlockLayer)):
        return []
    graph = scope.builder.graph if scope.builder is not None else None
    what = "value"
    if graph is not None:
        what = "dim" if node.id in graph.dims else "hyperparameter" if node.id in graph.hyper else "value"
    return [f"{node.id} is a {what} here, which hides the layer {node.id}: give the {what} another name"]
