"""Where lines leave a box and where they enter it: apart, and in the order of where they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from nndsl.backends.draw.places import Places

if TYPE_CHECKING:
    from nndsl.backends.draw.regions import Flow

PIN = 14.0  # between wires that enter one box
AT_CIRCLE = 8.0  # between those that enter a circle
MOST_STRAIGHT = 3  # of lines between a box and a circle
CORNER = 6.0  # between the last wire and the end of a side


def spread(count: int, half: float, from_middle: bool = False, pin: float = PIN) -> list[float]:
    """Places for `count` wires around the middle of a side, or from the middle to the right."""
    if count <= 1:
        return [0.0] * count
    if from_middle:
        return [min(PIN, max(half - CORNER, 4) / (count - 1)) * i for i in range(count)]
    step = min(pin, max(half * 2 - 10, 8) / (count - 1))
    return [step * (i - (count - 1) / 2) for i in range(count)]


def leave(exits: Places, flows: Sequence[Flow], toward: Mapping[int, float], axis: float, half: float) -> None:
    """The values of a box leave it below where they go, as far as it reaches, so that none crosses another. `toward`:
    where each flow goes; `axis`, `half`: the middle of the box, and half its width."""
    aims: dict[int, float] = {}
    for flow, x in toward.items():
        value = flows[flow].value
        if value not in aims or abs(x - axis) < abs(aims[value]):
            aims[value] = x - axis
    if len(aims) < 2:
        return
    now = {flows[flow].value: exits[flow] for flow in toward}
    order = sorted(aims, key=lambda value: (aims[value], now[value]))
    found = dict(zip(order, _apart([aims[value] for value in order], max(half - CORNER, 4.0)), strict=True))
    for flow in toward:
        exits[flow] = axis + found[flows[flow].value]


def leave_for_circle(exits: Places, flows: Sequence[Flow], axis: float) -> None:
    """Two or three values that all go into one circle go straight up."""
    places = {flows[flow].value: x for flow, x in exits.items()}
    if 1 < len(places) <= MOST_STRAIGHT:
        order = sorted(places, key=places.__getitem__)
        found = {value: axis + AT_CIRCLE * (i - (len(order) - 1) / 2) for i, value in enumerate(order)}
        for flow in [*exits]:
            exits[flow] = found[flows[flow].value]


def go_straight(places: Sequence[float]) -> bool:
    """Do lines from here go straight into a circle, in the order in which they are given?"""
    reach = AT_CIRCLE * (MOST_STRAIGHT - 1) / 2 + 0.01
    apart = all(b - a > AT_CIRCLE - 0.01 for a, b in pairwise(places))
    return len(places) > 1 and apart and all(abs(x) <= reach for x in places)


def _apart(aims: list[float], reach: float) -> list[float]:
    """As near as can be to their aims, which increase; the one that is nearest to the middle comes first."""
    last = len(aims) - 1
    step = min(PIN, 2 * reach / last)
    first = min(range(len(aims)), key=lambda i: abs(aims[i]))
    places = [min(max(aim, step * i - reach), reach - step * (last - i)) for i, aim in enumerate(aims)]
    for i in range(first + 1, len(aims)):
        places[i] = max(places[i], places[i - 1] + step)
    for i in range(first - 1, -1, -1):
        places[i] = min(places[i], places[i + 1] - step)
    return places
