"""Which operand of a sign is the first can be seen: it enters at the left, or numbers beside the arrows tell."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene, Text
from tests.backends.test_draw_layout import box_rectangle, overlap, text_rectangle

MODEL = """
model M {{
  input x: float[B, 8]
  output y = {}
}}
"""


def scene(text: str, direction: Direction = "up") -> Scene:
    return draw.scene(nndsl.loads(MODEL.format(text)).ir, direction=direction)


def numbers(made: Scene) -> list[Text]:
    return [text for text in made.labels if text.text in {"1", "2"}]


@pytest.mark.parametrize("sign", ["-", "/", "<", ">="])
def test_the_operands_of_what_passes_at_the_right_are_numbered(sign: str) -> None:
    beside = {text.text: text for text in numbers(scene(f"x {sign} (x -> Linear(8))"))}
    assert beside["1"].x > beside["2"].x
    assert not numbers(scene(f"(x -> Linear(8)) {sign} x"))


@pytest.mark.parametrize("sign", ["+", "*", "==", "!="])
def test_where_the_order_says_nothing_there_are_no_numbers(sign: str) -> None:
    assert not numbers(scene(f"x {sign} (x -> Linear(8))"))


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_a_number_stands_beside_the_end_of_its_line(direction: Direction) -> None:
    made = scene("x - (x -> Linear(8))", direction)
    circle = next(box for box in made.boxes if box.shape == "circle")
    tips = {edge.source: made.way(edge.wires[-1])[-1] for edge in made.edges if edge.target == circle.id}
    sources = {box.id: "1" if box.path == "x" else "2" for box in made.boxes if box.id in tips}
    for text in numbers(made):
        middle = text.x + text.width / 2, text.y - text.size * 0.36
        far = {sources[source]: abs(middle[0] - x) + abs(middle[1] - y) for source, (x, y) in tips.items()}
        assert far[text.text] == min(far.values()) < 18
        assert not overlap(text_rectangle(text), box_rectangle(circle))
    assert len(numbers(made)) == 2


def test_operands_from_one_side_do_not_share_an_arrow() -> None:
    made = draw.scene(
        nndsl.loads("""
model M {
  input x: float[B, 8]
  a, b = x -> Chunk(2, dim=1)
  output y = a - b
  output z = b - a
}
""").ir
    )
    circles = [box for box in made.boxes if box.shape == "circle"]
    for circle in circles:
        ends = {made.way(edge.wires[-1])[-1] for edge in made.edges if edge.target == circle.id}
        assert len(ends) == 2
