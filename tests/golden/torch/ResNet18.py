"""ResNet18 in PyTorch, from models/resnet.nn."""

import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut: the unit of ResNet-18 and -34 (He et al.
    2015, https://arxiv.org/abs/1512.03385, figure 5 left).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)))  # [N, channels, H, W]
        h = self.bn2(self.conv2(h))
        return F.relu(h + x)


class BasicBlockDownsample(nn.Module):
    """Two 3×3 convolutions and a shortcut: the unit of ResNet-18 and -34 (He et al.
    2015, https://arxiv.org/abs/1512.03385, figure 5 left).
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, channels, 3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)))  # [N, channels, H // 2, W // 2]
        h = self.bn2(self.conv2(h))
        shortcut = self.downsample(x)  # [N, channels, H // 2, W // 2]
        return F.relu(h + shortcut)


class ResNet18(nn.Module):
    """ResNet: "Deep residual learning for image recognition" (He, Zhang, Ren & Sun
    2015, https://arxiv.org/abs/1512.03385), table 1, with torchvision's names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(BasicBlock(64), BasicBlock(64))
        self.layer2 = nn.Sequential(
            BasicBlockDownsample(64, 128, stride=2), BasicBlock(128)
        )
        self.layer3 = nn.Sequential(
            BasicBlockDownsample(128, 256, stride=2), BasicBlock(256)
        )
        self.layer4 = nn.Sequential(
            BasicBlockDownsample(256, 512, stride=2), BasicBlock(512)
        )
        self.fc = nn.Linear(512, 1000)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)))  # [N, 64, H // 2, W // 2]
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # [N, 64, H // 4, W // 4]
        x = self.layer1(x)
        x = self.layer2(x)  # [N, 128, H // 8, W // 8]
        x = self.layer3(x)  # [N, 256, H // 16, W // 16]
        x = self.layer4(x)  # [N, 512, H // 32, W // 32]
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)  # [N, 512]
        return self.fc(x)
