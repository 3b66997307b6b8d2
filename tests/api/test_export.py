"""`Model.export`: the weights that are given, the options, the report, and what is left when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.files import CannotWrite

onnx = pytest.importorskip("onnx")
torch = pytest.importorskip("torch")
pytest.importorskip("onnxruntime")


def stored(path: Path) -> dict[str, Any]:
    """The weights in a file."""
    return {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(str(path)).graph.initializer}


def refusal(model: nndsl.Model, path: Path, **options: Any) -> nndsl.Diagnostic:
    with pytest.raises(nndsl.SpecError) as refused:
        model.export(path, **options)
    assert list(path.parent.iterdir()) == []
    (found,) = refused.value.diagnostics
    return found


# ---------------------------------------------------------------- what it writes


def test_a_report(model: nndsl.Model, tmp_path: Path) -> None:
    report = model.export(tmp_path / "net.onnx")
    assert isinstance(report, nndsl.Report)
    assert (report.path, report.opset, report.data, report.functions) == (tmp_path / "net.onnx", 23, None, [])
    assert (report.nodes, report.weights, report.verified, report.notes) == (3, 4, True, [])
    assert report.bytes == (tmp_path / "net.onnx").stat().st_size
    assert model.export(str(tmp_path / "net.onnx"), verify=False).verified is False


@pytest.mark.parametrize(
    "convert",
    [
        lambda tensor: tensor,
        lambda tensor: tensor.numpy(),
        torch.nn.Parameter,
        lambda tensor: tensor.double(),
        lambda tensor: tensor.tolist(),
        lambda tensor: np.asfortranarray(tensor.numpy()),
        lambda tensor: tensor.expand(2, *tensor.shape)[1],
    ],
)
def test_weights_of_every_kind(model: nndsl.Model, tmp_path: Path, convert: Any) -> None:
    wanted = model.module().state_dict()
    given = {key: convert(tensor) for key, tensor in wanted.items()}
    assert model.export(tmp_path / "net.onnx", weights=given).verified
    found = stored(tmp_path / "net.onnx")
    assert {key: array.shape for key, array in found.items()} == {k: tuple(t.shape) for k, t in wanted.items()}
    for key, tensor in wanted.items():
        np.testing.assert_array_equal(found[key], tensor.numpy())


def test_a_trained_module_gives_its_weights(tmp_path: Path) -> None:
    """The statistics of a normalisation too, folded into the layer before."""
    import onnxruntime

    text = "model M { input x: float[N, 3, 8, 8]\n output y = x -> Conv2d(4, 3) -> BatchNorm2d -> ReLU }"
    model = nndsl.loads(text)
    module = model.module()
    for _ in range(3):
        module(torch.randn(8, 3, 8, 8) + 5)
    assert model.export(tmp_path / "m.onnx", weights=module.state_dict()).verified
    x = torch.randn(2, 3, 8, 8)
    (got,) = onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).run(None, {"x": x.numpy()})
    np.testing.assert_allclose(got, module.eval()(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_a_seed_decides_the_file(model: nndsl.Model, tmp_path: Path) -> None:
    made = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        model.export(tmp_path / "net.onnx", verify=False)
        made.append((tmp_path / "net.onnx").read_bytes())
    assert made[0] == made[1] != made[2]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_precisions(model: nndsl.Model, tmp_path: Path, dtype: str) -> None:
    assert model.export(tmp_path / "net.onnx", dtype=dtype).verified
    assert {array.dtype for array in stored(tmp_path / "net.onnx").values()} == {np.dtype(dtype)}


def test_a_precision_that_onnxruntime_lacks(tmp_path: Path) -> None:
    model = nndsl.loads("model M { input x: float[N, 3]\n output y = x -> Linear(2) }")
    report = model.export(tmp_path / "m.onnx", dtype="bfloat16")
    assert not report.verified
    assert [note.code for note in report.notes] == ["onnx-unverified"]


def test_the_callers_default_precision_does_not_matter(model: nndsl.Model, tmp_path: Path) -> None:
    torch.set_default_dtype(torch.float64)
    try:
        assert model.export(tmp_path / "net.onnx").verified
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert {array.dtype for array in stored(tmp_path / "net.onnx").values()} == {np.dtype("float32")}


def test_exact_types_stay(tmp_path: Path) -> None:
    text = (
        "model M { input x: float[N, 3]\n param p: float64[3] = ones\n"
        " output y = x -> Linear(3)\n output z = (p -> Cast(float16)) * 2 }"
    )
    model = nndsl.loads(text)
    for dtype in ("float32", "float64"):
        assert model.export(tmp_path / "m.onnx", dtype=dtype).verified
        assert stored(tmp_path / "m.onnx")["p"].dtype == np.float64


def test_outputs_of_training_alone_are_left_out(tmp_path: Path) -> None:
    """Wherever they stand among the others."""
    text = """model M {{
      input x: float[N, 8]
      h = x -> Linear(4)
      {}
      output z = h -> Tanh
      {}
      output y = h -> Linear(2)
      {}
    }}"""
    only = "if training { output aux = h -> aux: Linear(3) }"
    for place in range(3):
        model = nndsl.loads(text.format(*[only if i == place else "" for i in range(3)]))
        assert model.export(tmp_path / "m.onnx").verified
        graph = onnx.load(str(tmp_path / "m.onnx")).graph
        assert [output.name for output in graph.output] == ["z", "y"]
        assert not [i.name for i in graph.initializer if i.name.startswith("aux")]


# ---------------------------------------------------------------- weights that do not fit


def test_weights_that_do_not_fit_are_listed(model: nndsl.Model, tmp_path: Path) -> None:
    given = dict(model.module().state_dict())
    del given["head.bias"]
    given |= {"head.weight": np.zeros((3, 32)), "fc.weight": np.zeros(2)}
    found = refusal(model, tmp_path / "net.onnx", weights=given)
    assert found.code == "weights-mismatch"
    assert found.message == "the weights do not fit Net: 1 missing, 1 not in the model, 1 of another shape"
    assert found.hints == [
        "missing: head.bias: float[10]",
        "not in the model: fc.weight: float64[2]",
        "of another shape: head.weight is float64[3, 32], and the model has float[10, 32]",
        "where the model has 10, the weights have 3, in one tensor: is it `classes=3`?",
    ]


def test_many_names_are_not_all_listed(tmp_path: Path) -> None:
    model = nndsl.load("zoo/resnet.nn:ResNet18")
    found = refusal(model, tmp_path / "net.onnx", weights={})
    assert found.message == "the weights do not fit ResNet18: 102 missing"
    assert found.hints[5] == "missing: layer1.{0..1}.conv{1..2}.weight (4): float[64, 64, 3, 3]"
    assert found.hints[-1].startswith("… and ") and found.hints[-1].endswith(" more missing")


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (lambda w: {f"module.{key}": value for key, value in w.items()}, "take 'module.' off their names"),
        (lambda w: {key.removeprefix("body."): value for key, value in w.items()}, "put 'body.' before their names"),
        (lambda w: {"epoch": 3, "state_dict": w}, "weights['state_dict'] is a mapping itself: give that"),
    ],
)
def test_what_checkpoints_look_like(tmp_path: Path, change: Any, advice: str) -> None:
    model = nndsl.loads("model M { input x: float[N, 3]\n output y = x -> body: [Linear(3), Linear(2)] }")
    weights = dict(model.module().state_dict())
    assert refusal(model, tmp_path / "m.onnx", weights=change(weights)).hints[-1] == advice


def test_weights_without_numbers(model: nndsl.Model, tmp_path: Path) -> None:
    found = refusal(model, tmp_path / "net.onnx", weights=model.module(device="meta").state_dict())
    assert found.message == "body.0.0.weight is on the device meta, where tensors have no numbers"
    words = {key: np.full(tuple(tensor.shape), "x") for key, tensor in model.module().state_dict().items()}
    found = refusal(model, tmp_path / "net.onnx", weights=words)
    assert found.message == "the weights do not fit Net: 4 of another kind"
    assert found.hints[0] == "of another kind: body.0.0.weight is str32[32, 64], and the model has float[32, 64]"
    ragged = {**model.module().state_dict(), "head.bias": [[1], [2, 3]]}
    assert "head.bias is list[]" in refusal(model, tmp_path / "net.onnx", weights=ragged).hints[0]


def test_weights_are_a_mapping(model: nndsl.Model, tmp_path: Path) -> None:
    for wrong in (model.module(), [1]):
        with pytest.raises(TypeError, match=r"weights is a mapping, as module\.state_dict\(\) gives, and no"):
            model.export(tmp_path / "net.onnx", weights=wrong)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        model.export(tmp_path / "net.onnx", weights="weights.pt")
    assert list(tmp_path.iterdir()) == []


def test_counters_may_be_missing(tmp_path: Path) -> None:
    """Old checkpoints have none, and nothing depends on them."""
    model = nndsl.loads("model M { input x: float[N, 3]\n output y = x -> bn: BatchNorm1d }")
    weights = dict(model.module().state_dict())
    del weights["bn.num_batches_tracked"]
    assert model.export(tmp_path / "m.onnx", weights=weights).verified


# ---------------------------------------------------------------- options and places


def test_options_that_there_are_not(model: nndsl.Model, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    assert refusal(model, path, opset=16).message == "opset 16 is not supported: 17 to 24 are"
    found = refusal(model, path, dtype="int8")
    assert found.message == "int8 is no floating type: there are float16, bfloat16, float32, float64"


def test_places_that_cannot_be_written(model: nndsl.Model, tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match=r"cannot write .*net\.onnx: No such file or directory"):
        model.export(tmp_path / "none" / "net.onnx")
    with pytest.raises(OSError, match="it is a folder"):
        model.export(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_at_once(model: nndsl.Model, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"before")
    refused = dict(model.module().state_dict()) | {"head.bias": np.zeros(3)}
    with pytest.raises(nndsl.SpecError):
        model.export(path, weights=refused)
    assert path.read_bytes() == b"before"
    model.export(path)
    assert path.read_bytes() != b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_precisions_of_what_attention_and_normalisation_compute(tmp_path: Path, dtype: str) -> None:
    body = """model M { input x: float[N, T, 16]
      output y = x -> MultiheadAttention(4) -> LayerNorm -> RMSNorm
      output z = x -> Transpose(1, 2) -> GroupNorm(4)
      output w = (x[:, none], x[:, none], x[:, none]) -> ScaledDotProductAttention(causal=true) }"""
    assert nndsl.loads(body).export(tmp_path / "m.onnx", dtype=dtype).verified


# ---------------------------------------------------------------- weights beside the file


@pytest.fixture
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a file ended at 4 KB, and not at 2 GB."""
    from functools import partial

    from nndsl.backends import onnx as backend

    monkeypatch.setattr(backend, "Options", partial(backend.Options, threshold=4000))


@pytest.mark.usefixtures("small_files")
def test_weights_too_large_for_one_file(model: nndsl.Model, tmp_path: Path) -> None:
    import onnxruntime

    module = model.module().eval()
    report = model.export(tmp_path / "net.onnx", weights=module.state_dict())
    assert report.verified
    assert report.data == tmp_path / "net.onnx.data"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.onnx", "net.onnx.data"]
    assert report.bytes == sum(file.stat().st_size for file in tmp_path.iterdir())
    x = torch.randn(3, 64)
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for file in ("net.onnx", "net.onnx.data"):
        (tmp_path / file).rename(moved / file)
    (got,) = onnxruntime.InferenceSession(str(moved / "net.onnx")).run(None, {"x": x.numpy()})
    np.testing.assert_allclose(got, module(x).detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("small_files")
def test_of_two_files_none_is_left(model: nndsl.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.backends.onnx import wire

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wire, "write_single", full)
    with pytest.raises(CannotWrite, match="No space left on device"):
        model.export(tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []
