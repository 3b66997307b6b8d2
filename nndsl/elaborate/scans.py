"""`(h0, xs) -> Scan(cell, dim=1)`: a layer for every step of a sequence, with states that go from step to step.

It becomes a graph of the kind "loop": what it takes are the states, the sequences, and by name what is the same in
each step; `StepOf` gives a step its part, `Steps` joins the results, and the first outputs are the next step's states.
"""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.apply import apply, operator_node, results
from nndsl.elaborate.arguments import collect
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Context
from nndsl.elaborate.operands import Operands, gather
from nndsl.elaborate.reports import LayerSay
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Closure, Labelled, Poison, Scan, is_layer
from nndsl.ir.graph import Value
from nndsl.ops import lookup
from nndsl.shapes import Dim, Size
from nndsl.source import Span
from nndsl.syntax import ast

_PARAMETERS = ("body", "states", "dim", "reverse")


def scan(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    """`Scan(body, states=1, dim=1, reverse=false)`; the body may stand in braces."""
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    values: dict[str, Any] = {"states": 1, "dim": 1, "reverse": False}
    free = list(_PARAMETERS)
    for written, given in bound:
        name = "body" if written == "{}" else written or (free.pop(0) if free else "")
        if not name:
            message = f"Scan takes {len(_PARAMETERS)} arguments: {', '.join(_PARAMETERS)}"
            return ctx.poison("too-many-arguments", message, given.span, scope)
        if name not in _PARAMETERS:
            hints = [f"it takes {', '.join(_PARAMETERS)}"]
            return ctx.poison("unknown-argument", f"Scan has no argument {name}", given.span, scope, hints=hints)
        if not _fits(name, given.value):
            wanted = {"body": "a layer", "states": "a whole number from 1 on", "dim": "a whole number from 0 on"}
            message = f"{name} is {wanted.get(name, 'true or false')}, not {ctx.describe(given.value)}"
            return ctx.poison("bad-argument", f"Scan: {message}", given.span, scope)
        values[name] = given.value
    if "body" not in values:
        return ctx.poison("missing-argument", "Scan needs body: the layer of one step", node.span, scope)
    return Scan(values["body"], int(values["states"]), int(values["dim"]), values["reverse"], node.span)


def _fits(name: str, value: Any) -> bool:
    if name == "body":
        return isinstance(value, Closure) or is_layer(value)
    if name == "reverse":
        return isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, (bool, Dim))
    return whole and value >= (1 if name == "states" else 0)


def apply_scan(layer: Scan, value: Any, builder: GraphBuilder, span: Span, label: str | None, ctx: Context) -> Any:
    from nndsl.elaborate.blocks import call_node

    operands = gather(value, builder, span, ctx)
    if operands is None or _length(layer, operands, builder, span, ctx) is None:
        return POISON
    node = call_node(layer, operands, builder, span, None, ctx, label=label, name="scan")
    return POISON if node is None else results(node)


def _length(layer: Scan, operands: Operands, builder: GraphBuilder, span: Span, ctx: Context) -> Size | None:
    """How many steps there are: all sequences have the same number of them."""
    given = [value for value in operands.positional if value is not None]
    sequences = given[layer.states :]
    if not sequences or len(given) < len(operands.positional):
        message = f"Scan takes {layer.states} state{'s' * (layer.states > 1)} and at least one sequence, side by side"
        ctx.error("wrong-inputs", message, span, frame=builder.frame, hints=["`(h, xs) -> Scan(…)`"])
        return None
    say = LayerSay("Scan", builder, span, {}, list(given))
    for at, each in enumerate(sequences, layer.states):
        if not say.rank_at_least(each.type, layer.dim + 1, at=at):
            return None
    steps = sequences[0].shape[layer.dim]
    for at, each in enumerate(sequences[1:], layer.states + 1):
        if not say.same(steps, each.shape[layer.dim], "all sequences of a Scan have as many steps", at=at):
            return None
    return steps


def inside(layer: Scan, value: Any, builder: GraphBuilder, span: Span, ctx: Context) -> Any:
    """One step, in the graph of the loop."""
    members = list(value) if isinstance(value, tuple) else [value]
    given = [each for each in members if isinstance(each, Value)]
    named = [each for each in members if isinstance(each, Labelled)]
    states, sequences = given[: layer.states], given[layer.states :]
    for number, state in enumerate(states):
        state.name = "h" if len(states) == 1 else f"h{number}"
    for number, each in enumerate(sequences):
        each.name = "xs" if len(sequences) == 1 else f"xs{number}"
    parts = [_end("StepOf", layer, each, builder, span, ctx) for each in sequences]
    step = apply(layer.body, (*states, *parts, *named), builder, span, None, ctx)
    made = None if isinstance(step, Poison) else gather(step, builder, span, ctx)
    if made is None:
        return POISON
    found = [each for each in made.positional if each is not None]
    if not _fixed(states, found, builder, span, ctx):
        return POISON
    size = (sequences[0].shape[layer.dim],)
    return (
        *found[: len(states)],
        *(_end("Steps", layer, y, builder, span, ctx, size=size) for y in found[len(states) :]),
    )


def _end(name: str, layer: Scan, value: Value, builder: GraphBuilder, span: Span, ctx: Context, **more: Any) -> Value:
    cls = lookup(name)
    assert cls is not None
    op = cls.of({"dim": layer.dim, "reverse": layer.reverse, **more})
    node = operator_node(op, {}, Operands([value], {}), builder, span, None, ctx)
    assert node is not None
    return node.outputs[0]


def _fixed(states: list[Value], made: list[Value], builder: GraphBuilder, span: Span, ctx: Context) -> bool:
    """A step gives states of the types that it takes."""
    if len(made) < len(states):
        message = f"a step gives {len(made)} tensor{'s' * (len(made) != 1)}, and Scan has {len(states)} states"
        hints = ["it gives the new states, then what is collected"]
        ctx.error("wrong-outputs", message, span, frame=builder.frame, hints=hints)
        return False
    say = LayerSay("Scan", builder, span, {}, [])
    for number, (old, new) in enumerate(zip(states, made, strict=False)):
        what = f"state {number} is {say.type(old.type)}, and a step makes {say.type(new.type)} of it"
        if old.dtype != new.dtype or len(old.shape) != len(new.shape):
            say.error(what, code="dtype-mismatch" if old.dtype != new.dtype else "shape-mismatch")
            return False
        if not all(say.same(a, b, what) for a, b in zip(old.shape, new.shape, strict=True)):
            return False
    return True
