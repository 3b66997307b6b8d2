"""Whatever a spec gives to an operator, it is told what is wrong, or gets a layer that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.ops import everything

ODD = ("0", "-1", "inf", "1e300", "9223372036854775808", "none", "true", "[]", "[0, 0]", '"odd"', "N", "ReLU")


def _spec(inputs: str, flow: str) -> str:
    lines = [f"input x{i}: {text}" for i, text in enumerate(inputs.split("; "))]
    return "model M {\n  " + "\n  ".join([*lines, *flow.split("; ")]) + "\n}\n"


def _flows(name: str) -> list[str]:
    """The operator's first example, with an odd value in the place of each argument in turn."""
    op = everything()[name]
    taken, _, result = op.examples[0].partition(" -> ")
    call = result.partition(" -> ")[0]
    types = taken.strip("()").split("], ") if taken != "()" else []
    inputs = "; ".join(t if t.endswith("]") else t + "]" for t in types) or "[N]"
    source = "(" + ", ".join(f"x{i}" for i in range(len(types))) + ") -> " if types else ""
    given = call.partition("(")[2].removesuffix(")")
    calls = [f"{name}({value})" for value in ODD] if given else []
    for declared in op.params.values():
        before = "" if declared.required or not given else f"{given}, "
        calls += [f"{name}({before}{declared.name}={value})" for value in ODD]
    return [_spec(inputs, f"output y = {source}{each}") for each in calls]


@pytest.mark.parametrize("name", [name for name, op in everything().items() if not op.hidden and op.examples])
def test_no_argument_is_met_with_an_exception(name: str) -> None:
    for flow in _flows(name):
        assert isinstance(nndsl.check(flow), list)


@pytest.mark.parametrize(
    ("inputs", "flow", "code"),
    [
        ("[N, 4]", "output y = x0 -> Split([])", "bad-value"),
        ("[3]", "a, b = x0 -> Split([-1, 4]); output y = a; output z = b", "bad-value"),
        ("bool[N, 3, 4, 4]", "output y = x0 -> Unfold(2)", "dtype-mismatch"),
        ("[N, 1, 4]", "output y = (x0, x0, x0, x0) -> ScaledDotProductAttention", "shape-mismatch"),
        ("bool[4]", "v, i = x0 -> TopK(2); output a = v; output b = i", "dtype-mismatch"),
        ("[4]", "v, i = x0 -> TopK(-1); output a = v; output b = i", "shape-mismatch"),
        ("[N, 4]", "output y = x0 -> Flip(1, -1)", "bad-value"),
        *(
            ("[N, 4]", f"output y = x0 -> {name}(dim=[])", "bad-value")
            for name in ("Sum", "Mean", "Max", "Norm", "Var")
        ),
        ("[N, 4]", "output y = x0 -> LogSumExp([], keepdim=true)", "bad-value"),
        ("bool[N, 4]", "output y = x0 -> All([])", "bad-value"),
        ("[N, 4]", "output y = x0 -> Roll([], [])", "bad-value"),
        ("[N]", "output y = Eye(-1, 4); output z = x0", "shape-mismatch"),
        ("[N]", "output y = Constant([0.5, 1], dtype=int); output z = x0", "dtype-mismatch"),
        ("[N]", "output y = Constant([2, 300], dtype=uint8); output z = x0", "dtype-mismatch"),
        ("[N]", "output y = Full([2], -1, dtype=uint8); output z = x0", "dtype-mismatch"),
        ("[N]", "output y = x0 -> Threshold(1e39, 0)", "bad-argument"),
        ("[N, C, L]", "output y = x0 -> AvgPool1d(10 ** 30)", "bad-argument"),
        ("[N, 4]", "output y = x0 -> Linear(2, bias_init=1e300)", "bad-argument"),
        ("int[N]", "output y = x0 -> Clamp(max=inf)", "dtype-mismatch"),
        ("uint8[N]", "output y = x0 -> Clamp(min=-1)", "dtype-mismatch"),
        ("int[N]", "output y = x0 -> Pad([1, 1], value=0.5)", "dtype-mismatch"),
        ("uint8[N]", "output y = x0 > 300", "dtype-mismatch"),
        ("float16[N]; bool[N]", "output y = (x0, x1) -> MaskedFill(-1e9)", "dtype-mismatch"),
        ("[1, 1, 2, 2, 2]", "output y = x0 -> AvgPool3d(3, padding=1)", "shape-mismatch"),
        ("[1, 1, 1, 1, 1]", "output y = x0 -> LPPool3d(2, 2, 3, ceil_mode=true)", "shape-mismatch"),
        ("[N, 4, 1]", "output y = x0 -> InstanceNorm1d", "shape-mismatch"),
        ("[1, 4]", "output y = x0 -> GroupNorm(4)", "shape-mismatch"),
        ("[N, 4]", "output y = x0 -> BatchNorm1d(eps=0)", "bad-value"),
        ("[2, 3]", "output y = (x0, x0, x0) -> ScaledDotProductAttention(enable_gqa=true)", "rank-mismatch"),
        ("[2, 3]; float16[2, 3]", "output y = (x0, x1) -> PairwiseDistance", "dtype-mismatch"),
    ],
)
def test_refused(inputs: str, flow: str, code: str) -> None:
    assert [d.code for d in nndsl.check(_spec(inputs, flow))] == [code]


