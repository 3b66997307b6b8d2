"""What is known about symbols. A fact is a substitution: `H % 32 == 0` makes H 32*h, `H >= 10` h + 9.

Hidden symbols such as h are, like all symbols, at least 1; so one rule serves every proof. People never see
them: `spell` turns 16*h back into `H // 2`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from math import gcd, prod

from nndsl.shapes import limits
from nndsl.shapes.dims import Atom, Dim, DimTooLarge, Monomial, Size, monomial, symbol
from nndsl.shapes.forms import (
    applied,
    as_remainder,
    by_cases,
    chooses,
    coefficients_mod,
    linear_symbols,
    lowest_terms,
    replaced,
    solved,
)

NAME = re.compile(r"[A-Za-z_]\w*")
HIDDEN_SPELLING = str.maketrans(
    {"+": "'p", "-": "'m", "*": "'x", "/": "'d", "%": "'r", "(": "'l", ")": "'j", ",": "'c"}
)


class Facts:
    """Substitutions, and the few inequalities that are none."""

    __slots__ = ("_lows", "_substitutions", "hidden", "known", "names", "positive", "unnamed", "uppers")

    def __init__(self) -> None:
        self.known: dict[str, Size] = {}
        self.hidden: dict[str, tuple[Size, Size]] = {}  # a hidden symbol is this exact fraction of original sizes
        self.uppers: dict[str, int] = {}
        self.positive: list[Dim] = []  # polynomials known to be at least 1
        self._substitutions: dict[Dim, Size] = {}  # those already made
        self._lows: dict[Dim, int | None] = {}  # lower bounds already found
        self.names: dict[str, None] = {}  # original symbols, in the order in which facts named them
        self.unnamed: set[str] = set()  # symbols that no spec can say

    def copy(self) -> Facts:
        other = Facts()
        other._take(self)
        return other

    def state(self) -> tuple[object, ...]:
        """Equal where the same is known."""
        hidden = self.unnamed, self.names
        return *map(frozenset, (self.known.items(), self.uppers.items(), *hidden)), tuple(self.positive)

    def _forget(self) -> None:
        """What was found before a fact changed may be otherwise now."""
        self._substitutions = {}
        self._lows = {}

    def _take(self, other: Facts) -> None:
        self._forget()
        self.known = dict(other.known)
        self.hidden = dict(other.hidden)
        self.uppers = dict(other.uppers)
        self.positive = list(other.positive)
        self.names = dict(other.names)
        self.unnamed = set(other.unnamed)

    def _attempt(self, learn: Callable[[], bool], *sizes: Size) -> bool:
        """A fact that cannot be used, or contradicts, leaves nothing behind."""
        before = self.copy()
        self.names.update((name, None) for size in sizes for name in sorted(_names(size)) if "'" not in name)
        try:
            if learn():
                return True
        except (ZeroDivisionError, DimTooLarge):  # with this fact a size has no meaning, or no end
            pass
        self._take(before)
        return False

    # --- learning ------------------------------------------------------------

    def assume_equal(self, a: Size, b: Size) -> bool:
        """`a == b`, by solving for a symbol."""
        return self._attempt(lambda: self._zero(self.normalize(a - b), 0), a, b)

    def assume_at_least(self, dim: Size, least: int) -> bool:
        return self._attempt(lambda: self._at_least(self.normalize(dim), least), dim)

    def _divisible(self, dim: Size, by: Size) -> bool:
        """`dim % by == 0`. False where that contradicts, or where no symbol can carry it."""
        if by == 0:
            return False
        verdict = self.divisible(dim, by)
        if verdict is not None or isinstance(dim, int):
            return verdict is True
        if isinstance(by, int):
            return any(self._attempt(partial(self._carry, dim, abs(by), atom)) for atom in linear_symbols(dim))
        lone = dim.lone_atom()
        if lone is None or lone[0].operands or lone[1:] != (1, 0) or lone[0] in by.symbols():
            return False
        over, under = self._fraction(lone[0])
        part = self._hide(over, under * self.spelled(by))
        return self._bind(lone[0], part * by)

    def _remains(self, dim: Size, by: Size, remainder: int) -> bool:
        """`dim % by == remainder`."""
        if remainder < 0 or not self._at_least(self.normalize(by), remainder + 1):
            return False
        return self._divisible(self.normalize(dim - remainder), self.normalize(by))

    def _carry(self, dim: Dim, by: int, atom: Atom) -> bool:
        """Solve `factor * s + rest == 0 (mod by)` for the symbol s: s = step*k - offset with k >= 1."""
        factor = dim.terms[(atom,)]
        common = gcd(factor, by)
        step = by // common
        rest = dim - monomial((atom,), factor)
        scaled = rest // common
        if rest - scaled * common != 0:
            return False
        inverse = pow(factor // common, -1, step) if step > 1 else 0
        offset = scaled * inverse % step if isinstance(scaled, int) else coefficients_mod(scaled * inverse, step)
        low = self.lower_bound(offset)
        if low is None or low < 0:
            return False
        over, under = self._fraction(atom)
        part = self._hide(over + self.spelled(offset) * under, under * step)
        return self._bind(atom, part * step - offset)

    def _zero(self, gap: Size, depth: int) -> bool:
        """Learn that a normalised difference is 0."""
        if isinstance(gap, int):
            return gap == 0
        verdict = self.equal(gap, 0)
        if verdict is not None or depth > 3:
            return verdict is True
        gap = lowest_terms(gap)
        remainder = as_remainder(gap) or as_remainder(-gap)
        if remainder is not None:
            return self._remains(*remainder)
        solutions = [(atom, value) for atom in linear_symbols(gap) if (value := solved(gap, atom)) is not None]
        solutions.sort(key=lambda s: (not self._surely_positive(s[1]), isinstance(s[1], Dim), _reverse(s[0])))
        if solutions:
            return self._bind(*solutions[0])
        for atom in linear_symbols(gap):
            factor = gap.terms[(atom,)]
            rest = gap - monomial((atom,), factor)
            if isinstance(rest, Dim) and self._divisible(rest, factor):
                return self._zero(self.normalize(gap), depth + 1)
        lone = gap.lone_atom()
        if lone is None or lone[2] % lone[1]:
            return False
        value = -lone[2] // lone[1]
        size = monomial((lone[0],), 1)
        return self._at_least(size, value) and self._at_least(self.normalize(-size), -value)

    def _surely_positive(self, size: Size) -> bool:
        low = self.lower_bound(size)
        return low is not None and low >= 1

    def _at_least(self, dim: Size, least: int) -> bool:
        low, high = self.lower_bound(dim), self.upper_bound(dim)
        if low is not None and low >= least:
            return True
        if isinstance(dim, int) or (high is not None and high < least):
            return False
        lone = dim.lone_atom()
        if lone is None:
            return self._keep_positive(dim - (least - 1))
        atom, factor, constant = lone
        if factor > 0:
            return self._atom_at_least(atom, -((constant - least) // factor))
        return self._atom_at_most(atom, (constant - least) // -factor)

    def _atom_at_least(self, atom: Atom, least: int) -> bool:
        if not atom.operands:
            return self._raise(atom, least)
        if atom.kind == "div" and isinstance(atom.operands[1], int):
            return self._at_least(atom.operands[0], least * atom.operands[1])
        if atom.kind == "min":
            return all(self._at_least(self.normalize(o), least) for o in atom.operands)
        return self._keep_positive(monomial((atom,), 1) - (least - 1))

    def _atom_at_most(self, atom: Atom, most: int) -> bool:
        if not atom.operands:
            return self._limit(atom, most)
        if atom.kind == "div" and isinstance(atom.operands[1], int):
            by = atom.operands[1]
            return self._at_least(self.normalize(-atom.operands[0]), -(most * by + by - 1))
        if atom.kind == "max":
            return all(self._at_least(self.normalize(-o), -most) for o in atom.operands)
        return self._keep_positive(most + 1 - monomial((atom,), 1))

    def _raise(self, name: Atom, least: int) -> bool:
        """s >= least: s = k + (least - 1)."""
        if self.uppers.get(name) == least:
            return self._bind(name, least)
        over, under = self._fraction(name)
        part = self._hide(over - under * (least - 1), under)
        return self._bind(name, part + (least - 1))

    def _limit(self, name: Atom, most: int) -> bool:
        if most == 1:
            return self._bind(name, 1)
        self.uppers[name] = min(most, self.uppers.get(name, most))
        self._forget()
        return True

    def _fraction(self, name: Atom) -> tuple[Size, Size]:
        return self.hidden.get(name, (symbol(name), 1))

    def _hide(self, over: Size, under: Size) -> Dim:
        """A symbol for an exact fraction of original sizes. Its name says which: no name has two meanings."""
        part = symbol(f"{over}/{under}".replace(" ", "").translate(HIDDEN_SPELLING))
        self.hidden[str(part)] = (over, under)
        return part

    def _bind(self, name: str, value: Size) -> bool:
        """From now on the symbol is this size. What was known of the symbol must hold of the size."""
        value = int(value) if isinstance(value, int) else self.normalize(value)
        change = {str(name): value}
        for other, known in self.known.items():
            if isinstance(known, Dim):
                self.known[other] = known.substitute(change)
        self.known[str(name)] = value
        limit = self.uppers.pop(name, None)
        positive = self.positive
        self.positive = []
        self._forget()
        for dim in positive:
            if not self._at_least(self.normalize(dim), 1):
                return False
        if not self._at_least(self.normalize(value), 1):
            return False
        return limit is None or self._at_least(self.normalize(-value), -limit)

    def _keep_positive(self, size: Size) -> bool:
        assert isinstance(size, Dim)
        self.positive.append(size)
        self._forget()
        return True

    # --- asking ------------------------------------------------------------

    def normalize(self, size: Size) -> Size:
        """The size with all substitutions made; one that divides by 0 then stays as it is."""
        if isinstance(size, int):
            return size
        size = self._substituted(size)
        if (self.uppers or self.positive) and isinstance(size, Dim) and chooses(size):
            size = self._decided(size)
        return size

    def _decided(self, dim: Dim) -> Size:
        """`min` and `max` whose winner upper bounds decide."""
        for atom in sorted(dim.atoms()):
            for option in atom.operands if atom.kind in ("min", "max") else ():
                gaps = [other - option if atom.kind == "min" else option - other for other in atom.operands]
                if all((low := self.lower_bound(gap)) is not None and low >= 0 for gap in gaps):
                    decided = replaced(dim, atom, option)
                    return decided if isinstance(decided, int) else self._decided(decided)
        return dim

    def equal(self, a: Size, b: Size) -> bool | None:
        """True: proven. False: proven to differ, always. None: it depends, or is not known."""
        if a == b:
            return True
        a, b = self.normalize(a), self.normalize(b)
        gap = a - b
        if isinstance(gap, int):
            return gap == 0
        low, high = self.lower_bound(gap), self.upper_bound(gap)
        if (low is not None and low > 0) or (high is not None and high < 0):
            return False
        if low == 0 and high == 0:
            return True
        if gap.constant() % gcd(*(factor for mono, factor in gap.terms.items() if mono)):
            return False
        return by_cases(gap)

    def divisible(self, dim: Size, by: Size) -> bool | None:
        dim, by = self.normalize(dim), self.normalize(by)
        return None if by == 0 else self.equal(dim % by, 0)

    def lower_bound(self, size: Size) -> int | None:
        if isinstance(size, int):
            return int(size)
        size = self._substituted(size)
        if isinstance(size, int):
            return size
        if size not in self._lows:
            bounds = [limits.lower(size, self.uppers)]
            for known in self.positive:
                rest = limits.lower(size - known, self.uppers)
                bounds.append(None if rest is None else rest + 1)
            self._lows[size] = max((bound for bound in bounds if bound is not None), default=None)
        return self._lows[size]

    def upper_bound(self, size: Size) -> int | None:
        if isinstance(size, int):
            return int(size)
        bound = self.lower_bound(-size)
        return None if bound is None else -bound

    def _substituted(self, dim: Dim) -> Size:
        if not self.known:
            return dim
        if dim not in self._substitutions:
            try:
                self._substitutions[dim] = dim.substitute(self.known)
            except ZeroDivisionError:
                self._substitutions[dim] = dim
        return self._substitutions[dim]

    # --- showing ------------------------------------------------------------

    def spell(self, size: Size) -> str:
        """For people: the names they wrote, no hidden symbol."""
        return str(self.spelled(size))

    def spelled(self, size: Size) -> Size:
        if isinstance(size, int) or not self.hidden or size.symbols().isdisjoint(self.hidden):
            return size
        total: Size = 0
        for mono, factor in size.terms.items():
            total = total + self._spelled_term(mono, factor)
        return total

    def _spelled_term(self, mono: Monomial, factor: int) -> Size:
        """`16*h` with h = H / 32 is `H // 2`; a product of several such stays a product of divisions."""
        fractions = [self.hidden[atom] for atom in mono if atom in self.hidden]
        others = prod(self._spelled_atom(atom) for atom in mono if atom not in self.hidden)
        unders = [under for _, under in fractions if isinstance(under, int)]
        whole = prod(unders) if len(unders) == len(fractions) else 0
        if whole and factor % whole == 0:
            return prod(over for over, _ in fractions) * (others * (factor // whole))
        if len(fractions) == 1 and unders:
            common = gcd(factor, unders[0])
            return fractions[0][0] // (unders[0] // common) * (others * (factor // common))
        if len(fractions) == 1:
            over, under = fractions[0]
            times = others * factor // under
            if times * under == others * factor:
                return over * times
        return prod(over // under for over, under in fractions) * (others * factor)

    def _spelled_atom(self, atom: Atom) -> Size:
        if not atom.operands:
            return symbol(atom)
        return applied(atom, [self.spelled(operand) for operand in atom.operands])

    def sayable(self, condition: str) -> bool:
        """Has a spec names for all that the condition speaks of?"""
        return self.unnamed.isdisjoint(NAME.findall(condition))

    def missing_fact(self, a: Size, b: Size) -> str | None:
        """The condition that would prove the two equal: `H % 2 == 0`. Each answer has been tried."""
        from nndsl.shapes.suggestions import missing_fact

        return missing_fact(self, a, b)

    def sample(self, which: int, names: Iterable[str] = ()) -> dict[str, int]:
        """A size for every original symbol that satisfies all facts; another one for another `which`."""
        from nndsl.shapes.suggestions import sample

        return sample(self, which, names)


def _names(size: Size) -> frozenset[str]:
    return size.symbols() if isinstance(size, Dim) else frozenset()


def _reverse(name: str) -> tuple[int, ...]:
    """Sorts names backwards: of H and W, W is expressed by H."""
    return tuple(-ord(character) for character in name)
