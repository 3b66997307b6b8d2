"""Models of images with text, of speech with text, and vision Transformers."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from tests.parity.zoo.case import Case

CASES: list[Case] = []
COUNTED: dict[str, Callable[[], nn.Module]] = {}
