"""Record what the reference models do: `python -m tests.parity.generate [NAME …]` from the repository root.

Runs in an environment of its own with torch, a torchvision that fits it, and numpy."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision import models  # type: ignore[import-not-found]

from tests.parity import weights

FIXTURES = Path(__file__).parent / "fixtures"


@dataclass
class Case:
    """`spec`: the model in the zoo. `shape`: its input's; None records the state dict only (on `meta`)."""

    spec: str
    build: Callable[..., nn.Module]
    options: dict[str, Any]
    shape: tuple[int, ...] | None = None
    train: bool = False
    name: str = ""
    settings: dict[str, Any] | None = None  # hyperparameters of ours, when not the defaults

    @property
    def file(self) -> Path:
        return FIXTURES / f"{self.name or self.spec.split(':')[1]}.json"


TINY_VIT: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 8,
    "num_layers": 2,
    "num_heads": 4,
    "hidden_dim": 32,
    "mlp_dim": 64,
}
TINY_VIT |= {"dropout": 0.1, "num_classes": 10}
OUR_TINY_VIT: dict[str, Any] = {
    "size": 32,
    "patch": 8,
    "depth": 2,
    "heads": 4,
    "dim": 32,
    "hidden": 64,
    "dropout": 0.1,
    "classes": 10,
}
OLD_INIT = {"init_weights": True}  # torchvision asks to be told; True is what it does anyway

CASES = [
    Case("alexnet:AlexNet", models.alexnet, {}, (2, 3, 224, 224), train=True),
    Case("vgg:VGG11", models.vgg11, {}, (1, 3, 224, 224)),
    Case("vgg:VGG11BN", models.vgg11_bn, {}, (1, 3, 224, 224), train=True),
    Case("vgg:VGG13", models.vgg13, {}),
    Case("vgg:VGG13BN", models.vgg13_bn, {}),
    Case("vgg:VGG16", models.vgg16, {}),
    Case("vgg:VGG16BN", models.vgg16_bn, {}),
    Case("vgg:VGG19", models.vgg19, {}),
    Case("vgg:VGG19BN", models.vgg19_bn, {}),
    Case("googlenet:GoogLeNet", models.googlenet, OLD_INIT, (2, 3, 96, 128), train=True),
    Case("resnet:ResNet18", models.resnet18, {}, (2, 3, 64, 96), train=True),
    Case("resnet:ResNet34", models.resnet34, {}, (1, 3, 64, 64)),
    Case("resnet:ResNet50", models.resnet50, {}, (2, 3, 64, 64), train=True),
    Case("resnet:ResNet101", models.resnet101, {}),
    Case("resnet:ResNet152", models.resnet152, {}),
    Case("resnet:ResNeXt50_32x4d", models.resnext50_32x4d, {}, (1, 3, 64, 64)),
    Case("resnet:WideResNet50_2", models.wide_resnet50_2, {}, (1, 3, 64, 64)),
    Case("vit:ViTB16", models.vit_b_16, {}, (1, 3, 224, 224)),
    Case("vit:ViTB32", models.vit_b_32, {}, (1, 3, 224, 224)),
    Case("vit:ViTL16", models.vit_l_16, {}),
    Case(
        "vit:ViT",
        models.VisionTransformer,
        TINY_VIT,
        (2, 3, 32, 32),
        train=True,
        name="ViT-tiny",
        settings=OUR_TINY_VIT,
    ),
]


def record(case: Case) -> dict[str, Any]:
    torch.manual_seed(0)
    with torch.device("cpu" if case.shape else "meta"):
        module = case.build(**case.options)
    found: dict[str, Any] = {
        "spec": case.spec,
        "settings": case.settings or {},
        "state": weights.signature(module),
    }
    found["parameters"] = sum(p.numel() for p in module.parameters())
    if case.build is not models.VisionTransformer:
        # Billions of multiply-accumulates for a picture of 224×224, as torchvision publishes them.
        published = models.get_model_weights(case.build)
        found["gmacs"] = next(iter(published)).meta["_ops"]
    if case.shape is None:
        return found
    found["input"] = list(case.shape)
    found["first_values"] = weights.first_values(module)
    weights.fill(module)
    image = weights.picture(*case.shape)
    found["eval"] = weights.observe(module, [image], train=False)
    if case.train:
        found["train"] = weights.observe(module, [image], train=True)
    return found


def rounded(value: Any) -> Any:
    """12 digits: more than the comparison asks for, half the size."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def main(wanted: list[str]) -> None:
    FIXTURES.mkdir(exist_ok=True)
    for case in CASES:
        if wanted and case.file.stem not in wanted:
            continue
        found = rounded(record(case))
        lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
        case.file.write_text(f"{{\n{lines}\n}}\n")
        print(case.file.name, case.file.stat().st_size)


if __name__ == "__main__":
    main(sys.argv[1:])
