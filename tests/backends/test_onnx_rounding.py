"""What only rounding decides is no mistake, and a mistake beside it is still found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nndsl
from nndsl.diagnostics import Diagnostic

pytest.importorskip("onnxruntime")

NOISE = [
    "x -> LayerNorm(elementwise_affine=false) -> Mean(dim=-1)",
    "(x -> Softmax(dim=-1) -> Sum(dim=-1)) - 1",
    "(x + 3000) - 3000 - x",
    "(x * x - 1) - (x - 1) * (x + 1)",
    "((x -> Exp -> Log) - x) -> Sum(dim=-1)",
    "(x -> Tanh) - (x -> Sinh) / (x -> Cosh)",
]
RANKED = [
    "x -> ReLU -> TopK(5) -> Item(1)",
    "x -> ReLU -> Sort -> Item(1)",
    "x -> fc: Linear(64) -> ReLU -> ArgMax(dim=-1)",
    "x * 0 -> TopK(3) -> Item(1)",
    "x -> Round -> TopK(9) -> Item(1)",
    "(x -> Clamp(-0.5, 0.5) -> Sort -> Item(1)) -> Embedding(12, 3)",
    "(x -> Softmax(dim=-1)) * 1000 -> Floor",
]


def model(flow: str) -> nndsl.Model:
    return nndsl.loads(f"model M {{\n  input x: float[B, T, 12]\n  output y = {flow}\n}}")


def found(file: str, spec: str, folder: Path, weights: object = None) -> list[Diagnostic]:
    """What verification says of the file of one model, held against another."""
    from nndsl.backends.onnx.verify import verify
    from nndsl.oracle import TorchReference

    made = model(file)
    keys = TorchReference(made).weights
    random = np.random.default_rng(0)
    given = {key: random.standard_normal(array.shape).astype("f4") for key, array in keys.items()}
    made.export(folder / "m.onnx", given, verify=False)
    other = given if weights is None else {**given, **weights}  # type: ignore[dict-item]
    return verify(folder / "m.onnx", TorchReference(model(spec), other), model(spec).ir)


@pytest.mark.parametrize("flow", NOISE + RANKED)
def test_what_rounding_decides_is_no_mistake(flow: str, tmp_path: Path) -> None:
    assert found(flow, flow, tmp_path) == []


@pytest.mark.parametrize(
    ("file", "spec"),
    [
        ("x -> ReLU -> TopK(5) -> Item(1)", "x -> TopK(5, largest=false) -> Item(1)"),
        ("x -> ReLU -> Sort -> Item(1)", "x -> ReLU -> Sort(descending=true) -> Item(1)"),
        ("x -> Sort -> Item(1)", "x + (0.01 * (x -> Flip(-1))) -> Sort -> Item(1)"),
        ("x -> ArgMax(dim=-1)", "x -> ArgMin(dim=-1)"),
        ("x -> Floor", "x + 0.01 -> Floor"),
        ("x >= 0", "x > 0.01"),
        ("(x + 3000) - 3000 - x", "(x + 3000) - 3000.001 - x * 1.001"),
        ("(x -> Softmax(dim=-1) -> Sum(dim=-1)) - 1", "(x -> Softmax(dim=-1) -> Sum(dim=-1)) - 1.00001"),
        ("x * 1e-12", "x * 1.01e-12"),
        ("x -> ELU(alpha=1.0)", "x -> ELU(alpha=1.001)"),
        ("x -> LayerNorm(eps=1e-5, elementwise_affine=false)", "x -> LayerNorm(eps=1e-3, elementwise_affine=false)"),
    ],
)
def test_a_mistake_is_no_rounding(file: str, spec: str, tmp_path: Path) -> None:
    assert [d.code for d in found(file, spec, tmp_path)] == ["onnx-mismatch"]


@pytest.mark.parametrize(
    "flow",
    ["LayerNorm(elementwise_affine=false) -> Mean(dim=-1)", "Softmax(dim=-1) -> Sum(dim=-1)", "ReLU -> Sign -> Sign"],
)
def test_noise_hides_no_layer(flow: str, tmp_path: Path) -> None:
    """The results are noise, or all the same, whatever the layer before computes; so that is compared itself."""
    spec = f"(x -> fc: Linear(12)) + 100 -> {flow}"
    (mistake,) = found(spec, spec, tmp_path, {"fc.bias": np.ones(12, "f4")})
    assert (mistake.code, mistake.hints) == ("onnx-mismatch", ["the first layer that differs is fc"])
