"""Where lines end: arrowheads are one or apart, and what skips leaves the others at a dot."""

from __future__ import annotations

import itertools

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.curves import arrow
from nndsl.backends.draw.scene import Direction, Point, Scene
from tests.backends.graphs_by_hand import SAMPLES
from tests.backends.lines import looks_untrue, shared
from tests.backends.test_draw_layout import box_rectangle, near, overlap

# Each layer reads all that was before it.
DENSE = """
model Dense(n: int = 6) {
  input x: float[N, 8, 16, 16]
  hs = [x -> stem: Conv2d(8, 3, padding=1) -> ReLU]
  for i in 0..n {
    hs = hs + [(*hs,) -> Concat(dim=1) -> "conv{i}": Conv2d(8, 3, padding=1)]
  }
  output y = (*hs,) -> Concat(dim=1)
}
"""

# More lines than the side of the box has room for.
MANY = """
model Many(n: int = 20) {
  input x: float[N, 8]
  output y = (*[x -> "a{i}": Linear(4) for i in 0..n],) -> Stack(dim=1)
}
"""

# A box that two values enter from its side.
LATE = """
block Join {
  input x: [N, D]
  input a: [N, D]
  input b: [N, D]
  x + a * b
}
model Late {
  input x: float[N, 8]
  a = x -> one: Linear(8)
  b = a -> two: Linear(8)
  h = b -> three: Linear(8) -> four: Linear(8)
  output y = (h, a, b) -> join: Join
}
"""

# A value that goes on along one lane as a skip connection, and as what only training needs.
SAMPLED = """
model Sampled {
  input x: float[N, 8]
  input noise: float[N, 4]
  mu = x -> mu: Linear(4)
  logvar = x -> logvar: Linear(4)
  z = mu
  if training {
    z = mu + noise * (0.5 * logvar -> Exp)
    output kl: [N] = -0.5 * (1 + logvar - mu ** 2 - (logvar -> Exp)) -> Sum(dim=1)
  }
  output y = z -> out: Linear(8)
}
"""

SPECS = {"sampled": SAMPLED, "dense": DENSE, "many": MANY, "late": LATE}
CASES = [(name, depth) for name in SAMPLES for depth in (None, 0, 9)]
CASES += [(name, depth) for name in SPECS for depth in (0, 9)]
DIRECTIONS: tuple[Direction, ...] = ("up", "right")


def scene_of(name: str, depth: int | None, direction: Direction) -> Scene:
    graph = nndsl.loads(SPECS[name])._graph if name in SPECS else SAMPLES[name]()
    return draw.scene(graph, depth=depth, direction=direction)


def arrowheads(scene: Scene) -> set[tuple[Point, ...]]:
    """Equal ones are one: the lines have become one before."""
    return {tuple((round(x, 1), round(y, 1)) for x, y in arrow(wire)) for wire in scene.wires if wire.arrow}


def around(corners: tuple[Point, ...]) -> tuple[float, float, float, float]:
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("name", "depth"), CASES)
def test_arrowheads_are_one_or_apart(name: str, depth: int | None, direction: Direction) -> None:
    heads = [around(corners) for corners in arrowheads(scene_of(name, depth, direction))]
    for a, b in itertools.combinations(heads, 2):
        assert not overlap(a, b), (a, b)


def test_what_enters_a_circle_from_a_side_is_one_line() -> None:
    scene = draw.scene(nndsl.load("zoo/googlenet.nn:GoogLeNet")._graph)
    joined = next(box for box in scene.boxes if box.path.startswith("inception3a.") and box.shape == "circle")
    ends = [scene.wires[edge.wires[-1]].points[-1] for edge in scene.edges if edge.target == joined.id]
    middle = joined.y + joined.height / 2
    assert sorted((round(x - joined.x, 2), round(y - middle, 2)) for x, y in ends) == [(0, 0)] * 2 + [(24, 0)] * 2


@pytest.mark.parametrize("name", ["dense", "resnet", "encoder", "unet"])
def test_a_skip_connection_begins_at_a_dot(name: str) -> None:
    """Its colour does not lie on the line from which it leaves."""
    scene = scene_of(name, 9, "up")
    skips = [wire for wire in scene.wires if wire.skip]
    assert skips
    assert all(wire.points[0] in scene.dots for wire in skips)


def test_lines_that_share_an_arrowhead_still_lead_to_their_box() -> None:
    scene = scene_of("many", 0, "up")
    stack = next(box for box in scene.boxes if box.texts[0].text == "Stack")
    edges = [edge for edge in scene.edges if edge.target == stack.id]
    assert len(edges) == 20
    assert all(near(scene.wires[edge.wires[-1]].points[-1], box_rectangle(stack)) for edge in edges)


def test_what_lines_of_several_kinds_share_is_one_plain_line() -> None:
    scene = scene_of("sampled", 0, "up")
    mu = next(box.id for box in scene.boxes if box.path == "mu")
    wires = [scene.wires[i] for edge in scene.edges if edge.source == mu for i in edge.wires]
    assert {(wire.skip, wire.training) for wire in wires} == {(True, False), (False, True)}
    assert len({wire.after for wire in wires}) == 2, "one goes straight up, two share a lane"
    trunks = [scene.wires[wire.after] for wire in wires if wire.after is not None]
    assert len(trunks) == len(wires)
    assert not any(trunk.skip or trunk.training for trunk in trunks)


def test_lines_on_each_other_are_seen() -> None:
    """What the tests of all layouts look for is found where it is."""
    scene = scene_of("sampled", 0, "up")
    assert not [*shared(scene)] and not [*looks_untrue(scene)]
    skip = next(i for i, wire in enumerate(scene.wires) if wire.skip)
    trunk = scene.wires[skip].after
    assert trunk is not None
    scene.wires[trunk].skip = True
    assert [*looks_untrue(scene)] == [scene.wires[trunk]]
    scene.wires[skip].points = scene.way(skip)
    assert [*shared(scene)]
