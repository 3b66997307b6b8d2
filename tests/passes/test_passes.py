"""Each pass: what it does, what it leaves alone, and that it changes no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nndsl.ir.graph import Graph
from nndsl.ir.printer import print_graph
from nndsl.ir.reader import read_graph
from nndsl.ir.verifier import verify
from nndsl.passes import (
    INFERENCE,
    drop_dead_code,
    fold_batchnorm,
    for_inference,
    remove_identities,
    share_subexpressions,
    specialize,
)
from tests.backends.graphs import Builder, Interpreter, random_weights


def ops(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes if not node.is_call]


def done(run: Callable[[Graph], Graph], graph: Graph) -> Graph:
    """The pass's result is well formed, and the graph it was given is as before."""
    before = print_graph(graph)
    made = run(graph)
    assert verify(graph) == []
    assert verify(made) == []
    assert print_graph(graph) == before
    assert print_graph(read_graph(print_graph(made))) == print_graph(made)
    return made


def switch() -> Graph:
    """`if training { x -> Linear } else { x }`, and an output that exists while training."""
    b = Builder()
    x = b.input("x", "[N, 4]")
    aux = b.add("aux: Linear(4)", x, mode="train")
    merged = b.add("Merge", aux, x)
    b.output("y", b.add("ReLU", merged))
    b.output("aux", aux, "train")
    return b.graph


def test_specialize_to_inference() -> None:
    made = done(lambda g: specialize(g, training=False), switch())
    assert ops(made) == ["ReLU"]
    assert made.nodes[0].inputs == made.inputs
    assert [port.name for port in made.outputs] == ["y"]


def test_specialize_to_training() -> None:
    made = done(lambda g: specialize(g, training=True), switch())
    assert ops(made) == ["Linear", "ReLU"]
    assert made.nodes[1].inputs == made.nodes[0].outputs
    assert [(port.name, port.mode) for port in made.outputs] == [("y", None), ("aux", None)]


def test_specialize_drops_the_outputs_of_blocks_at_their_calls() -> None:
    block = switch()
    block.kind, block.facts = "block", None
    b = Builder()
    node = b.node("ReLU", b.input("x", "[N, 4]"))
    b.call("block", block, node.outputs[0])
    call = b.graph.nodes[-1]
    call.outputs[1].name = "aux"
    b.output("y", call.outputs[0])
    b.output("aux", call.outputs[1], "train")
    made = specialize(b.graph, training=False)
    assert verify(made) == []
    assert len(made.nodes[-1].outputs) == 1


def test_identities_go() -> None:
    b = Builder()
    x = b.input("x", "[N, 4]")
    y = b.add("Dropout(0.3)", b.add("Identity", b.add("Dropout(0.1)", x)))
    b.output("y", b.add("ReLU", y))
    assert ops(done(remove_identities, b.graph)) == ["ReLU"]


def test_dead_code_goes_together_with_outputs_that_no_call_uses() -> None:
    block = Builder("Two", "block")
    x = block.input("x", "[N, 4]")
    block.output("a", block.add("ReLU", x))
    block.output("b", block.add("Sigmoid", x))
    b = Builder()
    image = b.input("x", "[N, 4]")
    b.add("Tanh", image)
    b.output("y", b.call("two", block.graph, image))
    made = done(drop_dead_code, b.graph)
    assert [node.label for node in made.nodes] == ["two"]
    callee = made.nodes[0].target
    assert isinstance(callee, Graph)
    assert ops(callee) == ["ReLU"]


def test_dead_code_keeps_what_one_of_two_calls_uses() -> None:
    block = Builder("Two", "block")
    x = block.input("x", "[N, 4]")
    block.output("a", block.add("ReLU", x))
    block.output("b", block.add("Sigmoid", x))
    b = Builder()
    image = b.input("x", "[N, 4]")
    b.output("first", b.call("one", block.graph, image))
    b.call("two", block.graph, image)
    b.output("second", b.graph.nodes[-1].outputs[1])
    made = done(drop_dead_code, b.graph)
    assert made.nodes[0].target is made.nodes[1].target
    assert [len(node.outputs) for node in made.nodes] == [2, 2]


def test_equal_work_is_done_once() -> None:
    b = Builder()
    x = b.input("x", "[N, 4]")
    b.output("y", b.add("Add", b.add("Softmax(-1)", x), b.add("Softmax(-1)", x)))
    b.output("z", b.add("Softmax(0)", x))
    made = done(share_subexpressions, b.graph)
    assert ops(made) == ["Softmax", "Binary" if "Binary" in ops(made) else "Add", "Softmax"]
    assert made.nodes[1].inputs[0] is made.nodes[1].inputs[1]


def test_layers_with_weights_and_random_ones_are_not_shared() -> None:
    b = Builder()
    x = b.input("x", "[N, 4]")
    for i in range(2):
        b.output(f"y{i}", b.add(f"fc{i}: Linear(4)", x))
        b.output(f"z{i}", b.add("Dropout(0.5)", x))
    assert len(done(share_subexpressions, b.graph).nodes) == 4


