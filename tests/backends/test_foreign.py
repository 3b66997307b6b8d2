"""Layers written in Python: each exported by PyTorch, merged, verified; their mistakes are said at their block."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import nndsl

pytest.importorskip("onnxscript")

LAYERS = '''
import torch
from torch import nn


class Scale(nn.Module):
    """Weights of its own, one of them transposed in ONNX, a size at run time, a constant."""

    def __init__(self, k):
        super().__init__()
        self.k = k
        self.weight = nn.Parameter(torch.randn(8))
        self.lin = nn.Linear(8, 8)
        self.register_buffer("ramp", torch.arange(8.0), persistent=False)

    def forward(self, x):
        return self.k * self.lin(x * self.weight) + self.ramp + x.shape[1]


class Either(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(8) + 1)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: x * self.weight, lambda x: x - self.weight, (x,))


class Block(nn.Module):
    """What people write: convolution, normalisation, attention, a parameter that is added."""

    def __init__(self, k):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.pos = nn.Parameter(torch.randn(1, 1, 8))

    def forward(self, x):
        y = self.bn(self.conv(x)).flatten(2).transpose(1, 2) + self.pos
        return self.attn(y, y, y)[0]


class Halves(nn.Module):
    def forward(self, x, y):
        return x + y, (x - y)[:, :, :4]


class Refuses(nn.Module):
    def __init__(self, k):
        super().__init__()
        raise ValueError(f"k is {k}")


class NoArguments(nn.Module):
    pass


class Centred(Scale):
    def forward(self, x):
        return x - x.mean(1, keepdim=True)


class Part(Scale):
    def forward(self, x):
        return x[:, :, :4]


class Double(Scale):
    def forward(self, x):
        return x.double()


class Pair(Scale):
    def forward(self, x):
        return x, x


class Name(Scale):
    def forward(self, x):
        return "x"


class Breaks(Scale):
    def forward(self, x):
        return torch.cat([x, x[0]])


class Decides(Scale):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Fixes(Scale):
    def forward(self, x):
        return x + int(x.shape[1])


class Small(Scale):
    def forward(self, x):
        return x + (1 if x.shape[1] > 2 else 2)


class Single(Scale):
    def forward(self, x):
        return x + x.sum() if x.shape[0] == 1 else x + 1


def function(k):
    return None
'''

SPEC = """extern block D(k: float) = "{target}" {{
  input x: [N, T, D]
  output y: [N, T, D]
}}

