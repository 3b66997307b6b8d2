"""Attention."""

from __future__ import annotations

import pytest
import torch

from nndsl.ops import everything
from tests.ops.support import check, complaint, examples, flow, infer

AT = [{"B": 2, "N": 3, "T": 5, "S": 7}, {"B": 1, "N": 1, "T": 6, "S": 1}]


@pytest.mark.parametrize("example", examples("attention"))
def test_scaled_dot_product(example: str) -> None:
    counted = (
        "-> ScaledDotProductAttention ->" in example or "0.1" in example
    )  # PyTorch's fused kernel counts nothing
    flow(example, at=AT, tolerance=1e-4, macs=counted)


@pytest.mark.parametrize(
    "mask", ["bool[T, S]", "bool[B, 1, 1, S]", "bool[1, S]", "[1, 4, T, S]", "bool[B, 4, T, S]", "[T, 1]"]
)
@pytest.mark.parametrize("heads", [4, 2])
def test_masks(mask: str, heads: int) -> None:
    op = everything()["ScaledDotProductAttention"](enable_gqa=heads == 2)
    check(
        op,
        "[B, 4, T, 8]",
        f"[B, {heads}, S, 8]",
        f"[B, {heads}, S, 8]",
        mask,
        at=AT,
        opsets=(17, 23),
        tolerance=1e-4,
    )


def test_who_may_attend_to_nothing() -> None:
    nothing = {3: lambda t: torch.zeros([int(s) for s in t.shape], dtype=torch.bool)}
    check("ScaledDotProductAttention", *["[1, 2, 3, 4]"] * 3, "bool[3, 3]", data=nothing, opsets=(17, 23))


def test_unknown_width() -> None:
    check(
        "ScaledDotProductAttention(causal=True)",
        *["[B, T, E]"] * 3,
        at=[{"B": 2, "T": 3, "E": 5}],
        opsets=(17, 23),
    )


def test_scaled_dot_product_complains() -> None:
    sdpa = "ScaledDotProductAttention"
    assert (
        complaint(sdpa, "[2, 3, 4]", "[2, 5, 6]", "[2, 5, 4]")[1]
        == "queries and keys have the same last dim: 4 ≠ 6"
    )
    assert (
        complaint(sdpa, "[2, 3, 4]", "[2, 5, 4]", "[2, 6, 4]")[1] == "there is one value for each key: 5 ≠ 6"
    )
    assert (
        complaint(sdpa, "[4, 3, 4]", "[2, 5, 4]", "[2, 5, 4]")[1] == "queries and keys agree in dim 0: 4 ≠ 2"
    )
    shared = sdpa + "(enable_gqa=True)"
    assert (
        complaint(shared, *["[1, 4, 5, 4]"], *["[1, 3, 5, 4]"] * 2)[1]
        == "4 heads of queries cannot share 3 of keys evenly"
    )
    assert "not both" in complaint(sdpa + "(causal=True)", *["[2, 3, 4]"] * 3, "bool[3, 3]")[1]
    assert complaint(sdpa, *["[2, 3, 4]"] * 3, "int[3, 3]")[0] == "dtype-mismatch"
    assert complaint(sdpa, *["[2, 3, 4]"] * 3, "bool[3, 5]")[0] == "shape-mismatch"
    assert complaint(sdpa, *["[2, 3, 4]"] * 3, "bool[1, 1, 3, 3]")[0] == "rank-mismatch"


def test_costs_are_exact() -> None:
    op = everything()["ScaledDotProductAttention"]()
    types = [
        infer(everything()["Identity"](), t)[0] for t in ("[B, 2, T, 8]", "[B, 2, S, 8]", "[B, 2, S, 8]")
    ]
    y = infer(op, *types, None)[0]
    assert str(op.macs(*types, None, y=y)) == "32*B*S*T"
