"""`if training { … } else { … }`: both branches are built; which one runs is chosen when the model runs."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.apply import apply
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.conditions import evaluate_body, is_training
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Poison, RuntimeSwitch, is_layer, is_tensor
from nndsl.ir.graph import Value
from nndsl.ops import lookup
from nndsl.source import Span
from nndsl.syntax import ast


def _modes(condition: Any) -> tuple[str, str]:
    return ("train", "eval") if is_training(condition) else ("eval", "train")


def _nested(builder: GraphBuilder, span: Span, ctx: Context) -> bool:
    if builder.mode is None:
        return False
    ctx.error("misplaced", "this already stands under `if training`", span, frame=builder.frame)
    return True


def switch_statements(node: ast.If, scope: Scope, ctx: Context) -> None:
    """Names that either branch assigns are merged; a name of one branch alone exists only in that mode."""
    from nndsl.elaborate.statements import run

    builder = scope.builder
    assert builder is not None
    if _nested(builder, node.span, ctx):
        return
    modes = _modes(node.condition)
    before = dict(scope.names)
    ends: list[dict[str, Any]] = []
    for mode, branch in zip(modes, (node.then, node.orelse), strict=True):
        scope.names = dict(before)
        builder.mode = mode
        if isinstance(branch, ast.If):
            run([branch], scope, ctx, want_value=False, span=branch.span)
        elif branch is not None:
            run(branch.body, scope, ctx, want_value=False, span=branch.span)
        builder.mode = None
        ends.append(scope.names)
    scope.names = before
    train, other = ends if modes[0] == "train" else ends[::-1]
    for name in {**train, **other}:
        merged = _merged(name, train, other, builder, node.span, ctx)
        if merged is not None:
            scope.names[name] = merged


def _merged(
    name: str, train: dict[str, Any], other: dict[str, Any], builder: GraphBuilder, span: Span, ctx: Context
) -> Any:
    if name not in train or name not in other:
        return train.get(name, other.get(name))
    a, b = train[name], other[name]
    if a is b:
        return a
    return merge(a, b, builder, span, ctx)


def switch_value(node: ast.IfExpr, scope: Scope, ctx: Context) -> Any:
    """`y = if training { x -> A } else { x }`."""
    builder = scope.builder
    if builder is None:
        return ctx.poison("not-constant", "training is only known when the model runs", node.condition.span, scope)
    if node.orelse is None:
        return ctx.poison("syntax", "an `if` that gives a value needs an `else`", node.span, scope)
    if _nested(builder, node.span, ctx):
        return POISON
    found = {}
    for mode, branch in zip(_modes(node.condition), (node.then, node.orelse), strict=True):
        builder.mode = mode
        found[mode] = _value(branch, scope, ctx)
        builder.mode = None
    return merge(found["train"], found["eval"], builder, node.span, ctx)


def _value(branch: ast.Braces | ast.IfExpr, scope: Scope, ctx: Context) -> Any:
    """Of a branch; `else if` decides while compiling."""
    return evaluate_body(branch, scope, ctx) if isinstance(branch, ast.Braces) else evaluate(branch, scope, ctx)


def switch_stage(layer: RuntimeSwitch, value: Any, builder: GraphBuilder, ctx: Context) -> Any:
    """`x -> if training { Noise } else { Identity }`."""
    node = layer.node
    if _nested(builder, node.span, ctx):
        return POISON
    found = {}
    for mode, branch in zip(_modes(node.condition), (node.then, node.orelse), strict=True):
        builder.mode = mode
        found[mode] = _branch(branch, layer.scope, value, builder, ctx)
        builder.mode = None
    return merge(found["train"], found["eval"], builder, node.span, ctx)


def _branch(branch: Any, scope: Scope, value: Any, builder: GraphBuilder, ctx: Context) -> Any:
    if branch is None:
        return value
    layer = _value(branch, Scope(scope, builder), ctx)
    return apply(layer, value, builder, branch.span, None, ctx) if is_layer(layer) and not is_tensor(layer) else layer


def merge(a: Any, b: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """One value that is `a` while training and `b` otherwise."""
    if isinstance(a, Poison) or isinstance(b, Poison):
        return POISON
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        parts = [merge(x, y, builder, span, ctx) for x, y in zip(a, b, strict=True)]
        return POISON if any(isinstance(p, Poison) for p in parts) else tuple(parts)
    if not isinstance(a, Value) or not isinstance(b, Value):
        if type(a) is type(b) and not isinstance(a, tuple) and ctx.key(a) == ctx.key(b):
            return a
        message = f"the branches of `if training` give {ctx.describe(a)} and {ctx.describe(b)}"
        return ctx.poison("contract", message, span, frame=builder.frame)
    from nndsl.elaborate.reports import LayerSay

    a, b = builder.take(a), builder.take(b)
    if a is b:
        return a
    made = lookup("Merge")
    assert made is not None
    say = LayerSay("if training", builder, span, {}, [a, b])
    op = made.of({})
    type_ = op.shape(a.type, b.type, say=say)
    if type_ is None:
        return POISON
    return builder.add(op, [a, b], (type_,), builder.claim(None, "Merge", span), span).outputs[0]
