"""Perceptrons, autoencoders, variational autoencoders, DCGAN and word2vec in plain PyTorch."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from tests.parity.zoo.case import Case


class Perceptron(nn.Module):
    def __init__(
        self, features: int = 784, hidden: tuple[int, ...] = (256, 128), classes: int = 10, dropout: float = 0.0
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(features, width), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
            features = width
        self.layers = nn.Sequential(*layers, nn.Linear(features, classes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Autoencoder(nn.Module):
    def __init__(self, features: int = 784, hidden: tuple[int, ...] = (1000, 500, 250), code: int = 30) -> None:
        super().__init__()
        encoder: list[nn.Module] = []
        width = features
        for size in hidden:
            encoder += [nn.Linear(width, size), nn.Sigmoid()]
            width = size
        encoder.append(nn.Linear(width, code))
        decoder: list[nn.Module] = []
        width = code
        for size in hidden[::-1]:
            decoder += [nn.Linear(width, size), nn.Sigmoid()]
            width = size
        decoder += [nn.Linear(width, features), nn.Sigmoid()]
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.encoder(x)
        return z, self.decoder(z)


class DenoisingAutoencoder(nn.Module):
    def __init__(self, features: int = 784, code: int = 500, corruption: float = 0.25) -> None:
        super().__init__()
        self.corruption = corruption
        self.encoder = nn.Sequential(nn.Linear(features, code), nn.Sigmoid())
        self.decoder = nn.Sequential(nn.Linear(code, features), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if self.training:
            mask = F.dropout(torch.ones_like(x), self.corruption) != 0
            x = torch.where(mask, x, torch.zeros_like(x))
        z = self.encoder(x)
        return z, self.decoder(z)


class VAE(nn.Module):
    def __init__(self, features: int = 784, hidden: int = 500, latent: int = 20) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(features, hidden), nn.Tanh())
        self.fc_mu = nn.Linear(hidden, latent)
        self.fc_logvar = nn.Linear(hidden, latent)
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.Tanh(), nn.Linear(hidden, features))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        h = self.encoder(x)
        mu, logvar = self.fc_mu(h), self.fc_logvar(h)
        z = mu + torch.randn_like(mu) * logvar.exp().sqrt() if self.training else mu
        return mu, logvar, self.decoder(z)


class ConvVAE(nn.Module):
    def __init__(
        self,
        size: int = 64,
        channels: int = 3,
        widths: tuple[int, ...] = (32, 64, 128, 256, 512),
        latent: int = 128,
    ) -> None:
        super().__init__()
        encoder = []
        last = channels
        for width in widths:
            conv = nn.Conv2d(last, width, kernel_size=3, stride=2, padding=1)
            encoder.append(nn.Sequential(conv, nn.BatchNorm2d(width), nn.LeakyReLU()))
            last = width
        self.encoder = nn.Sequential(*encoder)
        self.side = size >> len(widths)
        self.fc_mu = nn.Linear(last * self.side**2, latent)
        self.fc_logvar = nn.Linear(last * self.side**2, latent)
        self.decoder_input = nn.Linear(latent, last * self.side**2)
        decoder = []
        for width in [*widths[-2::-1], widths[0]]:
            conv = nn.ConvTranspose2d(last, width, kernel_size=3, stride=2, padding=1, output_padding=1)
            decoder.append(nn.Sequential(conv, nn.BatchNorm2d(width), nn.LeakyReLU()))
            last = width
        self.decoder = nn.Sequential(*decoder)
        self.final_layer = nn.Sequential(nn.Conv2d(last, channels, kernel_size=3, padding=1), nn.Tanh())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        h = self.encoder(image).flatten(1)
        mu, logvar = self.fc_mu(h), self.fc_logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(logvar / 2) if self.training else mu
        h = self.decoder_input(z).view(len(z), -1, self.side, self.side)
        return mu, logvar, self.final_layer(self.decoder(h))


class Generator(nn.Module):
    """Of PyTorch's DCGAN example, for images of 64×64."""

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 8),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, noise: torch.Tensor) -> torch.Tensor:
        return self.main(noise)


class Discriminator(nn.Module):
    """Of PyTorch's DCGAN example, for images of 64×64."""

    def __init__(self, nc: int = 3, ndf: int = 64) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 4),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.main(image).view(-1, 1).squeeze(1)


