"""Which operand of a sign is the first: the left one, unless small numbers beside the arrowheads say otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.backends.draw.content import Run
from nndsl.backends.draw.regions import Flow, Leaf, Point

BEYOND = 9.0  # from an arrowhead's tip along its line, and from the line
ABOVE = 7.0
BELOW, ASIDE = 5.0, 6.5


@dataclass(slots=True)
class Number:
    """`x`, `y`: its middle."""

    x: float
    y: float
    run: Run


def numbers(leaf: Leaf, at: Point, ends: dict[int, Point], flows: list[Flow], runs: list[Run]) -> list[Number]:
    """Beside the lines that enter a circle whose operands do not stand in their order from left to right.

    `at`: the middle of its lower side; `ends`: where each line ends."""
    order = sorted(ends, key=lambda flow: flows[flow].head_port)
    if len(order) != len(runs) or len({flows[flow].value for flow in order}) < len(order):
        return []
    first, second = ((x, at[1] if y < at[1] + leaf.middle / 2 else y) for x, y in (ends[flow] for flow in order))
    if second[0] - first[0] > 1.0:
        return []
    centre = at[0], at[1] + leaf.middle
    return [Number(*_beside(end, centre, other), run) for end, other, run in
            ((first, second, runs[0]), (second, first, runs[1]))]  # fmt: skip


def _beside(end: Point, centre: Point, other: Point) -> Point:
    """Away from the line of the other operand where both enter the same side."""
    across, along = end[0] - centre[0], end[1] - centre[1]
    if abs(across) < abs(along):
        return end[0] + (ASIDE if end[0] > other[0] and abs(other[0] - centre[0]) < abs(along) else -ASIDE), end[
            1
        ] - BELOW
    same = (other[0] - centre[0]) * across > 0
    return end[0] + (BEYOND if across > 0 else -BEYOND), end[1] + (-ABOVE if same and other[1] > end[1] else ABOVE)
