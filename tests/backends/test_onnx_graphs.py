"""The graphs that exports have: read as somebody would who opens the file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import pytest

import nndsl


def exported(body: str, folder: Path, **options: Any) -> onnx.ModelProto:
    """A verified file of `model M { body }`, or of a whole spec, read back."""
    text = body if "model " in body else f"model M {{\n{body}\n}}"
    assert nndsl.loads(text).export(folder / "m.onnx", **options).verified
    return onnx.load(str(folder / "m.onnx"))


def kinds(model: onnx.ModelProto) -> dict[str, int]:
    return dict(Counter(node.op_type for node in model.graph.node))


def untyped(model: onnx.ModelProto) -> list[str]:
    """Values of which the file does not say what they are."""
    graph = model.graph
    told = {info.name for info in (*graph.input, *graph.output, *graph.value_info)}
    return [name for node in graph.node for name in node.output if name and name not in told]


# --- types --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["resnet.nn:ResNet50", "googlenet.nn", "vit.nn:ViTB16", "transformer_encoder.nn", "lstm_classifier.nn",
     "lenet.nn", "mlp.nn", "alexnet.nn", "vgg.nn:VGG11BN"],
)  # fmt: skip
def test_every_value_has_a_type(target: str) -> None:
    from nndsl.backends.onnx.export import Options, lower

    assert untyped(lower(nndsl.load(f"zoo/{target}").ir, Options()).model) == []


def test_types_inside_layers(tmp_path: Path) -> None:
    body = """
    input x: float[N, T, 12]
    input image: float[N, 3, H, W]
    require H % 4 == 0 and W % 4 == 0
    a, _ = x -> GRU(8, num_layers=2, bidirectional=true)
    output y = a -> Linear(12) -> MultiheadAttention(3)
    output z = image -> Conv2d(8, 3, padding=1) -> MaxPool2d(2) -> Conv2d(4, 2, 2) -> ConvTranspose2d(2, 3, 2)
    output w = x[:, 0] -> Bilinear(4)
    """.replace("x[:, 0] -> Bilinear(4)", "(x, x) -> Bilinear(4)")
    assert untyped(exported(body, tmp_path)) == []


# --- weights ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [17, 23])
def test_one_layer_on_inputs_of_different_ranks(tmp_path: Path, opset: int) -> None:
    """What is made of its weights differs with the rank."""
    body = """
    input x: float[N, 4, T]
    input y: float[N, 4, H, W]
    input z: float[N, 4]
    layer act = PReLU(4)
    layer norm = GroupNorm(2)
    layer fc = Linear(3)
    output a = x -> act -> norm
    output b = y -> act -> norm
    output c = z -> act -> fc
    output d = x -> Transpose(1, 2) -> fc
    """
    exported(body, tmp_path, opset=opset)


def test_weights_bear_their_names_also_where_they_are_turned(tmp_path: Path) -> None:
    body = """
    input x: float[N, T, 8]
    input memory: float[N, S, 6]
    output y = x -> attn: MultiheadAttention(2) -> fc: Linear(4)
    output z = (x, memory, memory) -> cross: MultiheadAttention(2)
    """
    names = {i.name for i in exported(body, tmp_path).graph.initializer}
    assert {"attn.in_proj_weight", "attn.in_proj_bias", "attn.out_proj.weight", "fc.weight"} <= names
    assert {"cross.q_proj_weight", "cross.k_proj_weight", "cross.v_proj_weight"} <= names


# --- nodes --------------------------------------------------------------------------------------------------------


def test_what_nobody_wants_is_not_computed(tmp_path: Path) -> None:
    """Neither the states of a recurrent layer, nor its sequence where its states alone are used."""
    body = """
    input x: float[B, T, 8]
    y, _, _ = x -> one: LSTM(4)
    _, h, _ = x -> two: LSTM(4)
    z, s = x -> three: GRU(4)
    output a = y
    output b = h
    output c = z
    output d = s
    """
    made = {n.name.split("/")[0]: [bool(o) for o in n.output]
            for n in exported(body, tmp_path).graph.node if n.op_type in ("LSTM", "GRU")}  # fmt: skip
    assert made == {"one": [True], "two": [False, True], "three": [True, True]}
