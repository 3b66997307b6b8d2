"""The tree of a summary as lines: no recursion, and an end, however often blocks hold each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nndsl.backends.summary.data import Row, Summary

MOST_ROWS = 20_000


@dataclass(slots=True)
class Step:
    """`lasts`: for each level above and this one, whether nothing follows there; `prefix`: the path above."""

    row: Row
    prefix: str
    lasts: tuple[bool, ...]


def walk(summary: Summary) -> Iterator[Step]:
    """Parents before members. At most MOST_ROWS steps; `size` says how many there would be."""
    stack = _steps(summary.layers, "", ())
    for _ in range(MOST_ROWS):
        if not stack:
            return
        step = stack.pop()
        yield step
        stack += _steps(step.row.children, f"{step.prefix}{step.row.name}.", step.lasts)


def _steps(rows: list[Row], prefix: str, lasts: tuple[bool, ...]) -> list[Step]:
    end = len(rows) - 1
    return [Step(row, prefix, (*lasts, i == end)) for i, row in reversed(list(enumerate(rows)))]


def size(summary: Summary) -> int:
    """How many rows the whole tree has; shared lists are counted once each time they are shown."""
    known: dict[int, int] = {}
    stack: list[tuple[list[Row], bool]] = [(summary.layers, False)]
    while stack:
        rows, ready = stack.pop()
        if id(rows) in known:
            continue
        if ready:
            known[id(rows)] = len(rows) + sum(known[id(row.children)] for row in rows)
            continue
        stack.append((rows, True))
        stack.extend((row.children, False) for row in rows if id(row.children) not in known)
    return known[id(summary.layers)]
