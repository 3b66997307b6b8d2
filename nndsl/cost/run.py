"""One run of a model as its memory sees it: whose memory each tensor is, what the backward pass keeps and computes.

A graph is followed once for each way in which it is called (which inputs need a gradient, how they lie in memory, which
results get a gradient), so that 96 equal blocks cost as much as one. *Homes* are pieces of memory: those of a graph's
inputs belong to the caller, the others are its own. A tensor that several layers keep has one home, and counts once.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from nndsl.cost.numbers import bytes_of, total
from nndsl.cost.reach import Reach, Wanted, all_of
from nndsl.ir import loops
from nndsl.ir.cost import needed
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.costing import Use
from nndsl.ops.schema import inputs_of
from nndsl.ops.strided import Strided, Strides, dense, is_dense, order_of, ordered, shared
from nndsl.shapes import Size, TensorType, is_floating, product


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies: in which home, how, and whether it needs a gradient. `strides` None: in order, no gaps."""

    home: int
    strides: Strides | None
    needs: bool


@dataclass(slots=True)
class Step:
    """What a node does to memory. Homes are numbered as its graph numbers them, in a `Part` as a caller sees it: inputs
    first. `made`: homes that are new, and their bytes. `kept`: homes that its backward pass needs; `inside`: bytes of
    what only that knows. `passed`: inputs whose gradient is that of the result, or a view of it. `reached`:
    it has a backward pass. `first`: how a recurrence is called in its first step, `part` in those behind it."""

    results: tuple[Place | None, ...]  # None: does not run now
    made: dict[int, Size] = field(default_factory=dict)
    kept: frozenset[int] = frozenset()
    inside: Size = 0
    scratch: Size = 0  # bytes that come and go, outside training
    behind: Size = 0  # bytes that come and go in the backward pass
    gradients: Size = 0  # bytes of gradients of weights met here for the first time
    macs: Size = 0
    flops: Size = 0
    unknown: dict[str, None] = field(default_factory=dict)
    passed: frozenset[int] = frozenset()
    reached: bool = False
    part: Part | None = None
    first: Part | None = None
    node: Node | None = None


@dataclass(slots=True)
class Part:
    """A graph called in one way: its steps, and the whole as one step. `wanted`: the results that get a gradient;
    `homes`: bytes of all homes of its own."""

    graph: Graph
    places: tuple[Place | None, ...]
    wanted: Wanted = 0
    steps: list[Step] = field(default_factory=list)
    homes: dict[int, Size] = field(default_factory=dict)
    whole: Step = field(default_factory=lambda: Step(()))
    values: dict[int, Place] = field(default_factory=dict)  # by the identity of a Value
    once: Step = field(default_factory=lambda: Step(()))  # of a recurrence: one of its steps

    @property
    def times(self) -> Size:
        """How often its steps are run: of a recurrence, for each part of the sequence."""
        return loops.repeats(self.graph)

    def often(self, step: Step) -> Size:
        """How often this one is: what joins the results of all steps runs after them."""
        if self.graph.kind != "loop":
            return 1
        assert step.node is not None
        return 1 if loops.is_end(step.node) else self.times


Key = tuple[int, tuple[Any, ...], Wanted]


class Run:
    """A model followed through one run. `training`: gradients are wanted, and what stands under `if training` runs."""

    def __init__(self, root: Graph, dtype: str, training: bool, cuda: bool = False) -> None:
        self.dtype = dtype
        self.training = training
        self.cuda = cuda
        self.parts: dict[Key, Part] = {}
        self.first: dict[int, Part] = {}  # how each graph is called first
        self.reach = Reach(root) if training else None
        self._needed = {id(graph): set(needed(graph)) for graph in root.graphs()}
        places: tuple[Place | None, ...] = tuple(Place(i, None, False) for i in range(len(root.inputs)))
        self.root = self._follow(Part(root, places, all_of(root) if training else 0))

    def _follow(self, root: Part) -> Part:
        """Depth costs no recursion: a graph that meets a call that was not followed yet waits for it."""
        waiting = [self._steps(root)]
        answer: Part | None = None
        while waiting:
            try:
                asked = waiting[-1].send(answer)
            except StopIteration as done:
                waiting.pop()
                answer = done.value
                continue
            answer = self.parts.get(key(asked))
            if answer is None:
                waiting.append(self._steps(asked))
        assert answer is not None
        return answer

    def _steps(self, part: Part) -> Generator[Part, Part | None, Part]:
        """Yields calls, and is sent them followed."""
        graph = part.graph
        walk = _Walk(part, self)
        for node in graph.nodes:
            if node.mode == ("eval" if self.training else "train") or id(node) not in self._needed[id(graph)]:
                continue
            inputs = [None if v is None else part.values.get(id(v)) for v in node.inputs]
            if isinstance(node.target, Graph):
                given = canonical(inputs)
                wanted = self.reach.called(node, part.wanted) if self.reach is not None else 0
                called = yield Part(node.target, given, wanted)
                assert called is not None
                first = called
                while loops.repeats(node.target) != 1 and (handed := handed_on(called, given)) != given:
                    given = handed
                    called = yield Part(node.target, given, wanted)
                    assert called is not None
                walk.call(node, inputs, called, first)
            else:
                walk.operator(node, inputs)
        part.whole = walk.whole()
        self.parts[key(part)] = part
        self.first.setdefault(id(graph), part)
        return part


