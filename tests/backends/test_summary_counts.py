"""What a summary counts: weights once, costs per run, what is not known as not known."""

from __future__ import annotations

import csv
import io
import json

import pytest
import torch

import nndsl
from nndsl.backends.summary import Row, summarize, table, to_json, written
from nndsl.ir.graph import Graph
from nndsl.ops import families
from tests.backends.graphs_by_hand import (
    SAMPLES,
    Builder,
    N,
    T,
    chain,
    encoder,
    googlenet,
    lstm,
    made,
    resnet,
    seq2seq,
    siamese,
    vit,
)
from tests.work import calls


def counted_by_hand(graph: Graph) -> tuple[int, int]:
    """Parameters and buffers from the weights themselves."""
    parameters = buffers = 0
    for _, weight in graph.weights():
        elements = 1
        for size in weight.shape:
            assert isinstance(size, int)
            elements *= size
        if weight.trained:
            parameters += elements
        else:
            buffers += elements
    return parameters, buffers


@pytest.mark.parametrize("name", SAMPLES)
def test_totals_are_those_of_the_weights(name: str) -> None:
    graph = SAMPLES[name]()
    summary = summarize(graph)
    assert (summary.parameters, summary.buffers) == counted_by_hand(graph)
    assert summary.trainable == summary.parameters


def test_known_networks() -> None:
    assert to_json(summarize(resnet()))["parameters"] == 11_689_512
    assert to_json(summarize(resnet()))["macs"] == 1_814_073_344
    assert to_json(summarize(vit()))["parameters"] == 86_567_656


@pytest.mark.parametrize("name", SAMPLES)
def test_rows_add_up_to_the_totals(name: str) -> None:
    summary = summarize(SAMPLES[name]())

    def total(rows: list[Row]) -> tuple[object, object]:
        parameters = sum((row.parameters * row.count for row in rows if not row.shared), 0)
        macs = sum(
            (row.macs * row.count for row in rows if row.macs is not None and row.mode not in ("train", "unused")), 0
        )
        return parameters, macs

    if not any(node.mode for graph in [SAMPLES[name]()] for node in graph.nodes):
        assert total(summary.layers) == (summary.parameters, summary.macs)


def test_shared_layers_are_counted_once_and_run_twice() -> None:
    summary = summarize(siamese())
    first, second = (row for row in summary.layers if row.name == "encoder")
    assert (first.shared, second.shared) == (False, True)
    assert summary.parameters == first.parameters
    assert summary.macs == first.macs * 2
    assert not second.children


def test_an_operator_without_a_formula_is_listed_and_never_zero() -> None:
    summary = summarize(lstm())
    assert summary.unknown_flops == ["LSTM"]
    assert summary.unknown_macs == []
    data = to_json(summary)
    row = next(layer for layer in data["layers"] if layer["name"] == "lstm")
    assert row["flops"] is None
    assert (data["unknown"]["macs"], data["unknown"]["flops"]) == ([], ["LSTM"])
    assert any("lower bounds" in note and "LSTM" in note for note in data["assumptions"])


NAMED = ("around_1", "gated_1", "└─ g ")
EXTERN = """\
extern block Gated(k: int) = "mylayers:Gated" { input x: [N, D]  output y: [N, D] }
block Around { input x: [N, D]\n x -> Linear(12) -> Gated(6) }
model M { input x: float[N, 12]  output y = x -> Around -> g: Gated(6) }
"""


def test_weights_in_python_are_not_nothing() -> None:
    summary = nndsl.loads(EXTERN).summary()
    assert (summary.parameters, summary.unknown_parameters) == (156, ["Gated"])
    assert to_json(summary)["unknown"]["parameters"] == ["Gated"]
    text = str(summary)
    assert "parameters         ≥ 156" in text
    around, inner, outer = (next(line for line in text.splitlines() if name in line) for name in NAMED)
    assert " ≥ 156 " in around
    assert " ? " in inner
    assert " ? " in outer
    assert "≥ 156 parameters" in nndsl.loads(EXTERN).draw()


def test_weights_in_python_cannot_be_bounded() -> None:
    bounded = EXTERN.replace("model M {", "model M { require parameters <= 200\n")
    assert [found.code for found in nndsl.check(bounded)] == ["unproven"]


def test_a_formula_beside_a_batch_is_of_that_batch() -> None:
    text = "model M { input x: float[B, T, 8]  output y = x -> Linear(8) }"
    for dims, line in (
        ({"B": 4, "T": 2}, "MACs            512  = 64·B·T"),
        ({"B": 1, "T": 2}, "MACs            128  = 64·T  for one B"),
    ):
        told = table(nndsl.loads(text, dims=dims).summary())
        assert line.split() in [at.split() for at in told.splitlines()]


