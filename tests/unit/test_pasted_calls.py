"""The fixes for calls with PyTorch's arguments: applied, they give the layers that PyTorch would make."""

from __future__ import annotations

import pytest

import nndsl
from nndsl.diagnostics import Diagnostic


def mended(text: str, diagnostics: list[Diagnostic]) -> str:
    edits = [edit for found in diagnostics for fix in found.fixes[:1] for edit in fix.edits]
    for edit in sorted(edits, key=lambda edit: -edit.span.start):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("shape", "flow", "right"),
    [
        ("[N, 3, 32, 32]", "Conv2d(3, 64, 7, 2, 3, bias=false)", "Conv2d(64, 7, 2, padding=3, bias=false)"),
        ("[N, 3, 32, 32]", "Conv2d(3, 64, kernel_size=3, padding=1)", "Conv2d(64, kernel_size=3, padding=1)"),
        ("[N, 3, 32, 32]", "Conv2d(in_channels=3, out_channels=8, kernel_size=3)",
         "Conv2d(out_channels=8, kernel_size=3)"),
        ("[N, 64]", "Linear(64, 10)", "Linear(10)"),
        ("[N, 64]", "Linear(64, 10, bias=false)", "Linear(10, bias=false)"),
        ("[N, 64]", "Linear(10, in_features=64)", "Linear(10)"),
        ("[N, 64]", "Linear(64, 10, init=xavier_uniform)", "Linear(10, init=xavier_uniform)"),
        ("[N, 64, 8, 8]", "BatchNorm2d(64)", "BatchNorm2d"),
        ("[N, 64, 8, 8]", "BatchNorm2d(64, 1e-3, 0.01)", "BatchNorm2d(eps=1e-3, momentum=0.01)"),
        ("[N, 64, 8, 8]", "BatchNorm2d(num_features=64)", "BatchNorm2d"),
        ("[N, 64, 8, 8]", "GroupNorm(32, 64)", "GroupNorm(32)"),
        ("[N, 64, 8, 8]", "GroupNorm(32, 64, 1e-6)", "GroupNorm(32, eps=1e-6)"),
        ("[N, 64, 8, 8]", "GroupNorm(num_groups=32, num_channels=64)", "GroupNorm(num_groups=32)"),
        ("[N, 5, 64]", "LayerNorm(64)", "LayerNorm"),
        ("[N, 5, 64]", "LayerNorm([5, 64], eps=1e-6)", "LayerNorm(dims=2, eps=1e-6)"),
        ("[N, 5, 64]", "RMSNorm(normalized_shape=64)", "RMSNorm"),
        ("[N, 5, 64]", "MultiheadAttention(64, 8)", "MultiheadAttention(8)"),
        ("[N, 5, 64]", "LSTM(64, 128) -> Item(0)", "LSTM(128) -> Item(0)"),
        ("[N, 5, 64]", "LSTM(32, 2) -> Item(0)", "LSTM(32, num_layers=2) -> Item(0)"),
        ("[N, 5, 64]", "Conv1d(  # a note\n    5,\n    64,  # filters\n    3,\n    1,\n    1,\n  )",
         "Conv1d(  # a note\n    64,  # filters\n    3,\n    1,\n    padding=1,\n  )"),
    ],
)  # fmt: skip
def test_fixes_are_what_was_meant(shape: str, flow: str, right: str) -> None:
    text = "model M {{\n  input x: float{}\n  output y = x -> {}\n}}\n"
    found = nndsl.check(text.format(shape, flow))
    assert [(d.code, len(d.fixes)) for d in found] in (
        [("too-many-arguments", 1)],
        [("unknown-argument", 1)],
    )
    assert mended(text.format(shape, flow), found) == text.format(shape, right)
    assert nndsl.check(text.format(shape, right)) == []


def test_a_named_kernel_is_meant() -> None:
    """The way to say that 3 filters of 64×64 are wanted."""
    text = "model M {{\n  input x: float[N, 3, 99, 99]\n  output y = x -> Conv2d(3, {}64, stride=7)\n}}"
    assert [d.code for d in nndsl.check(text.format(""))] == ["suspicious-size"]
    assert nndsl.check(text.format("kernel_size=")) == []


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("ReLU(x)", "x -> ReLU"),
        ("x + ReLU(x) * 2", "x + (x -> ReLU) * 2"),
        ("ReLU(x) -> Tanh", "x -> ReLU -> Tanh"),
        ("Linear(8)(x)", "x -> Linear(8)"),
        ("nn.Linear(8, 4)(x)", "x -> Linear(4)"),
        ("Concat([x, x], dim=1)", "(x, x) -> Concat(dim=1)"),
        ("F.dropout(x, 0.5) + x", "(x -> Dropout(0.5)) + x"),
        ("torch.log_softmax(x, dim=-1)", "x -> LogSoftmax(dim=-1)"),
        ("x -> torch.nn.Linear(8, 4, bias=false) -> nn.ReLU", "x -> Linear(4, bias=false) -> ReLU"),
        ("x -> keras.layers.Dense(3) -> tf.nn.relu", "x -> Linear(3) -> ReLU"),
        ("x * math.sqrt(2) -> Cast(torch.float16)", "x * sqrt(2) -> Cast(float16)"),
        ('einops.rearrange(x, "n d -> d n")', 'x -> Rearrange("n d -> d n")'),
        ("MLP(8)(x)", "x -> MLP(8)"),
        ("x +\n    ReLU(x)", "x +\n    (x -> ReLU)"),
    ],
)
def test_modules_and_calls_of_other_frameworks(value: str, right: str) -> None:
    text = "model M {{\n  input x: float[N, 8]\n  output y = {}\n}}\n"
    found = nndsl.check(text.format(value))
    assert found
    assert all(len(d.fixes) == 1 for d in found)
    assert mended(text.format(value), found) == text.format(right)
    assert nndsl.check(text.format(right)) == []


def test_names_of_a_spec_are_no_modules() -> None:
    assert nndsl.check("model M {\n  input F: float[N, 8]\n  output y = F.T\n}") == []
