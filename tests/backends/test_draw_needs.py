"""Results that nobody needs leave no line that ends at a frame."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene
from tests.backends.test_draw_loops import STEP

# The table and the attention are for callers that need them: one does, the other does not.
UNUSED = """
block Tower {
  input x: int[B, T]
  layer embed = Embedding(50, 16)
  h = x -> embed
  output states = h -> inner: Inner -> Item(0)
  output table = embed.weight
}
block Inner {
  input x: [B, T, D]
  output y: [B, T, D] = x -> Linear(D)
  output spread: [B, T] = x -> Mean(dim=-1)
}
model M {
  input x: int[B, T]
  states, _ = x -> tower: Tower
  output y = states -> pair: Pair -> Item(0)
}
block Pair {
  input x: [B, T, D]
  y, spread = x -> used: Inner
  z, _ = y -> unused: Inner
  output z = z
  output spread = spread
}
"""
ONE_STATE = f"""{STEP}
model M {{
  input x: float[B, T, 8]
  h, c, y = (Zeros(B, 16), Zeros(B, 16), x) -> scan: Scan(Step(4), states=2)
  output y = y
}}
"""


def loose(made: Scene) -> int:
    """How many lines are of no edge, nor what several such begin with."""
    shown = {wire for edge in made.edges for wire in edge.wires}
    shown |= {wire.after for wire in made.wires if wire.after is not None}
    return sum(not wire.back and i not in shown for i, wire in enumerate(made.wires))


@pytest.mark.parametrize("direction", ["up", "right"])
@pytest.mark.parametrize("depth", [0, 1, 2, 9])
def test_what_nobody_needs_has_no_line(depth: int, direction: Direction) -> None:
    made = draw.scene(nndsl.loads(UNUSED)._graph, depth=depth, direction=direction)
    assert loose(made) == 0
    assert not any("embed.weight" in text.text for box in made.boxes for text in box.texts)


def test_a_loop_keeps_the_states_that_only_it_needs() -> None:
    made = draw.scene(nndsl.loads(ONE_STATE)._graph, depth=9)
    assert sum(wire.back for wire in made.wires) == 2
