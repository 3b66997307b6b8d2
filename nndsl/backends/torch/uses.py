"""How a model uses its layers: which are shared with different inputs, how many stand in lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nndsl.ir.graph import Graph, Node
from nndsl.source import Span

MOST_MEMBERS = 20_000  # of lists in lists, which are written out


class Use(NamedTuple):
    """The call of a block, and where its owner's text leads to it."""

    node: Node
    span: Span


def varied(root: Graph) -> Iterator[tuple[str, list[Use]]]:
    """Each shared layer that is a block and meets inputs of several types: its first use with each of its graphs."""
    known: dict[tuple[int, str], dict[int, Use]] = {}
    for graph in root.graphs():  # callees first
        for label, uses in _of_graph(graph, known).items():
            known[id(graph), label] = uses
            if label not in graph.borrows and len(uses) > 1:
                yield label, list(uses.values())


def _of_graph(graph: Graph, known: dict[tuple[int, str], dict[int, Use]]) -> dict[str, dict[int, Use]]:
    """By label, here and where it is lent to."""
    found: dict[str, dict[int, Use]] = {}
    for node in graph.nodes:
        if not isinstance(node.target, Graph):
            continue
        found.setdefault(node.label, {}).setdefault(id(node.target), Use(node, node.span))
        for theirs, ours in node.lends.items():
            for target, use in known.get((id(node.target), theirs), {}).items():
                found.setdefault(ours, {}).setdefault(target, Use(use.node, node.span))
    return found


def written_out(root: Graph) -> int:
    """How many layers stand in lists, with those of lists in lists each time."""
    count: dict[int, int] = {}
    total = 0
    for graph in root.graphs():
        count[id(graph)] = sum(1 + _inside(node.target, count) for node in graph.nodes)
        total += count[id(graph)] if graph.kind != "sequence" else 0
    return total


def _inside(target: object, count: dict[int, int]) -> int:
    return count[id(target)] if isinstance(target, Graph) and target.kind == "sequence" else 0
