"""Dropout and its kin: nothing at inference, PyTorch's own while training."""

from __future__ import annotations

import pytest
import torch

from tests.ops.support import build_module, complaint, examples, flow, read_op, read_type


@pytest.mark.parametrize("example", examples("regularization"))
def test_examples(example: str) -> None:
    flow(example)


def test_drops_while_training() -> None:
    module = build_module(read_op("Dropout(0.25)"), [read_type("[1000]")]).train()
    kept = module(torch.ones(1000))
    assert kept.unique().tolist() == [0.0, pytest.approx(4 / 3)]
    assert 650 < (kept > 0).sum() < 850


@pytest.mark.parametrize(("mode", "patterns"), [("row", {0.0, 2.0}), ("batch", {0.0})])
def test_stochastic_depth(mode: str, patterns: set[float]) -> None:
    torch.manual_seed(1)
    module = build_module(read_op(f'DropPath(0.5, mode="{mode}")'), [read_type("[64, 3, 2]")]).train()
    dropped = module(torch.ones(64, 3, 2))
    rows = dropped.reshape(64, -1)
    assert (rows == rows[:, :1]).all(), "samples are dropped as a whole"
    seen = set(rows[:, 0].tolist())
    assert seen == patterns or (mode == "batch" and len(seen) == 1)


def test_stochastic_depth_at_its_ends() -> None:
    ones = torch.ones(8, 3)
    never = build_module(read_op("DropPath(0)"), [read_type("[8, 3]")]).train()
    always = build_module(read_op("DropPath(1)"), [read_type("[8, 3]")]).train()
    assert never(ones).equal(ones)
    assert always(ones).equal(0 * ones)


def test_ranks() -> None:
    assert complaint("Dropout2d", "[3, 8, 8]")[0] == "rank-mismatch"
    assert complaint("Dropout3d", "[3, 8, 8]")[0] == "rank-mismatch"
    assert complaint("FeatureAlphaDropout", "[3]")[0] == "rank-mismatch"
    assert complaint("DropPath(0.5)", "[]")[0] == "rank-mismatch"
    assert complaint("Dropout", "int[3]")[0] == "dtype-mismatch"
