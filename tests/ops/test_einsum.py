"""Einsum."""

from __future__ import annotations

import pytest

from nndsl.ops import everything
from tests.ops.support import check, complaint, examples, flow, read_type

AT = [{"N": 2, "B": 2, "H": 3, "T": 5, "S": 4}, {"N": 1, "B": 1, "H": 2, "T": 2, "S": 3}]


@pytest.mark.parametrize("example", examples("einsum"))
def test_examples(example: str) -> None:
    flow(example, at=AT, opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize(
    ("equation", "letters"),
    [
        ("bid,bjd->bij", "bid,bjd->bij"),
        ("b h i d, b h j d -> b h i j", "b h i d, b h j d -> b h i j"),
        ("batch time dim, dim out -> batch time out", "b t d, d o -> b t o"),
        ("... d, d -> ...", "... d, d -> ..."),
    ],
)
def test_names_become_letters(equation: str, letters: str) -> None:
    assert everything()["Einsum"](equation).letters() == letters


@pytest.mark.parametrize(
    ("equation", "types", "message"),
    [
        ("ij,jk->ik", ["[2, 3]", "[4, 5]"], "j in dim 0 of input 1 ([4, 5]): 3 ≠ 4"),
        ("ij,jk->ik", ["[2, 3]"], "the equation has 2 inputs, and 1 are given"),
        ("ij,jk->il", ["[2, 3]", "[3, 4]"], "l stands on the right only"),
        ("ij->ii", ["[2, 3]"], "i stands twice on the right"),
        ("ij->i->j", ["[2, 3]"], "an equation has one ->"),
        ("i1->i", ["[2, 3]"], "1 is no index: a letter, a name or ..."),
        ("ijk->i", ["[2, 3]"], "`i j k` has 3 indices, and input 0 has 2 dims: [2, 3]"),
        ("ij,jk->ik", ["[2, 3]", "int[3, 4]"], "Einsum takes inputs of one numeric type: float and int64"),
        ("...i,...i->...", ["[2, 3]", "[4, 3]"], "these two cannot be combined (their ...): [2] and [4]"),
    ],
)
def test_mistakes(equation: str, types: list[str], message: str) -> None:
    assert complaint(everything()["Einsum"](equation), *types)[1] == message


def test_costs() -> None:
    op = everything()["Einsum"]("b h i d, b h j d -> b h i j")
    types = [read_type("[B, H, T, 8]"), read_type("[B, H, S, 8]")]
    assert str(op.macs(*types, y=None)) == "8*B*H*S*T"
    chain = everything()["Einsum"]("ij,jk,kl->il")
    matrices = [read_type("[2, 3]"), read_type("[3, 4]"), read_type("[4, 5]")]
    assert chain.macs(*matrices, y=None) == 2 * 3 * 4 + 2 * 4 * 5
    assert everything()["Einsum"]("ii->i").macs(read_type("[3, 3]"), y=None) == 0


def test_whole_numbers() -> None:
    check(everything()["Einsum"]("ij,jk->ik"), "int[2, 3]", "int[3, 4]", high=5, opsets=(17,))
