"""Where the lines of several values leave their box: below where each goes, so that they neither cross nor waver."""

from __future__ import annotations

import itertools

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.pins import PIN, leave
from nndsl.backends.draw.places import Places
from nndsl.backends.draw.regions import Flow
from nndsl.backends.draw.scene import Direction, Point, Scene

# The unit of ShuffleNetV2: the second half goes straight on, the first around it.
PASSED_BY = """
model M {
  input x: [N, 16]
  kept, worked = x -> Chunk(2, dim=1)
  output y = (kept, worked -> Linear(8) -> ReLU) -> Concat(dim=1)
}
"""
SWAPPED = """
block Both(dim: int) {
  input x: [N, D]
  output first: [N, dim] = x -> Linear(dim)
  output second: [N, dim] = x -> Tanh -> Linear(dim)
}
model M {
  input x: [N, 16]
  first, second = x -> Both(300)
  output b = second
  output a = first
}
"""
# What is neither a series nor parallel branches: each part is needed twice.
KNOT = """
model M {
  input x: [N, 18]
  a, b, c = x -> Chunk(3, dim=1)
  left = (c, b) -> Concat(dim=1) -> Linear(4)
  right = (b, a) -> Concat(dim=1) -> Linear(4)
  output y = (left, right, c) -> Concat(dim=1)
"""


def drawn(text: str) -> Scene:
    return draw.scene(nndsl.loads(text).ir, depth=0)


def leaving(scene: Scene, name: str) -> list[list[Point]]:
    box = next(box for box in scene.boxes if box.texts[0].text == name)
    return [scene.way(edge.wires[-1]) for edge in scene.edges if edge.source == box.id]


def crossings(ways: list[list[Point]]) -> int:
    found = 0
    for i, one in enumerate(ways):
        for other in ways[:i]:
            pairs = itertools.product(itertools.pairwise(one), itertools.pairwise(other))
            found += sum(_cross(*a, *b) or _cross(*b, *a) for a, b in pairs)
    return found


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Does the level line from a to b cross the upright one from c to d?"""
    between = min(a[0], b[0]) < c[0] < max(a[0], b[0]) and min(c[1], d[1]) < a[1] < max(c[1], d[1])
    return a[1] == b[1] and c[0] == d[0] and between


def test_what_goes_straight_on_is_straight_and_what_passes_leaves_beside_it() -> None:
    straight, around = sorted(leaving(drawn(PASSED_BY), "Chunk"), key=len)
    assert len(straight) == 2
    assert straight[0][0] + PIN <= around[0][0]
    assert not crossings([straight, around])


def test_a_wide_box_gives_each_value_straight_below_its_output() -> None:
    assert [len(way) for way in leaving(drawn(SWAPPED), "Both")] == [2, 2]


@pytest.mark.parametrize("beside", ["", "  output z = y -> Tanh\n"])
def test_values_leave_their_box_apart_in_rows_too(beside: str) -> None:
    scene = drawn(KNOT + beside + "}\n")
    box = next(box for box in scene.boxes if box.texts[0].text == "Chunk")
    begins = {way[0][0] for way in leaving(scene, "Chunk")}
    assert len(begins) == 3
    assert all(box.x < x < box.x + box.width for x in begins)


def flows(*values: int) -> list[Flow]:
    return [Flow(0, 1 + i, value, value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("toward", "half", "expected"),
    [
        ({0: 200.0, 1: 100.0}, 30.0, {0: 24.0, 1: -24.0}),  # as far as the box reaches
        ({0: 120.0, 1: 150.0, 2: 150.0}, 60.0, {0: -30.0, 1: 0.0, 2: 14.0}),
        ({0: 152.0, 1: 150.0}, 60.0, {0: 14.0, 1: 0.0}),
        ({0: 160.0, 1: 150.0}, 60.0, {0: 14.0, 1: 0.0}),
    ],
)
def test_places_are_near_their_aims_and_apart(
    toward: dict[int, float], half: float, expected: dict[int, float]
) -> None:
    exits = Places(dict.fromkeys(toward, 150.0))
    leave(exits, flows(*toward), toward, 150.0, half)
    assert {flow: at - 150.0 for flow, at in exits.items()} == expected


PARTS = """
model M {
  input x: float[B, 18]
  a, b = x -> Chunk(2, dim=1)
  c, d = FIRST -> Linear(18) -> Chunk(2, dim=1)
  output y = SECOND
}
"""


@pytest.mark.parametrize("direction", ["up", "right"])
@pytest.mark.parametrize(("first", "second"), [("a + b", "c - d"), ("(a, b) -> Concat(dim=1)", "c * d")])
def test_the_parts_of_a_value_go_straight_into_a_sign(first: str, second: str, direction: Direction) -> None:
    text = PARTS.replace("FIRST", f"({first})").replace("SECOND", second)
    made = draw.scene(nndsl.loads(text)._graph, direction=direction)
    assert [len(wire.points) for wire in made.wires] == [2] * len(made.wires)
    assert len({tuple(wire.points[-1]) for wire in made.wires}) == len(made.wires) == 8
