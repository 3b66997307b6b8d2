"""Convolutions against PyTorch and onnxruntime."""

from __future__ import annotations

import pytest

from nndsl.ops.costing import Use
from tests.ops.support import check, complaint, examples, flow, read_op, read_type, typed

SIZES = [{"N": 2, "H": 9, "W": 7}, {"N": 1, "H": 12, "W": 15}]


@pytest.mark.parametrize("example", examples("convolution", "convolution_given"))
def test_examples(example: str) -> None:
    flow(example)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", ["[2, 1]", '"same"'])
def test_padding(mode: str, padding: str) -> None:
    check(f'Conv2d(4, [4, 3], padding={padding}, padding_mode="{mode}")', "[N, 2, H, W]", at=SIZES)


@pytest.mark.parametrize(
    "arguments",
    ["3, 2", "3, 2, padding=1, output_padding=1", "[2, 5], [3, 1], padding=[0, 2], dilation=[2, 1], groups=2"],
)
def test_transposed(arguments: str) -> None:
    check(f"ConvTranspose2d(4, {arguments})", "[N, 2, H, W]", at=SIZES, macs=True)


@pytest.mark.parametrize(
    "op", ["Conv2d(6, 3, stride=2, padding=1, groups=3, dilation=2)", "Conv2d(3, [2, 5], bias=false)"]
)
def test_multiply_accumulates(op: str) -> None:
    check(op, "[N, 3, H, W]", at=SIZES, opsets=(), macs=True)


def test_unknown_channels() -> None:
    code, message = complaint("Conv2d(4, 3)", "[N, C, 8, 8]")
    assert (code, message) == (
        "unknown-dim",
        "Conv2d needs to know the number of channels while compiling, and it is C",
    )


def test_groups_divide() -> None:
    assert complaint("Conv2d(4, 3, groups=3)", "[N, 3, 8, 8]")[1] == "4 filters cannot be shared out to 3 groups"
    message = complaint("Conv2d(6, 3, groups=3)", "[N, 4, 8, 8]")[1]
    assert message == "the 4 channels of the input cannot be shared out to 3 groups"


def test_windows_fit() -> None:
    code, message = complaint("Conv2d(4, 3, dilation=4)", "[N, 3, 12, 8]")
    assert code == "shape-mismatch"
    assert message == "a window that spans 9 does not fit: the width is 8, padding included"
    assert complaint("ConvTranspose1d(4, 1, padding=2)", "[1, 3, 4]")[0] == "shape-mismatch"


def test_padding_has_something_to_copy() -> None:
    assert "at least 4" in complaint('Conv1d(4, 3, padding=3, padding_mode="reflect")', "[1, 3, 3]")[1]
    assert "at least 3" in complaint('Conv1d(4, 3, padding=3, padding_mode="circular")', "[1, 3, 2]")[1]
    check('Conv1d(4, 3, padding=3, padding_mode="circular")', "[1, 3, 3]")


def test_same_wants_stride_one() -> None:
    assert "stride 1" in complaint('Conv2d(4, 3, stride=[1, 2], padding="same")', "[1, 3, 8, 8]")[1]


def test_output_padding_is_small() -> None:
    assert "less than the stride 2" in complaint("ConvTranspose1d(4, 3, 2, output_padding=2)", "[1, 3, 8]")[1]


def test_ranks() -> None:
    code, message = complaint("Conv2d(4, 3)", "[3, 8]")
    assert code == "rank-mismatch"
    assert message == "Conv2d takes [N, C, H, W] (or the same without N), and this has 2 dims: [3, 8]"


def test_given_filters_count_as_a_layers_own() -> None:
    check(
        "Convolve2d(2, 1, groups=3, dilation=2)", "[N, 3, H, W]", "[6, 1, 3, 3]", "[6]", at=SIZES, opsets=(), macs=True
    )


def test_gradients_of_given_filters() -> None:
    """Two products, for the input and for the filters; what the offsets take is none."""
    op, types = read_op("Convolve1d"), [read_type(t) for t in ("[2, 4, 9]", "[6, 4, 3]", "[6]")]
    (y,) = typed(op, types)
    macs = op.macs(*types, y=y)
    assert isinstance(macs, int)
    assert op.backward_macs(*types, y=y, use=Use((True, True, True), (None,) * 3)) == 2 * macs
    assert op.backward_macs(*types, y=y, use=Use((False, True, True), (None,) * 3)) == macs


@pytest.mark.parametrize(
    ("arguments", "weight", "bias", "code", "message"),
    [
        ("", "[6, 3, 3]", None, "shape-mismatch", "the filters are for as many channels as the input has"),
        ("groups=4", "[6, 1, 3]", None, "bad-value", "6 filters cannot be shared out to 4 groups"),
        ("", "[O, 4, 3]", None, "unknown-dim", "every size of the filters"),
        ("", "[6, 4]", None, "rank-mismatch", "takes filters [O, C / groups, k], and this has 2 dims"),
        ("", "float64[6, 4, 3]", None, "dtype-mismatch", "filters of one type: float ≠ float64"),
        ("", "[6, 4, 10]", None, "shape-mismatch", "a window that spans 10 does not fit"),
        ('2, "same"', "[6, 4, 3]", None, "bad-value", "only possible with stride 1"),
        ("", "[6, 4, 3]", "[5]", "shape-mismatch", "there is one offset for each filter"),
        ("", "[6, 4, 3]", "[6, 1]", "rank-mismatch", "takes a bias [out_channels]"),
        ("", "[6, 4, 3]", "float64[6]", "dtype-mismatch", "offsets of one type: float ≠ float64"),
    ],
)
def test_given_filters_fit(arguments: str, weight: str, bias: str | None, code: str, message: str) -> None:
    found = complaint(f"Convolve1d({arguments})", "[2, 4, 9]", weight, bias)
    assert found[0] == code
    assert message in found[1]
