"""What says nothing takes no room: a group has the name of its label, and what passes its input on is small."""

from __future__ import annotations

import nndsl
from nndsl.backends import draw

GROUPED = """
block Cross {
  input x: [N, D]
  input memory: [N, D]
  x + memory -> a: Linear(8)
}
model M {
  input x: float[N, 8]
  input memory: float[N, 8]
  same = x -> layers: Group {
    input x: [N, D]
    for i in 0..3 { x = (x, memory) -> "{i}": Cross }
    x
  }
  output y = same -> others: Group { first: Linear(8) -> second: Identity }
}
"""


def test_a_group_is_called_by_its_label() -> None:
    scene = draw.scene(nndsl.loads(GROUPED)._graph, depth=9)
    captions = [[text.text.strip() for text in frame.texts][:3] for frame in scene.clusters]
    assert captions == [["Cross", "× 3", "layers"], ["others", "72 params"]]
    assert {box.path for box in scene.boxes} >= {"layers.0.a", "others.first"}
    closed = draw.scene(nndsl.loads(GROUPED)._graph, depth=0)
    assert not any("Group" in text.text for box in closed.boxes for text in box.texts)


def test_what_passes_its_input_on_is_a_pill() -> None:
    (box,) = [box for box in draw.scene(nndsl.loads(GROUPED)._graph, depth=9).boxes if box.path == "others.second"]
    assert (box.shape, box.family) == ("pill", "shape")
