"""`if training { … } else { … }`: both branches are built; which one runs is chosen when the model runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nndsl.diagnostics import Label
from nndsl.elaborate.apply import apply
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.conditions import evaluate_body, is_training
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.operands import in_mode
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Poison, RuntimeSwitch, is_layer, is_tensor
from nndsl.ir.graph import Port, Value
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


def _branches(node: Any, builder: GraphBuilder, ctx: Context) -> Iterator[tuple[str, Any]]:
    """Each branch while the builder is in its mode; then what is wrong with the outputs that they gave."""
    before = len(builder.ports)
    for mode, branch in zip(_modes(node.condition), (node.then, node.orelse), strict=True):
        builder.mode = mode
        yield mode, branch
        builder.mode = None
    _outputs(builder.ports[before:], builder, ctx)


def _outputs(ports: list[Port], builder: GraphBuilder, ctx: Context) -> None:
    """A model gives an output always, or while training alone; what is in a model gives its outputs always."""
    first: dict[str, Port] = {}
    for port in ports:
        if port.span is None or port.mode is None:
            continue
        twin = first.setdefault(port.name, port)
        chosen = f"`output {port.name} = if training {{ … }} else {{ … }}`"
        labels = []
        if twin.mode != port.mode and twin.span is not None:
            message = f"{port.name} is one output, and is given in both branches of `if training`"
            hints, labels = [f"choose its value: {chosen}"], [Label(twin.span, "first here")]
        elif any(other.name == port.name and other.mode not in (None, port.mode) for other in ports):
            continue  # said of the second one
        elif port.mode == "eval":
            message = f"an output is given always, or while training; {port.name} would only be given otherwise"
            hints = [f"choose its value: {chosen}"]
        elif not builder.modal:
            message = f"a layer gives its outputs in both modes, and {port.name} stands under `if training`"
            hints = [f"only a model has outputs for one mode alone: give {port.name} always, and choose in the model"]
        else:
            continue
        ctx.error("training-only", message, port.span, frame=builder.frame, labels=labels, hints=hints)


def switch_statements(node: ast.If, scope: Scope, ctx: Context) -> None:
    """Names that either branch assigns are merged; a name of one branch alone exists only in that mode."""
    from nndsl.elaborate.statements import run

    builder = scope.builder
    assert builder is not None
    if _nested(builder, node.span, ctx):
        return
    before = dict(scope.names)
    ends: dict[str, dict[str, Any]] = {}
    for mode, branch in _branches(node, builder, ctx):
        scope.names = dict(before)
        if isinstance(branch, ast.If):
            run([branch], scope, ctx, want_value=False, span=branch.span)
        elif branch is not None:
            run(branch.body, scope, ctx, want_value=False, span=branch.span)
        ends[mode] = scope.names
    scope.names = before
    train, other = ends["train"], ends["eval"]
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
    for mode, branch in _branches(node, builder, ctx):
        found[mode] = _value(branch, scope, ctx)
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
    for mode, branch in _branches(node, builder, ctx):
        found[mode] = _branch(branch, layer.scope, value, builder, ctx)
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
    if not in_mode([a], "train", builder, span, ctx) or not in_mode([b], "eval", builder, span, ctx):
        return POISON
    made = lookup("Merge")
    assert made is not None
    say = LayerSay("if training", builder, span, {}, [a, b])
    op = made.of({})
    type_ = op.shape(a.type, b.type, say=say)
    if type_ is None:
        return POISON
    return builder.add(op, [a, b], (type_,), builder.claim(None, "Merge", span), span).outputs[0]
