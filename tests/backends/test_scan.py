"""Recurrences written with Scan: against PyTorch's own layers, in ONNX, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import nndsl
from nndsl.backends.onnx.draws import Drawn
from nndsl.backends.summary import to_json
from nndsl.cost.memory import memory
from nndsl.ir.reader import read_graph
from nndsl.ir.verifier import verify
from tests.backends.torch_support import complaints, results_of
from tests.cost_support import rise
from tests.ops.saved_support import saved_bytes

CELLS = """
block RNNStep(hidden: int) {
  input h: [N, hidden]
  input x: [N, D]
  state = (x -> ih: Linear(hidden)) + (h -> hh: Linear(hidden)) -> Tanh
  output next: [N, hidden] = state
  output y: [N, hidden] = state
}

block LSTMStep(hidden: int) {
  input h: [N, hidden]
  input c: [N, hidden]
  input x: [N, D]
  i, f, g, o = (x -> ih: Linear(4 * hidden)) + (h -> hh: Linear(4 * hidden)) -> Chunk(4, 1)
  cell = (f -> Sigmoid) * c + (i -> Sigmoid) * (g -> Tanh)
  state = (o -> Sigmoid) * (cell -> Tanh)
  output h_next: [N, hidden] = state
  output c_next: [N, hidden] = cell
  output y: [N, hidden] = state
}

block Attending(hidden: int) {
  input h: [N, hidden]
  input x: [N, D]
  input keys: [N, S, hidden]
  weights = (keys @ h[:, :, none])[:, :, 0] -> Softmax(dim=1)
  context = (weights, keys) -> Einsum("n s, n s d -> n d")
  next = ((x, context) -> Concat(dim=1), h) -> cell: GRUCell(hidden)
  output state: [N, hidden] = next
  output looked: [N, S] = weights
  output y: [N, hidden] = next
}
"""
RNN = """
model M {
  input xs: float[N, T, 5]
  h, ys = (Zeros(N, 7), xs) -> rnn: Scan(cell: RNNStep(7)REST)
  output last: [N, 7] = h
  output all_states: [N, T, 7] = ys
}
"""
LSTM = """
model M {
  input xs: float[T, N, 5]
  input h0: float[N, 7]
  input c0: float[N, 7]
  h, c, ys = (h0, c0, xs) -> lstm: Scan(cell: LSTMStep(7), states=2, dim=0)
  output y: [T, N, 7] = ys
  output h_n: [N, 7] = h
  output c_n: [N, 7] = c
}
"""
ATTENDING = """
model M {
  input xs: float[N, T, 3]
  input keys: float[N, S, 6]
  h, weights, ys = (Ones(N, 6), xs, keys: keys) -> decoder: Scan(step: Attending(6))
  output y: [N, T, 6] = ys -> Tanh
  output alignment: [N, T, S] = weights
}
"""
SUMS = """
model M {
  input a: float[N, 3, T]
  input b: float[N, 3, T]
  layer mix = Linear(3)
  total = (a[:, :, 0], a, b) -> Scan(Product, dim=2, reverse=true)
  output y: [N, 3] = total -> mix
}
block Product {
  input s: [N, D]
  input p: [N, D]
  input q: [N, D]
  output next: [N, D] = s / 2 + p * q
}
"""
SHARED = """
model M {
  input xs: float[N, T, 4]
  layer mix = Linear(4)
  h, ys = (xs[:, 0] -> mix, xs) -> Scan { Mixed(mix) }
  output y: [N, T, 4] = ys
  output last: [N, 4] = h
}
block Mixed(mix: layer) {
  input h: [N, D]
  input x: [N, D]
  next = h + x -> mix -> Tanh
  output state: [N, D] = next
  output y: [N, D] = next * 2
}
"""
NESTED = """
model M {
  input xs: float[N, T, S, 4]
  h, ys = (Zeros(N, 4), xs) -> outer: Scan(rows: Row)
  output y: [N, T, S, 4] = ys
  output last: [N, 4] = h
}
block Row {
  input h: [N, D]
  input row: [N, S, D]
  last, states = (h, row) -> inner: Scan(cell: RNNStep(D))
  output next: [N, D] = last
  output y: [N, S, D] = states
}
"""
SEVERAL = """
block Swap {
  input a: [N, D]
  input b: [N, D]
  input x: [N, D]
  output a_next: [N, D] = b
  output b_next: [N, D] = a + x
  output y: [N, D] = a
}
block Keep {
  input a: [N, D]
  input x: [N, D]
  output next: [N, D] = a
  output y: [N, D] = a * x
}
model M {
  input t: float[N, T, 5]
  a, p = (Zeros(N, 7), t) -> one: Scan(RNNStep(7))
  b, q = (Zeros(N, 9), p) -> two: Scan(RNNStep(9), reverse=true)
  c, d, r = (a, a * 2, p) -> Scan(Swap, states=2)
  e, s = (d, p) -> Scan(Keep)
  f, u = (d, p) -> Scan {
    input h: [N, D]
    input x: [N, D]
    n = h * x -> if training { Dropout(0.5) } else { Tanh }
    output n: [N, D] = n
    output m: [N, D] = n + x -> fc: Linear(D)
  }
  output y: [N, 9] = b
  output z: [N, T, 7] = r + s + u
  output w: [N, 7] = c + e + f
  output v: [N, T, 9] = q
}
"""
MODELS = {
    "several": SEVERAL,
    "rnn": RNN.replace("REST", ""),
    "reverse": RNN.replace("REST", ", reverse=true"),
    "lstm": LSTM,
    "attending": ATTENDING,
    "sums": SUMS,
    "shared": SHARED,
    "nested": NESTED,
}


def load(name: str, **options: Any) -> nndsl.Model:
    return nndsl.loads(CELLS + MODELS[name], model="M", **options)


def moved(ours: nn.Module, prefix: str, theirs: nn.Module) -> None:
    """The weights of a cell into a layer of PyTorch's."""
    state = ours.state_dict()
    theirs.load_state_dict(
        {f"{kind}_{part}_l0": state[f"{prefix}.{part}.{kind}"] for part in ("ih", "hh") for kind in ("weight", "bias")}
    )


