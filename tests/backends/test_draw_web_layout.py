"""The page lays out as Python does: the same places for all boxes, frames, wires and texts, whatever is open."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

import pytest

import nndsl
from nndsl.backends.draw import Scene
from nndsl.backends.draw.atlas import Atlas, opened
from nndsl.backends.draw.opening import Opening
from nndsl.backends.draw.picture import picture
from nndsl.backends.draw.plan import Planner
from nndsl.backends.draw.scene import Direction, Text
from nndsl.backends.draw.style import LIGHT
from nndsl.ir.graph import Graph
from tests.backends.browser import MODELS, run_layout
from tests.backends.graphs_by_hand import SAMPLES
from tests.backends.test_draw_loops import LOOP
from tests.backends.test_draw_needs import UNUSED
from tests.backends.test_draw_orders import MODEL as SIGNS
from tests.backends.test_draw_pins import PARTS
from tests.backends.test_draw_random import FOUND, knot, random_graph
from tests.backends.test_draw_trunk import MASKED
from tests.backends.test_draw_words import MODES

ZOO = ["resnet.nn:ResNet18", "resnet.nn:ResNet50", "googlenet.nn:GoogLeNet", "vit.nn:ViTB16", "vgg.nn:VGG11BN"]
ZOO += ["alexnet.nn", "lenet.nn", "mlp.nn", "transformer_encoder.nn", "lstm_classifier.nn"]
TEXTS = {"modes": MODES, "loop": LOOP, "orders": SIGNS.format("(x - (x -> Linear(8))) / x"), "unused": UNUSED}
TEXTS |= {"parts": PARTS.replace("FIRST", "(a * b)").replace("SECOND", "c - d"), "masked": MASKED}
CLOSE = 0.01

PAINT = """(cases) => cases.flatMap(({ atlas, chosen }) => chosen.map((ways) => {
  const blocks = new Blocks(atlas);
  blocks.open = new Set(ways);
  const scene = paint(new Layouter(atlas), blocks.tree());
  const place = ({ id, path, x, y, width, height }) => ({ id, path, place: [x, y, width, height] });
  const words = (texts) => texts.map(({ x, y, run }) => [x, y, run.text]);
  return {
    boxes: scene.boxes.map((box) => ({ ...place(box), frame: box.frame && box.frame.id, texts: words(textsOf(box)) })),
    frames: scene.frames.map((frame) => ({
      ...place(frame),
      texts: words(frame.caption.flatMap(([x, y, runs]) => inLine(runs, frame.x + x, frame.y + y))),
    })),
    labels: words(scene.labels.flatMap(({ x, y, runs }) => inLine(runs, x, y))),
    wires: scene.wires.map(({ points, skip, arrow, training, after, back }) => {
      return { points, skip, arrow, training, after, back: Boolean(back) };
    }),
    edges: scene.edges,
    dots: scene.dots,
  };
}))"""


def some_ways(atlas: dict[str, Any], rng: random.Random, chance: float) -> list[str]:
    """Blocks chosen at random, also inside blocks that are closed."""
    found: list[str] = []

    def visit(number: int, way: str) -> None:
        for i, thing in enumerate(atlas["figures"][number]["things"]):
            if "inside" in thing and len(found) < 400:
                if rng.random() < chance:
                    found.append(f"{way}{i}")
                visit(thing["inside"], f"{way}{i}.")

    visit(0, "")
    return found


@cache
def graph_of(name: str) -> Graph:
    """A sample, a random graph ("random 7"), a model of the zoo (a file's name), the knot, or one of `TEXTS`."""
    if name in SAMPLES:
        return SAMPLES[name]()
    if name.startswith("random "):
        seed = int(name.split()[1])
        return random_graph(seed, 3 + seed % 30, seed % 4)
    if name == "knot":
        return knot(300)
    return (nndsl.loads(TEXTS[name]) if name in TEXTS else nndsl.load(MODELS / name))._graph


@cache
def atlas_of(name: str, direction: Direction = "up") -> dict[str, Any]:
    """What the page is given; it does not depend on what is open."""
    return Atlas(graph_of(name), Opening(), direction, "sans", labels=True).write()


Ways: TypeAlias = list[str] | float | None  # what is open, or how likely each block is; None: what is open at first
Case: TypeAlias = tuple[str, Direction, list[Ways]]


def all_cases(direction: Direction) -> list[Case]:
    found: list[Case] = [(name, direction, [None, [], 0.5, 1.0]) for name in SAMPLES]
    found += [(f"random {seed}", direction, [None, 0.6, 1.0]) for seed in [*range(40), *FOUND]]
    found += [(name, direction, [None]) for name in TEXTS]
    if direction == "up":
        found += [(target, "up", [None, 0.3, 0.7, 1.0]) for target in ZOO]
        found.append(("knot", "up", [None]))
    return found


def both(cases: list[Case]) -> Iterator[tuple[str, Scene, dict[str, Any]]]:
    """The name of each picture, what Python makes of it, and what the page does."""
    pictures: list[tuple[str, Scene]] = []
    asked: list[dict[str, Any]] = []
    for name, direction, many in cases:
        atlas = atlas_of(name, direction)
        asked.append({"atlas": atlas, "chosen": []})
        for ways in many:
            where = f"{name} {direction} {ways}"
            opened = some_ways(atlas, random.Random(where), ways) if isinstance(ways, float) else ways
            chosen = atlas["start"] if opened is None else opened
            asked[-1]["chosen"].append(chosen)
            planner = Planner(graph_of(name), Opening(), set(chosen))
            pictures.append((where, picture(planner, direction, "sans", LIGHT, labels=True)))
    for (where, scene), answer in zip(pictures, run_layout(PAINT, asked), strict=True):
        yield where, scene, answer


@pytest.mark.parametrize("direction", ["up", "down", "right"])
def test_the_page_lays_out_as_python_does(direction: Direction) -> None:
    for name, scene, answer in both(all_cases(direction)):
        compare(name, scene, answer)


def compare(name: str, scene: Scene, answer: dict[str, Any]) -> None:
    """Python's page has a header, so that all is a little further down and to the right there."""
    assert len(scene.boxes) == len(answer["boxes"]), name
    first, same = scene.boxes[0], answer["boxes"][0]["place"]
    off = first.x - same[0], first.y - same[1]

    def near(ours: tuple[float, float], theirs: list[float]) -> bool:
        return abs(ours[0] - theirs[0] - off[0]) < CLOSE and abs(ours[1] - theirs[1] - off[1]) < CLOSE

    def texts(ours: list[Text], theirs: list[Any]) -> None:
        assert [text.text for text in ours] == [text for _, _, text in theirs], name
        assert all(near((a.x, a.y), b[:2]) for a, b in zip(ours, theirs, strict=True)), name

    frames = {frame.id: there["id"] for frame, there in zip(scene.clusters, answer["frames"], strict=True)}
    for ours, theirs in zip([*scene.boxes, *scene.clusters], [*answer["boxes"], *answer["frames"]], strict=True):
        where = f"{name}: {ours.path}"
        assert ours.path == theirs["path"], where
        assert near((ours.x, ours.y), theirs["place"][:2]), where
        assert abs(ours.width - theirs["place"][2]) < CLOSE and abs(ours.height - theirs["place"][3]) < CLOSE, where
        texts(ours.texts, theirs["texts"])
    for box, there in zip(scene.boxes, answer["boxes"], strict=True):
        assert (frames[box.cluster] if box.cluster else None) == there["frame"], name
    for wire, there in zip(scene.wires, answer["wires"], strict=True):
        looks = (there["skip"], there["arrow"], there["training"], there["after"], there["back"])
        assert (wire.skip, wire.arrow, wire.training, wire.after, wire.back) == looks, name
        assert all(near(a, b) for a, b in zip(wire.points, there["points"], strict=True)), name
    for (place, trunk), dot in zip(scene.dots.items(), answer["dots"], strict=True):
        assert near(place, [dot["x"], dot["y"]]) and trunk.skip == dot["skip"], name
    texts(scene.labels, answer["labels"])
    ids = {box.id: there["id"] for box, there in zip(scene.boxes, answer["boxes"], strict=True)}
    ours_edges = [(ids[edge.source], ids[edge.target], edge.wires) for edge in scene.edges]
    assert ours_edges == [(e["source"], e["target"], e["wires"]) for e in answer["edges"]], name


def test_the_comparison_sees_a_difference() -> None:
    ((name, scene, answer),) = both([("resnet", "up", [None])])
    compare(name, scene, answer)
    answer["boxes"][-1]["place"][0] += 0.02
    with pytest.raises(AssertionError):
        compare(name, scene, answer)


def test_levels_are_those_of_depth() -> None:
    """What the page opens at a depth is what `--depth` opens."""
    program = "(cases) => cases.map(({ atlas, depths }) => depths.map((depth) => new Blocks(atlas).waysOf(depth).ways))"
    names, depths = [*SAMPLES, *ZOO], [0, 1, 2, 9]
    answers = run_layout(program, [{"atlas": atlas_of(name), "depths": depths} for name in names])
    for name, answer in zip(names, answers, strict=True):
        for depth, ways in zip(depths, answer, strict=True):
            assert sorted(ways) == sorted(opened(Planner(graph_of(name), Opening(depth)))), (name, depth)
