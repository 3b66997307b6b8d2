"""einops patterns: `b t (h d) -> b h t d` read, checked against a shape, and turned into the fewest steps.

Both sides are lists of axes; an axis is a list of atoms: one for `b`, several for `(h d)`, none for `1` and `()`. `...`
stands for as many axes as are left over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.say import Say

Axis = list[str]
DOTS = "..."
MERGED = "(...)"  # all of them as one axis


class BadPattern(Exception):
    """What is wrong, for the user."""


@dataclass(slots=True)
class Pattern:
    """`numbers` are the sizes of axes that are written as such: `(h 2)` has an axis named `2#0`."""

    left: list[Axis]
    right: list[Axis]
    numbers: dict[str, int]

    def names(self, side: list[Axis]) -> list[str]:
        return [DOTS if atom == MERGED else atom for axis in side for atom in axis]

    def expanded(self, rank: int) -> Pattern:
        """With `...` as so many axes of their own: `...0`, `...1`."""
        count = rank - (len(self.left) - 1) if [DOTS] in self.left else 0
        dots = [f"{DOTS}{i}" for i in range(count)]
        return Pattern(_spread(self.left, dots), _spread(self.right, dots), self.numbers)


def _spread(side: list[Axis], dots: list[str]) -> list[Axis]:
    made: list[Axis] = []
    for axis in side:
        if axis == [DOTS]:
            made.extend([dot] for dot in dots)
        else:
            made.append([part for atom in axis for part in (dots if atom in (DOTS, MERGED) else [atom])])
    return made


def read_pattern(text: str) -> Pattern:
    """Raises BadPattern."""
    sides = text.split("->")
    if len(sides) != 2:
        raise BadPattern("a pattern has the form `axes -> axes`")
    numbers: dict[str, int] = {}
    left, right = (_side(side, numbers) for side in sides)
    for side in (left, right):
        atoms = [DOTS if atom == MERGED else atom for axis in side for atom in axis]
        twice = next((atom for atom in atoms if atoms.count(atom) > 1), None)
        if twice is not None:
            raise BadPattern(f"{twice} stands twice on one side")
    if any(axis == [MERGED] or (DOTS in axis and len(axis) > 1) for axis in left):
        raise BadPattern("on the left, ... stands outside parentheses")
    if any(atom in (DOTS, MERGED) for axis in right for atom in axis) and [DOTS] not in left:
        raise BadPattern("... stands on the right only")
    return Pattern(left, right, numbers)


def _side(text: str, numbers: dict[str, int]) -> list[Axis]:
    axes: list[Axis] = []
    group: Axis | None = None
    for token in re.findall(r"\.\.\.|…|[^\W\d]\w*|\d+|\S", text):
        if token == "(":
            if group is not None:
                raise BadPattern("parentheses do not nest")
            group = []
        elif token == ")":
            if group is None:
                raise BadPattern("a ) without its (")
            axes.append([MERGED] if group == [DOTS] else group)
            group = None
        else:
            atoms = _atoms(token, numbers)
            if group is None:
                axes.append(atoms)
            else:
                group.extend(atoms)
    if group is not None:
        raise BadPattern("a ( without its )")
    return axes


def _atoms(token: str, numbers: dict[str, int]) -> Axis:
    """None for an axis of size 1."""
    if token in (DOTS, "…"):
        return [DOTS]
    if token.isdigit():
        if int(token) == 0:
            raise BadPattern("no axis has size 0")
        if int(token) == 1:
            return []
        name = f"{token}#{len(numbers)}"
        numbers[name] = int(token)
        return [name]
    if not token.isidentifier():
        raise BadPattern(f"{token} is no axis: a name, a number, ... or parentheses")
    return [token]


def spelled(axis: Axis) -> str:
    names = [atom.split("#")[0] for atom in axis]
    return names[0] if len(names) == 1 else "(" + " ".join(names) + ")"


# ---------------------------------------------------------------- sizes


def sizes_of(pattern: Pattern, x: TensorType, given: dict[str, Size], say: Say) -> dict[str, Size] | None:
    """The size of every axis; None after a mistake was said. `pattern` has no dots any more."""
    found: dict[str, Size] = {**pattern.numbers, **given}
    for at, (axis, size) in enumerate(zip(pattern.left, x.shape, strict=True)):
        if not _solve(axis, size, at, found, say):
            return None
    missing = [atom for atom in pattern.names(pattern.right) if atom not in found]
    if missing:
        say.error(f"the size of {missing[0]} is not known", at="pattern", help=f"give it: `{missing[0]}=…`")
        return None
    return found


def proven_sizes(pattern: Pattern, shape: tuple[Size, ...], given: dict[str, Size]) -> dict[str, Size]:
    """As `sizes_of` of an operator that was checked: nothing is asked again, the model's facts are not at hand."""
    found: dict[str, Size] = {**pattern.numbers, **given}
    for axis, size in zip(pattern.left, shape, strict=True):
        for atom in axis:
            if atom not in found:
                found[atom] = size // product(found[other] for other in axis if other in found)
    return found