@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_plain_recurrence_is_nn_rnn(steps: int, reverse: bool) -> None:
    ours = load("reverse" if reverse else "rnn").module().double()
    theirs = nn.RNN(5, 7, batch_first=True).double()
    moved(ours, "rnn.cell", theirs)
    x = torch.randn(3, steps, 5, dtype=torch.float64)
    states, last = theirs(x.flip(1) if reverse else x)
    states = states.flip(1) if reverse else states
    found = ours(x)
    torch.testing.assert_close(found.all_states, states)
    torch.testing.assert_close(found.last, last[0])
    weight = torch.randn_like(states)
    (found.all_states * weight).sum().backward()
    (states * weight).sum().backward()
    for part in ("ih", "hh"):
        grad = ours.get_parameter(f"rnn.cell.{part}.weight").grad
        torch.testing.assert_close(grad, theirs.get_parameter(f"weight_{part}_l0").grad)


@pytest.mark.parametrize("steps", [1, 4])
def test_two_states_are_nn_lstm(steps: int) -> None:
    ours, theirs = load("lstm").module().double(), nn.LSTM(5, 7).double()
    moved(ours, "lstm.cell", theirs)
    x, h, c = (torch.randn(*sizes, dtype=torch.float64) for sizes in ((steps, 2, 5), (2, 7), (2, 7)))
    y, (h_n, c_n) = theirs(x, (h[None], c[None]))
    found = ours(x, h, c)
    for ours_too, wanted in zip(found, (y, h_n[0], c_n[0]), strict=True):
        torch.testing.assert_close(ours_too, wanted)


def test_what_all_steps_share_is_given_by_name() -> None:
    module = load("attending").module()
    xs, keys = torch.randn(2, 4, 3), torch.randn(2, 5, 6)
    found = module(xs, keys)
    assert list(module.state_dict()) == [f"decoder.step.cell.{w}_{p}" for w in ("weight", "bias") for p in ("ih", "hh")]
    h, cell = torch.ones(2, 6), module.decoder.step.cell
    for t in range(4):
        weights = torch.softmax((keys * h[:, None]).sum(-1), 1)
        torch.testing.assert_close(found.alignment[:, t], weights)
        h = cell(torch.cat([xs[:, t], (weights[:, :, None] * keys).sum(1)], 1), h)
        torch.testing.assert_close(found.y[:, t], torch.tanh(h))


