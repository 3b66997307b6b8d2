"""A loop in a picture: what a step leaves goes back to where the next step finds it."""

from __future__ import annotations

import itertools

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene, Wire
from tests.backends.test_draw_layout import body_of, box_rectangle, crosses, overlap, segments, text_rectangle

STEP = """
block Step(dim: int) {
  input h: [B, H]
  input c: [B, H]
  input x: [B, D]
  seen = h -> Tanh
  g = (x, seen) -> Concat(dim=-1) -> gate: Linear(H) -> Sigmoid
  output h: [B, H] = g * h
  output c: [B, H] = c + g
  output y: [B, _] = c -> out: Linear(dim)
}
"""
LOOP = f"""{STEP}
model M {{
  input x: float[B, T, 8]
  first = Zeros(B, 16)
  h, c, y = (first, Zeros(B, 16), x) -> scan: Scan(Step(4), states=2)
  output y = y
  output h = h
}}
"""


def scene(text: str = LOOP, direction: Direction = "up", depth: int | None = 9) -> Scene:
    return draw.scene(nndsl.loads(text).ir, depth=depth, direction=direction)


def back(made: Scene) -> list[Wire]:
    return [wire for wire in made.wires if wire.back]


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_each_state_has_a_way_back(direction: Direction) -> None:
    made = scene(direction=direction)
    (frame,) = (frame for frame in made.clusters if frame.path == "scan")
    x0, y0, x1, y1 = box_rectangle(frame)
    others = [piece for wire in made.wires if not wire.back for piece in segments(wire.points)]
    assert len(back(made)) == 2
    for wire in back(made):
        assert all(x0 < x < x1 and y0 < y < y1 for x, y in wire.points)
        for x, y in (wire.points[0], wire.points[-1]):
            assert any(ax - 0.1 <= x <= bx + 0.1 and ay - 0.1 <= y <= by + 0.1 for ax, ay, bx, by in others)
        for piece in segments(wire.points):
            assert not any(crosses(piece, body_of(box)) for box in made.boxes)
            texts = [*made.labels, *(text for cluster in made.clusters for text in cluster.texts)]
            assert not any(crosses(piece, text_rectangle(text)) for text in texts)


def test_they_lie_on_no_other_line() -> None:
    made = scene()
    for wire, other in itertools.product(back(made), made.wires):
        if wire is other:
            continue
        for a, b in itertools.product(segments(wire.points), segments(other.points)):
            is_level = a[1] == a[3]
            if is_level == (b[1] == b[3]):
                assert not overlap((a[0] - 1, a[1] - 1, a[2] + 1, a[3] + 1), (b[0] - 1, b[1] - 1, b[2] + 1, b[3] + 1))


def test_what_a_loop_begins_with_is_no_constant_inside() -> None:
    """`h -> Tanh` is computed in each step, though the first h is known: it was not drawn."""
    paths = {box.path for box in scene().boxes}
    assert "scan.step.tanh_1" in {path.replace("step_1", "step") for path in paths}
    told = {"".join(text.text for text in box.texts).split("  ")[0] for box in scene(depth=0).boxes}
    assert told >= {"first", "Zeros", "Scan"}


def test_dot_has_the_way_back() -> None:
    made = scene()
    paths = {box.id: box.path.rsplit(".", 1)[-1] for box in made.boxes}
    ways = {(paths[source], paths[target]) for source, target in made.returns}
    assert ways == {("multiply_1", "multiply_1"), ("multiply_1", "tanh_1"), ("add_1", "add_1")}
    assert draw.dot(made).count("constraint=false") == 3


def test_a_loop_says_how_often() -> None:
    told = ["".join(text.text for text in frame.texts) for frame in scene().clusters]
    assert any(text.startswith("Scan") and "for each of T" in text for text in told)
    assert "to the next step" in {swatch.text.text for swatch in scene().legend}
    assert not scene(depth=0).returns
    assert not back(scene(depth=0))
