"""Closed blocks of one kind that follow each other, whose sizes differ: told once, as `DenseLayer × 24`.

Equal members are folded before (`ir/runs.py`), and one of them may be drawn open. These are not equal, so that none
could stand for the others: they are folded only where all of them are closed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nndsl.ir.graph import Graph, Node

if TYPE_CHECKING:
    from nndsl.backends.draw.plan import Figure, Thing

FEWEST = 2


def fold(figure: Figure, skeletons: dict[int, int]) -> None:
    """Replace each row of at least two by one thing. `skeletons`: what a graph is when sizes do not count."""
    rows = _rows(figure, skeletons)
    if not rows:
        return
    stands_for = list(range(len(figure.things)))  # which of the old things each is now told by
    for row in rows:
        stands_for[row.start : row.stop] = [row.start] * len(row)
        figure.things[row.start] = _one(figure.things[row.start : row.stop])
    kept = [i for i, first in enumerate(stands_for) if first == i]
    place = {old: new for new, old in enumerate(kept)}
    at = [place[first] for first in stands_for]
    figure.things = [figure.things[i] for i in kept]
    for thing in figure.things:
        thing.feed = [(at[tail], port, value) for tail, port, value in thing.feed]
    moved = [replace(flow, tail=at[flow.tail], head=at[flow.head]) for flow in figure.flows]
    figure.flows = [flow for flow in moved if flow.tail != flow.head]
    figure.inputs = [at[i] for i in figure.inputs]
    figure.outputs = [at[i] for i in figure.outputs]


def _rows(figure: Figure, skeletons: dict[int, int]) -> list[range]:
    """Where blocks of one kind follow each other, each fed by the one before it alone, and feeding no other."""
    readers = [0] * len(figure.things)
    for flow in figure.flows:
        readers[flow.tail] += 1
    found: list[range] = []
    start = 0
    for i in range(1, len(figure.things) + 1):
        follows = (
            i < len(figure.things)
            and readers[i - 1] == 1
            and [tail for tail, _, _ in figure.things[i].feed] == [i - 1]
            and _are_of_one_kind(figure.things[i - 1], figure.things[i], skeletons)
        )
        if not follows:
            if i - start >= FEWEST:
                found.append(range(start, i))
            start = i
    return found


def _are_of_one_kind(before: Thing, after: Thing, skeletons: dict[int, int]) -> bool:
    if not (_may_be_one_of_many(before) and _may_be_one_of_many(after)):
        return False
    assert isinstance(before.target, Graph) and isinstance(after.target, Graph)
    assert before.node is not None and after.node is not None
    same = skeletons[id(before.target)] == skeletons[id(after.target)] and before.name == after.name
    return same and before.node.mode == after.node.mode and _arguments(before.target) == _arguments(after.target)


def _may_be_one_of_many(thing: Thing) -> bool:
    """A closed block with one input and one output, of which nothing else has to be said."""
    if thing.kind != "node" or thing.body is not None or thing.target is None or thing.target.kind != "block":
        return False
    return thing.target is _target(thing.node) and thing.widest == 1 and not (thing.shared or thing.constants)


def _target(node: Node | None) -> object:
    return None if node is None else node.target


def _arguments(graph: Graph) -> dict[str, object]:
    """Those that must be equal: a rate may differ from block to block, as that of stochastic depth does."""
    return {name: value for name, value in graph.hyper.items() if not isinstance(value, float)}


def _one(things: list[Thing]) -> Thing:
    first = replace(things[0], feed=list(things[0].feed), labels=[label for thing in things for label in thing.labels])
    first.count = sum(thing.count for thing in things)
    first.until = things[-1].until or things[-1].label
    first.alike = [(thing.node, thing.count) for thing in things if thing.node is not None]
    return first
