"""`x -> layer`: a layer value applied to tensors adds nodes to the graph under construction."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Label
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Context, Use
from nndsl.elaborate.operands import Operands, gather, in_mode, match_inputs
from nndsl.elaborate.ownership import flags
from nndsl.elaborate.pasted import settled, warn_misread
from nndsl.elaborate.reports import LayerSay
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.slots import missing
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    Chain,
    Closure,
    Given,
    Instance,
    Item,
    Labelled,
    OpLayer,
    Poison,
    RuntimeSwitch,
    Scan,
    is_tensor,
)
from nndsl.ir.graph import Graph, Node
from nndsl.ops import lookup
from nndsl.ops.kinds import Unfit
from nndsl.ops.schema import Op
from nndsl.shapes import Dim, DimTooLarge, TensorType
from nndsl.source import Span
from nndsl.syntax import ast

MOST_DIMS = 64
LARGEST = 2**63 - 1


def apply_stage(layer: Any, value: Any, scope: Scope, span: Span, ctx: Context) -> Any:
    """One `->` in a flow."""
    if scope.builder is None:
        return ctx.poison("not-a-tensor", "layers are applied inside a block or a model", span, scope)
    return apply(layer, value, scope.builder, span, None, ctx)


def apply(layer: Any, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context) -> Any:
    """`value` is a Value or a tuple; the result is one or the other, or POISON. `label` names the layer."""
    ctx.budget.step()
    if isinstance(value, Poison) or isinstance(layer, Poison):
        return POISON
    if isinstance(layer, OpLayer):
        return apply_operator(layer, value, builder, span, label, ctx)
    if isinstance(layer, Labelled):
        return _labelled(layer, value, builder, ctx)
    if isinstance(layer, Chain) and label is None:
        return chain(layer, value, builder, ctx)
    if isinstance(layer, tuple):
        return _parallel(layer, value, builder, span, label, ctx)
    if isinstance(layer, Item):
        return _item(layer, value, builder, ctx)
    if isinstance(layer, Instance):
        return _instance(layer, value, builder, span, ctx)
    if isinstance(layer, RuntimeSwitch):
        from nndsl.elaborate.training import switch_stage

        return switch_stage(layer, value, builder, ctx)
    from nndsl.elaborate import blocks

    if isinstance(layer, list):
        return blocks.apply_sequence(layer, value, builder, span, label, ctx)
    if isinstance(layer, Scan):
        from nndsl.elaborate.scans import apply_scan

        return apply_scan(layer, value, builder, span, label, ctx)
    if isinstance(layer, BlockLayer):
        return blocks.apply_block(layer, value, builder, span, label, ctx)
    assert isinstance(layer, (Chain, Closure)), layer
    return blocks.apply_closure(layer, value, builder, span, label, ctx)


def chain(layer: Chain, value: Any, builder: GraphBuilder, ctx: Context) -> Any:
    for stage in layer.stages:
        value = apply(stage.value, value, builder, stage.span, None, ctx)
        if isinstance(value, Poison):
            return POISON
    return value


def _labelled(layer: Labelled, value: Any, builder: GraphBuilder, ctx: Context) -> Any:
    inner = layer.value
    if is_tensor(inner):
        return ctx.poison(
            "not-a-layer", "a label names a layer here, and this is a tensor", layer.span, frame=builder.frame
        )
    if isinstance(inner, Instance):
        message = f"{inner.label} already has a name: `layer {inner.label} = …` gave it"
        return ctx.poison("bad-label", message, layer.label_span, frame=builder.frame)
    return apply(inner, value, builder, layer.span, layer.label, ctx)


def _parallel(
    layers: tuple[Any, ...], value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    """Each branch gets the same value; the results stand side by side."""
    if label is not None:
        from nndsl.elaborate import blocks

        return blocks.apply_scope(layers, value, builder, span, label, ctx)
    results = [apply(layer, value, builder, getattr(layer, "span", span), None, ctx) for layer in layers]
    return POISON if any(isinstance(r, Poison) for r in results) else tuple(results)


def _item(layer: Item, value: Any, builder: GraphBuilder, ctx: Context) -> Any:
    if isinstance(value, tuple) and -len(value) <= layer.index < len(value):
        return value[layer.index]
    what = f"a tuple of {len(value)}" if isinstance(value, tuple) else ctx.describe(value)
    return ctx.poison("wrong-inputs", f"there is no element {layer.index} of {what}", layer.span, frame=builder.frame)


# ---------------------------------------------------------------- operators


def apply_operator(
    layer: OpLayer, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    """Check parameters and inputs, infer the type, add the node."""
    operands = gather(value, builder, span, ctx)
    layer = layer if operands is None else settled(layer, operands)
    op = _instance_of(layer, span, builder, ctx)
    if operands is None or op is None:
        return POISON
    node = operator_node(op, layer.given, operands, builder, span, label, ctx)
    return POISON if node is None else results(node)


def _instance_of(layer: OpLayer, span: Span, builder: GraphBuilder, ctx: Context) -> Op | None:
    if not layer.op.needed().issubset(layer.given):
        left = [p.name for p in layer.op.params.values() if p.required and p.name not in layer.given]
        missing(layer.op, left, span, Scope(None, builder), ctx)
        return None
    try:
        return layer.op.of({name: given.value for name, given in layer.given.items()})
    except Unfit as problem:
        ctx.error("bad-argument", f"{layer.op.name}: {problem.message}", span, frame=builder.frame)
        return None


def operator_node(
    op: Op,
    given: dict[str, Given],
    operands: Operands,
    builder: GraphBuilder,
    span: Span,
    label: str | None,
    ctx: Context,
    shared: str | None = None,
) -> Node | None:
    """`shared` names a shared layer: its label is not claimed anew."""
    inputs = match_inputs(op.name, list(op.inputs), operands, builder, span, ctx)
    if inputs is None:
        return None
    say = LayerSay(op.name, builder, span, given, inputs, op)
    given_types = [None if v is None else v.type for v in inputs]
    try:
        if not op.check(say):
            assert say.said, f"{op.name}.check said nothing"
            return None
        types = op.shape(*given_types, say=say)
    except DimTooLarge as problem:
        ctx.error("too-big", f"a dim of {op.name} is too large an expression: {problem}", span, frame=builder.frame)
        return None
    if types is None:
        assert say.said, f"{op.name}.shape said nothing"
        return None
    types = types if isinstance(types, tuple) else (types,)
    if op.has_weights and not op.initializable(*given_types, say=say):
        return None
    if op.inferred:
        warn_misread(op, say)
    if not in_mode(inputs, builder.mode, builder, span, ctx) or not possible(types, op.name, span, builder, ctx):
        return None
    name = shared if shared is not None else builder.claim(label, op.name, span)
    node = builder.add(op, inputs, tuple(_normal(t, ctx) for t in types), name, span)
    node.labelled = label is not None or shared is not None
    node.places = {n: g.span for n, g in given.items()}
    node.flags = flags(given)
    return node


def possible(types: tuple[TensorType, ...], who: str, span: Span, builder: GraphBuilder, ctx: Context) -> bool:
    """Within what PyTorch and ONNX can index: 64 dims, each below 2**63."""
    for type_ in types:
        if len(type_.shape) > MOST_DIMS:
            message = f"{who} has {len(type_.shape)} dims, and a tensor has at most {MOST_DIMS}"
            ctx.error("too-big", message, span, frame=builder.frame)
            return False
        for size in type_.shape:
            if isinstance(size, int) and size > LARGEST:
                ctx.error("too-big", f"{who} has a dim beyond {LARGEST:,}", span, frame=builder.frame)
                return False
    return True


def _normal(type_: TensorType, ctx: Context) -> TensorType:
    for size in type_.shape:
        if isinstance(size, Dim) and ctx.facts.normalize(size) is not size:
            return type_.with_shape([ctx.facts.normalize(s) for s in type_.shape])
    return type_


def results(node: Node) -> Any:
    return node.outputs[0] if len(node.outputs) == 1 else tuple(node.outputs)


# ---------------------------------------------------------------- shared layers


def _instance(layer: Instance, value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """A use of a shared layer: a node with its name, in this graph or borrowed from an outer one."""
    operands = gather(value, builder, span, ctx)
    if operands is None:
        return POISON
    label = builder.borrow(layer)
    recipe = layer.recipe.value if isinstance(layer.recipe, Labelled) else layer.recipe
    if isinstance(recipe, OpLayer):
        recipe = settled(recipe, operands)
        op = _instance_of(recipe, span, builder, ctx)
        if op is None:
            return POISON
        node = operator_node(op, recipe.given, operands, builder, span, None, ctx, shared=label)
    elif isinstance(recipe, BlockLayer) and isinstance(recipe.definition, ast.Extern):
        from nndsl.elaborate.extern import extern_node

        node = extern_node(recipe, operands, builder, span, None, ctx, shared=label)
    else:
        from nndsl.elaborate import blocks

        node = blocks.call_node(recipe, operands, builder, span, label, ctx)
    if node is None:
        return POISON
    node.borrowed = layer.builder is not builder
    node.labelled = True
    return POISON if not _same_layer(layer, node, builder, ctx) else results(node)


def _same_layer(layer: Instance, node: Node, builder: GraphBuilder, ctx: Context) -> bool:
    """All uses of one layer must agree on what its weights are and on what it does with them."""
    if isinstance(node.target, Graph):
        owned = [(key, w.shape) for key, w in node.target.weights()]
    else:
        owned = [(w.name, w.shape) for w in node.weights()]
    this = Use(layer, node, owned)
    first = ctx.shared.setdefault(id(layer), this)
    same_weights = first.weights == owned
    if same_weights and first.steps(ctx) == this.steps(ctx):
        return True
    different = next(((a, b) for a, b in zip(first.weights, owned, strict=False) if a != b), None)
    detail = ""
    if different is not None and len(first.weights) == len(owned):
        detail = f": {different[0][0]} is {list(different[0][1])} there and {list(different[1][1])} here"
    what = "does other things" if same_weights else "needs other weights"
    ctx.error(
        "shape-mismatch",
        f"{layer.label} is one shared layer, and this use {what} than its first use{detail}",
        node.span,
        frame=builder.frame,
        labels=[Label(first.node.span, "first used here")],
        hints=["without `layer`, each use gets weights of its own"],
    )
    return False


def weight_of(layer: Instance, name: ast.Name, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """`embed.weight`: the weight itself, as a tensor."""
    recipe = layer.recipe
    if not isinstance(recipe, OpLayer):
        message = f"{layer.label} is not a single layer: only a layer's own weights can be named"
        return ctx.poison("unknown-name", message, span, frame=builder.frame)
    op = _instance_of(recipe, layer.span, builder, ctx)
    if op is None:
        return POISON
    label = builder.borrow(layer)
    types = _input_types(layer, op)
    if types is None:
        message = f"the weights of {layer.label} are only known once it was applied: use it before `.{name.id}`"
        return ctx.poison("unknown-dim", message, span, frame=builder.frame)
    names = [w.name for w in op.weights(*types)]
    if name.id not in names:
        listed = ", ".join(names) or "none"
        hints = [f"its weights are: {listed}"]
        return ctx.poison(
            "unknown-name", f"{layer.label} has no .{name.id}", name.span, frame=builder.frame, hints=hints
        )
    owner = lookup("WeightOf")
    assert owner is not None
    values = {"owner": op, "types": tuple(types), "weight": name.id}
    given = {key: Given(v, span) for key, v in values.items()}
    node = operator_node(owner.of(values), given, Operands([], {}), builder, span, None, ctx, shared=label)
    if node is None:
        return POISON
    node.borrowed = layer.builder is not builder
    return results(node)


def _input_types(layer: Instance, op: Op) -> list[Any] | None:
    """From an earlier use in the owner's graph; else try without: an embedding's weights do not depend on its input."""
    from nndsl.ops.say import Collect

    for node in layer.builder.graph.nodes:
        if node.label == layer.label and isinstance(node.target, Op) and node.target.name == op.name:
            return [v.type if v is not None else None for v in node.inputs]
    from nndsl.shapes import symbol

    for trial in (TensorType("int64", (symbol("_"),)), TensorType("float", (symbol("_"), symbol("_")))):
        inputs = [trial if not n.endswith("?") else None for n in op.inputs]
        if op.shape(*inputs, say=Collect(op.name)) is not None:
            return inputs
    return None
