"""What a picture shows at each depth: folding hides boxes, never a connection."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Box, Scene
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops import families
from nndsl.shapes import TensorType
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, encoder, made, resnet, seq2seq, siamese, vit

Edges = set[tuple[str, str]]


def true_edges(graph: Graph, closed: Collection[str] = ()) -> Edges:
    """Between all operators, inputs and outputs, by their full paths; found by following values, not by drawing.
    `closed`: paths of blocks that are taken for operators."""
    edges: Edges = set()

    def visit(graph: Graph, prefix: str, given: dict[int, str | None]) -> dict[int, str | None]:
        sources = dict(given)
        for node in graph.nodes:
            path = prefix + node.label
            feeds = [sources[id(v)] if v is not None else None for v in node.inputs]
            if isinstance(node.target, Graph) and path not in closed:
                inner = {id(v): f for v, f in zip(node.target.inputs, feeds, strict=True)}
                results = visit(node.target, path + ".", inner)
                for value, port in zip(node.outputs, node.target.outputs, strict=True):
                    sources[id(value)] = results[id(port.value)]
                continue
            is_constant = all(f is None for f in feeds)
            edges.update((f, path) for f in feeds if f is not None)
            sources.update((id(v), None if is_constant else path) for v in node.outputs)
        return sources

    results = visit(graph, "", {id(v): v.name for v in graph.inputs})
    for port in graph.outputs:
        source = results[id(port.value)]
        assert source is not None
        edges.add((source, port.name))
    return edges


def told_by_another(graph: Graph, boxes: dict[str, Box], prefix: str = "") -> dict[str, str]:
    """Of blocks in a row that one box stands for: that box, for each but the first."""
    found: dict[str, str] = {}
    for i, node in enumerate(graph.nodes):
        box = boxes.get(prefix + node.label)
        if isinstance(node.target, Graph) and box is None:
            found |= told_by_another(node.target, boxes, f"{prefix}{node.label}.")
        elif box is not None and box.count > 1 and is_block(node):
            found |= {prefix + other.label: box.id for other in graph.nodes[i + 1 : i + box.count]}
    return found


def is_block(node: Node) -> bool:
    return isinstance(node.target, Graph) and node.target.kind == "block"


def members(graph: Graph, scene: Scene) -> dict[str, str]:
    """From each operator's path to the box that stands for it; in a folded list, the first member's."""
    boxes = {box.path: box.id for box in scene.boxes}
    boxes |= told_by_another(graph, {box.path: box for box in scene.boxes})
    folded = {frame.path: frame for frame in scene.clusters if frame.count > 1}

    def shown(path: str) -> str | None:
        parts = path.split(".")
        for i in range(1, len(parts) + 1):
            head = ".".join(parts[:i])
            if head in boxes:
                return boxes[head]
        return None

    def first_members(path: str) -> str:
        """`layers.7.norm1` is shown as `layers.0.norm1`."""
        for frame in folded:
            if path.startswith(frame + "."):
                rest = path[len(frame) + 1 :].split(".")
                if rest[0].isdigit():
                    return ".".join([frame, "0", *rest[1:]])
        return path

    found = {}
    for edge in true_edges(graph):
        for path in edge:
            box = shown(path) or shown(first_members(path))
            assert box is not None, path
            found[path] = box
    return found


# Graphs whose repeated members stand in lists: there the first member's path is known.
LISTED = {name: build for name, build in SAMPLES.items() if name not in ("seq2seq", "seq2seq_unfolded", "siamese")}
LISTED["decoders"] = lambda: seq2seq(unfolded=True, shared=False)


@pytest.mark.parametrize("depth", [None, 0, 1, 2, 9])
@pytest.mark.parametrize("name", LISTED)
def test_folding_loses_no_edge_and_invents_none(name: str, depth: int | None) -> None:
    graph = LISTED[name]()
    scene = draw.scene(graph, depth=depth)
    boxes = members(graph, scene)
    wanted = set()
    for tail, head in true_edges(graph):
        inside = boxes[tail] == boxes[head]
        repeated = tail.split(".")[:1] == head.split(".")[:1] and tail.split(".")[1:2] != head.split(".")[1:2]
        if not inside and not (repeated and is_repeat(scene, tail, head)):
            wanted.add((boxes[tail], boxes[head]))
    drawn = {(edge.source, edge.target) for edge in scene.edges}
    assert drawn == wanted


def is_repeat(scene: Scene, tail: str, head: str) -> bool:
    """From one member of a folded list to the next: what × N says."""
    for frame in scene.clusters:
        path = frame.path + "."
        if frame.count > 1 and tail.startswith(path) and head.startswith(path):
            return tail[len(path) :].split(".", maxsplit=1)[0] != head[len(path) :].split(".", maxsplit=1)[0]
    return False


def test_equal_members_are_drawn_once() -> None:
    scene = draw.scene(encoder(depth=6))
    (frame,) = [c for c in scene.clusters if c.count > 1]
    words = "".join(text.text for text in frame.texts)
    assert "EncoderLayer × 6" in words
    assert "3.15M each · 18.9M" in words
    assert sum(box.path.endswith("norm1") for box in scene.boxes) == 1


def test_a_model_of_96_layers_is_as_large_as_one_of_two() -> None:
    two, many = draw.scene(encoder(depth=2)), draw.scene(encoder(depth=96))
    assert len(two.boxes) == len(many.boxes)
    assert many.height <= two.height
    assert abs(two.width - many.width) < 20  # the caption's digits


def test_members_that_pass_a_second_value_are_folded() -> None:
    scene = draw.scene(seq2seq(3), depth=9)
    assert [c.count for c in scene.clusters if c.path == "decoder0"] == [3]
    assert not [
        c for c in draw.scene(seq2seq(3, unfolded=True), depth=9).clusters if c.path == "decoder0" and c.count > 1
    ]


def test_depth_closes_blocks() -> None:
    graph = resnet()
    closed, stages, full = (draw.scene(graph, depth=d) for d in (0, 1, 9))
    assert not closed.clusters
    assert {c.path for c in stages.clusters} == {f"layer{i}" for i in range(1, 5)}
    assert len(closed.boxes) < len(stages.boxes) < len(full.boxes)
    layer1 = next(box for box in closed.boxes if box.path == "layer1")
    assert "BasicBlock × 2" in "".join(text.text for text in layer1.texts)
    assert any(box.path == "layer4.0.downsample.0" for box in full.boxes)


def test_without_a_depth_each_structure_of_a_large_model_is_open_once() -> None:
    scene = draw.scene(resnet())
    opened = [c.path for c in scene.clusters]
    assert opened == ["layer1", "layer2", "layer2.0", "layer2.0.downsample"]


IDLE = """
block Some(p: float) {
  input x: [N, D]
  x -> Linear(D) -> Dropout(p) -> Dropout(0) -> (Dropout(0), ReLU) -> Concat(dim=-1) -> DropPath(p)
}
model M {
  input x: float[N, 8]
  output z = x -> Dropout(0)
  output y = x -> a: Some(0.0) -> b: Some(0.1)
}
"""


def test_what_does_nothing_is_left_out() -> None:
    graph = nndsl.loads(IDLE).ir
    closed, opened = draw.scene(graph, depth=0, collapse="a"), draw.scene(graph, depth=1)
    paths = {box.id: box.path for box in opened.boxes}
    assert {path for path in paths.values() if path.startswith("a.")} == {"a.linear_1", "a.relu_1", "a.concat_1"}
    edges = {(paths[edge.source], paths[edge.target]) for edge in opened.edges}
    assert {edge for edge in edges if edge[0].startswith("a.") or edge[0] == "x"} == {
        ("x", "z"), ("x", "a.linear_1"), ("a.linear_1", "a.relu_1"), ("a.linear_1", "a.concat_1"),
        ("a.relu_1", "a.concat_1"), ("a.concat_1", "b.linear_1"),
    }  # fmt: skip
    assert {path for path in paths.values() if "drop" in path} == {"b.dropout_1", "b.droppath_1"}
    heads = {tuple(path.split(".")[0] for path in edge) for edge in edges}
    closed_paths = {box.id: box.path for box in closed.boxes}
    assert {(closed_paths[e.source], closed_paths[e.target]) for e in closed.edges} == {
        e for e in heads if e[0] != e[1]
    }
    starts = {opened.wires[e.wires[0]].points[0][0] for e in opened.edges if paths[e.source] == "x"}
    assert len(starts) == 1  # the input is one value, however it is passed on


def test_a_block_in_which_nothing_is_done_stays_closed() -> None:
    graph = nndsl.loads(
        "block Nothing = Dropout(0)\nmodel M { input x: float[N, 8]\n  output y = x -> Nothing -> ReLU }"
    ).ir
    assert [box.path for box in draw.scene(graph, depth=9).boxes] == ["x", "nothing_1", "relu_1", "y"]


def test_shared_layers_are_marked_and_counted_once() -> None:
    scene = draw.scene(siamese())
    first, second = (c for c in scene.clusters if c.path == "encoder")
    words = ["".join(text.text for text in c.texts) for c in (first, second)]
    assert all("↔ encoder" in text for text in words)
    assert "27.6K" in words[0]
    assert "27.6K" not in words[1]
    assert (first.dashed, second.dashed) == (False, True)


def test_a_sign_of_one_mode_is_dashed() -> None:
    text = """\