@pytest.mark.parametrize(
    ("type", "layer", "norm"),
    [
        ("[N, 4, H, W]", "Conv2d(6, 3, padding=1, groups=2, bias=false)", "BatchNorm2d"),
        ("[N, 4, H, W]", 'Conv2d(6, 3, padding=1, padding_mode="reflect")', "BatchNorm2d(affine=false)"),
        ("[N, 4, L]", "Conv1d(6, 3)", "BatchNorm1d(eps=0.1)"),
        ("[N, 4, H, W]", "ConvTranspose2d(6, 3, stride=2, groups=2)", "BatchNorm2d(bias=false)"),
        ("[N, 4, H, W]", "ConvTranspose2d(6, 3, bias=false)", "BatchNorm2d"),
        ("[N, 4]", "Linear(5)", "BatchNorm1d"),
    ],
)
def test_normalisations_are_folded(type: str, layer: str, norm: str, tmp_path: Any) -> None:
    from nndsl.backends.onnx import export_model

    b = Builder()
    b.output("y", b.add(f"norm: {norm}", b.add(f"layer: {layer}", b.input("x", type))))
    made = done(fold_batchnorm, b.graph)
    assert ops(made) == ["BatchNormFolded"]
    weights = random_weights(b.graph)
    report = export_model(b.graph, weights, tmp_path / "m.onnx", Interpreter(b.graph, weights))
    assert report.verified
    assert report.nodes <= 2  # padding may be one


@pytest.mark.parametrize(
    "layers",
    [
        ["layer: Conv2d(4, 3)", "ReLU", "norm: BatchNorm2d"],
        ["layer: Conv2d(4, 3)", "norm: BatchNorm2d(track_running_stats=false)"],
        ["layer: Conv2d(4, 3)", "norm: GroupNorm(2)"],
    ],
)
def test_what_is_not_folded(layers: list[str]) -> None:
    b = Builder()
    value = b.input("x", "[N, 4, H, W]")
    for layer in layers:
        value = b.add(layer, value)
    b.output("y", value)
    assert len(done(fold_batchnorm, b.graph).nodes) == len(layers)


def test_a_result_that_others_see_is_not_folded() -> None:
    b = Builder()
    y = b.add("layer: Conv2d(4, 3)", b.input("x", "[N, 4, H, W]"))
    b.output("y", b.add("norm: BatchNorm2d", y))
    b.output("before", y)
    assert len(done(fold_batchnorm, b.graph).nodes) == 2


def test_rows_of_a_lone_image_are_no_batch() -> None:
    """Without a batch dim the channels of a Conv1d are where BatchNorm1d expects the batch."""
    b = Builder()
    y = b.add("layer: Conv1d(5, 3)", b.input("x", "[4, 9]"))
    b.output("y", b.add("norm: BatchNorm1d", y))
    assert len(done(fold_batchnorm, b.graph).nodes) == 2


# --- random graphs --------------------------------------------------------------------------------------------------

LAYERS = [
    "Conv2d(3, 3, padding=1)",
    "Conv2d(3, 1, bias=false)",
    "BatchNorm2d",
    "BatchNorm2d(affine=false)",
    "ReLU",
    "Sigmoid",
    "Dropout(0.5)",
    "Identity",
    "Linear(4)",
    "GroupNorm(1)",
]


@st.composite
def graphs(draw: st.DrawFn, depth: int = 1) -> Graph:
    """Values of one type, so that every layer and block can follow every other."""
    b = Builder() if depth == 1 else Builder("Part", "block")
    values = [b.input("x", "[N, 3, H, 4]")]
    blocks = [draw(graphs(depth=depth - 1)) for _ in range(draw(st.integers(0, 2)) if depth else 0)]
    for i in range(draw(st.integers(1, 7))):
        pick = st.sampled_from(values)
        kind = draw(st.integers(0, 9))
        if kind == 0 and blocks:
            callee = draw(st.sampled_from(blocks))
            b.call(f"part{i}", callee, draw(pick))
            values.extend(b.graph.nodes[-1].outputs)
        elif kind == 1:
            values.append(b.add("Add", draw(pick), draw(pick)))
        elif kind == 2:
            values.append(b.add("Merge", b.add("Tanh", draw(pick), mode="train"), draw(pick)))
        else:
            values.append(b.add(f"layer{i}: {draw(st.sampled_from(LAYERS))}", values[-1]))
    for i in range(draw(st.integers(1, 2))):
        b.output(f"y{i}", draw(st.sampled_from(values)))
    b.output("last", values[-1])
    return b.graph


def outputs(graph: Graph, weights: Any) -> list[Any]:
    x = np.random.default_rng(3).standard_normal((2, 3, 5, 4)).astype("float32")
    return Interpreter(graph, weights)([x])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs())
def test_passes_preserve_outputs(graph: Graph) -> None:
    """Those that PyTorch can run; folding, which only an export can, is held below."""
    weights = random_weights(graph)
    wanted = outputs(graph, weights)
    graph = done(lambda g: specialize(g, training=False), graph)
    for each in INFERENCE:
        made = done(each, graph)
        if each is not fold_batchnorm:
            graph = made
            for a, b in zip(outputs(graph, weights), wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.booleans(), st.booleans(), st.sampled_from([17, 20, 23]))
def test_exports_compute_the_same(
    tmp_path_factory: Any, graph: Graph, functions: bool, optimize: bool, opset: int
) -> None:
    from nndsl.backends.onnx import Options, export_model

    weights = random_weights(graph)
    path = tmp_path_factory.mktemp("random") / "m.onnx"
    options = Options(functions=functions, optimize=optimize, opset=opset)
    assert export_model(graph, weights, path, Interpreter(graph, weights), options).verified


@settings(max_examples=50, deadline=None)
@given(graphs())
def test_the_text_reads_back(graph: Graph) -> None:
    text = print_graph(graph)
    assert print_graph(read_graph(text)) == text
    assert verify(read_graph(text)) == []


def test_optimisation_is_optional() -> None:
    b = Builder()
    b.output("y", b.add("Dropout(0.3)", b.input("x", "[N, 4]")))
    assert len(for_inference(b.graph, optimize=False).nodes) == 1
    assert for_inference(b.graph).nodes == []
