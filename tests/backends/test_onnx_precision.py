"""Floating types other than float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import nndsl
from nndsl.backends.onnx.dtypes import NUMBERS
from nndsl.diagnostics import SpecError

pytest.importorskip("onnxruntime")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("opset", "flow"),
    [
        (23, "CELU -> Linear(4)"),
        (23, "TopK(2) -> Item(0)"),
        (17, "Unsqueeze(1) -> Conv1d(3, 3) -> AvgPool1d(2) -> Flatten(1)"),
        (17, "Unsqueeze(1) -> GRU(4) -> Item(0)"),
        (23, '(x, x) -> Einsum("nd,nd->n")'),
    ],
)
def test_types_that_an_operator_has_not_are_computed_in_another(
    dtype: str, opset: int, flow: str, tmp_path: Path
) -> None:
    start = "" if flow.startswith("(") else "x -> "
    model = nndsl.loads(f"model M {{\n  input x: float[N, 8]\n  output y = {start}{flow}\n}}")
    report = model.export(tmp_path / "m.onnx", dtype=dtype, opset=opset)
    assert report.verified == (dtype == "float16")  # the checker refuses what is not so; onnxruntime has no bfloat16
    (output,) = onnx.load(str(tmp_path / "m.onnx")).graph.output
    assert output.type.tensor_type.elem_type == NUMBERS[dtype]


def test_kernels_that_onnxruntime_has_not(tmp_path: Path) -> None:
    """Some it misses when it loads the file, others when it runs it."""
    for layer in ("Unsqueeze(1) -> Conv1d(2, 3)", "Unsqueeze(1) -> LSTM(4) -> Item(0)"):
        model = nndsl.loads(f"model M {{\n  input x: float[N, 8]\n  output y = x -> {layer}\n}}")
        with pytest.raises(SpecError) as caught:
            model.export(tmp_path / "m.onnx", dtype="float64")
        (found,) = caught.value.diagnostics
        assert found.code == "onnx-invalid"
        assert "--no-verify keeps it" in found.hints[0]
        assert not model.export(tmp_path / "m.onnx", dtype="float64", verify=False).verified


def test_sums_at_places_in_half_precision(tmp_path: Path) -> None:
    text = """
model M {
  input x: float[V, 8]
  input to: int[V]
  output y = (Zeros(V, 8), to[:, none] -> Expand(V, 8), x) -> ScatterAdd(0)
}"""
    with pytest.raises(SpecError) as caught:
        nndsl.loads(text).export(tmp_path / "m.onnx", dtype="float16")
    (found,) = caught.value.diagnostics
    assert "--no-verify keeps it" in found.hints[0]


def test_weights_that_are_no_numbers_are_not_called_verified(tmp_path: Path) -> None:
    model = nndsl.loads("model M {\n  input x: float[N, 2]\n  output y = x -> fc: Linear(2, bias=false)\n}")
    report = model.export(tmp_path / "m.onnx", weights={"fc.weight": np.full((2, 2), np.nan, np.float32)})
    assert not report.verified
    (note,) = report.notes
    assert note.code == "onnx-unverified"
    assert "nothing but NaN" in note.message
    assert note.hints == ["fc.weight has numbers that are not finite"]


def test_a_number_that_half_precision_does_not_hold(tmp_path: Path) -> None:
    """PyTorch refuses to fill with it, and the file would have an infinity."""
    text = "model M {{\n  input x: float[N, 8]\n  input m: bool[N, 8]\n  output y = (x, m) -> MaskedFill({})\n}}"
    with pytest.raises(SpecError) as caught:
        nndsl.loads(text.format("-1e30")).export(tmp_path / "m.onnx", dtype="float16")
    (found,) = caught.value.diagnostics
    assert found.message == "-1e+30 is more than float16 holds, ±65,504; inf is in all types"
    assert found.span.text.startswith("MaskedFill")
    assert not (tmp_path / "m.onnx").exists()
    assert nndsl.loads(text.format("-inf")).export(tmp_path / "m.onnx", dtype="float16").verified
    assert nndsl.loads(text.format("-1e30")).export(tmp_path / "m.onnx", dtype="float32").verified
