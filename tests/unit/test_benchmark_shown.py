"""What the benchmark counts in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nndsl
from benchmarks.netron_page import edges
from benchmarks.shown import joins, named, row
from nndsl.backends.draw import scene

SPEC = """
block Unit {
  input x: [N, C]
  x + (x -> Linear(C) -> ReLU)
}

model M {
  input x: float[N, 8]
  output y = x -> units: [Unit] * 5 -> fc: Linear(2)
}
"""


def test_what_is_drawn_once_meets_as_often_as_it_stands_for() -> None:
    graph = nndsl.loads(SPEC)._graph
    assert joins(scene(graph, depth=99)) == 5
    assert joins(scene(graph, depth=0)) == 0, "what is closed shows nothing"


def test_names_are_words_of_the_picture() -> None:
    assert named(["layer1.0.conv1", "layer1.1.conv1", "layer1.0.bn1", "head.0"], "Conv1 of 3") == "1 of 2"
    assert named(["fc"], "fc2 afc") == "0 of 1"


def test_a_peer_s_branches_meet_where_different_boxes_arrive() -> None:
    told: dict[str, Any] = {"paths": ["a"], "meet": 2, "boxes": ["1", "2", "3"], "words": ["label=a"]}
    told["edges"] = [["1", "3"], ["2", "3"], ["1", "2"], ["1", "2"]]
    assert row("peer", told) == "| peer | 3 | 1 of 1 | 1 of 2 |"


def test_netron_s_lines_are_one_for_two_boxes(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2]) for name in ("x", "y")]
    nodes = [onnx.helper.make_node("Add", ["x", "x"], ["s"]), onnx.helper.make_node("Relu", ["s"], ["y"])]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:])), tmp_path / "m.onnx")
    assert edges(tmp_path / "m.onnx") == [("x", "0"), ("0", "1"), ("1", "output y")]
