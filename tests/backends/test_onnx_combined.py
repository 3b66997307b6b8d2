"""Models that combine operators: each is exported in several ways, and every file is held against PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nndsl

pytest.importorskip("onnxruntime")

OPTIONS: list[dict[str, Any]] = [
    {"opset": 17},
    {"functions": True},
    {"optimize": False},
    {"opset": 24},
    {"dtype": "float16"},
    {"functions": True, "optimize": False, "opset": 18},
    {"opset": 20},
]
SPECS = {
    "dims everywhere": """
  input x: float[N, T, H, W]
  output y = x -> Permute(3, 0, 2, 1) -> Reshape(W * N, H * T) -> Transpose(0, 1)
  output z = x -> Mean(dim=(1, 3)) -> Unsqueeze(1) -> Expand(N, T, H)
  output w = x * W / (T + 1) - N
""",
    "slices": """
  input x: float[N, T, 8]
  require T >= 3
  output y = x[:, 1:, ::2]
  output z = x[:, -2:, 3] - x[:, :2, -1]
  output w = (x[:, 1:] - x[:, :-1]) -> CumSum(dim=1)
""",
    "image": """
  input x: float[N, 6, H, W]
  require H % 8 == 0 and W % 8 == 0
  a = x -> Pad((1, 1, 1, 1)) -> Conv2d(8, 3, bias=false) -> BatchNorm2d -> ReLU6
  b = a -> Conv2d(8, 3, padding=2, dilation=2, groups=4) -> GroupNorm(2) -> Hardswish
  c = b -> MaxPool2d(3, stride=2, padding=1, ceil_mode=true) -> ConvTranspose2d(4, 2, 2)
  output y = (b, c[:, :, :H, :W] -> Interpolate(size=(H, W), mode="bilinear")) -> Concat(dim=1) -> PixelShuffle(2)
""",
    "training": """
  input x: float[N, 8]
  h = x -> Linear(8)
  if training { h = h -> Dropout(0.5) }
  output y = h -> Linear(2)
  if training { output aux = h -> Linear(3) }
""",
    "tied": """
  input tokens: int[B, T]
  layer embed = Embedding(50, 16)
  param pos: float[64, 16] = normal(std=0.02)
  require T <= 64
  h = (tokens -> embed) + pos[:T] -> [TransformerEncoderLayer(4, dim_feedforward=32)] * 2
  output logits = h @ embed.weight.T
""",
    "shared, and its outputs all zero": """
  input word: int[N]
  input others: int[N, K]
  layer embed = Embedding(50, 16, init=zeros)
  output y = word -> embed -> Sum(dim=-1)
  output z = others -> embed -> Sum(dim=-1)
""",
    "shared, and its outputs all one": """
  input left: float[N, 8]
  input right: float[N, 8]
  layer encoder = Linear(4)
  output y = (left -> encoder) - (right -> encoder) -> Linear(1, init=zeros, bias_init=constant(50)) -> Sigmoid
""",
    "patterns": """
  input x: float[N, 3, H, W]
  require H % 4 == 0 and W % 4 == 0
  output y = x -> Rearrange("n c (h p) (w q) -> n (h w) (p q c)", p=4, q=4) -> Linear(10)
  output z = x -> Reduce("n c (h p) (w q) -> n c h w", "max", p=2, q=2)
  output w = x -> Repeat("n c h w -> n c (h 2) w")
""",
    "same twice": """
  input x: float[N]
  input y: float[N]
  output a = x
  output b = y
  output c = x + y
  output d = x + y
""",
    "exact types": """
  input x: float32[N, 4]
  input y: int32[N, 4]
  input u: uint8[N, 4]
  output a = x * 2
  output b = y + 1
  output c = u -> Cast("float32")
  output d = (u -> Cast("int32")) + y
""",
    "cross": """
  input x: float[B, T, 8]
  input y: float[B, S, 8]
  output o = (x, y) -> TransformerDecoderLayer(2, dim_feedforward=16)
""",
    "chain choice": """
  input x: float[N, T, 8]
  require T >= 2
  h = x -> Linear(8) -> ReLU
  i = h -> ArgMax(dim=1, keepdim=true)
  output y = (h, i) -> Gather(1)
  output z = h -> TopK(2, dim=1) -> Item(1) -> Cast("float") -> Mean(dim=1)
  output w = (h -> Sort(dim=-1) -> Item(0)) * 3
""",
    "half dims": """
  input a: float[N, T]
  input x: float[2 * N, T + 1, 4]
  output y = x[:N] + x[N:]
  output z = x[:, :T] -> Flatten(1)
  output w = a * N
""",
    "deep": """
  input x: float[N, 8]
  h = x
  for i in 0..5 { h = (h, x -> Linear(8)) -> Concat(dim=-1) -> Linear(8) -> Tanh }
  output y = h
  output z = h -> (Linear(1), Linear(2), Linear(3)) -> Concat(dim=-1)
""",
    "bnfirst": """
  input x: float[N, 4, L]
  output y = x -> BatchNorm1d -> ReLU -> Conv1d(4, 3, padding=1) -> Identity -> BatchNorm1d
    -> Dropout(0.1) -> Conv1d(5, 1)
  output z = x -> Transpose(1, 2) -> Linear(6) -> Transpose(1, 2) -> BatchNorm1d
