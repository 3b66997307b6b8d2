"""A long picture in columns: what was true of it in one is true in several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.curves import outline
from nndsl.backends.draw.scene import Cluster, Direction, Scene
from nndsl.cli import run
from nndsl.ir.graph import Graph
from tests.backends import test_draw_layout as promises
from tests.backends.graphs_by_hand import SAMPLES, chain, encoder
from tests.backends.test_draw_random import random_graph
from tests.work import calls

ZOO = Path(nndsl.__file__).parent.parent / "models"
DIRECTIONS: tuple[Direction, ...] = ("up", "down", "right")
NAMES = [*SAMPLES, "vgg.nn:VGG11BN", "resnet.nn:ResNet18", *(f"random {seed}" for seed in range(10))]


def zoo(target: str) -> Graph:
    return nndsl.load(ZOO / target)._graph


def length(scene: Scene) -> float:
    return scene.width if scene.direction == "right" else scene.height


def edges(scene: Scene) -> set[tuple[str, str]]:
    paths = {box.id: box.path for box in scene.boxes}
    return {(paths[edge.source], paths[edge.target]) for edge in scene.edges}


def words(frame: Cluster) -> list[str]:
    return [text.text for text in frame.texts]


def keeps_promises(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "scene_of", lambda *_: scene)
    promises.test_boxes_and_labels_stay_apart("", None, scene.direction)
    promises.test_texts_fit_their_boxes_and_everything_the_page("", None, scene.direction)
    promises.test_lines_are_upright_or_level_and_cross_no_box_or_label("", None, scene.direction)
    promises.test_frames_hold_their_members_and_nothing_else("", None, scene.direction)
    promises.test_every_edge_is_shown_by_lines_from_box_to_box("", None, scene.direction)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    "name", [*SAMPLES, "vgg.nn:VGG11BN", "resnet.nn:ResNet18", *(f"random {s}" for s in range(10))]
)
def test_a_broken_picture_keeps_all_promises(name: str, direction: Direction, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = int(name.split()[1]) if name.startswith("random") else None
    graph = random_graph(seed, 14, 2) if seed is not None else SAMPLES[name]() if name in SAMPLES else zoo(name)
    for depth, wrap in ((9, 2), (None, 3), (9, 5)):
        whole = draw.scene(graph, depth=depth, direction=direction)
        scene = draw.scene(graph, depth=depth, direction=direction, wrap=wrap)
        keeps_promises(scene, monkeypatch)
        assert edges(scene) == edges(whole)
        assert [box.path for box in scene.boxes] == [box.path for box in whole.boxes]
        assert length(scene) <= length(whole) + 120  # the ways round
        told = sorted((frame.path, words(frame)) for frame in scene.clusters if " (continued)" not in words(frame))
        assert [caption for caption in told if caption[1]] == sorted((f.path, words(f)) for f in whole.clusters)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_long_network_becomes_as_long_as_it_is_wide(direction: Direction) -> None:
    whole, broken = (draw.scene(zoo("vgg.nn:VGG16BN"), direction=direction, wrap=wrap) for wrap in (1, 3))
    assert length(broken) < 0.45 * length(whole)
    if direction != "right":
        assert 0.6 < broken.width / broken.height < 1.6


def test_columns_end_between_blocks_where_they_can() -> None:
    scene = draw.scene(zoo("resnet.nn:ResNet18"), depth=9, wrap=4)
    paths = [frame.path for frame in scene.clusters]
    assert len(paths) == len(set(paths))  # no frame was cut
    places = {frame.path: frame.x for frame in scene.clusters}
    assert places["layer1"] < places["layer2"] < places["layer3"] < places["layer4"]


def test_a_frame_that_is_cut_holds_boxes_in_every_column() -> None:
    scene = draw.scene(zoo("vgg.nn:VGG16BN"), wrap=3)
    pieces = [frame for frame in scene.clusters if frame.path == "features"]
    assert [words(piece) for piece in pieces] == [
        ["features", "14.7M"],
        ["features", " (continued)"],
        ["features", " (continued)"],
    ]
    assert [set(piece.cut) for piece in pieces] == [{"top"}, {"top", "bottom"}, {"bottom"}]
    assert all(any(box.cluster == piece.id for box in scene.boxes) for piece in pieces)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_cut_side_is_open_in_all_formats(direction: Direction) -> None:
    """No line is drawn there, and what is drawn of the frame is as large as the frame."""
    scene = draw.scene(zoo("vgg.nn:VGG16BN"), wrap=3, direction=direction)
    ends = {"up": {"top", "bottom"}, "down": {"top", "bottom"}, "right": {"left", "right"}}[direction]
    pieces = [frame for frame in scene.clusters if frame.cut]
    assert pieces
    assert all(frame.cut <= ends for frame in pieces)
    for frame in pieces:
        lines = outline(frame)
        assert len(lines) == len(frame.cut)
        places = [point for line in lines for _, *points in line for point in points]
        xs, ys = [x for x, _ in places], [y for _, y in places]
        assert (min(xs), min(ys)) == pytest.approx((frame.x, frame.y))
        assert (max(xs), max(ys)) == pytest.approx((frame.x + frame.width, frame.y + frame.height))
        for line in lines:
            (x, y), (to_x, to_y) = line[0][1], line[-1][-1]
            if len(frame.cut) == 1:  # begins and ends at the cut
                assert (abs(x - to_x) if direction == "right" else abs(y - to_y)) < 0.01
    assert draw.svg(scene).count('stroke-opacity="0"') == len(pieces)
    assert draw.tikz(scene).count("draw=none") == len(pieces)
    assert draw.pdf(scene) != draw.pdf(closed(scene))


def closed(scene: Scene) -> Scene:
    return replace(scene, clusters=[replace(frame, cut=frozenset()) for frame in scene.clusters])


def test_where_several_lines_pass_nothing_is_cut() -> None:
    graph = nndsl.load(ZOO.parent / "examples" / "unet.nn")._graph
    assert draw.svg(draw.scene(graph, depth=0, wrap=2)) == draw.svg(draw.scene(graph, depth=0))


def test_one_column_and_a_short_picture_are_as_they_are() -> None:
    assert draw.svg(draw.scene(encoder(), wrap=1)) == draw.svg(draw.scene(encoder()))
    assert draw.svg(draw.scene(chain(1), wrap=9)) == draw.svg(draw.scene(chain(1)))
    assert draw.svg(draw.scene(chain(40), wrap=4)) == draw.svg(draw.scene(chain(40), wrap=4))


def test_the_work_of_breaking_is_linear() -> None:
    short, long = chain(200), chain(2000)
    draw.scene(short, wrap=4)
    once = calls(lambda: draw.scene(short, depth=9, wrap=4))
    assert calls(lambda: draw.scene(long, depth=9, wrap=4)) < 11 * once


def test_every_format_of_the_command_takes_it(tmp_path: Path) -> None:
    given = [str(ZOO / "vgg.nn:VGG11BN"), "--wrap", "3"]
    for ending in ("svg", "tex", "html", "dot"):
        assert run(["draw", *given, "-o", str(tmp_path / f"broken.{ending}")]) == 0
        assert run(["draw", *given[:1], "-o", str(tmp_path / f"whole.{ending}")]) == 0
    same = {e: read(tmp_path, f"broken.{e}") == read(tmp_path, f"whole.{e}") for e in ("svg", "tex", "html", "dot")}
    assert same == {"svg": False, "tex": False, "html": True, "dot": True}


def read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()
