"""Blocks become graphs, one for each distinct (block, hyperparameters, input types), shared by its calls.

A *combinator* (`Residual`, `Parallel`) is a block whose layers all come from its layer arguments: it leaves no graph
and no name, its body is expanded where it stands.
"""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.aliases import aliased, is_alias
from nndsl.elaborate.apply import apply, results
from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.combinators import is_combinator
from nndsl.elaborate.context import Built, Context
from nndsl.elaborate.hyperparameters import fill_defaults
from nndsl.elaborate.operands import Operands, gather, in_mode, match_inputs
from nndsl.elaborate.ownership import give, results_outside
from nndsl.elaborate.ports import bind_inputs, declared_inputs
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    Chain,
    Closure,
    Counted,
    Instance,
    Labelled,
    Poison,
    Scan,
    is_layer,
    is_size,
    is_tensor,
)
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.shapes.origins import origin, plain
from nndsl.source import Span
from nndsl.syntax import ast


def apply_block(
    layer: BlockLayer, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    if isinstance(layer.definition, ast.Extern):
        from nndsl.elaborate.extern import apply_extern

        return apply_extern(layer, value, builder, span, label, ctx)
    if label is None and is_combinator(layer.definition, layer.home, ctx):
        return _expand(layer, value, builder, span, ctx)
    return _called(layer, value, builder, span, label, layer.alias or layer.name, ctx)


def apply_sequence(
    layers: list[Any], value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    if not layers:
        return value
    return _called(layers, value, builder, span, label, "Sequential", ctx)


def apply_closure(
    layer: Chain | Closure, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    """`{ … }` and flows run where they stand; a label makes a group of its own."""
    if label is not None:
        return _called(layer, value, builder, span, label, label, ctx)
    assert isinstance(layer, Closure)
    with builder.inside("this layer"):
        return _body(layer.body, value, Scope(layer.scope, builder), layer.span, ctx)


def apply_scope(layer: Any, value: Any, builder: GraphBuilder, span: Span, label: str, ctx: Context) -> Any:
    return _called(layer, value, builder, span, label, label, ctx)


def _called(
    layer: Any, value: Any, builder: GraphBuilder, span: Span, label: str | None, name: str, ctx: Context
) -> Any:
    operands = gather(value, builder, span, ctx)
    if operands is None:
        return POISON
    node = call_node(layer, operands, builder, span, None, ctx, label=label, name=name)
    return POISON if node is None else results(node)


def call_node(
    layer: Any,
    operands: Operands,
    builder: GraphBuilder,
    span: Span,
    shared: str | None,
    ctx: Context,
    *,
    label: str | None = None,
    name: str | None = None,
) -> Node | None:
    """Build the graph, or find it, and add a call of it; `shared` names a shared layer."""
    stem = name or shared or "block"
    if isinstance(layer, BlockLayer) and is_alias(layer):
        found = aliased(layer, span, Scope(layer.home, builder), ctx)
        if isinstance(found, Poison):
            return None
        layer = found
    matched = _in_order(layer, operands, builder, span, ctx)
    if matched is None:
        return None
    operands = matched
    built = _built(layer, operands, builder, span, stem, ctx)
    if built.failed:
        return None
    ctx.budget.layers(builder.layers + built.layers)
    inputs = _arguments(operands, built, builder)
    if not in_mode(inputs, builder.mode, builder, span, ctx):
        return None
    claimed = shared if shared is not None else builder.claim(label, stem, span)
    node = builder.add(built.graph, inputs, tuple(p.value.type for p in built.graph.outputs), claimed, span)
    node.labelled = label is not None or shared is not None
    if isinstance(layer, BlockLayer):
        if builder.owner:
            give(node, layer.given)
        results_outside(node, builder.owner)
    builder.layers += built.layers - 1
    node.lends = {
        name: builder.borrow(instance) for name, instance in zip(built.graph.borrows, built.borrows, strict=True)
    }
    return node


def _in_order(layer: Any, operands: Operands, builder: GraphBuilder, span: Span, ctx: Context) -> Operands | None:
    """What a block declares is given in its order, so that calls that only differ in that share a graph."""
    body = layer.definition.body if isinstance(layer, BlockLayer) else None
    inputs = declared_inputs(body) if body is not None else []
    if not inputs:
        return operands
    names = [i.name.id + ("?" if i.optional else "") for i in inputs]
    found = match_inputs(layer.name, names, operands, builder, span, ctx)
    return None if found is None else Operands(found, {})


def _arguments(operands: Operands, built: Built, builder: GraphBuilder) -> list[Value | None]:
    """In the order of the graph's inputs: given ones, then captured ones. Missing optional inputs have no place."""
    named = [operands.named[n] for n in sorted(operands.named) if operands.named[n] is not None]
    positional = [v for v in operands.positional if v is not None]
    return [*positional, *named, *(builder.take(v) for v in built.captures)]


def _built(layer: Any, operands: Operands, builder: GraphBuilder, span: Span, name: str, ctx: Context) -> Built:
    types = tuple(None if v is None else v.type for v in operands.positional)
    named = tuple((n, None if v is None else v.type) for n, v in sorted(operands.named.items()))
    key: tuple[Any, ...] = (types, named)
    if isinstance(layer, BlockLayer):
        key = (ctx.key(layer), *key)
    else:
        key = (ctx.key(layer, origins=builder.owner > 0), *key, name, builder.owner)
    if not isinstance(layer, BlockLayer) and builder.owner:  # a part of this block, written in its numbers
        sizes = [size for type_ in (*types, *dict(named).values()) if type_ is not None for size in type_.shape]
        key = (*key, *map(origin, sizes))
    found = ctx.built.get(key)
    if found is None and isinstance(layer, BlockLayer):
        found = ctx.built[key] = ctx.block(key, lambda: _build(layer, operands, builder, span, name, ctx))
    elif found is None:
        found = ctx.built[key] = _build(layer, operands, builder, span, name, ctx)
    return found


def _build(layer: Any, operands: Operands, outer: GraphBuilder, span: Span, name: str, ctx: Context) -> Built:
    frame = outer.frame
    if isinstance(layer, BlockLayer):
        frame = ctx.frame(layer, span, frame)
    title = (
        "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        if not isinstance(layer, BlockLayer)
        else layer.name
    )
    kind = "sequence" if isinstance(layer, list) else "loop" if isinstance(layer, Scan) else "block"
    graph = Graph(title, kind, span)
    builder = GraphBuilder(ctx, graph, frame, None if isinstance(layer, BlockLayer) else outer)
    if isinstance(layer, BlockLayer):
        builder.owner = graph.owner = ctx.owner()
    value = _inputs(operands, builder)
    if isinstance(layer, BlockLayer):
        graph.span, graph.doc = layer.definition.name.span, layer.definition.doc
        result = _enter(layer, value, builder, span, ctx)
    elif isinstance(layer, list):
        result = _sequence(layer, value, builder, span, ctx)
    elif isinstance(layer, Scan):
        from nndsl.elaborate.scans import inside

        result = inside(layer, value, builder, span, ctx)
    elif isinstance(layer, Chain):
        result = apply(layer, value, builder, layer.span, None, ctx)
    else:
        result = apply(layer, value, builder, span, None, ctx)
    return close(builder, result, span, ctx)


def _inputs(operands: Operands, builder: GraphBuilder) -> Any:
    """Fresh inputs of the new graph, in the shape in which the layer gets them."""
    found: list[Any] = []
    for value in operands.positional:
        found.append(None if value is None else builder.input(value.type, ""))
    for name in sorted(operands.named):
        outer = operands.named[name]
        inner = None if outer is None else builder.input(outer.type, name)
        found.append(Labelled(name, inner, builder.graph.span, builder.graph.span))
    return found[0] if len(found) == 1 and isinstance(found[0], Value) else tuple(found)


def close(builder: GraphBuilder, result: Any, span: Span, ctx: Context) -> Built:
    """The result's tensors become the graph's outputs."""
    for number, value in enumerate(builder.graph.inputs):
        value.name = value.name or ("x" if number == 0 else f"x{number}")
    if isinstance(result, Poison):
        return builder.finish(POISON)
    if not is_tensor(result):
        message = f"{builder.graph.name} gives no tensor: it ends with {ctx.describe(result)}"
        return builder.finish(ctx.poison("wrong-outputs", message, span, frame=builder.frame))
    operands = gather(result, builder, span, ctx)
    if operands is None:
        return builder.finish(POISON)
    values = [*operands.positional, *operands.named.values()]
    declared: dict[int, list[Port]] = {}  # one value may be several outputs
    for port in builder.graph.outputs:
        declared.setdefault(id(port.value), []).append(port)
    builder.graph.outputs = []
    for number, output in enumerate(values):
        assert output is not None
        ports = declared.get(id(output))
        kept = ports.pop(0) if ports else None
        name = kept.name if kept else output.name or ("y" if len(values) == 1 else f"y{number}")
        builder.graph.outputs.append(kept or Port(name, output))
    return builder.finish(values[0] if len(values) == 1 else tuple(values))


def _sequence(layers: list[Any], value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """Members are named by their labels, else by their positions."""
    ctx.budget.layers(len(layers))
    builder.graph.counts = list(layers.runs) if isinstance(layers, Counted) else []
    for number, layer in enumerate(layers):
        label, inner, at = str(number), layer, getattr(layer, "span", span)
        if isinstance(layer, Labelled):
            label, inner = layer.label, layer.value
        value = apply(inner, value, builder, at, label, ctx)
        if isinstance(value, Poison):
            return POISON
    return value


# ---------------------------------------------------------------- definitions


def _enter(layer: BlockLayer, value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """The body of a block, in a scope of its own."""
    definition = layer.definition
    assert isinstance(definition, ast.Definition)
    if len(ctx.expanding) >= Budget.DEPTH:
        raise Exceeded(f"blocks are nested more than {Budget.DEPTH} deep")
    scope = Scope(layer.home, builder)
    scope.within = (*layer.within, (id(definition), layer.name))
    caller = Scope(layer.home, builder)
    params = definition.params or []
    block = builder.graph if builder.owner else None
    if not fill_defaults(params, layer.given, scope, layer.name, span, caller, ctx, block):
        return POISON
    record_hyper(builder, scope, definition, ctx)
    for param in params:
        if isinstance(param.default, (ast.Number, ast.Constant)) and param.default.value is not None:
            builder.graph.defaults[param.name.id] = param.default.value
    builder.graph.defaulted = {p.name.id for p in params if p.name.id not in layer.given}
    builder.given = {id(v): name for name, v in scope.names.items() if isinstance(v, Instance)}
    ctx.expanding.append((id(definition), layer.name))
    builder.definition, builder.modal = definition, definition.kind == "model"
    try:
        return run_definition(definition, value, scope, span, ctx)
    finally:
        ctx.expanding.pop()


def record_hyper(builder: GraphBuilder, scope: Scope, definition: ast.Definition, ctx: Context) -> None:
    for param in definition.params or []:
        value = scope.names.get(param.name.id)
        builder.graph.hyper[param.name.id] = plain(value) if _plain(value) else ctx.spell(value)


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_plain(v) for v in value)
    return isinstance(value, (int, float, str, bool)) or value is None or is_size(value)


def run_definition(definition: ast.Definition, value: Any, scope: Scope, span: Span, ctx: Context) -> Any:
    from nndsl.elaborate.evaluation import evaluate

    builder = scope.builder
    assert builder is not None
    if definition.body is not None:
        return _body(definition.body, value, scope, span, ctx)
    layer = evaluate(definition.flow, scope, ctx)
    if isinstance(layer, list):
        builder.graph.kind = "sequence"
        return _sequence(layer, value, builder, span, ctx)
    if not is_layer(layer) and not isinstance(layer, Poison):
        assert definition.flow is not None
        return ctx.poison("not-a-layer", f"{definition.name.id} must be a layer, and this is {ctx.describe(layer)}",
                          definition.flow.span, scope)  # fmt: skip
    return apply(layer, value, builder, span, None, ctx)


def _expand(layer: BlockLayer, value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """A combinator, where it stands."""
    definition = layer.definition
    assert isinstance(definition, ast.Definition)
    ctx.depth += 1
    if ctx.depth > Budget.DEPTH:
        raise Exceeded(f"blocks are nested more than {Budget.DEPTH} deep")
    outer = builder.frame
    scope = Scope(layer.home, builder)
    scope.within = (*layer.within, (id(definition), layer.name))
    builder.frame = ctx.frame(layer, span, outer)
    try:
        with builder.inside(layer.name):
            if not fill_defaults(definition.params or [], layer.given, scope, layer.name, span, scope, ctx):
                return POISON
            return run_definition(definition, value, scope, span, ctx)
    finally:
        builder.frame = outer
        ctx.depth -= 1


def _body(body: ast.Braces, value: Any, scope: Scope, span: Span, ctx: Context) -> Any:
    """Bind declared inputs and run; without declared inputs the last flow is a layer, applied to what came in."""
    from nndsl.elaborate.statements import run, unapplied

    builder = scope.builder
    assert builder is not None
    inputs = declared_inputs(body)
    if inputs and not bind_inputs(inputs, value, scope, span, ctx):
        return POISON
    before = len(builder.ports)
    result = run(body.body, scope, ctx, want_value=True, span=span)
    if not inputs and (len(builder.ports) > before or is_tensor(result)) and is_tensor(value):
        message = f"{builder.called} ignores what flows into it: it declares no input, and does not end with a layer"
        at = body.body[-1].span
        return ctx.poison("wrong-inputs", message, at, scope, hints=["declare it: `input h: [N, …]`, and start from h"])
    if len(builder.ports) > before:
        ports = builder.ports[before:]
        del builder.ports[before:]
        return POISON if isinstance(result, Poison) else _given(ports, builder, span, ctx)
    if isinstance(result, Poison):
        return POISON
    if is_layer(result) and not is_tensor(result) and not inputs:
        return apply(result, value, builder, span, None, ctx)
    if is_layer(result) and not is_tensor(result) and result != ():
        return unapplied(result, body, scope, ctx)
    return result


def _given(ports: list[Port], builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """What comes out of a layer with `output` statements: as a layer, a model gives what it gives in both modes."""
    always = [p for p in ports if p.mode is None]
    if any(isinstance(p.value, Poison) for p in ports) or (len(always) < len(ports) and not builder.modal):
        return POISON
    if not always:
        message = f"{builder.called} has no output outside `if training`"
        at = builder.definition.name.span if builder.definition is not None else span
        return ctx.poison("empty-model", message, at, frame=builder.frame)
    builder.graph.outputs.extend(always)
    found = [p.value for p in always]
    return found[0] if len(found) == 1 else tuple(found)