model M {{
  input x: float[N, T, 8]
  output y = x -> Linear(8) -> d: D(2.0) -> ReLU
}}
"""


@pytest.fixture(autouse=True)
def _layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "somebodys.py").write_text(LAYERS)
    (tmp_path / "unwilling.py").write_text("raise OSError('no licence')\n")
    (tmp_path / "incomplete.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("somebodys", "unwilling", "incomplete"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def spec(name: str) -> str:
    return SPEC.format(target=name if ":" in name else f"somebodys:{name}")


def test_its_weights_are_weights_of_the_model(tmp_path: Path) -> None:
    model = nndsl.loads(spec("Scale"))
    report = model.export(tmp_path / "m.onnx", allow_extern=True)
    assert report.verified
    graph = onnx.load(tmp_path / "m.onnx").graph
    weights = {i.name for i in graph.initializer}
    assert {"linear_1.weight", "d.weight", "d.lin.weight", "d.lin.bias"} <= weights
    assert {d.dim_param or d.dim_value for d in graph.input[0].type.tensor_type.shape.dim} == {"N", "T", 8}
    assert {node.domain for node in graph.node} == {""}
    assert {node.name.split("/")[0] for node in graph.node} == {"linear_1", "d", "relu_1"}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("opset", [18, 24])
def test_precisions_and_opsets(tmp_path: Path, dtype: str, opset: int) -> None:
    report = nndsl.loads(spec("Scale")).export(tmp_path / "m.onnx", allow_extern=True, dtype=dtype, opset=opset)
    assert report.verified
    assert {v.version for v in onnx.load(tmp_path / "m.onnx").opset_import} == {opset}


def test_given_weights_reach_it(tmp_path: Path) -> None:
    model = nndsl.loads(spec("Scale"))
    module = model.module(allow_extern=True).eval()
    assert model.export(tmp_path / "m.onnx", module.state_dict(), allow_extern=True).verified
    x = torch.randn(5, 7, 8)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (got,) = session.run(None, {"x": x.numpy()})
    np.testing.assert_allclose(got, module(x).detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("functions", [False, True])
def test_each_layer_is_one_of_its_own(tmp_path: Path, functions: bool) -> None:
    """Two on the same tensor are not one; a shared one is; inside blocks, too, with and without ONNX functions."""
    text = spec("Scale").split("model")[0] + (
        "block Both { input x: [N, T, C]\n  (x -> a: D(1.0)) + (x -> b: D(1.0)) }\n"
        "model M { input x: float[N, T, 8]\n  layer s = D(3.0)\n  output y = x -> s -> Both -> s }"
    )
    model = nndsl.loads(text)
    assert model.export(tmp_path / "m.onnx", allow_extern=True, functions=functions).verified
    names = {i.name for i in onnx.load(tmp_path / "m.onnx").graph.initializer}
    layers = ["s", *(f"both_1.{part}" for part in "ab")]
    assert {f"{layer}.weight" for layer in layers} <= names


def test_subgraphs(tmp_path: Path) -> None:
    """`torch.cond` becomes If, whose branches read weights from outside; both are run by the verification's inputs."""
    text = spec("Either").replace("d: D(2.0)", "[D(1.0), D(2.0)]").replace("Linear(8) -> ", "")
    module = nndsl.loads(text).module(allow_extern=True).eval()
    nndsl.loads(text).export(tmp_path / "m.onnx", module.state_dict(), allow_extern=True)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    for sign in (1, -1):
        x = sign * torch.rand(2, 3, 8)
        np.testing.assert_allclose(session.run(None, {"x": x.numpy()})[0], module(x).detach().numpy(), rtol=1e-5)


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    text = """extern block Halves = "somebodys:Halves" {
      input x: [N, T, D]  input y: [N, T, D]
      output sum: [N, T, D]  output part: [N, T, 4]
    }
    model M { input x: float[N, T, 8]
      s, p = (x, x) -> Halves
      output a = s -> ReLU
      output b = p }"""
    assert nndsl.loads(text).export(tmp_path / "m.onnx", allow_extern=True).verified


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_block_as_people_write_it(tmp_path: Path, dtype: str) -> None:
    """PyTorch's exporter mixes up types where it folds the normalisation in bfloat16: then it is not folded."""
    text = """extern block D(k: float) = "somebodys:Block" {
      input x: [N, 3, H, W]
      output y: [N, ((H + 1) // 2) * ((W + 1) // 2), 8]
    }
    model M { input x: float[N, 3, H, W]
      output y = x -> D(1.0) -> Linear(4) }"""
    report = nndsl.loads(text).export(tmp_path / "m.onnx", allow_extern=True, dtype=dtype)
    assert report.verified is (dtype != "bfloat16")  # which onnxruntime does not run on the CPU
    onnx.checker.check_model(str(tmp_path / "m.onnx"), full_check=True)


