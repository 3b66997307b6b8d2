"""The grammar, the tables made from it, and what is said about mistakes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax import ast, parse, tables
from tests.work import calls


def read(text: str) -> ast.File:
    """The tree of a text that must have no mistakes."""
    diagnostics = Diagnostics()
    file = parse(Source(text), diagnostics)
    assert [(str(found.span), found.message) for found in diagnostics.items] == []
    return file


def statement(text: str) -> ast.Statement:
    item = read(f"model M {{\n  {text}\n}}").items[0]
    assert isinstance(item, ast.Definition)
    assert item.body is not None
    return item.body.body[0]


def value(text: str) -> ast.Expr:
    found = statement(f"y = {text}")
    assert isinstance(found, ast.Assign)
    return found.value


def messages(text: str) -> list[str]:
    diagnostics = Diagnostics()
    parse(Source(text), diagnostics)
    return [found.message for found in diagnostics.in_order()]


def fixed(text: str) -> str:
    """The text with every fix applied."""
    diagnostics = Diagnostics()
    parse(Source(text), diagnostics)
    edits = [edit for found in diagnostics.items for fix in found.fixes[:1] for edit in fix.edits]
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


# ---------------------------------------------------------------- tables


def test_stored_tables_are_those_of_the_grammar() -> None:
    """Stale? `python -m nndsl.syntax.generate`."""
    from nndsl.syntax.generate import make

    grammar = tables.grammar_path().read_bytes()
    assert tables.STORED.read_text(encoding="utf-8") == tables.encode(make(grammar.decode()), grammar)


def test_another_grammar_is_not_read_with_the_stored_tables(tmp_path, monkeypatch) -> None:
    grammar = tmp_path / "nn.lark"
    grammar.write_bytes(tables.grammar_path().read_bytes().replace(b'WEIGHTS: "weights"', b'WEIGHTS: "gewichte"'))
    monkeypatch.setattr(tables, "grammar_path", lambda: grammar)
    assert tables.load().words["gewichte"] == "WEIGHTS"


def test_tables_survive_their_text() -> None:
    grammar = tables.grammar_path().read_bytes()
    loaded = tables.load()
    assert tables.decode(tables.encode(loaded, grammar)) == loaded


def test_a_conflict_in_the_grammar_is_refused() -> None:
    from nndsl.syntax.generate import make

    with pytest.raises(ValueError, match="not LALR"):
        make('start: a\na: "x" | a "+" a\n')


def test_parsing_needs_no_lark() -> None:
    program = (
        "import sys; from nndsl.syntax import parse; from nndsl.source import Source; "
        "from nndsl.diagnostics import Diagnostics; parse(Source('model A = B'), Diagnostics()); "
        "print([name for name in ('lark', 'torch', 'json', 'difflib') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


# ---------------------------------------------------------------- constructs

CONSTRUCTS = [
    'import "a.nn"',
    'from "zoo/resnet.nn" import ResNet18, ResNet34',
    "model A = B(C, [2, 2])",
    "model A(unit: layer, depths: list[int], n: int? = none, xs: list[int]? = none, k, j=3,) = unit",
    "block A = x\n  -> B\n  -> C",
    "block A(\n  n: int,\n  m: int = 3,\n) = [B(n)] * m",
    "fn make_divisible(v, d: int = 8) = (v + d // 2) // d * d",
    'extern block F(k: int) = "pkg.mod:F" { input x: [N]  output y: [N] }',
    'weights from "hf/bert" {\n  "a.{i}.q" -> "b.{i}.q"\n  ("a", "b") -> Concat(dim=0) -> "c"\n  "d" -> none\n}',
    "train A { loss = CE(logits, label) + 0.3 * CE(aux, label) }",
    "train A {\n  step d {\n    a = x -> g\n  }\n  search {\n    o.lr in log(1, 2)\n    n in [10]\n  }\n}",
    "model A {\n  input x: float[N, 3, H // 2, _, ...]\n  input m?: [B, T]\n  output y: [N] = x -> B\n}",
    "model A {\n  param p: float[1, D] = normal(std=0.02)\n  buffer n: int = 0\n  layer e = E(3)\n}",
    'model A {\n  init = xavier\n  init Conv2d = kaiming(mode="fan_out")\n  init Linear.bias = zeros\n}',
    'model A {\n  require H % 32 == 0 and W % 32 == 0,\n    "why"\n  require parameters <= 25e6\n}',
    "model A {\n  if training { a = x }\n  else if n not in [3] { a = y } else {\n    a = z\n  }\n}",
    "model A {\n  for i, j in [(1, 2)] { x = x -> B(i, j) }\n}",
    "model A {\n  x = a +\n    b\n    - c\n    -> D\n  (x, y) -> E\n  [F] -> G\n}",
    "model A {\n  x -> Residual(drop=0.1) { norm: LayerNorm -> MLP(4 * D) } -> B\n}",
    "model A {\n  x -> if n == 3 { B } else { C } -> D\n}",
    'model A {\n  "block_{i}": B(3) -> (q, k, attn_mask: mask) -> model: C\n}',
    "model A {\n  y = [B(i, j) for i in 0..n if i > 2 if i < 5 for j in xs]\n}",
    "model A {\n  y = (*a, b) -> C(*xs, k=3, init=zeros, in=2, for=1).in\n}",
    "model A {\n  y = x[:, 0, ..., ::2, 1:-1, :d] + w.T @ -k ** 2\n}",
    "model A {\n  y = f(x -> Residual {\n    a = B\n    a -> C\n  }, 3)\n}",
    "model A(block: layer, model: int) {\n  input input: [N]\n  layer = block(model) -> train -> step\n}",
]


@pytest.mark.parametrize("text", CONSTRUCTS)
def test_reads(text: str) -> None:
    assert len(read(text).items) == 1
    windows = text.replace("\n", "\r\n")
    assert len(read(f"\ufeff{windows}\r\n").items) == 1


def test_precedence() -> None:
    assert_shape = [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("-a ** -b", "(-(a ** (-b)))"),
        ("a or b and not c == d", "(a or (b and (not(c == d))))"),
        ("i in 0..n + 1", "(i in (0..(n + 1)))"),
        ("a // b % c @ d", "(((a // b) % c) @ d)"),
        ("a not in b", "(a not in b)"),
    ]
    for text, shape in assert_shape:
        assert shown(value(text)) == shape


def shown(node: ast.Expr) -> str:
    match node:
        case ast.Binary():
            return f"({shown(node.left)} {node.op} {shown(node.right)})"
        case ast.Unary():
            return f"({node.op}{shown(node.operand)})"
        case ast.Range():
            return f"({shown(node.start)}..{shown(node.stop)})"
    return node.span.text


def test_an_arrow_binds_loosest_and_a_label_tighter() -> None:
    flow = value("a + b -> c: D * 2 -> E")
    assert isinstance(flow, ast.Flow)
    assert [type(stage) for stage in flow.stages] == [ast.Binary, ast.Labelled, ast.Name]


def test_brackets() -> None:
    assert isinstance(value("(a)"), ast.Group)
    assert isinstance(value("(a,)"), ast.Tuple)
    assert isinstance(value("(*a)"), ast.Tuple)
    assert isinstance(value("()"), ast.Tuple)
    assert isinstance(value("[a: B, *c]"), ast.List)


def test_an_if_alone_is_a_statement_and_within_a_flow_a_value() -> None:
    assert isinstance(statement("if a { b } else if c { d }"), ast.If)
    assert isinstance(statement("if a { b } else { c } -> D"), ast.Express)
    assert isinstance(value("if a { b } else { c }"), ast.IfExpr)


def test_spans_cover_exactly_what_was_written() -> None:
    text = "model A(n: int = 3) {\n  y = f(x, k=3)[0, :] -> g: B {\n    c\n  }\n}"
    definition = read(text).items[0]
    assert isinstance(definition, ast.Definition)
    assert definition.body is not None
    assign = definition.body.body[0]
    assert isinstance(assign, ast.Assign)
    assert isinstance(assign.value, ast.Flow)
    first, second = assign.value.stages
    assert definition.span.text == text
    assert (first.span.text, second.span.text) == ("f(x, k=3)[0, :]", "g: B {\n    c\n  }")
    assert definition.params is not None
    assert definition.params[0].span.text == "n: int = 3"


def test_doc_comments() -> None:
    file = read(
        "# The file.\n# Its second line.\n\n# One\n# two.\nmodel A {\n  # apart\n\n  # x's\n  input x: [N]  # not\n}\n"
    )
    assert file.doc == "The file.\nIts second line."
    item = file.items[0]
    assert isinstance(item, ast.Definition)
    assert item.body is not None
    assert item.doc == "One\ntwo."
    port = item.body.body[0]
    assert isinstance(port, ast.Input)
    assert port.doc == "x's"
    assert len(file.comments) == 7
    assert read("# An item's.\nmodel A = B").doc == ""


def test_numbers() -> None:
    values = {"42": 42, "1_000": 1000, "0x1F": 31, "1e-3": 0.001, "2.5": 2.5, "1e3": 1000.0}
    for text, number in values.items():
        found = value(text)
        assert isinstance(found, ast.Number)
        assert (found.value, type(found.value), found.text) == (number, type(number), text)


def test_numbers_of_many_digits() -> None:
    for largest in ("9" * 1233, "0x" + "f" * 1024, "0b" + "1" * 4096):
        found = value(largest)
        assert isinstance(found, ast.Number)
        assert found.value == int(largest, 0)
        for more in (1, 67, 400, 10_000):
            assert messages(BODY.format(f"h = {largest}{'1' * more}")) == ["this number is too large"]
    assert messages(BODY.format(f"h = {'9' * 5000}_")) == [f"`{'9' * 40}` is not a number"]


def test_strings() -> None:
    found = value(r'"a\"b\\c\n{i}"')
    assert isinstance(found, ast.Text)
    assert found.value == 'a"b\\c\n{i}'


# ---------------------------------------------------------------- mistakes

BODY = "model M {{\n  input x: [N]\n  {}\n  y = x -> B\n}}\nmodel K = M\n"

CHOICE = "a choice that is part of an expression stands in parentheses"

ONE_MISTAKE = [
    ("h = x -> Conv2d(64, 3", "this `(` is never closed", "h = x -> Conv2d(64, 3)"),
    ("h = f(g(a, b)", "this `(` is never closed", "h = f(g(a, b))"),
    ("h = [a, b) -> C", "`[` is closed by `)`", "h = [a, b] -> C"),
    ("h = x Conv2d(64)", "`->` is missing before `Conv2d`", "h = x -> Conv2d(64)"),
    ("h x -> ReLU", "`=` is missing before `x`", "h = x -> ReLU"),
    ("h = x -> Conv2d(64 3) -> ReLU", "`,` is missing before the number 3", "h = x -> Conv2d(64, 3) -> ReLU"),
    ("h = x -> Conv2d(64,, 3)", "this `,` is one too many", "h = x -> Conv2d(64, 3)"),
    ("h = x -> conv1 Conv2d(3) -> B", "`:` is missing before `Conv2d`", "h = x -> conv1: Conv2d(3) -> B"),
    ("input z [N, C]", "`:` is missing before `[`", "input z: [N, C]"),
    ("if N = 3 { h = x }", "`=` gives a name; values are compared with `==`", "if N == 3 { h = x }"),
    ("for i 0..n { h = x }", "`in` is missing before the number 0", "for i in 0..n { h = x }"),
    ("for i = 0..n { h = x }", "expected `in`, found `=`", "for i in 0..n { h = x }"),
    ("h := x", "a name is given with `=`, not `:=`", "h = x"),
    ("h = a && b", "`&&` is written `and`", "h = a and b"),
    ("h = !a", "`!` is written `not`", "h = not a"),
    ("h = x;", "statements end where their line ends; `;` is not needed", "h = x"),
    ("h = F(bias=True)", "`True` is written `true`", "h = F(bias=true)"),
    ("h = None", "`None` is written `none`", "h = none"),
    ("h = self.conv(x)", "there is no `self`: names stand for themselves", "h = conv(x)"),
    ("return x", "there is no `return`: the last flow of a block is its value", "x"),
    ("let h = x", "there is no `let`: a name is given by `name = …` alone", "h = x"),
    ("if N { x } elif x { y }", "`elif` is written `else if`", "if N { x } else if x { y }"),
    ("h = x is not none", "values are compared with `!=`", "h = x != none"),
    ("inptu z: [N]", "`inptu` is not a word of the language: did you mean `input`?", "input z: [N]"),
    ("h = x → ReLU", "the arrow is written `->`", "h = x -> ReLU"),
    ('h = x -> L("abc)', "this string is never closed", 'h = x -> L("abc")'),
    (r'h = L("abc\q")', r"`\q` is not an escape", r'h = L("abc\\q")'),
    ("h = L('abc')", 'strings are written between `"`', 'h = L("abc")'),
    ('h = f"abc"', "a string has no prefix letter", 'h = "abc"'),
    ("h = .5", "a number has digits on both sides of its point", "h = 0.5"),
    ("x -> Residual { a -> b", "this `{` is never closed", "x -> Residual { a -> b}"),
    ("h = a) -> B", "this `)` closes nothing", "h = a -> B"),
    ("h = x ->", "a value is missing after `->`", None),
    ("h =", "a value is missing after `=`", None),
    ("h = x + * 3", "a value is missing after `+`", None),
    ("h = a < b < c", "comparisons do not chain", None),
    ("(a, b) = x", "only names stand to the left of `=`", None),
    ("x[0] = 3", "only names stand to the left of `=`", None),
    ("h += x", "`+=` is not in the language", "h = h + x"),
    ("h += x -> A", "`+=` is not in the language", None),
    ("h = x ^ 2", "a power is written `**`", "h = x ** 2"),
    ("h = a & b", "`&` is written `and`", "h = a and b"),
    ("h = ~a", "`~` is written `not`", "h = not a"),
    ("h = a | b", "`|` has no meaning outside strings and comments", None),
    ("h = x -> fc = L(8) -> B", "a layer in a flow is given a name by `:`", "h = x -> fc: L(8) -> B"),
    ("input z: float[?, 3]", "a size that is not known yet has a name", "input z: float[_, 3]"),
    ("input z: float[3, *]", "a size that is not known yet has a name", "input z: float[3, _]"),
    ("input z: float[None, 3]", "a size that is not known yet has a name", "input z: float[_, 3]"),
    ("h = param float[1, 8]", "`param` begins a statement", "param h: float[1, 8]"),
    ("output a, b", "each output stands in a statement of its own", None),
    ("input z: bool[N] = none", "an input has a type, not a value", None),
    ("h = N if x else 3", "a choice begins with `if`", "h = if x { N } else { 3 }"),
    (
        "h = x -> D(p=p) if p > 0 else I -> B",
        "a choice begins with `if`",
        "h = x -> if p > 0 { D(p=p) } else { I } -> B",
    ),
    ("h = L(8 if a else 4, 2)", "a choice begins with `if`", "h = L(if a { 8 } else { 4 }, 2)"),
    ("h = [A if i else B for i in 0..3]", "a choice begins with `if`", "h = [if i { A } else { B } for i in 0..3]"),
    ("h = a if b else c if d else e", "a choice begins with `if`", None),
    ("h = a if b", "a choice begins with `if`", None),
    ("h = a + if b { c } else { x -> d }", CHOICE, "h = a + (if b { c } else { x -> d })"),
    (
        "h = a * if b { c } else if d { e } else { f } + 1 -> B",
        CHOICE,
        "h = a * (if b { c } else if d { e } else { f }) + 1 -> B",
    ),
    ("h = if b { c } else { d } + a", CHOICE, "h = (if b { c } else { d }) + a"),
    ("h = L(if b { 8 } else { 4 } * 2)", CHOICE, "h = L((if b { 8 } else { 4 }) * 2)"),
    ("h = [A, B for i in 0..3]", "a comprehension has one member before its `for`", "h = [[A, B] for i in 0..3]"),
    ("h = [A for i in [1, 2], B, C]", "a comprehension fills its brackets", "h = [A for i in [1, 2]] + [B, C]"),
    ("h = [*[A, B] for i in 0..3]", "`*` does not go with `for`", None),
    ("h = (A for i in 0..3)", "a comprehension stands in square brackets", None),
    ("h = F(A for i in 0..3)", "a comprehension stands in square brackets", None),
    ("h = x -> L(8\n  g = h", "this `(` is never closed", "h = x -> L(8)\n  g = h"),
    (
        "if N == 3:\n    h = x",
        "a body stands in braces, not after `:`",
        "if N == 3 {\n    h = x\n  }",
    ),
    ("// like Java", "a comment begins with `#`", "# like Java"),
    ("h = x // like Java", "a comment begins with `#`", "h = x # like Java"),
    ("input z = (3, 32)", "an input has a type, not a value", None),
    ("else { x }", "this `else` has no `if` before it", None),
    ("input for: [N]", "`for` is a reserved word and cannot be a name", None),
    ("input z: float(N, C)", "dims stand in square brackets", None),
    ("h = 12ab", "`12ab` is not a number", None),
    ("h = x ? y", "`?` does not fit here", None),
    ("h = a b c d e f g", "`b` does not fit here", None),
    ("lambda x: x", "there is no `lambda`", None),
    ("h = é", "`é` has no meaning outside strings and comments", None),
]


@pytest.mark.parametrize(("line", "message", "mended"), ONE_MISTAKE)
def test_a_mistake_is_told_once_and_mended(line: str, message: str, mended: str | None) -> None:
    text = BODY.format(line)
    assert messages(text) == [message]
    if mended is not None:
        assert fixed(text) == BODY.format(mended)


def test_the_type_of_a_list() -> None:
    text = "block A(widths: [int] = [8]) {\n  input x: [N]\n  x -> B\n}\n"
    assert messages(text) == ["the type of a list is `list[…]`"]
    assert fixed(text) == text.replace("[int]", "list[int]")


def test_a_bracket_does_not_reach_over_a_statement() -> None:
    """Though their numbers agree: one is missing, another one too many."""
    text = BODY.format("a = x -> L(8\n  b = a -> L(8\n  output c = [b -> F, b] -> L(8))\n  d = c) -> [C\n  e = d]")
    assert messages(text) == [
        "this `(` is never closed",
        "this `(` is never closed",
        "this `)` closes nothing",
        "this `)` closes nothing",
        "this `[` is never closed",
        "this `]` closes nothing",
    ]
    calls = "h = L(\n    8,\n    p=1,\n  q=2\n  )\n  g = [\n  A,\n  B\n  ]"
    assert messages(BODY.format(calls)) == []


def test_each_of_many_independent_mistakes_is_told_once() -> None:
    text = """block A(n: int b: int) {
  input x: [N, C]
  h = x -> Linear(3 4) -> ReLU
  y = h -> Conv2d(64, 3
  if N = 3 { y = h }
  z -> Residual { LayerNorm -> MLP(4 * D) }
}

modle B(n: int = 3) {
  input x: [N]
  x -> A(n,, 3)
}

train B {
  lr 3
  loss = CrossEntropy(a, "b)
  search { optimizer.lr of log(1, 2) }
}
"""
    assert messages(text) == [
        "`,` is missing before `b`",
        "`,` is missing before the number 4",
        "this `(` is never closed",
        "`=` gives a name; values are compared with `==`",
        "`modle` is not a word of the language: did you mean `model`?",
        "this `,` is one too many",
        "`=` is missing before the number 3",
        "this string is never closed",
        "expected `=` or `in`, found `of`",
    ]


def test_bodies_as_python_writes_them_are_read_to_their_ends() -> None:
    text = """model M(wide: bool = true, depth: int = 2):
  input x: float[N, 8]
  if wide:
    h = x -> Linear(8)
    for i in 0..depth:
      h = h -> ReLU
  else:
    h = x
  output y = h
  // the next one stands at the margin
fn half(n) = n // 2
block Empty:
"""
    told = ["a body stands in braces, not after `:`"] * 4
    assert messages(text) == [*told, "a comment begins with `#`", told[0]]
    assert fixed(text).count("}") == 5
    read(fixed(text))


def test_bodies_without_any_sign() -> None:
    text = BODY.format(
        "if N == 3\n    h = x\n  else if N == 4\n    h = y\n  else\n    for i in 0..3\n      h = z\n  g = h"
    )
    assert messages(text) == ["a body stands in braces"] * 4
    assert messages(fixed(text)) == []
    assert messages(BODY.format("if N == 3\n  {\n    h = x\n  }\n  g = [A\n    for i in xs\n      if i]")) == []
    inside = BODY.format("def forward(self, x):\n    h = x")
    assert messages(inside) == ["there is no `def` within a body: its statements stand there directly"]


def test_what_divides_is_no_comment() -> None:
    assert messages("model M {\n  h = a\n    // b\n  g = [\n    c // d in e,\n  ]\n  k = a // 2\n}") == []


def test_what_stands_around_a_mistake_is_kept() -> None:
    diagnostics = Diagnostics()
    file = parse(Source("model A { x -> B }\nblock ??? { y }\nmodel C { p = 3\n q q q q q\n r = 4 }"), diagnostics)
    names = [item.name.id for item in file.items if isinstance(item, ast.Definition)]
    assert names[0] == "A"
    assert names[-1] == "C"
    last = file.items[-1]
    assert isinstance(last, ast.Definition)
    assert last.body is not None
    assert [type(found) for found in last.body.body] == [ast.Assign, ast.Assign]


def test_a_forgotten_brace_does_not_swallow_the_next_item() -> None:
    text = "model A {\n  x -> B\n\nmodel C {\n  input x [N]\n}\n"
    assert messages(text) == ["this `{` is never closed", "`:` is missing before `[`"]
    assert messages("model A\n  x -> B\n}\nmodel C = D\n") == ["this body has no `{`"]
    assert messages("model A {\n  x -> B\n  }\n  y = x -> C\n}\n") == ["this `}` closes nothing"]


def test_an_opener_that_is_never_closed_shows_where_its_partner_belongs() -> None:
    diagnostics = Diagnostics()
    source = Source("model A {\n  h = B(1, 2\n  h -> C\n}\n")
    parse(source, diagnostics)
    (found,) = diagnostics.items
    assert found.span.text == "("
    assert [str(label.span) for label in found.labels] == ["<string>:2:13"]


@pytest.mark.parametrize("text", ["(" * 100_000, "model A = " + "(" * 100_000 + ")" * 100_000, "([{" * 30_000])
def test_deep_brackets_end_in_one_diagnostic(text: str) -> None:
    diagnostics = Diagnostics()
    parse(Source(text), diagnostics)
    assert [found.code for found in diagnostics.items] == ["too-deep"]


@pytest.mark.parametrize("part", ["-", "x ** ", "x + ", "not ", "f { ", "[x, "])
def test_deep_trees_end_in_one_diagnostic(part: str) -> None:
    closing = {"f { ": "}", "[x, ": "]"}.get(part, "") * 20_000
    diagnostics = Diagnostics()
    parse(Source("model A = " + part * 20_000 + "x" + closing), diagnostics)
    assert [found.code for found in diagnostics.items] == ["too-deep"]


@pytest.mark.parametrize("text", ["\0" * 1_000_000, "a" * 1_000_000, "'" * 1_000_000, '"a' * 500_000, "1" * 1_000_000])
def test_a_huge_line_ends_in_diagnostics(text: str) -> None:
    diagnostics = Diagnostics()
    parse(Source(text), diagnostics)
    assert 1 <= len(diagnostics.items) <= Diagnostics.LIMIT


def test_long_chains_need_no_recursion() -> None:
    flow = read("model A = x" + " -> ReLU" * 10_000).items[0]
    assert isinstance(flow, ast.Definition)
    assert isinstance(flow.flow, ast.Flow)
    assert len(flow.flow.stages) == 10_001
    assert len(read("model A = B\n" * 10_000).items) == 10_000


def test_work_grows_with_the_text_alone() -> None:
    def work(lines: int) -> int:
        body = "\n".join(f"  h{i} = x -> conv{i}: Conv2d({i}, padding=1) -> ReLU" for i in range(lines))
        return calls(lambda: read(f"model A {{\n{body}\n}}"))

    work(10)
    assert work(4_000) < 8.2 * work(500)