def test_several_sequences_along_the_last_dim_backwards() -> None:
    module = load("sums").module()
    a, b = torch.randn(2, 3, 5), torch.randn(2, 3, 5)
    total = a[:, :, 0]
    for t in reversed(range(5)):
        total = total / 2 + a[:, :, t] * b[:, :, t]
    torch.testing.assert_close(results_of(module, [a, b])[0], module.mix(total))


def test_states_change_places() -> None:
    """All states of a step are those that the step before left."""
    module = load("several").module().eval()
    a, p = module.one(torch.zeros(2, 7), torch.randn(2, 3, 5))
    c, d, r = module.scan_1(a, a * 2, p)
    left, right = a, a * 2
    for t in range(3):
        torch.testing.assert_close(r[:, t], left)
        left, right = right, left + p[:, t]
    torch.testing.assert_close((c, d), (left, right))


def test_a_shared_layer_in_the_steps() -> None:
    module = load("shared").module()
    assert list(module.state_dict()) == ["mix.weight", "mix.bias"]
    xs = torch.randn(2, 3, 4)
    h = module.mix(xs[:, 0])
    found = module(xs)
    for t in range(3):
        h = torch.tanh(module.mix(h + xs[:, t]))
        torch.testing.assert_close(found.y[:, t], 2 * h)


@pytest.mark.parametrize("name", MODELS)
def test_the_source_is_clean(name: str) -> None:
    assert not complaints(load(name).source())


@pytest.mark.parametrize("functions", [False, True])
@pytest.mark.parametrize("opset", [17, 23])
@pytest.mark.parametrize("name", MODELS)
def test_onnx_agrees(name: str, opset: int, functions: bool, tmp_path: Path) -> None:
    report = load(name).export(tmp_path / "m.onnx", opset=opset, functions=functions)
    assert report.verified, report.notes
    if not functions:
        nodes = onnx.load(str(tmp_path / "m.onnx")).graph.node
        assert [node.op_type for node in nodes].count("Scan") == (5 if name == "several" else 1)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_onnx_in_other_precisions(dtype: str, tmp_path: Path) -> None:
    assert load("lstm").export(tmp_path / "m.onnx", dtype=dtype).verified


def test_onnx_without_passes(tmp_path: Path) -> None:
    assert load("attending").export(tmp_path / "m.onnx", optimize=False).verified


def test_a_state_that_nobody_asks_for_stays(tmp_path: Path) -> None:
    text = RNN.replace("REST", "").replace("  output last: [N, 7] = h\n", "")
    model = nndsl.loads(CELLS + text, model="M")
    assert model.export(tmp_path / "m.onnx").verified


def test_a_sequence_that_no_step_reads_counts_them(tmp_path: Path) -> None:
    text = """
block Halved {
  input h: [N, D]
  input x: [N, E]
  output next: [N, D] = h / 2
}
model M {
  input h0: float[N, 3]
  input xs: float[N, T, 2]
  output y: [N, 3] = (h0, xs) -> Scan(Halved)
}
"""
    model = nndsl.loads(text)
    assert model.export(tmp_path / "m.onnx").verified
    assert torch.equal(model.module()(torch.ones(1, 3), torch.zeros(1, 4, 2)), torch.full((1, 3), 1 / 16))


@pytest.mark.parametrize("name", MODELS)
def test_the_text_of_the_ir_reads_back(name: str) -> None:
    graph = load(name).ir
    assert not verify(graph)
    assert str(read_graph(str(graph))) == str(graph)


def test_costs_grow_with_the_steps() -> None:
    assert load("rnn").summary().macs == nndsl.loads(CELLS + MODELS["rnn"], model="M").summary().macs
    one, ten = (load("rnn", dims={"N": 2, "T": steps}).summary() for steps in (1, 10))
    assert one.parameters == ten.parameters == 7 * 5 + 7 + 7 * 7 + 7
    assert (one.macs, ten.macs) == (2 * (7 * 5 + 7 * 7), 20 * (7 * 5 + 7 * 7))


