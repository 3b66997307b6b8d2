"""What is computed from weights and constants alone is told as it is computed, never as the bare weight."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.backends import draw

NOISY = """
block NoisyLinear(out: int) {
  input x: [N, D]
  param mu: float[out, D]
  param sigma: float[out, D]
  param bias_mu: float[out]
  param bias_sigma: float[out]
  eo = Zeros(out) -> RandomNormalLike
  w = if training { mu + sigma * eo[:, none] } else { mu }
  b = if training { bias_mu + bias_sigma * eo } else { bias_mu }
  output y: [N, out] = x @ w.T + b
}
model M {
  input x: float[N, 6]
  output y = x -> NoisyLinear(4)
}
"""


def words(text: str) -> list[str]:
    boxes = draw.scene(nndsl.loads(text)._graph, depth=9).boxes
    return [" ".join(text.text.strip() for text in box.texts) for box in boxes if box.shape != "port"]


@pytest.mark.parametrize(
    "written, told",
    [
        ("x * mu", "× mu (8)"),
        ("x * (1 - mu)", "× (1 − mu) (8)"),
        ("x - (mu -> Exp)", "− exp(mu) (8)"),
        ("x * (mu -> GELU)", "× GELU(mu) (8)"),
        ("x / (mu ** 2)", "÷ (mu²) (8)"),
        ("x - (-mu)", "− (−mu) (8)"),
        ("x + (2 - (mu - 1)) * 3", "+ ((2 − (mu − 1)) × 3) (8)"),
        ("x + mu * 2 / 3", "+ (mu × 2 ÷ 3) (8)"),
        ("x + 2 / (mu / 3)", "+ (2 ÷ (mu ÷ 3)) (8)"),
        ("x + 2 ** mu ** 2", "+ (2 ** (mu²)) (8)"),
        ("mu - x", "mu − 8 params"),
        ("(1 - mu) / x", "(1 − mu) ÷ 8 params"),
        ("mu + x", "+ mu (8)"),
        ("x + Arange(8) * 2", "+ (Arange(8) × 2)"),
        ("(Ones(N, 8, dtype=int32) -> Tril) + x", "+ tril(Ones(…))"),
        ("x + (mu -> Exp -> Tanh -> Softmax(dim=0) -> Sqrt)", "+ f(mu) (8)"),
        ("x + mu[none]", "+ mu (8)"),
    ],
)
def test_a_formula_on_a_parameter_is_told(written: str, told: str) -> None:
    (shown,) = words(f"model M {{ input x: float[N, 8]\n param mu: float[8] = ones\n output y = {written} }}")
    assert shown == told


def test_what_is_long_is_called_by_its_own_name() -> None:
    assert words(NOISY) == ["MatMul w (48)", "+ b (8)"]


def test_a_name_that_is_given_anew_is_not_taken_for_the_parameter() -> None:
    text = "model M { input x: float[N, 8]\n param mu: float[8] = ones\n"
    text += " mu = mu -> Exp -> Tanh -> Softmax(dim=0) -> Sqrt\n output y = x * mu }"
    assert words(text) == ["× f(mu) (8)"]


def test_parts_of_a_parameter_are_told_by_its_name() -> None:
    text = "model M { input x: float[N, 4]\n param mu: float[8] = ones\n a, b = mu -> Chunk(2)\n output y = x * b }"
    assert words(text) == ["× mu (8)"]


def test_a_loop_begins_with_what_is_computed() -> None:
    text = """
block Add { input h: [D]
 input x: [D]
 output n = h + x }
model M { input xs: float[4, 8]
 param mu: float[8] = ones
 output y = (1 - mu, xs) -> Scan(Add, dim=0) }"""
    assert any(word.startswith("1 − mu") for word in words(text))
