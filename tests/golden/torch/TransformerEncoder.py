"""TransformerEncoder in PyTorch, from models/transformer_encoder.nn."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SinusoidalPositionalEncoding(nn.Module):
    """Adds sin and cos of the position at frequencies that fall from 1 to 1 / base
    (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.5). Any length;
    no parameters. Angles are computed in float32 at any precision of the model: a
    position above 256 is no bfloat16.
    """

    def forward(self, x: Tensor) -> Tensor:
        half_dim = x.shape[2] // 2
        scale = -math.log(10000.0) / half_dim
        position = torch.arange(x.shape[1], dtype=torch.float32, device=x.device)  # [T]
        frequency = torch.arange(half_dim, dtype=torch.float32, device=x.device)
        frequency = torch.exp(scale * frequency)
        angle = torch.einsum("t, f -> t f", position, frequency)  # [T, D // 2]
        waves = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1).flatten(1)
        waves = waves.to(x.dtype)  # [T, D]
        return x + waves


class TransformerEncoderLayer(nn.Module):
    """Self-attention and a feed-forward network, each with a skip connection and a
    normalization: after the sum, or before the layer. Arguments and parameters bear
    the names of torch.nn.TransformerEncoderLayer ("Attention is all you need",
    Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).
    """

    def __init__(
        self, dim: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(
            dim, nhead, dropout=dropout, batch_first=True
        )
        self.dropout_1 = nn.Dropout(dropout)
        self.norm1 = nn.LayerNorm(dim)
        self.linear1 = nn.Linear(dim, dim_feedforward)
        self.dropout_2 = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, dim)
        self.dropout_3 = nn.Dropout(dropout)
        self.norm2 = nn.LayerNorm(dim)

    def forward(self, src: Tensor) -> Tensor:
        a = self.dropout_1(self.self_attn(src, src, src, need_weights=False)[0])
        x = self.norm1(src + a)
        f = self.dropout_2(F.relu(self.linear1(x)))  # [B, T, dim_feedforward]
        f = self.dropout_3(self.linear2(f))  # [B, T, dim]
        return self.norm2(x + f)


class TransformerEncoder(nn.Module):
    """The encoder of "Attention is all you need" (Vaswani et al. 2017,
    https://arxiv.org/abs/1706.03762), the base model of table 3. The layers bear
    torch.nn.TransformerEncoder's names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(37000, 512)
        self.positions = SinusoidalPositionalEncoding()
        self.dropout_1 = nn.Dropout(0.1)
        self.layers = nn.Sequential(
            *[TransformerEncoderLayer(512, 8) for _ in range(6)]
        )
        nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(512))

    def forward(self, tokens: Tensor) -> Tensor:
        embedded = self.embedding(tokens)  # [B, T, 512]
        embedded = self.dropout_1(self.positions(math.sqrt(512) * embedded))
        return self.layers(embedded)