def key(part: Part) -> Key:
    return id(part.graph), part.places, part.wanted


def handed_on(part: Part, places: tuple[Place | None, ...]) -> tuple[Place | None, ...]:
    """As the steps of a recurrence but the first are called: a state that needs a gradient then needs one."""
    found = list(places)
    for at in range(loops.count(part.graph)):
        old, new = found[at], part.whole.results[at]
        if old is not None and new is not None and new.needs and not old.needs:
            found[at] = Place(at, old.strides, True)
    return tuple(found)


def canonical(inputs: list[Place | None]) -> tuple[Place | None, ...]:
    """Places as the callee numbers them."""
    return tuple(None if p is None else Place(i, p.strides, p.needs) for i, p in enumerate(inputs))


class _Walk:
    """Numbers the homes of one graph."""

    def __init__(self, part: Part, run: Run) -> None:
        self.part = part
        self.run = run
        self.count = len(part.places)
        self.counted: set[str] = set()  # labels whose weights have their gradients
        for value, place in zip(part.graph.inputs, part.places, strict=True):
            if place is not None:
                part.values[id(value)] = place

    def home(self, size: Size) -> int:
        self.count += 1
        self.part.homes[self.count - 1] = size
        return self.count - 1

    def call(self, node: Node, inputs: list[Place | None], called: Part, first: Part) -> None:
        whole = called.whole
        homes = {i: p.home for i, p in enumerate(inputs) if p is not None}
        made = {}
        for home, size in whole.made.items():
            homes[home] = self.home(size)
            made[homes[home]] = size
        results = tuple(None if p is None else Place(homes[p.home], p.strides, p.needs) for p in whole.results)
        kept = frozenset(homes[h] for h in whole.kept)
        step = Step(results, made, kept, whole.inside, part=called, first=first, node=node)
        step.unknown = whole.unknown
        less = called.once, first.once  # in the first step of a recurrence
        step.inside = whole.inside - (less[0].inside - less[1].inside)
        step.reached = self._reached(node, step)
        if step.reached:
            step.macs = whole.macs - (less[0].macs - less[1].macs)
            step.flops = whole.flops - (less[0].flops - less[1].flops)
            step.gradients = whole.gradients if node.label not in self.counted else 0
            self.counted.add(node.label)
        self._add(node, step)

    def operator(self, node: Node, inputs: list[Place | None]) -> None:
        op, run = node.op, self.run
        if op.name == "Merge":
            chosen = inputs[0] if run.training else inputs[1]
            assert chosen is not None
            step = Step((chosen,), passed=frozenset({0 if run.training else 1}), node=node)
            step.reached = self._reached(node, step)
            self._add(node, step)
            return
        seen = inputs_of(type(op), [_seen(v, p) for v, p in zip(node.inputs, inputs, strict=True)])
        needs = tuple(x is not None and x.home.needs for x in seen)
        use = Use(needs, tuple(seen), run.cuda)
        weights = node.weights() if run.training and not node.borrowed else []
        trained = any(weight.trained for weight in (weights if not node.borrowed else node.weights()))
        grows = run.training and not op.detached and (any(needs) or trained)
        step = self._results(node, use, grows)
        step.node = node
        step.reached = self._reached(node, step)
        if grows and any(p is not None and p.needs for p in step.results):
            self._backward(node, step, use, inputs)
            if step.reached and node.label not in self.counted and not node.borrowed:
                floats = (TensorType(w.dtype, w.shape) for w in weights if w.trained)
                step.gradients = total(bytes_of(t, run.dtype) for t in floats)
                self.counted.add(node.label)
        self._add(node, step)

    def _reached(self, node: Node, step: Step) -> bool:
        """Does a gradient come to one of its results?"""
        reach, wanted = self.run.reach, self.part.wanted
        pairs = zip(node.outputs, step.results, strict=True)
        return reach is not None and any(p is not None and p.needs and reach.reaches(v, wanted) for v, p in pairs)

    def _results(self, node: Node, use: Use, grows: bool) -> Step:
        """Views have the home of what they show; all else has one of its own."""
        op, types, run = node.op, [v.type for v in node.outputs], self.run
        first = use.inputs[0] if use.inputs else None
        view = shared(op, use.inputs)
        if view is None and first is not None and len(types) == 1 and run.training and op.same(first.type, types[0]):
            view = first
        if view is not None:
            places = tuple(_place(view.home.home, t, view.strides, grows) for t in types)
            at = next(i for i, x in enumerate(use.inputs) if x is not None and x.home is view.home)
            whole = len(types) == 1 and _as_many(types[0], use.inputs[at])
            return Step(places, passed=frozenset({at}) if whole else frozenset())
        made: dict[int, Size] = {}
        results = []
        weight = op.name in ("Parameter", "Buffer", "WeightOf")  # which are there anyway
        for i, type in enumerate(types):
            home = self.home(0 if weight else bytes_of(type, run.dtype))
            made[home] = self.part.homes[home]
            strides = self._strides(node, use, type) if i == 0 else None
            results.append(_place(home, type, strides, grows))
        passed = frozenset(
            i
            for i, x in enumerate(use.inputs)
            if x is not None and (loops.is_end(node) or (op.passes_gradient and x.shape == types[0].shape))
        )
        step = Step(tuple(results), made, passed=passed)
        if not run.training:
            types_in = [None if x is None else x.type for x in use.inputs]
            step.scratch = total(bytes_of(t, run.dtype) for t in op.scratch(*types_in, y=_y(node), use=use))
        return step

    def _strides(self, node: Node, use: Use, type: TensorType) -> Strides | None:
        op, first = node.op, use.inputs[0] if use.inputs else None
        types = [None if x is None else x.type for x in use.inputs]
        told: Strides | None = op.strides(*types, y=_y(node), use=use)
        if told is not None or not op.like_input or first is None or first.shape != type.shape:
            return told
        if is_dense(first.shape, first.strides):
            return None
        order = order_of(first.shape, first.strides)
        return None if order is None else ordered(type.shape, order)

    def _backward(self, node: Node, step: Step, use: Use, inputs: list[Place | None]) -> None:
        op, run = node.op, self.run
        types = [None if x is None else x.type for x in use.inputs]
        y = _y(node)
        macs, flops = op.backward_macs(*types, y=y, use=use), op.flops(*types, y=y)
        forward = op.macs(*types, y=y)
        if macs is not None and step.reached:
            step.macs = macs
            if flops is not None and forward is not None:
                step.flops = macs * 2 + (flops - forward * 2)
        saved = op.saves(*types, y=y, use=use)
        if saved is None:
            step.unknown = {op.heading: None}
            return
        kept = [inputs[at] for at in saved.inputs] + [step.results[at] for at in saved.outputs]
        step.kept = frozenset(place.home for place in kept if place is not None)
        step.inside = total(bytes_of(t, run.dtype) for t in saved.made)
        step.behind = total(bytes_of(t, run.dtype) for t in op.backward_scratch(*types, y=y, use=use))

    def _add(self, node: Node, step: Step) -> None:
        self.part.steps.append(step)
        for value, place in zip(node.outputs, step.results, strict=True):
            if place is not None:
                self.part.values[id(value)] = place

    def whole(self) -> Step:
        """All steps as one: only inputs and what leaves the graph are seen from outside."""
        part = self.part
        results = tuple(part.values.get(id(port.value)) for port in part.graph.outputs)
        outer = {*range(len(part.places)), *(p.home for p in results if p is not None)}
        kept = frozenset().union(*(step.kept for step in part.steps))
        unknown: dict[str, None] = {}
        for step in part.steps:
            unknown |= step.unknown
        step = Step(results, {h: part.homes[h] for h in sorted(outer) if h in part.homes}, frozenset(kept & outer))
        step.inside = total([*(s.inside for s in part.steps), *(part.homes[h] for h in sorted(kept - outer))])
        step.gradients = total(s.gradients for s in part.steps)
        step.macs, step.flops = total(s.macs for s in part.steps), total(s.flops for s in part.steps)
        step.unknown = unknown
        if part.graph.kind == "loop":
            part.once = step
            step = self._repeated(step, kept)
        return step

    def _repeated(self, once: Step, kept: frozenset[int]) -> Step:
        """All steps of a recurrence: a state that is kept is kept as often as there are steps, the last one's or the
        first one's outside of them."""
        part, times = self.part, self.part.times
        states = [
            place.home if place is not None else at for at, place in enumerate(once.results[: loops.count(part.graph)])
        ]
        later = set(kept)  # by this step, or by one behind it
        while more := {home for at, home in enumerate(states) if at in later} - later:
            later |= more
        own = {home for home in states if home in later and home >= len(part.places)}
        inputs = later & {*range(len(part.places))} if times != 1 else set()
        step = replace(once, kept=once.kept | inputs)
        step.inside, step.macs, step.flops = once.inside * times, once.macs * times, once.flops * times
        step.inside = step.inside + total(part.homes[home] * (times - 1) for home in own)
        return step


def _y(node: Node) -> Any:
    types = tuple(v.type for v in node.outputs)
    return types[0] if len(types) == 1 else types


def _seen(value: Value | None, place: Place | None) -> Strided | None:
    """An input with its place as its home."""
    if value is None or place is None:
        return None
    return Strided(value.type, dense(value.shape) if place.strides is None else place.strides, place)


def _place(home: int, type: TensorType, strides: Strides | None, grows: bool) -> Place:
    usual = strides is None or is_dense(type.shape, strides)
    return Place(home, None if usual else strides, grows and is_floating(type.dtype))


def _as_many(type: TensorType, x: Strided | None) -> bool:
    return x is not None and product(type.shape) == product(x.shape)
