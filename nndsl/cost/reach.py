"""Which tensors of a graph a gradient comes to, by which of its results get one: what leads to none of them, and what
only leads to a stopped gradient or to whole numbers, has no backward pass."""

from __future__ import annotations

from nndsl.ir import loops
from nndsl.ir.graph import Graph, Node, Value
from nndsl.shapes import is_floating

Wanted = int  # the results of a graph that get a gradient: 1 << position, added up


def all_of(graph: Graph) -> Wanted:
    return (1 << len(graph.outputs)) - 1


class Reach:
    """Of all graphs of a model while training."""

    def __init__(self, root: Graph) -> None:
        self._sources: dict[int, Wanted] = {}  # of a value: the results of its graph whose gradients reach it
        self._through: dict[int, list[list[int]]] = {}  # of a graph: the inputs that each result's gradient reaches
        for graph in root.graphs():  # callees first
            self._follow(graph)
            reached = [self._looped(graph, 1 << at) for at in range(len(graph.outputs))] if graph is not root else []
            inputs = [(at, self.of(value)) for at, value in enumerate(graph.inputs)]
            self._through[id(graph)] = [[at for at, found in inputs if found & each] for each in reached]

    def of(self, value: Value) -> Wanted:
        return self._sources.get(id(value), 0)

    def reaches(self, value: Value, wanted: Wanted) -> bool:
        """Does a gradient come to it, where these results of its graph get one?"""
        return bool(self.of(value) & wanted) and is_floating(value.dtype)

    def called(self, node: Node, wanted: Wanted) -> Wanted:
        """Of a node that calls a graph: which of its results get a gradient, be it from the next step alone."""
        assert isinstance(node.target, Graph)
        given = sum(1 << at for at, value in enumerate(node.outputs) if self.reaches(value, wanted))
        return self._looped(node.target, given)

    def _looped(self, graph: Graph, wanted: Wanted) -> Wanted:
        if graph.kind != "loop":
            return wanted
        states = [self.of(value) for value in graph.inputs[: loops.count(graph)]]
        while (more := wanted | sum(1 << at for at, found in enumerate(states) if found & wanted)) != wanted:
            wanted = more
        return wanted

    def _follow(self, graph: Graph) -> None:
        for at, port in enumerate(graph.outputs):
            self._add(port.value, 1 << at)
        for node in reversed(graph.nodes):
            given = [self.of(value) if is_floating(value.dtype) else 0 for value in node.outputs]
            if node.mode == "eval" or not any(given):
                continue
            if isinstance(node.target, Graph):
                for found, inputs in zip(given, self._through[id(node.target)], strict=True):
                    for at in inputs if found else ():
                        self._add(node.inputs[at], found)
                continue
            merged = node.target.name == "Merge"  # of what runs while training and what runs at work
            for value in () if node.target.detached else node.inputs[:1] if merged else node.inputs:
                for found in given:
                    self._add(value, found)

    def _add(self, value: Value | None, found: Wanted) -> None:
        if value is not None:
            self._sources[id(value)] = self.of(value) | found
