"""`extern` blocks: layers written in Python, known here by their signature alone. Nothing is imported."""

from __future__ import annotations

import re
from typing import Any

from nndsl.elaborate.apply import operator_node, results
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.hyperparameters import fill_defaults
from nndsl.elaborate.operands import Operands, gather, match_inputs
from nndsl.elaborate.ports import bind_dims, dtype_of, match
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, BlockLayer, LayerValue, Poison, is_size, members
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops import lookup
from nndsl.shapes import Dim, Size, TensorType, is_floating
from nndsl.source import Span
from nndsl.syntax import ast

TARGET = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def check_target(definition: ast.Extern, ctx: Context) -> bool:
    import keyword

    target = definition.target.value
    words = re.split(r"[.:]", target)
    if TARGET.fullmatch(target) and target.isascii() and not any(map(keyword.iskeyword, words)):
        return True
    hints = ['for example "mypkg.layers:Deform"']
    ctx.error("extern", "an extern block names a class as package.module:Class", definition.target.span, hints=hints)
    return False


def apply_extern(
    layer: BlockLayer, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context
) -> Any:
    operands = gather(value, builder, span, ctx)
    node = extern_node(layer, operands, builder, span, label, ctx) if operands is not None else None
    return results(node) if node is not None else POISON


def extern_node(
    layer: BlockLayer,
    operands: Operands,
    builder: GraphBuilder,
    span: Span,
    label: str | None,
    ctx: Context,
    shared: str | None = None,
) -> Node | None:
    """`shared` names a shared layer: its label is not claimed anew."""
    definition = layer.definition
    assert isinstance(definition, ast.Extern)
    if not check_target(definition, ctx):
        return None
    own = GraphBuilder(ctx, Graph(layer.name, "block", definition.span), builder.frame, builder)
    scope = Scope(layer.home, own)  # its dims are bound here, apart from the caller's
    if not fill_defaults(
        definition.params or [], layer.given, scope, layer.name, span, Scope(layer.home, builder), ctx
    ):
        return None
    arguments = _arguments(definition, layer, scope, ctx)
    inputs = _bind(definition, operands, scope, builder, span, ctx)
    types = _outputs(definition, inputs, scope, ctx) if inputs is not None else None
    if inputs is None or types is None or arguments is None:
        return None
    op = lookup("Extern")
    assert op is not None
    made = op.of(
        {
            "target": definition.target.value,
            "title": layer.name,
            "arguments": arguments,
            "results": tuple(types),
        }
    )
    present = Operands([v for v in inputs if v is not None], {})
    node = operator_node(made, dict(layer.given), present, builder, span, label, ctx, shared=shared)
    if node is None:
        return None
    if label is None and shared is None:
        node.label = builder.claim(None, layer.name, span)
    node.places["target"] = definition.target.span
    return node


def _bind(
    definition: ast.Extern, operands: Operands, scope: Scope, builder: GraphBuilder, span: Span, ctx: Context
) -> list[Value | None] | None:
    declared = [s for s in definition.body.body if isinstance(s, ast.Input)]
    names = [i.name.id + ("?" if i.optional else "") for i in declared]
    found = match_inputs(definition.name.id, names, operands, builder, span, ctx)
    if found is None:
        return None
    fine = True
    for port, value in zip(declared, found, strict=True):
        if value is not None:
            bind_dims(port.type, value, scope)
    for port, value in zip(declared, found, strict=True):
        if value is not None and port.type is not None:
            fine &= match(port.type, value, scope, span, f"{definition.name.id}'s input {port.name.id}", ctx)
    return found if fine else None


def _outputs(definition: ast.Extern, inputs: list[Value | None], scope: Scope, ctx: Context) -> list[TensorType] | None:
    declared = [s for s in definition.body.body if isinstance(s, ast.Output)]
    if not declared:
        ctx.error("extern", f"{definition.name.id} declares no output", definition.name.span)
        return None
    floating = next((v.dtype for v in inputs if v is not None and is_floating(v.dtype)), "float")
    found = []
    for port in declared:
        if port.type is None or port.type.dims is None:
            ctx.error("extern", f"the output {port.name.id} of an extern block needs a type", port.span)
            return None
        dtype = dtype_of(port.type.dtype, scope, ctx) if port.type.dtype is not None else floating
        sizes = [_size(dim, scope, ctx) for dim in port.type.dims]
        known = tuple(s for s in sizes if not isinstance(s, Poison))
        if dtype is None or len(known) < len(sizes):
            return None
        found.append(TensorType(dtype, known))
    return found


def _size(dim: Any, scope: Scope, ctx: Context) -> Size | Poison:
    if isinstance(dim, ast.AnyDims) or (isinstance(dim, ast.Name) and dim.id == "_"):
        return ctx.poison("extern", "every dim of an extern block's output must be written", dim.span)
    value = evaluate(dim, scope, ctx)
    if isinstance(value, Poison) or is_size(value):
        return value  # type: ignore[no-any-return]  # a size, as asked above
    return ctx.poison("bad-value", f"a dim is a whole number, not {ctx.describe(value)}", dim.span)


def _arguments(definition: ast.Extern, layer: BlockLayer, scope: Scope, ctx: Context) -> dict[str, Any] | None:
    """Hyperparameters go to the constructor by name: what Python knows, too."""
    found = {param.name.id: scope.names.get(param.name.id) for param in definition.params or []}
    places = {param.name.id: (param.default or param.name).span for param in definition.params or []}
    places |= {name: given.span for name, given in layer.given.items()}
    fine = [_travels(name, value, definition, places[name], scope, ctx) for name, value in found.items()]
    return found if all(fine) else None


def _travels(name: str, value: Any, definition: ast.Extern, span: Span, scope: Scope, ctx: Context) -> bool:
    odd = next((m for m in members(value) if not isinstance(m, (bool, int, float, str)) and m is not None), None)
    if odd is None:
        return True
    who = f"{definition.name.id}: {name} goes to a Python class"
    if isinstance(odd, Dim):
        message = f"{who} while the module is made, and {ctx.spell(odd)} is only known when the model runs"
        ctx.error("unknown-dim", message, span, scope, hints=["the class can read sizes from its inputs"])
    else:
        message = f"{who}, which takes numbers, strings and lists of them, not {ctx.describe(odd)}"
        hints = ["give the name of the layer as a string"] if isinstance(odd, LayerValue) else []
        ctx.error("extern", message, span, scope, hints=hints)
    return False
