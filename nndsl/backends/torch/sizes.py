"""Symbolic sizes in `forward`: what `x.shape[i]` says them.

A size that some tensor at hand has is read from it. Others are put together: `x.shape[2] // 2` where
twice the size is at hand, a product of sizes at hand, at last a polynomial over symbols that are solved
for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nndsl.ops.emit import Text
from nndsl.shapes import Dim, Size

At = tuple[Text, Size]


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
            return Text(f"{text} {'-' if shifted > 0 else '+'} {abs(shifted)}", 60)
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
    terms: list[str] = []
    for mono, factor in sorted(size.terms.items(), key=lambda item: (item[1] < 0, -len(item[0]), item[0])):
        parts = [wrap(_atom(atom, known), 71) for atom in mono]
        if abs(factor) != 1 or not parts:
            parts.append(str(abs(factor)))
        sign = ("-" if factor < 0 else "") if not terms else (" - " if factor < 0 else " + ")
        terms.append(sign + " * ".join(parts))
    many = len(terms) > 1
    return Text("".join(terms), 60 if many else 70 if " * " in terms[0] else 80 if terms[0][0] == "-" else 100)


def _atom(atom: object, known: list[At]) -> Text:
    operands: tuple[Size, ...] = atom.operands  # type: ignore[attr-defined]
    kind: str = atom.kind  # type: ignore[attr-defined]
    if not operands:
        return _symbol(str(atom), known)
    said_operands = [said(o, known) for o in operands]
    if kind == "div":
        return Text(f"{wrap(said_operands[0], 70)} // {wrap(said_operands[1], 71)}", 70)
    return Text(f"{kind}({', '.join(said_operands)})")


def _symbol(name: str, known: list[At]) -> Text:
    """Solve `k * name + c == what is at hand`."""
    for text, size in known:
        lone = size.lone_atom() if isinstance(size, Dim) else None
        if lone is None or str(lone[0]) != name or lone[1] < 1:
            continue
        _, factor, constant = lone
        found = text
        if constant:
            found = Text(f"{found} {'-' if constant > 0 else '+'} {abs(constant)}", 60)
        return found if factor == 1 else Text(f"{wrap(found, 70)} // {factor}", 70)
    raise Absent(name)


def wrap(text: Text, level: int) -> str:
    """In parentheses when it binds weaker than `level`."""
    return f"({text})" if text.level < level else str(text)
