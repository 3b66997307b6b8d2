"""How sizes are written and read: `H // 2 + 1`, `4*D`, `N*T`, `min(T, 512)`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from nndsl.shapes.dims import Dim, Monomial, Size, Terms

DEEPEST = 60


def spelled(dim: Dim) -> str:
    """The canonical spelling: larger products first, the alphabet next, what is subtracted last."""
    return _remainder(dim) or _rounded_down(dim) or _sum(dim.terms)


def quotient(a: Size, b: Size, sign: str = "//") -> str:
    over = str(a) if isinstance(a, int) else _sum(a.terms)
    under = str(b) if isinstance(b, int) else _sum(b.terms)
    if over.startswith("-") or " " in over:
        over = f"({over})"
    if not _is_name(under) and not under.isdigit():
        under = f"({under})"
    return f"{over} {sign} {under}"


def _sum(terms: Terms) -> str:
    order = sorted(terms.items(), key=lambda item: (item[1] < 0, -len(item[0]), item[0]))
    text = ""
    for mono, factor in order:
        term = _term(mono, abs(factor))
        if text:
            text += f" - {term}" if factor < 0 else f" + {term}"
        elif factor < 0:
            text = f"-({term})" if " // " in term and term == mono[0] else f"-{term}"  # -H // 2 is (-H) // 2
        else:
            text = term
    return text


def _term(mono: Monomial, factor: int) -> str:
    if factor == 1 and len(mono) == 1:
        return str(mono[0])
    parts = [str(factor)] if factor != 1 or not mono else []
    for atom, times in groupby(sorted(mono, key=lambda atom: (bool(atom.operands), atom))):
        power = len(list(times))
        base = f"({atom})" if atom.kind == "div" else str(atom)
        parts.append(f"{base}**{power}" if power > 1 else base)
    return "*".join(parts)


def _remainder(dim: Dim) -> str | None:
    from nndsl.shapes.forms import as_remainder

    found = as_remainder(dim)
    return quotient(*found[:2], "%") if found is not None and not found[2] else None


def _rounded_down(dim: Dim) -> str | None:
    """`(H + 1) // 2 - 3` reads better as `(H - 5) // 2`."""
    lone = dim.lone_atom()
    if lone is None or lone[0].kind != "div" or lone[1] != 1 or lone[2] >= 0:
        return None
    over, under = lone[0].operands
    if isinstance(over, int) or not isinstance(under, int) or not over.constant():
        return None
    return quotient(over + lone[2] * under, under)


def parsed(text: str, symbol: Callable[[str], Size], smin: Callable[..., Size], smax: Callable[..., Size]) -> Size:
    return _Reader(text, symbol, {"min": smin, "max": smax}).whole()


class _Reader:
    """Recursive descent over what `spelled` writes."""

    def __init__(self, text: str, symbol: Callable[[str], Size], calls: dict[str, Callable[..., Size]]) -> None:
        self.text = text
        self.symbol = symbol
        self.calls = calls
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def whole(self) -> Size:
        size = self.sum()
        return size if self.peek() == "" else self.fail()

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self, *wanted: str) -> str | None:
        token = self.peek()
        if token not in wanted:
            return None
        self.at += 1
        return token

    def fail(self) -> NoReturn:
        raise ValueError(f"not a size: {self.text[:80]!r}")

    def sum(self) -> Size:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail()
        size = self.product()
        while sign := self.take("+", "-"):
            other = self.product()
            size = size + other if sign == "+" else size - other
        self.depth -= 1
        return size

    def product(self) -> Size:
        if self.take("-"):
            return self.product_of(-self.power())
        return self.product_of(self.power())

    def product_of(self, size: Size) -> Size:
        while sign := self.take("*", "//", "%"):
            other = self.power()
            if sign == "*":
                size = size * other
            elif other == 0:
                self.fail()
            else:
                size = size // other if sign == "//" else size % other
        return size

    def power(self) -> Size:
        base = self.atom()
        if not self.take("**"):
            return base
        exponent = self.atom()
        return base**exponent if isinstance(exponent, int) else self.fail()

    def atom(self) -> Size:
        token = self.peek()
        self.at += bool(token)
        if token == "(":
            size = self.sum()
            return size if self.take(")") else self.fail()
        if token.isdecimal():
            return int(token)
        if token in self.calls and self.take("("):
            return self.calls[token](*self.members())
        return self.symbol(token) if _is_name(token) else self.fail()

    def members(self) -> list[Size]:
        found = [self.sum()]
        while self.take(","):
            found.append(self.sum())
        return found if self.take(")") else self.fail()


def _is_name(token: str) -> bool:
    return token.replace("'", "_").isidentifier()


def _tokens(text: str) -> list[str]:
    """Names, numbers, `//` and `**`, single signs, and an empty text at the end."""
    import re

    return [*re.findall(r"[^\W\d][\w']*|\d+|//|\*\*|\S", text), ""]
