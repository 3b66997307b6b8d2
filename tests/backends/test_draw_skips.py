"""What is drawn as a skip connection: numbers that pass by layers they also feed, up to where they join the result."""

from __future__ import annotations

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Scene

MASKED = """
model Masked {
  input x: float[B, T, 8]
  input padding: bool[B, T]
  input noise: float[B, T, 8]
  h = (x, noise) -> a: Mix
  h = (h -> ReLU, noise) -> b: Mix
  h = (h, key_padding_mask: padding) -> c: MyAttention
  output y = (h -> ReLU, key_padding_mask: padding) -> d: MyAttention
}
block Mix {
  input x: [B, T, D]
  input noise: [B, T, D]
  (x -> Linear(8), noise) -> Concat(dim=-1) -> Linear(8)
}
block MyAttention {
  input x: [B, T, D]
  input key_padding_mask: [B, T]
  (x, x, x, key_padding_mask: key_padding_mask) -> MultiheadAttention(2)
}
"""
UNET = """
block Join {
  input x: [N, C, H, W]
  input skip: [N, S, _, _]
  (skip, x) -> Concat(dim=1)
}
block Up {
  input x: [N, C, H, W]
  input skip: [N, S, _, _]
  (x -> ConvTranspose2d(4, 2, stride=2), skip) -> join: Join -> Conv2d(4, 1)
}
model UNet {
  input image: float[N, 3, 32, 32]
  a = image -> enc1: Conv2d(4, 1)
  b = a -> MaxPool2d(2) -> enc2: Conv2d(4, 1)
  h = (b -> MaxPool2d(2) -> bottom: Conv2d(4, 1), b) -> up2: Up
  output y = (h, a) -> up1: Up
}
"""

# A block whose second output is what its first is made of.
PAIRS = """
block Pair {
  input x: [N, C, H, W]
  h = x -> conv: Conv2d(8, 3, padding=1)
  output a = h -> BatchNorm2d
  output b = h
}
block Outer {
  input x: [N, C, H, W]
  p = x -> pair: Pair
  output a = p[0] -> ReLU
  output b = p[1]
}
model Pairs {
  input image: float[N, 3, 32, 32]
  p = image -> outer: Outer
  output y = (p[0] -> f: Conv2d(8, 3, padding=1) -> ReLU) + p[1]
}
"""


def skipping(scene: Scene) -> set[tuple[str, str]]:
    """Between which boxes an edge is drawn by a skip connection, in all its parts."""
    paths = {box.id: box.path for box in scene.boxes}
    found = set()
    for edge in scene.edges:
        skips = [scene.wires[i].skip for i in edge.wires]
        if any(skips):
            assert all(skips[skips.index(True) :]), "from where it begins to its end"
            found.add((paths[edge.source], paths[edge.target]))
    return found


def test_a_mask_and_an_input_of_the_model_are_none() -> None:
    for depth in (0, 9):
        assert skipping(draw.scene(nndsl.loads(MASKED)._graph, depth=depth)) == set()


def test_an_input_that_joins_what_was_made_of_it_is_one() -> None:
    graph = nndsl.loads("model M {\n input x: float[N, 4]\n output y = x + (x -> f: Linear(4))\n}")._graph
    assert skipping(draw.scene(graph)) == {("x", "add_1")}


def test_a_skip_connection_is_one_up_to_the_join() -> None:
    """Also inside the block that it enters."""
    closed, opened = (skipping(draw.scene(nndsl.loads(UNET)._graph, depth=depth)) for depth in (0, 9))
    assert closed == {("enc1", "up1"), ("enc2", "up2")}
    assert opened == {("enc1", "up1.join.concat_1"), ("enc2", "up2.join.concat_1")}


def test_a_skip_connection_that_begins_in_a_block_is_one_from_there() -> None:
    scene = draw.scene(nndsl.loads(PAIRS)._graph, depth=9)
    assert skipping(scene) == {("outer.pair.conv", "add_1")}
    (edge,) = (edge for edge in scene.edges if any(scene.wires[i].skip for i in edge.wires))
    assert [scene.wires[i].skip for i in edge.wires] == [True] * 3
    after = scene.wires[edge.wires[0]].after
    assert after is not None and not scene.wires[after].skip
    assert skipping(draw.scene(nndsl.loads(PAIRS)._graph, depth=0)) == set(), "two values, as far as is seen"
