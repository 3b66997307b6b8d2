"""Every picture of the zoo keeps the promises of the layout, and shows the edges of its graph."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene
from nndsl.ir.graph import Graph, Node
from tests.backends import test_draw_layout as promises
from tests.backends.test_draw_folding import true_edges

ZOO = Path(nndsl.__file__).parent.parent / "models"
WITH_ARGUMENTS = {"ResNet", "VGG", "ViT"}  # families, whose members stand beside them
MODELS = [
    f"{path.name}:{name}"
    for path in sorted(ZOO.glob("*.nn"))
    for name in re.findall(r"^model (\w+)", path.read_text("utf-8"), re.MULTILINE)
    if name not in WITH_ARGUMENTS
]
CASES: list[tuple[int | None, Direction]] = [(None, "up"), (0, "up"), (1, "up"), (9, "up"), (9, "down"), (9, "right")]


@cache
def graph_of(target: str) -> Graph:
    return nndsl.load(ZOO / target).ir


@pytest.mark.parametrize("target", MODELS)
def test_it_keeps_all_promises(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for depth, direction in CASES:
        scene = draw.scene(graph_of(target), depth=depth, direction=direction)
        monkeypatch.setattr(promises, "scene_of", lambda *_, scene=scene: scene)
        promises.test_boxes_and_labels_stay_apart("", depth, direction)
        promises.test_texts_fit_their_boxes_and_everything_the_page("", depth, direction)
        promises.test_lines_are_upright_or_level_and_cross_no_box_or_label("", depth, direction)
        promises.test_lines_share_only_what_is_one_value_from_its_beginning_or_one_arrow("", depth, direction)
        promises.test_frames_hold_their_members_and_nothing_else("", depth, direction)
        promises.test_every_edge_is_shown_by_lines_from_box_to_box("", depth, direction)


Folds = dict[str, int]
Standing = dict[str, tuple[str, Folds]]


class Reader:
    """For the path of each operator: the box that stands for it ("": none), and of each folded list around it which
    member it is in. Equal members that follow each other are drawn as the first of them."""

    def __init__(self, scene: Scene) -> None:
        self.found: Standing = {box.path: (box.id, {}) for box in scene.boxes if box.shape == "port"}
        self.boxes = {box.path: box for box in scene.boxes if box.shape != "port"}
        self.frames = {frame.path: frame for frame in scene.clusters}

    def read(self, graph: Graph, path: str = "", shown: str = "", box: str = "", inside: Folds | None = None) -> None:
        """`path`: of the graph; `shown`: of its first equal, which the scene has; `box`: which stands for all in it."""
        first, member, count = "", 0, 1
        for node in graph.nodes:
            member += 1
            if member >= count:
                first, member = f"{shown}{node.label}", 0
                part = self.boxes.get(first) or self.frames.get(first)
                count = 1 if part is None or is_list_of(node, part.count) else part.count
            at = self.boxes[first].id if not box and first in self.boxes else box
            folds = (inside or {}) | ({first: member} if count > 1 else {})
            if not isinstance(node.target, Graph):
                self.found[path + node.label] = at, folds
            elif first in self.frames and is_list_of(node, self.frames[first].count):
                self._members(node.target, f"{path}{node.label}", first, at, folds)
            else:
                self.read(node.target, f"{path}{node.label}.", f"{first}.", at, folds)

    def _members(self, graph: Graph, path: str, first: str, box: str, folds: Folds) -> None:
        start = graph.nodes[0].label
        for k, node in enumerate(graph.nodes):
            assert isinstance(node.target, Graph)
            self.read(node.target, f"{path}.{node.label}.", f"{first}.{start}.", box, folds | {first: k})


def is_list_of(node: Node, count: int) -> bool:
    """A list with `count` members, which is drawn as one of them."""
    target = node.target
    return isinstance(target, Graph) and target.kind == "sequence" and len(target.nodes) == count > 1


@pytest.mark.parametrize("target", MODELS)
def test_folding_loses_no_edge_and_invents_none(target: str) -> None:
    graph = graph_of(target)
    for depth in (None, 0, 1, 2, 9):
        scene = draw.scene(graph, depth=depth)
        reader = Reader(scene)
        reader.read(graph)
        wanted = set()
        for tail, head in true_edges(graph):
            (source, mine), (end, theirs) = reader.found[tail], reader.found[head]
            repeats = any(mine[fold] != theirs[fold] for fold in mine.keys() & theirs.keys())
            if source != end and not repeats:
                wanted.add((source, end))
        assert {(edge.source, edge.target) for edge in scene.edges} == wanted, depth
