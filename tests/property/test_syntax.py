"""Whatever is typed: no crash, bounded time; and formatting loses nothing."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source, Span
from nndsl.syntax import ast, parse, tables
from nndsl.syntax.format import format_source
from nndsl.syntax.lexing import Lexer

SPECS = [
    """# The file's doc.

import "a.nn"
from "zoo/resnet.nn" import ResNet18, ResNet34

fn half(v, d: int = 2) = (v + 1) // d

# Two
# lines.
model Net(unit: layer, depths: list[int], n: int? = none, k=3) {
  input image: float[N, 3, H, W]
  input mask?: [B, ..., _]
  require H % 32 == 0 and W > 3 or not n in [3], "why"
  param p: float[1, (n // 2) ** 2 + 1] = normal(std=0.02)
  buffer b: int = 0
  layer e = Embedding(n, 3)
  init Linear.bias = zeros

  h = image
    -> conv1: Conv2d(64, 7, bias=false) -> bn1: BatchNorm2d -> ReLU   # note
    -> layer1: [unit(64)] * depths[0] + [unit(n) for i in 0..n if i > 2 for j in xs]
  q, k = (h, *hs, a: h[:, 0, ..., ::2, 1:-1]) -> Concat(dim=-1)
  output y: [N, n] = if n == 3 { q } else if training { k }
    else { q -> B } -> Flatten
  if n { h = h -> C
  }
  for a, b in [(1, 2), (3,)] { h = h -> "block_{a}": D(*hs, init=zeros) }
  h -> Residual(drop=0.1) { norm: LayerNorm -> MLP(4 * D) }
    -> Residual { x = A
      x -> B }
}
""",
    """extern block F(k: int) = "pkg.mod:F" { input x: [N]  output y: [N] }
weights from "hf" {
  "a.{i}.q" -> "b.{i}.q"
  ("a", "b") -> Concat(dim=0)
    -> "c"  # joined
}
model A = Net(F, [2, 2])
model B = Net(F, [3, 4])
train A {
  # about the loss
  loss = CE(logits, label) + 0.3 * CE(aux, label) - -1
  step d { update = [d] }
  search { optimizer.lr in log(1e-5, 1e-2) }
}
""",
]
LEXER = Lexer(tables.load())
PIECES = [
    *tables.load().words, *tables.load().marks, "x", "3", '"s"', "'s'", "\n", "# c\n", '"', "True", "elif",
    "self.", "lambda", "def", "é", "→", "0x", "1.", "&&", ";", "\t", "\\", "\0", "\r", "\ufeff", "is", "return",
]  # fmt: skip
BOUNDED = settings(max_examples=120, deadline=2000, suppress_health_check=[HealthCheck.too_slow])


def plain(node: Any) -> Any:
    """A tree without its places and comments."""
    if isinstance(node, list):
        return [plain(member) for member in node]
    if isinstance(node, (Span, Source)) or not is_dataclass(node):
        return None if isinstance(node, (Span, Source)) else node
    kept = [field.name for field in fields(node) if field.name not in {"span", "op_span", "doc"}]
    return type(node).__name__, [plain(getattr(node, name)) for name in kept]


def read(text: str) -> tuple[ast.File, Diagnostics]:
    diagnostics = Diagnostics()
    return parse(Source(text), diagnostics), diagnostics


def check_format(text: str) -> None:
    file, diagnostics = read(text)
    once = format_source(Source(text), Diagnostics())
    assert (once is None) == bool(diagnostics.errors)
    if once is None:
        return
    again, mistakes = read(once)
    assert mistakes.items == []
    assert plain(again.items) == plain(file.items)
    assert sorted(c.span.text for c in again.comments) == sorted(c.span.text for c in file.comments)
    assert format_source(Source(once), Diagnostics()) == once


@BOUNDED
@given(st.text(max_size=300))
def test_any_text_ends_in_a_file(text: str) -> None:
    file, diagnostics = read(text)
    assert file.items or diagnostics.items or not LEXER.lex(Source(text), Diagnostics()).tokens
    check_format(text)


@BOUNDED
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_file(data: bytes) -> None:
    check_format(data.decode("utf-8", "replace"))


@BOUNDED
@given(st.lists(st.sampled_from(PIECES), max_size=80), st.sampled_from(["", " "]))
def test_any_words_end_in_a_file(pieces: list[str], between: str) -> None:
    check_format(between.join(pieces))


@BOUNDED
@given(st.sampled_from(SPECS), st.data())
def test_a_spoilt_spec_ends_in_a_file(spec: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        begin = data.draw(st.integers(0, len(spec)))
        end = min(len(spec), begin + data.draw(st.integers(0, 8)))
        spec = spec[:begin] + data.draw(st.sampled_from(["", *PIECES])) + spec[end:]
    check_format(spec)
    _, diagnostics = read(spec)
    for found in diagnostics.items:
        assert 0 <= found.span.start <= found.span.end <= len(spec)
        assert found.message


@BOUNDED
@given(st.sampled_from(SPECS), st.data())
def test_formatting_loses_nothing(spec: str, data: st.DataObject) -> None:
    """Line breaks, blanks and comments put anywhere between the tokens."""
    tokens = LEXER.lex(Source(spec), Diagnostics()).tokens
    places = data.draw(st.lists(st.integers(0, len(tokens) - 1), max_size=8, unique=True))
    for number, at in enumerate(sorted(places, reverse=True)):
        gap = data.draw(st.sampled_from(["\n", "\n\n\n", "   ", " # c{}\n", "\n# c{}\n", "\n\n  # c{}\n\n"]))
        start = tokens[at].start
        spec = spec[:start] + gap.format(number) + spec[start:]
    check_format(spec)


def test_the_specs_themselves_have_no_mistakes() -> None:
    for spec in SPECS:
        assert read(spec)[1].items == []
        check_format(spec)
