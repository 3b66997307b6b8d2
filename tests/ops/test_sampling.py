"""Random numbers: their moments in PyTorch and in the file, and what is computed with them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import nndsl
from nndsl.backends.onnx import draws
from tests.ops.support import complaint, examples, flow

COUNT = 200_000
CASES = [
    ("RandomNormalLike", 0.0, 1.0),
    ("RandomNormalLike(2, std=0.5)", 2.0, 0.5),
    ("RandomNormalLike(std=0)", 0.0, 0.0),
    ("RandomUniformLike", 0.5, 12**-0.5),
    ("RandomUniformLike(-1, 3)", 1.0, 4 * 12**-0.5),
]


def spec(layer: str) -> str:
    return f"model M {{\n  input x: float[N, 8]\n  output y: [N, 8] = x -> {layer}\n}}\n"


@pytest.mark.parametrize("example", examples("sampling"))
def test_examples(example: str) -> None:
    flow(example)


@pytest.mark.parametrize(("layer", "mean", "deviation"), CASES)
def test_moments(layer: str, mean: float, deviation: float, tmp_path: Path) -> None:
    model = nndsl.loads(spec(layer))
    torch.manual_seed(1)
    module = model.module().eval()
    x = torch.zeros(COUNT // 8, 8)
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    for made in (module(x).numpy(), session.run(None, {"x": x.numpy()})[0]):
        assert made.shape == (COUNT // 8, 8)
        assert made.dtype == np.float32
        assert abs(made.mean() - mean) <= 6 * deviation / COUNT**0.5
        assert made.std() == pytest.approx(deviation, rel=0.02)


def test_probabilities(tmp_path: Path) -> None:
    """Each column has another one: what is never, what is always, and what comes between."""
    model = nndsl.loads(spec("Bernoulli"))
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"), providers=["CPUExecutionProvider"])
    chances = torch.tensor([0.0, 0.02, 0.25, 0.5, 0.5, 0.75, 0.98, 1.0])
    x = chances.expand(COUNT // 8, 8)
    torch.manual_seed(1)
    for made in (model.module()(x).numpy(), session.run(None, {"x": x.numpy()})[0]):
        assert set(np.unique(made)) == {0, 1}
        wanted = chances.numpy()
        assert (abs(made.mean(0) - wanted) <= 6 * np.sqrt(wanted * (1 - wanted) / len(x))).all()


def test_a_chance_has_no_gradient() -> None:
    x = torch.rand(2, 8, requires_grad=True)
    nndsl.loads(spec("Bernoulli")).module()(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.zeros(2, 8))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_follows_chances_is_compared(dtype: str, tmp_path: Path) -> None:
    text = (
        "model M {\n  input x: float[N, 8]\n  output y = x -> Linear(6) -> Sigmoid -> Bernoulli(seed=2) -> Linear(3)\n}"
    )
    torch.manual_seed(0)
    report = nndsl.loads(text).export(tmp_path / "m.onnx", dtype=dtype)
    assert report.verified, report.notes


def test_chances_the_wrong_way_round_are_found(tmp_path: Path) -> None:
    def turned(file: onnx.ModelProto) -> None:
        less = next(node for node in file.graph.node if node.op_type == "Less")
        less.op_type = "Greater"

    model = nndsl.loads(spec("Sigmoid -> Bernoulli"))
    _broken(model, tmp_path / "m.onnx", turned)
    assert [d.code for d in _verified(model, tmp_path / "m.onnx")] == ["onnx-mismatch"]


def test_pytorch_draws_from_its_global_generator() -> None:
    module = nndsl.loads(spec("RandomNormalLike")).module()
    x = torch.zeros(3, 8)
    torch.manual_seed(4)
    first, second = module(x), module(x)
    torch.manual_seed(4)
    assert torch.equal(module(x), first)
    assert not torch.equal(first, second)


def test_a_seed_starts_the_generator_of_a_file(tmp_path: Path) -> None:
    nndsl.loads(spec("RandomNormalLike(seed=5)")).export(tmp_path / "m.onnx")
    x = {"x": np.zeros((3, 8), np.float32)}
    made = [onnxruntime.InferenceSession(str(tmp_path / "m.onnx")).run(None, x)[0] for _ in range(2)]
    np.testing.assert_array_equal(made[0], made[1])


def test_two_draws_are_two(tmp_path: Path) -> None:
    """Equal operators on equal values, which are computed once where they are not random."""
    model = nndsl.loads(
        "model M {\n  input x: float[N, 8]\n"
        "  output y: [N, 8] = (x -> RandomUniformLike) - (x -> RandomUniformLike)\n}\n"
    )
    model.export(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "m.onnx"))
    x = np.ones((50, 8), np.float32)
    for made in (model.module()(torch.from_numpy(x)).numpy(), session.run(None, {"x": x})[0]):
        assert made.std() > 0.3


def test_no_gradient_passes() -> None:
    model = nndsl.loads("model M {\n  input x: float[N, 8]\n  output y: [N, 8] = x + (x -> RandomNormalLike)\n}\n")
    x = torch.randn(2, 8, requires_grad=True)
    model.module()(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, torch.ones(2, 8))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("functions", [False, True])
def test_what_is_computed_with_draws_is_compared(dtype: str, functions: bool, tmp_path: Path) -> None:
    text = """
