"""Symbolic sizes in `forward`: what `x.shape[i]` says them.

A size that some tensor at hand has is read from it. Others are put together: `x.shape[2] // 2` where
twice the size is at hand, a product of sizes at hand, at last a polynomial over symbols that are solved
for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import gcd

from nndsl.ops.emit import Text
from nndsl.shapes import Dim, Size
from nndsl.shapes.dims import Atom, monomial
from nndsl.shapes.forms import linear_in

At = tuple[Text, Dim]
MOST_TIMES = 100


class Absent(Exception):
    """No tensor at hand tells this size."""


def at_hand(tensors: Iterable[tuple[str, Sequence[Size]]]) -> list[At]:
    """Every symbolic size of these tensors, and how to read it."""
    return [
        (Text(f"{name}.shape[{axis}]"), size)
        for name, shape in tensors
        for axis, size in enumerate(shape)
        if isinstance(size, Dim)
    ]


def said(size: Size, known: list[At]) -> Text:
    """The size as an expression over `known`; raises Absent."""
    if not isinstance(size, Dim):
        return Text(repr(size), 100 if size >= 0 else 80)
    found = _read(size, known) or _product(size, known)
    return found if found is not None else _polynomial(size, known)


def _read(size: Dim, known: list[At]) -> Text | None:
    for text, other in known:
        if other == size:
            return text
    for text, other in known:
        shifted = other - size
        if isinstance(shifted, int):
            return _shifted(text, -shifted)
    for text, other in known:
        part = _multiple(other, size)
        if part is not None:
            return Text(f"{text} // {part}", 70)
    return None


def _multiple(whole: Size, size: Size) -> int | None:
    """k where `whole == k * size`."""
    quotient = whole // size
    return quotient if isinstance(quotient, int) and quotient > 1 and size * quotient == whole else None


def _product(size: Dim, known: list[At]) -> Text | None:
    """`size` as a product of one size at hand and a rest that is said likewise."""
    for text, other in known:
        rest = size // other
        if rest * other != size or rest == size:
            continue
        if isinstance(rest, int):
            return Text(f"{text} * {rest}", 70)
        if len(rest.symbols()) >= len(size.symbols()) and len(str(rest)) >= len(str(size)):
            continue
        try:
            return Text(f"{text} * {wrap(said(rest, known), 71)}", 70)
        except Absent:
            continue
    return None


def _polynomial(size: Dim, known: list[At]) -> Text:
    lone = size.lone_atom()
    if lone is not None and lone[1:] == (1, 0):
        return _atom(lone[0], known)
    terms: list[str] = []
    for mono, factor in sorted(size.terms.items(), key=lambda item: (item[1] < 0, -len(item[0]), item[0])):
        parts = [wrap(_atom(atom, known), 71) for atom in mono]
        if abs(factor) != 1 or not parts:
            parts.append(str(abs(factor)))
        sign = ("-" if factor < 0 else "") if not terms else (" - " if factor < 0 else " + ")
        terms.append(sign + " * ".join(parts))
    many = len(terms) > 1
    return Text("".join(terms), 60 if many else 70 if " * " in terms[0] else 80 if terms[0][0] == "-" else 100)


def _atom(atom: Atom, known: list[At]) -> Text:
    if not atom.operands:
        return _solved(atom, known)
    fraction = _fraction(atom.operands[0], atom.operands[1], known) if atom.kind == "div" else None
    if fraction is not None:
        return fraction
    try:
        operands = [said(o, known) for o in atom.operands]
    except Absent:
        return _solved(atom, known)
    if atom.kind == "div":
        return Text(f"{wrap(operands[0], 70)} // {wrap(operands[1], 71)}", 70)
    return Text(f"{atom.kind}({', '.join(operands)})")


def _fraction(over: Size, under: Size, known: list[At]) -> Text | None:
    """`over // under` as a fraction of what is at hand: of (2*K + 2) // 3, (2*K + 2) // 21 is the seventh part."""
    if not isinstance(over, Dim) or not isinstance(under, int):
        return None
    for text, other in _parts(known):
        for atom in sorted(other.atoms()):
            inner = atom.operands[1] if atom.kind == "div" else 0
            if not isinstance(inner, int) or not inner:
                continue
            numerator = (other - monomial((atom,), 1)) * inner + atom.operands[
                0
            ]  # of `other`, where it is one fraction
            found = _apart(over, under, numerator, inner) if numerator // inner == other else None
            if found is not None:
                whole = _shifted(text, found[0])
                return Text(f"{wrap(whole, 70)} // {found[1]}", 70) if found[1] != 1 else whole
    return None


def _apart(over: Dim, under: int, numerator: Size, inner: int) -> tuple[int, int] | None:
    """(c, q) where `over // under == (numerator // inner + c) // q`. Over and under may have lost a common factor, and
    with it what then is rounded off."""
    terms = numerator.terms if isinstance(numerator, Dim) else {}
    times = max([1, *(factor // over.terms.get(mono, factor) for mono, factor in terms.items() if mono)])
    if under * times % inner or times > MOST_TIMES:
        return None
    for rounded in range(times):
        apart = over * times + rounded - numerator
        if isinstance(apart, int) and apart % inner == 0:
            return apart // inner, under * times // inner
    return None


def _parts(known: list[At]) -> Iterator[At]:
    """What is at hand, and without a common factor: of 4*(H // 3) + 1, H // 3."""
    for text, size in known:
        yield text, size
        rest = size - size.constant()
        common = gcd(*rest.terms.values()) if isinstance(rest, Dim) else 1
        part = rest // common
        if common > 1 and isinstance(part, Dim):
            yield Text(f"{wrap(_shifted(text, -size.constant()), 70)} // {common}", 70), part


def _shifted(text: Text, by: int) -> Text:
    return Text(f"{text} {'-' if by < 0 else '+'} {abs(by)}", 60) if by else text


def _solved(atom: Atom, known: list[At]) -> Text:
    """Solve `a * atom + b == what is at hand`, where a and b are at hand without it."""
    others = [(text, size) for text, size in known if atom not in size.atoms() and atom not in size.symbols()]
    solvable = [(text, *form) for text, size in known if (form := linear_in(atom, size))[0] != 0]
    for text, factor, rest in sorted(solvable, key=lambda at: not (isinstance(at[1], int) and at[1] > 0)):
        try:
            found = _shifted(text, -rest) if isinstance(rest, int) else _less(text, said(rest, others))
            return found if factor == 1 else Text(f"{wrap(found, 70)} // {wrap(said(factor, others), 71)}", 70)
        except Absent:
            continue
    raise Absent(atom)


def _less(text: Text, other: Text) -> Text:
    return Text(f"{text} - {wrap(other, 61)}", 60)


def wrap(text: Text, level: int) -> str:
    """In parentheses when it binds weaker than `level`."""
    return f"({text})" if text.level < level else str(text)
