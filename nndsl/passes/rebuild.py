"""How a pass makes a new IR from an old one: each distinct graph once, callees first, nothing changed in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops.schema import Op

Visit = Callable[["Draft"], None]


class Draft:
    """The new form of one graph. A visit says of each node of `old` what becomes of it: `keep` it, perhaps changed, or
    let its outputs be other values (`alias`), or nothing. Then `finish` takes the ports."""

    def __init__(self, old: Graph, done: dict[int, Draft]) -> None:
        self.old = old
        self.done = done
        self.values: dict[int, Value] = {}
        self.ports: list[int] = []  # which outputs of the old graph the new one has
        inputs = [self._copy(value, None, i) for i, value in enumerate(old.inputs)]
        self.new = replace(old, inputs=inputs, nodes=[], outputs=[])

    def _copy(self, value: Value, producer: Node | None, index: int) -> Value:
        made = Value(value.type, value.name, producer, index)
        self.values[id(value)] = made
        return made

    def __getitem__(self, value: Value) -> Value:
        return self.values[id(value)]

    def keep(self, node: Node, target: Op | None = None, inputs: list[Value | None] | None = None) -> Node:
        """The same node in the new graph; `target` replaces its operator, `inputs` (old values) its inputs."""
        given = [self[v] if v is not None else None for v in (node.inputs if inputs is None else inputs)]
        made = replace(node, inputs=given, outputs=[])
        outputs = node.outputs
        if target is not None:
            made.target = target
        elif isinstance(node.target, Graph):
            callee = self.done[id(node.target)]
            made.target = callee.new
            outputs = [node.outputs[i] for i in callee.ports]
        made.outputs = [self._copy(value, made, i) for i, value in enumerate(outputs)]
        self.new.nodes.append(made)
        return made

    def alias(self, value: Value, other: Value) -> None:
        """Wherever the old `value` was used, the new graph uses what `other` has become."""
        self.values[id(value)] = self[other]

    def finish(self, keep: Callable[[Port], bool] = lambda port: True) -> None:
        for i, port in enumerate(self.old.outputs):
            if keep(port) and id(port.value) in self.values:
                self.ports.append(i)
                self.new.outputs.append(replace(port, value=self[port.value]))


def rebuild(graph: Graph, visit: Visit) -> Graph:
    """Every distinct graph below, remade by `visit`, which ends with `draft.finish`."""
    done: dict[int, Draft] = {}
    for each in graph.graphs():
        draft = Draft(each, done)
        visit(draft)
        done[id(each)] = draft
    return done[id(graph)].new
