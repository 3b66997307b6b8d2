"""Inputs for verification: indices that exist, sizes that every layer accepts, masks that mask something."""

from __future__ import annotations

import numpy as np

import nndsl
from nndsl.backends.onnx import feeds


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
    bounds = feeds.index_bounds(graph)
    assert [bounds[id(value)] for value in graph.inputs] == [[(0, 50), (0, 9)], [(0, 3)]]
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