MISTAKES = [
    ("nowhere.layers:D", "there is no Python module nowhere"),
    ("incomplete:D", "incomplete cannot be imported: ModuleNotFoundError: No module named 'not_there_at_all'"),
    ("unwilling:D", "unwilling cannot be imported: OSError: no licence (unwilling.py:1)"),
    ("Scael", "the Python module somebodys has no Scael"),
    ("function", "somebodys:function is no subclass of torch.nn.Module"),
    ("os:PathLike", "os:PathLike is no subclass of torch.nn.Module"),
    ("Refuses", "Refuses(k=2.0) cannot be constructed: ValueError: k is 2.0 (somebodys.py:52)"),
    ("NoArguments", "NoArguments(k=2.0) cannot be constructed: TypeError: "),
]
FAILURES = [
    ("Part", "what D returned is float32[2, 3, 4], and its block declares float[N, T, 8] with N = 2, T = 3"),
    ("Double", "what D returned is float64[2, 3, 8], and its block declares float[N, T, 8] with N = 2, T = 3"),
    ("Pair", "D returned a tuple, and its block declares 1 output"),
    ("Name", "D returned no tensor, or tuple of tensors, but str"),
    ("Breaks", "D cannot be run at N = 2, T = 3: RuntimeError: Tensors must have same number of dimensions"),
    ("Decides", "D cannot be written as ONNX by PyTorch: GuardOnDataDependentSymNode: "),
    ("Fixes", "D cannot be written as ONNX: its Python code needs T as a number"),
    ("Small", "D, as PyTorch exports it, computes something else at N = 1, T = 2"),
    ("Single", "D, as PyTorch exports it, computes something else at N = 1, T = 2"),
]


@pytest.mark.parametrize(("target", "message"), MISTAKES + FAILURES)
def test_its_mistakes_are_said_at_its_block(tmp_path: Path, target: str, message: str) -> None:
    model = nndsl.loads(spec(target))
    with pytest.raises(nndsl.SpecError) as said:
        model.export(tmp_path / "m.onnx", allow_extern=True)
    (found,) = said.value.diagnostics
    assert found.code == "extern"
    assert found.message.startswith(message)
    assert found.span.text.startswith('"')
    assert [label.text for label in found.labels] == ["used here"]
    assert not list(tmp_path.glob("*.onnx"))
    if (target, message) in MISTAKES:
        with pytest.raises(nndsl.SpecError):
            model.module(allow_extern=True)


def test_all_classes_that_are_missing_are_listed() -> None:
    text = spec("nowhere:A") + spec("somebodys:Scael").replace(" D(", " E(").replace(" M ", " O ")
    model = nndsl.loads(text.replace("-> ReLU", "-> E(1.0)", 1), model="M")
    with pytest.raises(nndsl.SpecError) as said:
        model.module(allow_extern=True)
    assert [d.message for d in said.value.diagnostics] == [
        "there is no Python module nowhere",
        "the Python module somebodys has no Scael",
    ]
    assert said.value.diagnostics[1].hints == ["did you mean Scale?"]
    assert isinstance(said.value.__cause__, ModuleNotFoundError)


def test_a_failed_construction_leaves_the_module_usable() -> None:
    text = spec("Refuses")
    for _ in range(2):
        with pytest.raises(nndsl.SpecError, match=r"k is 2\.0"):
            nndsl.loads(text).module(allow_extern=True)
    module = nndsl.loads(spec("Scale")).module(allow_extern=True)
    assert type(module.d).__name__ == "Scale"
    assert type(type(module).__init__.__globals__["Scale"]) is type


def test_a_python_module_that_was_reloaded_is_another() -> None:
    before = nndsl.loads(spec("Scale")).module(allow_extern=True)
    again = importlib.reload(importlib.import_module("somebodys"))
    after = nndsl.loads(spec("Scale")).module(allow_extern=True)
    assert type(after.d) is again.Scale
    assert type(after.d) is not type(before.d)


def test_an_opset_that_pytorch_does_not_write(tmp_path: Path) -> None:
    with pytest.raises(nndsl.SpecError) as said:
        nndsl.loads(spec("Centred")).export(tmp_path / "m.onnx", allow_extern=True, opset=17)
    assert said.value.diagnostics[0].hints == ["PyTorch writes it as opset 18: `--opset 18`"]


def test_the_exporter_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxscript" else find(name))
    with pytest.raises(ImportError, match=r'pip install "nndsl\[extern\]"'):
        nndsl.loads(spec("Scale")).export(tmp_path / "m.onnx", allow_extern=True)
