"""Joining, cutting, reshaping and turning axes around."""

from __future__ import annotations

import pytest

from nndsl.ops import everything
from nndsl.ops.layout import Transposed
from tests.ops.support import check, complaint, examples, flow, infer


@pytest.mark.parametrize("example", examples("layout", "cutting", "reshaping"))
def test_examples(example: str) -> None:
    flow(example, opsets=(17, 23))


def test_transposed() -> None:
    check(Transposed(), "[N, 3]", at=[{"N": 2}])
    check(Transposed(batched=True), "[2, N, 3]", at=[{"N": 2}])
    assert complaint(Transposed(), "[2, N, 3]")[1] == "`.T` takes a matrix, and this has 3 dims: [2, N, 3]"


@pytest.mark.parametrize(
    ("op", "types", "code", "message"),
    [
        (
            "Concat(dim=1)",
            ["[N, 3, 8]", "[N, 4, 9]"],
            "shape-mismatch",
            "these cannot be joined: [N, 3, 8] and [N, 4, 9]",
        ),
        (
            "Concat(dim=1)",
            ["[N, 3]", "[N, 3]", "[N, 4, 9]"],
            "rank-mismatch",
            "Concat takes inputs of one rank: [N, 3] has 2 dims, input 2 has 3: [N, 4, 9]",
        ),
        ("Concat(dim=2)", ["[N, 3]", "[N, 3]"], "bad-value", "dim 2 does not exist: there are 2 dims, counted from 0"),
        ("Split([3, 3], 1)", ["[N, 7]"], "shape-mismatch", "the sizes sum up to dim 1: 6 ≠ 7"),
        ("Split(3)", ["[N, 7]"], "unknown-dim", "the number of pieces must be known: N cut into pieces of 3"),
        ("Chunk(2)", ["[N, 7]"], "unproven", "equal pieces of dim 0: cannot prove that 2*(N // 2) equals N"),
        ("Chunk(9, 1)", ["[N, 7]"], "shape-mismatch", "dim 1 has 7, too few for 9 pieces"),
        (
            "Unbind",
            ["[N, 7]"],
            "unknown-dim",
            "Unbind needs to know the size of dim 0 while compiling, and it is N",
        ),
        ("Reshape(N, 9)", ["[N, 8]"], "shape-mismatch", "[N, 8] does not fit into [N, 9]: 8*N ≠ 9*N"),
        (
            "Reshape(-1, 3)",
            ["[N, 8]"],
            "unproven",
            "[N, 8] does not fit into [-1, 3]: 8*N is not known to be divisible by 3",
        ),
        ("Reshape(-1, -1)", ["[N, 8]"], "bad-value", "one size at most may be -1"),
        ("Permute(0, 0)", ["[N, 8]"], "bad-value", "each dim stands once in Permute"),
        ("Permute(0, 1, 2)", ["[N, 8]"], "rank-mismatch", "3 dims to order, and this has 2: [N, 8]"),
        ("Expand(4, 5)", ["[4, 3]"], "shape-mismatch", "only dims of size 1 expand, dim 1 of [4, 3]: 3 ≠ 5"),
        ("Squeeze(1)", ["[4, 3]"], "shape-mismatch", "only dims of size 1 are dropped, dim 1: 3 ≠ 1"),
        ("Flatten(2, 1)", ["[2, 3, 4]"], "bad-value", "dim 2 comes after dim 1"),
        ("Pad([1, 2, 3])", ["[2, 3, 4]"], "bad-value", "numbers come in pairs: before and after"),
        (
            "Pad([4, 0], mode='reflect')",
            ["[2, 3, 4]"],
            "shape-mismatch",
            "mode reflect can add 3 at most to dim 2, not 4",
        ),
        ("Pad([-4, 0])", ["[2, 4]"], "shape-mismatch", "the size of dim 1 after padding would be 0"),
        (
            "Stack",
            ["[2, 4]", "[2, 5]"],
            "shape-mismatch",
            "these cannot be joined: [2, 4] and [2, 5]",
        ),
    ],
)
def test_mistakes(op: str, types: list[str], code: str, message: str) -> None:
    assert complaint(op, *types) == (code, message)


def test_shift_of_an_unknown_dim_goes_around() -> None:
    check(everything()["Roll"](5, 1), "[2, T]", at=[{"T": 3}, {"T": 7}], opsets=(17,))


def test_symbolic_sizes_stay_simple() -> None:
    result, messages = infer(everything()["Split"](4, dim=1), "[N, 10]")
    assert not messages
    assert [str(r) for r in result] == ["float[N, 4]", "float[N, 4]", "float[N, 2]"]
