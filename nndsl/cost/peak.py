"""The most memory that a run takes at one time, simulated over its steps.

Forward, a tensor goes when nothing needs it any more: no later step, no caller, no backward pass. Backward, the steps
run in reverse: gradients come and go, what was kept goes with the step that kept it, gradients of weights stay. Each
part is simulated once, as changes from what there was before it; a call adds what its part says.

Of a recurrence, one step is simulated. Forward, each leaves behind what it keeps and what is collected, and the last is
the highest; backward, the first two: gradients of weights and sequences are there from the second on, and what was kept
gets less.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from nndsl.cost.numbers import bytes_of
from nndsl.cost.run import Part, Place, Run, Step
from nndsl.ir import loops
from nndsl.shapes import Dim, Size

Seeds: TypeAlias = tuple[bool | None, ...]  # of each result: does its gradient go when it was used? None: it has none
WHOLE, FIRST, LATER = range(
    3
)  # of a recurrence: all of it, its last step (with which the backward pass begins), another


class Open(Exception):
    """A size is not known."""


@dataclass(slots=True)
class Rise:
    """By how much memory grows while something runs, and what of that stays. `gradients`: of the inputs, as numbers in
    `Backward.pieces`; a result's own gradient handed on is told by its place among the results."""

    peak: int
    stays: int
    gradients: tuple[Any, ...] = ()


class Peak:
    """`samples` stands for the batch. Raises `Open` where a size stays unknown."""

    def __init__(self, run: Run, values: dict[str, Size]) -> None:
        self.run = run
        self.values = values
        self._forward: dict[int, Rise] = {}
        self._backward: dict[Any, Rise] = {}

    def number(self, size: Size) -> int:
        known = size.substitute(self.values) if isinstance(size, Dim) else size
        if isinstance(known, Dim):
            raise Open(str(known))
        return known

    def inference(self) -> int:
        """Above weights and inputs."""
        return self.forward(self.run.root).peak

    def training(self) -> tuple[int, int]:
        """The peak above weights and inputs, of forward and backward pass; and the gradients of weights it counts."""
        ahead = self.forward(self.run.root)
        root = self.run.root
        results = [self._result(root, place) for place in root.whole.results]
        seeds = tuple(None if size is None else True for size in results)
        start = ahead.stays + sum(size for size in results if size is not None)
        behind = self.backward(root, seeds)
        return max(ahead.peak, start + behind.peak), self.number(root.whole.gradients)

    def _result(self, part: Part, place: Place | None) -> int | None:
        if place is None or not place.needs:
            return None
        return self.number(part.whole.made.get(place.home, 0))

    # ------------------------------------------------------------ forward

    def forward(self, part: Part) -> Rise:
        return _driven(self._ahead, part, self._forward, id)

    def _ahead(self, part: Part) -> Generator[Part, Rise, Rise]:
        if part.graph.kind == "loop":
            return (yield from self._looped(part))
        return (yield from self._through(part, part.steps, frozenset()))

    def _through(self, part: Part, steps: list[Step], held: frozenset[int]) -> Generator[Part, Rise, Rise]:
        """`held`: homes that stay although nothing here needs them."""
        last = _last_uses(part, steps)
        held = held.union(*(step.kept for step in steps), (p.home for p in part.whole.results if p is not None))
        now = peak = 0
        alive: dict[int, int] = {}
        for at, step in enumerate(steps):
            if step.part is not None:
                rise = yield step.part
                top, stays = rise.peak, rise.stays
            else:
                stays = sum(map(self.number, step.made.values())) + self.number(step.inside)
                top = stays + self.number(step.scratch)
            peak = max(peak, now + top)
            now += stays
            alive |= {home: self.number(size) for home, size in step.made.items()}
            for home in last.get(at, ()):
                if home in alive and home not in held:
                    now -= alive.pop(home)
        return Rise(peak, now)

    def _looped(self, part: Part) -> Generator[Part, Rise, Rise]:
        """The states of the step before stay until there are new ones, what is collected until it is joined."""
        ends = [step for step in part.steps if step.node is not None and loops.is_end(step.node)]
        steps = [step for step in part.steps if step not in ends]
        collected = frozenset(part.values[id(loops.given(step.node))].home for step in ends if step.node is not None)
        one = yield from self._through(part, steps, collected)
        kept = collected.union(*(step.kept for step in steps))
        states = {p.home for p in part.whole.results[: loops.count(part.graph)] if p is not None}
        passing = sum(self.number(part.homes[home]) for home in states - kept if home in part.homes)
        times, grows = self.number(part.times), one.stays - passing
        before = (times - 1) * grows + passing if times > 1 else 0
        joined = sum(self.number(size) for step in ends for size in step.made.values())
        stays = self.number(part.whole.inside) + sum(map(self.number, part.whole.made.values()))
        return Rise(max(before + one.peak, times * grows + passing + joined), stays)

    # ------------------------------------------------------------ backward

    def backward(self, part: Part, seeds: Seeds) -> Rise:
        """`seeds`: which results come with a gradient, and is it this part's to give up?"""
        asked = part, seeds, WHOLE
        return _driven(lambda key: self._behind(*key), asked, self._backward, lambda key: (id(key[0]), *key[1:]))

    def _behind(self, part: Part, seeds: Seeds, turn: int) -> Generator[Any, Rise, Rise]:
        if part.graph.kind == "loop" and turn == WHOLE:
            return (yield from self._unrolled(part, seeds))
        return (yield from _Backward(self, part, seeds, turn).go())

    def _unrolled(self, part: Part, seeds: Seeds) -> Generator[Any, Rise, Rise]:
        """The gradient of a sequence's results is there for all steps."""
        count = loops.count(part.graph)
        joined = tuple(None if seed is None else False for seed in seeds[count:])
        first = yield part, (*seeds[:count], *joined), FIRST
        peak = first.peak
        if self.number(part.times) > 1:
            handed = tuple(None if gradient is None else True for gradient in first.gradients[:count])
            later = yield part, (*handed, *joined), LATER
            peak = max(peak, first.stays + later.peak)
        unchanged = {at for at, g in enumerate(first.gradients[:count]) if g is not None and g[1] == at}
        gradients = tuple(g if g is None or at in unchanged else (g[0], None) for at, g in enumerate(first.gradients))
        made = [g[0] for g in gradients if g is not None and g[1] is None]
        given = [
            self._bytes(port.value) for at, port in enumerate(part.graph.outputs) if seeds[at] and at not in unchanged
        ]
        stays = self.number(part.whole.gradients) + sum(made) - sum(given) - self.number(part.whole.inside)
        return Rise(peak, stays, gradients)

    def _bytes(self, value: Any) -> int:
        return self.number(bytes_of(value.type, self.run.dtype))


