"""A figure's sizes and places: each open block is laid out once, then stands in its frame as one box."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

from nndsl.backends.draw import captions, feedback
from nndsl.backends.draw.channel import STRAIGHT
from nndsl.backends.draw.content import Content, Run, Writer, line_width
from nndsl.backends.draw.orders import Number, numbers
from nndsl.backends.draw.plan import Figure, Thing
from nndsl.backends.draw.regions import LABEL_OVER, Body, Flow, Leaf, Point, settle
from nndsl.backends.draw.structure import Structure

SIDE = 14.0  # between a frame and what it holds
FOOT = 6.0
STRIP = 17.0  # for the shape beside a wire
LABEL_LINE = 9.0  # for one above it
LABEL_FROM_TAIL = 5.0  # where it is drawn, along the wire


@dataclass(slots=True, eq=False)
class Laid:
    """A figure with places: relative to the corner of its frame where the flow enters, y along the flow, x across it.
    `caption`: from the upper left corner that the frame has on the page."""

    figure: Figure
    width: float
    height: float
    things: dict[int, Point]  # centre of the lower side (frames: lower left corner)
    contents: dict[int, Content]
    inner: dict[int, Laid]
    wires: dict[int, list[Point]]
    skips: set[int]
    ports_in: list[float]
    ports_out: list[float]
    caption: list[tuple[float, float, list[Run]]] = field(default_factory=list)
    labels: dict[int, tuple[float, float, list[Run]]] = field(default_factory=dict)  # by the thing
    roles: dict[int, list[tuple[float, float, Run]]] = field(default_factory=dict)  # of a thing: where its inputs enter
    numbers: list[Number] = field(default_factory=list)  # of operands, beside their lines
    returns: list[list[Point]] = field(default_factory=list)  # the ways of a loop's states
    weight: int = 1
    parted: set[int] = field(default_factory=set)  # outputs whose values go on to other things inside


def lay(figure: Figure, writer: Writer, path: str, framed: Thing | None) -> Laid:
    """`framed`: the thing whose inside this is; None for a model."""
    contents: dict[int, Content] = {}
    inner: dict[int, Laid] = {}
    leaves = _leaves(figure, writer, path, framed, contents, inner)
    for i, leaf in enumerate(leaves):
        if i in inner:
            leaf.set_frame(inner[i].ports_in, inner[i].ports_out, figure.flows)
        else:
            leaf.set_pins(figure.flows)
            _room_for_label(leaf, figure, i, contents[i], writer)
    flows = [replace(f, parted=f.tail in inner and f.tail_port in inner[f.tail].parted) for f in figure.flows]
    region = Structure(leaves, flows).region()
    body = settle(region)
    left, right = region.left, region.right
    laid = _framed(figure, writer, framed, body, leaves, (left, right, region.height), contents, inner)
    laid.weight = region.weight
    laid.parted = _parted(figure, flows)
    return laid


def _parted(figure: Figure, flows: list[Flow]) -> set[int]:
    outputs = {thing: port for port, thing in enumerate(figure.outputs)}
    used = {(flow.tail, flow.tail_port) for flow in flows if flow.head not in outputs}
    ends = [flow for flow in flows if flow.head in outputs]
    return {outputs[f.head] for f in ends if f.parted or (f.tail, f.tail_port) in used}


def _leaves(
    figure: Figure,
    writer: Writer,
    path: str,
    framed: Thing | None,
    contents: dict[int, Content],
    inner: dict[int, Laid],
) -> list[Leaf]:
    leaves = []
    for i, thing in enumerate(figure.things):
        here = f"{path}{thing.label}"
        if thing.body is not None:
            members = f"{here}.{thing.member}." if thing.member else f"{here}."
            laid = lay(thing.body, writer, members, thing)
            inner[i] = laid
            leaves.append(Leaf(i, laid.width, laid.height))
            leaves[-1].weight = 0 if _only_trains(thing) else max(laid.weight, 1)
            continue
        is_point = framed is not None and thing.kind != "node"
        content = writer.content(thing, here)
        contents[i] = content
        leaf = Leaf(i, 0.0, 0.0) if is_point else Leaf(i, *writer.extent(content))
        leaf.is_round, leaf.is_ordered = content.shape == "circle", bool(content.numbers)
        leaf.named, leaf.pin = bool(content.roles), content.pin
        leaf.is_input = thing.kind == "input"
        leaf.weight = 0 if is_point or _only_trains(thing) else 1
        leaves.append(leaf)
    for i, flow in enumerate(figure.flows):
        leaves[flow.tail].outgoing.append(i)
        leaves[flow.head].incoming.append(i)
    return leaves


def _only_trains(thing: Thing) -> bool:
    """What is left out of the trained model is never its trunk."""
    return thing.node is not None and thing.node.mode == "train"


def _room_for_label(leaf: Leaf, figure: Figure, at: int, content: Content, writer: Writer) -> None:
    content.label = exit_label(figure, at, [figure.flows[f] for f in leaf.outgoing], writer)
    if content.label and writer.direction == "right" and not leaf.is_round:
        leaf.label_along(LABEL_LINE + 4.0, line_width(content.label))
    elif content.label and writer.direction == "right":
        leaf.label(before=LABEL_LINE, strip=line_width(content.label) + 10.0)
    elif content.label:
        leaf.label(after=line_width(content.label), strip=STRIP)


def exit_label(figure: Figure, at: int, leaving: list[Flow], writer: Writer) -> list[Run]:
    """A shape is told beside the wire, unless only an output follows, which tells it itself."""
    told = all(figure.things[flow.head].kind == "output" for flow in leaving) and figure.graph.kind == "model"
    if told or len({flow.value for flow in leaving}) != 1:
        return []
    return writer.exit_label(figure.things[at], leaving[0].tail_port)


def _framed(
    figure: Figure,
    writer: Writer,
    framed: Thing | None,
    body: Body,
    leaves: list[Leaf],
    extent: tuple[float, float, float],
    contents: dict[int, Content],
    inner: dict[int, Laid],
) -> Laid:
    left, right, height = extent
    caption: list[tuple[float, float, list[Run]]] = []
    foot = head = 0.0
    loop_room, loop_side = feedback.room(len(figure.returns))
    side = right
    if framed is not None and not figure.plain:
        left, right, foot, head = left - SIDE, right + SIDE + loop_side, FOOT, FOOT
        found = captions.parts(writer, framed)
        if writer.direction == "right":
            beside = captions.beside(found, height + 2 * (FOOT + loop_room))
            foot = head = FOOT + loop_room + beside.right / 2
            left -= beside.room - SIDE
            caption = beside.placed
        else:
            is_up = writer.direction == "up"
            ends = [body.things[i][0] for i in (figure.outputs if is_up else figure.inputs)]
            above = captions.above(found, ends, left, right)
            low, high = _clear(figure, body, leaves, height) if not loop_room else (0.0, 0.0)
            left, right = above.left, above.right
            caption = [(x - left, y, runs) for x, y, runs in above.placed]
            foot, head = (FOOT, max(FOOT, above.room - high)) if is_up else (max(FOOT, above.room - low), FOOT)
            foot, head = foot + loop_room, head + loop_room
    top = foot + height + head
    laid = Laid(figure, right - left, top, {}, contents, inner, {}, body.skips, [], [])
    for i, (x, y) in body.things.items():
        laid.things[i] = (x - left + (leaves[i].left if i in inner else 0.0), y + foot)
    laid.ports_in = [laid.things[i][0] for i in figure.inputs]
    laid.ports_out = [laid.things[i][0] for i in figure.outputs]
    laid.caption = caption
    laid.returns = feedback.ways(figure, laid.things, (foot, foot + height, side - left))
    for i, content in contents.items():
        if content.label:
            x, y = laid.things[i]
            laid.labels[i] = (x + leaves[i].out, y + leaves[i].glyph_height, content.label)
            if leaves[i].told:
                start = leaves[i].glyph_height + LABEL_OVER - line_width(content.label)
                laid.labels[i] = (x - leaves[i].half, y + max(start, 0.0) - LABEL_FROM_TAIL, content.label)
    _wires(figure, body, laid, -left, foot, framed is not None, top)
    for flow, line in sorted(laid.wires.items()):
        head, port = figure.flows[flow].head, figure.flows[flow].head_port
        if head in contents and port in contents[head].roles:
            laid.roles.setdefault(head, []).append((*line[-1], contents[head].roles[port]))
    for i, content in contents.items():
        if leaves[i].is_round:
            _touch(leaves[i], laid)
        if content.numbers:
            tips = {flow: laid.wires[flow][-1] for flow in leaves[i].incoming}
            laid.numbers += numbers(leaves[i], laid.things[i], tips, figure.flows, content.numbers)
    return laid


def _touch(circle: Leaf, laid: Laid) -> None:
    """What enters beside its lowest point goes on to its outline."""
    x, y = laid.things[circle.thing]
    for flow in circle.incoming:
        tip, low = laid.wires[flow][-1], laid.wires[flow][-1][1] - y
        if abs(low) < STRAIGHT and abs(tip[0] - x) < circle.half:
            laid.wires[flow][-1] = tip[0], y + circle.middle - circle.half_at(tip[0] - x)


def _clear(figure: Figure, body: Body, leaves: list[Leaf], height: float) -> Point:
    """How far above the lower and below the upper side of what a frame holds only upright lines are."""
    spans = [(y, y + leaves[i].height) for i, (_, y) in body.things.items() if figure.things[i].kind == "node"]
    for pieces in body.pieces.values():
        spans += [(ay, ay) for line in pieces for (ax, ay), (bx, _) in pairwise(line) if abs(ax - bx) > STRAIGHT]
    return min((low for low, _ in spans), default=height), height - max((high for _, high in spans), default=0.0)


def _wires(figure: Figure, body: Body, laid: Laid, dx: float, dy: float, points: bool, top: float) -> None:
    """The pieces of each flow in one line; from the side of a frame where it enters, to that where it leaves."""
    for flow, pieces in body.pieces.items():
        pieces.sort(key=lambda piece: (piece[0][1], piece[-1][1]))
        line = [(x + dx, y + dy) for piece in pieces for x, y in piece]
        if points and figure.things[figure.flows[flow].tail].kind == "input":
            line.insert(0, (line[0][0], 0.0))
        if points and figure.things[figure.flows[flow].head].kind == "output":
            line.append((line[-1][0], top))
        laid.wires[flow] = straightened(line)


def straightened(line: list[Point]) -> list[Point]:
    """Without points that stand still or lie between two others."""
    kept: list[Point] = []
    for x, y in line:
        if kept and abs(kept[-1][0] - x) < 0.02 and abs(kept[-1][1] - y) < 0.02:
            continue
        if len(kept) > 1 and _between(kept[-2], kept[-1], (x, y)):
            kept.pop()
        kept.append((x, y))
    return kept


def _between(a: Point, b: Point, c: Point) -> bool:
    upright = abs(a[0] - b[0]) < 0.02 and abs(b[0] - c[0]) < 0.02
    level = abs(a[1] - b[1]) < 0.02 and abs(b[1] - c[1]) < 0.02
    return upright or level
