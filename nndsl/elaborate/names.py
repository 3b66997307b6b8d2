"""Names: what they stand for, and what is said where they stand for nothing."""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Edit, Fix, Label
from nndsl.elaborate import foreign
from nndsl.elaborate.arithmetic import TENSOR_OPS
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import form
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.values import POISON, BlockLayer, OpLayer, Poison
from nndsl.ops.forms import FORMS
from nndsl.shapes import DTYPES
from nndsl.syntax import ast

_PORTS = {
    "input": "an input is declared, and has a name: `input x: float[N, 8]`",
    "output": "an output is given by `output y = x -> …`",
}
_TENSORS = frozenset({"x", "X", "h", "image", "images", "img", "inputs", "data", "tokens"})  # as tensors are called
_TYPES = {"tensor": "float", "floattensor": "float", "longtensor": "int", "fp16": "float16", "half": "float16",
          "fp32": "float32", "bf16": "bfloat16", "fp64": "float64", "double": "float64", "long": "int",
          "boolean": "bool", "integer": "int", "byte": "uint8"}  # fmt: skip


@form(ast.Name)
def _name(node: ast.Name, scope: Scope, ctx: Context) -> Any:
    value = scope.get(node.id)  # as `resolve` begins: most names are the block's own
    if value is MISSING:
        value = ctx.project.resolve(node.id, scope, node.span)
    if type(value) is BlockLayer and scope.within and not value.within:
        return _named_within(value, node, scope, ctx)
    if value is not MISSING:
        return value
    if node.id == "training":
        message = "training is only known when the model runs: it stands alone as the condition of an `if`"
        return ctx.poison("not-constant", message, node.span, scope)
    if node.id in FORMS:
        needed = next(each for each in FORMS[node.id].arguments if each.required)
        message = f"{node.id} needs {needed.name}: {needed.doc.partition(';')[0]}"
        return ctx.poison("missing-argument", message, node.span, scope, hints=[f"`{FORMS[node.id].signature}`"])
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
    labelled = scope.builder.labels.get(node.id) if scope.builder is not None else None
    if labelled is not None:
        found.labels.append(Label(labelled, "this is a label: it names the weights of one layer"))
        found.hints.append(f"a layer that is used again has a name: `layer {node.id} = …`, then `x -> {node.id}`")
    elif symbol is not None:
        found.hints.append(f"tensors are joined by an operator: `a, b = …`, then `a {symbol} b`")
    elif meant is not None and not meant.isidentifier():
        found.hints.append(meant)
    elif node.id in _PORTS:
        found.hints.append(_PORTS[node.id])
    elif close := meant or nearest(node.id, ctx.project.candidates(scope)):
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"use {close}", [Edit(node.span, close)]))
    elif what == "name":
        found.hints += _what_flows_in(node.id, scope)
    return POISON


def _what_flows_in(name: str, scope: Scope) -> list[str]:
    """A tensor is meant that has another name here, or none."""
    builder = scope.builder
    definition = builder.definition if builder is not None else None
    if name not in _TENSORS or definition is None or definition.body is None:
        return []
    declared = [s.name.id for s in definition.body.body if isinstance(s, ast.Input)]
    if not declared:
        return [f"a block declares what flows in: `input {name}: [N, D]`; or its flow starts with a layer"]
    return [f"what flows in is called {', '.join(declared)}"] if len(declared) < 4 else []


def unknown_type(name: ast.Name, scope: Scope, ctx: Context) -> None:
    """`Tensor[N, 8]`, `fp32[N, 8]`"""
    found = ctx.error("unknown-name", f"there is no type {name.id}", name.span, scope)
    types = sorted({"float", "int", "bool", *DTYPES})
    close = _TYPES.get(name.id.lower()) or nearest(name.id, types)
    if close is not None:
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"use {close}", [Edit(name.span, close)]))
    else:
        found.hints.append("types are float, int, bool and exact ones as float32 or int8")


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
