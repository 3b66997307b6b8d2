"""Graphs of the kind "loop": one step of a recurrence, which is run for each part of a sequence.

The first outputs are the states of the next step: as many as do not come from `Steps`, which joins the results of all
steps. The first inputs are the states of the first step. `StepOf` gives a step its part of a sequence; what it takes is
an input too, as is what all steps share."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.ir.graph import Graph, Node, Value
from nndsl.shapes import Size


def starts(graph: Graph) -> list[Node]:
    """What takes a step's part of a sequence."""
    return [node for node in graph.nodes if is_start(node)]


def ends(graph: Graph) -> list[Node]:
    """What joins the results of all steps."""
    return [node for node in graph.nodes if is_end(node)]


def is_start(node: Node) -> bool:
    return not node.is_call and node.op.name == "StepOf"


def is_end(node: Node) -> bool:
    return not node.is_call and node.op.name == "Steps"


def states(graph: Graph) -> list[Value]:
    """What a step makes of the states."""
    joined = {id(node.outputs[0]) for node in ends(graph)}
    return [port.value for port in graph.outputs if id(port.value) not in joined]


def count(graph: Graph) -> int:
    """How many states go from step to step."""
    return len(states(graph)) if graph.kind == "loop" else 0


def given(node: Node) -> Value:
    """What an end takes."""
    value = node.inputs[0]
    assert value is not None
    return value


def repeats(graph: Graph) -> Size:
    """How often the graph is run when it is called."""
    if graph.kind != "loop":
        return 1
    first = starts(graph)[0]
    size: Size = given(first).shape[first.op.values()["dim"]]
    return size


def carried(graph: object) -> int:
    """How many of its inputs and outputs are states."""
    return len(states(graph)) if isinstance(graph, Graph) and graph.kind == "loop" else 0


def places(graph: Graph, is_constant: Sequence[bool]) -> list[tuple[int, int]]:
    """Which input and which output each state is, where inputs that are constant do not count."""
    left = [k for k, constant in enumerate(is_constant) if not constant]
    return [(at, k) for at, k in enumerate(left) if k < carried(graph)]
