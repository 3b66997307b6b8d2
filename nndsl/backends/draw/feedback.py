"""The way back of a loop's states: from where a step leaves one to where the next step finds it, at the right of all
that the frame holds, in room that the frame keeps for it.

Coordinates are those of `layout.py`: relative to the corner of the frame where the flow enters, y along the flow.
"""

from __future__ import annotations

from nndsl.backends.draw.plan import Figure
from nndsl.backends.draw.regions import LANE, Point

TRACK = 9.0  # between ways back, below and above what the frame holds
CLEAR = 7.0  # from what it holds to the first


def room(count: int) -> tuple[float, float]:
    """That so many ways need below and above what a frame holds, and at its side."""
    return (CLEAR + TRACK * count, LANE * count) if count else (0.0, 0.0)


def ways(figure: Figure, things: dict[int, Point], inside: tuple[float, float, float]) -> list[list[Point]]:
    """`inside`: where what the frame holds begins and ends along the flow, and its right side."""
    low, high, right = inside
    found = []
    for k, (first, last) in enumerate(figure.returns):
        begin, end = things[figure.inputs[first]][0], things[figure.outputs[last]][0]
        aside, above, below = right + LANE * (k + 1), high + CLEAR + TRACK * k, low - CLEAR - TRACK * k
        found.append([(end, above), (aside, above), (aside, below), (begin, below)])
    return found
