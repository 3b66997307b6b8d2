"""How a cost grows with sizes that are not known: what stays of it when they are large, where its formula is long."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TypeAlias

from nndsl.shapes import Size
from nndsl.shapes.dims import Atom

Growth: TypeAlias = dict[tuple[str, ...], Fraction]  # symbols that are multiplied, and their factor

MOST_TERMS = 64  # of a cost that is worked out
SMALL = 64  # a term is left out beside one that is larger as soon as a size is this large


def growth(size: Size) -> Growth | None:
    """The terms that matter, the largest powers first; divisions are taken as exact. None where a smaller or a larger
    of two sizes decides, or a size divides."""
    found = _terms(size)
    if found is None:
        return None
    kept = {mono: factor for mono, factor in found.items() if not _is_small(mono, factor, found)}
    return dict(sorted(kept.items(), key=lambda term: (-len(term[0]), -abs(term[1]), term[0])))


def _terms(size: Size) -> Growth | None:
    if isinstance(size, int):
        return {(): Fraction(size)}
    total: Growth = {}
    for atoms, factor in size.terms.items():
        product: Growth | None = {(): Fraction(factor)}
        for atom in atoms:
            each = _atom(atom)
            product = None if each is None or product is None else _product(product, each)
        if product is None or len(total) > MOST_TERMS:
            return None
        for mono, share in product.items():
            total[mono] = total.get(mono, Fraction(0)) + share
    return {mono: share for mono, share in total.items() if share}


def _atom(atom: Atom) -> Growth | None:
    if not atom.operands:
        return {(str(atom),): Fraction(1)}
    if atom.kind != "div" or not isinstance(atom.operands[1], int):
        return None
    over = _terms(atom.operands[0])
    return None if over is None else {mono: share / atom.operands[1] for mono, share in over.items()}


def _product(left: Growth, right: Growth) -> Growth | None:
    if len(left) * len(right) > MOST_TERMS:
        return None
    found: Growth = {}
    for a, x in left.items():
        for b, y in right.items():
            mono = tuple(sorted((*a, *b)))
            found[mono] = found.get(mono, Fraction(0)) + x * y
    return found


def _is_small(mono: tuple[str, ...], factor: Fraction, among: Growth) -> bool:
    """Is it little beside a term in which the same sizes are multiplied with more?"""
    mine = Counter(mono)
    return any(
        len(other) > len(mono) and not mine - Counter(other) and abs(factor) < SMALL * share
        for other, share in among.items()
    )
