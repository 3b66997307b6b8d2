"""Normalisation against PyTorch and onnxruntime."""

from __future__ import annotations

import pytest
import torch

import nndsl
from tests.ops.support import check, complaint, examples, flow

SIZES = [{"N": 2, "H": 9, "W": 7}, {"N": 1, "H": 12, "W": 15}]


@pytest.mark.parametrize("example", examples("normalization", "normalization_features"))
def test_examples(example: str) -> None:
    flow(example)


def test_batch_statistics() -> None:
    check("BatchNorm2d(track_running_stats=false, bias=false)", "[N, 3, H, W]", at=SIZES)


@pytest.mark.parametrize("groups", [1, 2, 6])
def test_groups(groups: int) -> None:
    check(f"GroupNorm({groups}, bias=false)", "[N, 6, H, W]", at=SIZES, opsets=(17, 18, 21, 23))


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_window_over_channels(size: int) -> None:
    check(f"LocalResponseNorm({size}, 0.3, 0.6, 1.5)", "[N, 6, H, W]", at=SIZES)


def test_exact_types() -> None:
    for op in ("LayerNorm", "RMSNorm", "LayerNorm(elementwise_affine=false)"):
        check(op, "float64[3, 7]", tolerance=1e-6)


def test_unknown_channels() -> None:
    assert complaint("BatchNorm2d", "[N, C, 8, 8]")[0] == "unknown-dim"
    assert complaint("GroupNorm(2)", "[N, C, 8, 8]")[0] == "unknown-dim"
    assert complaint("LayerNorm", "[N, D]")[0] == "unknown-dim"
    assert complaint("InstanceNorm2d(affine=true)", "[N, C, 8, 8]")[0] == "unknown-dim"


def test_ranks() -> None:
    code, message = complaint("BatchNorm2d", "[N, 3]")
    assert (code, message) == ("rank-mismatch", "BatchNorm2d takes [N, C, H, W], and this has 2 dims: [N, 3]")
    assert "at least 3 dims" in complaint("LayerNorm(dims=3)", "[4, 5]")[1]
    assert complaint("LocalResponseNorm(3)", "[4, 5]")[0] == "rank-mismatch"
    assert complaint("InstanceNorm1d", "[4, 5, 6, 7]")[0] == "rank-mismatch"


def test_groups_divide_channels() -> None:
    assert complaint("GroupNorm(4)", "[2, 6, 3]")[1] == "6 channels cannot be divided into 4 groups"


def test_indices_cannot_be_normalised() -> None:
    for op in (
        "BatchNorm1d",
        "LayerNorm",
        "RMSNorm",
        "InstanceNorm1d",
        "GroupNorm(1)",
        "LocalResponseNorm(3)",
    ):
        assert complaint(op, "int[2, 4, 8]")[0] == "dtype-mismatch"


@pytest.mark.parametrize(
    ("type", "layer"),
    [
        ("[1, 3]", "BatchNorm1d"),
        ("[1, 3, 1, 1]", "BatchNorm2d"),
        ("[N, 3, 1]", "InstanceNorm1d(track_running_stats=true)"),
    ],
)
def test_a_single_value_is_warned_of_where_statistics_are_tracked(type: str, layer: str) -> None:
    """It runs in eval mode, and PyTorch refuses to train it."""
    text = f"model M {{\n  input x: float{type}\n  output y = x -> {layer}\n}}\n"
    assert [(d.code, d.severity) for d in nndsl.check(text)] == [("single-value", "warning")]
    assert nndsl.check(text.replace("[1", "[N").replace("3, 1]", "3, 2]")) == []
    module = nndsl.loads(text).module()
    x = torch.randn([2 if size == "N" else int(size) for size in type.strip("[]").split(", ")])
    module.eval()(x)
    with pytest.raises(ValueError, match="Expected more than 1"):
        module.train()(x)
