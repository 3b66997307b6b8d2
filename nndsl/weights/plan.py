"""Which of a file's tensors become which of the model's: a mapping applied to names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics import Label
from nndsl.elaborate import Spec
from nndsl.elaborate.mappings import REST, Bound, Mapping, Rule
from nndsl.fit.comparison import Fit, LeftOut, compare
from nndsl.fit.entries import Entries, Entry, entries_of, unknown_in
from nndsl.ir.graph import Graph
from nndsl.weights.steps import Steps, steps_of

Key = tuple[tuple[str, str], ...]  # what a rule's names stand for
Place = tuple[int, tuple[int, ...]]  # which of a rule's sources, and the numbers that are gathered


@dataclass(slots=True)
class Move:
    """Tensors of the file that become tensors of the model, perhaps through layers."""

    sources: list[str]
    targets: list[str]
    steps: Steps | None = None
    rule: Rule | None = None
    copied: str | None = None
    """What is left out, as the model's tensor of that name holds it."""


@dataclass(slots=True)
class Plan:
    fit: Fit
    moves: list[Move] = field(default_factory=list)
    given: Entries = field(default_factory=dict)
    """By the model's names."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A mapping in the spec that has it, and the path of the layer whose weights it names: none for the model's own."""

    mapping: Mapping
    spec: Spec
    below: str = ""


def plan(
    graph: Graph, path: str | None, entries: Entries, by: Declared | None, floating: str, more: Entries | None = None
) -> Plan:
    """How weights would be loaded, told by names and shapes. `more`: what the model has besides its graph's."""
    found = Plan(Fit(path, graph.name, by.mapping.name if by is not None else None))
    if by is None:
        found.moves = [Move([name], [name]) for name in entries]
        found.given = entries
    else:
        _Mapped(found, by, entries, _at(graph, by.below).hyper).fill()
        if by.below:
            _lowered(found, by.below, {name for name, _ in graph.weights()})
        found.fit.left_out = {
            name: LeftOut(entries[name], move.copied)
            for move in found.moves
            if not move.targets
            for name in move.sources
        }
    if more is None:  # the classes are not imported, and so are believed
        unknown = tuple(unknown_in(graph))
        more = {name: entry for name, entry in found.given.items() if name.startswith(unknown)}
    compare(found.fit, {**more, **entries_of(graph)}, found.given, floating)
    return found


def _at(graph: Graph, path: str) -> Graph:
    """The model that is a layer there."""
    for label in path.split(".")[:-1]:
        target = graph.layers()[label].target
        assert isinstance(target, Graph), "paths are those of models"
        graph = target
    return graph


