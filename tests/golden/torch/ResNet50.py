"""ResNet50 in PyTorch, from models/resnet.nn."""

import torch.nn.functional as F
from torch import Tensor, nn


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 and a shortcut: the unit of the deeper ResNets (figure 5 right).
    The stride is the 3×3 convolution's, as in torchvision.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        outer = 4 * channels
        self.conv1 = nn.Conv2d(outer, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outer, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outer)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)))  # [N, channels, H, W]
        h = F.relu(self.bn2(self.conv2(h)))
        h = self.bn3(self.conv3(h))  # [N, outer, H, W]
        return F.relu(h + x)


class BottleneckDownsample(nn.Module):
    """1×1, 3×3, 1×1 and a shortcut: the unit of the deeper ResNets (figure 5 right).
    The stride is the 3×3 convolution's, as in torchvision.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        outer = 4 * channels
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(
            channels, channels, 3, stride=stride, padding=1, bias=False
        )
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outer, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outer)
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, outer, 1, stride=stride, bias=False),
            nn.BatchNorm2d(outer),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)))  # [N, channels, H, W]
        h = F.relu(self.bn2(self.conv2(h)))
        h = self.bn3(self.conv3(h))
        shortcut = self.downsample(x)
        return F.relu(h + shortcut)


class ResNet50(nn.Module):
    """ResNet: "Deep residual learning for image recognition" (He, Zhang, Ren & Sun
    2015, https://arxiv.org/abs/1512.03385), table 1, with torchvision's names.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(
            BottleneckDownsample(64, 64),
            Bottleneck(64),
            Bottleneck(64),
        )
        self.layer2 = nn.Sequential(
            BottleneckDownsample(256, 128, stride=2),
            *[Bottleneck(128) for _ in range(3)],
        )
        self.layer3 = nn.Sequential(
            BottleneckDownsample(512, 256, stride=2),
            *[Bottleneck(256) for _ in range(5)],
        )
        self.layer4 = nn.Sequential(
            BottleneckDownsample(1024, 512, stride=2),
            Bottleneck(512),
            Bottleneck(512),
        )
        self.fc = nn.Linear(2048, 1000)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)))  # [N, 64, H // 2, W // 2]
        x = F.max_pool2d(x, 3, stride=2, padding=1)  # [N, 64, H // 4, W // 4]
        x = self.layer1(x)  # [N, 256, H // 4, W // 4]
        x = self.layer2(x)  # [N, 512, H // 8, W // 8]
        x = self.layer3(x)  # [N, 1024, H // 16, W // 16]
        x = self.layer4(x)  # [N, 2048, H // 32, W // 32]
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)  # [N, 2048]
        return self.fc(x)
