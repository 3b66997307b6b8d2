"""The networks that are compared, and their inputs."""

from __future__ import annotations

from typing import Any

import torch

import nndsl

LSTM = """\
model LSTM2 {
  input x: float[B, T, 64]
  y, _, _ = x -> lstm: LSTM(128, num_layers=2)
  output logits = y[:, -1] -> fc: Linear(10)
}
"""


FILES = {
    "ResNet18": "resnet.nn:ResNet18",
    "ResNet50": "resnet.nn:ResNet50",
    "GoogLeNet": "googlenet.nn:GoogLeNet",
    "ViTB16": "vit.nn:ViTB16",
    "Encoder": "transformer_encoder.nn:TransformerEncoder",
}


def load(name: str) -> nndsl.Model:
    return nndsl.loads(LSTM) if name == "LSTM" else nndsl.load(f"zoo/{FILES[name]}")


def inputs(name: str, batch: int = 2) -> tuple[Any, ...]:
    """Seeded example inputs."""
    torch.manual_seed(0)
    if name == "LSTM":
        return (torch.randn(batch, 32, 64),)
    if name == "Encoder":
        return (torch.randint(0, 37000, (batch, 64)),)
    return (torch.randn(batch, 3, 224, 224),)


EXPORTED = ("ResNet50", "GoogLeNet", "ViTB16", "Encoder", "LSTM")
