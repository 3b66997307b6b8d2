"""Graph networks against torch_geometric, which takes lists of edges: matrices are made into those here."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch_geometric import nn as pyg

from tests.parity import weights
from tests.parity.zoo.case import Case, Tensors


class GCN(nn.Module):
    def __init__(self, features: int = 1433, hidden: int = 16, classes: int = 7, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv1 = pyg.GCNConv(features, hidden)
        self.conv2 = pyg.GCNConv(hidden, classes)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        x = F.dropout(x, self.dropout, self.training)
        x = F.relu(self.conv1(x, edge_index))
        return self.conv2(F.dropout(x, self.dropout, self.training), edge_index)


class GAT(nn.Module):
    def __init__(
        self,
        features: int = 1433,
        width: int = 8,
        heads: int = 8,
        last_heads: int = 1,
        classes: int = 7,
        dropout: float = 0.6,
    ) -> None:
        super().__init__()
        self.conv1 = pyg.GATConv(features, width, heads, dropout=dropout)
        self.conv2 = pyg.GATConv(heads * width, classes, last_heads, concat=False, dropout=dropout)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        x = F.dropout(x, self.dropout, self.training)
        x = F.elu(self.conv1(x, edge_index))
        return self.conv2(F.dropout(x, self.dropout, self.training), edge_index)


class GraphTransformer(nn.Module):
    def __init__(
        self,
        features: int = 128,
        hidden: int = 128,
        heads: int = 2,
        classes: int = 40,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"beta": True, "dropout": dropout}
        self.conv1 = pyg.TransformerConv(features, hidden // heads, heads, **options)
        self.norm1 = nn.LayerNorm(hidden)
        self.conv2 = pyg.TransformerConv(hidden, hidden // heads, heads, **options)
        self.norm2 = nn.LayerNorm(hidden)
        self.conv3 = pyg.TransformerConv(hidden, classes, heads, concat=False, **options)
        self.dropout = dropout

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor) -> torch.Tensor:
        x = F.dropout(F.relu(self.norm1(self.conv1(x, edge_index))), self.dropout, self.training)
        x = F.dropout(F.relu(self.norm2(self.conv2(x, edge_index))), self.dropout, self.training)
        return self.conv3(x, edge_index)


class GraphClassifier(nn.Module):
    """Of torch_geometric's tutorial on the classification of graphs."""

    def __init__(self, features: int = 7, hidden: int = 64, classes: int = 2) -> None:
        super().__init__()
        self.conv1 = pyg.GCNConv(features, hidden)
        self.conv2 = pyg.GCNConv(hidden, hidden)
        self.conv3 = pyg.GCNConv(hidden, hidden)
        self.lin = nn.Linear(hidden, classes)

    def forward(self, x: torch.Tensor, edge_index: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x, edge_index).relu()
        x = self.conv2(x, edge_index).relu()
        x = pyg.global_mean_pool(self.conv3(x, edge_index), batch)
        return self.lin(F.dropout(x, 0.5, self.training))


def drawn(name: str, *shape: int) -> torch.Tensor:
    """About a third of all ordered pairs of different nodes. Node 0 has no neighbours that it sees."""
    edges = weights.uniform(name, shape, 0, 1) < 0.35
    edges[..., 0, :] = False
    return edges & ~torch.eye(shape[-1], dtype=torch.bool)


def one_graph() -> torch.Tensor:
    return drawn("edges", 6, 6)


def weighed_graphs() -> torch.Tensor:
    """Three graphs in five places; places that are no nodes have no edges."""
    real = mask()
    return (drawn("graphs", 3, 5, 5) & real[:, :, None] & real[:, None, :]).float()


def mask() -> torch.Tensor:
    return torch.arange(5) < torch.tensor([[5], [3], [4]])


def edge_list(adjacency: torch.Tensor) -> torch.Tensor:
    """Sources, targets: an entry of a row is an edge to it."""
    return adjacency.nonzero().t().flip(0)


