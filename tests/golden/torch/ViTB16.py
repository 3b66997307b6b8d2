"""ViTB16 in PyTorch, from models/vit.nn."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class EncoderBlock(nn.Module):
    """Equations 2 and 3 of the paper."""

    def __init__(
        self, dim: int, heads: int, hidden: int, dropout: float, eps: float
    ) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim, eps=eps)
        self.self_attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.dropout_1 = nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(dim, eps=eps)
        self.mlp = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, dim),
            nn.Dropout(dropout),
        )
        nn.init.xavier_uniform_(self.mlp[0].weight)
        nn.init.normal_(self.mlp[0].bias, std=1e-6)
        nn.init.xavier_uniform_(self.mlp[3].weight)
        nn.init.normal_(self.mlp[3].bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.dropout_1(self.self_attention(y, y, y, need_weights=False)[0])
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    def __init__(
        self,
        length: int,
        dim: int,
        depth: int,
        heads: int,
        hidden: int,
        dropout: float,
        eps: float,
    ) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, length, dim))
        self.dropout_1 = nn.Dropout(dropout)
        self.layers = nn.Sequential(
            OrderedDict(
                [
                    (
                        f"encoder_layer_{i}",
                        EncoderBlock(dim, heads, hidden, dropout=dropout, eps=eps),
                    )
                    for i in range(depth)
                ]
            )
        )
        self.ln = nn.LayerNorm(dim, eps=eps)
        nn.init.normal_(self.pos_embedding, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.ln(self.layers(self.dropout_1(tokens + self.pos_embedding)))


class ViTB16(nn.Module):
    """The Vision Transformer: "An image is worth 16×16 words" (Dosovitskiy et al. 2020,
    https://arxiv.org/abs/2010.11929), table 1, with torchvision's names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(1, 1, 768))
        self.conv_proj = nn.Conv2d(3, 768, 16, stride=16)
        self.encoder = Encoder(197, 768, 12, 12, 3072, dropout=0.0, eps=1e-6)
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(768, 1000)))
        nn.init.trunc_normal_(self.conv_proj.weight, std=0.03608439182435161)
        nn.init.zeros_(self.conv_proj.bias)
        nn.init.zeros_(self.heads.head.weight)
        nn.init.zeros_(self.heads.head.bias)

    def forward(self, image: Tensor) -> Tensor:
        patches = self.conv_proj(image)  # [N, 768, 14, 14]
        patches = patches.flatten(2).transpose(1, 2)  # [N, 196, 768]
        class_token = self.class_token.expand(image.shape[0], 1, 768)  # [N, 1, 768]
        tokens = torch.cat([class_token, patches], dim=1)  # [N, 197, 768]
        h = self.encoder(tokens)
        h = h[:, 0]  # [N, 768]
        return self.heads(h)
