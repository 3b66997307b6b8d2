"""Which way goes straight up, and how near what is beside it stands."""

from __future__ import annotations

from functools import cache

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Box, Scene
from tests.backends.browser import MODELS

# The mask is prepared in more steps than what it masks.
MASKED = """
block Layer {
  input x: [B, T, D]
  input seen: [B, T, T]
  input scale: [B, T, D]
  (x * scale -> Linear(D), x, x, seen) -> ScaledDotProductAttention
}
model Masked {
  input tokens: int[B, T]
  input mask: bool[B, T]
  input weights: float[B, T, 16]
  h = tokens -> embed: Embedding(50, 16)
  seen = mask -> Unsqueeze(1) -> Expand(B, T, T) -> Tril
  output y = (h, seen, weights -> Sigmoid) -> layer: Layer -> norm: LayerNorm
}
"""


@cache
def googlenet() -> Scene:
    return draw.scene(nndsl.load(MODELS / "googlenet.nn:GoogLeNet")._graph)


def axis(box: Box) -> float:
    return box.x + box.width / 2


def box_at(scene: Scene, path: str) -> Box:
    return next(box for box in scene.boxes if box.path == path)


def test_heads_stand_at_both_sides_of_the_trunk() -> None:
    second, trunk, first = (axis(box_at(googlenet(), name)) for name in ("aux2", "logits", "aux1"))
    assert second < trunk < first
    assert googlenet().width < 1120


def test_what_stands_beside_others_has_its_details_below_its_name() -> None:
    def lines(path: str) -> int:
        return len({text.y for text in box_at(googlenet(), path).texts})

    assert [lines(path) for path in ("conv2", "inception3a.branch1", "aux1.conv")] == [1, 2, 2]


def test_the_first_input_of_a_block_goes_straight_up() -> None:
    scene = draw.scene(nndsl.loads(MASKED)._graph, depth=0)
    places = {axis(box_at(scene, path)) for path in ("tokens", "embed", "layer", "norm")}
    assert max(places) - min(places) < 0.01
