"""Symbolic sizes: polynomials with floor division, min and max, in one canonical form.

A `Dim` is a sum of integer multiples of monomials, a monomial a sorted tuple of atoms. An atom *is* its
spelling (a `str`), so that comparing, sorting and hashing run in C and equal forms are equal texts. Whatever
is constant is a plain int. Every symbol stands for a size of at least 1; simplifications may use that and
nothing else (`facts` knows more).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import NoReturn, TypeAlias

from nndsl.shapes import spelling

MOST_TERMS = 100
HIGHEST_DEGREE = 16
LONGEST_TEXT = 1500
LARGEST_COEFFICIENT = 1 << 256


class DimTooLarge(Exception):
    """A size grew past what is worth reasoning about; whoever elaborates turns this into a diagnostic."""


class Atom(str):
    """A symbol (no operands), or a `//`, `min` or `max` of sizes that has no simpler form."""

    __slots__ = ("kind", "operands")
    kind: str
    operands: tuple[Size, ...]

    def __new__(cls, text: str, kind: str = "symbol", operands: tuple[Size, ...] = ()) -> Atom:
        if len(text) > LONGEST_TEXT:
            raise DimTooLarge(f"a size whose spelling has {len(text)} characters")
        self = str.__new__(cls, text)
        self.kind = kind
        self.operands = operands
        return self


Monomial: TypeAlias = tuple[Atom, ...]
Terms: TypeAlias = dict[Monomial, int]


class Dim:
    """A size not known yet. Compare by `==` (equal forms) or ask `Facts`; nothing may branch on it."""

    __slots__ = ("_hash", "_low", "_symbols", "_text", "terms")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._hash: int | None = None
        self._text: str | None = None
        self._symbols: frozenset[str] | None = None
        self._low: tuple[int | None] | None = None

    def __add__(self, other: Size) -> Size:
        if isinstance(other, int):
            return _shifted(self.terms, int(other)) if other else self
        return _sum(self.terms, other.terms) if isinstance(other, Dim) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Dim:
        return Dim({mono: -factor for mono, factor in self.terms.items()})

    def __sub__(self, other: Size) -> Size:
        return self + -other if isinstance(other, (int, Dim)) else NotImplemented

    def __rsub__(self, other: Size) -> Size:
        return -self + other if isinstance(other, (int, Dim)) else NotImplemented

    def __mul__(self, other: Size) -> Size:
        if isinstance(other, int):
            return _scaled(self.terms, int(other))
        return _product(self.terms, other.terms) if isinstance(other, Dim) else NotImplemented

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Size:
        if not isinstance(exponent, int):
            return NotImplemented
        if exponent < 0:
            raise ValueError("a size has no negative powers")
        if exponent > HIGHEST_DEGREE:
            raise DimTooLarge(f"a size to the power of {exponent}")
        return prod([self] * exponent)

    def __floordiv__(self, other: Size) -> Size:
        return _divide(self, _known(other)) if isinstance(other, (int, Dim)) else NotImplemented

    def __rfloordiv__(self, other: int) -> Size:
        return _divide(int(other), self) if isinstance(other, int) else NotImplemented

    def __mod__(self, other: Size) -> Size:
        return self - _known(other) * (self // other) if isinstance(other, (int, Dim)) else NotImplemented

    def __rmod__(self, other: int) -> Size:
        return other - self * (other // self) if isinstance(other, int) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Dim) and self.terms == other.terms)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __bool__(self) -> NoReturn:
        raise TypeError(f"the size {self} is not known; ask Facts about it")

    def _unordered(self, other: object) -> NoReturn:
        raise TypeError(f"the size {self} is not known, so it cannot be ordered; ask Facts for bounds")

    __lt__ = __le__ = __gt__ = __ge__ = _unordered

    def __str__(self) -> str:
        if self._text is None:
            self._text = spelling.spelled(self)
        return self._text

    def __repr__(self) -> str:
        return f"Dim({self})"

    def symbols(self) -> frozenset[str]:
        """Names of all symbols, those inside atoms included."""
        if self._symbols is None:
            self._symbols = frozenset().union(*map(atom_symbols, self.atoms()))
        return self._symbols

    def atoms(self) -> set[Atom]:
        return {atom for mono in self.terms for atom in mono}

    def constant(self) -> int:
        return self.terms.get((), 0)

    def lone_atom(self) -> tuple[Atom, int, int] | None:
        """`(atom, factor, constant)` of `factor * atom + constant`; None for anything else."""
        others = [mono for mono in self.terms if mono]
        if len(others) != 1 or len(others[0]) != 1:
            return None
        return others[0][0], self.terms[others[0]], self.constant()

    def substitute(self, values: Mapping[str, Size]) -> Size:
        """Symbols replaced by sizes, the result canonical again."""
        if self.symbols().isdisjoint(values):
            return self
        return self.rebuilt(lambda atom: values.get(atom, Dim({(atom,): 1})))

    def rebuilt(self, symbol_value: Callable[[Atom], Size]) -> Size:
        """The same arithmetic over other symbols."""
        known: dict[Atom, Size] = {}
        total: Size = 0
        for mono, factor in self.terms.items():
            term: Size = factor
            for atom in mono:
                if atom not in known:
                    known[atom] = _atom_value(atom, symbol_value)
                term = known[atom] * term
            total = term + total
        return total

    def evaluate(self, values: Mapping[str, int]) -> int:
        """The number this is, all symbols given; KeyError names one that is not."""
        return sum(f * prod(_atom_number(atom, values) for atom in mono) for mono, f in self.terms.items())


Size: TypeAlias = int | Dim


def symbol(name: str) -> Dim:
    return Dim({(Atom(name),): 1})


def monomial(mono: Monomial, factor: int) -> Size:
    """One term as a size."""
    return collapsed({mono: factor} if factor else {})


def atom_symbols(atom: Atom) -> frozenset[str]:
    if not atom.operands:
        return frozenset((str(atom),))
    return frozenset().union(*(o.symbols() for o in atom.operands if isinstance(o, Dim)))


def parse_dim(text: str) -> Size:
    """Read back what `str` printed; ValueError for anything else."""
    return spelling.parsed(text, symbol, smin, smax)


def product(sizes: Iterable[Size]) -> Size:
    return prod(sizes)


def ceil_div(a: Size, b: Size) -> Size:
    return (a + b - 1) // b


def smin(*sizes: Size) -> Size:
    return _choice("min", sizes)


def smax(*sizes: Size) -> Size:
    return _choice("max", sizes)


def _divide(a: Size, b: Size) -> Size:
    from nndsl.shapes.division import floor_div

    return floor_div(a, b)


def _atom_value(atom: Atom, symbol_value: Callable[[Atom], Size]) -> Size:
    if not atom.operands:
        return symbol_value(atom)
    operands = [o if isinstance(o, int) else o.rebuilt(symbol_value) for o in atom.operands]
    return operands[0] // operands[1] if atom.kind == "div" else _choice(atom.kind, operands)


def _atom_number(atom: Atom, values: Mapping[str, int]) -> int:
    if not atom.operands:
        return values[atom]
    operands = [o if isinstance(o, int) else o.evaluate(values) for o in atom.operands]
    if atom.kind == "div":
        return operands[0] // operands[1]
    return min(operands) if atom.kind == "min" else max(operands)


def collapsed(terms: Terms) -> Size:
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > MOST_TERMS:
        raise DimTooLarge(f"a size of {len(terms)} terms")
    return Dim(terms)


def _shifted(terms: Terms, by: int) -> Size:
    terms = dict(terms)
    terms[()] = terms.get((), 0) + by
    if not terms[()]:
        del terms[()]
    return Dim(terms)


def _scaled(terms: Terms, by: int) -> Size:
    if not by:
        return 0
    if abs(by) > LARGEST_COEFFICIENT or any(abs(f) > LARGEST_COEFFICIENT for f in terms.values()):
        raise DimTooLarge("a size with enormous factors")
    return Dim({mono: factor * by for mono, factor in terms.items()})


def _sum(a: Terms, b: Terms) -> Size:
    terms = dict(a)
    for mono, factor in b.items():
        if total := terms.get(mono, 0) + factor:
            terms[mono] = total
        else:
            del terms[mono]
    return collapsed(terms)


def _product(a: Terms, b: Terms) -> Size:
    if len(a) * len(b) > MOST_TERMS * 4:
        raise DimTooLarge(f"a product of sizes with {len(a)} and {len(b)} terms")
    terms: Terms = {}
    for mono_a, factor_a in a.items():
        for mono_b, factor_b in b.items():
            if len(mono_a) + len(mono_b) > HIGHEST_DEGREE:
                raise DimTooLarge(f"a product of more than {HIGHEST_DEGREE} sizes")
            mono = tuple(sorted(mono_a + mono_b))
            terms[mono] = terms.get(mono, 0) + factor_a * factor_b
    if any(abs(factor) > LARGEST_COEFFICIENT for factor in terms.values()):
        raise DimTooLarge("a size with enormous factors")
    return collapsed({mono: factor for mono, factor in terms.items() if factor})


def _choice(kind: str, sizes: Iterable[Size]) -> Size:
    """The least or greatest of sizes; those that provably never are it fall out."""
    kept: list[Size] = []
    for size in _members(kind, sizes):
        if any(_never_beats(kind, size, other) for other in kept):
            continue
        kept = [other for other in kept if not _never_beats(kind, other, size)] + [size]
    if len(kept) == 1:
        return kept[0]
    kept = sorted(map(_known, kept), key=str)
    text = f"{kind}({', '.join(map(str, kept))})"
    return Dim({(Atom(text, kind, tuple(kept)),): 1})


def _members(kind: str, sizes: Iterable[Size]) -> list[Size]:
    found: list[Size] = []
    for size in sizes:
        lone = size.lone_atom() if isinstance(size, Dim) else None
        if lone is not None and lone[0].kind == kind and lone[1:] == (1, 0):
            found.extend(lone[0].operands)
        else:
            found.append(size)
    return found


def _known(size: Size) -> Size:
    """Inside of a size that is not known, numbers are plain (`origins`)."""
    return int(size) if isinstance(size, int) else size


def _never_beats(kind: str, size: Size, other: Size) -> bool:
    gap = lower_bound(size - other if kind == "min" else other - size)
    return gap is not None and gap >= 0


def lower_bound(size: Size) -> int | None:
    """What the size is at least, every symbol being at least 1."""
    if isinstance(size, int):
        return size
    if size._low is None:
        from nndsl.shapes import limits

        size._low = (limits.lower(size, {}),)
    return size._low[0]
