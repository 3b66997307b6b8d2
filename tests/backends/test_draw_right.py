"""Where data flow to the right: what makes a picture long is what is computed, not what is written."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Box, Text
from tests.backends.test_draw_layout import scene_of


def test_to_the_right_a_picture_is_as_long_as_its_boxes() -> None:
    """Shapes stand along the boxes and details in lines of their own: neither makes it longer."""
    for target, most in (("googlenet.nn:GoogLeNet", 4150), ("resnet.nn:ResNet50", 4100), ("vit.nn:ViTB16", 2950)):
        scene = draw.scene(nndsl.load(f"zoo/{target}")._graph, direction="right")
        assert scene.width < most, target


@pytest.mark.parametrize("name", ["resnet", "googlenet", "vit", "encoder"])
def test_to_the_right_a_shape_stands_above_the_box_that_it_leaves(name: str) -> None:
    scene = scene_of(name, 9, "right")
    boxes = [box for box in scene.boxes if box.shape != "circle"]
    labels = [text for text in scene.labels if not any(on_a_wire(text, box) for box in scene.boxes)]
    assert labels
    for text in labels:
        assert any(0 < box.y - text.y < 8 and box.x < text.x + text.width < box.x + box.width + 90 for box in boxes)


def on_a_wire(text: Text, box: Box) -> bool:
    """Of a circle, which has no room for it."""
    return box.shape == "circle" and 0 < text.x - box.x - box.width < 10 and abs(box.y + 12 - text.y) < 8
