"""One form for every spec: what it looks like, and that nothing is lost on the way."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax.format import format_source


def formatted(text: str) -> str:
    """What the formatter makes of it, and makes of that again."""
    diagnostics = Diagnostics()
    once = format_source(Source(text), diagnostics)
    assert diagnostics.items == []
    assert once is not None
    assert format_source(Source(once), diagnostics) == once
    return once


UNCHANGED = [
    # flows keep the stages at which their lines begin
    """\
model LeNet5(classes: int = 10) {
  input image: float[N, 1, 32, 32]

  output logits: [N, classes] = image
    -> Conv2d(6, 5) -> Tanh -> AvgPool2d(2)
    -> Flatten
    -> Linear(classes)
}
""",
    """\
block Inception(c1: int, pool: int) = (
  branch1: ConvNorm(c1, 1),
  branch2: [MaxPool2d(3, stride=1, padding=1), ConvNorm(pool, 1)],
) -> Concat(dim=1)
""",
    """\
block EncoderLayer(heads: int, hidden: int, dropout: float = 0.1) {
  input x: [B, T, D]
  x -> Residual { norm1: LayerNorm -> attn: SelfAttention(heads) -> Dropout(dropout) }
    -> Residual { norm2: LayerNorm -> mlp: [Linear(hidden), GELU, Linear(D)] -> Dropout(dropout) }
}
""",
    """\
block Shortcut {
  input x: [N, C, H, W]
  h = x -> Residual {
    norm: LayerNorm -> MLP
  } -> ReLU
  if training { h = h -> Dropout } else if H == 1 { h = h -> ReLU }
  for i, j in [(1, 2), (3, 4)] {
    h = h -> Conv2d(i, j)
  }
  h[:, 0, ..., ::2, 1:-1] @ w.T + -h ** -2 -> ReLU
}
""",
    """\
# The file.

# An item's.
model A = B([2, 2], k=3)
model C = B([3, 4])

import "a.nn"
from "b.nn" import D, E

fn half(v, d: int = 2) = v // d

extern block F(k: int) = "pkg.mod:F" {
  input x?: float[N, _, ...]
  output y: int[]
}

weights from "hf" {
  # theirs to ours
  "a.{i}" -> "b.{i}"
}

train A {
  loss = CE(logits, label)  # by name
  search {  # optional
    optimizer.lr in log(1e-5, 1e-2)
  }
}

# The end.
""",
    """\
block A(
  n: int,  # how many
  act: layer = ReLU,
) {
  # first
  init Linear.bias = zeros
  x = [  # opened
    B(n),
    # before the next
    *rest,
    # last
  ]

  # apart

  y = a
    # between
    -> B + c  # after
  # at the end
}
""",
]


@pytest.mark.parametrize("text", UNCHANGED)
def test_good_form_stays(text: str) -> None:
    assert formatted(text) == text


CHANGED = [
    ("model  A=B( 1,2 , )\n\n\n\nmodel C = D", "model A = B(1, 2)\n\nmodel C = D\n"),
    ("model A{x->B}", "model A { x -> B }\n"),
    ("model A {\n\n\n  x = b\n\n\n  x -> C\n\n}\n", "model A {\n  x = b\n\n  x -> C\n}\n"),
    ("model A { }\r\n", "model A {}\n"),
    ("\ufeffmodel A = B", "model A = B\n"),
    (
        'extern block F = "m:F" { input x: [N]  output y: [N] }',
        'extern block F = "m:F" {\n  input x: [N]\n  output y: [N]\n}\n',
    ),
    ("model A = B([1,\n2], 3)", "model A = B([\n  1,\n  2,\n], 3)\n"),
    ("model A = B(\n1, 2)", "model A = B(\n  1,\n  2,\n)\n"),
    ("model A = (a,) -> (*b) -> ()", "model A = (a,) -> (*b,) -> ()\n"),
    ("block A = x -> B\n-> C -> D", "block A = x -> B\n  -> C -> D\n"),
    ("block A { x = a # one\n  # two\n }", "block A {\n  x = a  # one\n  # two\n}\n"),
    ("block A(n: # why\n int) = B", "block A(n: int) = B  # why\n"),
    ("", ""),
    ("\n\n# only\n\n\n# comments", "# only\n\n# comments\n"),
]


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_form(text: str, expected: str) -> None:
    assert formatted(text) == expected


def test_what_does_not_fit_is_broken_at_every_member() -> None:
    name = "stage" * 8
    assert formatted(f"model A = {name}(1) -> {name}(2) -> {name}(3)") == (
        f"model A = {name}(1)\n  -> {name}(2)\n  -> {name}(3)\n"
    )
    assert formatted(f"model A = B({name}, {name}, {name})") == (f"model A = B(\n  {name},\n  {name},\n  {name},\n)\n")
    assert formatted(f"fn f(x) = {name} + {name} * {name} - {name}") == (
        f"fn f(x) = {name}\n  + {name} * {name}\n  - {name}\n"
    )
    assert formatted(f"block A {{ y = if {name} {{ {name} }} else {{ {name} }} }}") == (
        f"block A {{\n  y = if {name} {{\n    {name}\n  }} else {{\n    {name}\n  }}\n}}\n"
    )
    assert formatted(f"block A = [{name}(i) for i in {name} if {name}]") == (
        f"block A = [\n  {name}(i)\n  for i in {name} if {name}\n]\n"
    )


def test_a_spec_with_mistakes_is_left_alone() -> None:
    diagnostics = Diagnostics()
    assert format_source(Source("model A = ("), diagnostics) is None
    assert [found.code for found in diagnostics.items] == ["syntax"]


def test_long_chains_are_formatted_without_recursion() -> None:
    formatted("model A = x" + " -> ReLU" * 10_000)
    formatted("model A = [" + "x, " * 10_000 + "]")


def test_an_attribute_of_a_number_stays_one() -> None:
    assert formatted("train A { loss = 0.3 .x }\n") == "train A { loss = 0.3 .x }\n"
