"""Activations against PyTorch and onnxruntime."""

from __future__ import annotations

import pytest
import torch

from tests.ops.support import build_module, check, complaint, examples, flow, read_op, read_type

EVERYWHERE = torch.cat([torch.linspace(-8, 8, 60), torch.tensor([0.0, -0.0, 3.0, -3.0, 6.0, 0.5, -0.5, 30.0, -30.0])])


@pytest.mark.parametrize("example", examples("activation", "activation_piecewise", "activation_axis"))
def test_examples(example: str) -> None:
    flow(example)


@pytest.mark.parametrize(
    "op",
    [
        "ReLU",
        "LeakyReLU(0.3)",
        "PReLU",
        "RReLU",
        "ReLU6",
        "ELU(0.7)",
        "SELU",
        "CELU(0.7)",
        "GELU",
        "GELU('tanh')",
        "Sigmoid",
        "Tanh",
        "SiLU",
        "Mish",
        "Hardtanh(-2,0.5)",
        "Hardsigmoid",
        "Hardswish",
        "Softplus",
        "Softplus(2,1)",
        "Softplus(-0.5)",
        "Softsign",
        "Softshrink",
        "Hardshrink",
        "LogSigmoid",
        "Tanhshrink",
        "Threshold(0.5,-1)",
        "CELU(-0.5)",
    ],
)
def test_values_everywhere(op: str) -> None:
    check(op, f"[{len(EVERYWHERE)}]", data={0: lambda _: EVERYWHERE}, opsets=(17, 18, 20, 22, 23, 24))


def test_gradients_of_random_slopes() -> None:
    module = build_module(read_op("RReLU(0.1, 0.5)"), [read_type("[100]")])
    slopes = module.train()(-torch.ones(100))
    assert -0.5 <= slopes.min() < slopes.max() <= -0.1


@pytest.mark.parametrize("op", ["Softmax", "GLU", "ReLU", "PReLU", "Softmax2d"])
def test_numbers_only(op: str) -> None:
    assert complaint(op, "int[2, 4, 6]")[0] == "dtype-mismatch"


def test_axes_exist() -> None:
    assert complaint("Softmax(2)", "[2, 3]") == ("bad-value", "dim 2 does not exist: there are 2 dims, counted from 0")
    assert complaint("Softmax", "[]")[0] == "rank-mismatch"
    assert complaint("Softmax2d", "[2, 3]")[0] == "rank-mismatch"


def test_gated_units_need_an_even_size() -> None:
    assert complaint("GLU", "[2, 3]")[0] == "shape-mismatch"
    assert complaint("GLU", "[2, D]")[0] == "unproven"
    check("GLU(1)", "[2, 4*T, 3]", at=[{"T": 1}, {"T": 3}])


def test_slopes_per_channel() -> None:
    assert complaint("PReLU(3)", "[2, 4]")[1] == "num_parameters is 1 or the number of channels: 3 ≠ 4"
    assert complaint("PReLU(3)", "[3]")[0] == "rank-mismatch"
    assert complaint("PReLU(3)", "[2, C]")[0] == "unproven"


def test_parameters_that_contradict() -> None:
    assert "less than" in complaint("Hardtanh(1, -1)", "[2]")[1]
    assert "greater than" in complaint("RReLU(0.5, 0.1)", "[2]")[1]
    assert "cannot be 0" in complaint("CELU(0)", "[2]")[1]
    assert "cannot be 0" in complaint("Softplus(0)", "[2]")[1]
