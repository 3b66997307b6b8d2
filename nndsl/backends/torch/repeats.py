"""Members of a list that are written once: equal ones, and ones that their position tells apart."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from nndsl.backends.torch.pieces import Entry, Slot, calls, key, slots, twin
from nndsl.ir.graph import Graph
from nndsl.shapes.origins import origin
from nndsl.shapes.simplified import INDEX, Origin, joined, same, substituted

ENOUGH_TO_REPEAT = 3
ENOUGH_TO_COUNT = 4  # members from whose numbers a rule is read
_COUNTED = re.compile(r"([A-Za-z]\w*?)(\d+)", re.ASCII)


def repeated(entries: list[Entry], graph: Graph) -> list[Entry]:
    """Neighbours as one entry with a count: those that a number of the spec counts, and three or more."""
    counts = dict(graph.counts)
    members = _Members(entries)
    found: list[Entry] = []
    at = end = 0
    while at < len(entries):
        times = counts.get(at, 0)
        end = at + int(times) if times else end
        same = members.alike(at, end if end > at else len(entries))
        known = same == times > 0 and origin(times) is not None
        if not known and same < ENOUGH_TO_REPEAT and members.growing(at, end):
            same = end - at
        if known or same >= ENOUGH_TO_REPEAT:
            counter = Slot(times if same == times else same, "depth")
            found.append(Entry(entries[at].label, entries[at].piece, same, times=counter))
        else:
            found += entries[at : at + same]
        at += same
    return found


def counted(entries: list[Entry], graph: Graph) -> list[Entry]:
    """Members that are all named `layer_0`, `layer_1`, … as one entry."""
    count = len(entries)
    times = next((times for at, times in graph.counts if at == 0 and origin(times) is not None), 0)
    found = [_COUNTED.fullmatch(e.label) for e in entries]
    first = found[0] if count >= ENOUGH_TO_REPEAT or times == count else None
    if first is None or any(f is None or f[1] != first[1] for f in found):
        return entries
    numbers = [f[2] for f in found if f is not None]
    start = int(numbers[0])
    if numbers != [str(start + i) for i in range(count)]:
        return entries
    members = _Members(entries)
    if members.alike(0, count) < count and (start or not members.growing(0, count)):
        return entries
    counter = None if start else Slot(times if times == count else count, "depth")
    return [Entry(entries[0].label, entries[0].piece, count, first[1], start, counter)]


class _Members:
    """Those of one list, each looked at once."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.twins = [twin(entry.piece) for entry in entries]
        self.words = [(key(entry.piece), [call.given for call in calls(entry.piece)]) for entry in entries]
        self.slots = [list(slots(entry.piece)) for entry in entries]

    def alike(self, start: int, end: int) -> int:
        """How many from `start` on are the same."""
        at = start + 1
        while at < min(end, len(self.twins)) and self.twins[at] == self.twins[start]:
            at += 1
        return at - start

    def growing(self, start: int, end: int) -> bool:
        """Do those of a run differ in numbers that follow from their position? The first then says so for all."""
        enough = start + ENOUGH_TO_COUNT
        if enough > end or any(words != self.words[start] for words in self.words[start:enough]):
            return False
        rules = [_rule(column) for column in zip(*self.slots[start:enough], strict=True)]
        for at in range(start, end):
            if self.words[at] != self.words[start] or not self._follows(at, at - start, rules):
                return False
        for rule, slot in zip(rules, self.slots[start], strict=True):
            if _indexed(rule):
                slot.told = rule
        return True

    def _follows(self, at: int, index: int, rules: Sequence[Origin | None]) -> bool:
        def here(leaf: tuple[Any, ...]) -> Origin:
            return index if leaf == INDEX else leaf

        pairs = zip(rules, self.slots[at], strict=True)
        return all(rule is not None and same(substituted(rule, here), _origin(slot)) for rule, slot in pairs)


def _rule(column: Sequence[Slot]) -> Origin | None:
    """What the number of a member is, by its index; None where no rule is found."""
    first, second, third, fourth = map(_origin, column)
    return first if first == second == third == fourth else _between(third, fourth)


def _origin(slot: Slot) -> Origin:
    return slot.value if slot.of is None else slot.of


def _between(third: Origin, fourth: Origin) -> Origin | None:
    """One origin of which the members 2 and 3 are instances: `x + 2 * y` and `x + 3 * y` are `x + i * y`."""
    if third == fourth:
        return third
    if type(third) is int and type(fourth) is int:
        step = fourth - third
        return joined("+", third - 2 * step, joined("*", step, INDEX)) if step > 0 else None
    if not isinstance(third, tuple) or not isinstance(fourth, tuple) or third[0] != fourth[0]:
        return None
    if third[0] in ("hyper", "axis", "opaque"):
        return None
    if third[0] == "name":  # with the index in it, it has no one value that a variable could hold
        return _between(third[2], fourth[2])
    count = 3 if third[0] == "//" else max(len(third), len(fourth))
    parts = [
        a if isinstance(a, str) and a == b else _between(a, b)
        for a, b in itertools.zip_longest(third[1:count], fourth[1:count])
    ]
    return None if None in parts else (third[0], *parts)


def _indexed(rule: Origin | None) -> bool:
    return isinstance(rule, tuple) and (rule == INDEX or any(map(_indexed, rule[1:])))
