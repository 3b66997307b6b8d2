"""Which whole numbers an operator takes: indices that exist, offsets that ascend, divisors that are not 0."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.shapes import Size


@dataclass(frozen=True, slots=True)
class Domain:
    """From `least` to `most`, both included; None is no end. `ascending`: along the last dim they begin with `least`
    and never fall; `closed`: and end with `most`. `distinct`: of equal ones, each program picks its own."""

    least: Size | None = None
    most: Size | None = None
    ascending: bool = False
    closed: bool = False
    distinct: bool = False


def indices(size: Size) -> Domain:
    """Of an axis with so many entries."""
    return Domain(0, size - 1)
