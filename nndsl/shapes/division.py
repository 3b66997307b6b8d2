"""Floor division of sizes, in one canonical form."""

from __future__ import annotations

from functools import reduce
from math import gcd

from nndsl.shapes import spelling
from nndsl.shapes.dims import MOST_TERMS, Atom, Dim, DimTooLarge, Monomial, Size, Terms, collapsed, lower_bound


def _terms(size: Size) -> Terms:
    if isinstance(size, Dim):
        return size.terms
    return {(): size} if size else {}


def floor_div(a: Size, b: Size) -> Size:
    """`(b * q + r) // b == q + r // b` takes out all that divides; the rest is reduced to lowest terms."""
    if isinstance(b, int):
        if b == 0:
            raise ZeroDivisionError(f"{a} // 0")
        if b < 0:
            a, b = -a, -b
        if b == 1:
            return a
    elif b.terms[_leading(b.terms)] < 0:
        a, b = -a, -b
    quotient, rest = _divided(_terms(a), _terms(b))
    if isinstance(rest, int) and isinstance(b, int):
        return quotient + rest // b
    return quotient + _proper_fraction(rest, b)


def _divided(terms: Terms, by: Terms) -> tuple[Size, Size]:
    """`terms == quotient * by + rest`, multivariate: no term of the rest can be divided further."""
    lead = _leading(by)
    factor = by[lead]
    quotient: Terms = {}
    rest: Terms = {}
    left = dict(terms)
    for _ in range(MOST_TERMS * 4):
        if not left:
            return collapsed(quotient), collapsed(rest)
        mono = _leading(left)
        others = without(mono, lead)
        times = left[mono] // factor if others is not None else 0
        if others is None or not times:
            rest[mono] = left.pop(mono)
            continue
        quotient[others] = quotient.get(others, 0) + times
        for m, f in by.items():
            target = tuple(sorted(m + others))
            left[target] = left.get(target, 0) - times * f
            if not left[target]:
                del left[target]
        if left.get(mono):
            rest[mono] = left.pop(mono)
    raise DimTooLarge("a division of sizes with too many steps")


def _leading(terms: Terms) -> Monomial:
    """Highest degree, then the first in the alphabet: an order that products keep, so that division ends."""
    return min(terms, key=lambda mono: (-len(mono), mono))


def without(mono: Monomial, part: Monomial) -> Monomial | None:
    """`mono / part` where that is a monomial."""
    left = list(mono)
    for atom in part:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _proper_fraction(a: Size, b: Size) -> Size:
    """`a // b` where nothing of `a` can be taken out."""
    smaller = _reduced(a, b)
    if smaller is not None:
        return smaller[0] // smaller[1]
    if isinstance(b, Dim) and (known := _small_fraction(a, b)) is not None:
        return known
    flat = _flattened(a, b) if isinstance(a, Dim) else None
    if flat is not None:
        return flat[0] // flat[1]
    if a == 0:
        return 0
    return Dim({(Atom(spelling.quotient(a, b), "div", (a, b)),): 1})


def _reduced(a: Size, b: Size) -> tuple[Size, Size] | None:
    """Both without their common factor. Over an integer the constant rounds: (2*H + 5)//4 is (H + 2)//2."""
    terms, others = _terms(a), _terms(b)
    if isinstance(b, int):
        common = gcd(b, *(f for mono, f in terms.items() if mono))
        rounded = {mono: f // common for mono, f in terms.items() if f // common}
        return (collapsed(rounded), b // common) if common > 1 else None
    if not terms:
        return None
    common = gcd(*terms.values(), *others.values())
    shared = reduce(_shared, (*terms, *others))
    if common == 1 and not shared:
        return None

    def less(full: Terms) -> Size:
        return collapsed({without(mono, shared) or (): f // common for mono, f in full.items()})

    return less(terms), less(others)


def _shared(a: Monomial, b: Monomial) -> Monomial:
    left, common = list(b), []
    for atom in a:
        if atom in left:
            left.remove(atom)
            common.append(atom)
    return tuple(common)


def _small_fraction(a: Size, b: Dim) -> int | None:
    """`a // b` for `-b <= a < b` by their bounds."""
    low, room = lower_bound(a), lower_bound(b - a)
    if low is not None and low >= 0 and room is not None and room >= 1:
        return 0
    high, reach = lower_bound(-a), lower_bound(a + b)
    return -1 if high is not None and high >= 1 and reach is not None and reach >= 0 else None


def _flattened(a: Dim, b: Size) -> tuple[Size, Size] | None:
    """`(x // c + rest) // b` is `(x + rest * c) // (b * c)` for b >= 1: one division where there were two."""
    inner = [(mono[0], f) for mono, f in a.terms.items() if len(mono) == 1 and mono[0].kind == "div"]
    if len(inner) != 1 or inner[0][1] != 1:
        return None
    low = lower_bound(b)
    if low is None or low < 1:
        return None
    atom = inner[0][0]
    x, c = atom.operands
    return x + (a - Dim({(atom,): 1})) * c, b * c
