"""Reductions, and the rearrangements of images."""

from __future__ import annotations

import pytest

from nndsl.ops import everything
from tests.ops.support import check, complaint, examples, flow


@pytest.mark.parametrize("example", examples("reduction", "similarity", "patches"))
def test_examples(example: str) -> None:
    sizes = [{"N": 2, "C": 3, "H": 6, "W": 5, "T": 4}, {"N": 3, "C": 1, "H": 7, "W": 8, "T": 2}]
    flow(example, at=sizes, opsets=(17, 23), tolerance=1e-4)


def test_mistakes() -> None:
    assert complaint("Mean(3)", "[2, 3]")[1] == "dim 3 does not exist: there are 2 dims, counted from 0"
    assert complaint("Mean([0, -2])", "[2, 3]")[1] == "each dim can be reduced once"
    assert complaint("Mean", "int[2, 3]")[0] == "dtype-mismatch"
    assert complaint("Max", "bool[2, 3]")[0] == "dtype-mismatch"
    assert complaint("Prod([0, 1])", "[2, 3]")[1] == "Prod takes one dim, or all of them"
    assert complaint("PixelShuffle(2)", "[1, 6, 3, 3]")[1] == "the 6 channels must be a multiple of 2² = 4"
    assert complaint("PixelUnshuffle(2)", "[1, 6, 3, 4]")[1] == "the height must be a multiple of 2: 2 ≠ 3"
    assert complaint("ChannelShuffle(4)", "[1, 6, 3, 4]")[1] == "the channels divide into 4 groups: 4 ≠ 6"
    assert complaint("Fold(6, 2)", "[1, 8, 20]")[1] == "an image of 6×6 has 5×5 windows: 25 ≠ 20"
    assert complaint("Fold(6, 2)", "[1, 7, 25]")[1] == "dim 1 has 7, no multiple of a window's 4"
    assert complaint("Unfold(7)", "[1, 3, 6, 6]")[1] == "the number of windows would be 0"


def test_windows_that_do_not_reach_the_end() -> None:
    check("Fold((8, 8), 3, stride=2)", "[2, 18, 9]", opsets=(17,))
    check("Unfold(3, stride=3)", "[N, 2, 8, 7]", at=[{"N": 1}], opsets=(17,))
    check("Unfold(2)", "[2, C, 4, 4]", at=[{"C": 3}, {"C": 1}], opsets=(17,))


def test_names() -> None:
    assert everything()["Any"].__doc__
    assert everything()["Var"](dim=1, correction=0).detail() == "dim 1"
