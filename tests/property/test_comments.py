"""A comment stands wherever a line can end: the formatter keeps it, in its statement, and never makes documentation
of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate.combinators import walk
from nndsl.source import Source
from nndsl.syntax import ast, parse, tables
from nndsl.syntax.format import format_source
from nndsl.syntax.lexing import Lexer

SPECS = [
    """\
model M(a: int = 1, b: int = 2) {
  input x: float[N, 8]
  input mask?: bool[N]

  if a > b { h = x } else { h = x -> ReLU }
  for i in 0..2 { h = h -> Linear(8) }
  output y: [N, 8] = h
}
""",
    """\
model M {
  if a {
    h = x
  } else if b {
    h = x -> ReLU
  } else {
    h = y
  }
  y = x -> Residual {
    Linear(8) -> ReLU
  } -> if training { A } else { B }
  z = [
    x,
    y[0, 1:2],
  ]
  w = [Linear(i) for i in 0..3 if i > 1]
  layer e = Embedding(3, 4)
  require a == 1, "why"
}

fn f(x) = x + 1

block B = [Linear(3), ReLU]
""",
    """\
import "a.nn"
from "b.nn" import A, B

block C(a: int) = (
  one: Linear(3),
  two: [Linear(3), ReLU],
) -> Concat(dim=1)

train M {
  loss = CE(a, b)
  search { lr in log(1, 2) }
}

weights from "x" { "a" -> "b" }

extern block F(k: int) = "p:C" {
  input x: [N]
  output y: [N]
}
""",
]
LEXER = Lexer(tables.load())


def lexed(text: str) -> tuple[list[Any], list[ast.Comment]]:
    """Its tokens, less the commas that lay-out adds, and its comments."""
    found = LEXER.lex(Source(text), Diagnostics())
    return [token for token in found.tokens if token.kind != ","], found.comments


def docs(file: ast.File) -> list[str]:
    return [getattr(node, "doc", "") for item in file.items for node in walk(item)]


def owners(file: ast.File, tokens: list[Any]) -> list[int]:
    """For each token the innermost item or statement that it belongs to, by its start; -1 for none."""
    kinds = (*get_args(ast.Statement), *get_args(ast.Item), ast.Setting, ast.Section, ast.Mapping)
    nodes = [node for item in file.items for node in walk(item) if isinstance(node, kinds)]
    chained = {id(node.orelse) for node in nodes if isinstance(node, ast.If)}  # `else if` goes on with its `if`
    spans = [node.span for node in nodes if id(node) not in chained]
    return [max((span.start for span in spans if span.start <= token.start < span.end), default=-1) for token in tokens]


def before(tokens: list[Any], comment: ast.Comment) -> int:
    """Which token the comment stands behind."""
    return max((at for at, token in enumerate(tokens) if token.start < comment.span.start), default=-1)


def commented(text: str) -> Iterator[str]:
    """The text with a comment behind each token, and on a line of its own there, where that leaves a spec."""
    for token in LEXER.lex(Source(text), Diagnostics()).tokens:
        for gap in ("  ", "\n"):
            made = f"{text[: token.end]}{gap}# why\n{text[token.end :]}"
            diagnostics = Diagnostics()
            parse(Source(made), diagnostics)
            if not diagnostics.errors:
                yield made


@pytest.mark.parametrize("spec", SPECS, ids=["statements", "branches", "items"])
def test_a_comment_stays_with_its_statement(spec: str) -> None:
    assert format_source(Source(spec), Diagnostics()) == spec
    count = 0
    for text in commented(spec):
        once = format_source(Source(text), Diagnostics())
        assert once is not None
        assert format_source(Source(once), Diagnostics()) == once, text
        tokens, [comment] = lexed(text)
        moved, [kept] = lexed(once)
        assert [t.text for t in tokens] == [t.text for t in moved], text
        file, again = parse(Source(text), Diagnostics()), parse(Source(once), Diagnostics())
        assert docs(file) == docs(again), once
        owner, at, now = owners(file, tokens), before(tokens, comment), before(moved, kept)
        last = at + 1 == len(tokens) or owner[at + 1] != owner[at]
        assert now == at if last and owner[at] >= 0 else owner[now] == owner[at], once
        count += 1
    assert count > 60
