"""Pictures that are kept, so that a change of the layout is seen by people: equal input, equal bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import nndsl

GOLDEN = Path(__file__).parents[1] / "golden" / "draw"
PICTURES = {
    "LeNet5": ("lenet.nn", {}),
    "ResNet18": ("resnet.nn", {}),
    "GoogLeNet": ("googlenet.nn", {"theme": "paper", "font": "serif"}),
    "TransformerEncoder": ("transformer_encoder.nn", {"theme": "dark"}),
    "LSTMClassifier": ("lstm_classifier.nn", {"direction": "right"}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_golden(name: str) -> None:
    """Rewritten by `UPDATE_GOLDEN=1 pytest tests/backends`."""
    file, asked = PICTURES[name]
    picture = nndsl.load(f"zoo/{file}:{name}").draw(**asked)
    path = GOLDEN / f"{name}.svg"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(picture, encoding="utf-8")
    assert picture == path.read_text(encoding="utf-8")