model M {
  input x: float[N, 4]
  input z: float[N, 4]
  if training {
    output noisy = x + z
  }
  output y = x * z
}
"""
    scene = draw.scene(nndsl.loads(text).ir)
    assert [box.dashed for box in scene.boxes if box.shape == "circle"] == [True, False]


def test_a_shared_block_of_a_large_model_is_open_once() -> None:
    trunk = "\n".join(f"  h = h -> Conv2d({8 + i}, 3, padding=1) -> ReLU" for i in range(60))
    text = f"""\
block Head(outs: int) {{
  input x: [N, C, H, W]
  x -> Conv2d(16, 1) -> ReLU -> Conv2d(outs, 1)
}}
model Detector {{
  input image: float[N, 3, 32, 32]
  layer head = Head(5)
  h = image
{trunk}
  h = h -> Conv2d(16, 1)
  output a = h -> head
  output b = h -> MaxPool2d(2) -> head
  output c = h -> MaxPool2d(4) -> head
}}
"""
    scene = draw.scene(nndsl.loads(text).ir)
    assert len([c for c in scene.clusters if c.path == "head"]) == 1
    assert len([box for box in scene.boxes if box.path == "head"]) == 2


def test_parameters_are_told_where_they_are_used() -> None:
    scene = draw.scene(vit())
    assert not [box for box in scene.boxes if box.path in ("cls", "pos", "expand_1")]
    told = ["".join(text.text for text in box.texts) for box in scene.boxes]
    assert any("pos (151K)" in text for text in told)
    assert any("cls (768)" in text for text in told)


def test_a_parameter_that_is_used_twice_is_counted_once() -> None:
    text = "model M { input x: float[2, 3]\n param p: float[3, 3]\n (x, p / (p -> Exp)) -> MatMul }"
    told = ["".join(text.text for text in box.texts) for box in draw.scene(nndsl.loads(text).ir).boxes]
    assert any("p ÷ exp(p) (9)" in text for text in told), told


def test_a_constant_that_is_an_output_is_drawn() -> None:
    b = Builder("Constant", "model")
    x = b.input("x", N, 4)
    b.output("y", b.linear(x, 4))
    b.output("table", b.parameter("table", 3, 4))
    scene = draw.scene(b.graph)
    by_id = {box.id: box.path for box in scene.boxes}
    assert {(by_id[e.source], by_id[e.target]) for e in scene.edges} == {
        ("x", "linear_1"),
        ("linear_1", "y"),
        ("table", "table"),
    }


def test_a_closed_block_may_be_given_a_constant() -> None:
    spec = """