class SkipGram(nn.Module):
    def __init__(self, vocab: int = 30000, dim: int = 300) -> None:
        super().__init__()
        self.in_embed = nn.Embedding(vocab, dim)
        self.out_embed = nn.Embedding(vocab, dim)

    def forward(
        self, center: torch.Tensor, context: torch.Tensor, negatives: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        v = self.in_embed(center)
        positive = (v * self.out_embed(context)).sum(1)
        negative = torch.bmm(self.out_embed(negatives), v.unsqueeze(2)).squeeze(2)
        return positive, negative


class CBOW(nn.Module):
    def __init__(self, vocab: int = 30000, dim: int = 300, padding_idx: int | None = None) -> None:
        super().__init__()
        self.padding_idx = padding_idx
        self.in_embed = nn.Embedding(vocab, dim)
        self.out_embed = nn.Embedding(vocab, dim)

    def forward(
        self, context: torch.Tensor, target: torch.Tensor, negatives: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        real = torch.ones_like(context) if self.padding_idx is None else (context != self.padding_idx).long()
        summed = (self.in_embed(context) * real.unsqueeze(2)).sum(1)
        v = summed / real.sum(1, keepdim=True).clamp(min=1)
        positive = (v * self.out_embed(target)).sum(1)
        negative = torch.bmm(self.out_embed(negatives), v.unsqueeze(2)).squeeze(2)
        return positive, negative


def padded_context() -> torch.Tensor:
    """Windows at the beginning of a text, whose first places hold the padding."""
    return torch.tensor([[0, 0, 5, 3], [0, 7, 2, 2], [4, 1, 9, 8]])


def of_vocabulary(*names: str) -> dict[str, int]:
    return dict.fromkeys(names, 11)


WORDS = {"vocab": 11, "dim": 5}
CASES = [
    Case(
        "mlp:MLP",
        lambda: Perceptron(6, (5, 4), 3, 0.3),
        {"N": 4},
        {"features": 6, "hidden": [5, 4], "classes": 3, "dropout": 0.3},
    ),
    Case(
        "autoencoder:Autoencoder",
        lambda: Autoencoder(12, (9, 7), 3),
        {"N": 4},
        {"features": 12, "hidden": [9, 7], "code": 3},
    ),
    Case(
        "autoencoder:DenoisingAutoencoder",
        lambda: DenoisingAutoencoder(12, 5, 0.4),
        {"N": 4},
        {"features": 12, "code": 5, "corruption": 0.4},
    ),
    Case("vae:VAE", lambda: VAE(12, 9, 4), {"N": 3}, {"features": 12, "hidden": 9, "latent": 4}),
    Case(
        "vae:ConvVAE",
        lambda: ConvVAE(16, 2, (4, 6, 8), 5),
        {"N": 3},
        {"size": 16, "channels": 2, "widths": [4, 6, 8], "latent": 5},
    ),
    Case("gan:DCGANGenerator", lambda: Generator(6, 4), {"N": 3}, {"latent": 6, "width": 4}),
    Case("gan:DCGANDiscriminator", lambda: Discriminator(3, 4), {"N": 3}, {"width": 4}),
    Case(
        "word2vec:SkipGram",
        lambda: SkipGram(11, 5),
        {"N": 3, "K": 4},
        WORDS,
        limits=of_vocabulary("center", "context", "negatives"),
    ),
    Case(
        "word2vec:CBOW",
        lambda: CBOW(11, 5),
        {"N": 3, "K": 4, "W": 4},
        WORDS,
        limits=of_vocabulary("context", "target", "negatives"),
    ),
    Case(
        "word2vec:CBOW",
        lambda: CBOW(11, 5, padding_idx=0),
        {"N": 3, "K": 4, "W": 4},
        {**WORDS, "padding_idx": 0},
        limits=of_vocabulary("target", "negatives"),
        feeds={"context": padded_context},
        name="CBOW-padded",
    ),
]
COUNTED = {
    "mlp:MLP": Perceptron,
    "autoencoder:Autoencoder": Autoencoder,
    "autoencoder:DenoisingAutoencoder": DenoisingAutoencoder,
    "vae:VAE": VAE,
    "vae:ConvVAE": ConvVAE,
    "gan:DCGANGenerator": Generator,
    "gan:DCGANDiscriminator": Discriminator,
    "word2vec:SkipGram": SkipGram,
    "word2vec:CBOW": CBOW,
}
