"""Linear layers against PyTorch and onnxruntime."""

from __future__ import annotations

import pytest

from tests.ops.support import check, complaint, examples, flow


@pytest.mark.parametrize("example", examples("linear"))
def test_examples(example: str) -> None:
    flow(example)


def test_multiply_accumulates() -> None:
    check("Linear(5)", "[3, 4, 7]", opsets=(), macs=True)


def test_exact_types() -> None:
    check("Linear(5)", "float64[3, 7]", tolerance=1e-12)


def test_unknown_features() -> None:
    code, message = complaint("Linear(4)", "[2, D]")
    assert code == "unknown-dim"
    assert message == "Linear needs to know the size of the last axis while compiling, and it is D"


def test_indices_are_not_features() -> None:
    assert complaint("Linear(4)", "int[2, 8]")[0] == "dtype-mismatch"
    assert complaint("Linear(4)", "[]")[0] == "rank-mismatch"


def test_bilinear_inputs_agree() -> None:
    assert complaint("Bilinear(4)", "[2, 8]", "[3, 8]")[0] == "shape-mismatch"
    assert complaint("Bilinear(4)", "[2, 8]", "[2, 3, 8]")[0] == "rank-mismatch"
    assert complaint("Bilinear(4)", "[N, 8]", "[M, 8]")[0] == "unproven"
    assert complaint("Bilinear(4)", "[2, 8]", "float64[2, 8]")[0] == "dtype-mismatch"
