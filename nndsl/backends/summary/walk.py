"""The tree of a summary as lines: no recursion, and an end, however often blocks hold each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nndsl.backends.summary.data import Row, Summary

MOST_ROWS = 20_000


@dataclass(slots=True)
class Step:
    """`lasts`: for each level above and this one, whether nothing follows there; `prefix`: the path above; `open`:
    whether its members follow."""

    row: Row
    prefix: str
    lasts: tuple[bool, ...]
    open: bool

    @property
    def depth(self) -> int:
        return len(self.lasts) - 1

    @property
    def path(self) -> str:
        return self.prefix + self.row.path


def walk(summary: Summary, depth: int | None = None) -> Iterator[Step]:
    """Parents before members, blocks opened `depth` levels deep. At most MOST_ROWS steps; `size` says how many there
    would be."""
    stack = _steps(summary.layers, "", (), depth)
    for _ in range(MOST_ROWS):
        if not stack:
            return
        step = stack.pop()
        yield step
        if step.open:
            stack += _steps(step.row.children, f"{step.prefix}{step.row.name}.", step.lasts, depth)


def _steps(rows: list[Row], prefix: str, lasts: tuple[bool, ...], depth: int | None) -> list[Step]:
    end = len(rows) - 1
    deeper = depth is None or len(lasts) < depth
    return [
        Step(row, prefix, (*lasts, i == end), deeper and bool(row.children))
        for i, row in reversed(list(enumerate(rows)))
    ]


def size(summary: Summary, depth: int | None = None) -> int:
    """How many rows the tree has, blocks opened `depth` levels deep; shared lists are counted once each time they are
    shown."""
    known: dict[tuple[int, int | None], int] = {}
    stack: list[tuple[list[Row], int | None, bool]] = [(summary.layers, depth, False)]
    while stack:
        rows, left, ready = stack.pop()
        key, below = (id(rows), left), None if left is None else left - 1
        inner = [row.children for row in rows if row.children] if left != 0 else []
        if key in known:
            continue
        if ready:
            known[key] = len(rows) + sum(known[id(children), below] for children in inner)
            continue
        stack.append((rows, left, True))
        stack.extend((children, below, False) for children in inner if (id(children), below) not in known)
    return known[id(summary.layers), depth]


def left_out(summary: Summary, depth: int | None = None) -> list[str]:
    """A line that says how many rows `walk` does not show, where it does not show all."""
    rest = size(summary, depth) - MOST_ROWS
    return [f"… and {rest:,} more"] if rest > 0 else []
