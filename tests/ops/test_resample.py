"""Resizing images."""

from __future__ import annotations

import pytest

from nndsl.ops import everything
from nndsl.ops.schema import Unsupported
from tests.ops.support import check, complaint, examples, flow

AT = [{"N": 2, "H": 5, "W": 6, "T": 4}, {"N": 1, "H": 3, "W": 2, "T": 9}]


@pytest.mark.parametrize("example", examples("resample"))
def test_examples(example: str) -> None:
    flow(example, at=AT, opsets=(18, 23), tolerance=1e-4)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(3, 4), (7, 11), (1, 1), (5, 6)])
@pytest.mark.parametrize("corners", [None, True])
def test_sizes(mode: str, size: tuple[int, int], corners: bool | None) -> None:
    if corners and mode.startswith("nearest"):
        pytest.skip("nothing to align")
    op = everything()["Interpolate"](size, mode=mode, align_corners=corners)
    check(op, "[N, 2, H, W]", at=AT, opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
@pytest.mark.parametrize("factor", [0.5, 1.75, 0.3, 2.6])
def test_factors(mode: str, factor: float) -> None:
    op = everything()["Interpolate"](scale_factor=factor, mode=mode)
    check(op, "[1, 2, 10, 7]", opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(3, 4), (7, 11)])
def test_antialias(mode: str, size: tuple[int, int]) -> None:
    op = everything()["Interpolate"](size, mode=mode, antialias=True)
    check(op, "[1, 2, 10, 7]", opsets=(18, 23), tolerance=1e-4)
    with pytest.raises(Unsupported):
        check(op, "[1, 2, 10, 7]", opsets=(17,))


def test_other_ranks() -> None:
    for mode in ("nearest", "linear", "area"):
        check(everything()["Interpolate"](7, mode=mode), "[2, 3, 5]", opsets=(17, 23), tolerance=1e-4)
    for mode in ("nearest", "trilinear", "area"):
        check(everything()["Interpolate"]((3, 7, 4), mode=mode), "[2, 3, 5, 4, 6]", opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
@pytest.mark.parametrize(
    ("given", "sizes"),
    [
        ("(7, 10)", [(32, 33), (33, 32), (41, 82)]),
        ("(82, 60)", [(2, 2), (6, 4), (41, 44)]),
        ("(H // 2, 3 * W)", [(9, 5), (2, 44)]),
        ("scale_factor=41", [(2, 3), (4, 1)]),
        ("scale_factor=[1.75, 2]", [(8, 3), (31, 33)]),
    ],
)
def test_pixels_are_picked_as_in_pytorch(mode: str, given: str, sizes: list[tuple[int, int]]) -> None:
    """Whole sizes and any: what lies between two pixels is decided by one rounding in float32."""
    op = f"Upsample({given}, mode='{mode}')"
    check(op, "[1, 1, H, W]", at=[{"H": h, "W": w} for h, w in sizes], opsets=(17, 23))
    for h, w in sizes:
        if "H" not in given:
            check(op, f"[1, 1, {h}, {w}]", opsets=(17,))


def test_many_pixels_are_not_listed() -> None:
    check("Upsample(5003)", "[1, 1, 1700]", opsets=(17,))


def test_mistakes() -> None:
    assert complaint("Upsample", "[1, 2, 3, 4]")[1] == "Upsample takes size or scale_factor, one of them"
    assert complaint('Upsample(2, mode="bilinear")', "[1, 2, 3]")[1].startswith(
        "Upsample takes [N, C, H, W], and this has 3"
    )
    assert complaint("Upsample(2, align_corners=True)", "[1, 2, 3, 4]")[1] == "mode nearest has no corners to align"
    assert complaint("Upsample([2, 3, 4])", "[1, 2, 3, 4]")[1] == "3 numbers for 2 dims"
    assert complaint("Upsample(scale_factor=0.3)", "[1, 2, H, 4]")[0] == "unproven"
    assert complaint("Upsample(scale_factor=0.1)", "[1, 2, 3, 4]")[1] == "the new size would be 0"
    for factor in (0, float("inf")):
        said = complaint(f"Upsample(scale_factor={factor})", "[1, 2, 3, 4]")[1]
        assert said == "a scale factor is a finite number greater than 0"
    assert complaint("Interpolate(2, antialias=True)", "[1, 2, 3, 4]")[0] == "bad-value"
