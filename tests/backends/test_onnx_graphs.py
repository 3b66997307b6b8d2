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


# --- what need not be there -----------------------------------------------------------------------------------------

# a body, and the nodes that it needs
LEAST: list[tuple[str, dict[str, int]]] = [
    # entries of what is joined, stacked or turned
    ("input x: float[B, T, 8]\n _, h, _ = x -> LSTM(4, num_layers=2)\n output y = h[-1]",
     {"Transpose": 1, "LSTM": 2, "Squeeze": 1, "Gather": 1}),
    ("input x: float[B, T, 8]\n s, _ = x -> GRU(4)\n output y = s[:, -1]",
     {"Transpose": 1, "GRU": 1, "Squeeze": 1, "Gather": 1}),
    ("input x: float[N, 4]\n input z: float[N, 4]\n s = (x, z) -> Stack(dim=1)\n output y = s[:, 1] -> ReLU",
     {"Relu": 1}),
    # axes put in at once, or not at all
    ("input m: bool[B, T]\n input x: float[B, 2, T, T]\n output y = (x, m[:, none, none, :]) -> MaskedFill(0)",
     {"Unsqueeze": 1, "Where": 1}),
    ("input x: float[N, 4]\n output y = x -> Unsqueeze(1) -> Squeeze(1) -> ReLU", {"Relu": 1}),
    # products
    ("input q: float[B, H, T, 8]\n input k: float[B, H, S, 8]\n"
     ' output y = (q, k) -> Einsum("b h i d, b h j d -> b h i j")', {"Transpose": 1, "MatMul": 1}),
    ("input x: float[B, T, 8]\n input w: float[8, 5]\n"
     ' output y = (x, w) -> Einsum("b t d, d e -> b t e")', {"MatMul": 1}),
    ("input x: float[B, T]\n input w: float[B, T, 8]\n"
     ' output y = (x, w) -> Einsum("b t, b t d -> b d t")', {"Transpose": 1, "Unsqueeze": 1, "Mul": 1}),
    ("input x: float[B, T, T]\n output y = x -> Einsum(\"b t t -> b\")", {"Einsum": 1}),
    # sizes that are said, not computed
    ("input x: float[B, H, W, 3]\n require H % 4 == 0 and W % 4 == 0\n"
     ' output y = x -> Rearrange("b (h p) (w q) c -> (b h w) (p q) c", p=4, q=4)',
     {"Shape": 1, "Div": 1, "Concat": 1, "Reshape": 2, "Transpose": 1}),
    ("input x: float[B, H, W, 3]\n require H >= 4\n output y = x -> Roll(-2, 1)", {"Slice": 2, "Concat": 1}),
    # constants
    ("input x: float[N, 8]\n output y = x * ((Arange(8) -> Cast(float)) * 0.5 -> Exp)", {"Mul": 1}),
    ("input x: float[N, 8]\n output y = x + (Ones(8) * 2 + 1)", {"Add": 1}),
    # values of another name
    ("input x: float[N, 8]\n output y = x\n output z = x -> Dropout(0.5)", {"Identity": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "wanted"), LEAST)
def test_no_more_nodes_than_needed(body: str, wanted: dict[str, int], tmp_path: Path) -> None:
    model = exported(body, tmp_path)
    assert kinds(model) == wanted
    assert untyped(model) == []


def test_without_optimization_layers_stay_as_they_are(tmp_path: Path) -> None:
    body = "input x: float[N, 8]\n output y = x + (Ones(8) * 2 + 1)"
    assert kinds(exported(body, tmp_path, optimize=False)) == {"Expand": 1, "Mul": 1, "Add": 2}


def test_constants_say_what_they_hold(tmp_path: Path) -> None:
    body = """
    input x: float[N, 8]
    scale = (Arange(8) -> Cast(float)) * 0.5 -> Exp
    output y = x * scale -> Reshape(N, 2, 4)
    output z = x * 3
    output w = x[0]
    """
    names = {i.name for i in exported(body, tmp_path).graph.initializer}
    assert names == {"scale", "const[0,2,4]", "const.3", "const.0"}


def test_models_of_many_kinds(tmp_path: Path) -> None:
    """Several models in one, constants alone as outputs, inputs nobody uses, outputs of every type."""
    text = """
    model Generator { input z: float[N, 4]
      output image = z -> Linear(64) -> Reshape(N, 4, 4, 4) -> ConvTranspose2d(1, 4, 2, padding=1) -> Tanh }
    model Critic { input image: float[N, 1, 8, 8]
      output score = image -> Conv2d(4, 3) -> BatchNorm2d -> LeakyReLU(0.2) -> Flatten -> Linear(1) }
    model M {
      input z: float[N, 4]
      input _spare: float[K]
      fake = z -> generator: Generator
      output score = fake -> critic: Critic
      output image = fake
      output real = score > 0
      output at = fake -> Flatten -> ArgMax(dim=1)
      output same = z
      output numbers = Arange(3)
    }
    """
    assert nndsl.loads(text, "M").export(tmp_path / "m.onnx").verified
    graph = onnx.load(str(tmp_path / "m.onnx")).graph
    assert [o.name for o in graph.output] == ["score", "image", "real", "at", "same", "numbers"]
    assert [i.name for i in graph.input] == ["z", "_spare"]
    assert {n.name for n in graph.node} >= {"generator/linear_1", "critic/conv2d_1", "critic/linear_1"}


def test_what_pytorch_exported_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer written in Python ends in a node that, made here, would be joined with the next."""
    (tmp_path / "turning_layers.py").write_text(
        "from torch import nn\n\nclass Turn(nn.Module):\n    def forward(self, x):\n        return x.transpose(1, 2)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    text = """
    extern block Turn() = "turning_layers:Turn" { input x: float[N, C, T]  output y: [N, T, C] }
    model M {
      input x: float[N, 3, T]
      t = x -> Turn
      output y = t -> Transpose(1, 2)
      output z = t[:, 0]
    }
    """
    assert nndsl.loads(text).export(tmp_path / "m.onnx", allow_extern=True).verified
    assert kinds(onnx.load(str(tmp_path / "m.onnx")))["Transpose"] >= 2


# --- padding ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "pads"),
    [
        ("Pad((1, 2, 3, 4)) -> Conv2d(4, 3, stride=2)", [3, 1, 4, 2]),
        ("Pad((1, 1)) -> Conv2d(4, 3, padding=1, dilation=2, bias=false) -> BatchNorm2d", [1, 2, 1, 2]),
        ("Pad((1, 1, 0, 1)) -> Conv2d(4, 2, padding='same')", [0, 1, 2, 2]),
        ("Pad((1, 0, 1, 1)) -> AvgPool2d(3, stride=2)", [1, 1, 1, 0]),
        ("Pad((1, 0)) -> AvgPool2d(4, padding=1)", [1, 2, 1, 1]),
    ],
)
@pytest.mark.parametrize("opset", [18, 23])
def test_zeros_around_an_image_are_the_padding_of_what_follows(
    flow: str, pads: list[int], opset: int, tmp_path: Path
) -> None:
    model = exported(f"input x: float[N, 3, H, W]\noutput y = x -> {flow}".replace("'", '"'), tmp_path, opset=opset)
    (node,) = model.graph.node
    assert next(list(a.ints) for a in node.attribute if a.name == "pads") == pads


@pytest.mark.parametrize(
    "flow",
    [
        "Pad((1, 1, 1, 1)) -> MaxPool2d(3)",
        "Pad((1, 1, 1, 1), value=0.5) -> Conv2d(4, 3)",
        "Pad((-1, 1, 1, 1)) -> Conv2d(4, 3)",
        "Pad((1, 1, 1, 1), mode='circular') -> Conv2d(4, 3)",
        "Pad((1, 1, 1, 1, 1, 0)) -> Conv2d(4, 3)",
        "Pad((1, 1, 1, 1)) -> AvgPool2d(3, padding=1, count_include_pad=false)",
        "Pad((1, 1, 1, 1)) -> AvgPool2d(3, stride=2, ceil_mode=true)",
        "Pad((3, 3)) -> AvgPool2d(3)",
    ],
)
def test_padding_that_means_something_else_stays(flow: str, tmp_path: Path) -> None:
    model = exported(f"input x: float[N, 3, H, W]\noutput y = x -> {flow}".replace("'", '"'), tmp_path)
    assert kinds(model)["Pad"] == 1