def test_outputs_stand_as_a_caller_gets_them() -> None:
    model = nndsl.loads("model M { input x: float[N, 4]\n if training { output aux = x * 10 }\n output y = x * 2 }")
    assert list(model.outputs) == [tensor.name for tensor in model.summary().outputs] == ["y", "aux"]
    assert model.module().train()(torch.ones(1, 4))._fields == ("y", "aux")


def test_unknown_costs_are_found_inside_blocks() -> None:
    b = Builder("Inner")
    x = b.input("x", N, 4)
    b.output("y", b.op(made("Odd", families.TENSOR, macs=None, flops=None), x))
    top = Builder("Top", "model")
    y = top.call(b.graph, top.input("x", N, 4))
    top.output("y", top.linear(y, 4))
    data = to_json(summarize(top.graph))
    assert (data["unknown"]["macs"], data["unknown"]["flops"]) == (["Odd"], ["Odd"])
    assert data["macs"] == 16


def test_costs_are_told_for_one_sample() -> None:
    data = to_json(summarize(resnet()))
    assert data["macs_symbolic"] == "1814073344*N"
    assert "costs are for one sample: N = 1" in data["assumptions"]
    assert data["dims"] == ["N"]


def test_costs_in_open_dims_are_no_number() -> None:
    data = to_json(summarize(encoder()))
    assert data["macs"] is None
    assert data["macs_symbolic"] == "6144*N*T**2 + 35258368*N*T"
    assert data["dims"] == ["N", "T"]


def test_two_different_first_dims_are_no_batch() -> None:
    b = Builder("Pair", "model")
    x, y = b.input("x", N, 4), b.input("y", T, 4)
    b.output("a", b.linear(x, 4))
    b.output("b", b.linear(y, 4))
    data = to_json(summarize(b.graph))
    assert data["macs"] is None
    assert data["macs_symbolic"] == "16*N + 16*T"


@pytest.mark.parametrize(
    ("body", "macs"),
    [
        ("input x: float[N, 5]; input a: float[N, N]; output y = a @ x", "5*N**2"),
        ("input x: float[N, T]; input a: float[T, 2 * N]; output y = x @ a", "2*N**2*T"),
        ("input x: float[N, 5]; output y = x @ x.T", "5*N**2"),
        ("input x: float[N, 5]; output y = x[::2] -> Linear(3)", "15*((N + 1) // 2)"),
    ],
)
def test_where_samples_meet_there_is_no_batch(body: str, macs: str) -> None:
    """A graph's nodes, say: costs grow with their square, and one of them alone costs nothing like it."""
    data = to_json(summarize(nndsl.loads(f"model M {{ {body.replace('; ', chr(10))} }}").ir))
    assert (data["macs"], data["macs_symbolic"]) == (None, macs)
    assert not any("one sample" in note for note in data["assumptions"])


def test_what_runs_only_in_training_costs_nothing_afterwards() -> None:
    with_heads, without = to_json(summarize(googlenet())), to_json(summarize(googlenet(auxiliary=False)))
    assert with_heads["macs"] == without["macs"]
    assert with_heads["parameters"] > without["parameters"]
    left_out = "MACs, FLOPs and time of a forward pass leave out what runs only while training; training has it"
    assert left_out in with_heads["assumptions"]
    assert left_out not in without["assumptions"]


@pytest.mark.parametrize("name", SAMPLES)
def test_json_has_the_promised_keys_and_is_json(name: str) -> None:
    data = json.loads(json.dumps(to_json(summarize(SAMPLES[name]()))))
    assert {"model", "inputs", "outputs", "parameters", "trainable_parameters", "macs", "flops", "layers"} <= set(data)
    for layer in data["layers"]:
        assert {"name", "type", "count", "parameters", "macs", "output_shapes"} <= set(layer)
    assert len({json.dumps(layer["path"]) for layer in data["layers"] if not layer["shared"]}) == sum(
        not layer["shared"] for layer in data["layers"]
    )


def test_equal_members_are_one_row() -> None:
    data = to_json(summarize(encoder(6)))
    folded = [layer for layer in data["layers"] if layer["count"] > 1]
    assert [(layer["name"], layer["path"], layer["count"]) for layer in folded] == [("layers.0", "layers.0…5", 6)]
    whole = next(layer for layer in data["layers"] if layer["name"] == "layers")
    assert whole["parameters"] == 6 * folded[0]["parameters"]


def test_96_equal_layers_cost_little_more_than_two() -> None:
    graph = encoder(96, 12288, 50257, 96)
    few = encoder(2, 12288, 50257, 96)
    summary = summarize(graph)
    assert calls(lambda: to_json(summarize(graph))) < 4 * calls(lambda: to_json(summarize(few)))
    assert 174e9 < int(str(summary.parameters)) < 176e9


