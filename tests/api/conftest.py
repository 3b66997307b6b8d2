"""A small model for tests of the Python API."""

from __future__ import annotations

import pytest

import nndsl

TEXT = """# Two layers.
model Net(classes: int = 10, hidden: list[int] = [32], act: layer = ReLU, rate: float = 0.1, name: str = "") {
  input x: float[N, 64]
  h = x -> body: [[Linear(n), act, Dropout(rate)] for n in hidden]
  output logits: [N, classes] = h -> head: Linear(classes)
}
"""
WRONG = """model Net {
  input x: float[N, 64]
  output logits: [N, 10] = x -> Linaer(10)
  output other: [N, 3] = x -> Linear(4)
}
"""


@pytest.fixture
def model() -> nndsl.Model:
    return nndsl.loads(TEXT)
