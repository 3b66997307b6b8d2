"""Saved activations of whole graphs: what is kept twice counts once, views share memory, what needs no gradient is let
go. Each is held against `saved_tensors_hooks`, byte for byte."""

from __future__ import annotations

import pytest
import torch

import nndsl
from nndsl.cost.memory import memory
from tests.backends.torch_support import results_of
from tests.ops.saved_support import saved_bytes

BLOCKS = """
block Excite(r: int) {
  input x: [N, C, H, W]
  s = x -> AdaptiveAvgPool2d(1) -> Conv2d(r, 1) -> ReLU -> Conv2d(C, 1) -> Sigmoid
  x * s
}
block ByHand(heads: int) {
  input x: [B, T, D]
  q, k, v = x -> Linear(3 * D) -> Rearrange("b t (three h d) -> three b h t d", three=3, h=heads) -> Unbind(0)
  turned = k -> Transpose(-2, -1)
  a = q @ turned / 4.0 -> Softmax
  a @ v -> Rearrange("b h t d -> b t (h d)") -> Linear(D)
}
block Twice { input x: [N, D]
  x -> Residual { Linear(D) -> ReLU } -> Residual { Linear(D) -> Tanh } }
"""
CASES = {
    "a ReLU is the next layer's input": (
        "input x: float[4, 3, 8, 8]; output y = x -> Conv2d(4, 3) -> ReLU -> Conv2d(2, 3)"
    ),
    "views share memory": (
        "input x: float[4, 6]; output y = x -> Linear(12) -> Reshape(4, 3, 4) -> Permute(0, 2, 1) -> GELU"
    ),
    "a copy of what was turned": "input x: float[4, 3, 8]; output y = x -> Linear(8) -> Transpose(1, 2) -> Linear(5)",
    "pieces": "input x: float[4, 6]; a, b = x -> Linear(6) -> Chunk(2, 1); output y = a * b -> Sigmoid",
    "numbers": "input x: float[4, 6]; output y = (x -> Linear(6)) * 3 + 1 -> ReLU",
    "divided by a number": "input x: float[4, 6]; output y = (x -> Linear(6)) / 3 -> ReLU",
    "a number divided": "input x: float[4, 6]; output y = 3 / (x -> Linear(6)) -> ReLU",
    "a quotient": "input x: float[4, 6]; h = x -> Linear(6); output y = h / (h -> Exp)",
    "a square": "input x: float[4, 6]; h = x -> Linear(6); output y = h ** 2 + h",
    "one factor needs no gradient": "input x: float[4, 6]; output y = (x -> Linear(6)) * x",
    "a constant factor": "input x: float[4, 6]; output y = x * x -> Linear(6)",
    "a buffer": "input x: float[4, 6]; buffer b: float[6] = ones; output y = (x -> Linear(6)) * b",
    "a parameter": "input x: float[4, 6]; param p: float[6] = ones; output y = x * p",
    "broadcast": "input x: float[4, 6]; param p: float[4, 1] = ones; output y = (x -> Linear(6)) * p",
    "stopped": "input x: float[4, 6]; h = x -> Linear(6) -> StopGradient; output y = h * (x -> Linear(6))",
    "slices": "input x: float[4, 6, 5]; h = x -> Linear(8); output y = h[:, 0] * h[:, 1] -> Linear(3)",
    "joined": "input x: float[4, 6]; h = x -> Linear(6) -> ReLU; output y = (h, x) -> Concat(dim=1) -> Linear(2)",
    "tied": "input t: int[4, 6]; layer e = Embedding(9, 8); output y = (t -> e) @ e.weight.T",
    "shared": "input a: float[4, 6]; input b: float[4, 6]; layer f = Linear(5); output y = (a -> f) * (b -> f)",
    "dropout": "input x: float[4, 6]; output y = x -> Linear(6) -> Dropout(0.3) -> ReLU -> Dropout(0) -> Linear(3)",
    "training only": (
        "input x: float[4, 6]; h = if training { x -> Linear(6) -> ReLU } else { x }; output y = h -> Linear(3)"
    ),
    "where": "input x: float[4, 6]; h = x -> Linear(6); output y = (h > 0, h, h * 2) -> Where",
    "reductions": "input x: float[4, 6, 5]; h = x -> Linear(8); output y = (h -> Mean(1)) + (h -> Max(1)) -> Linear(2)",
    "excited": "input x: float[2, 4, 6, 6]; output y = x -> Conv2d(8, 3) -> Excite(2) -> Conv2d(4, 1)",
    "attention by hand": "input x: float[2, 5, 8]; output y = x -> ByHand(2) -> ByHand(4)",
    "blocks": "input x: float[3, 8]; output y = x -> [Twice] * 3 -> Linear(2)",
    "normal": "input x: float[3, 8]; h = x -> Linear(8); output y = h / (h -> Norm(dim=1, keepdim=true)) -> Linear(2)",
    "positions": "input x: float[2, 5, 8]; output y = (x -> MultiheadAttention(2)) + x -> LayerNorm -> Linear(3)",
    "recurrent": "input x: float[2, 5, 8]; y, h = x -> GRU(6, num_layers=2); output z = y -> Linear(3)",
    "upsampled": "input x: float[1, 3, 4, 4]; output y = x -> Conv2d(2, 3) -> Upsample(scale_factor=2) -> Conv2d(2, 3)",
}


@pytest.mark.parametrize("name", CASES)
def test_saved(name: str) -> None:
    lines = "\n".join(f"  {line.strip()}" for line in CASES[name].split(";"))
    model = nndsl.loads(f"{BLOCKS}\nmodel M {{\n{lines}\n}}\n")
    module = model.module().train()
    torch.manual_seed(0)
    inputs = [
        torch.randn(*v.shape) if v.dtype == "float" else torch.randint(0, 9, v.shape)  # type: ignore[arg-type]
        for v in model.ir.inputs
    ]
    assert memory(model.ir).saved == saved_bytes(module, lambda: results_of(module, inputs))
