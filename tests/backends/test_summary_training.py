"""What a summary says of training: rows add up to the totals, and what is not trained takes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import nndsl
from nndsl.backends.summary import table, to_json, written
from tests.cost_support import rise

LINEAR = "model Deep {\n  input x: float[N, 48]\n  output y = x -> [Linear(48)] * 12\n}\n"
BLOCKS = """
block Inner(n: int) {
  input x: [N, D]
  x -> first: Linear(n) -> ReLU -> second: [Linear(n)] * 3
}
block Outer(n: int) {
  input x: [N, D]
  x -> inner: [Inner(n)] * 2 -> Tanh -> last: Linear(n)
}
model Deep {
  input x: float[N, 40]
  output y = x -> [Outer(40)] * 5 -> head: Linear(4)
}
"""
AUXILIARY = """
model Aux {
  input x: float[N, 3, 8, 8]
  h = x -> stem: Conv2d(6, 3)
  if training { output early: [N, 4] = h -> Flatten -> early: Linear(4) }
  h = h -> if training { Dropout(0.2) } else { Identity }
  output y = h -> Flatten -> head: Linear(4)
}
"""
UNUSED = """
model Unused {
  input x: float[N, 16]
  dead = x -> deadlayer: Linear(1000)
  output y = x -> Linear(4)
}
"""


def leaves(summary: dict[str, Any]) -> list[tuple[dict[str, Any], int]]:
    """Layers that hold no others, and how often each is there."""
    rows = summary["layers"]
    counts: list[int] = []
    found = []
    for row, following in zip(rows, [*rows[1:], {"depth": 0}], strict=True):
        counts[row["depth"] :] = [row["count"]]
        if following["depth"] <= row["depth"]:
            times = 1
            for count in counts:
                times *= count
            found.append((row, times))
    return found


@pytest.mark.parametrize("text", [LINEAR, BLOCKS], ids=["layers", "blocks"])
@pytest.mark.parametrize("name", ["macs", "training_macs", "training_flops", "saved_bytes"])
def test_layers_times_their_counts_are_the_total(text: str, name: str) -> None:
    told = to_json(nndsl.loads(text).summary())
    size = 48 if text == LINEAR else 40
    given = size * 4 if name == "saved_bytes" else 0  # the input is kept, and made by no layer
    assert sum(row[name] * times for row, times in leaves(told)) + given == pytest.approx(told[name], rel=1e-12)
    outermost = sum(row[name] * row["count"] for row in told["layers"] if row["depth"] == 0)
    assert outermost + given == pytest.approx(told[name], rel=1e-12)


def test_members_that_differ_are_told_together() -> None:
    """11 of 12 layers give their input a gradient: 3 products each, and the first only 2."""
    summary = nndsl.loads(LINEAR).summary()
    assert summary.training_macs == summary.layers[0].training_macs
    text = table(summary, 140, columns=["macs", "training-macs", "saved"])
    row = next(line for line in text.splitlines() if "0…11 × 12" in line)
    assert "12 × 2.304 K" in row
    assert "Σ 80.64 K" in row  # (2 + 11 · 3) · 48²
    note = "Σ: a sum over equal members; the first have less to do in training, as their inputs need no gradient"
    assert note in text
    assert note not in table(summary, 140)
    assert note in written(summary, "md", columns=["saved"])
    assert "Σ" in written(summary, "html", columns=["saved"])
    assert "sum 80.64 K" in table(summary, 140, columns=["training-macs"], ascii=True)


def test_means_in_open_dims() -> None:
    text = "model Deep {\n  input x: float[N, T, 48]\n  output y = x -> [Linear(48)] * 12\n}\n"
    rows = json.loads(written(nndsl.loads(text).summary(), "json"))["layers"]
    assert rows[1]["training_macs"] is None
    assert rows[1]["training_macs_symbolic"] == "(80640*N*T)/12"


def test_what_never_runs_in_training_takes_nothing_there() -> None:
    summary = nndsl.loads(AUXILIARY).summary()
    row = next(row for row in summary.layers if row.mode == "eval")
    assert (row.training_macs, row.training_flops, row.saved) == (0, 0, 0)
    text = table(summary, 160, columns=["training-macs", "training-flops", "saved"])
    assert "?" not in text


def test_training_counts_what_runs_only_while_training() -> None:
    summary = nndsl.loads(AUXILIARY).summary()
    head = 4 * 6 * 6 * 6
    stem = 6 * 27 * 36
    assert to_json(summary)["training_macs"] == 2 * stem + 2 * 3 * head  # heads: forward, weights, input
    said = to_json(summary)["assumptions"]
    assert "MACs, FLOPs and time of a forward pass leave out what runs only while training; training has it" in said
    assert not any(note.startswith("costs leave out what runs only") for note in said)


SHARED = """
block Pair(k: int) {
  input x: [N, D]
  layer both = Linear(k)
  layer once = Linear(k)
  dead = x -> once -> Tanh
  x -> both -> ReLU -> both
}
model Shared {
  input tokens: int[N, 5]
  layer embed = Embedding(30, 16)
  layer lost = Linear(7)
  h = tokens -> embed -> Reduce("n t c -> n c", "mean")
  stopped = h -> Linear(9) -> StopGradient -> Sum
  aside = h -> lost
  h = h -> [Pair(16)] * 3 -> if training { Linear(16) } else { Linear(16, bias=false) }
  output y = h @ embed.weight.T + stopped
}
"""


@pytest.mark.parametrize("text", [UNUSED, SHARED, AUXILIARY, LINEAR, BLOCKS])
def test_weights_without_a_gradient_take_none_and_no_states(text: str) -> None:
    model = nndsl.loads(text)
    memory = model.summary(batch=4).memory
    assert memory is not None
    module = model.module().train()
    shape = [4, *map(int, next(iter(model.inputs.values())).rstrip("]").split(", ")[1:])]
    x = torch.zeros(shape, dtype=torch.int64) if text == SHARED else torch.randn(shape)
    results = module(x)
    torch.stack([y.sum() for y in (results if isinstance(results, tuple) else (results,))]).sum().backward()
    optimize = torch.optim.AdamW(module.parameters())
    optimize.step()
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    assert memory.gradients == sum(g.numel() * 4 for g in gradients)
    states = [t for state in optimize.state.values() for t in state.values() if t.dim()]
    assert memory.optimizer_states == sum(t.numel() * 4 for t in states)
    assert memory.parameters == sum(p.numel() * 4 for p in module.parameters())


def test_what_a_gpu_keeps_is_said() -> None:
    """Of a dropout, a CPU keeps factors, a GPU one byte for each element."""
    model = nndsl.loads("model M { input x: float[N, 64]  output y = x -> Linear(64) -> Dropout(0.5) -> Linear(64) }")
    kept = {device: model.summary(batch=8, device=device) for device in (None, "m2", "h100")}
    sizes = {device: summary.memory.saved for device, summary in kept.items() if summary.memory is not None}
    assert sizes[None] == sizes["m2"] == 3 * 8 * 64 * 4
    assert sizes["h100"] == 2 * 8 * 64 * 4 + 8 * 64
    assert "saved activations and the training peak are those on a GPU" in str(kept["h100"])
    assert "saved activations and the training peak are those on a CPU" in str(kept["m2"])
    assert "those on a" not in str(kept[None])


HEADS = """
block Heads(wide: int) {
  input x: [N, D]
  h = x -> trunk: Linear(wide) -> Tanh
  output value: [N, 1] = h -> value: Linear(1)
  output logits: [N, 64] = h -> deep: Linear(wide) -> ReLU -> logits: Linear(64)
}
model M {
  input x: float[N, 32]
  v, _ = x -> heads: Heads(256)
  output y: [N, 1] = v
}
"""
STOPPED = """
block Pair(n: int) {
  input x: [N, D]
  output a: [N, n] = x -> a: Linear(n)
  output b: [N, n] = x -> b: Linear(n)
}
model M {
  input x: float[N, 32]
  layer pair = Pair(48)
  a, _ = x -> stem: Linear(32) -> pair
  _, b = x -> other: Linear(32) -> pair
  output y: [N, 48] = a * (b -> StopGradient)
}
"""


@pytest.mark.parametrize("text", [HEADS, STOPPED])
def test_results_that_nobody_uses_get_no_gradient(text: str) -> None:
    model = nndsl.loads(text, dims={"N": 128})
    module, x = model.module().train(), torch.randn(128, 32)

    def step() -> None:
        y = module(x)
        torch.autograd.backward([y], [torch.ones_like(y)])

    with FlopCounterMode(display=False) as counted:
        step()
    gradients = sum(p.grad.numel() * 4 for p in module.parameters() if p.grad is not None)
    module.zero_grad()
    measured = rise(step) + sum(t.untyped_storage().nbytes() for t in (*module.parameters(), x))
    told = model.summary(optimizer="sgd")
    assert told.memory is not None
    assert told.memory.gradients == gradients
    assert told.memory.training_peak == pytest.approx(measured, rel=0.01)
    assert 2 * int(str(told.training_macs)) == counted.get_total_flops()


def test_equal_members_that_take_different_times_are_told_together() -> None:
    """The first gets its input in order, and looks at it in another shape; those behind it copy it for that."""
    text = """
    block Turn {
      input x: [N, 16, 16]
      x -> Reshape(N, 256) -> ReLU -> Reshape(N, 16, 16) -> Transpose(1, 2)
    }
    model M { input x: float[N, 16, 16]  output y = x -> turns: [Turn] * 4 -> same: [ReLU] * 2 }
    """
    summary = nndsl.loads(text).summary(batch=64, device="a100")
    told = to_json(summary)
    turn = next(row for row in told["layers"] if row["path"] == "turns.0…3")
    size = 64 * 256 * 4
    assert turn["seconds"] * 4 == pytest.approx((4 * 2 + 3 * 2) * size / 2039e9)
    assert sum(row["seconds"] * times for row, times in leaves(told)) == pytest.approx(told["seconds"])
    lines = table(summary, 140, columns=["time"]).splitlines()
    assert "Σ 450 ns" in next(line for line in lines if "0…3 × 4" in line)
    assert "2 × 64.3 ns" in next(line for line in lines if "0…1 × 2" in line)
    assert "Σ: a sum over equal members; where inputs lie in memory in another order, more is copied" in lines
