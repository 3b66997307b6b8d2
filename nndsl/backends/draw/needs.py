"""Which results somebody needs: the others are not drawn, neither in a block nor where it is given out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from nndsl.ir import loops
from nndsl.ir.graph import Graph, Node, Value


def needed_in(graph: Graph, given: Iterable[Value]) -> set[int]:
    """The values of a graph, by their id, that its nodes take or that it gives to who needs them."""
    taken = {id(value) for node in graph.nodes for value in node.inputs if value is not None}
    return taken | {id(value) for value in given}


def needed_of(members: Sequence[Node], used: set[int], target: Graph | None) -> set[int]:
    """Which outputs of equal nodes in a row are needed of any of them. `target`: what they apply; where they are a list
    with one kind of member, that member. A loop needs its states itself."""
    found = {k for node in members for k, value in enumerate(node.outputs) if id(value) in used}
    around = members[0].target
    if isinstance(around, Graph) and target is not around and target is not None:
        given = [around.outputs[k].value for k in found]
        found |= needed_of(around.nodes, needed_in(around, given), target)
    return found | set(range(loops.carried(target)))


def uses_in(graph: Graph, given: Iterable[Value], flowing: Iterable[Value]) -> Counter[str]:
    """How often each layer of a graph is used, here or by who it is lent to, counting a weight that is taken only where
    somebody needs it. `flowing`: the inputs that are no constants; what they reach is drawn, needed or not."""
    reached = {id(value) for value in flowing}
    drawn: set[int] = set()
    for node in graph.nodes:
        if node.is_call or any(id(value) in reached for value in node.inputs) or (node.inputs and node.weights()):
            drawn.add(id(node))
            reached.update(id(value) for value in node.outputs)
    needed = {id(value) for value in given}
    found: Counter[str] = Counter()
    for node in reversed(graph.nodes):
        if id(node) in drawn or any(id(value) in needed for value in node.outputs):
            needed.update(id(value) for value in node.inputs if value is not None)
            found[node.label] += 1
            found.update(node.lends.values())
    return found
