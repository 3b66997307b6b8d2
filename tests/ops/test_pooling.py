"""Poolings against PyTorch and onnxruntime."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

import nndsl
from nndsl.ops.schema import Unsupported
from tests.ops.support import check, complaint, examples, flow, infer, read_op, read_type

SIZES = [{"N": 2, "H": 9, "W": 7}, {"N": 1, "H": 12, "W": 15}]


@pytest.mark.parametrize("example", examples("pooling", "pooling_adaptive"))
def test_examples(example: str) -> None:
    flow(example)


def _random_windows(seed: int) -> tuple[str, list[int]]:
    draw = random.Random(seed)
    kernel = [draw.randint(1, 4) for _ in range(2)]
    stride = [draw.randint(1, 4) for _ in range(2)]
    padding = [draw.randint(0, k // 2) for k in kernel]
    return f"{kernel}, {stride}, {padding}", [draw.randint(4, 10) for _ in range(2)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "op",
    [
        "MaxPool2d({}, ceil_mode=true)",
        "MaxPool2d({}, return_indices=true, ceil_mode=true)",
        "AvgPool2d({}, ceil_mode=true)",
        "AvgPool2d({}, ceil_mode=true, count_include_pad=false)",
        "AvgPool2d({}, ceil_mode=true, divisor_override=3)",
    ],
)
def test_incomplete_windows(op: str, seed: int) -> None:
    """Known and unknown sizes: the smallest and largest windows that ceil_mode adds, and those it drops."""
    arguments, sizes = _random_windows(seed)
    written = op.format(arguments)
    check(written, f"[1, 2, {sizes[0]}, {sizes[1]}]", opsets=(17, 23))
    check(written, "[1, 2, H, W]", at=[dict(zip("HW", sizes, strict=True)), {"H": 11, "W": 6}], opsets=(17, 23))


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_adaptive_windows(size: int, n: int) -> None:
    for kind in ("Avg", "Max"):
        check(f"Adaptive{kind}Pool2d([{n}, none])", f"[1, 2, {size}, 3]", opsets=(17,))
        check(f"Adaptive{kind}Pool1d({n})", "[1, 2, L]", at=[{"L": size}, {"L": size + 5}], opsets=(23,))


def test_adaptive_windows_that_provably_divide() -> None:
    op = "AdaptiveAvgPool2d([2, 12])"
    check(op, "[2, 3, 4*H, W]", at=[{"H": 2, "W": 24}, {"H": 3, "W": 7}])
    result, _ = infer(read_op(op), "[2, 3, 4*H, 24]")
    assert str(read_op(op).flops(read_type("[2, 3, 4*H, 24]"), y=result)) == "576*H"


def test_places_of_adaptive_maxima() -> None:
    check("AdaptiveMaxPool2d(1, return_indices=true)", "[N, 3, H, W]", at=SIZES)
    check("AdaptiveMaxPool2d(2, return_indices=true)", "[2, 3, 4, 8]")
    check("AdaptiveMaxPool2d([3, 2], return_indices=true)", "[2, 5, 8]", opsets=())
    with pytest.raises(Unsupported, match="equal, known size"):
        check("AdaptiveMaxPool2d(3, return_indices=true)", "[2, 3, 4, 8]", opsets=(23,))


def test_negative_numbers_in_powers() -> None:
    """PyTorch takes powers of x itself: sums of cubes may cancel, and roots of negative sums are not numbers."""
    check("LPPool1d(3, 2)", "[1, 1, 4]", data={0: lambda _: torch.tensor([[[1.0, -2.0, 3.0, 1.0]]])})


def test_padding_is_at_most_half() -> None:
    code, message = complaint("MaxPool2d(3, padding=2)", "[1, 3, 8, 8]")
    assert code == "bad-value"
    assert message == "padding 2 is more than half of kernel_size 3: some windows would hold padding only"


def test_windows_fit() -> None:
    code, message = complaint("MaxPool2d(3)", "[N, C, 2, W]")
    assert (code, message) == (
        "shape-mismatch",
        "a window that spans 3 does not fit: the height is 2, padding included",
    )
    assert complaint("AvgPool1d(5, 1, ceil_mode=true)", "[1, 3, 4]")[0] == "shape-mismatch"


def test_ceil_mode_is_exact_for_unknown_sizes() -> None:
    result, _ = infer(read_op("MaxPool1d(2, 2, 1, ceil_mode=true)"), "[1, 1, L]")
    for length in range(1, 20):
        wanted = torch.nn.functional.max_pool1d(torch.zeros(1, 1, length), 2, 2, 1, ceil_mode=True).shape[-1]
        assert result.shape[-1].evaluate({"L": length}) == wanted


def test_parameters_that_make_no_sense() -> None:
    assert "cannot be 0" in complaint("AvgPool2d(2, divisor_override=0)", "[1, 3, 8, 8]")[1]
    assert "other than 0" in complaint("LPPool2d(0, 2)", "[1, 3, 8, 8]")[1]
    assert "other than 0" in complaint("LPPool2d(inf, 2)", "[1, 3, 8, 8]")[1]
    assert complaint("MaxPool2d(2)", "int[1, 3, 8, 8]")[0] == "dtype-mismatch"
    assert complaint("AdaptiveAvgPool2d(1)", "[3, 8]")[0] == "rank-mismatch"
    assert complaint("AdaptiveMaxPool1d(none, return_indices=true)", "[1, 3, 8]")[0] == "bad-value"


@pytest.mark.parametrize("opset", [17, 23])
@pytest.mark.parametrize("pad", ["[1, 1]", "[1, 2]", "[2, 2]", "[0, 3]", "[1, 1, 0, 0]"])
@pytest.mark.parametrize(
    "pool",
    ["MaxPool1d(3)", "MaxPool1d(3, padding=1)", "AvgPool1d(2)", "AvgPool1d(3, ceil_mode=true)", "LPPool1d(2, 3)"],
)
def test_zeros_before_a_pooling_count(pad: str, pool: str, opset: int, tmp_path: Path) -> None:
    """onnxruntime merges a Pad into what follows, and a maximum of negative numbers and zeros is then negative."""
    flow = f"-(x -> Abs) -> Pad({pad}) -> {pool}"
    model = nndsl.loads(f"model M {{\n  input x: float[N, 2, L]\n  output y = {flow}\n}}\n")
    assert model.export(tmp_path / "m.onnx", opset=opset).verified
