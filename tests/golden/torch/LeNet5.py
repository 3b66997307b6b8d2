"""LeNet5 in PyTorch, from models/lenet.nn."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LeNet5(nn.Module):
    """LeNet-5: two convolutions, two average poolings, three linear layers.
    "Gradient-based learning applied to document recognition" (LeCun, Bottou, Bengio
    & Haffner 1998), figure 2. As in most implementations since, S2 feeds C3
    completely and the output layer is linear.
    """

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Linear(400, 120)
        self.f6 = nn.Linear(120, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.tanh(self.c1(image))  # [N, 6, 28, 28]
        x = F.avg_pool2d(x, 2)  # [N, 6, 14, 14]
        x = torch.tanh(self.c3(x))  # [N, 16, 10, 10]
        x = F.avg_pool2d(x, 2).flatten(1)  # [N, 400]
        x = torch.tanh(self.c5(x))  # [N, 120]
        x = torch.tanh(self.f6(x))  # [N, 84]
        return self.output(x)
