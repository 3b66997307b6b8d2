"""What every operator's class has to say, and how operators are told apart, spelled and blamed."""

from __future__ import annotations

import re

import pytest

from nndsl.ops import everything, lookup
from nndsl.ops.schema import Op
from tests.ops.support import read_op

SHOWN = [cls for cls in everything().values() if not cls.hidden]


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.name)
def test_documentation(cls: type[Op]) -> None:
    """The first line says what it does and its shapes; each parameter is explained."""
    first = (cls.__doc__ or "").splitlines()[0]
    assert "->" in first, first
    assert first.endswith("."), first
    assert len(cls.examples) >= 3, cls.examples
    assert len(set(cls.examples)) == len(cls.examples)
    for declared in cls.params.values():
        assert declared.doc, declared.name
        assert not declared.doc.endswith("."), declared.doc


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.name)
def test_examples_show_the_operator(cls: type[Op]) -> None:
    for example in cls.examples:
        assert re.search(rf"\b{cls.name}\b", example), example


def test_lookup() -> None:
    assert lookup("Conv2d") is everything()["Conv2d"]
    assert lookup("conv2d") is None


@pytest.mark.parametrize(
    "text",
    [
        "Conv2d(64, 7, stride=2, padding=3, bias=false)",
        'Conv1d(64, [3], padding="same")',
        "MaxPool2d([3, 2], padding=1)",
        "AdaptiveAvgPool2d([7, none])",
        "Linear(10, init=xavier_uniform(gain=2.0))",
        "LayerNorm(eps=1e-06)",
        "Threshold(0.5, 20.0)",
        "BatchNorm2d(momentum=none)",
    ],
)
def test_spelling_reads_back(text: str) -> None:
    op = read_op(text)
    again = read_op(op.spell())
    assert again.key() == op.key()
    assert again.spell() == op.spell()


def test_keys_tell_operators_apart() -> None:
    assert read_op("Conv2d(4, 3)").key() == read_op("Conv2d(4, [3, 3], 1)").key()
    assert read_op("Conv2d(4, 3)").key() != read_op("Conv2d(4, 3, 2)").key()
    assert read_op("Linear(4)").key() != read_op("Linear(4, init=zeros)").key()


@pytest.mark.parametrize(
    ("text", "axis", "rank", "parameter"),
    [
        ("Conv2d(4, 3, stride=2)", 2, 4, "stride"),
        ("Conv2d(4, 3, stride=[1, 2])", 2, 4, "kernel_size"),
        ("Conv2d(4, 3, stride=[1, 2], padding=1)", 2, 4, "padding"),
        ("Conv2d(4, 3, stride=[1, 2])", 2, 3, "stride"),
        ("Conv2d(4, 3)", 1, 4, "out_channels"),
        ("Conv2d(4, 3)", 0, 4, None),
        ("ConvTranspose1d(4, 2, 2)", 2, 3, "stride"),
        ("MaxPool2d(2)", 3, 4, "kernel_size"),
        ("MaxPool2d(3, 2)", 3, 4, "stride"),
        ("MaxPool2d(3, 2)", 1, 4, None),
        ("AdaptiveAvgPool2d(1)", 3, 4, "output_size"),
        ("Linear(4)", 2, 3, "out_features"),
        ("Linear(4)", 1, 3, None),
        ("Embedding(4, 5)", 1, 2, "embedding_dim"),
        ("GLU(1)", 1, 3, "dim"),
        ("ReLU", 1, 3, None),
    ],
)
def test_blame(text: str, axis: int, rank: int, parameter: str | None) -> None:
    assert read_op(text).blame(axis, rank) == parameter


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Conv2d(64, 7, stride=2, padding=3)", "64, 7×7, /2"),
        ("Conv2d(64, [1, 3], stride=[1, 2])", "64, 1×3, /1×2"),
        ("ConvTranspose2d(8, 2, 2)", "8, 2×2, ×2"),
        ("MaxPool2d(3, 2, 1)", "3×3, /2"),
        ("AdaptiveAvgPool2d([1, none])", "1×_"),
        ("Linear(10)", "10"),
        ("Dropout(0.1)", "0.1"),
        ("Embedding(50257, 768)", "50257 × 768"),
        ("LeakyReLU(0.2)", "0.2"),
        ("Softmax", ""),
        ("BatchNorm2d", ""),
    ],
)
def test_detail(text: str, shown: str) -> None:
    assert read_op(text).detail() == shown
