"""Costs in open dims, as people write them: `12·T·d² + 2·T²·d`, the largest part first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import groupby

from nndsl.shapes import Dim, Facts, Size
from nndsl.shapes.dims import Atom, Monomial

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
Number = Callable[[Fraction], str]


def formula(size: Size, facts: Facts, number: Number) -> str:
    """Factors as `number` writes them. `H // 32` where 32 divides H is H / 32, and its 32 goes into the factor."""
    spelled = facts.spelled(size)
    if isinstance(spelled, int):
        return number(Fraction(spelled))
    terms: dict[Monomial, Fraction] = {}
    for atoms, factor in spelled.terms.items():
        mono, under = _divided(atoms, facts)
        terms[mono] = terms.get(mono, Fraction(0)) + Fraction(factor, under)
    order = sorted((item for item in terms.items() if item[1]), key=lambda t: (-len(t[0]), -abs(t[1]), t[0]))
    text = ""
    for mono, share in order:
        sign = (" - " if share < 0 else " + ") if text else "-" if share < 0 else ""
        text += sign + _term(mono, abs(share), number)
    return text or "0"


def exact(number: Fraction) -> str:
    """`6,144`, `72,480.5`, and `1/3` where the decimals do not end soon."""
    if number.denominator == 1:
        return f"{number.numerator:,}"
    thousandths = number * 1000
    if thousandths.denominator == 1:
        return f"{number.numerator // number.denominator:,}" + f"{float(number % 1):.3f}".rstrip("0")[1:]
    return f"{number.numerator:,}/{number.denominator:,}"


def _divided(atoms: Monomial, facts: Facts) -> tuple[Monomial, int]:
    """The same product without divisions that leave no rest, and what it is to be divided by."""
    found, by = [], 1
    for atom in atoms:
        over, under = _even(atom, facts)
        found.append(over)
        by *= under
    return tuple(sorted(found)), by


def _even(atom: Atom, facts: Facts) -> tuple[Atom, int]:
    if atom.kind != "div":
        return atom, 1
    over, under = atom.operands
    if isinstance(over, int) or not isinstance(under, int):
        return atom, 1
    lone = over.lone_atom()
    if lone is None or lone[0].operands or lone[1:] != (1, 0) or not facts.divisible(over, under):
        return atom, 1
    return lone[0], under


def _term(mono: Monomial, factor: Fraction, number: Number) -> str:
    letters = []
    for atom, times in groupby(sorted(mono, key=lambda a: (bool(a.operands), a))):
        power = len(list(times))
        letters.append(_atom(atom) + (str(power).translate(RAISED) if power > 1 else ""))
    return "·".join(letters if factor == 1 and letters else [number(factor), *letters])


def _atom(atom: Atom) -> str:
    """Divisions round down; what is inside is spelled as everywhere."""
    if not atom.operands:
        return str(atom)
    if atom.kind != "div":
        return f"{atom.kind}({', '.join(_inside(atom.operands))})"
    over, under = _inside(atom.operands)
    wide = [f"({text})" if " " in text and not text.startswith("⌊") else text for text in (over, under)]
    return f"⌊{'/'.join(wide)}⌋"


def _inside(operands: Iterable[Size]) -> list[str]:
    nothing = Facts()
    return [formula(o, nothing, exact) if isinstance(o, Dim) else str(o) for o in operands]
