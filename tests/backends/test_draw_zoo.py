"""Every picture of the zoo keeps the promises of the layout, and shows the edges of its graph."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction, Scene
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import open_spec, read
from nndsl.ir.graph import Graph
from tests.backends import test_draw_layout as promises
from tests.backends.reading import wanted

ZOO = Path(nndsl.__file__).parent.parent / "models"

EVERY = {"alexnet", "googlenet", "lenet", "lstm_classifier", "mlp", "resnet", "transformer_encoder", "vgg", "vit"}


def shown(path: Path) -> list[str]:
    """The models of a file that are complete; of those that differ only in their numbers, the first, but for the files
    of `EVERY`."""
    spec = open_spec(read(str(path)), Diagnostics())
    found: dict[str, str] = {}
    for model in spec.complete():
        family = re.match(r"model \w+ = (\w+)", model.span.text)
        name = model.name.id
        found.setdefault(family[1] if family and path.stem not in EVERY else name, name)
    return [f"{path.name}:{name}" for name in found.values()]


MODELS = [target for path in sorted(ZOO.glob("*.nn")) for target in shown(path)]
CASES: list[tuple[int | None, Direction]] = [(None, "up"), (0, "up"), (1, "up"), (9, "up"), (9, "down"), (9, "right")]

LARGE: list[tuple[int | None, Direction]] = [(None, "up"), (1, "up"), (2, "right")]


@cache
def graph_of(target: str) -> Graph:
    return nndsl.load(ZOO / target).ir


@lru_cache(maxsize=12)
def scene_of(target: str, depth: int | None, direction: Direction = "up") -> Scene:
    return draw.scene(graph_of(target), depth=depth, direction=direction)


@pytest.mark.parametrize("target", MODELS, scope="module")
def test_it_keeps_all_promises(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_large = len(scene_of(target, None).boxes) > 60
    for depth, direction in LARGE if is_large else CASES:
        scene = scene_of(target, depth, direction)
        monkeypatch.setattr(promises, "scene_of", lambda *_, scene=scene: scene)
        promises.test_boxes_and_labels_stay_apart("", depth, direction)
        promises.test_texts_fit_their_boxes_and_everything_the_page("", depth, direction)
        promises.test_lines_are_upright_or_level_and_cross_no_box_or_label("", depth, direction)
        promises.test_lines_share_only_an_arrow_and_look_as_what_goes_on_from_them("", depth, direction)
        promises.test_frames_hold_their_members_and_nothing_else("", depth, direction)
        promises.test_every_edge_is_shown_by_lines_from_box_to_box("", depth, direction)


@pytest.mark.parametrize("target", MODELS, scope="module")
def test_folding_loses_no_edge_and_invents_none(target: str) -> None:
    graph = graph_of(target)
    for depth in (None, 0, 1, 2, 9):
        scene = scene_of(target, depth)
        assert {(edge.source, edge.target) for edge in scene.edges} == wanted(graph, scene), depth


@pytest.mark.parametrize("target", ["siamese.nn:Siamese", "t5.nn:T5Small"])
def test_a_lost_edge_is_seen(target: str) -> None:
    graph = graph_of(target)
    for depth in (None, 0):
        scene = scene_of(target, depth)
        for lost in scene.edges:
            left = {(edge.source, edge.target) for edge in scene.edges if edge is not lost}
            assert left == wanted(graph, scene) - {(lost.source, lost.target)} != wanted(graph, scene)
