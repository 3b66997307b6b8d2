"""One wrong number in a residual network: the CPU time until it is told, and what is told."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.highlights import add
from benchmarks.measure import ms

OURS = """\
block Unit(channels: int) {
  input x: [N, C, H, W]
  x + (x -> Conv2d(channels, 3, padding=1) -> BatchNorm2d -> ReLU)
}

model Net {
  input image: float[N, 3, 224, 224]
  output logits: [N, 10] = image -> Conv2d(16, 3, padding=1)
    -> Unit(16) -> Unit(32)
    -> AdaptiveAvgPool2d(1) -> Flatten -> Linear(10)
}
"""
TORCH = """\
import torch
from torch import nn

class Unit(nn.Module):
    def __init__(self, inner, channels):
        super().__init__()
        self.conv = nn.Conv2d(inner, channels, 3, padding=1)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return x + torch.relu(self.bn(self.conv(x)))

net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), Unit(16, 16), Unit(16, 32),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))
net(torch.randn(1, 3, 224, 224))
"""
KERAS = """\
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras
from keras import layers

def unit(x, channels):
    return layers.add([x, layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(channels, 3, padding="same")(x)))])

image = keras.Input((224, 224, 3))
x = unit(unit(layers.Conv2D(16, 3, padding="same")(image), 16), 32)
net = keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))
"""


@dataclass
class Told:
    seconds: float
    words: str


def lines() -> list[str]:
    asked = {
        "nndsl check": ([sys.executable, "-m", "nndsl", "check", "-"], OURS),
        "PyTorch, run once": ([sys.executable, "-"], TORCH),
        "Keras, built": ([sys.executable, "-"], KERAS),
    }
    found: list[str] = []
    times: dict[str, str] = {}
    for name, (command, given) in asked.items():
        runs = [_told(command, given) for _ in range(3)]
        told = sorted(runs, key=lambda run: run.seconds)[1]
        times[name] = ms(told.seconds)
        found += [f"{name}, {ms(told.seconds)}:", "", "```text", told.words, "```", ""]
    ours, *theirs = times.items()
    add("One wrong width, told", ours[1], ", ".join(f"{name}: {time}" for name, time in theirs))
    return found[:-1]


def _told(command: list[str], given: str) -> Told:
    begun = os.times()
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    ended = os.times()
    if done.returncode == 0:
        raise RuntimeError(f"{' '.join(command)}: no mistake was found")
    seconds = ended.children_user + ended.children_system - begun.children_user - begun.children_system
    text = done.stderr.strip()
    return Told(seconds, text if text.startswith("error") else text.splitlines()[-1])


if __name__ == "__main__":
    print("\n".join(lines()))
