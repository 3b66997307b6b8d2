"""What stands beside other layers in a picture, whatever is open: its box is kept narrow.

It is read off the shape of each graph alone, so that the picture and the page, where blocks open and close, agree.
"""

from __future__ import annotations

from nndsl.backends.draw.parallel import Parallel
from nndsl.backends.draw.regions import Flow, Leaf, Region, settle
from nndsl.backends.draw.rows import Rows
from nndsl.backends.draw.structure import Structure
from nndsl.ir.graph import Graph, Node


def neighbours(root: Graph) -> set[int]:
    """The nodes, by their id, that have others beside them, or stand in a block that has."""
    found: set[int] = set()
    inside: set[int] = set()  # graphs
    for graph in reversed([*root.graphs()]):  # callers first
        nodes = graph.nodes if id(graph) in inside else _beside(graph)
        found.update(id(node) for node in nodes)
        inside.update(id(node.target) for node in nodes if isinstance(node.target, Graph))
    return found


def _beside(graph: Graph) -> list[Node]:
    """What is made of constants is told in a box, and has no place."""
    made: dict[int, int] = {id(value): i for i, value in enumerate(graph.inputs)}
    leaves = [Leaf(i, 0.0, 0.0) for i in range(len(graph.inputs))]
    nodes: dict[int, Node] = {}
    flows: list[Flow] = []
    for node in graph.nodes:
        tails = dict.fromkeys(made[id(value)] for value in node.inputs if value is not None and id(value) in made)
        if tails:
            me = len(leaves)
            leaves.append(Leaf(me, 1.0, 1.0))
            nodes[me] = node
            flows.extend(Flow(tail, me, tail) for tail in tails)
            made.update((id(value), me) for value in node.outputs)
    for i, flow in enumerate(flows):
        leaves[flow.tail].outgoing.append(i)
        leaves[flow.head].incoming.append(i)
    for i, leaf in enumerate(leaves):
        leaf.is_input = i < len(graph.inputs)
        leaf.set_pins(flows)
    if not leaves:
        return []
    region = Structure(leaves, flows).region()
    settle(region)
    return [nodes[i] for i in sorted(_crowded(region, set(nodes)))]


def _crowded(root: Region, things: set[int]) -> set[int]:
    """Those of the things that are in branches, or rows, with others beside them."""
    found: set[int] = set()
    stack = [(root, False)]
    while stack:
        region, crowded = stack.pop()
        if isinstance(region, Leaf):
            if crowded and region.thing in things:
                found.add(region.thing)
        elif isinstance(region, Rows):
            filled = [sum(_holds(region.cells[i], things) for i in row) for row in region.members]
            stack += [(cell, crowded or filled[row] > 1) for cell, row in zip(region.cells, region.row, strict=True)]
        else:
            side_by_side = isinstance(region, Parallel) and sum(_holds(b, things) for b in region.branches) > 1
            stack += [(part, crowded or side_by_side) for part in region.parts()]
    return found


def _holds(region: Region, things: set[int]) -> bool:
    """Is more than an input there?"""
    return not isinstance(region, Leaf) or region.thing in things
