"""Boxes of boxes: how a block's body becomes rectangles that never overlap.

A body is a tree of regions. A `Leaf` is one thing that is drawn, a `Series` stacks regions along the flow, a `Parallel`
(in parallel.py) puts branches side by side, a `Rows` (in rows.py) holds what is neither. Each region owns its rectangle
and the wires inside it; between two regions lies a channel that holds nothing but wires. So nothing overlaps by
construction.

Coordinates: y grows along the flow; its origin is where the flow enters: x = 0 is its axis, y = 0 the lower side.
`entry` and `exit` say where each flow passes the lower and the upper side. `out` is the axis at the upper side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nndsl.backends.draw.pins import PIN, leave, leave_for_circle, spread
from nndsl.backends.draw.places import Places

Point: TypeAlias = tuple[float, float]

COLUMN_GAP = 26.0
LANE_GAP = 20.0  # between a column and the first wire at its side
LANE = 12.0  # between wires at a side
LABEL_OVER = 6.0  # of a label along a box, behind its end


@dataclass(slots=True)
class Flow:
    """A value on its way from one thing to another, in one body. `port`s matter where a thing is an open frame.

    `parted`: inside the frame that it comes from, its value goes on to other things too."""

    tail: int
    head: int
    value: int
    tail_port: int = 0
    head_port: int = 0
    parted: bool = False


@dataclass(slots=True)
class Body:
    """What placing a region fills: where things are, and the course of each flow."""

    things: dict[int, Point] = field(default_factory=dict)  # centre of the lower side
    pieces: dict[int, list[list[Point]]] = field(default_factory=dict)
    skips: set[int] = field(default_factory=set)


class Region:
    """Base: `measure` runs once all children are measured, `place` before any child is placed."""

    __slots__ = (
        "bypasses",
        "children",
        "entry",
        "exit",
        "height",
        "left",
        "out",
        "pieces",
        "right",
        "skips",
        "weight",
    )

    def __init__(self) -> None:
        self.left = self.right = self.out = self.height = 0.0
        self.weight = 1  # how many things follow each other inside
        self.entry = Places()
        self.exit = Places()
        self.skips: set[int] = set()  # flows that pass this region at its side
        self.bypasses: set[int] = set()  # those of a value that also goes into it: shown as skip connections
        self.pieces: list[tuple[int, list[Point]]] = []
        self.children: list[tuple[Region, float, float]] = []

    def measure(self) -> None:
        """Each kind of region has its own."""
        raise NotImplementedError

    def parts(self) -> list[Region]:
        """What lies inside, before it is measured."""
        return []

    def fed(self, flows: list[Flow]) -> set[int]:
        """The values of the flows that go in, or pass."""
        return {flows[f].value for f in self.entry}

    def adopt(self, child: Region, x: float, y: float) -> None:
        self.children.append((child, x, y))
        self.left = min(self.left, x + child.left)
        self.right = max(self.right, x + child.right)

    def wire(self, flow: int, *points: Point) -> None:
        self.pieces.append((flow, list(points)))
        self.right = max(self.right, *(x for x, _ in points))
        self.left = min(self.left, *(x for x, _ in points))


class Leaf(Region):
    """One thing: a box, a circle, an open frame, a point of the border. `strip`: room for the label at its exit;
    `told`: a label stands along its left side; `named`: each line enters below its name, `pin` apart, and
    none from a side; `is_ordered`: its operands must not be taken for each other."""

    __slots__ = (
        "glyph_height",
        "half",
        "in_ports",
        "incoming",
        "is_frame",
        "is_input",
        "is_ordered",
        "is_round",
        "named",
        "outgoing",
        "pin",
        "strip",
        "thing",
        "told",
    )

    def __init__(self, thing: int, width: float, height: float) -> None:
        super().__init__()
        self.thing = thing
        self.half = width / 2
        self.glyph_height = height
        self.strip = 0.0
        self.is_round = self.is_ordered = self.is_frame = self.is_input = self.told = self.named = False
        self.pin = PIN
        self.in_ports: dict[int, float] = {}
        self.incoming: list[int] = []
        self.outgoing: list[int] = []
        self.left, self.right = -self.half, self.half

    def set_frame(self, ports_in: list[float], ports_out: list[float], flows: list[Flow]) -> None:
        """Ports as distances from the left side of the frame."""
        self.is_frame = True
        axis = ports_in[0] if ports_in else (ports_out[0] if ports_out else self.half)
        self.left, self.right = -axis, 2 * self.half - axis
        self.out = ports_out[0] - axis if ports_out else 0.0
        self.entry = Places({f: ports_in[flows[f].head_port] - axis for f in self.incoming})
        self.exit = Places({f: ports_out[flows[f].tail_port] - axis for f in self.outgoing})

    def set_pins(self, flows: list[Flow]) -> None:
        """Flows of one value leave at one place; what enters is spread."""
        ports: dict[int, int] = {}
        for f in self.outgoing:
            value, port = flows[f].value, flows[f].tail_port
            ports[value] = min(port, ports.get(value, port))
        values = sorted(ports, key=ports.__getitem__)
        together = len({flows[f].head for f in self.outgoing}) == 1
        places = dict(zip(values, spread(len(values), self.half, not together), strict=True))
        self.exit = Places({f: places[flows[f].value] for f in self.outgoing})
        self.entry = Places(dict(zip(self.incoming, spread(len(self.incoming), self.half, pin=self.pin), strict=True)))

    def label(self, *, strip: float, before: float = 0.0, after: float = 0.0) -> None:
        """Keep room for a shape beside the wire that leaves: so much of it before or after the wire."""
        self.strip = strip
        self.left = min(self.left, self.out - before - 6) if before else self.left
        self.right = max(self.right, self.out + 6 + after) if after else self.right

    def label_along(self, line: float, length: float) -> None:
        """Keep room for a shape along its left side, which may end a little after it."""
        self.told = True
        self.strip = max(length - self.glyph_height - LABEL_OVER, 0.0)
        self.left = -self.half - line

    def measure(self) -> None:
        self.height = self.glyph_height + self.strip
        if self.strip:
            for flow, x in self.exit.items():
                self.wire(flow, (x, self.glyph_height), (x, self.height))

    @property
    def middle(self) -> float:
        return self.glyph_height / 2

    def half_at(self, off: float) -> float:
        """Half its width, so far above or below its middle."""
        return max(self.half**2 - off**2, 1.0) ** 0.5 if self.is_round else self.half


class Series(Region):
    """One region after another along the flow, each aligned with the exit of the one below."""

    __slots__ = ("flows", "regions", "values")

    def __init__(self, regions: list[Region], flows: list[Flow]) -> None:
        super().__init__()
        self.regions = regions
        self.flows = flows
        self.values: set[int] = set()  # of the flows that go in

    def parts(self) -> list[Region]:
        return self.regions

    def fed(self, flows: list[Flow]) -> set[int]:
        return self.values

    def measure(self) -> None:
        from nndsl.backends.draw.channel import connect

        first = self.regions[0]
        self.entry = passed_on(first, first.entry)
        self.values = first.fed(self.flows)
        self.adopt(first, 0.0, 0.0)
        x, y, below = 0.0, first.height, first
        for above in self.regions[1:]:
            above_x = x + below.out - _main_port(below, above)
            if isinstance(below, Leaf) and _is_box(below) and not _is_box(above):
                toward = {f: above_x - x + above.entry[f] for f in below.exit if f in above.entry}
                leave(below.exit, self.flows, toward, below.out, below.half)
            elif isinstance(below, Leaf) and _is_box(below) and isinstance(above, Leaf) and above.is_round:
                leave_for_circle(below.exit, self.flows, below.out)
            y += connect(self, below, x, above, above_x, y, self.flows)
            self.adopt(above, above_x, y)
            x, y, below = above_x, y + above.height, above
        self.height = y
        self.out = x + below.out
        self.exit = passed_on(below, below.exit).moved(x)
        self.skips, self.bypasses = below.skips, below.bypasses
        self.weight = sum(region.weight for region in self.regions)


def _is_box(region: Region) -> bool:
    """Lines enter and leave it anywhere at a side."""
    return isinstance(region, Leaf) and not region.is_frame


def _main_port(below: Region, above: Region) -> float:
    """Where the flow that goes straight on enters a frame, which need not be its first port."""
    if not isinstance(above, Leaf) or not above.is_frame:
        return 0.0
    straight = [f for f, x in below.exit.items() if abs(x - below.out) < 0.01 and f in above.entry]
    return above.entry[straight[0]] if straight else 0.0


def passed_on(region: Region, places: Places) -> Places:
    """To what holds the region, which may add to them; those of a leaf stay its own."""
    return places.copy() if isinstance(region, Leaf) else places


def settle(root: Region) -> Body:
    """Measure all regions from the leaves up, then place them from the root down; no recursion, whatever the depth."""
    order, stack = [], [root]
    while stack:
        region = stack.pop()
        order.append(region)
        stack.extend(region.parts())
    for region in reversed(order):
        region.measure()
    around = {id(region.bypasses): region.bypasses for region in order}  # nests share them
    body = Body(skips=set().union(*around.values()))
    placing = [(root, 0.0, 0.0)]
    while placing:
        region, x, y = placing.pop()
        if isinstance(region, Leaf):
            body.things[region.thing] = (x, y)
        for flow, points in region.pieces:
            body.pieces.setdefault(flow, []).append([(x + px, y + py) for px, py in points])
        placing.extend((child, x + cx, y + cy) for child, cx, cy in region.children)
    return body
