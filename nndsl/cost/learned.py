"""Which weights get a gradient: those of layers that a run in training goes through, on a way to an output that needs
one. What nothing uses, what runs only at work and what stands behind a stopped gradient gets none, and so an optimizer
keeps nothing for it.
"""

from __future__ import annotations

from typing import TypeAlias

from nndsl.cost.numbers import bytes_of
from nndsl.cost.run import Part, Run
from nndsl.ir.graph import Graph, Node
from nndsl.ops.tensor import WeightOf
from nndsl.shapes import Size, TensorType

Use: TypeAlias = int | str  # of a layer: the number of the part in which a block is called, or a weight's name
Uses: TypeAlias = dict[str, set[Use]]
Key: TypeAlias = tuple[int, frozenset[Use]]


def learned(run: Run) -> tuple[Size, list[Size]]:
    """Bytes of all weights that get a gradient, shared ones once, and of each (those of equal calls once)."""
    return _Learned(run).of_model()


class _Learned:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.each: list[Size] = []
        self.uses: dict[int, Uses] = {}
        for part in run.parts.values():  # callees before callers
            self.uses[id(part)] = self._uses(part)

    def _uses(self, part: Part) -> Uses:
        """How the layers of a part are used, by their labels; those that it borrows, too."""
        found: Uses = {}
        for step in part.steps:
            node = step.node
            assert node is not None
            if not step.reached:
                continue
            if step.part is None:
                found.setdefault(node.label, set()).update(_names(node))
                continue
            found.setdefault(node.label, set()).add(id(step.part))
            for theirs, ours in node.lends.items():
                found.setdefault(ours, set()).update(self.uses[id(step.part)].get(theirs, ()))
        return found

    def of_model(self) -> tuple[Size, list[Size]]:
        """Depth costs no recursion."""
        root = self.run.root
        known: dict[Key, Size] = {}
        first = id(root.graph), frozenset[Use]({id(root)})
        stack: list[tuple[Graph, Key, bool]] = [(root.graph, first, False)]
        while stack:
            graph, key, ready = stack.pop()
            if key in known:
                continue
            if ready:
                known[key] = self._size(graph, key[1], known)
                continue
            stack.append((graph, key, True))
            for node, uses in self._layers(graph, key[1]):
                if isinstance(node.target, Graph):
                    stack.append((node.target, (id(node.target), uses), False))
        return known[first], self.each

    def _layers(self, graph: Graph, parts: frozenset[Use]) -> list[tuple[Node, frozenset[Use]]]:
        """The layers that a graph owns, and how they are used where it is called in these parts."""
        used = [self.uses[part] for part in parts if isinstance(part, int)]
        return [
            (node, frozenset().union(*(uses.get(label, ()) for uses in used))) for label, node in graph.layers().items()
        ]

    def _size(self, graph: Graph, parts: frozenset[Use], known: dict[Key, Size]) -> Size:
        size: Size = 0
        for node, uses in self._layers(graph, parts):
            if isinstance(node.target, Graph):
                size = size + known[id(node.target), uses]
                continue
            for weight in node.weights():
                if weight.trained and weight.name in uses:
                    self.each.append(bytes_of(TensorType(weight.dtype, weight.shape), self.run.dtype))
                    size = size + self.each[-1]
        return size


def _names(node: Node) -> set[str]:
    """The weights that an operator uses."""
    op = node.op
    if isinstance(op, WeightOf):
        return {op.weight}
    return {weight.name for weight in node.weights() if weight.trained}
