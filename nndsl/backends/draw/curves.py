"""The course of a wire: straight pieces with soft corners, an arrowhead at its end."""

from __future__ import annotations

from typing import Literal, TypeAlias

from nndsl.backends.draw.scene import Cluster, Point, Side, Wire

BEND, SKIP_BEND = 7.0, 16.0
ARROW = 7.0
FRAME_BEND = 9.0

Move: TypeAlias = tuple[Literal["M", "L"], Point] | tuple[Literal["Q"], Point, Point]


def course(wire: Wire) -> list[Move]:
    """To the first point; lines, and quadratic curves with the corner as their control point. It ends short of the
    tip of its arrow."""
    points = wire.points
    moves = _bent(points, SKIP_BEND if wire.skip else BEND)
    short = ARROW - 1 if wire.arrow else 0.0
    moves.append(("L", _toward(points[-1], points[-2], min(short, _length(points[-1], points[-2])))))
    return moves


def _bent(points: list[Point], bend: float) -> list[Move]:
    """All but the way to the last point."""
    moves: list[Move] = [("M", points[0])]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(bend, _length(before, corner) / 2, _length(corner, after) / 2)
        moves.append(("L", _toward(corner, before, reach)))
        moves.append(("Q", corner, _toward(corner, after, reach)))
    return moves


def outline(frame: Cluster) -> list[list[Move]]:
    """The sides of a frame that is cut: what they enclose is filled, all together; where it is cut it has no side."""
    x0, y0, x1, y1 = frame.x, frame.y, frame.x + frame.width, frame.y + frame.height
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    sides: list[Side] = ["top", "right", "bottom", "left"]
    first = next(i for i in range(4) if sides[i - 1] in frame.cut and sides[i] not in frame.cut)
    lines: list[list[Point]] = []
    for i in range(first, first + 4):
        if sides[i % 4] in frame.cut:
            continue
        if sides[i % 4 - 1] in frame.cut:
            lines.append([corners[i % 4]])
        lines[-1].append(corners[(i + 1) % 4])
    return [[*_bent(line, FRAME_BEND), ("L", line[-1])] for line in lines]


def filled(lines: list[list[Move]]) -> list[Move]:
    """One course around all that the lines enclose."""
    return [lines[0][0], *(("L", move[-1]) if move[0] == "M" else move for line in lines for move in line)]


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