def trained(name: str, steps: int, samples: int = 2) -> tuple[nndsl.Model, nn.Module, list[torch.Tensor]]:
    sizes = {"S": 3} if name in ("attending", "nested") else {}
    model = load(name, dims={"N": samples, "T": steps, **sizes})
    return model, model.module().train(), [torch.randn(*v.shape) for v in model.ir.inputs]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("steps", [1, 5])
def test_what_training_takes(name: str, steps: int) -> None:
    """Saved activations, products of both passes, and which weights get a gradient: all as in PyTorch."""
    model, module, inputs = trained(name, steps)
    told = memory(model.ir)
    assert told.saved == saved_bytes(module, lambda: results_of(module, inputs))
    with FlopCounterMode(display=False) as counted:
        torch.stack([y.sum() for y in results_of(module, inputs)]).sum().backward()
    assert 2 * int(str(model.summary().training_macs)) == counted.get_total_flops()
    assert told.gradients == sum(p.grad.numel() * 4 for p in module.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", MODELS)
def test_the_peak_grows_with_the_steps(name: str) -> None:
    model, module, inputs = trained(name, 12, 64)

    def step() -> None:
        ys = [y for y in results_of(module, inputs) if y.requires_grad]
        torch.autograd.backward(ys, [torch.ones_like(y) for y in ys])

    there = sum(t.untyped_storage().nbytes() for t in (*module.parameters(), *inputs))
    told = memory(model.ir, optimizer="sgd")
    assert told.training_peak == pytest.approx(rise(step) + there, rel=0.1)
    with torch.no_grad():
        measured = rise(lambda: results_of(module.eval(), inputs)) + there
    if name != "several":  # its module has a name for each result, and so holds all of them to the end
        assert told.inference_peak == pytest.approx(measured, rel=0.1)


def test_steps_are_told_in_the_summary() -> None:
    summary = load("rnn", dims={"N": 2, "T": 12}).summary(device="a100")
    rows = {row["path"]: row for row in to_json(summary)["layers"]}
    outer, inner = rows["rnn"], rows["rnn.cell"]
    assert (outer["detail"], outer["steps"], inner["steps"]) == ("12 steps", 12, None)
    assert outer["macs"] == 12 * inner["macs"]
    assert outer["training_macs"] == 12 * inner["training_macs"] - 2 * 7 * 7  # zeros at first, which need no gradient
    assert outer["seconds"] > 12 * inner["seconds"]  # joining them takes the rest
    assert outer["seconds"] == pytest.approx(12 * inner["seconds"] + 2 * 2 * 12 * 7 * 4 / 2039e9)
    assert "what is inside of a Scan is told for one step of it" in str(summary)
    assert load("rnn", dims={"N": 2}).summary().layers[1].detail == "T steps"


DRAWING = """
block Inner {
  input h: [N, D]
  input x: [N, D]
  n = h * 0.5 + x + (h -> RandomUniformLike)
  output next: [N, D] = n
  output y: [N, D] = n -> Sigmoid -> Bernoulli
}
block Outer {
  input h: [N, D]
  input x: [N, D, S]
  input k: [N, D]
  k, ys = (h + (k -> RandomNormalLike), x) -> Scan(Inner, dim=2, reverse=true)
  output next: [N, D] = k -> Linear(D) -> Tanh
  output y: [N, D, S] = ys
}
model M {
  input xs: float[T, N, 4, S]
  input k: float[N, 4]
  h, ys = (Zeros(N, 4), xs, k: k) -> Scan(Outer, dim=0)
  output y = ys
  output z = h * (h -> RandomNormalLike)
}
"""


@pytest.mark.parametrize("functions", [False, True])
def test_each_step_draws_random_numbers(functions: bool, tmp_path: Path) -> None:
    """PyTorch is given what each step of the file drew, in the order of the steps."""
    report = nndsl.loads(DRAWING).export(tmp_path / "m.onnx", opset=17, functions=functions)
    assert report.verified, report.notes
    drawn = Drawn(tmp_path / "m.onnx")
    steps, inner = 3, 2
    feed = {"xs": np.ones((steps, 2, 4, inner), np.float32), "k": np.ones((2, 4), np.float32)}
    numbers = drawn.run(feed)[1]
    assert len(numbers) == steps * (1 + 2 * inner) + 1
    assert len({number.tobytes() for number in numbers}) == len(numbers)
