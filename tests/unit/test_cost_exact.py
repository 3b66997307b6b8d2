"""Multiply-accumulates and arithmetic, forward and backward, against numbers worked out by hand."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends.summary import Summary


def model(body: str, blocks: str = "") -> Summary:
    lines = "\n".join(f"  {line.strip()}" for line in body.split(";"))
    return nndsl.loads(f"{blocks}\nmodel M {{\n{lines}\n}}\n").summary()


# body, MACs, FLOPs
COUNTED = {
    "linear": ("input x: float[8, 32]; output y = x -> Linear(16)", 8 * 32 * 16, 2 * 8 * 32 * 16 + 8 * 16),
    "product with a parameter": (
        "input x: float[8, 5, 32]; param w: float[32, 16] = zeros; output y = x @ w",
        8 * 5 * 32 * 16,
        2 * 8 * 5 * 32 * 16,
    ),
    "einsum with a parameter": (
        'input x: float[8, 5, 32]; param w: float[32, 16] = zeros; output y = (x, w) -> Einsum("n t d, d e -> n t e")',
        8 * 5 * 32 * 16,
        2 * 8 * 5 * 32 * 16,
    ),
    "broadcast product": (
        "input a: float[4, 1, 2, 3]; input b: float[5, 3, 7]; output y = a @ b",
        4 * 5 * 2 * 3 * 7,
        2 * 4 * 5 * 2 * 3 * 7,
    ),
    "convolution": (
        "input x: float[2, 6, 16, 16]; output y = x -> Conv2d(8, 3, stride=2, padding=1)",
        2 * 8 * 8 * 8 * 6 * 9,
        2 * 2 * 8 * 8 * 8 * 6 * 9 + 2 * 8 * 8 * 8,
    ),
    "groups and dilation": (
        "input x: float[2, 6, 16, 16]; output y = x -> Conv2d(12, 3, dilation=2, groups=3, bias=false)",
        2 * 12 * 12 * 12 * 2 * 9,
        2 * 2 * 12 * 12 * 12 * 2 * 9,
    ),
    "depthwise": (
        "input x: float[1, 6, 10, 10]; output y = x -> Conv2d(6, 3, groups=6, bias=false)",
        6 * 8 * 8 * 9,
        2 * 6 * 8 * 8 * 9,
    ),
    "transposed": (
        "input x: float[2, 6, 5, 5]; output y = x -> ConvTranspose2d(4, 3, stride=2, bias=false)",
        2 * 6 * 5 * 5 * 4 * 9,
        2 * 2 * 6 * 5 * 5 * 4 * 9,
    ),
    "three dimensions": (
        "input x: float[1, 3, 6, 8, 8]; output y = x -> Conv3d(4, 3, padding=1, bias=false)",
        4 * 6 * 8 * 8 * 3 * 27,
        2 * 4 * 6 * 8 * 8 * 3 * 27,
    ),
    "bilinear": (
        "input a: float[2, 8]; input b: float[2, 5]; output y = (a, b) -> Bilinear(4, bias=false)",
        2 * 4 * 8 * (5 + 1),
        2 * 2 * 4 * 8 * (5 + 1),
    ),
    "bag": ("input x: int[3, 4]; output y = x -> EmbeddingBag(10, 5)", 0, 3 * 4 * 5 + 3 * 5),
    "attention": (
        "input q: float[2, 4, 5, 8]; input k: float[2, 4, 7, 8]; input v: float[2, 4, 7, 6]"
        "; output y = (q, k, v) -> ScaledDotProductAttention",
        2 * 4 * 5 * 7 * (8 + 6),
        2 * 2 * 4 * 5 * 7 * (8 + 6) + 5 * 2 * 4 * 5 * 7,
    ),
    "multi-head attention": (
        "input x: float[2, 5, 8]; output y = x -> MultiheadAttention(2, bias=false)",
        2 * (3 * 5 * 8 * 8 + 2 * 5 * 5 * 8 + 5 * 8 * 8),
        2 * 2 * (3 * 5 * 8 * 8 + 2 * 5 * 5 * 8 + 5 * 8 * 8) + 5 * 2 * 2 * 5 * 5,
    ),
    # a step of a unit: gates are 4 products with input and state; 13 operations besides
    "LSTM": (
        "input x: float[3, 7, 10]; y, h, c = x -> LSTM(16, bias=false); output z = y",
        3 * 7 * 4 * 16 * (10 + 16),
        2 * 3 * 7 * 4 * 16 * (10 + 16) + 3 * 7 * 16 * 13,
    ),
    "LSTM, both directions, two layers": (
        "input x: float[3, 7, 10]; y, h, c = x -> LSTM(16, num_layers=2, bidirectional=true, bias=false); output z = y",
        3 * 7 * 2 * 4 * 16 * ((10 + 16) + (32 + 16)),
        2 * 3 * 7 * 2 * 4 * 16 * ((10 + 16) + (32 + 16)) + 3 * 7 * 2 * 2 * 16 * 13,
    ),
    "LSTM, projected": (
        "input x: float[3, 7, 10]; y, h, c = x -> LSTM(16, num_layers=2, proj_size=4, bias=false); output z = y",
        3 * 7 * (4 * 16 * (10 + 4) + 4 * 16 + 4 * 16 * (4 + 4) + 4 * 16),
        2 * 3 * 7 * (4 * 16 * (10 + 4) + 4 * 16 + 4 * 16 * (4 + 4) + 4 * 16) + 3 * 7 * 2 * 16 * 13,
    ),
    "GRU": (
        "input x: float[3, 7, 10]; y, h = x -> GRU(16, num_layers=3, bidirectional=true, bias=false); output z = y",
        3 * 7 * 2 * 3 * 16 * ((10 + 16) + 2 * (32 + 16)),
        2 * 3 * 7 * 2 * 3 * 16 * ((10 + 16) + 2 * (32 + 16)) + 3 * 7 * 2 * 3 * 16 * 11,
    ),
    "RNN": (
        "input x: float[3, 7, 10]; y, h = x -> RNN(16); output z = y",
        3 * 7 * 16 * (10 + 16),
        2 * 3 * 7 * 16 * (10 + 16) + 3 * 7 * 16 * (2 + 2),
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_forward(name: str) -> None:
    body, macs, flops = COUNTED[name]
    found = model(body)
    assert (found.macs, found.flops) == (macs, flops)
    assert found.unknown_macs == found.unknown_flops == []


def test_resnet18() -> None:
    """Every convolution by its sizes: [channels in, filters, kernel, side of the result]."""
    stem, head = 3 * 64 * 49 * 112**2, 512 * 1000
    stages = 4 * 64 * 64 * 9 * 56**2
    for before, width, side in ((64, 128, 28), (128, 256, 14), (256, 512, 7)):
        stages += (before * width * 9 + 3 * width * width * 9 + before * width) * side**2
    found = nndsl.load("models/resnet.nn:ResNet18", dims={"N": 1, "H": 224, "W": 224}).summary()
    assert found.macs == stem + stages + head == 1_814_073_344


ENCODER = """
block Encoder(heads: int, hidden: int) {
  input x: [B, T, D]
  q, k, v = x -> (q: Linear(D), k: Linear(D), v: Linear(D))
  q = q -> Rearrange("b t (h d) -> b h t d", h=heads)
  k = k -> Rearrange("b t (h d) -> b h t d", h=heads)
  v = v -> Rearrange("b t (h d) -> b h t d", h=heads)
  a = (q, k, v) -> ScaledDotProductAttention -> Rearrange("b h t d -> b t (h d)") -> out: Linear(D)
  h = x + a -> norm1: LayerNorm
  h + (h -> up: Linear(hidden) -> ReLU -> down: Linear(D)) -> norm2: LayerNorm
}
"""


def test_encoder_block() -> None:
    b, t, d, hidden = 2, 128, 64, 256
    found = model(f"input x: float[{b}, {t}, {d}]; output y = x -> Encoder(4, {hidden})", ENCODER)
    assert found.macs == b * (4 * t * d * d + 2 * t * t * d + 2 * t * d * hidden)


def test_encoder_block_in_open_sizes() -> None:
    found = model("input x: float[B, T, 64]; output y = x -> Encoder(4, 256)", ENCODER)
    assert found.spell(found.macs) == "128*B*T**2 + 49152*B*T"


# body, MACs of the backward pass
BACKWARD = {
    "first layer: no gradient of the input": ("input x: float[8, 32]; output y = x -> Linear(16)", 8 * 32 * 16),
    "second layer: two products": (
        "input x: float[8, 32]; output y = x -> Linear(16) -> Linear(4)",
        8 * 32 * 16 + 2 * 8 * 16 * 4,
    ),
    "an embedding needs none of its indices": (
        "input x: int[8, 5]; output y = x -> Embedding(10, 32) -> Linear(16)",
        2 * 8 * 5 * 32 * 16,
    ),
    "product of two inputs: none": ("input a: float[4, 3]; input b: float[3, 5]; output y = a @ b", 0),
    "product with a parameter": (
        "input x: float[8, 32]; param w: float[32, 16] = zeros; output y = x @ w",
        8 * 32 * 16,
    ),
    "behind a stopped gradient": (
        "input x: float[8, 32]; output y = x -> Linear(16) -> StopGradient -> Linear(4)",
        8 * 16 * 4,
    ),
    "a buffer is frozen": (
        "input x: float[8, 32]; buffer w: float[16, 4] = ones; output y = (x -> Linear(16)) @ w",
        8 * 32 * 16 + 8 * 16 * 4,
    ),
    "the input of the first layer of an LSTM": (
        "input x: float[3, 7, 10]; y, h, c = x -> LSTM(16, num_layers=2); output z = y",
        2 * 3 * 7 * 4 * 16 * (10 + 16 + 16 + 16) - 3 * 7 * 4 * 16 * 10 - 2 * 3 * 4 * 16 * 16,  # and the first states
    ),
    "states before the first step, both ways": (  # FlopCounterMode counts 107,520, forward pass included
        "input x: float[2, 9, 8]; y, h = x -> GRU(16, bidirectional=true); output z = y",
        2 * 2 * 9 * 2 * 3 * 16 * (8 + 16) - 2 * 9 * 2 * 3 * 16 * 8 - 2 * 2 * 3 * 16 * 16,
    ),
    "a state that is computed": (
        "input x: float[2, 9, 8]; s = x -> Mean(dim=1) -> Linear(16) -> Unsqueeze(0)"
        "; y, h = (x, s) -> GRU(16); output z = y",
        2 * 8 * 16 + 2 * 2 * 9 * 3 * 16 * (8 + 16) - 2 * 9 * 3 * 16 * 8,
    ),
    "attention of the input": (
        "input x: float[2, 5, 8]; output y = x -> MultiheadAttention(2)",
        2 * 2 * (4 * 5 * 8 * 8 + 2 * 5 * 5 * 8) - 2 * 3 * 5 * 8 * 8,
    ),
    "attention: two products for each of the forward pass": (
        "input x: float[2, 4, 5, 8]"
        "; output y = (x -> Linear(8), x -> Linear(8), x -> Linear(6)) -> ScaledDotProductAttention",
        2 * 4 * 5 * 8 * (8 + 8 + 6) + 2 * (2 * 4 * 5 * 5 * (8 + 6)),
    ),
    "attention to values: the weights' gradient alone": (
        "input x: float[2, 4, 5, 8]; output y = (x, x, x -> Linear(6)) -> ScaledDotProductAttention",
        2 * 4 * 5 * 8 * 6 + 2 * 4 * 5 * 5 * 6,
    ),
    "attention of queries: through the scores": (
        "input x: float[2, 4, 5, 8]; output y = (x -> Linear(8), x, x) -> ScaledDotProductAttention",
        2 * 4 * 5 * 8 * 8 + 2 * 4 * 5 * 5 * (8 + 8),
    ),
    "a mask is no factor": (
        "input x: float[2, 4, 5, 8]; param m: float[5, 5] = zeros"
        "; output y = (x, x, x, m) -> ScaledDotProductAttention",
        2 * 4 * 5 * 5 * 8,
    ),
    "sum of products of three: only what leads to a weight": (
        "input x: float[2, 5, 8]; input z: float[2, 8, 3]; param w: float[3, 4] = ones"
        '; output y = (x, z, w) -> Einsum("b t d, b d k, k m -> b t m")',
        2 * 5 * 3 * 4,
    ),
    "sum of products of three: the first is needed twice": (
        "input x: float[2, 8, 3]; input z: float[3, 4]; param w: float[5, 8] = ones"
        '; output y = (w, x, z) -> Einsum("t d, b d k, k m -> b t m")',
        2 * 5 * 8 * 3 + 2 * 5 * 3 * 4,
    ),
    "bilinear: the weight and both inputs": (
        "input a: float[3, 4]; input b: float[3, 5]; output y = (a -> Linear(4), b -> Linear(5)) -> Bilinear(6)",
        3 * 4 * 4 + 3 * 5 * 5 + 3 * (3 * 6 * 4 * (5 + 1)),
    ),
    "what runs only at work": (
        "input x: float[8, 32]; h = if training { x -> a: Linear(16) } else { x -> b: Linear(16) -> c: Linear(16) }"
        "; output y = h",
        8 * 32 * 16,
    ),
}


@pytest.mark.parametrize("name", BACKWARD)
def test_backward(name: str) -> None:
    body, macs = BACKWARD[name]
    found = model(body)
    forward = 8 * 32 * 16 if name == "what runs only at work" else found.macs
    assert found.training_macs == forward + macs


def test_receptive_fields() -> None:
    """ResNet-18 sees 435 pixels (Araujo et al. 2019, Computing Receptive Fields of Convolutional Neural Networks)."""
    rows = {row.name: row for row in nndsl.load("models/resnet.nn:ResNet18").summary().layers}
    assert [rows[name].receptive_field for name in ("conv1", "maxpool", "layer1", "layer4", "fc")] == [
        (7, 7), (11, 11), (43, 43), (435, 435), None,
    ]  # fmt: skip


def test_branches_see_what_the_widest_sees() -> None:
    body = (
        "input x: float[N, 3, 32, 32]"
        "; a = x -> Conv2d(4, [1, 7], padding=[0, 3]); b = x -> Conv2d(4, 3, padding=1)"
        "; output y = (a, b) -> join: Concat(dim=1)"
    )
    assert next(row.receptive_field for row in model(body).layers if row.name == "join") == (3, 7)


def test_parameters_do_not_hide_what_is_seen() -> None:
    """Two layers of width 3, the second 2 apart: 1 + 2 + 4. What a parameter is computed to has no field of its own."""
    body = (
        "input x: float[N, 3, 16]; param w: float[3, 3, 3]; param b: float[3, 1]; v = w / (w -> Sum)"
        "; output y = ((x, v) -> Convolve1d) + b -> f: WeightNormConv1d(4, 3, dilation=2) -> last: LayerScale"
    )
    rows = {row.name: row.receptive_field for row in model(body).layers}
    assert (rows["f"], rows["last"], rows["w"]) == ((7,), (7,), None)


def test_upsampling_looks_less_far() -> None:
    body = "input x: float[N, 3, 32, 32]; output y = x -> ConvTranspose2d(4, 2, stride=2) -> last: Conv2d(4, 3)"
    assert next(row.receptive_field for row in model(body).layers if row.name == "last") == (2, 2)


def test_a_summary_asks_for_settings_that_there_are() -> None:
    net = nndsl.loads("model M {\n  input x: float[4, 8]\n  output y = x -> Linear(2)\n}\n")
    with pytest.raises(ValueError, match="there is no device h1000"):
        net.summary(device="h1000")
    with pytest.raises(ValueError, match="M has no batch"):
        net.summary(batch=2)


def test_rooflines() -> None:
    """A large product is bound by arithmetic, a sum by memory."""
    net = nndsl.loads(
        "model M {\n  input x: float[N, 8192]\n  output y = x -> fc: Linear(8192, bias=false) -> act: ReLU\n}\n"
    )
    found = net.summary(batch=8192, dtype="bfloat16", device="h100")
    fc, act = found.layers
    assert fc.seconds == pytest.approx(2 * 8192**3 / 989.4e12)
    assert act.seconds == pytest.approx(2 * 2 * 8192**2 / 3.35e12)
    assert fc.intensity == pytest.approx(2 * 8192**3 / (3 * 2 * 8192**2))
    assert found.seconds == pytest.approx((fc.seconds or 0) + (act.seconds or 0))
    assert found.training_seconds is not None
    assert found.training_seconds > 2 * (found.seconds or 0) * 0.9


def test_equal_blocks_take_as_long_as_their_layers() -> None:
    """The first of them makes no gradient of its input, the others do."""
    block = "block Wide(d: int) {\n  input x: [N, D]\n  x -> Linear(d, bias=false)\n}\n"
    times = []
    for layer in ("Wide(4096)", "Linear(4096, bias=false)"):
        text = f"{block}model M {{\n  input x: float[N, 4096]\n  output y = x -> [{layer}] * 12\n}}\n"
        found = nndsl.loads(text).summary(batch=8192, dtype="bfloat16", device="h100")
        times.append((found.seconds, found.training_seconds))
    product = 2 * 8192 * 4096**2 / 989.4e12
    update = 12 * 4096**2 * 2 * (3 + 2 * 2) / 3.35e12  # of weights, gradients and two states
    assert times == [(pytest.approx(12 * product), pytest.approx((12 + 23) * product + update))] * 2


def test_a_training_step_takes_what_runs_only_then() -> None:
    """A head that is thrown away afterwards: 3 products, and its weights are updated."""
    text = """
model M {
  input x: float[N, 4096]
  h = x -> Linear(4096, bias=false)
  if training { output early: [N, 4096] = h -> Linear(4096, bias=false) }
  output y = h
}
"""
    found = nndsl.loads(text).summary(batch=8192, dtype="bfloat16", device="h100", optimizer="sgd")
    product = 2 * 8192 * 4096**2 / 989.4e12
    assert found.seconds == pytest.approx(product)
    assert found.training_seconds == pytest.approx((2 + 3) * product + 2 * 4096**2 * 2 * 3 / 3.35e12)


@pytest.mark.parametrize(
    ("device", "rate"), [("h100", 66.9e12), ("h200", 66.9e12), ("a100", 19.5e12), ("v100", 7.8e12)]
)
def test_products_in_double_precision_run_on_matrix_units(device: str, rate: float) -> None:
    net = nndsl.loads("model M {\n  input x: float[N, 4096]\n  output y = x -> fc: Linear(4096, bias=false)\n}\n")
    assert net.summary(batch=4096, dtype="float64", device=device).seconds == pytest.approx(2 * 4096**3 / rate)
