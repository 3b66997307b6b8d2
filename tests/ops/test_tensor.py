"""Parameters, buffers, weights as tensors, branches and layers written in Python."""

from __future__ import annotations

from pathlib import Path

import torch

import nndsl
from nndsl.ops import everything
from nndsl.ops.initializers import Initializer
from nndsl.ops.say import Collect
from nndsl.shapes import TensorType, symbol
from tests.ops.support import complaint, infer, read_type

SPEC = """
model M {
  input x: float[N, 4]
  param scale: float[4] = ones
  buffer steps: int[3] = Arange(3)
  buffer mask: float[4, 4] = Ones(4, 4) -> Tril
  layer embed = Linear(4)
  h = (x * scale -> embed) @ embed.weight.T @ mask
  output y: [N, 4] = if training { h * 2 } else { h }
  output z: int[3] = steps * 2
}
"""


def test_in_a_model(tmp_path: Path) -> None:
    model = nndsl.loads(SPEC)
    module = model.module()
    state = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    assert state == {"scale": (4,), "steps": (3,), "mask": (4, 4), "embed.weight": (4, 4), "embed.bias": (4,)}
    assert [key for key, _ in module.named_buffers()] == ["steps", "mask"]
    x = torch.randn(2, 4)
    trained, ready = module.train()(x).y, module.eval()(x).y
    torch.testing.assert_close(trained, ready * 2)
    assert module(x).z.tolist() == [0, 2, 4]
    model.export(tmp_path / "m.onnx")


def test_parameter() -> None:
    op = everything()["Parameter"]((2, 3), "float", Initializer("zeros"))
    (weight,) = op.weights()
    assert (weight.name, weight.shape, weight.kind, str(weight.init)) == ("", (2, 3), "parameter", "zeros")
    assert infer(op)[0] == read_type("[2, 3]")
    assert complaint(everything()["Parameter"]((symbol("N"), 3)))[0] == "unknown-dim"
    assert complaint(everything()["Parameter"]((2,), "int"))[0] == "dtype-mismatch"
    assert everything()["Buffer"]((2,), "int").weights()[0].kind == "buffer"


def test_weight_of_a_layer() -> None:
    owner = everything()["Linear"](5)
    types = (read_type("[N, 3]"),)
    op = everything()["WeightOf"](owner, types, "weight")
    assert infer(op)[0] == read_type("[5, 3]")
    assert [w.name for w in op.weights()] == ["weight", "bias"]
    assert op.key() == everything()["WeightOf"](everything()["Linear"](5), types, "weight").key()
    missing = everything()["WeightOf"](owner, types, "wait")
    assert complaint(missing) == ("unknown-name", "Linear has no weight named wait: it has weight, bias")


def test_branches_give_one_type() -> None:
    assert infer(everything()["Merge"](), "[N, 3]", "[N, 3]")[0] == read_type("[N, 3]")
    assert complaint("Merge", "[N, 3]", "int[N, 3]")[0] == "dtype-mismatch"
    assert complaint("Merge", "[N, 3]", "[N, 3, 1]")[0] == "shape-mismatch"
    assert complaint("Merge", "[N, 3]", "[N, 4]")[1].endswith("[N, 3] and [N, 4], dim 1: 3 ≠ 4")


def test_extern() -> None:
    results = (TensorType("float", (2, 3)), TensorType("int64", (2,)))
    op = everything()["Extern"]("pkg.layers:Deform", "Deform", {"k": 3, "names": [1, 2]}, results)
    assert op.shape(read_type("[2, 3]"), say=Collect()) == results
    assert op.spell() == "Deform(k=3, names=[1, 2])"
    assert hash(op.key()) == hash(
        everything()["Extern"]("pkg.layers:Deform", "Deform", {"k": 3, "names": [1, 2]}, results).key()
    )
    assert op.macs(y=None) is None


def test_constants() -> None:
    assert complaint("Constant([[1, 2], [3]])")[1] == "the lists of a Constant are of equal lengths"
    assert complaint("Constant([])")[1] == "Constant takes at least one number"
    assert complaint("Constant('a')")[1] == "Constant takes a number, or lists of numbers"
    assert complaint("Arange(0, 5, 0)")[1] == "a step of 0 never arrives"
    assert complaint("Arange(5, 2)")[1] == "the number of values would be -3"
    assert complaint("Linspace(0, 1, 3, dtype=int)")[0] == "dtype-mismatch"
