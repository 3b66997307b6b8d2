"""Real architectures: exported, verified against PyTorch, and no larger than what tracing gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

import nndsl
from nndsl.backends.onnx.export import Options, lower
from nndsl.ir.printer import print_graph
from nndsl.ir.reader import read_graph
from nndsl.ir.verifier import verify
from nndsl.passes import INFERENCE, specialize

# what torch.onnx.export(dynamo=True) makes of the same networks (PyTorch 2.13)
TRACED = {
    "zoo/resnet.nn:ResNet50": 122,
    "zoo/googlenet.nn:GoogLeNet": 139,
    "zoo/vit.nn:ViTB16": 441,
    "zoo/transformer_encoder.nn": 282,
    "zoo/lstm_classifier.nn": 55,
}

SMALL: dict[str, dict[str, Any]] = {
    "zoo/mlp.nn": {},
    "zoo/lenet.nn": {},
    "zoo/lstm_classifier.nn": {},
    "zoo/transformer_encoder.nn": {"depth": 2, "vocab": 100, "dim": 32, "heads": 4, "hidden": 64},
    "zoo/resnet.nn:ResNet18": {"classes": 10},
    "zoo/googlenet.nn:GoogLeNet": {"classes": 10},
}


@pytest.mark.parametrize("target", TRACED)
def test_no_more_nodes_than_tracing(target: str) -> None:
    lowered = lower(nndsl.load(target).ir, Options())
    assert len(lowered.model.graph.node) <= TRACED[target]


@pytest.mark.parametrize("functions", [False, True])
@pytest.mark.parametrize("target", SMALL)
def test_exports_are_verified(target: str, functions: bool, tmp_path: Path) -> None:
    model = nndsl.load(target, **SMALL[target])
    assert model.export(tmp_path / "m.onnx", functions=functions).verified


@pytest.mark.parametrize("opset", [17, 20])
def test_older_opsets(opset: int, tmp_path: Path) -> None:
    for target in ("zoo/lstm_classifier.nn", "zoo/transformer_encoder.nn"):
        model = nndsl.load(target, **SMALL[target])
        assert model.export(tmp_path / "m.onnx", opset=opset).verified


@pytest.mark.parametrize("target", sorted({*TRACED, *SMALL}))
def test_the_ir_is_sound_before_and_after_each_pass(target: str) -> None:
    graph = nndsl.load(target).ir
    text = print_graph(graph)
    assert print_graph(read_graph(text)) == text
    assert verify(graph) == []
    graph = specialize(graph, training=False)
    for each in INFERENCE:
        graph = each(graph)
        assert verify(graph) == [], each.__name__
    assert print_graph(read_graph(print_graph(graph))) == print_graph(graph)


def test_names_of_a_real_model(tmp_path: Path) -> None:
    model = nndsl.load("zoo/resnet.nn:ResNet18", classes=10)
    model.export(tmp_path / "m.onnx", verify=False)
    graph = onnx.load(str(tmp_path / "m.onnx")).graph
    assert "layer2.0/downsample.0" in {node.name for node in graph.node}
    weights = {i.name for i in graph.initializer}
    assert {"conv1.weight", "layer2.0.downsample.0.weight", "fc.weight", "fc.bias"} <= weights
    assert graph.input[0].type.tensor_type.shape.dim[2].dim_param == "H"