""",
    "gather idx": """
  input x: float[N, T, 4]
  input i: int[N, K]
  output y = (x, (i -> Unsqueeze(-1) -> Expand(N, K, 4))) -> Gather(1)
  output z = (x[:, 0], i -> Clamp(0, 3)) -> Gather(1)
""",
    "masked pool": """
  input x: float[B, T, 8]
  input m: bool[B, T]
  w = m -> Cast("float") -> Unsqueeze(-1)
  output y = (x * w -> Sum(dim=1)) / (w -> Sum(dim=1) -> Clamp(1.0, 1e9))
""",
    "unfold": """
  input x: float[N, 3, H, W]
  require H >= 4 and W >= 4
  output a = x -> Unfold(3, padding=1)
  output b = x -> PixelUnshuffle(1)
  output c = x -> ChannelShuffle(3)
""",
    "vq": """
  input x: float[N, T, 8]
  param codes: float[16, 8] = normal(std=1.0)
  d = (x -> Unsqueeze(2)) - codes
  k = d ** 2 -> Sum(dim=-1) -> ArgMin(dim=-1)
  output index = k
  output y = k -> Embedding(16, 4)
""",
    "gru dec": """
  input x: float[N, T, 5]
  input h: float[1, N, 6]
  a, b = (x, h) -> GRU(6)
  output y = a[:, -1] -> Linear(2)
  output z = b[0] + (x[:, 0] -> Linear(6))
""",
    "moe": """
  input x: float[B, D0, 8]
  g = x -> Linear(3) -> Softmax(dim=-1)
  e = x -> (Linear(8), Linear(8), Linear(8)) -> Stack(dim=-1)
  output y = (e, g) -> Einsum("bdhe,bde->bdh")
  v, i = g -> TopK(2)
  output k = i
  output p = v
""",
    "film": """
  input x: float[N, 4, H, W]
  input c: float[N, 6]
  s, t = c -> Linear(8) -> Chunk(2, dim=1)
  output y = x * (s[:, :, none, none] + 1) + t[:, :, none, none] -> SiLU
""",
    "siam": """
  input a: float[N, 3, 16, 16]
  input b: float[M, 3, 16, 16]
  layer enc = [Conv2d(4, 3, bias=false), BatchNorm2d, ReLU, AdaptiveAvgPool2d(2), Flatten, Linear(8)]
  p = a -> enc -> Normalize(dim=-1)
  q = b -> enc -> Normalize(dim=-1)
  output s = p @ q.T
""",
    "bnshare": """
  input a: float[N, 3, 8, 8]
  layer c = Conv2d(4, 3, bias=false)
  layer n = BatchNorm2d
  output x = a -> c -> n
  output y = a * 2 -> c
  output z = a * 3 -> c -> n -> ReLU
""",
    "adapt": """
  input x: float[N, 4, 12, 18]
  output a = x -> AdaptiveAvgPool2d((3, 5))
  output b = x -> AdaptiveMaxPool2d((5, 4))
""",
    "logic": """
  input x: float[N, T]
  input y: float[N, T]
  output a = x > y and y > 0 or not (x < 0)
  output b = (x == y, x, y) -> Where
  output c = (x >= 0) -> Cast("int64") -> Sum(dim=1)
  output d = (x, y) -> Maximum
  output e = (x > 0) -> Any(dim=1)
""",
    "causal conv": """
  input x: float[N, T, 6]
  output y = x -> Transpose(1, 2) -> Pad((4, 0)) -> Conv1d(6, 3, dilation=2, groups=3) -> Transpose(1, 2)
    -> GLU -> Linear(6)
""",
    "rotary": """
  input x: float[B, T, 16]
  output y = x -> SelfAttention(4, causal=true)
  output z = x -> Rearrange("b t (h d) -> b h t d", h=2) -> RotaryEmbedding
""",
    "bilinear": """
  input a: float[N, 3]
  input b: float[N, 4]
  output y = (a, b) -> Bilinear(5) -> Tanh
  output z = (a, a * 2) -> CosineSimilarity(dim=1)
  output w = (a, a + 1) -> PairwiseDistance
""",
    "scalarish": """
  input x: float[]
  input y: float[N]
  output a = x * y
  output b = x + 1
  output c = y -> Sum
""",
    "int reduce": """
  input i: int[N, T]
  output a = i -> Sum(dim=1)
  output b = i -> Max(dim=1)
  output c = i -> Flip(1) -> CumSum(dim=1)
  output d = i -> ArgMax(dim=1)
  output e = i[:, 0] * T + N
""",
    "cond dims": """
  input x: float[N, T, 8]
  require T % 4 == 0
  h = x -> Reshape(N, T // 4, 4, 8) -> Mean(dim=2)
  output z = (h -> Unsqueeze(2) -> Expand(N, T // 4, 4, 8) -> Reshape(N, T, 8)) + x
""",
}
CASES = [
    (name, options) for i, name in enumerate(SPECS) for options in ({}, OPTIONS[i % 7], OPTIONS[(i // 7 + i + 3) % 7])
]


@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name}-{options}" for name, options in CASES])
def test_a_combination(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    assert nndsl.loads(f"model M {{{SPECS[name]}}}").export(tmp_path / "m.onnx", **options).verified
