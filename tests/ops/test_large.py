"""Sizes come from specs: what is written into a file stays small, and the rest is computed when it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.ops import lowering
from tests.ops.support import check


@pytest.mark.parametrize(
    ("inputs", "flow"),
    [
        ("x: float[1, 1, 800000007]", "x -> AdaptiveAvgPool1d(400000000)"),
        ("x: float[N, 1, L]", "x -> AdaptiveAvgPool1d(400000000)"),
        ("x: float[1, 1, 800000007]", "x -> AdaptiveMaxPool1d(400000000)"),
        ("x: float[3]", "x + (Linspace(0, 1, 4000000000) -> Sum)"),
        ("x: float[3, 900000000000]", "x -> LayerNorm(elementwise_affine=false)"),
        ("x: float[3, 900000000000]", "x -> RMSNorm(elementwise_affine=false)"),
        ("x: float[3, 900000000000]", "x -> BatchNorm1d(affine=false, track_running_stats=false)"),
        ("x: float[3, 900000000000, 4]", "x -> InstanceNorm1d"),
        ("x: float[3, 900000000000, 4]", "x -> GroupNorm(300000000000, affine=false)"),
        ("x: float[1, 1, 3]", "x -> Upsample(4000000000)"),
        ("x: float[1, 1, 30000]", 'x -> Interpolate(400000001, mode="area")'),
    ],
)
def test_the_file_stays_small(inputs: str, flow: str, tmp_path: Path) -> None:
    model = nndsl.loads(f"model M {{\n  input {inputs}\n  output y = {flow}\n}}\n")
    for opset in (17, 23):
        model.export(tmp_path / "m.onnx", verify=False, opset=opset)
        assert (tmp_path / "m.onnx").stat().st_size < 100_000


def test_filters_too_many_to_list_are_refused(tmp_path: Path) -> None:
    model = nndsl.loads("model M {\n  input x: float[1, 10000000, 900, 900]\n  output y = x -> Unfold(900)\n}\n")
    with pytest.raises(nndsl.SpecError) as caught:
        model.export(tmp_path / "m.onnx", verify=False)
    assert [d.code for d in caught.value.diagnostics] == ["onnx-unsupported"]


@pytest.mark.parametrize(
    ("op", "type"),
    [
        ("AdaptiveAvgPool1d(4)", "[2, 3, 10]"),
        ("AdaptiveAvgPool2d([12, 3])", "[2, 3, 7, 8]"),
        ("AdaptiveMaxPool1d(4)", "[2, 3, 10]"),
        ("AdaptiveMaxPool2d([12, 3])", "[2, 3, 7, 8]"),
        ("LayerNorm(elementwise_affine=false, dims=2)", "[2, 5, 8]"),
        ("RMSNorm(elementwise_affine=false)", "[2, 5, 8]"),
        ("BatchNorm2d(affine=false)", "[2, 3, 4, 4]"),
        ("InstanceNorm1d", "[2, 3, 8]"),
        ("GroupNorm(2, affine=false)", "[2, 4, 8]"),
        ("Upsample(7)", "[2, 3, 10]"),
        ('Interpolate([7, 12], mode="area")', "[2, 3, 10, 5]"),
        ('Interpolate([7, 12], mode="area")', "[2, 3, H, W]"),
    ],
)
def test_what_is_computed_is_what_would_be_listed(op: str, type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "MOST_LISTED", 3)
    check(op.replace("false", "False"), type, at=[{"H": 9, "W": 7}], opsets=(17, 23), tolerance=1e-4)


def test_numbers_in_a_row_are_computed_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "MOST_LISTED", 3)
    check("Linspace(2, -2.5, 40)", opsets=(17, 23), tolerance=1e-6)