class _Mapped:
    """One mapping and one file."""

    def __init__(self, plan: Plan, by: Declared, entries: Entries, hyper: dict[str, Any]) -> None:
        self.plan = plan
        self.mapping = by.mapping
        self.entries = entries
        self.spec = by.spec
        self.hyper = hyper
        self.diagnostics = plan.fit.found
        self.known: dict[tuple[int, tuple[Entry, ...]], Steps | None] = {}

    def fill(self) -> None:
        taken, kept = self._claims()
        for number, rule in enumerate(self.mapping.rules):
            groups = taken.get(number)
            if groups is None:
                self._unused(number, rule)
                continue
            for bound, sources in groups.items():
                names = self._side_by_side(rule, dict(bound), sources)
                if names:
                    self._move(rule, dict(bound), names)
        for name in kept:
            self._give(Move([name], [name]), [self.entries[name]])

    def _claims(self) -> tuple[dict[int, dict[Key, dict[Place, str]]], list[str]]:
        """By rules, then by what their names stand for: which tensors they take; and the names that no rule takes."""
        taken: dict[int, dict[Key, dict[Place, str]]] = {}
        kept: list[str] = []
        for name in self.entries:
            number, place, bound = next(self._matches(name), (-1, 0, {}))
            if number < 0:
                kept.append(name)
            else:
                gathered = self.mapping.rules[number].gathered
                numbers = tuple(int(bound[each]) for each in sorted(gathered))
                key = tuple(sorted(pair for pair in bound.items() if pair[0] not in gathered))
                taken.setdefault(number, {}).setdefault(key, {})[place, numbers] = name
        return taken, kept

    def _matches(self, name: str) -> Iterator[tuple[int, int, Bound]]:
        for number, rule in enumerate(self.mapping.rules):
            for place, pattern in enumerate(rule.sources):
                bound = pattern.match(name)
                if bound is not None:
                    yield number, place, bound

    def _unused(self, number: int, rule: Rule) -> None:
        """The file has nothing of that name, or an earlier rule takes it."""
        earlier = self.mapping.rules[:number]
        pattern = rule.sources[0]
        hidden = next((name for name in self.entries if pattern.match(name) is not None), None)
        place = self.plan.fit.path or "the weights"
        found = self.diagnostics.error("unused-rule", f"nothing in {place} is called {pattern.text}", pattern.span)
        found.severity = "warning"
        if hidden is not None:
            found.message = f"what is called {pattern.text} is taken by a rule above"
            first = next(r for r in earlier if any(p.match(hidden) is not None for p in r.sources))
            found.labels.append(Label(first.span, f"takes {hidden}"))
        elif any(len(name) == 1 for name in pattern.names - {REST}):
            found.hints.append("{i}, a name of one letter, is a whole number; {part} is any part between dots")

    def _side_by_side(self, rule: Rule, bound: Bound, sources: dict[Place, str]) -> list[str]:
        """The tensors that go through a rule together, in its order; none where one is missing, which is told."""
        letters, known = sorted(rule.gathered), [numbers for _, numbers in sources]
        ranges = [range(min(column), max(column) + 1) for column in zip(*known, strict=True)]
        names: list[str] = []
        for place, pattern in enumerate(rule.sources):
            for numbers in _together(ranges):
                name = sources.get((place, numbers))
                if name is None:
                    wanted = pattern.filled({**bound, **{k: str(n) for k, n in zip(letters, numbers, strict=True)}})
                    where = "in the file" if self.plan.fit.path is not None else "among the weights"
                    message = f"{wanted} is not {where}, and {sources[min(sources)]} is joined with it"
                    self.diagnostics.error("bad-mapping", message, pattern.span)
                    return []
                names.append(name)
        return names

    def _move(self, rule: Rule, bound: Bound, names: list[str]) -> None:
        entries = [self.entries[name] for name in names]
        steps = None
        if rule.steps:
            key = (id(rule), tuple(entries))
            if key not in self.known:
                self.known[key] = steps_of(rule, entries, self.spec, self.hyper, self.diagnostics)
            steps = self.known[key]
            if steps is None:
                return
            entries = steps.results
        if rule.spread is None:
            targets = [target.filled(bound) for target in rule.targets]
        else:
            targets = [rule.targets[0].filled({**bound, rule.spread: str(n)}) for n in range(len(entries))]
        copied = rule.copied.filled(bound) if rule.copied is not None else None
        self._give(Move(names, targets, steps, rule, copied), entries)

    def _give(self, move: Move, entries: list[Entry]) -> None:
        for target, entry in zip(move.targets, entries, strict=False):  # nothing is given where tensors are left out
            if target in self.plan.given:
                self._twice(target, move)
            self.plan.given[target] = entry
        self.plan.moves.append(move)

    def _twice(self, target: str, move: Move) -> None:
        first = next(each for each in self.plan.moves if target in each.targets)
        rules = [each.rule for each in (move, first) if each.rule is not None]
        if not rules:
            return
        message = f"{target} is given twice: by {first.sources[0]}, and by {move.sources[0]}"
        found = self.diagnostics.error("duplicate-weight", message, rules[0].span)
        if len(rules) > 1 and rules[1] is not rules[0]:
            found.labels.append(Label(rules[1].span, f"gives {target}, too"))


def _lowered(plan: Plan, below: str, known: set[str]) -> None:
    """The names of a layer become the model's, which has it at a path. Names that no rule takes may be either."""
    for move in plan.moves:
        if move.rule is not None or below + move.targets[0] in known:
            move.targets = [below + name for name in move.targets]
            move.copied = below + move.copied if move.copied is not None else None
    given = list(plan.given.values())
    plan.given = dict(zip((name for move in plan.moves for name in move.targets), given, strict=True))


def _together(ranges: list[range]) -> Iterator[tuple[int, ...]]:
    """All numbers of the ranges with each other, one by one: what a file's names claim may be endless."""
    if not ranges:
        yield ()
        return
    for number in ranges[0]:
        for others in _together(ranges[1:]):
            yield (number, *others)
