"""The parts of Stable Diffusion in plain PyTorch."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.parity.zoo.case import Case


class Attention(nn.Module):
    """As in CompVis/latent-diffusion, with the softmax written out."""

    def __init__(self, dim: int, context_dim: int | None = None, heads: int = 8, bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(dim, dim, bias=bias)
        self.to_k = nn.Linear(context_dim or dim, dim, bias=bias)
        self.to_v = nn.Linear(context_dim or dim, dim, bias=bias)
        self.to_out = nn.Linear(dim, dim)

    def forward(
        self, x: torch.Tensor, context: torch.Tensor | None = None, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        context = x if context is None else context
        n, length, dim = x.shape

        def split(y: torch.Tensor) -> torch.Tensor:
            return y.view(n, -1, self.heads, dim // self.heads).transpose(1, 2)

        q, k, v = split(self.to_q(x)), split(self.to_k(context)), split(self.to_v(context))
        scores = q @ k.transpose(-1, -2) * (dim // self.heads) ** -0.5
        if mask is not None:
            scores = scores + mask
        mixed = scores.softmax(dim=-1) @ v
        return self.to_out(mixed.transpose(1, 2).reshape(n, length, dim))


class TextLayer(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads=heads, bias=True)
        self.norm2 = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        length = x.shape[1]
        mask = torch.full((length, length), float("-inf"), dtype=x.dtype).triu(1)
        x = x + self.attn(self.norm1(x), mask=mask)
        h = self.fc1(self.norm2(x))
        return x + self.fc2(h * torch.sigmoid(1.702 * h))


class TextEncoder(nn.Module):
    def __init__(self, vocab: int, length: int, dim: int, depth: int, heads: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab, dim)
        self.positions = nn.Parameter(torch.empty(length, dim))
        self.layers = nn.ModuleList(TextLayer(dim, heads) for _ in range(depth))
        self.final_norm = nn.LayerNorm(dim)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.embedding(tokens) + self.positions[: tokens.shape[1]]
        for layer in self.layers:
            x = layer(x)
        return self.final_norm(x)


class ResBlock(nn.Module):
    def __init__(self, width_in: int, width: int, groups: int, eps: float = 1e-6, time_dim: int | None = None) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, width_in, eps=eps)
        self.conv1 = nn.Conv2d(width_in, width, 3, padding=1)
        if time_dim is not None:
            self.time = nn.Linear(time_dim, width)
        self.norm2 = nn.GroupNorm(groups, width, eps=eps)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.shortcut = nn.Identity() if width_in == width else nn.Conv2d(width_in, width, 1)

    def forward(self, x: torch.Tensor, t: torch.Tensor | None = None) -> torch.Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        if t is not None:
            h = h + self.time(F.silu(t))[..., None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return self.shortcut(x) + h


class SpatialAttention(nn.Module):
    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.attn = Attention(width, heads=1, bias=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(x).flatten(2).transpose(1, 2)
        return x + self.attn(h).transpose(1, 2).view(x.shape)


def middle(width: int, groups: int) -> nn.Sequential:
    return nn.Sequential(
        ResBlock(width, width, groups), SpatialAttention(width, groups), ResBlock(width, width, groups)
    )


class LatentEncoder(nn.Module):
    """Of three levels."""

    def __init__(self, widths: tuple[int, int, int], latent: int, groups: int) -> None:
        super().__init__()
        a, b, c = widths
        self.conv_in = nn.Conv2d(3, a, 3, padding=1)
        self.down0 = nn.Sequential(ResBlock(a, a, groups), ResBlock(a, a, groups))
        self.downsample0 = nn.Conv2d(a, a, 3, stride=2)
        self.down1 = nn.Sequential(ResBlock(a, b, groups), ResBlock(b, b, groups))
        self.downsample1 = nn.Conv2d(b, b, 3, stride=2)
        self.down2 = nn.Sequential(ResBlock(b, c, groups), ResBlock(c, c, groups))
        self.mid = middle(c, groups)
        self.norm_out = nn.GroupNorm(groups, c, eps=1e-6)
        self.conv_out = nn.Conv2d(c, 2 * latent, 3, padding=1)
        self.quant_conv = nn.Conv2d(2 * latent, 2 * latent, 1)

    def forward(self, image: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        h = self.down0(self.conv_in(image))
        h = self.down1(self.downsample0(F.pad(h, (0, 1, 0, 1))))
        h = self.down2(self.downsample1(F.pad(h, (0, 1, 0, 1))))
        h = self.conv_out(F.silu(self.norm_out(self.mid(h))))
        mean, logvar = torch.chunk(self.quant_conv(h), 2, dim=1)
        logvar = torch.clamp(logvar, -30.0, 20.0)
        return mean, logvar, (mean + torch.exp(0.5 * logvar) * noise) * 0.18215


class LatentDecoder(nn.Module):
    """Of three levels."""

    def __init__(self, widths: tuple[int, int, int], latent: int, groups: int) -> None:
        super().__init__()
        a, b, c = widths
        self.post_quant_conv = nn.Conv2d(latent, latent, 1)
        self.conv_in = nn.Conv2d(latent, c, 3, padding=1)
        self.mid = middle(c, groups)
        self.up2 = self.level(c, c, groups)
        self.upsample2 = nn.Conv2d(c, c, 3, padding=1)
        self.up1 = self.level(c, b, groups)
        self.upsample1 = nn.Conv2d(b, b, 3, padding=1)
        self.up0 = self.level(b, a, groups)
        self.norm_out = nn.GroupNorm(groups, a, eps=1e-6)
        self.conv_out = nn.Conv2d(a, 3, 3, padding=1)

    @staticmethod
    def level(width_in: int, width: int, groups: int) -> nn.Sequential:
        return nn.Sequential(
            ResBlock(width_in, width, groups), ResBlock(width, width, groups), ResBlock(width, width, groups)
        )

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        h = self.mid(self.conv_in(self.post_quant_conv(z / 0.18215)))
        h = self.upsample2(F.interpolate(self.up2(h), scale_factor=2.0, mode="nearest"))
        h = self.upsample1(F.interpolate(self.up1(h), scale_factor=2.0, mode="nearest"))
        return self.conv_out(F.silu(self.norm_out(self.up0(h))))


class GEGLU(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(dim, 2 * hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class SpatialTransformer(nn.Module):
    def __init__(self, width: int, context_dim: int, heads: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.proj_in = nn.Conv2d(width, width, 1)
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = Attention(width, heads=heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = Attention(width, context_dim, heads=heads)
        self.norm3 = nn.LayerNorm(width)
        self.ff_in = GEGLU(width, 4 * width)
        self.ff_out = nn.Linear(4 * width, width)
        self.proj_out = nn.Conv2d(width, width, 1)

    def forward(self, x: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        n, c, height, width = x.shape
        h = self.proj_in(self.norm(x)).view(n, c, height * width).permute(0, 2, 1)
        h = self.attn1(self.norm1(h)) + h
        h = self.attn2(self.norm2(h), context) + h
        h = self.ff_out(self.ff_in(self.norm3(h))) + h
        return self.proj_out(h.permute(0, 2, 1).reshape(n, c, height, width)) + x


def timestep_embedding(t: torch.Tensor, dim: int, dtype: torch.dtype) -> torch.Tensor:
    half = dim // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=dtype) / half)
    angles = t[:, None].to(dtype) * frequencies[None]
    return torch.cat([torch.cos(angles), torch.sin(angles)], dim=-1)


class ConditionalUNet(nn.Module):
    """Of two levels, the first of which looks at the text."""

    def __init__(self, width: int, latent: int, context_dim: int, heads: int, groups: int) -> None:
        super().__init__()
        a, b, t = width, 2 * width, 4 * width
        self.width = width

        def resnet(width_in: int, width_out: int) -> ResBlock:
            return ResBlock(width_in, width_out, groups, 1e-5, t)

        def attention(width: int) -> SpatialTransformer:
            return SpatialTransformer(width, context_dim, heads, groups)

        self.time_embedding = nn.Sequential(nn.Linear(a, t), nn.SiLU(), nn.Linear(t, t))
        self.conv_in = nn.Conv2d(latent, a, 3, padding=1)
        self.down0_resnet0, self.down0_attention0 = resnet(a, a), attention(a)
        self.down0_resnet1, self.down0_attention1 = resnet(a, a), attention(a)
        self.downsample0 = nn.Conv2d(a, a, 3, stride=2, padding=1)
        self.down1_resnet0, self.down1_resnet1 = resnet(a, b), resnet(b, b)
        self.mid_resnet0, self.mid_attention, self.mid_resnet1 = resnet(b, b), attention(b), resnet(b, b)
        self.up1_resnet0, self.up1_resnet1, self.up1_resnet2 = resnet(b + b, b), resnet(b + b, b), resnet(b + a, b)
        self.upsample1 = nn.Conv2d(b, b, 3, padding=1)
        self.up0_resnet0, self.up0_attention0 = resnet(b + a, a), attention(a)
        self.up0_resnet1, self.up0_attention1 = resnet(a + a, a), attention(a)
        self.up0_resnet2, self.up0_attention2 = resnet(a + a, a), attention(a)
        self.norm_out = nn.GroupNorm(groups, a)
        self.conv_out = nn.Conv2d(a, latent, 3, padding=1)

    def forward(self, x: torch.Tensor, timestep: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        t = self.time_embedding(timestep_embedding(timestep, self.width, x.dtype))
        h0 = self.conv_in(x)
        h1 = self.down0_attention0(self.down0_resnet0(h0, t), context)
        h2 = self.down0_attention1(self.down0_resnet1(h1, t), context)
        h3 = self.downsample0(h2)
        h4 = self.down1_resnet0(h3, t)
        h5 = self.down1_resnet1(h4, t)
        h = self.mid_resnet1(self.mid_attention(self.mid_resnet0(h5, t), context), t)
        h = self.up1_resnet0(torch.cat([h, h5], dim=1), t)
        h = self.up1_resnet1(torch.cat([h, h4], dim=1), t)
        h = self.up1_resnet2(torch.cat([h, h3], dim=1), t)
        h = self.upsample1(F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.up0_attention0(self.up0_resnet0(torch.cat([h, h2], dim=1), t), context)
        h = self.up0_attention1(self.up0_resnet1(torch.cat([h, h1], dim=1), t), context)
        h = self.up0_attention2(self.up0_resnet2(torch.cat([h, h0], dim=1), t), context)
        return self.conv_out(F.silu(self.norm_out(h)))


LATENT = {"widths": [4, 8, 8], "latent": 2, "groups": 2}
UNET = {"width": 8, "factors": [1, 2], "heads": 2, "latent": 2, "context_dim": 6, "groups": 4}
TEXT = {"vocab": 11, "length": 7, "dim": 8, "depth": 2, "heads": 2}
CASES = [
    Case(
        "latent_diffusion:TextEncoder",
        lambda: TextEncoder(11, 7, 8, 2, 2),
        {"N": 2, "T": 5},
        TEXT,
        limits={"tokens": 11},
    ),
    Case("latent_diffusion:LatentEncoder", lambda: LatentEncoder((4, 8, 8), 2, 2), {"N": 2, "H": 8, "W": 12}, LATENT),
    Case("latent_diffusion:LatentDecoder", lambda: LatentDecoder((4, 8, 8), 2, 2), {"N": 2, "H": 3, "W": 2}, LATENT),
    Case(
        "latent_diffusion:ConditionalUNet",
        lambda: ConditionalUNet(8, 2, 6, 2, 4),
        {"N": 2, "H": 4, "W": 6, "T": 3},
        UNET,
        limits={"timestep": 1000},
    ),
]
# CLIP ViT-L/14's text encoder, and Stable Diffusion 1's U-Net and autoencoder (83,653,863 in both halves).
COUNTED = {
    "latent_diffusion:TextEncoder": 123_060_480,
    "latent_diffusion:LatentEncoder": 34_163_664,
    "latent_diffusion:LatentDecoder": 83_653_863 - 34_163_664,
    "latent_diffusion:ConditionalUNet": 859_520_964,
}
