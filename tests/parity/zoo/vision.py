"""Convolutional networks against torchvision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig

from tests.parity.zoo.case import Case

SIZES = {"N": 2, "H": 64, "W": 96}


def classifier(
    spec: str, build: Callable[..., nn.Module], options: Mapping[str, Any], settings: Mapping[str, Any], **more: Any
) -> Case:
    """At ten classes and other `options`; `settings` are ours for the same."""
    return Case(spec, lambda: build(**options, num_classes=10), SIZES, {**settings, "classes": 10}, **more)


def tiny_convnext(**options: Any) -> nn.Module:
    stages = [CNBlockConfig(8, 16, 2), CNBlockConfig(16, 32, 1), CNBlockConfig(32, 48, 2), CNBlockConfig(48, None, 1)]
    return models.ConvNeXt(stages, layer_scale=0.5, **options)


ROWS = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 1, 2]]
DENSE = {"growth_rate": 8, "block_config": (2, 3, 2, 2), "num_init_features": 16, "bn_size": 2, "drop_rate": 0.2}
OUR_DENSE = {"growth": 8, "depths": [2, 3, 2, 2], "width": 16, "bottleneck": 2, "dropout": 0.2}
CASES = [
    classifier("densenet:DenseNet", models.DenseNet, DENSE, OUR_DENSE),
    classifier("squeezenet:SqueezeNet10", models.squeezenet1_0, {}, {}),
    classifier("squeezenet:SqueezeNet11", models.squeezenet1_1, {}, {}),
    classifier("shufflenet:ShuffleNetV2_x0_5", models.shufflenet_v2_x0_5, {}, {}),
    classifier(
        "mobilenet:MobileNetV2",
        models.mobilenet_v2,
        {"width_mult": 0.5, "inverted_residual_setting": ROWS},
        {"width": 0.5, "rows": ROWS},
    ),
    classifier("mobilenet:MobileNetV3Small", models.mobilenet_v3_small, {}, {}),
    classifier("mobilenet:MobileNetV3Large", models.mobilenet_v3_large, {}, {}),
    classifier(
        "efficientnet:EfficientNetB0", models.efficientnet_b0, {"stochastic_depth_prob": 0.0}, {"drop_path": 0.0}
    ),
    classifier(
        "convnext:ConvNeXt",
        tiny_convnext,
        {},
        {"depths": [2, 1, 2, 1], "widths": [8, 16, 32, 48], "drop_path": 0.0, "layer_scale": 0.5},
    ),
]

COUNTED = {
    "densenet:DenseNet121": models.densenet121,
    "densenet:DenseNet161": models.densenet161,
    "densenet:DenseNet169": models.densenet169,
    "densenet:DenseNet201": models.densenet201,
    "squeezenet:SqueezeNet10": models.squeezenet1_0,
    "squeezenet:SqueezeNet11": models.squeezenet1_1,
    "shufflenet:ShuffleNetV2_x0_5": models.shufflenet_v2_x0_5,
    "shufflenet:ShuffleNetV2_x1_0": models.shufflenet_v2_x1_0,
    "mobilenet:MobileNetV2": models.mobilenet_v2,
    "mobilenet:MobileNetV3Small": models.mobilenet_v3_small,
    "mobilenet:MobileNetV3Large": models.mobilenet_v3_large,
    "efficientnet:EfficientNetB0": models.efficientnet_b0,
    "efficientnet:EfficientNetB1": models.efficientnet_b1,
    "efficientnet:EfficientNetB2": models.efficientnet_b2,
    "convnext:ConvNeXtTiny": models.convnext_tiny,
    "convnext:ConvNeXtSmall": models.convnext_small,
    "convnext:ConvNeXtBase": models.convnext_base,
}
