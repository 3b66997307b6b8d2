"""Statements of a block: one function per form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.diagnostics import Edit, Fix, Label
from nndsl.elaborate.arguments import plain
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.combinators import depth_taken
from nndsl.elaborate.conditions import condition, is_training
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.facts import require
from nndsl.elaborate.lists import bind_names, iterate
from nndsl.elaborate.operands import apart, in_mode, named_parts
from nndsl.elaborate.ports import match, model_input
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    Counted,
    Instance,
    Labelled,
    OpLayer,
    Poison,
    is_layer,
    is_tensor,
    members,
)
from nndsl.ir.graph import Graph, InitRule, Port, Value
from nndsl.ops.kinds import Unfit
from nndsl.source import Span
from nndsl.syntax import ast


def run(body: list[Any], scope: Scope, ctx: Context, *, want_value: bool, span: Span) -> Any:
    """Run statements in order. The value is that of the last flow; None when nothing is wanted or there is none."""
    value: Any = None
    last = len(body) - 1
    idle: list[tuple[ast.Express, Any]] = []
    for number, statement in enumerate(body):
        ctx.at = statement.span if len(ctx.expanding) <= 1 else ctx.at
        ctx.budget.step()
        if isinstance(statement, ast.Express):
            value = evaluate(statement.value, scope, ctx)
            if number != last or not want_value:
                idle.append((statement, value))
        elif isinstance(statement, ast.Require):
            if not require(statement, scope, ctx):
                return POISON
        elif isinstance(statement, ast.If) and number == last and want_value:
            value = _if(statement, scope, ctx, want_value=True)
        else:
            _STATEMENTS[type(statement)](statement, scope, ctx)
            value = None
    if want_value and body and not _exists(value, body[-1].span, scope, ctx):
        return POISON
    stacked = want_value and is_layer(value) and not is_tensor(value)  # what stands above is told with it
    for each, unused in idle:
        if not (stacked and is_layer(unused) and not is_tensor(unused) and _applied(body, scope)):
            _unused(each, unused, scope, ctx)
    if want_value and value is None and not _has_output(body):
        if any(scope.get(k) is POISON for k in scope.names):
            return POISON
        return _nothing(body, scope, span, ctx)
    return value


def _exists(value: Any, span: Span, scope: Scope, ctx: Context) -> bool:
    """Is what comes out there in the mode in which this runs?"""
    builder = scope.builder
    if builder is None or not is_tensor(value):
        return True
    tensors = (each for each in members(value) if isinstance(each, Value))
    return in_mode(tensors, builder.mode, builder, span, ctx)


def _applied(body: list[Any], scope: Scope) -> bool:
    """Does this body start from inputs, so that a layer is no value of it?"""
    return any(isinstance(s, ast.Input) for s in body) or (scope.builder is not None and scope.builder.root)


def unapplied(layer: Any, body: ast.Braces, scope: Scope | None, ctx: Context) -> Poison:
    """`Linear(8) -> ReLU` as the last line of what declares its inputs; perhaps with more layers above it."""
    last = body.body[-1]
    lines: list[Any] = [last]
    for statement in reversed(body.body[:-1]):
        if not isinstance(statement, ast.Express) or not _starts_with_a_layer(statement.value):
            break
        lines.insert(0, statement)
    first = _nearest_value(body.body[: -len(lines)])
    span = lines[0].span.to(last.span)
    message = "this flow starts with a layer, and not with an input: nothing flows into it"
    if len(lines) > 1:
        message = "layers below each other are not joined, and nothing flows into the first"
    found = ctx.error("not-a-tensor", message, last.span if len(lines) == 1 else span, scope)
    edits = [Edit(Span(span.source, span.start, span.start), f"{first} -> ")]
    edits += [Edit(Span(span.source, s.span.start, s.span.start), "-> ") for s in lines[1:]]
    title = f"write `{first} -> {lines[0].span.text}`" if len(lines) == 1 else f"write `{first} -> … -> …`"
    found.fixes.append(Fix(title if "\n" not in title else f"start from {first}: `{first} -> …`", edits))
    return POISON


def _nearest_value(above: list[Any]) -> str:
    """The name that a flow below these lines would go on from."""
    for statement in reversed(above):
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            return statement.targets[0].id
    return next((s.name.id for s in above if isinstance(s, ast.Input)), "x")


def _starts_with_a_layer(node: Any) -> bool:
    at = node.stages[0] if isinstance(node, ast.Flow) else node
    at = at.value if isinstance(at, ast.Labelled) else at
    at = at.callee if isinstance(at, ast.Call) else at
    return isinstance(at, ast.List) or (isinstance(at, ast.Name) and at.id[:1].isupper())


def _nothing(body: list[Any], scope: Scope, span: Span, ctx: Context) -> Poison:
    called = scope.builder.called if scope.builder is not None else "this"
    message = f"nothing comes out of {called}: it needs an `output`, or a flow as its last line"
    last = body[-1] if body else None
    found = ctx.error("wrong-outputs", message, last.span if last is not None else span, scope)
    if isinstance(last, ast.Assign) and len(last.targets) == 1:
        target = last.targets[0]
        written = "output y" if target.id in ("output", "outputs", "return") else f"output {target.id}"
        found.fixes.append(Fix(f"write `{written} = …`", [Edit(target.span, written)]))
    return POISON


def _has_output(body: list[Any]) -> bool:
    if any(isinstance(statement, ast.Output) for statement in body):
        return True
    for statement in body:
        inner = [getattr(statement, name, None) for name in ("then", "orelse", "body")]
        if any(isinstance(b, ast.Braces) and _has_output(b.body) for b in inner):
            return True
        if isinstance(getattr(statement, "orelse", None), ast.If) and _has_output([statement.orelse]):
            return True
    return False


def _unused(statement: ast.Express, value: Any, scope: Scope, ctx: Context) -> None:
    if isinstance(value, Poison):
        return
    message = "nothing uses the value of this line"
    hints = ["name it: `y = …`", "or end the block with it: only its last flow is its output"]
    if is_layer(value) and not is_tensor(value):
        hints = [f"layers are joined by `->`: `x -> {statement.span.text}`"]
    found = ctx.error("unused", message, statement.span, scope, hints=hints)
    found.severity = "warning"


# ---------------------------------------------------------------- ports and tensors


def _input(statement: ast.Input, scope: Scope, ctx: Context) -> None:
    """Inputs of blocks were bound when the block was entered; a dim may have got a value of its own since then."""
    builder = scope.builder
    assert builder is not None
    name = statement.name.id
    if builder.root:
        if not model_input(statement, scope, ctx):
            scope.names[name] = POISON
        return
    if not scope.holds(name):
        hints = [f"declare it outside; `input {name}?` may be left out, and is `none` then"]
        message = "the inputs of a block stand directly in its body, not under `if` or `for`"
        scope.names[name] = ctx.poison("misplaced", message, statement.span, scope, hints=hints)
    value = scope.names.get(name)
    if isinstance(value, Value) and statement.type is not None:
        at = builder.frame.span if builder.frame is not None else statement.span
        match(statement.type, value, scope, at, f"{builder.called}'s input {name}", ctx)


def _output(statement: ast.Output, scope: Scope, ctx: Context) -> None:
    builder = scope.builder
    assert builder is not None
    name = statement.name
    value: Any
    if statement.value is None:
        found = ctx.error("wrong-outputs", f"the output {name.id} needs a value: `= flow`", statement.span, scope)
        if isinstance(scope.get(name.id), Value):
            end = Span(statement.span.source, statement.span.end, statement.span.end)
            found.fixes.append(Fix(f"write `output {name.id} = {name.id}`", [Edit(end, f" = {name.id}")]))
        value = POISON
    else:
        value = evaluate(statement.value, scope, ctx)
        if not _exists(value, statement.value.span, scope, ctx):
            value = POISON
        if not isinstance(value, (Value, Poison)):
            message = f"the output {name.id} is one tensor, and this is {ctx.describe(value)}"
            hints = ["a flow starts with a tensor: `x -> …`"] if is_layer(value) else []
            if isinstance(value, tuple):
                message += named_parts(value)
                hints = [apart(value)]
            value = ctx.poison("wrong-outputs", message, statement.value.span, scope, hints=hints)
    scope.names[name.id] = value
    if isinstance(value, Value):
        value = builder.take(value)
        fine = statement.type is None or match(statement.type, value, scope, name.span, f"output {name.id}", ctx)
        value = value if fine else POISON
    earlier = next((p for p in builder.ports if p.name == name.id and p.mode == builder.mode), None)
    if earlier is not None and earlier.span is not None:
        first = [Label(earlier.span, "first here")] if earlier.span != name.span else []
        hints = [] if first else ["in a loop, give it a name with `=`, and `output` it after the loop"]
        message = f"there are two outputs named {name.id}"
        ctx.error("duplicate-name", message, name.span, scope, labels=first, hints=hints)
    builder.ports.append(Port(name.id, value, builder.mode, name.span, statement.doc))
    if isinstance(value, Value) and not value.name:
        value.name = name.id


def _tensor(statement: ast.Tensor, scope: Scope, ctx: Context) -> None:
    from nndsl.elaborate.tensors import declare_tensor

    declare_tensor(statement, scope, ctx)


def _layer(statement: ast.Layer, scope: Scope, ctx: Context) -> None:
    builder = scope.builder
    name = statement.name
    assert builder is not None
    value = evaluate(statement.value, scope, ctx)
    if isinstance(value, Poison) or not is_layer(value) or is_tensor(value):
        if not isinstance(value, Poison):
            ctx.error(
                "not-a-layer",
                f"`layer` makes an instance of a layer, and this is {ctx.describe(value)}",
                statement.value.span,
                scope,
            )
        scope.names[name.id] = POISON
        return
    label = builder.claim(name.id, name.id, name.span)
    body = builder.definition.body if builder.definition is not None else None
    depth = depth_taken(body, name.id) if isinstance(value, list) and body is not None else 0
    scope.names[name.id] = _instances(label, value, depth, statement.value.span, builder, ctx)


def _instances(label: str, value: Any, depth: int, span: Span, builder: GraphBuilder, ctx: Context) -> Any:
    """One instance; or, where the text takes members out of a list, a list with an instance for each: `xs.0`, …"""
    if not isinstance(value, list) or depth == 0:
        return Instance(label, value, builder, span)
    labels = sum(isinstance(member, Labelled) for member in value)
    if 0 < labels < len(value):
        message = f"members of {label} are used one by one: label all of them, or none"
        return ctx.poison("bad-label", message, span, frame=builder.frame)
    found: list[Any] = []
    for number, member in enumerate(value):
        labelled = isinstance(member, Labelled)
        name, recipe = (member.label, member.value) if labelled else (str(number), member)
        inner = builder.claim(f"{label}.{name}", name, member.label_span if labelled else span)
        found.append(_instances(inner, recipe, depth - 1, span, builder, ctx))
    return POISON if any(isinstance(member, Poison) for member in found) else found


def _init(statement: ast.Init, scope: Scope, ctx: Context) -> None:
    """A model-wide initialiser."""
    from nndsl.ops.kinds import KINDS

    builder = scope.builder
    assert builder is not None
    value = plain(evaluate(statement.value, scope, ctx))
    if isinstance(value, Poison):
        return
    if builder.definition is None or builder.definition.kind != "model":
        message = "`init` is a model's: here it would reach the layers of others"
        ctx.error("misplaced", message, statement.span, scope)
        return
    if statement.layer is not None and not _has_weights(statement.layer, scope, ctx):
        return
    try:
        rule = KINDS["Initializer"].convert(value)
    except Unfit as problem:
        ctx.error("bad-argument", problem.about("init"), statement.value.span, scope)
        return
    layer = statement.layer.id if statement.layer else None
    weight = statement.weight.id if statement.weight else None
    builder.graph.inits.append(InitRule(layer, weight, rule, statement.span))


def _has_weights(name: ast.Name, scope: Scope, ctx: Context) -> bool:
    found = evaluate(name, scope, ctx)
    if isinstance(found, Poison):
        return False
    if isinstance(found, OpLayer) and found.op.has_weights:
        return True
    message = f"`init` names a layer that has weights, and {name.id} has none of its own"
    hints: list[str] = []
    if isinstance(found, BlockLayer):
        message = f"`init` names a layer such as Linear, and {name.id} is a block"
        hints = ["the layers in it are reached by their types; a `param` of it has its initialiser after `=`"]
    ctx.error("bad-value", message, name.span, scope, hints=hints)
    return False


# ---------------------------------------------------------------- names, branches, loops


def _assign(statement: ast.Assign, scope: Scope, ctx: Context) -> None:
    bind_names(statement.targets, evaluate(statement.value, scope, ctx), scope, ctx)


def _if(statement: ast.If, scope: Scope, ctx: Context, want_value: bool = False) -> Any:
    if is_training(statement.condition) is not None:
        from nndsl.elaborate.training import switch_statements

        switch_statements(statement, scope, ctx)
        return None
    test = condition(statement.condition, scope, ctx)
    if test is None:
        _poison_targets(statement, scope)
        return POISON
    chosen = statement.then if test else statement.orelse
    if chosen is None:
        return None
    if isinstance(chosen, ast.If):
        return _if(chosen, scope, ctx, want_value)
    return run(chosen.body, scope, ctx, want_value=want_value, span=chosen.span)


def _poison_targets(statement: ast.If | ast.For, scope: Scope) -> None:
    """What the branches or further turns would have assigned is not known: no echo."""
    parts = (statement.body,) if isinstance(statement, ast.For) else (statement.then, statement.orelse)
    for part in parts:
        if isinstance(part, ast.If):
            _poison_targets(part, scope)
        elif isinstance(part, ast.Braces):
            for inner in part.body:
                if isinstance(inner, (ast.If, ast.For)):
                    _poison_targets(inner, scope)
                for target in getattr(inner, "targets", []):
                    scope.names[target.id] = POISON


def _for(statement: ast.For, scope: Scope, ctx: Context) -> None:
    values = iterate(statement.iterable, scope, ctx)
    before = len(ctx.diagnostics.items)
    started = len(scope.builder.graph.nodes) if scope.builder is not None else 0
    for value in values or []:
        if not bind_names(statement.names, value, scope, ctx):
            return
        run(statement.body.body, scope, ctx, want_value=False, span=statement.body.span)
        if len(ctx.diagnostics.items) > before and ctx.diagnostics.errors:
            _poison_targets(statement, scope)
            return  # the first turn with a mistake says it; further turns would echo it
    if isinstance(values, Counted) and scope.builder is not None:
        _counted(values, scope.builder.graph, started)


def _counted(values: Counted, graph: Graph, started: int) -> None:
    """A loop that made the layers 0, 1, 2, …, one in each turn, is what counts them."""
    labels = list(dict.fromkeys(node.label for node in graph.nodes[started:] if node.labelled))
    if len(values.runs) == 1 and labels == [str(i) for i in range(len(values))]:
        graph.counts = values.runs


def _express(statement: ast.Express, scope: Scope, ctx: Context) -> None:
    evaluate(statement.value, scope, ctx)


_STATEMENTS: dict[type, Callable[[Any, Scope, Context], Any]] = {
    ast.Input: _input,
    ast.Output: _output,
    ast.Tensor: _tensor,
    ast.Layer: _layer,
    ast.Init: _init,
    ast.Assign: _assign,
    ast.If: _if,
    ast.For: _for,
    ast.Express: _express,
}
