"""Library blocks against the formulas of their papers, written out in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import nndsl
from tests.parity import weights

Weights = dict[str, Tensor]


def attention(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), float("-inf"))
    return scores.softmax(-1) @ v


def split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def self_attention(x: Tensor, w: Weights, causal: bool) -> Tensor:
    q, k, v = F.linear(x, w["f.qkv.weight"], w["f.qkv.bias"]).chunk(3, -1)
    answer = merge(attention(split(q, 4), split(k, 4), split(v, 4), causal))
    return F.linear(answer, w["f.proj.weight"], w["f.proj.bias"])


def cross_attention(x: Tensor, context: Tensor, w: Weights) -> Tensor:
    q = F.linear(x, w["f.q.weight"], w["f.q.bias"])
    k, v = F.linear(context, w["f.kv.weight"], w["f.kv.bias"]).chunk(2, -1)
    answer = merge(attention(split(q, 4), split(k, 4), split(v, 4)))
    return F.linear(answer, w["f.proj.weight"], w["f.proj.bias"])


def mlp(x: Tensor, w: Weights) -> Tensor:
    hidden = F.gelu(F.linear(x, w["f.fc1.weight"], w["f.fc1.bias"]))
    return F.linear(hidden, w["f.fc2.weight"], w["f.fc2.bias"])


def normalized(x: Tensor, w: Weights, name: str) -> Tensor:
    statistics = w[f"{name}.running_mean"], w[f"{name}.running_var"]
    return F.batch_norm(x, *statistics, w[f"{name}.weight"], w[f"{name}.bias"])


def conv_norm(x: Tensor, w: Weights) -> Tensor:
    return normalized(F.conv2d(x, w["f.conv.weight"], stride=2, padding=2), w, "f.norm")


def conv_norm_act(x: Tensor, w: Weights) -> Tensor:
    return F.silu(normalized(F.conv2d(x, w["f.conv.weight"], padding=2, dilation=2, groups=2), w, "f.norm"))


def weight_normed(x: Tensor, w: Weights, **options: Any) -> Tensor:
    layer = nn.utils.parametrizations.weight_norm(nn.Conv1d(x.shape[1], 6, 3, bias="f.bias" in w, **options))
    layer.load_state_dict({name.removeprefix("f."): weight for name, weight in w.items()})
    return layer(x)


def separable(x: Tensor, w: Weights) -> Tensor:
    h = F.conv2d(x, w["f.depthwise.conv.weight"], stride=2, padding=1, groups=x.shape[1])
    h = F.relu(normalized(h, w, "f.depthwise.norm"))
    return F.relu(normalized(F.conv2d(h, w["f.pointwise.conv.weight"]), w, "f.pointwise.norm"))


def inception(x: Tensor, w: Weights) -> Tensor:
    def unit(h: Tensor, name: str, padding: int = 0) -> Tensor:
        return F.relu(normalized(F.conv2d(h, w[f"f.{name}.conv.weight"], padding=padding), w, f"f.{name}.norm"))

    branches = [
        unit(x, "branch1"),
        unit(unit(x, "branch2.0"), "branch2.1", 1),
        unit(unit(x, "branch3.0"), "branch3.1", 2),
        unit(F.max_pool2d(x, 3, 1, 1), "branch4.1"),
    ]
    return torch.cat(branches, 1)


def squeeze_excite(x: Tensor, w: Weights) -> Tensor:
    h = F.relu(F.conv2d(x.mean((2, 3), keepdim=True), w["f.fc1.weight"], w["f.fc1.bias"]))
    return x * torch.sigmoid(F.conv2d(h, w["f.fc2.weight"], w["f.fc2.bias"]))


def grn(x: Tensor, w: Weights) -> Tensor:
    energy = torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True)
    return w["f.gamma"] * (x * (energy / (energy.mean(-1, keepdim=True) + 1e-6))) + w["f.beta"] + x


def residual(x: Tensor, w: Weights) -> Tensor:
    return x + F.linear(F.layer_norm(x, (16,), w["norm.weight"], w["norm.bias"]), w["out.weight"], w["out.bias"])


def parallel(x: Tensor, w: Weights) -> Tensor:
    left = F.conv2d(x, w["left.weight"], w["left.bias"])
    return torch.cat((left, F.max_pool2d(x, 3, 1, 1)), 1)


def patches(x: Tensor, w: Weights) -> Tensor:
    return F.conv2d(x, w["f.proj.weight"], w["f.proj.bias"], stride=4).flatten(2).transpose(1, 2)


def waves(length: int, width: int, base: float = 10000.0) -> Tensor:
    """Equation by equation: PE(t, 2i) = sin(t / base^(2i/d)), PE(t, 2i + 1) = cos(…)."""
    table = torch.zeros(length, width, dtype=torch.float64)
    for t in range(length):
        for i in range(width // 2):
            angle = torch.tensor(t / base ** (2 * i / width), dtype=torch.float64)
            table[t, 2 * i], table[t, 2 * i + 1] = angle.sin(), angle.cos()
    return table


def sinusoidal(x: Tensor, w: Weights) -> Tensor:
    return x + waves(x.shape[1], x.shape[2]).to(x.dtype)


def learned(x: Tensor, w: Weights) -> Tensor:
    return x + w["f.position"][: x.shape[1]]


def rotary(x: Tensor, w: Weights) -> Tensor:
    """Each pair of features is a complex number; position t turns pair i by t / base^(2i/d)."""
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    table = waves(x.shape[2], x.shape[3]).unflatten(-1, (-1, 2))
    turned = pairs * torch.complex(table[..., 1], table[..., 0])
    return torch.view_as_real(turned).flatten(-2).to(x.dtype)


def rotary_halves(x: Tensor, w: Weights) -> Tensor:
    """The same with pair i made of features i and i + d/2."""
    half = x.shape[-1] // 2
    mixed = torch.stack((x[..., :half], x[..., half:]), -1).flatten(-2)
    turned = rotary(mixed, w).unflatten(-1, (-1, 2))
    return torch.cat((turned[..., 0], turned[..., 1]), -1)


SEQUENCE, IMAGE, HEADS, CHANNELS_LAST = "[B, T, 16]", "[N, 8, H, W]", "[B, 2, T, 8]", "[N, H, W, 8]"
SIGNAL = "[N, 6, L]"
SHAPES = {
    SEQUENCE: (2, 6, 16),
    IMAGE: (2, 8, 12, 16),
    HEADS: (2, 2, 6, 8),
    CHANNELS_LAST: (2, 3, 5, 8),
    SIGNAL: (2, 6, 11),
}
FACTS = {SEQUENCE: "require T <= 20", IMAGE: "require H % 4 == 0 and W % 4 == 0"}
CASES: list[tuple[str, str, Callable[..., Tensor]]] = [
    ("f: SelfAttention(4)", SEQUENCE, lambda x, w: self_attention(x, w, causal=False)),
    ("f: SelfAttention(4, causal=true)", SEQUENCE, lambda x, w: self_attention(x, w, causal=True)),
    ("f: MLP(24)", SEQUENCE, mlp),
    ("f: ConvNorm(6, 5, stride=2)", IMAGE, conv_norm),
    ("f: ConvNormAct(6, dilation=2, groups=2, act=SiLU)", IMAGE, conv_norm_act),
    (
        "f: WeightNormConv1d(6, 3, 2, 1, dilation=2, groups=3)",
        SIGNAL,
        lambda x, w: weight_normed(x, w, stride=2, padding=1, dilation=2, groups=3),
    ),
    ("f: WeightNormConv1d(6, 3, bias=false)", SIGNAL, weight_normed),
    ("f: DepthwiseSeparableConv(6, stride=2)", IMAGE, separable),
    ("f: Inception(2, 3, 4, 5, 6, 7)", IMAGE, inception),
    ("f: SqueezeExcite(4)", IMAGE, squeeze_excite),
    ("f: GRN", CHANNELS_LAST, grn),
    ("f: LayerScale(0.5)", SEQUENCE, lambda x, w: x * w["f.gamma"]),
    ("Residual { norm: LayerNorm -> out: Linear(16) }", SEQUENCE, residual),
    ("Parallel([left: Conv2d(3, 1), MaxPool2d(3, stride=1, padding=1)])", IMAGE, parallel),
    ("f: PatchEmbedding(10, 4)", IMAGE, patches),
    ("f: SinusoidalPositionalEncoding", SEQUENCE, sinusoidal),
    ("f: LearnedPositionalEncoding(20)", SEQUENCE, learned),
    ("f: RotaryEmbedding", HEADS, rotary),
    ("f: RotaryEmbedding(interleaved=false)", HEADS, rotary_halves),
]


def spec(flow: str, type: str) -> str:
    return f"model M {{\n input x: float{type}\n {FACTS.get(type, '')}\n output y = x -> {flow} }}"


def filled(text: str) -> tuple[nn.Module, Weights]:
    module = nndsl.loads(text).module()
    weights.fill(module)
    return module.eval(), dict(module.state_dict())


@pytest.mark.parametrize(("flow", "type", "formula"), CASES, ids=[case[0] for case in CASES])
def test_block_equals_its_formula(flow: str, type: str, formula: Callable[..., Tensor]) -> None:
    module, parameters = filled(spec(flow, type))
    x = weights.picture(*SHAPES[type])
    with torch.no_grad():
        torch.testing.assert_close(module(x), formula(x, parameters), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("flow", "type"), [case[:2] for case in CASES], ids=[case[0] for case in CASES])
def test_block_exports(flow: str, type: str, tmp_path: Path) -> None:
    """Checked, run in onnxruntime at two sizes of each dim and compared with PyTorch: `export` raises otherwise."""
    nndsl.loads(spec(flow, type)).export(tmp_path / "block.onnx")
    assert (tmp_path / "block.onnx").exists()


@pytest.mark.parametrize(
    ("flow", "type", "formula"), [case for case in CASES if "Sinus" in case[0] or "Rot" in case[0]]
)
def test_positions_stay_exact_in_half_precision(flow: str, type: str, formula: Callable[..., Tensor]) -> None:
    """bfloat16 counts 256, 258, 260: angles must not be computed in it."""
    shape = list(SHAPES[type])
    shape[-2] = 400
    module = nndsl.loads(spec(flow, type).replace(FACTS[SEQUENCE], "")).module().bfloat16()
    x = weights.picture(*shape).bfloat16()
    torch.testing.assert_close(module(x), formula(x, {}), rtol=0.02, atol=0.02)


def test_weight_normalization_begins_as_a_convolution() -> None:
    """Its filters are as long as a Conv1d's on average, and all else is drawn as there."""
    torch.manual_seed(0)
    made = nndsl.loads("model M {\n input x: float[N, 8, L]\n output y = x -> f: WeightNormConv1d(2000, 3) }").module()
    plain = nn.Conv1d(8, 2000, 3)
    begun = made.state_dict()
    lengths = plain.weight.flatten(1).norm(dim=1)
    assert torch.allclose(begun["f.weight_g"] ** 2, (lengths**2).mean(), rtol=0.02)
    for mine, theirs in ((begun["f.weight_v"], plain.weight), (begun["f.bias"], plain.bias)):
        assert torch.allclose(mine.std(), theirs.std(), rtol=0.05)
        assert torch.allclose(mine.abs().max(), theirs.abs().max(), rtol=0.01)


@pytest.mark.parametrize(("arguments", "why"), [("6, 0", "a filter has cells"), ("6, 3, groups=4", "channels divide")])
def test_filters_that_there_cannot_be(arguments: str, why: str) -> None:
    with pytest.raises(nndsl.SpecError, match=why):
        nndsl.loads(spec(f"f: WeightNormConv1d({arguments})", SIGNAL))


def test_cross_attention_equals_its_formula() -> None:
    text = """
    model M {
      input x: float[B, T, 16]
      input context: float[B, S, 12]
      output y = (x, context) -> f: CrossAttention(4)
    }"""
    module, parameters = filled(text)
    x, context = weights.uniform("x", (2, 6, 16), -1, 1), weights.uniform("context", (2, 9, 12), -1, 1)
    with torch.no_grad():
        expected = cross_attention(x, context, parameters)
        torch.testing.assert_close(module(x, context), expected, rtol=1e-5, atol=1e-5)
