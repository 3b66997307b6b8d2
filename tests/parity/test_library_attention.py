"""The library's attention, masks and relative positions against the formulas of their papers, and transformers' T5."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.parity.zoo import declared  # isort: skip  # before anything imports transformers
from transformers.models.t5.configuration_t5 import T5Config
from transformers.models.t5.modeling_t5 import T5Attention

import nndsl
from tests.parity import weights
from tests.parity.test_library import rotary_halves

assert declared
B, T, S, D = 2, 4, 6, 8


def built(text: str) -> tuple[nn.Module, dict[str, Tensor]]:
    module = nndsl.loads(text).module().double()
    weights.fill(module)
    return module.eval(), dict(module.state_dict())


def exports(text: str, folder: Path) -> bool:
    return nndsl.loads(text).export(folder / "m.onnx").verified


def drawn(name: str, *shape: int) -> Tensor:
    return weights.uniform(name, shape, -1, 1).double()


@pytest.mark.parametrize("causal", [True, False])
def test_grouped_query_attention(causal: bool, tmp_path: Path) -> None:
    """Each head of keys is repeated for the queries that share it."""
    mask = "" if causal else ", mask"
    text = f"""
    model M {{
      input x: float[B, T, 24]
      {"" if causal else "input mask: bool[T, T]"}
      output y = (x{mask}) -> f: GroupedQueryAttention(
        6, 2, 8, position=RotaryEmbedding(interleaved=false), causal={str(causal).lower()})
    }}"""
    module, w = built(text)
    x = drawn("x", B, T, 24)
    seen = torch.ones(T, T, dtype=torch.bool).tril() if causal else torch.eye(T, dtype=torch.bool).flip(0)
    q, k, v = (
        F.linear(x, w[f"f.{name}_proj.weight"]).unflatten(-1, (heads, 8)).transpose(1, 2)
        for name, heads in (("q", 6), ("k", 2), ("v", 2))
    )
    q, k = rotary_halves(q, {}), rotary_halves(k, {}).repeat_interleave(3, 1)
    scores = (q @ k.mT / 8**0.5).masked_fill(~seen, -math.inf).softmax(-1)
    expected = F.linear((scores @ v.repeat_interleave(3, 1)).transpose(1, 2).flatten(2), w["f.o_proj.weight"])
    torch.testing.assert_close(module(x) if causal else module(x, seen), expected)
    assert exports(text, tmp_path)


def test_additive_attention_without_padding() -> None:
    module, w = built(
        "model M {\n  input q: float[B, 5]\n  input keys: float[B, S, 7]\n  input values: float[B, S, 3]\n"
        "  context, _ = (q, keys, values) -> f: AdditiveAttention(7)\n  output y: [B, 3] = context\n}"
    )
    q, keys, values = drawn("q", B, 5), drawn("keys", B, S, 7), drawn("values", B, S, 3)
    asked = F.linear(q, w["f.query.weight"], w["f.query.bias"])[:, None]
    scores = torch.tanh(asked + keys) @ w["f.v.weight"][0]
    torch.testing.assert_close(module(q, keys, values), (scores.softmax(-1)[:, None] @ values)[:, 0])


def test_multiplicative_attention_without_padding() -> None:
    module, w = built(
        "model M {\n  input q: float[B, T, 5]\n  input values: float[B, S, 3]\n"
        "  context, _ = (q, values) -> f: MultiplicativeAttention\n  output y: [B, T, 3] = context\n}"
    )
    q, values = drawn("q", B, T, 5), drawn("values", B, S, 3)
    scores = q @ w["f.keys.weight"] @ values.mT
    torch.testing.assert_close(module(q, values), scores.softmax(-1) @ values)


def test_masks(tmp_path: Path) -> None:
    text = """
    model M {
      input x: float[B, T, 8]
      input lengths: int[B]
      seen = ((lengths, x) -> PaddingMask)[:, none] and (x -> CausalMask)
      output seen: bool[B, T, T] = seen
      output bias: [B, T, T] = seen -> AdditiveMask
    }"""
    seen, bias = nndsl.loads(text).module()(torch.zeros(B, T, D), torch.tensor([2, 4]))
    expected = torch.tensor([[[j <= i and j < length for j in range(T)] for i in range(T)] for length in (2, 4)])
    assert torch.equal(seen, expected)
    assert torch.equal(bias, torch.where(expected, 0.0, -math.inf))
    assert exports(text, tmp_path)


def slopes(heads: int) -> list[float]:
    """As in the code of the paper (https://github.com/ofirpress/attention_with_linear_biases)."""
    if math.log2(heads).is_integer():
        start = 2 ** (-(2 ** -(math.log2(heads) - 3)))
        return [start * start**i for i in range(heads)]
    closest = 2 ** math.floor(math.log2(heads))
    return slopes(closest) + slopes(2 * closest)[0::2][: heads - closest]


@pytest.mark.parametrize(("heads", "causal"), [(8, True), (6, True), (12, False)])
def test_alibi(heads: int, causal: bool, tmp_path: Path) -> None:
    """The queries are the last four of six places."""
    text = f"""
    model M {{
      input q: float[B, {heads}, T, 8]
      input k: float[B, {heads}, S, 8]
      require S >= T
      output bias: [{heads}, T, S] = (q, k) -> ALiBi(causal={str(causal).lower()})
    }}"""
    bias = nndsl.loads(text).module()(torch.zeros(B, heads, T, D), torch.zeros(B, heads, S, D))
    distance = torch.arange(S - T, S)[:, None] - torch.arange(S)
    expected = -torch.tensor(slopes(heads))[:, None, None] * distance.abs()
    torch.testing.assert_close(bias, expected.masked_fill(distance < 0, -math.inf) if causal else expected)
    assert exports(text, tmp_path)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("count", "farthest"), [(32, 128), (10, 30)])
def test_buckets(count: int, farthest: int, bidirectional: bool) -> None:
    module = nndsl.loads(
        "model M {\n  input distance: int[T, S]\n  output bucket: int[T, S] = distance"
        f" -> RelativePositionBuckets({count}, {farthest}, {str(bidirectional).lower()})\n}}"
    ).module()
    distance = torch.arange(-300, 301)[None]
    expected = T5Attention._relative_position_bucket(distance, bidirectional, count, farthest)
    assert torch.equal(module(distance), expected)


def test_relative_position_bias(tmp_path: Path) -> None:
    text = """
    model M {
      input q: float[B, 4, T, 8]
      input k: float[B, 4, S, 8]
      require S >= T
      output bias: [4, T, S] = (q, k) -> f: RelativePositionBias
    }"""
    theirs = T5Attention(T5Config(d_model=32, d_kv=8, num_heads=4), has_relative_attention_bias=True, layer_idx=0)
    theirs.is_decoder = False
    weights.fill(theirs)
    ours = nndsl.loads(text).module()
    ours.load_state_dict({"f.relative_attention_bias.weight": theirs.relative_attention_bias.weight})
    expected = theirs.compute_bias(S, S)[0, :, -T:]
    torch.testing.assert_close(ours(torch.zeros(B, 4, T, D), torch.zeros(B, 4, S, D)), expected)
    assert exports(text, tmp_path)