block Sum {
  input x: [N, D]
  input y: [N, D]
  x + y -> Linear(D)
}

model M {
  input x: float[N, 8]
  output y = (x, Zeros(N, 8)) -> Sum
}
"""
    scene = draw.scene(nndsl.loads(spec).ir, depth=0)
    assert {box.path for box in scene.boxes} == {"x", "sum_1", "y"}


def test_a_block_may_give_back_a_constant_that_it_was_given() -> None:
    spec = """
block Two {
  input a: [N]
  input b: [N]
  output p = a
  output q = a + b
}

model M {
  input x: float[N]
  p, q = (Zeros(N), x) -> Two
  output y = p * q
}
"""
    graph = nndsl.loads(spec).ir
    boxes = draw.scene(graph).boxes
    assert {box.path for box in boxes} == {"x", "two_1.add_1", "two_1.p", "multiply_1", "y"}
    assert any(text.text == "Zeros" for box in boxes for text in box.texts)
    assert "Zeros" in draw.html(graph)


def test_unused_results_and_inputs_are_drawn() -> None:
    b = Builder("Loose", "model")
    x = b.input("x", N, 4)
    b.input("unused", N)
    b.linear(x, 8)
    b.output("y", x)
    scene = draw.scene(b.graph)
    assert {box.path for box in scene.boxes} == {"x", "unused", "linear_1", "y"}


def nested(levels: int) -> Graph:
    """Each block holds two of the next: 2 ** levels operators."""
    inner: Graph | None = None
    for level in range(levels):
        b = Builder(f"Level{level}")
        h: Value = b.input("x", N, 4)
        for _ in range(2):
            h = b.relu(h) if inner is None else b.relu(b.call(inner, h), "Tanh")
        b.output("y", h)
        inner = b.graph
    assert inner is not None
    top = Builder("Bomb", "model")
    x = top.input("x", N, 4)
    top.output("y", top.call(inner, x))
    return top.graph


def test_a_bomb_of_nested_blocks_is_drawn_in_bounds() -> None:
    assert len(draw.scene(nested(12)).boxes) < 200
    assert len(draw.scene(nested(40), depth=99).boxes) < 60_000


def test_deep_nesting_needs_no_deep_stack() -> None:
    h = Builder("Deep", "model")
    graph: Graph | None = None
    for level in range(400):
        b = Builder(f"L{level}")
        x = b.input("x", N, 4)
        b.output("y", b.relu(x if graph is None else b.call(graph, x)))
        graph = b.graph
    assert graph is not None
    h.output("y", h.call(graph, h.input("x", N, 4)))
    assert draw.scene(h.graph, depth=999).boxes


def test_shapes_are_told_where_they_change() -> None:
    scene = draw.scene(resnet(), depth=0)
    told = [text.text for text in scene.labels]
    assert told.count("(N, 64, 112, 112)") == 1  # after the convolution, not again after its normalisation
    assert "(N, 1000)" not in told  # the output says it itself


def test_the_shape_told_is_that_of_the_result_that_goes_on() -> None:
    b = Builder("Last", "model")
    x = b.input("x", N, 7)
    types = [TensorType("float", (N, 9)), TensorType("float", (2, N, 9))]
    _, state = b.add(made("LSTM", families.RECURRENT), [x], types)
    b.output("y", b.linear(state, 3))
    assert [text.text for text in draw.scene(b.graph).labels] == ["(2, N, 9)"]


def test_a_closed_block_tells_the_hyperparameters_that_were_given() -> None:
    graph = nndsl.loads(
        "block B(width: int, drop: float = 0.1) = Linear(width) -> Dropout(drop)\n"
        "model M { input x: float[N, 4]\n  output y = x -> B(8) -> Tanh -> B(8, drop=0.2) }"
    )._graph
    told = ["".join(text.text for text in box.texts) for box in draw.scene(graph, depth=0).boxes if box.stacked]
    assert told == ["B  width=8 · 40 params", "B  width=8, drop=0.2 · 72 params"]


def test_a_long_caption_stands_where_its_frame_stays_narrow() -> None:
    model = nndsl.load(Path(__file__).parents[2] / "examples" / "language_model.nn")
    scene = draw.scene(model._graph)
    frames = [frame for frame in scene.clusters if frame.texts[0].text == "RotaryEmbedding"]
    assert len(frames) == 2
    assert all(frame.texts[0].x > frame.x + 40 for frame in frames)  # right of the wire, not at the corner
    assert scene.width < 900
