"""Where a frame's caption stands: clear of the wires, in the lines and at the side that widen the frame least.

What a caption adds at one side of the wires is added at the other too, so that the frame stays balanced around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

from nndsl.backends.draw.content import Run, Writer, line_width
from nndsl.backends.draw.plan import Thing

CAPTION_LINE = 16.0
NEXT_LINE = 14.0
BELOW = 12.0  # the last line's letters, and room before what follows
INSET = 10.0  # from a frame's side
ASIDE = 9.0  # from a wire
GAP = 7.0  # between the parts of a line
RIGHT = 24.0  # so much must be saved by a caption that is not in the corner

Part: TypeAlias = list[Run]
Placed: TypeAlias = list[tuple[float, float, Part]]


@dataclass(slots=True)
class Caption:
    """Sides of the frame with its caption, places from the same origin, and the room that its lines need. `cost`: what
    speaks against it, beside its size."""

    left: float
    right: float
    placed: Placed
    room: float
    cost: float = 0.0


def parts(writer: Writer, thing: Thing) -> list[Part]:
    """Name and count; the label; what else is told."""
    runs = writer.caption(thing)
    names = [run for run in runs if run.bold]
    labels = [writer.run(run.text.strip(), run.size, False, run.tone) for run in runs if not run.bold]
    return [part for part in (names, labels, writer.caption_detail(thing)) if part]


def _broken(found: list[Part]) -> list[list[list[Part]]]:
    """The ways to break parts into lines, the fewest lines first."""
    if len(found) < 3:
        return [[found], [[part] for part in found]][: len(found)]
    name, label, detail = found
    return [[[name, label, detail]], [[name, label], [detail]], [[name], [label, detail]], [[name], [label], [detail]]]


def _width(line: list[Part]) -> float:
    return sum(map(line_width, line)) + GAP * (len(line) - 1)


def _placed(lines: list[list[Part]], x: float) -> Placed:
    found: Placed = []
    for k, line in enumerate(lines):
        steps = accumulate((line_width(part) + GAP for part in line[:-1]), initial=x)
        found += [(at, CAPTION_LINE + NEXT_LINE * k, part) for at, part in zip(steps, line, strict=True)]
    return found


def _room(lines: list[list[Part]]) -> float:
    return CAPTION_LINE + NEXT_LINE * (len(lines) - 1) + BELOW


def above(found: list[Part], ends: list[float], left: float, right: float) -> Caption:
    """Where the flow goes up or down, left or right of the wires, which pass at `ends`."""
    ways: list[Caption] = []
    for lines in _broken(found):
        width = max(map(_width, lines))
        if not ends:
            ways.append(Caption(left, max(right, left + width + 2 * INSET), _placed(lines, left + INSET), _room(lines)))
        else:
            span = min(ends), max(ends)
            ways.append(_at_left(lines, width + INSET + ASIDE, span, left, right))
            ways.append(_at_right(lines, width + INSET + ASIDE, span, left, right))
    return min(ways, key=lambda way: way.right - way.left + way.room + way.cost)


def _at_left(lines: list[list[Part]], need: float, ends: tuple[float, float], left: float, right: float) -> Caption:
    if need > ends[0] - left:
        left, right = ends[0] - need, max(right, ends[1] + need)
    return Caption(left, right, _placed(lines, left + INSET), _room(lines))


def _at_right(lines: list[list[Part]], need: float, ends: tuple[float, float], left: float, right: float) -> Caption:
    if need > right - ends[1]:
        left, right = min(left, ends[0] - need), ends[1] + need
    return Caption(left, right, _placed(lines, ends[1] + ASIDE), _room(lines), RIGHT)


def beside(found: list[Part], length: float) -> Caption:
    """Where the flow goes to the right, above what flows; `right` tells by how much the frame becomes longer."""
    ways = []
    for lines in _broken(found):
        grown = max(max(map(_width, lines)) + 2 * INSET - length, 0.0)
        ways.append(Caption(0.0, grown, _placed(lines, INSET), _room(lines)))
    return min(ways, key=lambda way: way.right + way.room)
