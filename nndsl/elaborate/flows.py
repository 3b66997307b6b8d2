"""Flows: `x -> f -> g` is applied where it starts with a tensor, and is a layer where it starts with a layer."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate import methods
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate, form
from nndsl.elaborate.names import hidden_layer
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import (
    POISON,
    Chain,
    Closure,
    FunctionValue,
    Labelled,
    Poison,
    Stage,
    is_layer,
    is_tensor,
)
from nndsl.ir.graph import Value
from nndsl.source import Span
from nndsl.syntax import ast


@form(ast.Flow)
def _flow(node: ast.Flow, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import apply_stage

    value = evaluate(node.stages[0], scope, ctx)
    rest = [Stage(_stage(stage, scope, ctx), stage.span) for stage in node.stages[1:]]
    if isinstance(value, Poison):
        return POISON
    if isinstance(value, Labelled) and is_tensor(value.value):
        return _named_flow(node, value, scope, ctx)
    if not is_tensor(value):
        if is_layer(value):
            poisoned = any(isinstance(s.value, Poison) for s in rest)
            return POISON if poisoned else Chain([Stage(value, node.stages[0].span), *rest], node.span)
        hints = ["tensors side by side stand in round brackets: `(a, b)`"] if _tensors(value) else []
        if isinstance(value, (int, float, str)) and _in_parentheses(node.span):
            hints = ["is a `)` missing before the `->`?"]
        first = node.stages[0].span
        message = f"a flow starts with a tensor or a layer, not {ctx.describe(value)}"
        found = ctx.error("not-a-tensor", message, first, scope, hints=hints)
        if _tensors(value) and first.text[:1] == "[" and first.text[-1:] == "]":
            ends = [Span(first.source, at, at + 1) for at in (first.start, first.end - 1)]
            edits = [Edit(at, sign) for at, sign in zip(ends, "()", strict=True)]
            found.fixes.append(Fix("write them in round brackets", edits))
        return POISON
    for stage in rest:
        if isinstance(stage.value, Poison):
            return POISON
        value = apply_stage(stage.value, value, scope, stage.span, ctx)
        if isinstance(value, Poison):
            return POISON
    return value


def _named_flow(node: ast.Flow, value: Labelled, scope: Scope, ctx: Context) -> Poison:
    """`(x, mask: m -> Cast(bool))`: the name is meant for what the flow gives."""
    first = node.stages[0]
    found = ctx.error("not-a-layer", "a label names a layer, and this is a tensor", first.span, scope)
    inner = first.value if isinstance(first, ast.Labelled) else first
    flow = inner.span.to(node.stages[-1].span)
    edits = [Edit(Span(flow.source, flow.start, flow.start), "("), Edit(Span(flow.source, flow.end, flow.end), ")")]
    found.fixes.append(Fix(f"to name what the flow gives, put it in parentheses: `{value.label}: (…)`", edits))
    return POISON


def _in_parentheses(span: Span) -> bool:
    """Is a `(` open before it on its line?"""
    before = span.source.text[max(span.start - 200, 0) : span.start]
    return before.count("(", before.rfind("\n") + 1) > before.count(")", before.rfind("\n") + 1)


def _tensors(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(is_tensor(member) for member in value)


def _stage(node: Any, scope: Scope, ctx: Context) -> Any:
    """A stage that is not a layer is said here, once."""
    meant = methods.function(node, scope, ctx)
    value = evaluate(node, scope, ctx) if meant is None else meant
    if isinstance(value, Poison) or is_layer(value):
        return value
    if isinstance(value, FunctionValue):
        message = f"{ctx.describe(value)} computes with hyperparameters; only layers stand after `->`"
        return ctx.poison("not-a-layer", message, node.span, scope)
    hints = ["write `y = …` on a line of its own to name a tensor"] if isinstance(value, Value) else []
    hints = hidden_layer(node, scope, ctx) or hints
    return ctx.poison("not-a-layer", f"only a layer can stand after `->`, and this is {ctx.describe(value)}",
                      node.span, scope, hints=hints)  # fmt: skip


@form(ast.Braces)
def closure(node: ast.Braces, scope: Scope, ctx: Context) -> Closure:
    """`{ … }` as a layer: it sees the names as they are where it is written, whenever it runs."""
    return Closure(node, scope.frozen(ctx.mentioned(node)), node.span)