def _solve(axis: Axis, size: Size, at: int, found: dict[str, Size], say: Say) -> bool:
    """Find the one size that is open in an axis, or compare."""
    where = f"dim {at} is {spelled(axis)}" if axis else f"dim {at} has size 1 in the pattern"
    unknown = [atom for atom in axis if atom not in found]
    known = product(found[atom] for atom in axis if atom in found)
    if not unknown:
        return say.same(size, known, where, at=0, axis=at)
    if len(unknown) > 1:
        names = " and ".join(unknown)
        say.error(f"{where}: the sizes of {names} are not known", at="pattern", help=f"give one: `{unknown[0]}=…`")
        return False
    if len(axis) > 1 and not _divides(say, size, known, where):
        return False
    found[unknown[0]] = size // known
    return True


def _divides(say: Say, size: Size, known: Size, where: str) -> bool:
    answer = say.facts.divisible(size, known)
    if answer:
        return True
    certain = "is not" if answer is False else "is not known to be"
    fact = None if answer is False else say.facts.missing_fact(size, size // known * known)
    say.error(
        f"{where}: {say.spell(size)} {certain} divisible by {say.spell(known)}",
        code="unproven" if answer is None else "shape-mismatch",
        at=0,
        help=f"state it in the model: `require {fact}`" if fact else None,
    )
    return False


# ---------------------------------------------------------------- steps


@dataclass(slots=True)
class Steps:
    """What is to be done, in this order; axes are counted as they stand when a step begins."""

    split: list[tuple[int, list[str]]] = field(default_factory=list)  # axis -> its atoms, the last axis first
    drop: list[int] = field(default_factory=list)  # axes of size 1
    reduce: list[int] = field(default_factory=list)
    premerge: list[tuple[int, int]] = field(default_factory=list)  # first and last axis, the last pair first
    perm: list[int] = field(default_factory=list)  # empty: as it stands
    new: list[tuple[int, str]] = field(default_factory=list)  # where an axis of a size is inserted, in order
    merge: list[tuple[int, int]] = field(default_factory=list)
    ones: list[int] = field(default_factory=list)  # where axes of size 1 are inserted, in order


def steps_of(pattern: Pattern) -> Steps:
    """The fewest steps: what stays together is merged before axes are turned around."""
    made = Steps()
    made.split = [(i, axis) for i, axis in reversed(list(enumerate(pattern.left))) if len(axis) > 1]
    flat = [atom for axis in pattern.left for atom in (axis or [""])]
    made.drop = [i for i, atom in enumerate(flat) if not atom]
    atoms = [atom for atom in flat if atom]
    wanted = pattern.names(pattern.right)
    made.reduce = [i for i, atom in enumerate(atoms) if atom not in wanted]
    atoms = [atom for atom in atoms if atom in wanted]
    units = _units(pattern.right, atoms)
    left = sorted((u for u in units if u[0] in atoms), key=lambda u: atoms.index(u[0]))
    starts = [atoms.index(u[0]) for u in left]
    made.premerge = [(s, s + len(u) - 1) for s, u in reversed(list(zip(starts, left, strict=True))) if len(u) > 1]
    perm = [left.index(u) for u in units if u in left]
    made.perm = perm if perm != sorted(perm) else []
    made.new = [(i, u[0]) for i, u in enumerate(units) if u[0] not in atoms]
    made.merge = _merges(pattern.right, units)
    made.ones = [i for i, axis in enumerate(pattern.right) if not axis]
    return made


def _units(right: list[Axis], atoms: list[str]) -> list[tuple[str, ...]]:
    """Atoms of the right side, those of one axis together where they already are neighbours in this order."""
    units: list[tuple[str, ...]] = []
    for axis in right:
        places = [atoms.index(atom) if atom in atoms else -9 for atom in axis]
        neighbours = bool(axis) and places[0] >= 0 and places == list(range(places[0], places[0] + len(axis)))
        units.extend([tuple(axis)] if neighbours else [(atom,) for atom in axis])
    return units


def _merges(right: list[Axis], units: list[tuple[str, ...]]) -> list[tuple[int, int]]:
    """Which units become one axis, the last first."""
    found, at = [], 0
    for axis in right:
        if not axis:
            continue
        count = 1 if tuple(axis) in units else len(axis)
        if count > 1:
            found.append((at, at + count - 1))
        at += count
    return found[::-1]
