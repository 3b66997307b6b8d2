"""Equal members that follow each other: `[EncoderLayer(12)] * 12` is told once, × 12.

Graphs are alike when they are the same object, or have the same name, types, operators and wiring.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nndsl.ir.graph import Graph, Node, Value

_NUMBER = re.compile(r"\d+")


@dataclass(slots=True)
class Run:
    """`count` nodes from `graph.nodes[start]` on, each fed by the one before it."""

    start: int
    count: int


class Likeness:
    """Numbers for graphs: equal numbers, equal structures. Made callees first, each graph once."""

    def __init__(self, root: Graph) -> None:
        self._number: dict[int, int] = {}
        self._known: dict[tuple[Any, ...], int] = {}
        for graph in root.graphs():
            self._number[id(graph)] = self._known.setdefault(self._key(graph), len(self._known))

    def of(self, graph: Graph) -> int:
        return self._number[id(graph)]

    def of_node(self, node: Node) -> Any:
        """What a node applies, without its label."""
        if isinstance(node.target, Graph):
            return ("call", self.of(node.target), node.mode, tuple(node.lends.items()))
        types = tuple(None if v is None else v.type for v in node.inputs)
        return ("op", node.target.spell(), types, node.mode, len(node.outputs))

    def _key(self, graph: Graph) -> tuple[Any, ...]:
        numbers: dict[int, int] = {}
        for value in graph.inputs:
            numbers[id(value)] = len(numbers)
        nodes = []
        for node in graph.nodes:
            wires = tuple(None if v is None else numbers.get(id(v)) for v in node.inputs)
            nodes.append((self.of_node(node), node.label, node.borrowed, wires))
            for value in node.outputs:
                numbers[id(value)] = len(numbers)
        outputs = tuple((port.name, port.mode, numbers.get(id(port.value))) for port in graph.outputs)
        return graph.name, graph.kind, tuple(v.type for v in graph.inputs), tuple(nodes), outputs


def runs(graph: Graph, likeness: Likeness) -> list[Run]:
    """The nodes of a graph as runs, most of them of length 1."""
    keys = [(likeness.of_node(node), node.borrowed, _stem(node)) for node in graph.nodes]
    users = _users(graph)
    first = _first_uses(graph)
    found: list[Run] = []
    at = 0
    while at < len(graph.nodes):
        count, wiring = 1, None
        while at + count < len(graph.nodes) and keys[at + count] == keys[at]:
            before, after = graph.nodes[at + count - 1], graph.nodes[at + count]
            step = _step(before, after, users)
            shared = graph.nodes[at + 1].label == graph.nodes[at].label
            if step is None or (wiring is not None and step != wiring) or (after.label == before.label) != shared:
                break
            if not shared and first[at + count] != first[at]:  # a shared layer, used once more
                break
            wiring = step
            count += 1
        found.append(Run(at, count))
        at += count
    return found


def _stem(node: Node) -> str:
    """Its label without numbers: what is named otherwise is not told as one more of the same."""
    return _NUMBER.sub("", node.label)


def _first_uses(graph: Graph) -> list[bool]:
    """For each node: is it the first that applies its layer?"""
    seen: set[str] = set()
    found = []
    for node in graph.nodes:
        found.append(node.label not in seen)
        seen.add(node.label)
    return found


def _users(graph: Graph) -> dict[int, int]:
    users: dict[int, int] = {}
    for node in graph.nodes:
        for value in {id(v) for v in node.inputs if v is not None}:
            users[value] = users.get(value, 0) + 1
    for port in graph.outputs:
        users[id(port.value)] = users.get(id(port.value), 0) + 1
    return users


def _step(before: Node, after: Node, users: dict[int, int]) -> tuple[int | None, ...] | None:
    """Which output of `before` each input of `after` is (None: what both are given); None: no run."""
    index = {id(v): i for i, v in enumerate(before.outputs)}
    if any(users.get(id(v), 0) > 1 for v in before.outputs) or len(before.inputs) != len(after.inputs):
        return None
    step: list[int | None] = []
    for old, new in zip(before.inputs, after.inputs, strict=True):
        if isinstance(new, Value) and id(new) in index:
            step.append(index[id(new)])
        elif new is old:
            step.append(None)
        else:
            return None
    used = {i for i in step if i is not None}
    return tuple(step) if used == {i for v, i in index.items() if users.get(v)} and used else None
