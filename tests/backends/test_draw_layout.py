"""Nothing overlaps: boxes, frames, labels and lines of every sample, folded and unfolded."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from nndsl.backends import draw
from nndsl.backends.draw.scene import Box, Cluster, Direction, Point, Scene, Text
from nndsl.ir.graph import Graph
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, chain, early_exits, made
from tests.backends.lines import looks_untrue, shared, ways
from tests.work import calls

DEPTHS = [None, 0, 1, 2, 9]
CASES: list[tuple[str, int | None, Direction]] = [(name, depth, "up") for name in SAMPLES for depth in DEPTHS]
CASES += [(name, depth, direction) for name in SAMPLES for depth in (None, 9) for direction in ("down", "right")]
Rectangle = tuple[float, float, float, float]


@cache
def scene_of(name: str, depth: int | None, direction: Direction = "up") -> Scene:
    return draw.scene(SAMPLES[name](), depth=depth, direction=direction)


def box_rectangle(box: Box | Cluster) -> Rectangle:
    return box.x, box.y, box.x + box.width, box.y + box.height


def body_of(box: Box) -> Rectangle:
    """What a line must not cross: of a circle the square inside it."""
    x0, y0, x1, y1 = box_rectangle(box)
    inset = box.width * 0.15 if box.shape == "circle" else 0.0
    return x0 + inset, y0 + inset, x1 - inset, y1 - inset


def text_rectangle(text: Text) -> Rectangle:
    return text.x, text.y - text.size * 0.76, text.x + text.width, text.y + text.size * 0.24


def overlap(a: Rectangle, b: Rectangle, slack: float = 0.5) -> bool:
    return a[0] < b[2] - slack and b[0] < a[2] - slack and a[1] < b[3] - slack and b[1] < a[3] - slack


def free_texts(scene: Scene) -> list[Text]:
    """All texts that stand outside boxes."""
    captions = [text for cluster in scene.clusters for text in cluster.texts]
    return [*scene.header, *scene.labels, *captions, *(s.text for s in scene.legend)]


def segments(points: list[Point]) -> Iterator[Rectangle]:
    for (ax, ay), (bx, by) in itertools.pairwise(points):
        yield min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def crosses(segment: Rectangle, r: Rectangle, slack: float = 1.0) -> bool:
    return (
        segment[0] < r[2] - slack
        and r[0] + slack < segment[2] + 1e-6
        and segment[1] < r[3] - slack
        and r[1] + slack < segment[3] + 1e-6
    )


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_boxes_and_labels_stay_apart(name: str, depth: int | None, direction: Direction) -> None:
    scene = scene_of(name, depth, direction)
    boxes = [(box.id, box_rectangle(box)) for box in scene.boxes]
    boxes += [(text.text, text_rectangle(text)) for text in free_texts(scene)]
    grid = Grid(boxes)
    for i, (a, first) in enumerate(boxes):
        for k, b, second in grid.near(first):
            assert i == k or not overlap(first, second), (a, b)


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_texts_fit_their_boxes_and_everything_the_page(name: str, depth: int | None, direction: Direction) -> None:
    scene = scene_of(name, depth, direction)
    page = (0.0, 0.0, scene.width, scene.height)
    for box in scene.boxes:
        for text in box.texts:
            assert inside(text_rectangle(text), box_rectangle(box)), (box.path, text.text)
    for cluster in scene.clusters:
        for text in cluster.texts:
            assert inside(text_rectangle(text), box_rectangle(cluster)), (cluster.path, text.text)
    everything = [box_rectangle(b) for b in [*scene.boxes, *scene.clusters]]
    everything += [text_rectangle(t) for t in free_texts(scene)]
    everything += [s for wire in scene.wires for s in segments(wire.points)]
    for rectangle in everything:
        assert inside(rectangle, page), rectangle


class Grid:
    """Finds what may touch a rectangle without a look at all of a page."""

    CELL = 100.0

    def __init__(self, things: Sequence[tuple[str, Rectangle]]) -> None:
        self.things = things
        self.cells: dict[tuple[int, int], list[int]] = {}
        for i, (_, rectangle) in enumerate(things):
            for cell in self.over(rectangle):
                self.cells.setdefault(cell, []).append(i)

    def over(self, r: Rectangle) -> Iterator[tuple[int, int]]:
        x0, y0, x1, y1 = (int(at // self.CELL) for at in r)
        return itertools.product(range(x0, x1 + 1), range(y0, y1 + 1))

    def near(self, r: Rectangle) -> Iterator[tuple[int, str, Rectangle]]:
        for i in {i for cell in self.over(r) for i in self.cells.get(cell, ())}:
            yield i, *self.things[i]


def inside(a: Rectangle, b: Rectangle) -> bool:
    return a[0] >= b[0] - 0.5 and a[1] >= b[1] - 0.5 and a[2] <= b[2] + 0.5 and a[3] <= b[3] + 0.5


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_lines_are_upright_or_level_and_cross_no_box_or_label(
    name: str, depth: int | None, direction: Direction
) -> None:
    scene = scene_of(name, depth, direction)
    obstacles = [(box.path, body_of(box)) for box in scene.boxes]
    obstacles += [(text.text, text_rectangle(text)) for text in free_texts(scene)]
    grid = Grid(obstacles)
    for wire in scene.wires:
        assert len(wire.points) > 1
        for (ax, ay), (bx, by) in zip(wire.points, wire.points[1:], strict=False):
            assert abs(ax - bx) < 0.05 or abs(ay - by) < 0.05, wire
        for segment in segments(wire.points):
            for _, path, rectangle in grid.near(segment):
                assert not crosses(segment, rectangle), (path, wire)


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_lines_share_only_an_arrow_and_look_as_what_goes_on_from_them(
    name: str, depth: int | None, direction: Direction
) -> None:
    scene = scene_of(name, depth, direction)
    assert not [*shared(scene)]
    assert not [*looks_untrue(scene)]


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_frames_hold_their_members_and_nothing_else(name: str, depth: int | None, direction: Direction) -> None:
    scene = scene_of(name, depth, direction)
    frames = {cluster.id: cluster for cluster in scene.clusters}

    def around(parent: str | None) -> set[str]:
        found = set()
        while parent is not None:
            found.add(parent)
            parent = frames[parent].parent
        return found

    holders = [around(box.cluster) for box in scene.boxes]
    for box, held in zip(scene.boxes, holders, strict=True):
        for holder in held:
            assert inside(box_rectangle(box), box_rectangle(frames[holder])), (box.path, frames[holder].path)
    grid = Grid([(box.path, box_rectangle(box)) for box in scene.boxes])
    for frame in scene.clusters:
        for i, path, rectangle in grid.near(box_rectangle(frame)):
            assert frame.id in holders[i] or not overlap(rectangle, box_rectangle(frame)), (path, frame.path)


@pytest.mark.parametrize(("name", "depth", "direction"), CASES)
def test_every_edge_is_shown_by_lines_from_box_to_box(name: str, depth: int | None, direction: Direction) -> None:
    scene = scene_of(name, depth, direction)
    boxes = {box.id: box for box in scene.boxes}
    for edge in scene.edges:
        assert edge.wires, edge
        assert near(scene.way(edge.wires[0])[0], box_rectangle(boxes[edge.source])), edge
        assert near(scene.way(edge.wires[-1])[-1], box_rectangle(boxes[edge.target])), edge
        for before, after in ways(scene, edge):
            assert after == pytest.approx(before, abs=0.1), edge


def near(point: Point, r: Rectangle) -> bool:
    return r[0] - 2 <= point[0] <= r[2] + 2 and r[1] - 2 <= point[1] <= r[3] + 2


def test_the_trunk_of_a_chain_is_straight() -> None:
    for name in ("resnet", "encoder", "vit", "unet", "chain_residual", "squeeze_excite"):
        scene = scene_of(name, None)
        ports = [box for box in scene.boxes if box.shape == "port"]
        middles = {round(box.x + box.width / 2, 2) for box in ports}
        assert len(middles) == 1, name


def test_branches_stand_in_the_order_of_the_text() -> None:
    scene = scene_of("googlenet", 1)
    branches = [box for box in scene.boxes if box.path.startswith("inception0.branch") and not box.path.endswith("_1")]
    assert [box.path for box in sorted(branches, key=lambda b: b.x)] == [
        "inception0.branch1",
        "inception0.branch2_0",
        "inception0.branch3_0",
    ]


@pytest.mark.parametrize("residual", [False, True])
def test_the_work_of_a_layout_is_linear(residual: bool) -> None:
    short, long = chain(200, residual=residual), chain(2000, residual=residual)
    assert len(draw.scene(long, depth=9).boxes) >= 2000
    assert calls(lambda: draw.scene(long, depth=9)) < 11 * calls(lambda: draw.scene(short, depth=9))


def adding_input(count: int) -> Graph:
    """Each step adds the input to what it makes."""
    b = Builder("AddsInput", "model")
    y = x = b.input("x", N, 4)
    for _ in range(count):
        y = b.op(made("Add", families.ARITHMETIC), b.op(made("Step", families.LINEAR), y), x)
    b.output("y", y)
    return b.graph


def test_the_work_of_what_all_steps_add_is_linear() -> None:
    short, long = adding_input(100), adding_input(400)
    once = calls(lambda: draw.scene(short, depth=9))
    assert calls(lambda: draw.scene(long, depth=9)) < 4.2 * once


def test_nested_branches_need_no_recursion() -> None:
    made = draw.scene(early_exits(1500), depth=9)
    assert len(made.boxes) == 1 + 3 * 1500


@pytest.mark.parametrize(
    ("name", "skips"), [("seq2seq", 5), ("unet", 4), ("encoder", 2), ("masked", 2), ("lstm", 0), ("googlenet", 0)]
)
def test_skip_connections_are_those_that_pass_by(name: str, skips: int) -> None:
    """Residual arcs and long skips stand out; a value that merely goes far does not."""
    assert sum(wire.skip for wire in scene_of(name, 9).wires) == skips
