"""What enters a box is told apart: each input of another kind has its name where its line ends."""

from __future__ import annotations

import itertools

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Box, Direction, Scene
from tests.backends.test_draw_layout import box_rectangle, overlap, text_rectangle

ATTENTION = """
block Cross(heads: int) {
  input asked: [B, T, D]
  input told: [B, S, D]
  (asked -> Linear(D), told -> Linear(D), told -> Linear(D)) -> ScaledDotProductAttention
}
model M {
  input x: float[B, T, 8]
  input mask: bool[B, T]
  input memory: float[B, S, 8]
  q = x -> q: Linear(8)
  k = x -> k: Linear(8)
  h = (q, k, k, mask[:, none]) -> ScaledDotProductAttention
  f = (h, mask[:, :, none]) -> MaskedFill(0)
  output y = (f, memory) -> cross: Cross(2)
  output z = (f, h) -> Maximum
}
"""


def scene(direction: Direction = "up") -> Scene:
    return draw.scene(nndsl.loads(ATTENTION).ir, depth=0, direction=direction)


def names(box: Box) -> list[str]:
    return [text.text for text in box.texts if text.size == 8.0]


def box_of(made: Scene, start: str) -> Box:
    return next(box for box in made.boxes if box.path.startswith(start))


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_inputs_have_their_names(direction: Direction) -> None:
    made = scene(direction)
    assert sorted(names(box_of(made, "scaled"))) == ["key, value", "mask", "query"]
    assert names(box_of(made, "maskedfill")) == ["mask"]
    assert sorted(names(box_of(made, "cross"))) == ["asked", "told"]
    assert names(box_of(made, "maximum")) == []


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_a_name_stands_in_its_box_where_its_line_ends(direction: Direction) -> None:
    made = scene(direction)
    paths = {box.id: box for box in made.boxes}
    wanted = {("q", "scaleddotproductattention_1"): "query", ("k", "scaleddotproductattention_1"): "key, value"}
    for edge in made.edges:
        way = paths[edge.source].path, paths[edge.target].path
        if way not in wanted:
            continue
        name = wanted.pop(way)
        x, y = made.wires[edge.wires[-1]].points[-1]
        text = next(text for text in paths[edge.target].texts if text.text == name)
        x0, y0, x1, y1 = text_rectangle(text)
        assert x0 - 6 < x < x1 and y0 - 6 < y < y1 + 6
    assert not wanted
    for box in made.boxes:
        for text in box.texts:
            inner, outer = text_rectangle(text), box_rectangle(box)
            assert inner[0] > outer[0] and inner[1] > outer[1] and inner[2] < outer[2] and inner[3] < outer[3] + 1
        for a, b in itertools.combinations(box.texts, 2):
            assert not overlap(text_rectangle(a), text_rectangle(b)), (box.path, a.text, b.text)


def test_one_value_needs_no_names() -> None:
    text = "model M { input x: float[B, T, 8]\n  output y = (x, x, x) -> ScaledDotProductAttention }"
    assert names(box_of(draw.scene(nndsl.loads(text).ir), "scaled")) == []


def test_four_lines_have_room() -> None:
    made = draw.scene(nndsl.load("zoo/clip.nn:ClipViTB32").ir)
    told = {tuple(sorted(names(box))) for box in made.boxes if names(box)}
    assert ("key", "mask", "query", "value") in told
