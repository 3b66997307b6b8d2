"""`(h0, xs) -> Scan(cell, dim=1)`: a layer for every step of a sequence, with states that go from step to step.

It becomes a graph of the kind "loop": what it takes are the states, the sequences, and by name what is the same in
each step; `StepOf` gives a step its part, `Steps` joins the results, and the first outputs are the next step's states.
"""

from __future__ import annotations

from typing import Any

from nndsl.diagnostics import Diagnostic
from nndsl.elaborate.apply import apply, operator_node, results
from nndsl.elaborate.arguments import collect
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Context
from nndsl.elaborate.operands import Operands, gather
from nndsl.elaborate.ports import declared_inputs
from nndsl.elaborate.reports import LayerSay
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, BlockLayer, Closure, Labelled, Poison, Scan, is_layer
from nndsl.ir.graph import Graph, Value
from nndsl.ops import lookup
from nndsl.ops.forms import SCAN
from nndsl.shapes import Dim, Size
from nndsl.source import Span
from nndsl.syntax import ast

_PARAMETERS = tuple(each.name for each in SCAN.arguments)


def scan(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    """`Scan(body, states=1, dim=1, reverse=false)`; the body may stand in braces."""
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    values: dict[str, Any] = {each.name: each.default for each in SCAN.arguments if not each.required}
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
        return ctx.poison("missing-argument", "Scan needs body: what one step does", node.span, scope)
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
    help = _more_states(layer, given) or f"the steps are dim {layer.dim} of each sequence: `dim=` names another"
    say = LayerSay("Scan", builder, span, {}, [])
    for at, each in enumerate(sequences, layer.states):
        if len(each.shape) <= layer.dim:
            message = f"{_input(layer, at)} is {ctx.describe(each)}, which has no dim {layer.dim} for the steps"
            say.error(f"Scan: {message}", code="rank-mismatch", help=help)
            return None
    steps = sequences[0].shape[layer.dim]
    first = _input(layer, layer.states)
    for at, each in enumerate(sequences[1:], layer.states + 1):
        what = (
            f"the sequences of a Scan have as many steps, along dim {layer.dim} of {first} and of {_input(layer, at)}"
        )
        if not say.same(steps, each.shape[layer.dim], what, help=_more_states(layer, given)):
            return None
    return steps


def _declared(layer: Scan) -> list[ast.Input]:
    body = layer.body.value if isinstance(layer.body, Labelled) else layer.body
    inside = body.definition.body if isinstance(body, BlockLayer) else body.body if isinstance(body, Closure) else None
    return declared_inputs(inside) if inside is not None else []


def _input(layer: Scan, at: int) -> str:
    """What the body calls what stands at this place."""
    declared = _declared(layer)
    return f"the input {declared[at].name.id}" if at < len(declared) else f"input {at + 1}"


def _more_states(layer: Scan, given: list[Value]) -> str | None:
    """The inputs that come with as many dims as the body declares are states: a sequence has one dim more."""
    dims = [each.type.dims if each.type is not None else None for each in _declared(layer)]
    whole = 0
    for each, declared in zip(given, dims, strict=False):
        if declared is None or any(isinstance(dim, ast.AnyDims) for dim in declared):
            return None
        if len(each.shape) != len(declared):
            break
        whole += 1
    if not layer.states < whole < len(given):
        return None
    names = " and ".join(each.name.id for each in _declared(layer)[:whole])
    return f"{names} come with the dims that a step takes, as states do: `states={whole}`"


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
    before = len(ctx.diagnostics.items)
    step = apply(layer.body, (*states, *parts, *named), builder, span, None, ctx)
    _tell_steps(layer, states, sequences, ctx.diagnostics.items[before:], span, ctx)
    made = None if isinstance(step, Poison) else gather(step, builder, span, ctx)
    if made is None:
        return POISON
    found = [each for each in made.positional if each is not None]
    if not _fixed(states, found, builder, span, ctx):
        return POISON
    if not all(_stacks(layer, value, builder, span, ctx) for value in found[len(states) :]):
        return POISON
    size = (sequences[0].shape[layer.dim],)
    return (
        *found[: len(states)],
        *(_end("Steps", layer, y, builder, span, ctx, size=size) for y in found[len(states) :]),
    )


def _tell_steps(
    layer: Scan, states: list[Value], sequences: list[Value], said: list[Diagnostic], span: Span, ctx: Context
) -> None:
    """Where the body does not take what a step gets: which dim the steps are."""
    for found in said:
        if found.code not in ("unproven", "shape-mismatch", "rank-mismatch") or found.span != span:
            continue
        taken = [
            f"{_input(layer, at)} is a step of {ctx.describe(each)}" for at, each in enumerate(sequences, len(states))
        ]
        hint = f"{', '.join(taken)}, along its dim {layer.dim}"
        other = _other_dim(states, sequences, layer.dim)
        if other is not None:
            found.hints = [each for each in found.hints if "require " not in each]
        found.hints.insert(0, hint + (f": did you mean `dim={other}`?" if other is not None else ""))


def _other_dim(states: list[Value], sequences: list[Value], dim: int) -> int | None:
    """The dim without which sequences begin as the states do, which with this one they do not."""
    if not states[0].shape:
        return None

    def fits(other: int) -> bool:
        left = [[size for axis, size in enumerate(each.shape) if axis != other] for each in sequences]
        return all(len(sizes) < len(each.shape) and sizes[:1] == [states[0].shape[0]]
                   for sizes, each in zip(left, sequences, strict=True))  # fmt: skip

    return None if fits(dim) else next((other for other in range(len(sequences[0].shape)) if fits(other)), None)


def _stacks(layer: Scan, value: Value, builder: GraphBuilder, span: Span, ctx: Context) -> bool:
    """Has what is collected the dims before that of the steps?"""
    rank = len(value.shape)
    if rank >= layer.dim:
        return True
    producer = value.producer
    called = producer.target if producer is not None and isinstance(producer.target, Graph) else None
    name = called.outputs[value.index].name if called is not None else value.name
    dims = "no dims" if rank == 0 else f"{rank} dim{'s' * (rank > 1)}"
    message = f"Scan joins the steps along dim {layer.dim}, and {name or 'what a step gives'} has {dims} in a step"
    least = f"{layer.dim} dim{'s' * (layer.dim > 1)}"
    hints = [f"give at least {least} in a step, or put the steps first everywhere: `dim=0`"]
    ctx.error("rank-mismatch", message, span, frame=builder.frame, hints=hints)
    return False


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
        which = "the state" if len(states) == 1 else f"state {number}"
        kinds = old.dtype != new.dtype
        a, b = (each.type.spell(say.facts) if kinds else say.type(each.type) for each in (old, new))
        what = f"{which} is {a}, and a step makes {b} of it"
        order = "a step gives the new states first, in the order in which it takes them"
        if kinds or len(old.shape) != len(new.shape):
            help = order
            if kinds:
                help = f"convert it in the step, `-> Cast({old.dtype})`, or start with `Zeros(…, dtype={new.dtype})`"
            say.error(what, code="dtype-mismatch" if kinds else "shape-mismatch", help=help)
            return False
        for before, after in zip(old.shape, new.shape, strict=True):
            unlike = say.facts.equal(before, after) is False
            if not say.same(before, after, what, help=order if unlike else None):
                return False
    return True