@pytest.mark.parametrize("functions", [False, True])
@pytest.mark.parametrize(
    ("inputs", "flow"),
    [
        ("[N, 4]", "output y = x0[5]; output z = x0[-6]"),
        ("[N]", "v, i = x0 -> TopK(5); output a = v; output b = i"),
        ("[N, 4, L]", 'output y = x0 -> Pad([5, 5], mode="reflect")'),
        ("[N, 4, L]", 'output y = x0 -> Conv1d(2, 9, padding=5, padding_mode="circular")'),
        ("[2, 3]; int[N, 5]", "output y = (x0, x1) -> Gather(-1)"),
        ("float16[N, 4, 3]", "output y = x0 -> Linear(3) -> LayerNorm"),
        ("float64[N, 4, 3]", "output y = x0 -> GroupNorm(2) -> Linear(5)"),
        ("float16[N, 4, 3]", "output y = x0 -> Conv1d(2, 3, padding=1) -> BatchNorm1d"),
        ("float16[2, 3]", "output y = x0 -> LogSumExp; output z = x0 -> Tanhshrink"),
        ("float64[N, 4]", "output y = x0 -> Linear(3) -> Linear(2)"),
        ("[]", "output y = x0 -> PReLU"),
        ("[N, 1, 4]; [1, 1, 1, 1]", "output y = (x0, x1) -> CosineSimilarity"),
        ("[T, 4]; [4]", "output y = (x0, x1) -> CosineSimilarity(0)"),
        ("bool[N]; bool[N]; bool[N]", "output y = (x0, x1, x2) -> Where; output z = (x0, x1) -> MaskedFill(1)"),
        ("[N]", "output y = Constant([2.0, 3.0], dtype=int); output z = x0"),
    ],
)
def test_exported(inputs: str, flow: str, functions: bool, tmp_path: Path) -> None:
    assert nndsl.loads(_spec(inputs, flow)).export(tmp_path / "model.onnx", functions=functions).verified


def test_no_order_is_promised_that_onnx_does_not_keep(tmp_path: Path) -> None:
    model = nndsl.loads(_spec("[N, 8]", "v, i = x0 -> TopK(2, sorted=false); output a = v; output b = i"))
    with pytest.raises(nndsl.SpecError) as caught:
        model.export(tmp_path / "model.onnx")
    assert [d.code for d in caught.value.diagnostics] == ["onnx-unsupported"]


def test_bfloat16_is_written_and_not_run(tmp_path: Path) -> None:
    report = nndsl.loads(_spec("bfloat16[N, 4]", "output y = x0 -> Linear(3)")).export(tmp_path / "model.onnx")
    assert [note.code for note in report.notes] == ["onnx-unverified"]


def test_inputs_that_pytorch_refuses_are_a_diagnostic(tmp_path: Path) -> None:
    """What comes of a product is not followed back to the input: no index lies within the table."""
    model = nndsl.loads(_spec("int[N]", "output y = x0 * x0 - 1000 -> Embedding(7, 2)"))
    with pytest.raises(nndsl.SpecError) as caught:
        model.export(tmp_path / "model.onnx")
    assert [d.code for d in caught.value.diagnostics] == ["onnx-unverified"]
    assert not list(tmp_path.iterdir())
