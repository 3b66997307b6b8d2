"""The course of a wire: straight pieces with soft corners, an arrowhead at its end."""

from __future__ import annotations

from typing import Literal, TypeAlias

from nndsl.backends.draw.scene import Point, Wire

BEND, SKIP_BEND = 7.0, 16.0
ARROW = 7.0

Move: TypeAlias = tuple[Literal["M", "L"], Point] | tuple[Literal["Q"], Point, Point]


def course(wire: Wire) -> list[Move]:
    """To the first point; lines, and quadratic curves with the corner as their control point. It ends short of the
    tip of its arrow."""
    points = wire.points
    bend = SKIP_BEND if wire.skip else BEND
    moves: list[Move] = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(bend, _length(before, corner) / 2, _length(corner, after) / 2)
        moves.append(("L", _toward(corner, before, reach)))
        moves.append(("Q", corner, _toward(corner, after, reach)))
    short = ARROW - 1 if wire.arrow else 0.0
    moves.append(("L", _toward(points[-1], points[-2], min(short, _length(points[-1], points[-2])))))
    return moves


def arrow(wire: Wire) -> list[Point]:
    """The three corners of its arrowhead, the tip first."""
    before, tip = wire.points[-2:]
    back = _toward(tip, before, ARROW)
    dx, dy = (tip[0] - back[0]) * 0.45, (tip[1] - back[1]) * 0.45
    return [tip, (back[0] - dy, back[1] + dx), (back[0] + dy, back[1] - dx)]


def _length(a: Point, b: Point) -> float:
    return float(abs(a[0] - b[0]) + abs(a[1] - b[1]))


def _toward(a: Point, b: Point, distance: float) -> Point:
    length = ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2) ** 0.5
    if not length:
        return a
    return a[0] + (b[0] - a[0]) * distance / length, a[1] + (b[1] - a[1]) * distance / length
