"""Closed blocks that one box stands for: those of one kind that follow each other, whose sizes differ, as
`DenseLayer × 24`, and many equal ones side by side, as `Expert × 60 in parallel`.

Equal members in a row are folded before (`ir/runs.py`), and one of them may be drawn open. Those that follow each
other here are not equal, so that none could stand for the others: they are folded only where all of them are closed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nndsl.ir.graph import Graph, Node
from nndsl.ir.runs import Likeness

if TYPE_CHECKING:
    from nndsl.backends.draw.plan import Feed, Figure, Thing
    from nndsl.backends.draw.regions import Flow

FEWEST = 2
CROWD = 9  # so many equal ones side by side are one
NUMBER = "0123456789_.-"  # what a number at the end of a name consists of


def fold(figure: Figure, skeletons: dict[int, int], crowds: list[list[Node]]) -> None:
    """Replace each row of at least two, and each crowd, by one thing. `skeletons`: what a graph is when sizes do not
    count."""
    rows = [(row, _one([figure.things[i] for i in row])) for row in _rows(figure, skeletons)]
    rows += [(beside, _one_beside([figure.things[i] for i in beside])) for beside in _beside(figure, crowds)]
    if not rows:
        return
    stands_for = list(range(len(figure.things)))  # which of the old things each is now told by
    for members, one in rows:
        for i in members:
            stands_for[i] = members[0]
        figure.things[members[0]] = one
    kept = [i for i, first in enumerate(stands_for) if first == i]
    place = {old: new for new, old in enumerate(kept)}
    at = [place[first] for first in stands_for]
    figure.things = [figure.things[i] for i in kept]
    crowds_at = {i for i, thing in enumerate(figure.things) if thing.beside}
    for thing in figure.things:
        thing.feed = _fed([(at[tail], port, value) for tail, port, value in thing.feed], crowds_at)
    moved = [replace(flow, tail=at[flow.tail], head=at[flow.head]) for flow in figure.flows]
    figure.flows = _flowing([flow for flow in moved if flow.tail != flow.head], crowds_at)
    figure.inputs = [at[i] for i in figure.inputs]
    figure.outputs = [at[i] for i in figure.outputs]


def _fed(feed: list[Feed], crowds: set[int]) -> list[Feed]:
    """What a crowd gives is one value: what each of its members would give."""
    known: set[tuple[int, int]] = set()
    found: list[Feed] = []
    for tail, port, value in feed:
        if tail not in crowds or (tail, port) not in known:
            found.append((tail, port, value))
        known.add((tail, port))
    return found


def _flowing(flows: list[Flow], crowds: set[int]) -> list[Flow]:
    """One flow into a crowd from each place, one out of it."""
    known: set[tuple[int, int, int]] = set()
    found: list[Flow] = []
    for flow in flows:
        way = flow.tail, flow.tail_port, flow.head
        if way not in known or not crowds & {flow.tail, flow.head}:
            found.append(flow)
        known.add(way)
    return found


def crowds(graph: Graph, likeness: Likeness) -> list[list[Node]]:
    """Calls of equal blocks that are given the same values, and whose results are joined by one node: more of them than
    anyone would look at one by one."""
    readers: dict[int, list[object]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            if value is not None:
                readers.setdefault(id(value), []).append(node)
    for port in graph.outputs:
        readers.setdefault(id(port.value), []).append(port)
    found: dict[Any, list[Node]] = {}
    for node in graph.nodes:
        read = readers.get(id(node.outputs[0]), []) if len(node.outputs) == 1 else []
        if isinstance(node.target, Graph) and len(read) == 1 and isinstance(read[0], Node):
            given = tuple(id(value) for value in node.inputs)
            found.setdefault((likeness.of_node(node), given, id(read[0])), []).append(node)
    return [members for members in found.values() if len(members) >= CROWD]


def _beside(figure: Figure, crowds: list[list[Node]]) -> list[list[int]]:
    """The closed things of each crowd, where what joins them is closed too."""
    if not crowds:
        return []
    places = {id(thing.node): i for i, thing in enumerate(figure.things) if thing.node is not None}
    heads: dict[int, set[int]] = {}
    for flow in figure.flows:
        heads.setdefault(flow.tail, set()).add(flow.head)
    found = []
    for crowd in crowds:
        members = [places[id(node)] for node in crowd if id(node) in places]
        members = [i for i in members if _may_stand_beside(figure.things[i])]
        joins = set().union(*(heads.get(i, set()) for i in members))
        if len(members) >= CROWD and len(joins) == 1 and all(figure.things[i].body is None for i in joins):
            found.append(members)
    return found


def _may_stand_beside(thing: Thing) -> bool:
    """A closed block of which nothing else has to be said."""
    return thing.body is None and thing.count == 1 and not (thing.shared or thing.constants)


def _rows(figure: Figure, skeletons: dict[int, int]) -> list[list[int]]:
    """Where blocks of one kind follow each other, each fed by the one before it alone, and feeding no other."""
    readers = [0] * len(figure.things)
    for flow in figure.flows:
        readers[flow.tail] += 1
    found: list[list[int]] = []
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
                found.append([*range(start, i)])
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
    first.lent_parameters = sum(thing.lent_parameters for thing in things)
    first.alike = [(thing.node, thing.count) for thing in things if thing.node is not None]
    return first


def _one_beside(things: list[Thing]) -> Thing:
    """`expert0`, `expert1` and so on are called `expert`."""
    one = _one(things)
    one.beside = True
    names = {thing.name.rstrip(NUMBER) for thing in things}
    one.name = names.pop() if len(names) == 1 else ""
    return one
