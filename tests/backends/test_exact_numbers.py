"""Numbers that Python finds equal and that are not the same: 2 and 2.0, 0.0 and -0.0."""

from __future__ import annotations

from math import inf
from pathlib import Path

import onnxruntime
import pytest
import torch

import nndsl

SCALED = """
block Scaled(k: float) {
  input x: [N]
  x * k
}
model M {
  input x: int[N]
  output a = x -> Scaled(2)
  output b = x -> Scaled(2.0)
}
"""
PRODUCTS = """
model M {
  input x: int[N]
  output a = x * 2
  output b = x * 2.0
}
"""
SIGNS = """
model M {
  input x: float[N]
  output a = x * 0.0 -> Reciprocal
  output b = x * -0.0 -> Reciprocal
}
"""
INITIAL = """
block Filled(k: float) {
  input x: [N]
  param p: float[1] = constant(k)
  x * p -> Reciprocal
}
model M {
  input x: float[N]
  output a = x -> Filled(0.0)
  output b = x -> Filled(-0.0)
}
"""
CASES = {
    "uses of a block": (SCALED, [[-4, 6], [-4.0, 6.0]]),
    "products": (PRODUCTS, [[-4, 6], [-4.0, 6.0]]),
    "signs of zero": (SIGNS, [[-inf, inf], [inf, -inf]]),
    "initial values": (INITIAL, [[-inf, inf], [inf, -inf]]),
}


@pytest.mark.parametrize("name", CASES)
def test_both_are_computed(name: str, tmp_path: Path) -> None:
    text, values = CASES[name]
    model = nndsl.loads(text)
    x = torch.tensor([-2, 3], dtype=torch.int64 if "int[" in text else torch.float32)
    made = model.module()(x)
    model.export(tmp_path / "m.onnx", verify=False)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    run = [torch.from_numpy(y) for y in session.run(None, {"x": x.numpy()})]
    for results in (made, run):
        assert [r.tolist() for r in results] == values
        assert [r.dtype for r in results] == [torch.tensor(v).dtype for v in values]
