"""Origins as text: `4 * channels`, `(kernel_size - 1) // 2`, as Python's formatter has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nndsl.shapes.simplified import IN_MATH, Origin

_LEVELS = {"+": 60, "-": 60, "*": 70, "/": 70, "//": 70, "%": 70, "**": 90}
_SIMPLE = re.compile(r"-?[\w.]+", re.ASCII)
WHOLE = 100  # the level of what needs no parentheses

NameOf = Callable[[tuple[Any, ...]], str]


def written(of: Origin, name_of: NameOf, spell: Callable[[Any], str] = repr) -> str:
    """`name_of` says a hyperparameter, a size, or what the spec named; "" for a named thing that is to be written out.
    `spell` writes numbers."""
    return _Writer(name_of, spell).text(of)[0]


class _Writer:
    def __init__(self, name_of: NameOf, spell: Callable[[Any], str]) -> None:
        self.name_of, self.spell = name_of, spell

    def text(self, of: Origin) -> tuple[str, int]:
        if not isinstance(of, tuple):
            return self.spell(of), 80 if of < 0 else WHOLE
        kind = of[0]
        if kind == "index":
            return "i", WHOLE
        if kind in ("hyper", "axis", "opaque"):
            return self.name_of(of), WHOLE
        if kind == "name":
            name = self.name_of(of)
            return (name, WHOLE) if name else self.text(of[2])
        if kind == "neg":
            return f"-{self.inside(of[1], 81)}", 80
        if kind == "call":
            prefix = "math." if of[1] in IN_MATH else ""
            return f"{prefix}{of[1]}({', '.join(self.text(p)[0] for p in of[2:])})", WHOLE
        return self.binary(kind, of[1], of[2])

    def binary(self, kind: str, a: Origin, b: Origin) -> tuple[str, int]:
        level = _LEVELS[kind]
        power = kind == "**"
        left, right = self.inside(a, level + power), self.inside(b, 80 if power else level + 1)
        tight = power and _SIMPLE.fullmatch(left) and _SIMPLE.fullmatch(right)
        return f"{left}{kind}{right}" if tight else f"{left} {kind} {right}", level

    def inside(self, of: Origin, level: int) -> str:
        text, own = self.text(of)
        return f"({text})" if own < level else text
