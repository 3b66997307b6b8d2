"""Bounds of sizes: what a polynomial over sizes is at least and at most.

The work for one answer is bounded, and the same in every process: canonical forms depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import lcm

from nndsl.shapes.dims import Atom, Dim, Monomial, Size, Terms, monomial

Uppers = Mapping[str, int]
DEEPEST = 4
LONGEST_EXPANSION = 1000
MOST_CHOICES = 3
MOST_STEPS = 300


def lower(size: Size, uppers: Uppers, steps: int = MOST_STEPS) -> int | None:
    """The best bound found, or None. Every symbol is at least 1, and at most what `uppers` says."""
    return _Search(uppers, steps).lower(size, 0)


def upper(size: Size, uppers: Uppers, steps: int = MOST_STEPS) -> int | None:
    bound = lower(-size, uppers, steps)
    return None if bound is None else -bound


class _Search:
    """One question: the answers to those inside it, and how much may still be asked."""

    def __init__(self, uppers: Uppers, steps: int) -> None:
        self.uppers = uppers
        self.answers: dict[Dim, int | None] = {}
        self.left = steps

    def lower(self, size: Size, depth: int) -> int | None:
        if isinstance(size, int):
            return size
        if size not in self.answers:
            if depth > DEEPEST or not self.left:
                return None
            self.left -= 1
            found = [self.shifted_to_zero(size, depth)]
            for relaxed, scale in self.relaxations(size, depth) if depth < DEEPEST else ():
                bound = self.lower(relaxed, depth + 1)
                found.append(None if bound is None else -(-bound // scale))
            self.answers[size] = max((bound for bound in found if bound is not None), default=None)
        return self.answers[size]

    def upper(self, size: Size, depth: int) -> int | None:
        bound = self.lower(-size, depth)
        return None if bound is None else -bound

    def shifted_to_zero(self, dim: Dim, depth: int) -> int | None:
        """Each atom becomes its own bound plus something >= 0; then terms with positive factors only add."""
        lows = {atom: self.atom_lower(atom, depth) for atom in sorted(dim.atoms())}
        if any(low is None for low in lows.values()):
            return None
        if sum(1 << len(mono) for mono in dim.terms) > LONGEST_EXPANSION:
            return None
        total = 0
        for mono, factor in _expanded(dim.terms, lows).items():
            if not mono:
                total += factor
            elif factor < 0:
                room = self.room(mono, lows, depth)
                if room is None:
                    return None
                total += factor * room
        return total

    def room(self, mono: Monomial, lows: Mapping[Atom, int | None], depth: int) -> int | None:
        """How large a product of `atom - low` gets."""
        total = 1
        for atom in mono:
            high = self.atom_upper(atom, depth)
            if high is None:
                return None
            total *= max(0, high - (lows[atom] or 0))
        return total

    def atom_lower(self, atom: Atom, depth: int) -> int | None:
        if not atom.operands:
            return 1
        if depth >= DEEPEST:
            return None
        bounds = [self.lower(o, depth + 1) for o in atom.operands]
        known = [bound for bound in bounds if bound is not None]
        if atom.kind == "max":
            return max(known, default=None)
        if len(known) < len(bounds):
            return None
        if atom.kind == "min":
            return min(known)
        over, under = known
        if isinstance(atom.operands[1], int):
            return over // under
        return 0 if over >= 0 and under >= 1 else None

    def atom_upper(self, atom: Atom, depth: int) -> int | None:
        if not atom.operands:
            return self.uppers.get(atom)
        if depth >= DEEPEST:
            return None
        bounds = [self.upper(o, depth + 1) for o in atom.operands]
        known = [bound for bound in bounds if bound is not None]
        if atom.kind == "min":
            return min(known, default=None)
        if atom.kind == "max":
            return max(known) if len(known) == len(bounds) else None
        over, under = bounds[0], self.lower(atom.operands[1], depth + 1)
        if over is None or under is None or under < 1:
            return None
        return over // under if over >= 0 or isinstance(atom.operands[1], int) else None

    def relaxations(self, dim: Dim, depth: int) -> Iterator[tuple[Size, int]]:
        """Polynomials that, divided by their scale, are never above this one and have fewer atoms in it."""
        divisions = self.without_divisions(dim, depth)
        if divisions is not None:
            yield divisions
        choices = [atom for atom in sorted(dim.atoms()) if atom.kind in ("min", "max")]
        if len(choices) > MOST_CHOICES:
            return
        for atom in choices:
            for option in atom.operands[:MOST_CHOICES]:
                replaced = self.with_option(dim, atom, option, depth)
                if replaced is not None:
                    yield replaced, 1

    def without_divisions(self, dim: Dim, depth: int) -> tuple[Size, int] | None:
        """`(X - (k-1)) / k <= X // k <= X / k`: one end for what is added, one for what is taken off."""
        divided: dict[Monomial, tuple[Atom, Monomial]] = {}
        for mono in dim.terms:
            picked = self.picked(mono, "div", depth)
            if picked is not None and isinstance(picked[0].operands[1], int):
                divided[mono] = picked
        if not divided:
            return None
        scale = lcm(*(_divisor(atom) for atom, _ in divided.values()))
        total: Size = 0
        for mono, factor in dim.terms.items():
            if mono not in divided:
                total = total + monomial(mono, factor * scale)
                continue
            atom, others = divided[mono]
            by = _divisor(atom)
            over = atom.operands[0] - (by - 1 if factor > 0 else 0)
            total = total + over * monomial(others, factor * (scale // by))
        return total, scale

    def with_option(self, dim: Dim, atom: Atom, option: Size, depth: int) -> Size | None:
        """`min(a, b) <= a` bounds what is taken off, `max(a, b) >= a` what is added."""
        total: Size = 0
        for mono, factor in dim.terms.items():
            if atom not in mono or (factor < 0) != (atom.kind == "min"):
                total = total + monomial(mono, factor)
                continue
            picked = self.picked(mono, atom.kind, depth)
            if picked is None or picked[0] != atom:
                return None
            total = total + option * monomial(picked[1], factor)
        return total if total != dim else None

    def picked(self, mono: Monomial, kind: str, depth: int) -> tuple[Atom, Monomial] | None:
        """The first atom of this kind and the rest of its product, which must not be negative."""
        for at, atom in enumerate(mono):
            if atom.kind != kind:
                continue
            others = mono[:at] + mono[at + 1 :]
            lows = [self.atom_lower(other, depth) for other in others]
            return (atom, others) if all(low is not None and low >= 0 for low in lows) else None
        return None


def _expanded(terms: Terms, lows: Mapping[Atom, int | None]) -> Terms:
    """The polynomial over `atom - low`."""
    total: Terms = {}
    for mono, factor in terms.items():
        partial: Terms = {(): factor}
        for atom in mono:
            low = lows[atom] or 0
            grown: Terms = {}
            for part, f in partial.items():
                longer = tuple(sorted((*part, atom)))
                grown[longer] = grown.get(longer, 0) + f
                if low:
                    grown[part] = grown.get(part, 0) + f * low
            partial = grown
        for part, f in partial.items():
            total[part] = total.get(part, 0) + f
    return total


def _divisor(atom: Atom) -> int:
    by = atom.operands[1]
    assert isinstance(by, int)
    return by
