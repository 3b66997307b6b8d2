"""From a laid-out figure to the scene: absolute places, header and legend, and which lines show which edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from nndsl.backends.draw.content import (
    ROLE,
    ROLE_GAP,
    ROLE_LINE,
    SHAPE,
    Content,
    Run,
    Writer,
    line_width,
)
from nndsl.backends.draw.facts import totals
from nndsl.backends.draw.figures import planned
from nndsl.backends.draw.junctions import part
from nndsl.backends.draw.layout import Laid, lay
from nndsl.backends.draw.lines import may_skip, only_training
from nndsl.backends.draw.metrics import shortened
from nndsl.backends.draw.opening import Opening, globs
from nndsl.backends.draw.plan import Figure, Planner, Thing
from nndsl.backends.draw.scene import Box, Cluster, Direction, Edge, Point, Scene, Swatch, Text, Wire
from nndsl.backends.draw.strips import bounds, broken, shift
from nndsl.backends.draw.style import LEGEND, LIGHT, PILLS, Font, Theme, Tone
from nndsl.ir.graph import Graph

MARGIN = 24.0
LEAST_WIDTH = 260.0
LEGEND_ROW = 18.0
MOST_TITLE = 60
SWATCH = (18.0, 11.0)
LINES = {"skip": "skip connection", "training": "training only", "back": "to the next step"}
SIGN_WORDS = {"©": "concatenate", "·": "matrix product"}  # signs that need a word
LABEL_AT: dict[Direction, Point] = {"up": (6.0, -5.0), "down": (6.0, 12.0), "right": (5.0, -4.0)}  # from a wire's tail

Feed = tuple[str, list[int]]  # which box a value comes from, and by which lines it came so far


def scene(
    graph: Graph,
    *,
    depth: int | None = None,
    expand: str | Sequence[str] = (),
    collapse: str | Sequence[str] = (),
    max_nodes: int | None = None,
    direction: Direction = "up",
    font: Font = "sans",
    theme: Theme = LIGHT,
    labels: bool = True,
    wrap: int = 1,
) -> Scene:
    """The picture of a model. `depth`: how many levels of blocks are open (0: none); None: what reads well. `expand`,
    `collapse`: globs of blocks that are open or closed all the same. `max_nodes`: how many boxes there are at most.
    `direction`: where the data flow. `labels`: whether boxes bear the names of their layers.
    `wrap`: into how many columns a long picture is broken (rows, where data flow to the right).

    Raises CannotOpen for a glob that matches nothing, and for too few boxes."""
    opening = Opening(depth, globs(expand), globs(collapse), max_nodes)
    return picture(planned(graph, opening, folds=True), direction, font, theme, labels=labels, wrap=wrap)


def picture(planner: Planner, direction: Direction, font: Font, theme: Theme, *, labels: bool, wrap: int = 1) -> Scene:
    """The picture of what is planned."""
    graph = planner.root
    writer = Writer(planner, direction, font, labels=labels)
    laid = lay(planner.whole(), writer, "", None)
    made = Scene(0.0, 0.0, shortened(graph.name, 80), direction, font, theme)
    made.header = _header(graph, writer)
    width, height = (laid.height, laid.width) if direction == "right" else (laid.width, laid.height)
    Painter(made, writer).paint(laid, (0.0, height if direction == "up" else 0.0), "", None, [])
    left = upper = 0.0
    if wrap > 1:
        made.strips = broken(made, wrap)
        left, upper, right, lower = bounds(made)
        width, height = right - left, lower - upper
    made.width = max(width, LEAST_WIDTH, *(text.width for text in made.header)) + 2 * MARGIN
    top = MARGIN + sum(text.size * 1.45 for text in made.header) + 6.0
    shift(made, (made.width - width) / 2 - left, top - upper)
    made.height = _legend(made, writer, top + height + 22.0) + MARGIN
    return made


def _header(graph: Graph, writer: Writer) -> list[Text]:
    words = totals(graph, writer.planner.costs.of(graph))
    y = MARGIN + 12.0
    title = _text(writer.run(shortened(graph.name, MOST_TITLE), 17.0, True), MARGIN, y)
    return [title, _text(writer.run(words, 11.0, False, "grey"), MARGIN, y + 18.0)]


def _text(run: Run, x: float, y: float) -> Text:
    return Text(x, y, run.text, run.size, run.width, run.bold, run.tone)


def _line(runs: list[Run], x: float, y: float) -> list[Text]:
    texts = []
    for run in runs:
        texts.append(_text(run, x, y))
        x += run.width
    return texts


class Painter:
    """Puts figures on the page: the flow, y in a figure, goes where the scene says."""

    def __init__(self, scene: Scene, writer: Writer) -> None:
        self.scene = scene
        self.writer = writer

    def paint(
        self,
        laid: Laid,
        at: Point,
        path: str,
        parent: str | None,
        feeds: list[Feed],
        skips: frozenset[int] = frozenset(),
    ) -> list[Feed]:
        """`at`: where the figure's origin is; `feeds`: what the inputs are given; `skips`: the outputs that are skip
        connections further on. Gives what the outputs give."""
        wires = self.scene.wires
        inputs = zip(laid.figure.inputs, feeds, strict=False)
        skipping = {thing for thing, (_, lines) in inputs if lines and wires[lines[-1]].skip}
        skipping |= {laid.figure.outputs[port] for port in skips}
        drawn = {flow: self._wire(laid, flow, at, skipping) for flow in sorted(laid.wires)}
        self._part(laid, drawn)
        for x, y, runs in laid.labels.values():
            page_x, page_y = self._place(at, x, y)
            dx, dy = LABEL_AT[self.scene.direction]
            self.scene.labels.extend(_line(runs, page_x + dx, page_y + dy))
        for number in laid.numbers:
            page_x, page_y = self._place(at, number.x, number.y)
            run = number.run
            self.scene.labels.append(_text(run, page_x - run.width / 2, page_y + run.size * 0.36))
        known = len(self.scene.edges)
        for line in laid.returns:
            wires.append(Wire([self._place(at, x, y) for x, y in line], back=True))
        incoming: dict[int, list[int]] = {}
        for i, flow in enumerate(laid.figure.flows):
            incoming.setdefault(flow.head, []).append(i)
        leaving = self._skipping_ports(laid, drawn)
        given: dict[tuple[int, int], Feed] = {}
        if parent is not None or feeds:
            given = {(thing, 0): feed for thing, feed in zip(laid.figure.inputs, feeds, strict=True)}
        results: list[Feed] = []
        for i, thing in enumerate(laid.figure.things):
            arriving = self._arriving(laid, incoming.get(i, []), given, drawn)
            self._thing(laid, i, thing, at, path, parent, arriving, given, results, leaving.get(i, frozenset()))
        self._returns(laid.figure, drawn, results, self.scene.edges[known:])
        return results

    def _skipping_ports(self, laid: Laid, drawn: dict[int, int]) -> dict[int, frozenset[int]]:
        """Of each open block, the outputs whose flows are all skip connections: they are inside it too."""
        skips: dict[int, dict[int, bool]] = {}
        for flow, i in drawn.items():
            tail, port = laid.figure.flows[flow].tail, laid.figure.flows[flow].tail_port
            if tail in laid.inner:
                ports = skips.setdefault(tail, {})
                ports[port] = ports.get(port, True) and self.scene.wires[i].skip
        return {tail: frozenset(port for port, skip in ports.items() if skip) for tail, ports in skips.items()}

    def _part(self, laid: Laid, drawn: dict[int, int]) -> None:
        """The lines of each value, where several things need it."""
        values: dict[tuple[int, int], list[int]] = {}
        for flow, i in drawn.items():
            values.setdefault((laid.figure.flows[flow].tail, laid.figure.flows[flow].tail_port), []).append(i)
        for group in values.values():
            part(self.scene.wires, group)

    def _place(self, origin: Point, x: float, y: float) -> Point:
        match self.scene.direction:
            case "up":
                return origin[0] + x, origin[1] - y
            case "down":
                return origin[0] + x, origin[1] + y
            case "right":
                return origin[0] + y, origin[1] + x

    def _returns(self, figure: Figure, drawn: dict[int, int], results: list[Feed], edges: list[Edge]) -> None:
        """From what makes a state to all that reads it in the next step."""
        for begin, end in figure.returns:
            lines = {line for flow, line in drawn.items() if figure.flows[flow].tail == figure.inputs[begin]}
            readers = dict.fromkeys(edge.target for edge in edges if not lines.isdisjoint(edge.wires))
            self.scene.returns.extend((results[end][0], reader) for reader in readers)

    def _arriving(
        self, laid: Laid, flows: list[int], given: dict[tuple[int, int], Feed], drawn: dict[int, int]
    ) -> list[tuple[int, Feed]]:
        found = []
        for i in flows:
            flow = laid.figure.flows[i]
            box, lines = given[flow.tail, flow.tail_port]
            found.append((flow.head_port, (box, [*lines, drawn[i]] if i in drawn else lines)))
        return found

    def _thing(
        self,
        laid: Laid,
        i: int,
        thing: Thing,
        origin: Point,
        path: str,
        parent: str | None,
        arriving: list[tuple[int, Feed]],
        given: dict[tuple[int, int], Feed],
        results: list[Feed],
        skips: frozenset[int],
    ) -> None:
        at = self._place(origin, *laid.things[i])
        here = f"{path}{thing.label}"
        if parent is not None and thing.kind == "input":
            return
        if parent is not None and thing.kind == "output":
            results.extend(feed for _, feed in arriving)
            return
        if i in laid.inner:
            for port, feed in enumerate(self._frame(laid.inner[i], thing, at, here, parent, arriving, skips)):
                given[i, port] = feed
            return
        box = self._box(thing, laid.contents[i], at, here)
        box.texts += [self._role(*self._place(origin, x, y), run) for x, y, run in laid.roles.get(i, [])]
        box.cluster = parent or None
        box.told = "".join(run.text for run in laid.contents[i].label)
        for port in range(max(thing.widest, 1)):
            given[i, port] = (box.id, [])
        self.scene.edges.extend(Edge(source, box.id, lines) for _, (source, lines) in arriving)

    def _frame(
        self,
        laid: Laid,
        thing: Thing,
        at: Point,
        path: str,
        parent: str | None,
        arriving: list[tuple[int, Feed]],
        skips: frozenset[int],
    ) -> list[Feed]:
        assert thing.node is not None
        corner = self._place(at, laid.width, laid.height)
        x, y = min(at[0], corner[0]), min(at[1], corner[1])
        width, height = abs(at[0] - corner[0]), abs(at[1] - corner[1])
        frame = parent if parent is not None else ""
        if not laid.figure.plain:
            frame = f"c{len(self.scene.clusters)}"
            texts = [text for cx, cy, runs in laid.caption for text in _line(runs, x + cx, y + cy)]
            title = self.writer.title(thing, path)
            above = parent or None
            self.scene.clusters.append(Cluster(frame, path, x, y, width, height, texts, title, above, thing.count))
            self.scene.clusters[-1].dashed = not thing.counted or thing.node.mode is not None
        members = f"{path}.{thing.member}." if thing.member else f"{path}."
        feeds = [feed for _, feed in sorted(arriving, key=lambda a: a[0])]
        return self.paint(laid, at, members, frame, feeds, skips)

    def _box(self, thing: Thing, content: Content, at: Point, path: str) -> Box:
        middle_x, middle_y = self._middle(at, content)
        x, y = middle_x - content.width / 2, middle_y - content.height / 2
        leading = 12.0 if content.shape == "pill" else 15.0
        texts: list[Text] = []
        room_x, room_y = role_room(self.scene.direction, list(content.roles.values()))
        middle_x, middle_y = middle_x + room_x, middle_y + room_y
        middle = middle_y - (len(content.lines) - 1) * leading / 2
        for k, runs in enumerate(content.lines):
            largest = max(run.size for run in runs)
            texts += _line(runs, middle_x - line_width(runs) / 2, middle + k * leading + largest * 0.36)
        name = f"n{len(self.scene.boxes)}"
        box = Box(name, path, x, y, content.width, content.height, content.shape, content.family, texts, content.title)
        box.count, box.dashed, box.stacked = thing.count, content.dashed, content.stacked
        self.scene.boxes.append(box)
        return box

    def _role(self, x: float, y: float, run: Run) -> Text:
        """The name of an input, inside of the box, where its line ends."""
        match self.scene.direction:
            case "up":
                return _text(run, x - run.width / 2, y - 6.0)
            case "down":
                return _text(run, x - run.width / 2, y + ROLE + 4.0)
            case "right":
                return _text(run, x + 5.0, y + run.size * 0.36)

    def _middle(self, at: Point, content: Content) -> Point:
        """Of a box, from the middle of the side where the flow enters."""
        along = self.writer.extent(content)[1] / 2
        return self._place(at, 0.0, along)

    def _wire(self, laid: Laid, flow: int, at: Point, skipping: set[int]) -> int:
        """`skipping`: the inputs to which a skip connection comes, and the outputs from which one goes on."""
        head, tail = laid.figure.flows[flow].head, laid.figure.flows[flow].tail
        skips = not skipping.isdisjoint((tail, head)) or (flow in laid.skips and may_skip(laid.figure, flow))
        ends = head in laid.contents and (laid.contents[head].shape != "port" or laid.figure.graph.kind == "model")
        points = [self._place(at, x, y) for x, y in laid.wires[flow]]
        self.scene.wires.append(Wire(points, skips, ends, only_training(laid.figure, flow)))
        return len(self.scene.wires) - 1


def role_room(direction: Direction, roles: list[Run]) -> Point:
    """How far the other words of a box move from the side where names of inputs stand."""
    if not roles:
        return 0.0, 0.0
    widest = max(run.width for run in roles)
    return {"up": (0.0, -ROLE_LINE / 2), "down": (0.0, ROLE_LINE / 2), "right": ((widest + ROLE_GAP) / 2, 0.0)}[
        direction
    ]


def _sample(family: str, x: float, y: float) -> Box | Wire | None:
    """A small line or box of a kind."""
    width, height = SWATCH
    if family in LINES:
        line = [(x, y + height / 2), (x + width, y + height / 2)]
        return Wire(line, **{family: True}, arrow=False)
    if not family:
        return None
    shape: Literal["pill", "box"] = "pill" if family in PILLS else "box"
    return Box("", "", x, y, width, height, shape, family, [], "", stacked=family == "block")


def _legend(made: Scene, writer: Writer, y: float) -> float:
    """Families in the picture, then signs that need a word; in rows as wide as the picture. The height it ends at."""
    used = {box.family for box in made.boxes if box.shape != "circle"}
    signs = sorted({box.texts[0].text for box in made.boxes if box.shape == "circle"})
    texts = [*(t for box in made.boxes for t in box.texts), *(t for frame in made.clusters for t in frame.texts)]
    shared = any("↔" in text.text for text in texts)
    words: list[tuple[str, str, Tone]] = [(family, text, "grey") for family, text in LEGEND.items() if family in used]
    words += [("", f"{sign}  {SIGN_WORDS[sign]}", "grey") for sign in signs if sign in SIGN_WORDS]
    words += [(kind, text, "grey") for kind, text in LINES.items() if any(getattr(wire, kind) for wire in made.wires)]
    if shared:
        words.append(("", "↔  shared weights", "shared"))
    entries = [(family, writer.run(text, SHAPE + 0.5, False, tone)) for family, text, tone in words]
    x = MARGIN
    for family, run in entries:
        room = (SWATCH[0] + 5.0 if family else 0.0) + run.width
        if x > MARGIN and x + room > made.width - MARGIN:
            x, y = MARGIN, y + LEGEND_ROW
        text = _text(run, x + room - run.width, y + 9.0)
        made.legend.append(Swatch(family, text, _sample(family, x, y)))
        x += room + 16.0
    return y + 12.0 if entries else y - 16.0
