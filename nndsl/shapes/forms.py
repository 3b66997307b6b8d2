"""What a size is made of: the questions about polynomials that proofs ask."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as combinations
from math import gcd, lcm, prod

from nndsl.shapes import limits
from nndsl.shapes.dims import Atom, Dim, Size, atom_symbols, monomial, smax, smin, symbol

MOST_CASES = 256
STEPS_PER_CASE = 10
LONGEST_PROOF = 25_000  # characters of all cases together


def linear_symbols(dim: Dim) -> list[Atom]:
    """Symbols that occur once, as a term of their own; those with the smallest factor first."""
    inside: set[str] = set()
    for mono in dim.terms:
        for atom in mono:
            if atom.operands:
                inside |= atom_symbols(atom)
            elif len(mono) > 1:
                inside.add(atom)
    found = [m[0] for m in dim.terms if len(m) == 1 and not m[0].operands and m[0] not in inside]
    return sorted(found, key=lambda atom: (abs(dim.terms[(atom,)]), atom))


def linear_in(symbol: Atom, size: Dim) -> tuple[Size, Size]:
    """`(a, b)` of `a * symbol + b`, neither with the symbol; `(0, 0)` where the size is not of that form."""
    factor: Size = 0
    rest: Size = 0
    for mono, times in size.terms.items():
        others = tuple(atom for atom in mono if atom != symbol)
        if len(mono) - len(others) > 1 or any(symbol in atom_symbols(atom) for atom in others):
            return 0, 0
        if len(others) < len(mono):
            factor = factor + monomial(others, times)
        else:
            rest = rest + monomial(others, times)
    return factor, rest


def coefficients_mod(size: Size, modulus: int) -> Size:
    if isinstance(size, int):
        return size % modulus
    total: Size = 0
    for mono, factor in size.terms.items():
        total = total + monomial(mono, factor % modulus)
    return total


def lowest_terms(gap: Dim) -> Dim:
    """The same roots, without a common factor."""
    common = gcd(*gap.terms.values())
    lesser: Size = Dim({mono: factor // common for mono, factor in gap.terms.items()})
    for atom in sorted(set.intersection(*(set(mono) for mono in gap.terms))):
        if isinstance(lesser, Dim) and (limits.lower(monomial((atom,), 1), {}) or 0) >= 1:
            lesser = lesser // monomial((atom,), 1)
    return lesser if isinstance(lesser, Dim) else gap


def solved(gap: Dim, atom: Atom) -> Size | None:
    """What the symbol must be for the difference to vanish, if that takes no division."""
    factor = gap.terms[(atom,)]
    if abs(factor) != 1:
        return None
    return (monomial((atom,), factor) - gap) * factor


def chooses(dim: Dim) -> bool:
    return any(atom.kind in ("min", "max") for atom in dim.atoms())


def replaced(dim: Dim, atom: Atom, option: Size) -> Size:
    total: Size = 0
    for mono, factor in dim.terms.items():
        times = mono.count(atom)
        rest = tuple(other for other in mono if other != atom)
        total = total + monomial(rest, factor) * option**times
    return total


def applied(atom: Atom, operands: list[Size]) -> Size:
    if atom.kind == "div":
        return operands[0] // operands[1]
    return smin(*operands) if atom.kind == "min" else smax(*operands)


def divisions(size: Size) -> Iterator[tuple[Dim, int]]:
    """Every division by an integer anywhere in a size."""
    for atom in sorted(size.atoms()) if isinstance(size, Dim) else ():
        over = atom.operands[0] if atom.operands else 0
        if atom.kind == "div" and isinstance(over, Dim) and isinstance(atom.operands[1], int):
            yield over, atom.operands[1]
        for operand in atom.operands:
            yield from divisions(operand)


def by_cases(gap: Dim) -> bool | None:
    """Is it 0? Where remainders are known, floor divisions by integers vanish: try each remainder."""
    moduli: dict[str, int] = {}
    _collect_moduli(gap, 1, moduli)
    cases = prod(moduli.values())
    if cases == 1 or cases > MOST_CASES or cases * len(str(gap)) > LONGEST_PROOF:
        return None
    verdicts: set[bool] = set()
    for remainders in combinations(*(range(modulus) for modulus in moduli.values())):
        pairs = zip(moduli.items(), remainders, strict=True)
        try:
            verdict = _is_zero(gap.substitute({name: symbol(name) * m - r for (name, m), r in pairs}))
        except ZeroDivisionError:
            return None
        if verdict is None or not verdicts <= {verdict}:
            return None
        verdicts.add(verdict)
    return verdicts.pop()


def _collect_moduli(size: Size, outer: int, moduli: dict[str, int]) -> None:
    if isinstance(size, int):
        return
    for atom in sorted(size.atoms()):
        by = atom.operands[1] if atom.kind == "div" else 1
        inner = outer * by if isinstance(by, int) else outer
        if inner > MOST_CASES:
            inner = MOST_CASES + 1
        if not atom.operands and outer > 1:
            moduli[atom] = lcm(moduli.get(atom, 1), outer)
        for operand in atom.operands:
            _collect_moduli(operand, inner, moduli)


def _is_zero(size: Size) -> bool | None:
    if isinstance(size, int):
        return size == 0
    low, high = limits.lower(size, {}, STEPS_PER_CASE), limits.upper(size, {}, STEPS_PER_CASE)
    return False if (low is not None and low > 0) or (high is not None and high < 0) else None


def as_remainder(dim: Dim) -> tuple[Dim, Size, int] | None:
    """(X, k, r) when the dim is `X % k - r`, a remainder being kept as `X - k*(X // k)`."""
    for mono, factor in dim.terms.items():
        for atom in mono if factor < 0 else ():
            over, under = atom.operands if atom.kind == "div" else (0, 1)
            rest = over - monomial((atom,), 1) * under - dim
            if isinstance(over, Dim) and isinstance(rest, int):
                return over, under, rest
    return None
