"""Inputs for verification: numbers that mean something to the layers, sizes that every layer accepts, masks that mask
something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nndsl
from nndsl.backends.onnx import feeds
from nndsl.backends.onnx.ranges import ranges

Sizes = dict[str, int]


def test_tokens_stay_inside_the_vocabulary() -> None:
    """Through a block, a reshape and a second, smaller table."""
    text = """
    block Look(size: int) {
      input x: int[B, T]
      x -> Embedding(size, 4)
    }
    model M {
      input tokens: int[B, T]
      input kind: int[B]
      output y = (tokens -> Look(50)) + (tokens -> Look(9))
      output z = kind -> Reshape(B, 1) -> Embedding(3, 4)
    }
    """
    graph = nndsl.loads(text, "M").ir
    found = ranges(graph)
    most = [[limit.domain.most for limit in found[id(value)]] for value in graph.inputs]
    assert most == [[49, 8], [2]]
    for which in range(20):
        tokens, kind = feeds.inputs(graph, {"B": 5, "T": 40}, np.float32, which)
        assert tokens.shape == (5, 40)
        assert 0 <= tokens.min() <= tokens.max() < 9
        assert kind.max() < 3


def test_sizes_suit_every_layer() -> None:
    """A 7x7 filter after a pooling by 4 needs at least 28 rows, which no `require` says."""
    graph = nndsl.loads("model M { input x: float[N, 3, H, W]  output y = x -> MaxPool2d(4) -> Conv2d(2, 7) }").ir
    first, second = feeds.sizes(graph, 0), feeds.sizes(graph, 1)
    assert min(first["H"], first["W"], second["H"], second["W"]) >= 28
    assert all(first[name] != second[name] for name in "NHW")


def test_required_facts_hold() -> None:
    text = "model M {\n input x: float[N, 3, H, W]\n require H % 32 == 0 and H == W\n output y = x -> ReLU\n}"
    for which in range(3):
        found = feeds.sizes(nndsl.loads(text).ir, which)
        assert found["H"] % 32 == 0
        assert found["H"] == found["W"]


def test_masks_hide_some_and_not_all() -> None:
    graph = nndsl.loads("model M { input x: float[B, T]  input m: bool[B, T]  output y = (m, x) -> Where(other=0) }").ir
    mask = feeds.inputs(graph, {"B": 3, "T": 6}, np.float32, 0)[1]
    assert mask.any(axis=-1).all()
    assert not mask.all(axis=-1).any()


# --- whole numbers ----------------------------------------------------------------------------------------------------


def drawn(body: str, sizes: Sizes, attempt: int = 0, runs: int = 20) -> list[list[Any]]:
    """What the inputs of a model are given, in several runs."""
    graph = nndsl.loads(f"model M {{\n{body}\n}}").ir
    return [feeds.inputs(graph, sizes, np.float32, seed, attempt) for seed in range(runs)]


@pytest.mark.parametrize(
    ("use", "low", "high"),
    [
        ("k -> Embedding(7, 2)", 0, 6),
        ("k + 1 -> Embedding(7, 2)", -1, 5),
        ("k - 2 -> Embedding(7, 2)", 2, 8),
        ("8 - k -> Embedding(7, 2)", 2, 8),
        ("-k -> Embedding(7, 2)", -6, 0),
        ("k * 3 -> Embedding(7, 2)", 0, 2),
        ("(k - 1) * 2 + 4 -> Embedding(7, 2)", -1, 2),
        ("k -> Reshape(-1, 1) -> Embedding(7, 2)", 0, 6),
        ("k -> Cast(int32) -> Embedding(7, 2)", 0, 6),
        ("k + N -> Embedding(7, 2)", -5, 1),
        ("k -> Clamp(min=0, max=6) -> Embedding(7, 2)", -4, 8),
        ("k % 7 -> Embedding(7, 2)", -4, 8),
        ("k -> OneHot(4)", 0, 3),
        ("x[:, k]", 0, 8),
        ("x[k]", 0, 4),
        ("(x, k) -> IndexSelect(-1)", 0, 8),
        ("(x, k[:, none]) -> Gather(1)", 0, 8),
        ("12 // k", 1, 8),
        ("12 % k", 1, 8),
        ("2 ** k", 0, 3),
        ("k + 1", -4, 8),
    ],
)
def test_numbers_are_those_that_layers_take(use: str, low: int, high: int) -> None:
    """All of them, and no others, whatever arithmetic comes before."""
    body = f" input x: float[N, T]\n input k: int[N]\n output y = {use}\n output z = x -> Tanh"
    found = np.concatenate([k.reshape(-1) for _, k in drawn(body, {"N": 5, "T": 9}, runs=100)])
    assert (found.min(), found.max()) == (low, high)


def test_lengths_are_those_of_sequences() -> None:
    body = " input x: float[N, T, 3]\n input k: int[N]\n h, last = (x, lengths: k) -> GRU(4)\n output y = h"
    found = np.concatenate([k for _, k in drawn(body, {"N": 5, "T": 9})])
    assert (found.min(), found.max()) == (1, 9)


@pytest.mark.parametrize("closed", ["true", "false"])
def test_offsets_ascend(closed: str) -> None:
    body = (
        " input ids: int[T]\n input offsets: int[B]\n"
        f" output y = (ids, offsets) -> EmbeddingBag(6, 2, include_last_offset={closed})"
    )
    for ids, offsets in drawn(body, {"T": 7, "B": 4}):
        assert ids.max() <= 5
        assert offsets[0] == 0
        assert (np.diff(offsets) >= 0).all()
        assert offsets[-1] == 7 if closed == "true" else offsets[-1] <= 7


def test_what_is_ranked_is_distinct() -> None:
    """Of equal numbers PyTorch's topk takes any; where an index cannot be distinct, it is in range all the same."""
    body = " input k: int[N, T]\n v, at = k * 2 -> TopK(3)\n output y = v\n output z = at"
    for (k,) in drawn(body, {"N": 4, "T": 30}):
        assert len(np.unique(k)) == k.size
    for (k,) in drawn(f"{body}\n output e = k -> Embedding(7, 2)", {"N": 4, "T": 30}):
        assert 0 <= k.min() <= k.max() <= 6
    for (k,) in drawn(f"{body}\n output e = k -> Embedding(120, 2)", {"N": 4, "T": 30}):
        assert sorted(k.reshape(-1)) == list(range(120))


