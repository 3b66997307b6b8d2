"""Closed blocks of one kind in a row are one box, though their sizes differ; nothing else is."""

from __future__ import annotations

from typing import Any

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


CROWD = """
block Expert(hidden: int) {
  input x: [N, D]
  x -> Linear(hidden) -> GELU -> Linear(D)
}
model M(n: int) {
  input x: float[N, 8]
  gate = x -> gate: Linear(n) -> Softmax(dim=-1)
  outs = x -> (*["expert{i}": Expert(16) for i in range(n)],) -> Stack(dim=-1)
  output y = (outs, gate) -> Einsum("b d e, b e -> b d")
}
model Lists(n: int) {
  input x: float[N, 8]
  output y = x -> (*["part{i}": [Linear(4), ReLU] for i in range(n)],) -> Stack(dim=0)
}"""


def crowd(n: int, model: str = "M", **options: Any) -> Scene:
    return draw.scene(nndsl.loads(CROWD, model=model, n=n).ir, **options)


def edges(scene: Scene) -> list[tuple[str, str]]:
    paths = {box.id: box.path for box in scene.boxes}
    return sorted((paths[edge.source], paths[edge.target]) for edge in scene.edges)


def test_many_equal_ones_side_by_side_are_one() -> None:
    folded = crowd(12)
    assert [(box.path, box.count) for box in folded.boxes if box.count > 1] == [("expert0", 12)]
    told = next("".join(text.text for text in box.texts) for box in folded.boxes if box.count > 1)
    assert told == f"Expert × 12 in parallel  hidden=16 · {12 * 280 / 1000:.2f}K"


def test_what_is_said_of_many_is_what_each_would_say() -> None:
    """No edge is lost, and none invented: those of all are those of one."""
    apart = edges(crowd(12, depth=0, expand="expert0"))
    assert len([edge for edge in apart if edge[1] == "stack_1"]) == 2  # of the open one, and of the others
    alone = draw.scene(nndsl.loads(CROWD, model="M", n=12).ir, depth=0, max_nodes=99)  # nothing is folded

    def one(path: str) -> str:
        return "expert0" if path.startswith("expert") else path

    assert len(alone.boxes) == len(crowd(12).boxes) + 11
    assert sorted({(one(tail), one(head)) for tail, head in edges(alone)}) == edges(crowd(12))


def test_few_are_drawn_apart_and_what_is_asked_for_is_open() -> None:
    assert not any(box.count > 1 for box in crowd(8).boxes)
    assert len(crowd(12, expand="Expert").clusters) == 12
    some = crowd(12, expand="expert3")
    assert [frame.path for frame in some.clusters] == ["expert3"]
    assert [box.count for box in some.boxes if box.count > 1] == [11]


def test_lists_with_a_number_are_called_without_it() -> None:
    told = ["".join(text.text for text in box.texts) for box in crowd(20, "Lists").boxes if box.count > 1]
    assert told == ["part × 20 in parallelLinear → ReLU · 720 params"]