block Noisy {
  input x: [N, D]
  x + (x -> RandomNormalLike(std=0.1)) * (x -> RandomUniformLike(1, 2)) -> Linear(3)
}
model M {
  input x: float[N, 8]
  output y: [N, 3] = x -> Noisy -> Noisy
}
"""
    report = nndsl.loads(text).export(tmp_path / "m.onnx", dtype=dtype, functions=functions)
    assert report.verified, report.notes


def test_a_wrong_layer_behind_draws_is_found(tmp_path: Path) -> None:
    model = nndsl.loads("model M {\n  input x: float[N, 8]\n  output y = x -> RandomNormalLike -> fc: Linear(3)\n}\n")
    path = tmp_path / "m.onnx"
    _broken(model, path, lambda file: file.graph.node[-1].attribute.append(onnx.helper.make_attribute("alpha", 1.1)))
    found = _verified(model, path)
    assert [d.code for d in found] == ["onnx-mismatch"]
    assert "the output y" in found[0].message


def test_draws_of_another_distribution_are_found(tmp_path: Path) -> None:
    model = nndsl.loads("model M {\n  input x: float[N, 8]\n  output y = x -> RandomNormalLike -> fc: Linear(3)\n}\n")
    path = tmp_path / "m.onnx"
    _broken(model, path, lambda file: file.graph.node[0].attribute.append(onnx.helper.make_attribute("scale", 1.2)))
    found = _verified(model, path)
    assert [d.code for d in found] == ["onnx-mismatch"]
    told = re.search(r"variance (\S+), where 0 and 1 are meant", found[0].message)
    assert told is not None
    assert 1.2 < float(told[1]) < 1.7  # of 1.44, drawn anew in each run


def test_a_draw_that_is_missing_is_found(tmp_path: Path) -> None:
    model = nndsl.loads(spec("RandomNormalLike"))
    more = nndsl.loads(spec("RandomNormalLike -> RandomNormalLike"))
    more.export(tmp_path / "m.onnx")
    found = _verified(model, tmp_path / "m.onnx")
    assert [d.code for d in found] == ["onnx-mismatch"]
    assert "PyTorch draws 1 times, and the other 2" in found[0].message


def test_a_reference_that_takes_no_draws_leaves_it_open(tmp_path: Path) -> None:
    from nndsl.backends.onnx.verify import verify

    model = nndsl.loads(spec("RandomNormalLike"))
    model.export(tmp_path / "m.onnx")
    found = verify(tmp_path / "m.onnx", lambda inputs: inputs, model.ir)
    assert [(d.code, d.severity) for d in found] == [("onnx-unverified", "warning")]


def test_files_that_draw_are_told() -> None:
    assert set(draws.MOMENTS) == {"RandomNormalLike", "RandomUniformLike"}


def test_mistakes() -> None:
    assert complaint("RandomUniformLike(1, 1)", "[2]")[0] == "bad-value"
    assert complaint("Bernoulli", "bool[2]")[0] == "dtype-mismatch"
    assert complaint("RandomNormalLike", "int[2]")[0] == "dtype-mismatch"


def _broken(model: nndsl.Model, path: Path, change: object) -> None:
    reference = _reference(model)
    from nndsl.backends.onnx import export

    export(model.ir, reference.weights, path, opset=21)  # type: ignore[attr-defined]
    file = onnx.load(str(path))
    change(file)  # type: ignore[operator]
    onnx.save(file, str(path))


def _reference(model: nndsl.Model) -> object:
    from nndsl.oracle import TorchReference

    torch.manual_seed(0)
    return TorchReference(model)


def _verified(model: nndsl.Model, path: Path) -> list[nndsl.Diagnostic]:
    from nndsl.backends.onnx.verify import verify

    return verify(path, _reference(model), model.ir)  # type: ignore[arg-type]


def test_what_draws_only_while_training_has_the_usual_opset(tmp_path: Path) -> None:
    layer = "if training { RandomNormalLike } else { Identity }"
    assert nndsl.loads(spec(layer)).export(tmp_path / "m.onnx").opset == 23
    assert nndsl.loads(spec("RandomNormalLike")).export(tmp_path / "m.onnx").opset == 21


def test_what_no_kernel_draws_is_said(tmp_path: Path) -> None:
    with pytest.raises(nndsl.SpecError) as caught:
        nndsl.loads(spec("RandomNormalLike")).export(tmp_path / "m.onnx", opset=23)
    assert [d.code for d in caught.value.diagnostics] == ["onnx-invalid"]
    assert caught.value.diagnostics[0].hints[-1].startswith("onnxruntime draws random numbers up to opset 21")
