"""Generative and self-supervised networks in plain PyTorch, with torchvision's ResNet as their encoder."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import ResNet
from torchvision.models.resnet import Bottleneck

from tests.parity.zoo import diffusion
from tests.parity.zoo.case import Case


def encoder(depths: list[int], dim: int) -> ResNet:
    """With a head of two layers in place of the last one."""
    net = ResNet(Bottleneck, depths, num_classes=dim)
    hidden = net.fc.in_features
    net.fc = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), net.fc)
    return net


class SimCLR(nn.Module):
    def __init__(self, depths: list[int], dim: int = 128) -> None:
        super().__init__()
        self.backbone = encoder(depths, dim)
        self.projector = self.backbone.fc
        self.backbone.fc = nn.Identity()

    def forward(self, views: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = self.backbone(views)
        return h, F.normalize(self.projector(h), dim=1)


def simclr_names(name: str) -> str:
    return name.replace("fc.", "projector.") if name.startswith("fc.") else f"backbone.{name}"


class MoCo(nn.Module):
    """After facebookresearch/moco, without what distributed training adds."""

    def __init__(self, depths: list[int], dim: int = 128, K: int = 65536, T: float = 0.2) -> None:
        super().__init__()
        self.T = T
        self.encoder_q = encoder(depths, dim)
        self.encoder_k = encoder(depths, dim)
        self.register_buffer("queue", torch.randn(dim, K))

    def forward(self, im_q: torch.Tensor, im_k: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        q = F.normalize(self.encoder_q(im_q), dim=1)
        with torch.no_grad():
            k = F.normalize(self.encoder_k(im_k), dim=1)
        l_pos = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
        l_neg = torch.einsum("nc,ck->nk", [q, self.queue.clone().detach()])
        return torch.cat([l_pos, l_neg], dim=1) / self.T, k


class Siamese(nn.Module):
    def __init__(self, width: int = 64, dim: int = 4096, side: int = 6) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 10),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 7),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 4),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 4 * width, 4),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Linear(4 * width * side**2, dim),
            nn.Sigmoid(),
        )
        self.fc = nn.Linear(dim, 1)

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        distance = torch.abs(self.encoder(left) - self.encoder(right))
        return torch.sigmoid(self.fc(distance)).squeeze(1)


class Triplet(nn.Module):
    def __init__(self, width: int = 64, dim: int = 128) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, width, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 4 * width, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4 * width, dim, 2),
            nn.Flatten(),
        )

    def forward(self, *pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        anchor, positive, negative = (self.encoder(picture) for picture in pictures)
        return anchor, F.pairwise_distance(anchor, positive), F.pairwise_distance(anchor, negative)


ONES = [1, 1, 1, 1]
FULL = [3, 4, 6, 3]
CASES = [
    Case(
        "contrastive:SimCLR",
        lambda: SimCLR(ONES, 6),
        {"N": 4, "H": 64, "W": 64},
        {"depths": ONES, "dim": 6},
        names=simclr_names,
    ),
    Case(
        "contrastive:MoCo",
        lambda: MoCo(ONES, 6, 10, 0.07),
        {"N": 4, "H": 64, "W": 64},
        {"depths": ONES, "dim": 6, "length": 10, "temperature": 0.07},
    ),
    Case("siamese:Siamese", lambda: Siamese(4, 8, 1), {"N": 3}, {"size": 71, "width": 4, "dim": 8}),
    Case("siamese:Triplet", lambda: Triplet(4, 8), {"N": 3}, {"width": 4, "dim": 8}),
    *diffusion.CASES,
]
COUNTED = {
    "contrastive:SimCLR": lambda: SimCLR(FULL),
    "contrastive:MoCo": lambda: MoCo(FULL),
    "siamese:Siamese": Siamese,
    "siamese:Triplet": Triplet,
    **diffusion.COUNTED,
}
