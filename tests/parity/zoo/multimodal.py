"""Vision Transformers, and models of images or speech with text, against torchvision and transformers."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import SwinTransformer

from tests.parity.zoo.case import Case


def tiny_swin() -> nn.Module:
    """Sides of 17, 9, 5 and 3 patches: margins to the windows at each, and to an even side."""
    return SwinTransformer(
        [4, 4], 8, [2, 2, 2, 2], [1, 2, 2, 4], [4, 4], mlp_ratio=2.5, stochastic_depth_prob=0.0, num_classes=10
    )


CASES = [
    Case(
        "swin:Swin",
        tiny_swin,
        {"N": 2},
        {
            "dim": 8,
            "depths": [2, 2, 2, 2],
            "heads": [1, 2, 2, 4],
            "drop_path": 0.0,
            "size": 68,
            "window": 4,
            "mlp_ratio": 2.5,
            "classes": 10,
        },
    ),
]
COUNTED: dict[str, Callable[[], nn.Module]] = {
    "swin:SwinT": models.swin_t,
    "swin:SwinS": models.swin_s,
    "swin:SwinB": models.swin_b,
}
