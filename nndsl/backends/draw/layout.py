"""A figure's sizes and places: each open block is laid out once, then stands in its frame as one box."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.backends.draw.content import Content, Run, Writer, line_width
from nndsl.backends.draw.plan import Figure, Thing
from nndsl.backends.draw.regions import Body, Flow, Leaf, Point, settle
from nndsl.backends.draw.structure import Structure

SIDE = 14.0  # between a frame and what it holds
FOOT = 6.0
HEAD = 8.0
CAPTION_LINE = 16.0
SAVED = 30.0  # of a frame's width, by a caption at the right
STRIP = 17.0  # for the shape beside a wire
LABEL_LINE = 9.0  # for one above it


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
    dots: list[Point]
    ports_in: list[float]
    ports_out: list[float]
    caption: list[tuple[float, float, list[Run]]] = field(default_factory=list)
    labels: list[tuple[float, float, list[Run]]] = field(default_factory=list)
    weight: int = 1


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
    region = Structure(leaves, figure.flows).region()
    body = settle(region)
    left, right = region.left, region.right
    laid = _framed(figure, writer, framed, body, leaves, (left, right, region.height), contents, inner)
    laid.weight = region.weight
    return laid


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
        leaf.is_round = content.shape == "circle"
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
    if content.label and writer.direction == "right":
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
    if framed is not None and not figure.plain:
        left, right, foot, head = left - SIDE, right + SIDE, FOOT, FOOT
        if writer.direction == "right":
            foot = head = SIDE
            room, head, caption = _caption_beside(writer, framed, foot + height, head)
            left -= room
        else:
            is_up = writer.direction == "up"
            ends = [body.things[i][0] for i in (figure.outputs if is_up else figure.inputs)]
            left, right, room, caption = _caption(writer, framed, ends, left, right)
            foot, head = (FOOT, room) if is_up else (room, FOOT)
    top = foot + height + head
    laid = Laid(figure, right - left, top, {}, contents, inner, {}, body.skips, [], [], [])
    for i, (x, y) in body.things.items():
        laid.things[i] = (x - left + (leaves[i].left if i in inner else 0.0), y + foot)
    laid.dots = [(x - left, y + foot) for x, y in body.dots]
    laid.ports_in = [laid.things[i][0] for i in figure.inputs]
    laid.ports_out = [laid.things[i][0] for i in figure.outputs]
    laid.caption = caption if writer.direction == "right" else [(x - left, y, runs) for x, y, runs in caption]
    for i, content in contents.items():
        if content.label:
            x, y = laid.things[i]
            laid.labels.append((x + leaves[i].out, y + leaves[i].glyph_height, content.label))
    _wires(figure, body, laid, -left, foot, framed is not None, top)
    return laid


def _caption(
    writer: Writer, framed: Thing, ends: list[float], left: float, right: float
) -> tuple[float, float, float, list[tuple[float, float, list[Run]]]]:
    """In the upper left corner, clear of the wires that pass there: on one line if it fits, else on two. Where that
    would grow the frame, at the right of the wires if it grows clearly less there."""
    first, second = writer.caption(framed), writer.caption_detail(framed)
    gap = 7.0 if second else 0.0
    one = line_width(first) + gap + line_width(second)
    two = max(line_width(first), line_width(second))
    limit = min(ends) - 9.0 if ends else float("inf")
    begin = max(ends) + 9.0 if ends else float("inf")
    width = one if left + 10.0 + one <= limit or not second else two
    if left + 10.0 + width - limit > max(begin + width + 10.0 - right, 0.0) + SAVED:
        x, width = begin, one if begin + one + 10.0 <= right else width
    else:
        left = min(left, limit - width - 10.0)
        x = left + 10.0
    right = max(right, x + width + 10.0)
    if width == two and second:
        return left, right, 2 * CAPTION_LINE + HEAD - 2, [(x, CAPTION_LINE, first), (x, 2 * CAPTION_LINE - 2, second)]
    places = [(x, CAPTION_LINE, first)]
    if second:
        places.append((x + line_width(first) + gap, CAPTION_LINE, second))
    return left, right, CAPTION_LINE + HEAD, places


def _caption_beside(
    writer: Writer, framed: Thing, length: float, head: float
) -> tuple[float, float, list[tuple[float, float, list[Run]]]]:
    """Above what flows to the right: on one line if it fits, else on two. The room it takes above and at the end."""
    first, second = writer.caption(framed), writer.caption_detail(framed)
    gap = 7.0 if second else 0.0
    one = line_width(first) + gap + line_width(second)
    if second and one + 20.0 > length + head:
        head = max(head, max(line_width(first), line_width(second)) + 20.0 - length)
        return 2 * CAPTION_LINE - 8.0, head, [(10.0, CAPTION_LINE, first), (10.0, 2 * CAPTION_LINE - 2, second)]
    head = max(head, one + 20.0 - length)
    places = [(10.0, CAPTION_LINE, first)]
    if second:
        places.append((10.0 + line_width(first) + gap, CAPTION_LINE, second))
    return CAPTION_LINE - 6.0, head, places


def _wires(figure: Figure, body: Body, laid: Laid, dx: float, dy: float, points: bool, top: float) -> None:
    """The pieces of each flow in one line; from the side of a frame where it enters, to that where it leaves."""
    dots = set(laid.dots)
    for flow, pieces in body.pieces.items():
        pieces.sort(key=lambda piece: (piece[0][1], piece[-1][1]))
        line = [(x + dx, y + dy) for piece in pieces for x, y in piece]
        forks = line[0] in dots  # what leaves another line begins there
        if points and figure.things[figure.flows[flow].tail].kind == "input" and not forks:
            line.insert(0, (line[0][0], 0.0))
        if points and figure.things[figure.flows[flow].head].kind == "output":
            line.append((line[-1][0], top))
        line = straightened(line)
        laid.wires[flow] = line[1:] if flow in body.skips and len(line) > 2 and line[1] in dots else line


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
