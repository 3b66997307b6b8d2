"""Where the cells of rows stand, from left to right: the trunk straight, the others beside it in text order."""

from __future__ import annotations

from typing import TypeAlias

from nndsl.backends.draw.regions import COLUMN_GAP, Leaf, Region, Series

FAN = 6  # more uses than that, and a value is no part of the trunk; its lane is the nearest

Pairs: TypeAlias = dict[tuple[int, int], int]  # tail and head, and the first flow between them


def columns(
    cells: list[Region], order: list[int], row: list[int], pairs: Pairs, last: set[int]
) -> tuple[list[float], float]:
    """Places of the cells' axes, the trunk's lowest at 0, and where the trunk ends."""
    below, length = _continues(cells, order, row, pairs)
    trunk = _trunk(cells, order, below, length, last)
    rows: list[list[int]] = [[] for _ in range(max(row) + 1)]
    for i in sorted(range(len(cells)), key=lambda i: order[i]):
        rows[row[i]].append(i)
    xs = [0.0] * len(cells)
    for members in rows:
        wish = {i: 0.0 if (b := below[i]) is None else xs[b] + _step(cells, pairs, b, i) for i in members}
        members.sort(key=lambda i: (wish[i], order[i]))
        _stand(cells, xs, members, wish, trunk)
    above = {b: i for i, b in reversed(list(enumerate(below))) if b is not None}
    for members in reversed(rows):
        wish = {
            i: xs[i] if (a := above.get(i)) is None or i in trunk else xs[a] - _step(cells, pairs, i, a)
            for i in members
        }
        _stand(cells, xs, members, wish, trunk)
    bottom, top = min(trunk, key=lambda i: row[i]), max(trunk, key=lambda i: row[i])
    shift = xs[bottom]
    return [x - shift for x in xs], xs[top] + cells[top].out - shift


def _step(cells: list[Region], pairs: Pairs, tail: int, head: int) -> float:
    """From the axis of a cell to that of the one above it, where the flow between them goes straight up."""
    flow = pairs[tail, head]
    begin, end = end_of(cells[tail], -1), end_of(cells[head], 0)
    leaves = cells[tail].exit[flow] if isinstance(begin, Leaf) and begin.is_frame else cells[tail].out
    enters = cells[head].entry[flow] if isinstance(end, Leaf) and end.is_frame else 0.0
    return leaves - enters


def end_of(region: Region, at: int) -> Region:
    """What is first or last in a series."""
    while isinstance(region, Series):
        region = region.regions[at]
    return region


def _stand(cells: list[Region], xs: list[float], members: list[int], wish: dict[int, float], trunk: set[int]) -> None:
    """As near as can be to where they wish; the trunk exactly there, the others make room."""
    pinned = next((k for k, i in enumerate(members) if i in trunk), len(members) // 2)
    first = members[pinned]
    xs[first] = wish[first]
    for k in range(pinned + 1, len(members)):
        before, me = members[k - 1], members[k]
        xs[me] = max(wish[me], xs[before] + cells[before].right + COLUMN_GAP - cells[me].left)
    for k in range(pinned - 1, -1, -1):
        after, me = members[k + 1], members[k]
        xs[me] = min(wish[me], xs[after] + cells[after].left - COLUMN_GAP - cells[me].right)


def _continues(
    cells: list[Region], order: list[int], row: list[int], pairs: Pairs
) -> tuple[list[int | None], list[int]]:
    """For each cell the one below it that ends the longest way, and how long the way up to the cell is. Of equal ways
    it is the one from the first input. What goes to many cells, as a mask or a time does, is beside all of them."""
    tails: list[list[int]] = [[] for _ in cells]
    uses = [0] * len(cells)
    for tail, head in pairs:
        tails[head].append(tail)
        uses[tail] += 1
    below: list[int | None] = [None] * len(cells)
    length = [cell.weight for cell in cells]
    root = list(order)
    for i in sorted(range(len(cells)), key=lambda i: row[i]):
        if tails[i]:
            best = max(tails[i], key=lambda tail: (uses[tail] <= FAN, length[tail], -root[tail], -order[tail]))
            below[i], root[i] = best, root[best]
            length[i] += length[best]
    return below, length


def _trunk(
    cells: list[Region], order: list[int], below: list[int | None], length: list[int], last: set[int]
) -> set[int]:
    """The longest way up; what is merely an output does not make it longer."""

    def worth(i: int) -> tuple[int, bool, int]:
        is_mere = i in last and isinstance(cells[i], Leaf)
        return length[i] - (cells[i].weight if is_mere else 0), not is_mere, -order[i]

    at: int | None = max(range(len(below)), key=worth)
    trunk: set[int] = set()
    while at is not None:
        trunk.add(at)
        at = below[at]
    return trunk
