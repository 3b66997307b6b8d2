"""ViLBERT in plain PyTorch, by its paper and its authors' code; the layers of one stream are BERT's of transformers."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Asked(nn.Module):
    def __init__(self, dim: int, other: int, inner: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(dim, inner), nn.Linear(other, inner), nn.Linear(other, inner)

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, x: torch.Tensor, other: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        q, k, v = self.split(self.query(x)), self.split(self.key(other)), self.split(self.value(other))
        scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5
        shares = scores.masked_fill(~mask[:, None, None], -torch.inf).softmax(dim=-1)
        return (shares @ v).transpose(1, 2).flatten(2)


class AddNorm(nn.Module):
    def __init__(self, width: int, dim: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.dense, self.LayerNorm = nn.Linear(width, dim), nn.LayerNorm(dim, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return self.LayerNorm(self.dropout(self.dense(h)) + x)


class Half(nn.Module):
    """One stream's side of a co-attentional layer."""

    def __init__(self, dim: int, other: int, inner: int, heads: int, hidden: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.attention = Asked(dim, other, inner, heads)
        self.attended = AddNorm(inner, dim, eps, dropout)
        self.intermediate = nn.Linear(dim, hidden)
        self.output = AddNorm(hidden, dim, eps, dropout)

    def attend(self, x: torch.Tensor, other: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.attended(self.attention(x, other, mask), x)

    def feed(self, x: torch.Tensor) -> torch.Tensor:
        return self.output(F.gelu(self.intermediate(x)), x)


class ViLBert(nn.Module):
    """`text` and `image`: BERT's configurations of the two streams."""

    def __init__(
        self, text: Any, image: Any, shared: int, shared_heads: int, features: int, places: int, classes: int
    ) -> None:
        from transformers.models.bert.modeling_bert import BertEmbeddings, BertLayer

        super().__init__()
        w, r, eps, dropout = text.hidden_size, image.hidden_size, text.layer_norm_eps, text.hidden_dropout_prob
        self.embeddings = BertEmbeddings(text)
        self.features, self.places = nn.Linear(features, r), nn.Linear(places, r)
        self.norm, self.dropout = nn.LayerNorm(r, eps=eps), nn.Dropout(dropout)
        self.layer = nn.ModuleList(BertLayer(text) for _ in range(text.num_hidden_layers))
        self.v_layer = nn.ModuleList(BertLayer(image) for _ in range(image.num_hidden_layers))
        count = image.num_hidden_layers
        self.t_half = nn.ModuleList(
            Half(w, r, shared, shared_heads, text.intermediate_size, eps, dropout) for _ in range(count)
        )
        self.v_half = nn.ModuleList(
            Half(r, w, shared, shared_heads, image.intermediate_size, eps, dropout) for _ in range(count)
        )
        self.t_pooler, self.v_pooler = nn.Linear(w, shared), nn.Linear(r, shared)
        self.word_transform = nn.ModuleList([nn.Linear(w, w), nn.LayerNorm(w, eps=eps)])
        self.word_bias = nn.Parameter(torch.zeros(text.vocab_size))
        self.region_transform = nn.ModuleList([nn.Linear(r, r), nn.LayerNorm(r, eps=eps), nn.Linear(r, classes)])
        self.relationship = nn.Linear(shared, 2)

    def forward(
        self,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        types: torch.Tensor,
        regions: torch.Tensor,
        boxes: torch.Tensor,
        seen: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        w = self.embeddings(tokens, types)
        r = self.dropout(self.norm(self.features(regions) + self.places(boxes)))
        first = len(self.layer) - len(self.v_layer)
        for layer in self.layer[:first]:
            w = layer(w, mask[:, None, None])
        for i, v_layer in enumerate(self.v_layer):
            asked, told = self.t_half[i].attend(w, r, seen), self.v_half[i].attend(r, w, mask)
            w, r = self.t_half[i].feed(asked), self.v_half[i].feed(told)
            w, r = self.layer[first + i](w, mask[:, None, None]), v_layer(r, seen[:, None, None])
        both = F.relu(self.t_pooler(w[:, 0])) * F.relu(self.v_pooler(r[:, 0]))
        dense, norm = self.word_transform
        words = norm(F.gelu(dense(w))) @ self.embeddings.word_embeddings.weight.T + self.word_bias
        dense, norm, decoder = self.region_transform
        return words, decoder(norm(F.gelu(dense(r)))), self.relationship(self.dropout(both))


RENAMED = [
    ("v_embeddings.image_embeddings", "features"),
    ("v_embeddings.image_location_embeddings", "places"),
    ("v_embeddings.LayerNorm", "norm"),
    ("predictions.bias", "word_bias"),
    ("predictions.transform.dense", "word_transform.0"),
    ("predictions.transform.LayerNorm", "word_transform.1"),
    ("image_predictions.dense", "region_transform.0"),
    ("image_predictions.LayerNorm", "region_transform.1"),
    ("image_predictions.decoder", "region_transform.2"),
    ("seq_relationship", "relationship"),
    ("t_pooler.dense", "t_pooler"),
    ("v_pooler.dense", "v_pooler"),
]


def their_name(name: str) -> str:
    head, _, rest = name.partition(".")
    if head.startswith("c_layer_"):
        side, _, part = rest.partition("_")
        part = part.replace("intermediate.dense", "intermediate")
        return f"{side}_half.{head.removeprefix('c_layer_')}.{part}"
    if head.startswith(("layer_", "v_layer_")):
        stem, _, number = head.rpartition("_")
        return f"{stem}.{number}.{rest}"
    for ours, theirs in RENAMED:
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    return name
