"""Any wiring at all: random graphs, nested in each other, keep every promise of the layout."""

from __future__ import annotations

import random

import pytest

from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction
from nndsl.ir.graph import Graph, Value
from nndsl.ops import families
from tests.backends import test_draw_layout as promises
from tests.backends.graphs_by_hand import Builder, N, made
from tests.backends.test_draw_folding import true_edges
from tests.work import calls


def random_graph(seed: int, size: int, depth: int = 2) -> Graph:
    rng = random.Random(seed)
    b = Builder(f"Model{seed}", "model")
    fill(b, rng, size, depth, rng.randint(1, 3))
    return b.graph


def fill(b: Builder, rng: random.Random, size: int, depth: int, inputs: int) -> None:
    values: list[Value] = [b.input(f"in{i}", N, 4) for i in range(inputs)]
    for i in range(rng.randint(1, size)):
        recent = values[-3:] if rng.random() < 0.6 else values
        chosen = [rng.choice(recent) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
        kind = rng.random()
        if depth and kind < 0.25:
            inner = Builder(f"Block{depth}_{i}_{rng.randint(0, 999)}")
            fill(inner, rng, size // 2 + 1, depth - 1, len(chosen))
            results = b.call(inner.graph, *chosen)
            values.extend(results if isinstance(results, list) else [results])
        elif kind < 0.45 and len(chosen) > 1:
            values.append(b.op(made("Add", families.ARITHMETIC), *chosen[:2]))
        elif kind < 0.55:
            name = made("Split", families.SHAPE, "2")
            values.extend(b.add(name, chosen, [chosen[0].type] * 2))
        elif kind < 0.65:
            values.append(b.op(made("Wide", families.LINEAR, "8"), *chosen, shape=(N, rng.randint(1, 9))))
        else:
            values.append(b.op(made("Layer", families.CONVOLUTION, "x" * rng.randint(0, 12)), *chosen))
    for i in range(rng.randint(1, 3)):
        b.output(f"out{i}", rng.choice(values))


# Two that once broke a promise: inputs that lead nowhere, and a part of the graph that touches no other.
FOUND = [1215, 1407]


@pytest.mark.parametrize("seed", [*range(40), *FOUND])
def test_random_graphs_keep_all_promises(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = random_graph(seed, 3 + seed % 30, seed % 4)
    cases: list[tuple[int | None, Direction]] = [(0, "up"), (9, "up"), (None, "up"), (9, "down"), (9, "right")]
    for depth, direction in cases:
        scene = draw.scene(graph, depth=depth, direction=direction)
        monkeypatch.setattr(promises, "scene_of", lambda *_, scene=scene: scene)
        promises.test_boxes_and_labels_stay_apart("", depth, direction)
        promises.test_texts_fit_their_boxes_and_everything_the_page("", depth, direction)
        promises.test_lines_are_upright_or_level_and_cross_no_box_or_label("", depth, direction)
        promises.test_lines_share_only_an_arrow_and_look_as_what_goes_on_from_them("", depth, direction)
        promises.test_frames_hold_their_members_and_nothing_else("", depth, direction)
        promises.test_every_edge_is_shown_by_lines_from_box_to_box("", depth, direction)


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_keep_all_edges(seed: int) -> None:
    """Drawn in full, without folded members, the picture has exactly the graph's edges."""
    graph = random_graph(seed, 4 + seed % 17)
    scene = draw.scene(graph, depth=99)
    if any(part.count > 1 for part in [*scene.boxes, *scene.clusters]):
        pytest.skip("members were folded")
    paths = {box.id: box.path for box in scene.boxes}
    assert {(paths[edge.source], paths[edge.target]) for edge in scene.edges} == true_edges(graph)


def knot(size: int) -> Graph:
    """Sums of values chosen at random: nothing in it is a series or a branch."""
    b = Builder("Knot", "model")
    values = [b.input("x", N, 4)]
    rng = random.Random(1)
    for _ in range(size):
        values.append(b.op(made("Add", families.ARITHMETIC), rng.choice(values[-30:]), rng.choice(values[-5:])))
    b.output("y", values[-1])
    return b.graph


def test_the_work_of_a_knot_grows_with_it() -> None:
    small, large = knot(200), knot(2000)
    assert draw.scene(large, depth=9).boxes
    assert calls(lambda: draw.scene(large, depth=9)) < 15 * calls(lambda: draw.scene(small, depth=9))
