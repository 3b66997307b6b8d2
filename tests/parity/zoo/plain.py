"""What no library offers whole, in plain PyTorch: a Transformer with its table of words, and a layer of experts."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn


class Positioned(nn.Module):
    """Has a table of words."""

    def embedded(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens)
        half = x.shape[-1] // 2
        frequency = torch.exp(-math.log(10000.0) / half * torch.arange(half, dtype=torch.float32))
        angle = torch.arange(x.shape[1], dtype=torch.float32)[:, None] * frequency
        waves = torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)
        return x * x.shape[-1] ** 0.5 + waves.to(x.dtype)


class Encoder(Positioned):
    """torch.nn.TransformerEncoder behind a table of words with positions."""

    def __init__(
        self,
        vocab: int = 37000,
        dim: int = 512,
        depth: int = 6,
        heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        layer = nn.TransformerEncoderLayer(dim, heads, hidden, dropout, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.dropout(self.embedded(tokens)))


class Translator(Positioned):
    """torch.nn.Transformer between a table of words with positions, and the same table."""

    def __init__(self, dim: int, vocab: int, **options: Any) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.transformer = nn.Transformer(dim, batch_first=True, **options)
        self.transformer.encoder.use_nested_tensor = False  # answers at padded positions, too

    def forward(
        self, source: torch.Tensor, source_mask: torch.Tensor, target: torch.Tensor, target_mask: torch.Tensor
    ) -> torch.Tensor:
        length = target.shape[1]
        states = self.transformer(
            self.embedded(source),
            self.embedded(target),
            tgt_mask=torch.ones(length, length, dtype=torch.bool).triu(1),
            src_key_padding_mask=~source_mask,
            tgt_key_padding_mask=~target_mask,
            memory_key_padding_mask=~source_mask,
        )
        return states @ self.embedding.weight.T


class Mixture(nn.Module):
    """Each token to its experts, one after the other; and Switch's loss of balance over all of them."""

    def __init__(self, dim: int, experts: int, chosen: int, hidden: int) -> None:
        super().__init__()
        self.chosen, self.experts_count = chosen, experts
        self.gate = nn.Linear(dim, experts, bias=False)
        self.experts = nn.Module()
        self.experts.gate_up_proj = nn.Parameter(torch.empty(experts, 2 * hidden, dim))
        self.experts.down_proj = nn.Parameter(torch.empty(experts, dim, hidden))

    def expert(self, number: int, token: torch.Tensor) -> torch.Tensor:
        gate, up = (self.experts.gate_up_proj[number] @ token).chunk(2)
        return self.experts.down_proj[number] @ (nn.functional.silu(gate) * up)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = x.flatten(0, 1)
        likely = self.gate(tokens).softmax(dim=-1)
        load = torch.zeros(self.experts_count, dtype=x.dtype)
        answers = []
        for token, chances in zip(tokens, likely, strict=True):
            chosen = chances.argsort(descending=True)[: self.chosen].tolist()
            total = sum(chances[i] for i in chosen)
            answers.append(sum(chances[i] / total * self.expert(i, token) for i in chosen))
            load[chosen] += 1 / len(tokens)
        return torch.stack(answers).view(x.shape), self.experts_count * (load * likely.mean(dim=0)).sum()
