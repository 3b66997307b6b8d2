"""Closed blocks of one kind in a row are one box, though their sizes differ; nothing else is."""

from __future__ import annotations

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Scene

DENSE = """
block Dense(growth: int, rate: float = 0.0, act: layer = ReLU) {
  input x: [N, C, H, W]
  new = x -> norm: BatchNorm2d -> act -> conv: Conv2d(growth, 3, padding=1) -> Dropout(rate)
  (x, new) -> Concat(dim=1)
}
"""


def drawn(body: str, depth: int = 0, **options: int) -> Scene:
    text = f"{DENSE}\nmodel M {{\n  input x: float[N, 8, H, W]\n  {body}\n}}"
    return draw.scene(nndsl.loads(text).ir, depth=depth, **options)


def boxes(scene: Scene) -> list[tuple[str, int]]:
    return [(box.title.split(":")[0], box.count) for box in scene.boxes if box.shape != "port"]


def words(scene: Scene) -> str:
    return " ".join(text.text for box in scene.boxes for text in box.texts)


def test_sizes_that_grow_are_told_once() -> None:
    scene = drawn("output y = x -> Dense(4) -> Dense(4) -> Dense(4) -> Conv2d(2, 1)")
    assert [count for _, count in boxes(scene)] == [3, 1]
    assert {(edge.source, edge.target) for edge in scene.edges} == {("n0", "n1"), ("n1", "n2"), ("n2", "n3")}


def test_parameters_are_those_of_all() -> None:
    body = "output y = x -> Dense(4) -> Dense(4) -> Dense(4)"
    each = [2 * c + 4 * c * 9 + 4 for c in (8, 12, 16)]
    assert f"{sum(each) / 1000:.2f}K" in words(drawn(body))


def test_a_rate_may_differ() -> None:
    scene = drawn("output y = x -> Dense(4, rate=0.1) -> Dense(4, rate=0.2) -> Dense(4)")
    assert [count for _, count in boxes(scene)] == [3]
    assert "growth=4" in words(scene)
    assert "rate" not in words(scene)


def test_other_arguments_must_be_equal() -> None:
    scene = drawn("output y = x -> Dense(4) -> Dense(8) -> Dense(4, act=GELU) -> Dense(4)")
    assert [count for _, count in boxes(scene)] == [1, 1, 1, 1]


def test_what_is_used_elsewhere_stays() -> None:
    scene = drawn("h = x -> a: Dense(4)\n  k = h -> b: Dense(4)\n  output y = k -> c: Dense(4)\n  output z = h -> ReLU")
    paths = {box.path: box.count for box in scene.boxes}
    assert paths["a"] == 1  # its value is read twice
    assert paths["b"] == 2


def test_shared_layers_stay() -> None:
    scene = drawn("layer d = Dense(4)\n  output y = x -> Conv2d(8, 1) -> d -> Conv2d(8, 1) -> d")
    assert all(count == 1 for _, count in boxes(scene))


def test_what_is_open_is_not_folded() -> None:
    scene = drawn("output y = x -> Dense(4) -> Dense(4)", depth=1)
    assert [frame.count for frame in scene.clusters] == [1, 1]


def test_equal_ones_among_them_count() -> None:
    text = """
block Same(rate: float) {
  input x: [N, C]
  x -> Linear(C) -> Dropout(rate)
}
model M {
  input x: float[N, 8]
  output y = x -> Same(0.1) -> Same(0.1) -> Same(0.1) -> Same(0.2) -> Same(0.2)
}"""
    scene = draw.scene(nndsl.loads(text).ir, depth=0)
    assert [count for _, count in boxes(scene)] == [5]
    assert "360 params" in words(scene)
