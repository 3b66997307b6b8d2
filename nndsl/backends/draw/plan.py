"""What is drawn: which blocks are open, which members are folded to × N, what flows where; no sizes yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from nndsl.backends.draw import alike
from nndsl.backends.draw.constants import Constant, constant_of
from nndsl.backends.draw.kinds import does_nothing, is_group, is_plain, label_of
from nndsl.backends.draw.needs import needed_in, needed_of, uses_in
from nndsl.backends.draw.neighbours import neighbours
from nndsl.backends.draw.opening import Globs, Opening, Spot, States
from nndsl.backends.draw.regions import Flow
from nndsl.backends.draw.words import sign
from nndsl.ir import loops
from nndsl.ir.cost import Costs
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ir.runs import Likeness, Run, runs
from nndsl.ir.wording import worded
from nndsl.ops.tensor import Merge
from nndsl.shapes import Size

DEEPEST = 24  # frames inside frames
MOST_THINGS = 20_000
SMALL_BLOCK, MOST_BESIDE = 8, 6  # equal small blocks side by side are all open, up to so many
SMALL_MODEL = 44  # so many things are drawn in full when no depth is asked for


@dataclass(slots=True, eq=False)
class Thing:
    """Something with a place in the picture. `count` equal ones in a row; `body`: drawn open."""

    kind: Literal["input", "output", "node"]
    node: Node | None = None
    count: int = 1
    value: Value | None = None  # of an input or output; else the first result
    port: Port | None = None
    name: str = ""
    label: str = ""  # its part of the path
    member: str = ""  # for a folded list: the part of the path of its first member
    labels: list[str] = field(default_factory=list)  # of all for which it stands
    until: str = ""  # for equal ones in a row: the label of the last one
    beside: bool = False  # those for which it stands are not in a row, but side by side
    target: Graph | None = None  # what a call applies, lists with one kind of member looked through
    body: Figure | None = None
    feed: list[Feed] = field(default_factory=list)  # for each port that something flows into
    takes: list[int] = field(default_factory=list)  # which of the node's inputs each of these is
    gives: list[int] = field(default_factory=list)  # which of the node's outputs its ports are: those that are used
    constants: list[Constant] = field(default_factory=list)
    shared: str = ""
    counted: bool = True  # its parameters are not another's
    again: bool = False  # it stands in a block whose parameters are another's
    widest: int = 1  # how many flows enter or leave
    alike: list[tuple[Node, int]] = field(default_factory=list)  # of one kind, each so often: all it stands for
    lent: frozenset[str] = frozenset()  # of the layers that its target borrows: those that nothing else uses
    lent_parameters: Size = 0  # what these have
    follows: bool = False  # what it comes from is for the same mode as it is, and says so
    training: int | None = None  # of `if training`: the port of what is taken while training

    @property
    def mode(self) -> str | None:
        """Outside which mode it does nothing."""
        return self.node.mode if self.node is not None else self.port.mode if self.port is not None else None


@dataclass(slots=True, eq=False)
class Figure:
    """The inside of a graph: things in the order of the text, flows between them."""

    graph: Graph
    things: list[Thing] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    plain: bool = False  # no frame: an unnamed list
    values: dict[int, int] = field(default_factory=dict)  # the number of each value in its flows
    opened: dict[int, int] = field(default_factory=dict)  # how many of each skeleton are open right here
    upstream: dict[int, frozenset[int]] = field(default_factory=dict)  # open skeletons that lead to a thing
    used: set[int] = field(default_factory=set)  # the values, by their id, that something here needs, or around it
    returns: list[tuple[int, int]] = field(default_factory=list)  # of a loop: which input a state is, and which output


Feed: TypeAlias = tuple[int, int, int]  # from which thing, which of its ports, and the number of the value
Source: TypeAlias = tuple[int, int] | Constant


class Planner:
    """Decides for one model. `ways`: exactly what is open; None: what `opening` says, and where that has no depth,
    small models in full, of larger ones each structure once. `folds`: closed blocks of one kind in a row are one, and
    many equal ones side by side."""

    def __init__(self, root: Graph, opening: Opening, ways: set[str] | None = None, *, folds: bool = False) -> None:
        self.root = root
        self.globs = Globs(root, opening)
        self.ways = ways
        self.costs = Costs(root)
        self.likeness = Likeness(root)
        self.runs = {id(g): runs(g, self.likeness) for g in root.graphs()}
        self.crowds = {id(g): alike.crowds(g, self.likeness) for g in root.graphs()} if folds else {}
        self.crowded = {id(node) for found in self.crowds.values() for members in found for node in members}
        self.depth = opening.depth
        self.folds = folds
        self.made = 0
        self.seen: set[Any] = set()
        self._skeletons: dict[int, int] = {}
        self._known: dict[Any, int] = {}
        self._sizes: dict[int, int] = {}
        for graph in root.graphs():
            self._prepare(graph)
        self.full = self._sizes[id(root)] <= SMALL_MODEL
        self.neighbours = neighbours(root)

    def _prepare(self, graph: Graph) -> None:
        """How much an open graph shows, and its skeleton: what it is when sizes and repetitions do not count."""
        size = 0
        parts: list[tuple[int | str, tuple[int | None, ...]]] = []
        numbers = {id(v): i for i, v in enumerate(graph.inputs)}
        for run in self.runs[id(graph)]:
            node = graph.nodes[run.start]
            wires = tuple(None if v is None else numbers.get(id(v)) for v in node.inputs)
            for value in graph.nodes[run.start + run.count - 1].outputs:
                numbers[id(value)] = len(numbers)
            if isinstance(node.target, Graph):
                size += self._sizes[id(node.target)]
                parts.append((self._skeletons[id(node.target)], wires))
            else:
                size += not does_nothing(node)
                parts.append((node.target.name, wires))
        self._sizes[id(graph)] = min(size, MOST_THINGS)
        key = (graph.name if graph.kind == "block" else "", tuple(parts))
        self._skeletons[id(graph)] = self._known.setdefault(key, len(self._known))

    # ------------------------------------------------------------ figures

    def whole(self) -> Figure:
        """The model's own figure."""
        return self.figure(self.root, [None] * len(self.root.inputs), self.globs.start)

    def figure(self, graph: Graph, given: list[Constant | None], spot: Spot) -> Figure:
        figure = Figure(graph)
        sources: dict[int, Source] = {}
        for value, constant in zip(graph.inputs, given, strict=True):
            sources[id(value)] = constant if constant is not None else self._input(figure, value)
        flowing = [value for value, constant in zip(graph.inputs, given, strict=True) if constant is None]
        ends = [port for k, port in enumerate(graph.outputs) if spot.needed is None or k in spot.needed]
        figure.used = needed_in(graph, [port.value for port in ends])
        labels = uses_in(graph, [port.value for port in ends], flowing)
        told: set[str] = set()
        for run in self.runs[id(graph)]:
            self._run(figure, run, sources, labels, told, spot)
        for port in ends:
            self._output(figure, port, sources)
        figure.returns = loops.places(graph, [constant is not None for constant in given])
        if self.folds:
            alike.fold(figure, self._skeletons, self.crowds[id(graph)])
        return figure

    def _input(self, figure: Figure, value: Value) -> Source:
        figure.inputs.append(len(figure.things))
        figure.things.append(Thing("input", value=value, name=value.name, label=value.name))
        return len(figure.things) - 1, 0

    def _output(self, figure: Figure, port: Port, sources: dict[int, Source]) -> None:
        source = sources.get(id(port.value))
        if isinstance(source, Constant) or source is None:
            node = port.value.producer or (source.node if source is not None else None)
            name = (source.name if source else "") or port.name
            if node is not None and not node.is_call and not node.op.hidden:
                name = node.op.heading
            made = Thing("node", node=node, value=port.value, name=name, label=port.name)
            told = source is not None and port.value.producer is None and not source.elements
            made.counted = not (told and node is not None and node.weights())
            figure.things.append(made)
            source = (len(figure.things) - 1, 0)
        figure.outputs.append(len(figure.things))
        figure.things.append(Thing("output", value=port.value, port=port, name=port.name, label=port.name))
        thing = figure.things[-1]
        thing.feed.append((*source, self._number(figure, port.value)))
        self._connect(figure, len(figure.things) - 1, thing)

    def _number(self, figure: Figure, value: Value) -> int:
        return figure.values.setdefault(id(value), len(figure.values))

    def _connect(self, figure: Figure, me: int, thing: Thing) -> None:
        """Flows into a thing: one for each port of a frame, one for each different value of anything else."""
        fed: set[tuple[int, int]] = set()
        thing.follows = thing.mode is not None and any(_says(figure.things[at], thing.mode) for at, _, _ in thing.feed)
        for port, (tail, tail_port, value) in enumerate(thing.feed):
            if thing.body is not None or (tail, tail_port) not in fed:
                figure.flows.append(Flow(tail, me, value, tail_port, port))
            fed.add((tail, tail_port))

    def _run(
        self,
        figure: Figure,
        run: Run,
        sources: dict[int, Source],
        labels: Counter[str],
        told: set[str],
        spot: Spot,
    ) -> None:
        graph = figure.graph
        node, last = graph.nodes[run.start], graph.nodes[run.start + run.count - 1]
        given = [sources.get(id(v)) if v is not None else None for v in node.inputs]
        self._first_states(figure, node, given)
        constants = [replace(c) for c in given if isinstance(c, Constant)]
        if self._is_constant(node, given):
            made = constant_of(node, constants, self.root.facts)
            sources.update((id(v), made) for v in node.outputs)
            return
        if does_nothing(node) and isinstance(given[0], tuple):
            assert node.inputs[0] is not None
            sources[id(last.outputs[0])] = given[0]
            figure.values[id(last.outputs[0])] = self._number(figure, node.inputs[0])
            return
        thing = self._thing(node, run.count, constants)
        thing.labels = [graph.nodes[run.start + i].label for i in range(run.count)]
        thing.until = thing.until or (last.label if run.count > 1 else "")
        for i, (value, source) in enumerate(zip(node.inputs, given, strict=True)):
            if value is not None and isinstance(source, tuple):
                thing.feed.append((*source, self._number(figure, value)))
                thing.takes.append(i)
        thing.widest = max(len(thing.feed), len(node.outputs))
        thing.gives = sorted(needed_of(graph.nodes[run.start : run.start + run.count], figure.used, thing.target))
        if isinstance(node.target, Merge) and isinstance(given[0], tuple):
            thing.training = 0
        self.made += 1
        uses = labels[node.label] if run.count == 1 else labels[node.label] - run.count + 1
        self._lend(graph, thing, labels, spot)
        borrowed = node.borrowed and not (uses == 1 and node.label in spot.lent)
        if borrowed or uses > 1 or (run.count > 1 and last.label == node.label):
            thing.shared = node.label
            thing.counted = not borrowed and node.label not in told
        told.add(node.label)
        thing.again = spot.again
        me = len(figure.things)
        behind = {source[0] for source in given if isinstance(source, tuple)}
        figure.upstream[me] = frozenset().union(*(figure.upstream.get(i, frozenset()) for i in behind))
        self._open(figure, thing, given, spot)
        for source in (*given, *(constants if spot.again else ())):
            if isinstance(source, Constant):
                source.elements = 0  # told here, not again
        figure.things.append(thing)
        sources.update((id(last.outputs[k]), (me, port)) for port, k in enumerate(thing.gives))
        self._connect(figure, me, thing)

    def _lend(self, graph: Graph, thing: Thing, uses: Counter[str], spot: Spot) -> None:
        """Which of the layers that a call lends nothing else uses. What the members of a list are lent stays shared."""
        node, target = thing.node, thing.target
        if node is None or target is None or target is not node.target or thing.count > 1:
            return
        others = set(graph.borrows) - spot.lent
        lent = node.lends.items()
        thing.lent = frozenset(theirs for theirs, ours in lent if uses[ours] == 1 and ours not in others)
        thing.lent_parameters = sum(self.costs.of_node(target.use_of(name)).parameters for name in thing.lent)

    def _first_states(self, figure: Figure, node: Node, given: list[Source | None]) -> None:
        """What a loop begins with is drawn though it is constant: the state that comes back is not."""
        for i, value in enumerate(node.inputs[: loops.carried(node.target)]):
            made = given[i]
            if isinstance(made, Constant) and value is not None and value.producer is not None:
                given[i] = len(figure.things), 0
                name = value.name or (made.name if made.made else value.producer.op.heading)
                figure.things.append(
                    Thing("node", node=value.producer, value=value, name=name, label=value.producer.label)
                )

    def _is_constant(self, node: Node, given: list[Source | None]) -> bool:
        if node.is_call or any(isinstance(source, tuple) for source in given):
            return False
        return not any(v is not None for v in node.inputs) or not node.weights()

    def _thing(self, node: Node, count: int, constants: list[Constant]) -> Thing:
        thing = Thing(
            "node", node, count, node.outputs[0] if node.outputs else None, label=label_of(node), constants=constants
        )
        if not isinstance(node.target, Graph):
            thing.name = worded(node.op, self.root.facts).heading
            return thing
        thing.target = node.target
        inner = self._only_member(node.target)
        if inner is not None and count == 1:
            member, times = inner
            assert isinstance(member.target, Graph)
            thing.target, thing.count, thing.member = member.target, times, member.label
            thing.until = node.target.nodes[-1].label
        thing.name = self.name_of(thing.target, node if thing.target is node.target else None)
        return thing

    def _only_member(self, graph: Graph) -> tuple[Node, int] | None:
        """Of a list or group with one kind of member: that member and how many there are."""
        is_list = graph.kind == "sequence" or is_group(graph)
        if not is_list or len(self.runs[id(graph)]) != 1 or not graph.nodes[0].is_call:
            return None
        node, last = graph.nodes[0], graph.nodes[-1]
        straight = [id(v) for v in node.inputs] == [id(v) for v in graph.inputs]
        ends = [id(v) for v in last.outputs] == [id(port.value) for port in graph.outputs]
        return (node, len(graph.nodes)) if straight and ends else None

    def name_of(self, graph: Graph, node: Node | None) -> str:
        """A block's name, the label of a list or group; an unnamed list has none."""
        if graph.kind != "sequence" and not is_group(graph):
            return graph.name
        if node is not None and node.labelled and not node.label.isdigit():
            return node.label
        return ""

    # ------------------------------------------------------------ open or closed

    def _open(self, figure: Figure, thing: Thing, given: list[Source | None], spot: Spot) -> None:
        graph = thing.target
        if graph is None or spot.frames >= DEEPEST or self.made > MOST_THINGS or not self.holds_something(graph):
            return
        states, asked = self.asked(thing, spot)
        me = len(figure.things)
        is_open = f"{spot.way}{me}" in self.ways if self.ways is not None else self._is_open(figure, thing, spot, asked)
        if not is_open:
            return
        constants = [source if isinstance(source, Constant) else None for source in given]
        plain = is_plain(thing)
        inside = spot.inside(me, states, plain=plain, asked=asked is True, again=not thing.counted)
        inside = replace(inside, needed=frozenset(thing.gives), lent=thing.lent)
        thing.body = self.figure(graph, constants, inside)
        thing.body.plain = plain

    def holds_something(self, graph: Graph) -> bool:
        """Is there anything to be seen inside?"""
        return self._sizes[id(graph)] > 0

    def asked(self, thing: Thing, spot: Spot) -> tuple[States, bool | None]:
        """What paths inside a block may match, and whether globs have it open or closed; None: they say nothing."""
        assert thing.node is not None and thing.target is not None
        globs = self.globs
        if not spot.states:
            return spot.states, None
        here = globs.after(spot.states, thing.labels)
        inside = globs.below(here)
        if thing.member:
            assert isinstance(thing.node.target, Graph)
            members = globs.after(inside, [node.label for node in thing.node.target.nodes])
            here, inside = tuple(a | b for a, b in zip(here, members, strict=True)), globs.below(members)
        if globs.meant(thing.node, thing.target, here, globs.collapse):
            return inside, False
        wanted = globs.meant(thing.node, thing.target, here, globs.expand) or globs.holds(thing.target, inside)
        return inside, True if wanted or (spot.asked and is_plain(thing)) else None

    def _is_open(self, figure: Figure, thing: Thing, spot: Spot, asked: bool | None) -> bool:
        assert thing.target is not None
        if asked is not None:
            return asked
        if self.depth is not None:
            return spot.level < self.depth
        if id(thing.node) in self.crowded:
            return False
        if self.full or is_plain(thing):
            return True
        return (thing.counted or not thing.shared) and self._is_new(figure, thing.target)

    def _is_new(self, figure: Figure, graph: Graph) -> bool:
        """Not drawn open yet, or open in a branch beside this one: what stands side by side is drawn alike."""
        skeleton, me = self._skeletons[id(graph)], len(figure.things)
        beside = figure.opened.get(skeleton, 0)
        most = MOST_BESIDE if self._sizes[id(graph)] <= SMALL_BLOCK else 2
        if skeleton in self.seen and not (0 < beside < most and skeleton not in figure.upstream[me]):
            return False
        self.seen.add(skeleton)
        figure.opened[skeleton] = beside + 1
        figure.upstream[me] = figure.upstream[me] | {skeleton}
        return True


def _says(thing: Thing, mode: str) -> bool:
    """Is it told, here or before, that it is for this mode only? A circle has no room for that."""
    is_circle = thing.node is not None and thing.target is None and not thing.constants and bool(sign(thing.node))
    return thing.mode == mode and (thing.follows or not is_circle)