def test_what_nothing_is_known_of() -> None:
    body = " input a: int[N]\n input b: uint8[N]\n input c: int8[N]\n output y = a + 1\n output z = b + c"
    a, b, c = (np.concatenate(parts) for parts in zip(*drawn(body, {"N": 9}), strict=True))
    assert (a.min(), b.min(), c.min()) == (-4, 0, -4)
    assert (a.dtype, b.dtype, c.dtype) == (np.int64, np.uint8, np.int8)


# --- models whose numbers must be right -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        # offsets of bags, with and without the end
        " input ids: int[T]\n input at: int[B]\n output y = (ids, at) -> EmbeddingBag(10, 4)",
        ' input ids: int[T]\n input at: int[B]\n output y = (ids, at) -> EmbeddingBag(10, 4, mode="max")',
        " input ids: int[T]\n input at: int[B]\n output y = (ids, at) -> EmbeddingBag(9, 4, include_last_offset=true)",
        " input ids: int[T]\n input at: int[B]\n input w: float[T]\n"
        ' output y = (ids, at, w) -> EmbeddingBag(10, 4, mode="sum", padding_idx=2)',
        # arithmetic that no rule follows: tamer numbers are tried
        " input k: int[N, 3]\n output y = k -> Sum(dim=1) -> Embedding(3, 4)",
        " input k: int[N]\n input j: int[N]\n output y = k + j -> Embedding(2, 4)",
        " input x: float[N, 3]\n output y = x * 4 -> Cast(int) -> Embedding(4, 2)",
        # signs
        " input k: int[N]\n input j: int[N]\n output a = k // j\n output b = k % j\n output c = k // -3\n"
        " output d = k % -3\n output e = -7 // j\n output f = k -> Abs",
        " input k: int[N]\n input j: int[N]\n output y = k ** j\n output z = 3 ** j",
    ],
)
def test_models_are_run_with_what_they_take(body: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert nndsl.loads(f"model M {{\n{body}\n}}").export(tmp_path / "m.onnx").verified


def test_results_that_are_numbers_are_preferred(tmp_path: Path) -> None:
    """A mean of logarithms of both signs is NaN, whatever a wrong file would compute."""
    pytest.importorskip("onnxruntime")
    from nndsl.backends.onnx.verify import verify
    from nndsl.oracle import TorchReference

    model = nndsl.loads("model M { input x: float[N, 8]\n output y = x -> Log -> Mean(dim=1) }")
    other = nndsl.loads("model M { input x: float[N, 8]\n output y = (x -> Log -> Mean(dim=1)) + 1 }")
    model.export(tmp_path / "m.onnx")
    assert verify(tmp_path / "m.onnx", TorchReference(model), model.ir) == []
    (found,) = verify(tmp_path / "m.onnx", TorchReference(other), model.ir)
    assert found.code == "onnx-mismatch"


def test_results_that_are_never_numbers_hide_nothing(tmp_path: Path) -> None:
    """All is NaN in the end; so the layers before are compared themselves."""
    pytest.importorskip("onnxruntime")
    from nndsl.backends.onnx.verify import verify
    from nndsl.oracle import TorchReference

    model = nndsl.loads("model M { input x: float[N, 8]\n output y = (x -> fc: Linear(4) -> Tanh) - 9 -> Log }")
    weights = {"fc.weight": np.ones((4, 8)), "fc.bias": np.zeros(4)}
    model.export(tmp_path / "m.onnx", weights)
    assert verify(tmp_path / "m.onnx", TorchReference(model, weights), model.ir) == []
    other = TorchReference(model, weights | {"fc.bias": np.ones(4)})
    (found,) = verify(tmp_path / "m.onnx", other, model.ir)
    assert (found.code, found.hints) == ("onnx-mismatch", ["the first layer that differs is fc"])


@pytest.mark.parametrize("odd", ["ONNX", "PyTorch", "the spec"])
def test_equal_numbers_of_another_type_are_not_the_same(odd: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from nndsl.backends.onnx.verify import verify
    from nndsl.oracle import TorchReference

    whole, floating = (nndsl.loads(f"model M {{\n input x: int[N]\n output y = x * {k}\n}}") for k in ("2", "2.0"))
    (floating if odd == "ONNX" else whole).export(tmp_path / "m.onnx")
    reference = TorchReference(floating if odd == "PyTorch" else whole)
    spec = floating if odd == "the spec" else whole
    (found,) = verify(tmp_path / "m.onnx", reference, spec.ir)
    types = {"the spec": "int64", "ONNX": "int64", "PyTorch": "int64"} | {odd: "float32"}
    said = "the output y is {the spec} in the spec, {ONNX} in ONNX and {PyTorch} in PyTorch".format(**types)
    assert (found.code, found.message) == ("onnx-mismatch", said)


def test_what_pytorch_cannot_run_is_said(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    model = nndsl.loads("model M { input x: float[N]  output y = x -> Tanh }")

    class Broken:
        def __call__(self, inputs: Any) -> Any:
            raise RuntimeError("no such thing")

    from nndsl.backends.onnx.verify import verify

    model.export(tmp_path / "m.onnx")
    (found,) = verify(tmp_path / "m.onnx", Broken(), model.ir)
    assert (found.code, found.severity) == ("onnx-unverified", "error")
    assert found.message == "PyTorch cannot run the model at N = 2: no such thing"


@pytest.mark.parametrize(
    ("flow", "least"),
    [
        ("Pad((4, 0)) -> Conv1d(6, 3, dilation=2)", 5),
        ("Conv1d(6, 7, padding=3)", 7),
        ("Conv1d(6, 3, padding=1, stride=4) -> Conv1d(6, 5, padding=2)", 16),
        ("MaxPool1d(9, padding=4)", 9),
    ],
)
def test_windows_see_more_than_padding(flow: str, least: int) -> None:
    """A weight that only ever meets zeros could be any."""
    graph = nndsl.loads(f"model M {{ input x: float[N, 6, T]\n output y = x -> {flow} }}").ir
    first, second = feeds.sizes(graph, 0), feeds.sizes(graph, 1)
    assert second["T"] >= least
    assert first["T"] != second["T"]


def test_windows_that_no_size_fills() -> None:
    text = "model M { input x: float[N, 4, L]\n require L <= 5\n output y = x -> Conv1d(3, 3, padding=4, dilation=4) }"
    assert feeds.sizes(nndsl.loads(text).ir, 1)["L"] <= 5


def test_every_tap_of_a_filter_is_tried(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from nndsl.backends.onnx.verify import verify
    from nndsl.oracle import TorchReference

    model = nndsl.loads(
        "model M { input x: float[N, T]\n output y = x[:, none] -> Pad((8, 0)) -> c: Conv1d(1, 5, dilation=2) }"
    )
    weights = TorchReference(model).weights
    model.export(tmp_path / "m.onnx", weights)
    for tap in range(5):
        patched = weights["c.weight"].copy()
        patched[0, 0, tap] += 0.1
        (found,) = verify(tmp_path / "m.onnx", TorchReference(model, {**weights, "c.weight": patched}), model.ir)
        assert found.code == "onnx-mismatch"
