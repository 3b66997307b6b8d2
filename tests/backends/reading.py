"""Reads a picture beside its graph: which edges the values of a graph make, and which box stands for each operator.

Nothing here knows how pictures are made: only what paths, frames and counts in a scene mean.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.backends.draw.kinds import label_of
from nndsl.backends.draw.scene import Box, Cluster, Scene
from nndsl.ir.graph import Graph, Node, Value

Key: TypeAlias = tuple[int | str, ...]  # of an operator: the place of each call around it, then its own; or a port's
Edges: TypeAlias = set[tuple[Key, Key]]
IGNORED = "ignored"


@dataclass
class Connections:
    """Between operators, inputs and outputs, found by following the values. A layer that is used twice is there twice.

    What is computed from constants alone has no edges, but where it leaves a block or the model. What a block is given
    and does not use ends at the block, and is not to be seen where the block is open."""

    edges: Edges = field(default_factory=set)
    constants: set[Key] = field(default_factory=set)

    @classmethod
    def of(cls, graph: Graph) -> Connections:
        made = cls()
        results = made._follow(graph, (), [("input", value.name) for value in graph.inputs])
        made.edges.update((source, ("output", port.name)) for source, port in zip(results, graph.outputs, strict=True))
        return made

    def _follow(self, graph: Graph, key: Key, given: list[Key | None]) -> list[Key]:
        """What the outputs of a graph come from."""
        sources = {id(value): source for value, source in zip(graph.inputs, given, strict=True)}
        for place, node in enumerate(graph.nodes):
            me = (*key, place)
            feeds = [None if value is None else sources[id(value)] for value in node.inputs]
            results: list[Key | None] = [me] * len(node.outputs)
            if isinstance(node.target, Graph):
                results = list(self._follow(node.target, me, feeds))
                ignored = [feeds[i] for i in unused(node.target)]
                self.edges.update((source, (*me, IGNORED)) for source in ignored if source is not None)
            elif is_constant(node, feeds):
                self.constants.add(me)
                results = [None] * len(node.outputs)
            elif is_nothing(node):
                self.constants.add(me)
                results = [feeds[0]]
            else:
                self.edges.update((source, me) for source in feeds if source is not None)
            sources.update((id(value), source) for value, source in zip(node.outputs, results, strict=True))
        return [sources[id(port.value)] or constant(key, port.name) for port in graph.outputs]


def is_constant(node: Node, feeds: list[Key | None]) -> bool:
    """A parameter, or what is computed from nothing else without weights of its own."""
    given: list[Value] = [value for value in node.inputs if value is not None]
    return all(source is None for source in feeds) and not (given and node.weights())


def is_nothing(node: Node) -> bool:
    """Dropout(0) and DropPath(0) give what they are given."""
    return not isinstance(node.target, Graph) and node.op.name.startswith("Drop") and node.op.p == 0


def unused(graph: Graph) -> list[int]:
    """The inputs that nothing in a graph reads."""
    read = {id(value) for node in graph.nodes for value in node.inputs}
    read |= {id(port.value) for port in graph.outputs}
    return [i for i, value in enumerate(graph.inputs) if id(value) not in read]


def constant(key: Key, port: str) -> Key:
    return (*key, f"constant {port}")


class Reader:
    """Which box stands for an operator. Equal members that follow each other are drawn as the first of them."""

    def __init__(self, scene: Scene, graph: Graph, constants: set[Key]) -> None:
        self.constants = constants
        ports = [box for box in scene.boxes if box.shape == "port"]
        kinds: list[Key] = [("input", value.name) for value in graph.inputs]
        kinds += [("output", port.name) for port in graph.outputs]
        self.found = {kind: box.id for kind, box in zip(kinds, ports, strict=True)}
        self.first: dict[Key, tuple[Key, int]] = {}  # as which key a member is drawn, and which member it is
        self.left = in_order(scene)
        self._read(graph, (), "", None)
        assert not any(self.left.values())  # nothing is drawn that is not there

    def standing(self, key: Key) -> tuple[str, dict[Key, int]]:
        """Its box ("": none, for what ends at an open block), and which member of what it is in."""
        at: Key = ()
        members: dict[Key, int] = {}
        for part in key:
            at, member = self.first.get((*at, part), ((*at, part), 0))
            members[at] = member
            if at in self.found:
                return self.found[at], members
        assert key[-1] == IGNORED, f"{key} is not drawn"
        return "", members

    def _read(self, graph: Graph, key: Key, path: str, frame: str | None) -> None:
        drawn = [place for place in range(len(graph.nodes)) if (*key, place) not in self.constants]
        while drawn:
            place = drawn.pop(0)
            me, node = (*key, place), graph.nodes[place]
            here = f"{path}{label_of(node)}"
            part = self._next(frame, here)
            if part is None:
                assert isinstance(node.target, Graph), f"{here} is not drawn"
                self._read(node.target, me, f"{here}.", frame)  # a list without a name has no frame
                continue
            members = list_of(node, part.count)
            for member in range(1, 1 if members else part.count):
                self.first[(*key, drawn.pop(0))] = me, member
            if isinstance(part, Box):
                self.found[me] = part.id
                continue
            assert isinstance(node.target, Graph)
            if members:
                self._members(members, me, here, part.id)
            else:
                self._read(node.target, me, f"{here}.", part.id)
        for port in graph.outputs:
            part = self._next(frame, f"{path}{port.name}")
            if part is not None:
                self.found[constant(key, port.name)] = part.id

    def _members(self, nodes: list[Node], key: Key, path: str, frame: str) -> None:
        for member in range(1, len(nodes)):
            self.first[(*key, member)] = (*key, 0), member
        first = nodes[0]
        assert isinstance(first.target, Graph)
        self._read(first.target, (*key, 0), f"{path}.{first.label}.", frame)

    def _next(self, frame: str | None, path: str) -> Box | Cluster | None:
        waiting = self.left[frame, path]
        return waiting.pop(0) if waiting else None


def in_order(scene: Scene) -> dict[tuple[str | None, str], list[Box | Cluster]]:
    """Boxes and frames by the frame they are in and their path; in the order of the graph, where there are several."""
    parents = {frame.id: frame.parent for frame in scene.clusters}
    place: dict[str, int] = {}
    for i, box in enumerate(scene.boxes):
        place[box.id] = i
        around = box.cluster
        while around is not None:
            place.setdefault(around, i)
            around = parents[around]
    found: dict[tuple[str | None, str], list[Box | Cluster]] = defaultdict(list)
    for box in scene.boxes:
        if box.shape != "port":
            found[box.cluster, box.path].append(box)
    for frame in scene.clusters:
        found[frame.parent, frame.path].append(frame)
    for parts in found.values():
        parts.sort(key=lambda part: place.get(part.id, len(scene.boxes)))
    return found


def list_of(node: Node, count: int) -> list[Node]:
    """The members of a list or group with `count` of them, which is drawn as one of them."""
    target = node.target
    if not isinstance(target, Graph) or count == 1 or len(target.nodes) != count:
        return []
    return target.nodes if target.kind == "sequence" or target.name == "Group" else []


def wanted(graph: Graph, scene: Scene) -> set[tuple[str, str]]:
    """The edges a picture has to show: all but those inside one box, and from a member to the next."""
    connections = Connections.of(graph)
    reader = Reader(scene, graph, connections.constants)
    found = set()
    for tail, head in connections.edges:
        (source, mine), (end, theirs) = reader.standing(tail), reader.standing(head)
        repeats = any(mine[fold] != theirs[fold] for fold in mine.keys() & theirs.keys())
        if end and source != end and not repeats:
            found.add((source, end))
    return found
