"""Attention."""

from __future__ import annotations

import pytest
import torch

from nndsl.ops import everything
from nndsl.ops.multihead import divisors_near
from tests.ops.support import check, complaint, examples, flow, infer

AT = [{"B": 2, "N": 3, "T": 5, "S": 7}, {"B": 1, "N": 1, "T": 6, "S": 1}]


@pytest.mark.parametrize("example", examples("attention", "multihead"))
def test_examples(example: str) -> None:
    counted = (
        "-> ScaledDotProductAttention ->" in example or "Attention(0.1)" in example
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
    assert complaint(sdpa, "[2, 3, 4]", "[2, 5, 6]", "[2, 5, 4]")[1] == "queries and keys have the same last dim: 4 ≠ 6"
    assert complaint(sdpa, "[2, 3, 4]", "[2, 5, 4]", "[2, 6, 4]")[1] == "there is one value for each key: 5 ≠ 6"
    assert complaint(sdpa, "[4, 3, 4]", "[2, 5, 4]", "[2, 5, 4]")[1] == "queries and keys agree in dim 0: 4 ≠ 2"
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
    types = [infer(everything()["Identity"](), t)[0] for t in ("[B, 2, T, 8]", "[B, 2, S, 8]", "[B, 2, S, 8]")]
    y = infer(op, *types, None)[0]
    assert str(op.macs(*types, None, y=y)) == "32*B*S*T"


HEADS = "MultiheadAttention(2, {})"
SELF = ["[N, T, 8]", None, None]
CROSS = ["[N, T, 8]", "[N, S, 8]", "[N, S, 8]"]
FOREIGN = ["[N, T, 8]", "[N, S, 6]", "[N, S, 4]"]


@pytest.mark.parametrize(
    ("options", "types"),
    [
        ("", [*SELF, "bool[N, T]", None]),
        ("", [*CROSS, "bool[N, S]", "[T, S]"]),
        ("", [*FOREIGN, None, "bool[2 * N, T, S]"]),
        ("need_weights=True", [*CROSS, "bool[N, S]", "bool[T, S]"]),
        ("need_weights=True, average_attn_weights=False", [*SELF, None, "[T, T]"]),
        ("add_bias_kv=True, add_zero_attn=True", [*CROSS, "bool[N, S]", "bool[T, S]"]),
        ("add_bias_kv=True, need_weights=True", [*FOREIGN, None, "[2 * N, T, S]"]),
        ("is_causal=True", [*SELF, "bool[N, T]", None]),
        ("is_causal=True, need_weights=True, bias=False", [*SELF, None, None]),
        ("batch_first=False", ["[T, N, 8]", "[S, N, 8]", None, "bool[N, S]", None]),
        ("", ["[T, 8]", "[S, 6]", "[S, 8]", "bool[S]", "bool[T, S]"]),
        ("need_weights=True, average_attn_weights=False", ["[T, 8]", None, None, None, "bool[2, T, T]"]),
    ],
)
def test_multihead(options: str, types: list[str | None]) -> None:
    """The first key is never blocked: a row without keys is nan in one of PyTorch's kernels and 0 in another."""

    def open_first(t: object) -> torch.Tensor:
        made = torch.rand([int(s) for s in t.shape]) < 0.4  # type: ignore[attr-defined]
        made[..., 0] = False
        return made

    masks = {at: open_first for at in (3, 4) if types[at] is not None and str(types[at]).startswith("bool")}
    check(HEADS.format(options), *types, at=AT, data=masks, opsets=(17, 23), tolerance=1e-4)


def test_multihead_complains() -> None:
    assert complaint("MultiheadAttention(7)", "[N, T, 256]")[1] == "a width of 256 does not divide into 7 heads"
    assert complaint("MultiheadAttention(2)", "[N, T, D]")[0] == "unknown-dim"
    assert complaint("MultiheadAttention(2)", "[N, T, 8]", "[N, S, 8]", "[N, T, 8]")[1].startswith("there is one value")
    assert complaint("MultiheadAttention(2)", "[2, T, 8]", "[3, S, 8]")[1] == "all inputs have the same batch: 2 ≠ 3"
    assert (
        complaint("MultiheadAttention(2)", "[2, 5, 8]", None, None, "bool[2, 4]")[1]
        == "key_padding_mask is [2, 5], dim 1: 4 ≠ 5"
    )
    wrong = complaint("MultiheadAttention(2)", "[2, 5, 8]", None, None, None, "bool[4]")
    assert wrong == ("rank-mismatch", "attn_mask is [5, 5] or [4, 5, 5], and this is [4]")
    assert complaint("MultiheadAttention(2)", "[2, 5, 8]", None, None, None, "int[5, 5]")[0] == "dtype-mismatch"
    assert complaint("MultiheadAttention(2, is_causal=True)", "[2, 5, 8]", "[2, 6, 8]")[1].endswith("5 ≠ 6")
    assert complaint("MultiheadAttention(2)", "[2, 5, 1, 8]")[0] == "rank-mismatch"


def test_multihead_costs() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module = check("MultiheadAttention(2, need_weights=True)", *CROSS, None, None, at=AT[:1], opsets=())
    op = everything()["MultiheadAttention"](2)
    sizes = [infer(everything()["Identity"](), t)[0] for t in ("[2, 5, 8]", "[2, 7, 8]", "[2, 7, 8]")]
    with FlopCounterMode(display=False) as counter:
        module.train()(torch.randn(2, 5, 8), torch.randn(2, 7, 8), torch.randn(2, 7, 8))
    assert op.macs(*sizes, None, None, y=sizes[0]) * 2 == counter.get_total_flops()


@pytest.mark.parametrize("width", [(1 << 61) - 1, 1 << 62])
def test_heads_of_any_width_are_judged_at_once(width: int) -> None:
    assert complaint("MultiheadAttention(3)", f"[N, T, {width}]")[0] == "shape-mismatch"


@pytest.mark.parametrize(
    ("width", "heads", "near"),
    [(256, 7, [2, 4, 8]), (8, 5000, [2, 4, 8]), (7, 2, [1, 7]), ((1 << 61) - 1, 3, [1]), ((1 << 61) - 1, 5000, [])],
)
def test_fitting_heads(width: int, heads: int, near: list[int]) -> None:
    assert divisors_near(width, heads) == near


@pytest.mark.parametrize("scale", ["0", "-0.5"])
def test_scales_that_are_not_positive(scale: str) -> None:
    """onnxruntime's Attention refuses them, and of a causal one PyTorch makes NaN."""
    types = ["[N, 2, T, 4]"] * 3
    op = f"ScaledDotProductAttention(scale={scale}"
    check(f"{op})", *types, at=AT, opsets=(17, 23), tolerance=1e-4)
    check(f"{op})", *types, "[T, T]", at=AT, opsets=(17, 23), tolerance=1e-4)
    assert complaint(f"{op}, causal=True)", *types) == ("bad-value", "causal attention has a scale greater than 0")