def with_edges(module: nn.Module, inputs: Tensors) -> torch.Tensor:
    return module(inputs["x"], edge_list(inputs["adjacency"]))


def with_graphs(module: nn.Module, inputs: Tensors) -> torch.Tensor:
    """Places become nodes, and the graphs one."""
    real = inputs["mask"].flatten()
    joined = torch.block_diag(*inputs["adjacency"])[real][:, real]
    batch = torch.arange(3).repeat_interleave(5)[real]
    return module(inputs["x"].flatten(0, 1)[real], edge_list(joined), batch)


def without_sizes(module: nn.Module, inputs: Tensors) -> torch.Tensor:
    return module(inputs["x"], inputs["edge_index"], inputs["batch"])


SMALL = {"features": 5, "hidden": 4, "classes": 3}
GAT_SMALL = {"features": 5, "width": 4, "heads": 2, "last_heads": 3, "classes": 3}
TRANSFORMER_SMALL = {"features": 5, "hidden": 8, "heads": 2, "classes": 3}
EDGES = {"edge_index": lambda: edge_list(one_graph())}
COUNT = int(one_graph().sum())
CASES = [
    Case(
        "gcn:GCN",
        lambda: GCN(5, 4, 3),
        {"N": 6},
        SMALL,
        feeds={"adjacency": lambda: one_graph().float()},
        call=with_edges,
    ),
    Case("gcn:SparseGCN", lambda: GCN(5, 4, 3), {"N": 6, "E": COUNT}, SMALL, feeds=EDGES),
    Case(
        "gat:GAT",
        lambda: GAT(5, 4, 2, 3, 3),
        {"N": 6},
        GAT_SMALL,
        feeds={"adjacency": one_graph},
        call=with_edges,
        train=False,  # torch_geometric drops edges in the order of its own list
    ),
    Case(
        "gat:GAT",
        lambda: GAT(5, 4, 2, 3, 3, 0.0),
        {"N": 6},
        {**GAT_SMALL, "dropout": 0.0},
        feeds={"adjacency": one_graph},
        call=with_edges,
        name="GAT-training",
    ),
    Case(
        "graph_transformer:GraphTransformer",
        lambda: GraphTransformer(5, 8, 2, 3, 0.0),
        {"N": 6},
        {**TRANSFORMER_SMALL, "dropout": 0.0},
        feeds={"adjacency": one_graph},
        call=with_edges,
    ),
    Case(
        "gat:SparseGAT",
        lambda: GAT(5, 4, 2, 3, 3),
        {"N": 6, "E": COUNT},
        GAT_SMALL,
        feeds=EDGES,
    ),
    Case(
        "graph_transformer:SparseGraphTransformer",
        lambda: GraphTransformer(5, 8, 2, 3),
        {"N": 6, "E": COUNT},
        TRANSFORMER_SMALL,
        feeds=EDGES,
    ),
    Case(
        "graph_classifier:GraphClassifier",
        lambda: GraphClassifier(5, 4, 3),
        {"B": 3, "N": 5},
        SMALL,
        feeds={"adjacency": weighed_graphs, "mask": mask},
        call=with_graphs,
    ),
    Case(
        "graph_classifier:SparseGraphClassifier",
        lambda: GraphClassifier(5, 4, 3),
        {"N": 6, "E": COUNT, "G": 3},
        SMALL,
        feeds={
            **EDGES,
            "batch": lambda: torch.tensor([0, 0, 0, 1, 2, 2]),
            "sizes": lambda: torch.tensor([3, 1, 2]),
        },
        call=without_sizes,
    ),
]
COUNTED = {
    "gcn:GCN": GCN,
    "gcn:SparseGCN": GCN,
    "gat:GAT": GAT,
    "gat:SparseGAT": GAT,
    "graph_transformer:GraphTransformer": GraphTransformer,
    "graph_transformer:SparseGraphTransformer": GraphTransformer,
    "graph_classifier:GraphClassifier": GraphClassifier,
    "graph_classifier:SparseGraphClassifier": GraphClassifier,
}
