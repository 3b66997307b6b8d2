"""Origins as a person would write them: `x + 0` is x, `heads * (dim // heads)` is dim where that divides.

What the tuples mean is said in `origins.py`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from math import gcd
from typing import Any, TypeAlias

Origin: TypeAlias = tuple[Any, ...] | int | float
_LEAVES = ("hyper", "axis", "opaque", "index")
INDEX = ("index", 0)  # the position in a list of layers that are written once

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "int": int,
    "float": float,
    "round": round,
    "min": min,
    "max": max,
}
IN_MATH = ("ceil", "floor", "sqrt", "exp", "log", "log2", "sin", "cos")
FUNCTIONS |= {name: getattr(math, name) for name in IN_MATH}


def joined(kind: str, a: Any, b: Any, exact: bool = False) -> Origin:
    """The origin of `a ∘ b`. `exact`: a division without a rest."""
    if kind in ("+", "-"):
        return _sum(kind, a, b)
    if kind == "*":
        return _product(a, b)
    if kind == "//":
        return _quotient(a, b, exact)
    return a if kind == "**" and b == 1 else (kind, a, b)


def negated(of: Origin) -> Origin:
    """`-(-x // 2)` is `x // 2` where that has no rest: how sizes are rounded up."""
    if not isinstance(of, tuple):
        return -of
    if of[0] == "neg":
        return of[1]  # type: ignore[no-any-return]  # of Any
    over = of[1] if of[0] == "//" and len(of) > 3 else None
    return _quotient(over[1], of[2], True) if isinstance(over, tuple) and over[0] == "neg" else ("neg", of)


def _sum(kind: str, a: Origin, b: Origin) -> Origin:
    if b == 0:
        return a
    if a == 0 and kind == "+":
        return b
    if kind == "-" and same(a, b):
        return 0
    return (isinstance(a, tuple) and a[0] in ("+", "-") and _gathered(kind, a, b)) or (kind, a, b)


def _gathered(kind: str, a: tuple[Any, ...], b: Origin) -> Origin | None:
    """`x + 2 - 1` is `x + 1`, `x + y - y` is x."""
    before, first, second = a
    if isinstance(b, int) and isinstance(second, int):
        total = (second if before == "+" else -second) + (b if kind == "+" else -b)
        return first if total == 0 else ("+", first, total) if total > 0 else ("-", first, -total)
    if before != kind and same(second, b):
        return first  # type: ignore[no-any-return]  # of Any
    if before == kind == "+":  # `x + y + y` is `x + 2 * y`
        product = isinstance(second, tuple) and second[0] == "*" and isinstance(second[1], int)
        times, base = (second[1], second[2]) if product else (1, second)
        return ("+", first, ("*", times + 1, base)) if isinstance(base, tuple) and same(base, b) else None
    return second if (before, kind) == ("+", "-") and same(first, b) else None


def _product(a: Origin, b: Origin) -> Origin:
    if type(a) is int or type(b) is int:
        number, other = (a, b) if type(a) is int else (b, a)
        if number in (0, 1):
            return other if number else 0
    less = _without_quotients(*_factors(("*", a, b)))
    if less is not None:
        return _multiplied(*less)
    for number, other in ((b, a), (a, b)):  # `4 * (8 * width)` is `32 * width`
        if isinstance(number, int) and isinstance(other, tuple) and other[0] == "*" and isinstance(other[1], int):
            return ("*", number * other[1], other[2])
    return ("*", a, b)


def _quotient(a: Origin, b: Origin, exact: bool) -> Origin:
    if b == 1 and not isinstance(a, float):
        return a
    if same(a, b):
        return 1
    over, above = _factors(a)
    under, below = _factors(b)
    common = gcd(over, under)
    left = [f for f in below if not _removed(f, above)]
    if len(left) == len(below) and (common == 1 or (not below and common < under)):
        return ("//", a, b, True) if exact else ("//", a, b)
    top, bottom = _multiplied(over // common, above), _multiplied(under // common, left)
    return top if bottom == 1 else ("//", top, bottom, True) if exact else ("//", top, bottom)


def _factors(of: Origin) -> tuple[int, list[Origin]]:
    """A whole number, and all other factors."""
    if isinstance(of, tuple) and of[0] == "*":
        (m, some), (n, others) = _factors(of[1]), _factors(of[2])
        return m * n, some + others
    return (of, []) if isinstance(of, int) else (1, [of])


def _multiplied(number: int, factors: list[Origin]) -> Origin:
    if not factors:
        return number
    found = factors[0]
    for each in factors[1:]:
        found = ("*", found, each)
    return found if number == 1 else ("*", number, found)


def _without_quotients(number: int, factors: list[Origin]) -> tuple[int, list[Origin]] | None:
    """`heads * (dim // heads)` without the division, where that has no rest."""
    for at, each in enumerate(factors):
        inner = unnamed(each)
        if not isinstance(inner, tuple) or inner[0] != "//" or len(inner) < 4:
            continue
        others = factors[:at] + factors[at + 1 :]
        if inner is not each and not others:
            continue  # `2 * half` is how the spec has it
        times, below = _factors(inner[2])
        if number % times == 0 and all(_removed(f, others) for f in below):
            more, above = _factors(inner[1])
            return number // times * more, others + above
    return None


def _removed(factor: Origin, factors: list[Origin]) -> bool:
    """Take one such factor out of the list."""
    for at, each in enumerate(factors):
        if same(each, factor):
            del factors[at]
            return True
    return False


def substituted(of: Origin, change: Callable[[tuple[Any, ...]], Origin]) -> Origin:
    """With other hyperparameters, sizes and opaque parts, simplified again."""
    if not isinstance(of, tuple):
        return of
    kind = of[0]
    if kind in _LEAVES:
        return change(of)
    parts: list[Any] = [substituted(part, change) for part in (of[2:] if kind in ("name", "call") else of[1:3])]
    known = not any(isinstance(part, tuple) for part in parts)
    if kind == "name":
        return (kind, of[1], *parts) if isinstance(parts[0], tuple) and parts[0][0] not in _LEAVES else parts[0]
    if kind == "neg":
        return negated(parts[0])
    if kind == "call":  # a logarithm says more than its digits
        return FUNCTIONS[of[1]](*parts) if known and of[1] not in IN_MATH else (kind, of[1], *parts)
    if known:
        return OPERATORS[kind](*parts)  # type: ignore[no-any-return]  # of Any
    return joined(kind, parts[0], parts[1], len(of) > 3)


# ---------------------------------------------------------------- questions


def unnamed(of: Origin) -> Origin:
    while isinstance(of, tuple) and of[0] == "name":
        of = of[2]
    return of


def stripped(of: Origin) -> Origin:
    """Without names, and without what else two equal computations may differ in."""
    of = unnamed(of)
    if not isinstance(of, tuple) or of[0] in _LEAVES:
        return of
    return (of[0], *[stripped(p) if isinstance(p, tuple) else p for p in (of[1:3] if of[0] == "//" else of[1:])])


def same(a: Origin, b: Origin) -> bool:
    return a == b or (isinstance(a, tuple) and isinstance(b, tuple) and stripped(a) == stripped(b))


def weight_of(of: Origin) -> int:
    """How many numbers, names and operators it has."""
    if not isinstance(of, tuple) or of[0] in _LEAVES:
        return 1
    parts = of[1:3] if of[0] == "//" else of[1:]
    return int(of[0] != "name") + sum(weight_of(p) for p in parts if not isinstance(p, str))


def leaves(of: Origin) -> list[tuple[Any, ...]]:
    """The hyperparameters, sizes and opaque parts that it mentions, each once, in the order of the text."""
    if not isinstance(of, tuple):
        return []
    if of[0] in _LEAVES:
        return [of]
    return list(dict.fromkeys(leaf for part in of[1:] if isinstance(part, tuple) for leaf in leaves(part)))


def variables(of: Origin) -> list[tuple[Any, ...]]:
    """Of its leaves, the hyperparameters and sizes."""
    return [leaf for leaf in leaves(of) if leaf[0] in ("hyper", "axis")]


def calls_math(of: Origin) -> bool:
    """Is there a function in it whose results are no round numbers?"""
    if not isinstance(of, tuple) or of[0] in _LEAVES:
        return False
    return (of[0] == "call" and of[1] in IN_MATH) or any(map(calls_math, of[1:]))


def owners(of: Origin) -> set[int]:
    """Whose numbers it is made of."""
    return {leaf[1] for leaf in leaves(of)}