def _driven(make: Any, first: Any, known: dict[Any, Rise], name: Any) -> Rise:
    """Depth costs no recursion: what is asked for is made first."""
    if name(first) in known:
        return known[name(first)]
    waiting = [(name(first), make(first))]
    answer: Rise | None = None
    while waiting:
        key, going = waiting[-1]
        try:
            asked = going.send(answer)
        except StopIteration as done:
            waiting.pop()
            answer = known[key] = done.value
            continue
        answer = known.get(name(asked))
        if answer is None:
            waiting.append((name(asked), make(asked)))
    assert answer is not None
    return answer


def _last_uses(part: Part, steps: list[Step]) -> dict[int, list[int]]:
    """The homes that no step uses after this one."""
    last: dict[int, int] = {}
    for at, step in enumerate(steps):
        for home in (*step.made, *_read(part, step)):
            last[home] = at
    found: dict[int, list[int]] = {}
    for home, at in last.items():
        found.setdefault(at, []).append(home)
    return found


def _read(part: Part, step: Step) -> list[int]:
    assert step.node is not None
    places = [part.values.get(id(v)) for v in step.node.inputs if v is not None]
    return [place.home for place in places if place is not None]


@dataclass(slots=True)
class _Gradient:
    """Memory of a gradient; several values may have it as theirs. `own`: it is ours to give up."""

    size: int
    users: int = 0
    own: bool = True
    place: int | None = None  # which result of the part it came with


