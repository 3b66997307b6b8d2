"""The library's graph layers against torch_geometric's: weights load by name, answers and gradients are equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.parity.zoo import declared  # isort: skip  # before anything imports torchvision
from torch_geometric import nn as pyg
from torch_geometric.utils import softmax

import nndsl
from tests.parity import weights

assert declared
NODES, WIDTH, FEATURES = 6, 5, 3
LOOPED = torch.tensor(
    [[0, 1, 2, 2, 4, 4, 3, 1], [1, 2, 2, 0, 1, 4, 2, 3]]
)  # two nodes are listed as their own neighbours
PLAIN = LOOPED[:, LOOPED[0] != LOOPED[1]]  # and one, 5, has none
NO_LOOPS, ALL = {"add_self_loops": False}, {"concat": False, "dropout": 0.2}
CASES: list[tuple[str, Callable[..., nn.Module], dict[str, Any], str, torch.Tensor]] = [
    ("GCNConv", pyg.GCNConv, {}, "", PLAIN),
    ("GCNConv", pyg.GCNConv, {}, "", LOOPED),
    ("GCNConv", pyg.GCNConv, {"bias": False}, "edge_weight", PLAIN),
    ("GCNConv", pyg.GCNConv, {}, "edge_weight", LOOPED),
    ("GCNConv", pyg.GCNConv, NO_LOOPS, "", LOOPED),
    ("GCNConv", pyg.GCNConv, {"normalize": False}, "edge_weight", LOOPED),
    ("GATConv", pyg.GATConv, {}, "", PLAIN),
    ("GATConv", pyg.GATConv, {"heads": 3, "negative_slope": 0.1}, "", LOOPED),
    ("GATConv", pyg.GATConv, {"heads": 2, **ALL, **NO_LOOPS, "bias": False}, "", LOOPED),
    ("GATConv", pyg.GATConv, {"heads": 2, "residual": True}, "edge_attr", LOOPED),
    ("GATConv", pyg.GATConv, {"heads": 2, **NO_LOOPS}, "edge_attr", PLAIN),
    ("TransformerConv", pyg.TransformerConv, {"heads": 2}, "", LOOPED),
    ("TransformerConv", pyg.TransformerConv, {"heads": 2, "beta": True, **ALL}, "edge_attr", LOOPED),
    ("TransformerConv", pyg.TransformerConv, {"bias": False, "root_weight": False}, "", PLAIN),
]
POOLS = {"Add": pyg.global_add_pool, "Mean": pyg.global_mean_pool, "Max": pyg.global_max_pool}


def written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def spec(block: str, options: dict[str, Any], more: str) -> str:
    arguments = "".join(f", {name}={written(value)}" for name, value in options.items())
    ports = {
        "edge_weight": "  input edge_weight: float[E]\n",
        "edge_attr": f"  input edge_attr: float[E, {FEATURES}]\n",
    }
    given = f", {more}" if more else ""
    return (
        f"model M {{\n  input x: float[N, {WIDTH}]\n  input edge_index: int[2, E]\n{ports.get(more, '')}"
        f"  output y = (x, edge_index{given}) -> f: {block}(4{arguments})\n}}\n"
    )


@pytest.mark.parametrize(("block", "reference", "options", "more", "edges"), CASES)
def test_layer(
    block: str,
    reference: Callable[..., nn.Module],
    options: dict[str, Any],
    more: str,
    edges: torch.Tensor,
    tmp_path: Path,
) -> None:
    model = nndsl.loads(spec(block, options, more))
    theirs = reference(WIDTH, 4, **options, **({"edge_dim": FEATURES} if more == "edge_attr" else {})).double()
    weights.fill(theirs)
    ours = model.module().double()
    if not options.get("root_weight", True):
        del theirs.lin_skip  # torch_geometric makes it all the same
    ours.load_state_dict({f"f.{key}": value for key, value in theirs.state_dict().items()})
    count = edges.shape[1]
    told = {"edge_weight": (count,), "edge_attr": (count, FEATURES)}
    extra = [weights.uniform(more, told[more], 0.1, 2).double()] if more else []
    gradients = []
    for module in (ours, theirs):
        x = weights.uniform("x", (NODES, WIDTH), -1, 1).double().requires_grad_()
        torch.manual_seed(0)
        y = module(x, edges, *extra)
        torch.sum(y * weights.uniform("cotangent", tuple(y.shape), -1, 1)).backward()
        assert x.grad is not None
        found = {name.removeprefix("f."): p.grad for name, p in module.named_parameters()}
        gradients.append({"y": y.detach(), "x": x.grad, **dict(sorted(found.items()))})
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-9, atol=1e-10)
    assert model.export(tmp_path / "m.onnx").verified


@pytest.mark.parametrize("pool", POOLS)
def test_pool(pool: str, tmp_path: Path) -> None:
    """The third graph has no nodes."""
    model = nndsl.loads(
        "model M {\n  input x: float[N, 5]\n  input batch: int[N]\n  input sizes: int[G]\n"
        f"  output y: [G, 5] = (x, batch, sizes) -> Global{pool}Pool\n}}\n"
    )
    x = weights.uniform("x", (NODES, WIDTH), -1, 1)
    batch, sizes = torch.tensor([0, 0, 1, 1, 1, 3]), torch.tensor([2, 3, 0, 1])
    torch.testing.assert_close(model.module()(x, batch, sizes), POOLS[pool](x, batch, 4))
    assert model.export(tmp_path / "m.onnx").verified


def test_softmax_of_segments() -> None:
    """Of large numbers, too."""
    model = nndsl.loads(
        "model M {\n  input scores: float[E, 2]\n  input segment: int[E]\n  input nodes: float[N]\n"
        "  output y = (scores, segment, nodes) -> SegmentSoftmax\n}\n"
    )
    scores = weights.uniform("scores", (8, 2), -500, 500)
    torch.testing.assert_close(model.module()(scores, LOOPED[1], torch.zeros(NODES)), softmax(scores, LOOPED[1]))