def test_ten_thousand_layers_need_no_recursion() -> None:
    data = to_json(summarize(chain(10_000)))
    assert len(data["layers"]) == 10_000
    long, short = chain(1_000), chain(100)
    assert calls(lambda: to_json(summarize(long))) < 10.5 * calls(lambda: to_json(summarize(short)))


def test_blocks_within_blocks_are_counted_once_each() -> None:
    """2 ** 40 operators, counted without visiting them."""
    inner: Graph | None = None
    for level in range(40):
        b = Builder(f"Level{level}")
        x = b.input("x", N, 4)
        h = b.linear(x, 4) if inner is None else b.call(inner, x)
        b.output("y", b.relu(b.linear(h, 4) if inner is None else b.call(inner, b.relu(h, "Tanh"))))
        inner = b.graph
    assert inner is not None
    top = Builder("Bomb", "model")
    top.output("y", top.call(inner, top.input("x", N, 4)))
    data = to_json(summarize(top.graph))
    assert data["parameters"] == 20 * 2**40
    assert data["layers_left_out"] > 0
    assert len(data["layers"]) == 20_000


def test_the_second_use_of_a_shared_embedding_is_marked() -> None:
    rows = summarize(seq2seq()).layers
    assert [row.shared for row in rows if row.name == "embed"] == [False, True]


def test_what_nothing_uses_is_marked_and_not_run() -> None:
    """As in the generated code, where it is made and not called: here, and inside a block."""
    model = nndsl.loads("""
block B {
  input x: [N, 6]
  dead = x -> Linear(7)
  x -> Linear(6)
}
model M {
  input x: float[N, 6]
  unused = x -> Linear(6) -> B
  output y = x -> B -> out: Linear(2)
}
""")
    summary = summarize(model.ir)
    assert [(row.path, row.mode) for row in summary.layers] == [
        ("linear_1", "unused"),
        ("b_1", "unused"),
        ("b_2", None),
        ("out", None),
    ]
    assert [row.mode for row in summary.layers[2].children] == ["unused", None]
    made = to_json(summary)
    assert (made["macs"], made["parameters"]) == (6 * 6 + 6 * 2, sum(p.numel() for p in model.module().parameters()))
    assert "costs leave out layers whose results nothing uses" in made["assumptions"]


def test_buffers_have_a_column_and_are_not_trained() -> None:
    text = """model M {
      input x: float[N, 3, 8, 8]
      layer norm = BatchNorm2d()
      output y = x -> norm -> Conv2d(3, 3, padding=1) -> norm
    }"""
    summary = nndsl.loads(text).summary()
    rows = list(csv.DictReader(io.StringIO(written(summary, "csv", columns=["parameters", "buffers"]))))
    assert [(row["parameters"], row["buffers"]) for row in rows] == [("6", "7"), ("84", "0"), ("0", "0")]
    shown = table(summary, columns=["parameters", "buffers"]).splitlines()
    assert [line.split()[-2:] for line in shown[6:9]] == [["6", "7"], ["84", "–"], ["shared", "shared"]]
    assert "buffers            7  (not trained)" in shown
    module = nndsl.loads(text).module()
    assert sum(b.numel() for b in module.buffers()) == summary.buffers == 7
    assert sum(p.numel() for p in module.parameters() if p.requires_grad) == summary.trainable == 90


@pytest.mark.parametrize(("device", "dtype"), [("mi300x", "float64"), ("m2", "bfloat16"), ("v100", "bfloat16")])
def test_a_rate_that_no_table_tells_gives_no_time(device: str, dtype: str) -> None:
    summary = nndsl.loads("model M { input x: float[N, 8]  output y = x -> Linear(4) }").summary(
        device=device, dtype=dtype
    )
    assert summary.seconds is None
    assert f"how fast it is in {dtype} is not told" in str(summary)


def test_only_what_is_named_alike_is_told_as_one() -> None:
    """A borrowed layer is not one with a layer of the block's own, nor `head` with `flow_head`."""
    text = """
block Wrap(f: layer) {
  input x: [N, D]
  x -> f -> g: Linear(D) -> flow_head: Linear(D) -> head: Linear(D) -> fc1: Linear(D) -> fc2: Linear(D)
}
model M {
  input x: float[N, 4]
  layer f = Linear(4)
  output y: [N, 4] = x -> Wrap(f) -> f
}
"""
    wrap, _ = nndsl.loads(text).summary().layers
    assert [(row.path, row.shared) for row in wrap.children] == [
        ("f", True), ("g", False), ("flow_head", False), ("head", False), ("fc1…fc2", False),
    ]  # fmt: skip
