"""GoogLeNet in PyTorch, from models/googlenet.nn."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GoogLeNetOutput(NamedTuple):
    logits: Tensor
    aux1: Tensor
    aux2: Tensor


class Unit(nn.Module):
    def __init__(
        self, in_channels: int, channels: int, kernel_size: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Auxiliary(nn.Module):
    """The auxiliary classifier: pooling to 4×4, a 1×1 convolution, two linear
    layers.
    """

    def __init__(self, in_channels: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.conv = Unit(in_channels, 128, 1)
        self.fc1 = nn.Linear(2048, 1024)
        self.dropout_1 = nn.Dropout(dropout)
        self.fc2 = nn.Linear(1024, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(x, 4)  # [N, in_channels, 4, 4]
        x = self.conv(x)  # [N, 128, 4, 4]
        x = x.flatten(1)  # [N, 2048]
        x = self.dropout_1(F.relu(self.fc1(x)))  # [N, 1024]
        return self.fc2(x)


class Inception(nn.Module):
    """Inception v1: four branches side by side, joined on channels (Szegedy et al.
    2014, https://arxiv.org/abs/1409.4842). The numbers are a row of table 1: #1×1,
    #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj. `kernel_size` is that of the
    third branch.
    """

    def __init__(
        self,
        in_channels: int,
        c1: int,
        r3: int,
        c3: int,
        r5: int,
        c5: int,
        pool: int,
        kernel_size: int,
    ) -> None:
        super().__init__()
        self.branch1 = Unit(in_channels, c1, 1)
        self.branch2 = nn.Sequential(Unit(in_channels, r3, 1), Unit(r3, c3, 3))
        self.branch3 = nn.Sequential(
            Unit(in_channels, r5, 1), Unit(r5, c5, kernel_size)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), Unit(in_channels, pool, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        branch1 = self.branch1(x)  # [N, c1, H, W]
        branch2 = self.branch2(x)  # [N, c3, H, W]
        branch3 = self.branch3(x)  # [N, c5, H, W]
        branch4 = self.branch4(x)  # [N, pool, H, W]
        return torch.cat([branch1, branch2, branch3, branch4], dim=1)


class GoogLeNet(nn.Module):
    """GoogLeNet, Inception v1: "Going deeper with convolutions" (Szegedy et al. 2014,
    https://arxiv.org/abs/1409.4842), table 1, with batch normalization and
    torchvision's names. Where torchvision departs from the paper it is followed, so
    that its weights load: the "5×5" branches have 3×3 filters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Unit(3, 64, 7, stride=2)
        self.conv2 = Unit(64, 64, 1)
        self.conv3 = Unit(64, 192, 3)
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32, kernel_size=3)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64, kernel_size=3)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64, kernel_size=3)
        self.aux1 = Auxiliary(512, 1000, dropout=0.7)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64, kernel_size=3)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64, kernel_size=3)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64, kernel_size=3)
        self.aux2 = Auxiliary(528, 1000, dropout=0.7)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128, kernel_size=3)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128, kernel_size=3)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128, kernel_size=3)
        self.dropout_1 = nn.Dropout(0.2)
        self.fc = nn.Linear(1024, 1000)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.01)

    def forward(self, image: Tensor) -> Tensor | GoogLeNetOutput:
        h = self.conv1(image)  # [N, 64, H // 2, W // 2]
        h = F.max_pool2d(h, 3, stride=2, ceil_mode=True)  # [N, 64, H // 4, W // 4]
        h = self.conv2(h)
        h = self.conv3(h)  # [N, 192, H // 4, W // 4]
        h = F.max_pool2d(h, 3, stride=2, ceil_mode=True)  # [N, 192, H // 8, W // 8]
        h = self.inception3a(h)  # [N, 256, H // 8, W // 8]
        h = self.inception3b(h)  # [N, 480, H // 8, W // 8]
        h = F.max_pool2d(h, 3, stride=2, ceil_mode=True)  # [N, 480, H // 16, W // 16]
        h = self.inception4a(h)  # [N, 512, H // 16, W // 16]
        if self.training:
            aux1 = self.aux1(h)  # [N, 1000]
        h = self.inception4b(h)
        h = self.inception4c(h)
        h = self.inception4d(h)  # [N, 528, H // 16, W // 16]
        if self.training:
            aux2 = self.aux2(h)  # [N, 1000]
        h = self.inception4e(h)  # [N, 832, H // 16, W // 16]
        h = F.max_pool2d(h, 2, ceil_mode=True)  # [N, 832, H // 32, W // 32]
        h = self.inception5a(h)
        h = self.inception5b(h)  # [N, 1024, H // 32, W // 32]
        h = self.dropout_1(F.adaptive_avg_pool2d(h, 1).flatten(1))  # [N, 1024]
        logits = self.fc(h)  # [N, 1000]
        if self.training:
            return GoogLeNetOutput(logits, aux1, aux2)
        return logits
