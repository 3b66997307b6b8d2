"""What to add to a spec so that a proof succeeds, and concrete sizes to try a model with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from math import lcm
from typing import TYPE_CHECKING, TypeAlias

from nndsl.shapes.dims import Dim, Size, symbol
from nndsl.shapes.forms import divisions, lowest_terms

if TYPE_CHECKING:
    from nndsl.shapes.facts import Facts

Learn: TypeAlias = Callable[["Facts"], bool]
Condition: TypeAlias = tuple[Size, Size]
MOST_STEPS = 100
STEPS = [sign << power for power in range(0, 17, 2) for sign in (1, -1)]


def missing_fact(facts: Facts, a: Size, b: Size) -> str | None:
    """The first candidate that, added to a copy of the facts, proves the two equal."""
    if facts.equal(a, b) is not None:
        return None
    for text, learn in _candidates(facts, a, b):
        if not facts.sayable(text):
            continue
        trial = facts.copy()
        if learn(trial) and trial.equal(a, b):
            return text
    return None


def _candidates(facts: Facts, a: Size, b: Size) -> Iterator[tuple[str, Learn]]:
    gap = facts.spelled(facts.normalize(a - b))
    if isinstance(gap, int):
        return
    by_symbol, exact = _divisibilities(gap)
    for needed in (by_symbol, exact):
        for condition in needed if len(needed) < 5 else ():
            yield _text([condition]), partial(_all_divisible, [condition])
    for needed in (by_symbol, exact):
        if 1 < len(needed) < 5:
            yield _text(needed), partial(_all_divisible, needed)
    yield _equation(gap), lambda f: f.assume_equal(a, b)


def _divisibilities(gap: Dim) -> tuple[list[Condition], list[Condition]]:
    """What would make the floor divisions of a difference exact: said of symbols, and of what is divided."""
    by_symbol: dict[str, int] = {}
    exact: dict[Size, Size] = {}
    for over, by in divisions(gap):
        exact[over] = by
        for name in over.symbols():
            by_symbol[name] = lcm(by_symbol.get(name, 1), by)
    for atom in sorted(gap.atoms()):
        if atom.kind == "div" and isinstance(atom.operands[1], Dim):
            exact[atom.operands[0]] = atom.operands[1]
    return [(symbol(name), by) for name, by in sorted(by_symbol.items())], list(exact.items())


def _all_divisible(conditions: list[Condition], facts: Facts) -> bool:
    """As `require` states it."""
    return all(facts.assume_equal(over % by, 0) for over, by in conditions)


def _text(conditions: list[Condition]) -> str:
    return " and ".join(f"{_operand(over)} % {_operand(by)} == 0" for over, by in conditions)


def _operand(size: Size) -> str:
    text = str(size)
    return text if text.isdigit() or text.replace("'", "_").isidentifier() else f"({text})"


def _equation(gap: Dim) -> str:
    """The difference, with what is taken off on the other side and nothing common to both."""
    gap = lowest_terms(gap)
    left: Size = 0
    right: Size = 0
    for mono, factor in gap.terms.items():
        if factor > 0:
            left = left + Dim({mono: factor})
        else:
            right = right + Dim({mono: -factor})
    if isinstance(left, int) or not left.symbols():
        left, right = right, left  # names first, as one says it
    return f"{left} == {right}"


def sample(facts: Facts, which: int, names: Iterable[str]) -> dict[str, int]:
    """Small sizes, different between symbols where they may be, so that mixed-up axes show."""
    originals = list(dict.fromkeys([*names, *facts.names]))
    sizes = {name: facts.known.get(name, symbol(name)) for name in originals}
    demands = [*facts.positive, *(size for size in sizes.values() if isinstance(size, Dim))]
    start = {}
    for at, name in enumerate(dict.fromkeys(root for dim in demands for root in sorted(dim.symbols()))):
        first = (1 if name in facts.hidden else 2) + which + at % 4
        start[name] = (first - 1) % facts.uppers.get(name, first) + 1
    values = _repaired(start, demands, facts.uppers)
    return {name: size if isinstance(size, int) else size.evaluate(values) for name, size in sizes.items()}


def _repaired(values: dict[str, int], demands: list[Dim], uppers: Mapping[str, int]) -> dict[str, int]:
    """Steps, each the best there is, until every demanded size is at least 1."""
    for _ in range(MOST_STEPS):
        debt = _debt(values, demands)
        if not debt:
            return values
        moves = [
            {**values, name: value + step}
            for name, value in values.items()
            for step in STEPS
            if 1 <= value + step <= uppers.get(name, value + step)
        ]
        values = min(moves, key=lambda move: _debt(move, demands), default=values)
        if _debt(values, demands) >= debt:
            break
    raise LookupError("no small sizes satisfy all that is known about them")


def _debt(values: dict[str, int], demands: list[Dim]) -> int:
    return sum(max(0, 1 - dim.evaluate(values)) for dim in demands)
