"""Receptive fields: how many cells of the input one cell of a result sees along each spatial axis.

A window of `span` cells, `step` apart, over what has a field f and a step j makes f + (span - 1)·j and j·step. Where
branches meet, the largest counts. What sees everything (global pooling, attention), or mixes axes, has none. What no
input reaches (parameters, and what is computed from them alone) changes nothing of what it is joined with.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.schema import inputs_of

Axis = tuple[Fraction, Fraction]  # the field, and how far apart two neighbours' fields are, in cells of the input
Field = tuple[Axis, ...]
POINT: Field = ()  # as the input itself, along whatever axes it has
CONSTANT: Field = ((Fraction(0), Fraction(0)),)  # of what no input reaches


def fields(root: Graph) -> dict[int, Field | None]:
    """Of the first result of each node, by its identity; inside a block as it is called first."""
    found: dict[int, Field | None] = {}
    windows: dict[int, Field | None] = {}
    for graph in root.graphs():  # callees first: what a block does to a point, it does to every field
        results = _through(graph, tuple(POINT for _ in graph.inputs), windows, None)
        single = len(graph.inputs) == 1 and len(graph.outputs) == 1
        windows[id(graph)] = results[0] if single else None
    waiting: list[tuple[Graph, tuple[Field | None, ...]]] = [(root, tuple(POINT for _ in root.inputs))]
    seen = {id(root)}
    while waiting:
        graph, given = waiting.pop()
        _through(graph, given, windows, found)
        values = _values(graph, given, found)
        for node in graph.nodes:
            if isinstance(node.target, Graph) and id(node.target) not in seen:
                seen.add(id(node.target))
                waiting.append((node.target, tuple(None if v is None else values.get(id(v)) for v in node.inputs)))
    return found


def seen(field: Field | None) -> tuple[int, ...] | None:
    """At most so many cells; between two of them there is none."""
    return tuple(floor(size) for size, _ in field) if field and field is not CONSTANT else None


def _values(graph: Graph, given: tuple[Field | None, ...], found: dict[int, Field | None]) -> dict[int, Field | None]:
    values: dict[int, Field | None] = {id(v): f for v, f in zip(graph.inputs, given, strict=True)}
    for node in graph.nodes:
        for value in node.outputs:
            values[id(value)] = found.get(id(node))
    return values


def _through(
    graph: Graph,
    given: tuple[Field | None, ...],
    windows: dict[int, Field | None],
    found: dict[int, Field | None] | None,
) -> list[Field | None]:
    values: dict[int, Field | None] = {id(v): f for v, f in zip(graph.inputs, given, strict=True)}
    for node in graph.nodes:
        field = _after(node, [values.get(id(v)) for v in node.inputs if v is not None], windows)
        if found is not None:
            found.setdefault(id(node), field)
        for value in node.outputs:
            values[id(value)] = field
    return [values.get(id(port.value)) for port in graph.outputs]


def _after(node: Node, inputs: list[Field | None], windows: dict[int, Field | None]) -> Field | None:
    if any(field is None for field in inputs):
        return None
    reached = [field for field in inputs if field is not CONSTANT]
    if not reached:
        return CONSTANT
    if isinstance(node.target, Graph):
        window = windows[id(node.target)]
    else:
        types = inputs_of(type(node.op), [_type(v) for v in node.inputs])
        told = node.op.sees(*types, y=node.outputs[0].type)
        window = None if told is None else tuple((Fraction(a), Fraction(b)) for a, b in told)
    if window is None or window is CONSTANT:
        return window
    joined = reached[0]
    for field in reached[1:]:
        joined = _joined(joined, field)
    return joined if window == POINT else _windowed(joined, window)


def _type(value: Value | None) -> object:
    return None if value is None else value.type


def _windowed(field: Field | None, window: Field) -> Field | None:
    if field is None:
        return None
    if field == POINT:
        field = ((Fraction(1), Fraction(1)),) * len(window)
    if len(field) != len(window):
        return None
    return tuple((f + (span - 1) * j, j * step) for (f, j), (span, step) in zip(field, window, strict=True))


def _joined(a: Field | None, b: Field | None) -> Field | None:
    """Where branches meet."""
    if a is None or b is None:
        return None
    if POINT in (a, b):
        return a or b
    if len(a) != len(b):
        return None
    return tuple((max(f, g), max(i, j)) for (f, i), (g, j) in zip(a, b, strict=True))
