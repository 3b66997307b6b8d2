"""Convolutional networks that torchvision lacks, in plain PyTorch from their papers."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from tests.parity.zoo.case import Case


class LeNet5(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Linear(400, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        h = F.avg_pool2d(torch.tanh(self.c1(image)), 2)
        h = F.avg_pool2d(torch.tanh(self.c3(h)), 2)
        h = torch.tanh(self.c5(h.flatten(1)))
        return self.output(torch.tanh(self.f6(h)))


class DoubleConv(nn.Sequential):
    def __init__(self, width_in: int, width_out: int, padding: int, norm: type[nn.Module]) -> None:
        super().__init__(
            nn.Conv2d(width_in, width_out, 3, padding=padding),
            norm(width_out),
            nn.ReLU(),
            nn.Conv2d(width_out, width_out, 3, padding=padding),
            norm(width_out),
            nn.ReLU(),
        )


class Up(nn.Module):
    def __init__(self, width: int, padding: int, norm: type[nn.Module]) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * width, width, kernel_size=2, stride=2)
        self.conv = DoubleConv(2 * width, width, padding, norm)

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = self.up(x)
        height, width = x.shape[2:]
        top, left = (skip.shape[2] - height) // 2, (skip.shape[3] - width) // 2
        return self.conv(torch.cat([skip[:, :, top : top + height, left : left + width], x], dim=1))


class UNet(nn.Module):
    def __init__(
        self,
        channels: int = 1,
        classes: int = 2,
        width: int = 64,
        padding: int = 0,
        norm: type[nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        self.down1 = DoubleConv(channels, width, padding, norm)
        self.down2 = DoubleConv(width, 2 * width, padding, norm)
        self.down3 = DoubleConv(2 * width, 4 * width, padding, norm)
        self.down4 = DoubleConv(4 * width, 8 * width, padding, norm)
        self.bottom = DoubleConv(8 * width, 16 * width, padding, norm)
        self.up4 = Up(8 * width, padding, norm)
        self.up3 = Up(4 * width, padding, norm)
        self.up2 = Up(2 * width, padding, norm)
        self.up1 = Up(width, padding, norm)
        self.out = nn.Conv2d(width, classes, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x1 = self.down1(image)
        x2 = self.down2(self.pool(x1))
        x3 = self.down3(self.pool(x2))
        x4 = self.down4(self.pool(x3))
        x = self.bottom(self.pool(x4))
        x = self.up4(x, x4)
        x = self.up3(x, x3)
        x = self.up2(x, x2)
        x = self.up1(x, x1)
        return self.out(x)


class ConvNormAct(nn.Sequential):
    def __init__(self, width_in: int, width_out: int, kernel_size: int = 1, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.conv = nn.Conv2d(width_in, width_out, kernel_size, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(width_out)
        self.act = nn.ReLU(inplace=True)


class DepthwiseSeparable(nn.Sequential):
    def __init__(self, width_in: int, width_out: int, stride: int) -> None:
        super().__init__()
        self.depthwise = ConvNormAct(width_in, width_in, 3, stride, groups=width_in)
        self.pointwise = ConvNormAct(width_in, width_out)


class MobileNetV1(nn.Module):
    def __init__(self, alpha: float = 1.0, classes: int = 1000, dropout: float = 0.001) -> None:
        super().__init__()

        def scaled(width: int) -> int:
            return int(width * alpha)

        stem = nn.Conv2d(3, scaled(32), 3, stride=2, padding=1, bias=False)
        layers: list[nn.Module] = [nn.Sequential(stem, nn.BatchNorm2d(scaled(32)), nn.ReLU(inplace=True))]
        widths = [32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
        for width_in, width_out in pairwise(widths):
            stride = 2 if (width_in, width_out) in ((64, 128), (128, 256), (256, 512), (512, 1024)) else 1
            layers.append(DepthwiseSeparable(scaled(width_in), scaled(width_out), stride))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(scaled(1024), classes))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.features(image)
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


CASES = [
    Case("lenet:LeNet5", lambda: LeNet5(7), {"N": 3}, {"classes": 7}),
    Case("unet:UNet", lambda: UNet(width=4), {"N": 2, "H": 188, "W": 204}, {"width": 4}),
    Case(
        "unet:UNetPadded",
        lambda: UNet(3, 5, 4, padding=1, norm=nn.BatchNorm2d),
        {"N": 2, "H": 32, "W": 48},
        {"channels": 3, "classes": 5, "width": 4},
    ),
    Case(
        "mobilenet:MobileNetV1",
        lambda: MobileNetV1(0.25, 10, 0.3),
        {"N": 2, "H": 64, "W": 96},
        {"width": 0.25, "classes": 10, "dropout": 0.3},
    ),
]
COUNTED = {"lenet:LeNet5": LeNet5, "unet:UNet": UNet, "mobilenet:MobileNetV1": MobileNetV1}
