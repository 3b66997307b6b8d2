"""`model NAME = OTHER(…)`: another name for a model, with some of its hyperparameters."""

from __future__ import annotations

from dataclasses import replace

from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.hyperparameters import fill_defaults
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, BlockLayer, Given, Poison
from nndsl.source import Span
from nndsl.syntax import ast


def is_alias(layer: BlockLayer) -> bool:
    found = layer.definition
    return isinstance(found, ast.Definition) and found.kind == "model" and found.flow is not None


def aliased(layer: BlockLayer, span: Span, scope: Scope | None, ctx: Context) -> BlockLayer | Poison:
    """The model that is meant, with the arguments of every name that led to it."""
    passed: set[int] = set()
    while is_alias(layer):
        name = layer.name
        if id(layer.definition) in passed:
            return ctx.poison("recursion", f"{name} is defined as itself", layer.definition.name.span)
        passed.add(id(layer.definition))
        found = _next(layer, span, scope, ctx)
        if isinstance(found, Poison):
            return POISON
        layer = found
    return layer


def _next(layer: BlockLayer, span: Span, scope: Scope | None, ctx: Context) -> BlockLayer | Poison:
    definition = layer.definition
    assert isinstance(definition, ast.Definition) and definition.flow is not None
    inner = Scope(layer.home)
    inner.within = layer.within
    own = {p.name.id for p in definition.params or []}
    mine = {n: g for n, g in layer.given.items() if n in own}
    if not fill_defaults(definition.params or [], mine, inner, layer.name, span, scope, ctx):
        return POISON
    if any(at == id(definition) for at, _ in ctx.expanding):
        return ctx.poison("recursion", f"{layer.name} is defined as itself", definition.name.span)
    if len(ctx.expanding) > Budget.DEPTH:
        raise Exceeded(f"models are named after each other more than {Budget.DEPTH} times")
    ctx.expanding.append((id(definition), layer.name))
    value = evaluate(definition.flow, inner, ctx)
    ctx.expanding.pop()
    if isinstance(value, Poison):
        return POISON
    if isinstance(value, BlockLayer) and getattr(value.definition, "kind", "") == "model":
        rest: dict[str, Given] = {n: g for n, g in layer.given.items() if n not in own}
        return replace(value, span=layer.span, given=value.given | rest, alias=layer.alias or layer.name)
    message = f"`model NAME = …` names another model, and this is {ctx.describe(value)}"
    hints = ["a model that is written out has braces: `model NAME { input … output … }`"]
    return ctx.poison("not-a-model", message, definition.flow.span, hints=hints)