class _Backward:
    def __init__(self, peak: Peak, part: Part, seeds: Seeds, turn: int) -> None:
        self.peak = peak
        self.turn = turn
        self.part = part
        self.now = self.top = 0
        self.of: dict[int, _Gradient] = {}  # by the identity of a Value
        self.keepers = _keepers(part)
        self.outer = {*range(len(part.places)), *(p.home for p in part.whole.results if p is not None)}
        for place, (port, seed) in enumerate(zip(part.graph.outputs, seeds, strict=True)):
            value = part.values.get(id(port.value))
            if value is not None and value.needs and seed is not None:
                self._add(port.value, _Gradient(self._size(port.value), own=seed, place=place))

    def go(self) -> Generator[Any, Rise, Rise]:
        part = self.part
        for step in reversed(part.steps):
            assert step.node is not None
            given = [self.of.pop(id(v), None) for v in step.node.outputs]
            if not any(given):
                self._release(step)
                continue
            if step.part is not None:
                yield from self._call(step, given)
            else:
                self._operator(step, given)
            self._release(step)
        results = []
        for value in part.graph.inputs:
            gradient = self.of.get(id(value))
            results.append(None if gradient is None else (gradient.size, gradient.place))
        return Rise(self.top, self.now, tuple(results))

    def _operator(self, step: Step, given: list[_Gradient | None]) -> None:
        self._grow(self.peak.number(step.gradients))
        assert step.node is not None
        first = next(g for g in given if g is not None)
        self.top = max(self.top, self.now + self.peak.number(step.behind))
        for at, value in self._wanted(step):
            if at in step.passed:
                self._add(value, first)
                continue
            made = _Gradient(self._size(value))
            self._grow(made.size)
            self._add(value, made)
        self._drop(given)
        self._shrink(self.peak.number(step.inside))
        if self.turn == LATER:  # added to what the steps behind gave the weights
            self._shrink(self.peak.number(step.gradients))

    def _call(self, step: Step, given: list[_Gradient | None]) -> Generator[Any, Rise, None]:
        assert step.part is not None
        assert step.node is not None
        seeds = tuple(None if g is None else g.own and g.users == 1 for g in given)
        rise = yield step.part, seeds, WHOLE
        self.top = max(self.top, self.now + rise.peak)
        self.now += rise.stays
        if not step.gradients or self.turn == LATER:  # weights that have a gradient already
            self._shrink(self.peak.number(step.part.whole.gradients))
        handed: dict[int, _Gradient] = {}
        wanted = dict(self._wanted(step))
        for at, told in enumerate(rise.gradients):
            if told is None:
                continue
            value = wanted.get(at)
            if value is None:  # the first state of a recurrence may need none
                self._shrink(told[0] if told[1] is None else 0)
                continue
            size, place = told
            source = given[place] if place is not None else None
            if source is not None:
                if seeds[place]:  # the part did not give it up
                    handed[place] = source
                self._add(value, source)
            else:
                self._add(value, _Gradient(size))
        for place, gradient in enumerate(given):
            if gradient is None:
                continue
            gradient.users -= 1
            if not gradient.users and gradient.own and not seeds[place]:
                self._shrink(gradient.size)

    def _wanted(self, step: Step) -> list[tuple[int, Any]]:
        """Inputs that need a gradient, by position."""
        assert step.node is not None
        found = []
        for at, value in enumerate(step.node.inputs):
            place = None if value is None else self.part.values.get(id(value))
            if place is not None and place.needs:
                found.append((at, value))
        return found

    def _add(self, value: Any, gradient: _Gradient) -> None:
        """A second gradient is added to the first, in new memory; then both go."""
        before = self.of.get(id(value))
        if before is None:
            gradient.users += 1
            self.of[id(value)] = gradient
            return
        gradient.users += 1
        made = _Gradient(self._size(value), users=1)
        self._grow(made.size)
        self._drop([before, gradient])
        self.of[id(value)] = made

    def _drop(self, gradients: list[_Gradient | None]) -> None:
        for gradient in gradients:
            if gradient is None:
                continue
            gradient.users -= 1
            if not gradient.users and gradient.own:
                self._shrink(gradient.size)

    def _release(self, step: Step) -> None:
        """What was kept goes with the last step that kept it; an outer home is the caller's to let go."""
        for home in step.kept:
            self.keepers[home] -= 1
            if not self.keepers[home] and home not in self.outer:
                self._shrink(self.peak.number(self.part.homes[home]))

    def _size(self, value: Any) -> int:
        return self.peak.number(bytes_of(value.type, self.peak.run.dtype))

    def _grow(self, size: int) -> None:
        self.now += size
        self.top = max(self.top, self.now)

    def _shrink(self, size: int) -> None:
        self.now -= size


def _keepers(part: Part) -> dict[int, int]:
    found: dict[int, int] = {}
    for step in part.steps:
        for home in step.kept:
            found[home] = found.get(home, 0) + 1
    return found
