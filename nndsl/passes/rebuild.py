"""How a pass makes a new IR from an old one: each distinct graph once, callees first, nothing changed in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops.schema import Op

Visit = Callable[["Draft"], None]
Touches = Callable[[Graph], bool]


class Made(Protocol):
    """What a graph has become, and which of its outputs that still has."""

    new: Graph
    ports: Sequence[int]


class Left:
    """A graph that stays as it is: passes never change one in place, so the old one may serve."""

    def __init__(self, graph: Graph) -> None:
        self.new = graph
        self.ports: Sequence[int] = range(len(graph.outputs))


class Draft:
    """The new form of one graph. A visit says of each node of `old` what becomes of it: `keep` it, perhaps changed, or
    let its outputs be other values (`alias`), or nothing. Then it says `finish`."""

    def __init__(self, old: Graph, done: Mapping[int, Made]) -> None:
        self.old = old
        self.done = done
        self.values: dict[int, Value] = {}
        self.ports: Sequence[int] = []
        self.new = replace(old, inputs=self._copies(old.inputs, None), nodes=[], outputs=[])

    def _copies(self, values: list[Value], producer: Node | None) -> list[Value]:
        made = [Value(value.type, value.name, producer, i) for i, value in enumerate(values)]
        self.values.update(zip(map(id, values), made, strict=True))
        return made

    def __getitem__(self, value: Value) -> Value:
        return self.values[id(value)]

    def keep(self, node: Node, target: Op | None = None, inputs: list[Value | None] | None = None) -> Node:
        """The same node in the new graph; `target` replaces its operator, `inputs` (old values) its inputs."""
        given = [self[v] if v is not None else None for v in (node.inputs if inputs is None else inputs)]
        outputs, new_target = node.outputs, target or node.target
        if isinstance(node.target, Graph):
            callee = self.done[id(node.target)]
            outputs, new_target = [node.outputs[i] for i in callee.ports], callee.new
        made = Node(new_target, given, [], node.label, node.span, node.trace, node.mode, node.borrowed, node.labelled)
        made.lends, made.texts, made.given, made.flags = node.lends, node.texts, node.given, node.flags
        made.outputs = self._copies(outputs, made)
        self.new.nodes.append(made)
        return made

    def alias(self, value: Value, other: Value) -> None:
        """Wherever the old `value` was used, the new graph uses what `other` has become."""
        self.values[id(value)] = self[other]

    def finish(self, keep: Callable[[Port], bool] = lambda port: True) -> None:
        given = list(enumerate(self.old.outputs))
        kept = [(i, port) for i, port in given if keep(port) and id(port.value) in self.values]
        self.ports = [i for i, _ in kept]
        self.new.outputs = [Port(p.name, self[p.value], p.mode, p.span, p.doc) for _, p in kept]


def rebuild(graph: Graph, visit: Visit, touches: Touches) -> Graph:
    """Every distinct graph below, remade by `visit` where `touches` says so or something that it calls was remade."""
    done: dict[int, Made] = {}
    for each in graph.graphs():
        if touches(each) or any(_changed(node, done) for node in each.nodes):
            draft = done[id(each)] = Draft(each, done)
            visit(draft)
        else:
            done[id(each)] = Left(each)
    return done[id(graph)].new


def _changed(node: Node, done: Mapping[int, Made]) -> bool:
    return isinstance(node.target, Graph) and done[id(node.target)].new is not node.target
