"""Captions of frames: beside the wires, close above what the frame holds, and the frame stays balanced around it."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Cluster, Direction, Scene

# A name that is wider than all that is in the block.
LONG = """
block AVeryLongNameOfSomethingSmall = Tanh
model M {
  input x: float[N, 8]
  output y = x -> AVeryLongNameOfSomethingSmall -> AVeryLongNameOfSomethingSmall
}
"""


def frame_of(scene: Scene, name: str) -> Cluster:
    return next(frame for frame in scene.clusters if frame.texts[0].text == name)


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_a_small_box_stands_in_the_middle_below_a_long_caption(direction: Direction) -> None:
    scene = draw.scene(nndsl.loads(LONG)._graph, depth=9, direction=direction)
    frame = frame_of(scene, "AVeryLongNameOfSomethingSmall")
    box = next(box for box in scene.boxes if box.cluster == frame.id)
    assert abs(2 * box.x + box.width - 2 * frame.x - frame.width) < 0.1


def test_a_label_gives_way_before_the_frame_grows() -> None:
    scene = draw.scene(nndsl.load("zoo/transformer_encoder.nn")._graph)
    for name, width in (("SinusoidalPositionalEncoding", 440), ("TransformerEncoderLayer", 460)):
        frame = frame_of(scene, name)
        assert frame.width < width
        assert frame.texts[-1].y > frame.texts[0].y  # on a line of its own


@pytest.mark.parametrize("target", ["transformer_encoder.nn", "googlenet.nn:GoogLeNet", "resnet.nn:ResNet18"])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_what_a_frame_holds_begins_close_below_its_caption(target: str, direction: Direction) -> None:
    scene = draw.scene(nndsl.load(f"zoo/{target}")._graph, direction=direction)
    assert scene.clusters
    for frame in scene.clusters:
        things = [box.y for box in scene.boxes if box.cluster == frame.id]
        things += [inner.y for inner in scene.clusters if inner.parent == frame.id]
        baseline = max(text.y for text in frame.texts)
        assert 10 < min(things) - baseline < 44, frame.path  # a shape beside the wire and a fork are between


def test_without_a_shape_or_a_fork_it_is_closer_yet() -> None:
    scene = draw.scene(nndsl.load("zoo/transformer_encoder.nn")._graph)
    for name in ("SinusoidalPositionalEncoding", "TransformerEncoderLayer"):
        frame = frame_of(scene, name)
        first = min(box.y for box in scene.boxes if box.cluster == frame.id)
        assert 10 < first - max(text.y for text in frame.texts) < 20
