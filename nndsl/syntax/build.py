"""What each rule of the grammar becomes: one method per action, called by the machine as soon as the rule is
complete.

Lists under way are pairs `(before, last)`, so that a longer list leaves a shorter one as it was; `unroll`
makes them flat.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source, Span
from nndsl.syntax import ast
from nndsl.syntax.lexing import Token, number, unquote

Children = list[Any]
Chain = tuple[Any, Any]

NEARBY = 300
CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "none": None}


class Enclosed(NamedTuple):
    """The members between two brackets, and where those stand."""

    start: int
    end: int
    items: list[Any]


def unroll(chain: Chain | None) -> list[Any]:
    items = []
    while chain is not None:
        chain, last = chain
        items.append(last)
    items.reverse()
    return items


def start_of(part: Any) -> int:
    """Where a token, a node or an enclosure begins."""
    span: Span | None = getattr(part, "span", None)
    return span.start if span is not None else int(part.start)


def end_of(part: Any) -> int:
    span: Span | None = getattr(part, "span", None)
    return span.end if span is not None else int(part.end)


class Expressions:
    """Expressions, flows and types."""

    def __init__(self, source: Source, diagnostics: Diagnostics, docs: dict[int, str], broken: list[int]) -> None:
        self.broken = broken
        self.source = source
        self.diagnostics = diagnostics
        self.docs = docs

    def span(self, children: Children) -> Span:
        return Span(self.source, start_of(children[0]), end_of(children[-1]))

    # ------------------------------------------------------------ lists

    def first(self, c: Children) -> Chain:
        return None, c[-1]

    def following(self, c: Children) -> Chain:
        return c[0], c[-1]

    def pair(self, c: Children) -> Chain:
        return (None, c[0]), c[-1]

    adjoined = following
    condition = first
    next_condition = following

    def nothing(self, c: Children) -> Enclosed:
        return Enclosed(c[0].start, c[-1].end, [])

    def enclosed(self, c: Children) -> Enclosed:
        return Enclosed(c[0].start, c[-1].end, unroll(c[1]))

    # ------------------------------------------------------------ atoms

    def name(self, c: Children) -> ast.Name:
        return self.as_name(c[0])

    def as_name(self, token: Token) -> ast.Name:
        return ast.Name(Span(self.source, token.start, token.end), token.text)

    def as_names(self, chain: Chain) -> list[ast.Name]:
        return [self.as_name(token) for token in unroll(chain)]

    def target_tuple(self, c: Children) -> ast.Name | ast.Tuple:
        items = unroll(c[1])
        return items[0] if len(items) == 1 else ast.Tuple(self.span(c), items)

    def as_targets(self, chain: Chain) -> list[ast.Expr]:
        """`(a, b)` alone is `a, b`."""
        found = unroll(chain)
        return found[0].items if len(found) == 1 and isinstance(found[0], ast.Tuple) else found

    def number(self, c: Children) -> ast.Number:
        value = number(c[0].text)
        assert value is not None, "the lexer lets no other number through"
        return ast.Number(self.span(c), value, c[0].text)

    def text(self, c: Children) -> ast.Text:
        return ast.Text(self.span(c), unquote(c[0].text))

    def constant(self, c: Children) -> ast.Constant:
        return ast.Constant(self.span(c), CONSTANTS[c[0].text])

    def ellipsis(self, c: Children) -> ast.Ellipsis_:
        return ast.Ellipsis_(self.span(c))

    # ------------------------------------------------------------ operators

    def unary(self, c: Children) -> ast.Unary:
        return ast.Unary(self.span(c), c[0].text, c[1])

    def binary(self, c: Children) -> ast.Binary:
        left, operator, right = c
        span = Span(self.source, left.span.start, right.span.end)
        return ast.Binary(span, operator.text, Span(self.source, operator.start, operator.end), left, right)

    def not_in(self, c: Children) -> ast.Binary:
        left, first, second, right = c
        return ast.Binary(self.span(c), "not in", Span(self.source, first.start, second.end), left, right)

    def range(self, c: Children) -> ast.Range:
        return ast.Range(self.span(c), c[0], c[2])

    # ------------------------------------------------------------ what follows a value

    def attribute(self, c: Children) -> ast.Attribute:
        return ast.Attribute(self.span(c), c[0], self.as_name(c[2]))

    def call_empty(self, c: Children) -> ast.Call:
        return ast.Call(self.span(c), c[0], [])

    def call(self, c: Children) -> ast.Call:
        return ast.Call(self.span(c), c[0], unroll(c[2]))

    def positional(self, c: Children) -> ast.Argument:
        value = c[0]
        if isinstance(value, ast.Star):
            return ast.Argument(value.span, None, value.value, star=True)
        return ast.Argument(value.span, None, value)

    def keyword(self, c: Children) -> ast.Argument:
        return ast.Argument(self.span(c), self.as_name(c[0]), c[2])

    def trailing_braces(self, c: Children) -> ast.Call:
        layer, braces = c
        if isinstance(layer, ast.Call) and layer.arguments is not None:
            return ast.Call(self.span(c), layer.callee, layer.arguments, braces)
        if not isinstance(layer, (ast.Name, ast.Attribute)) and not self.near_mistake(layer.span):
            found = self.diagnostics.error(
                "syntax", "only a layer's name takes `{ … }` as its last argument", layer.span
            )
            found.label = "this is not a layer's name"
        return ast.Call(self.span(c), layer, None, braces)

    def near_mistake(self, span: Span) -> bool:
        """Whether a bracket put in or left out close by may be why something reads oddly."""
        return any(span.start - NEARBY <= at <= span.end + NEARBY for at in self.broken)

    def index(self, c: Children) -> ast.Index:
        return ast.Index(self.span(c), c[0], unroll(c[2]))

    def absent(self, _: Children) -> None:
        return None

    def present(self, c: Children) -> Any:
        return c[0]

    def slice(self, c: Children) -> ast.Slice:
        start, stop, step = c[0], c[2], c[4] if len(c) == 5 else None
        parts = [part for part in c if part is not None]
        return ast.Slice(self.span(parts), start, stop, step)

    # ------------------------------------------------------------ brackets

    def empty_tuple(self, c: Children) -> ast.Tuple:
        return ast.Tuple(self.span(c), [])

    def group_or_tuple(self, c: Children) -> ast.Group | ast.Tuple:
        items = unroll(c[1])
        if len(items) == 1 and not isinstance(items[0], ast.Star):
            return ast.Group(self.span(c), items[0])
        return ast.Tuple(self.span(c), items)

    def tuple(self, c: Children) -> ast.Tuple:
        return ast.Tuple(self.span(c), unroll(c[1]))

    def empty_list(self, c: Children) -> ast.List:
        return ast.List(self.span(c), [])

    def list(self, c: Children) -> ast.List:
        return ast.List(self.span(c), unroll(c[1]))

    def star(self, c: Children) -> ast.Star:
        return ast.Star(self.span(c), c[1])

    def comprehension(self, c: Children) -> ast.Comprehension:
        return ast.Comprehension(self.span(c), c[1], unroll(c[2]))

    def clause(self, c: Children) -> ast.Clause:
        conditions = unroll(c[4]) if len(c) == 5 else []
        last = conditions[-1] if conditions else c[3]
        return ast.Clause(self.span([c[0], last]), self.as_targets(c[1]), c[3], conditions)

    # ------------------------------------------------------------ flows

    def flow(self, c: Children) -> ast.Flow:
        stages = unroll(c[0])
        return ast.Flow(self.span(stages), stages)

    def labelled(self, c: Children) -> ast.Labelled:
        label = self.text(c[:1]) if c[0].kind == "STRING" else self.as_name(c[0])
        return ast.Labelled(self.span(c), label, c[2])

    def if_only(self, c: Children) -> ast.IfExpr:
        return ast.IfExpr(self.span(c), c[1], c[2], None)

    def if_else(self, c: Children) -> ast.IfExpr:
        return ast.IfExpr(self.span(c), c[1], c[2], c[4])

    # ------------------------------------------------------------ types

    def any_dims(self, c: Children) -> ast.AnyDims:
        return ast.AnyDims(self.span(c))

    def scalar_type(self, c: Children) -> ast.TensorTypeExpr:
        return ast.TensorTypeExpr(self.span(c), self.as_name(c[0]), None)

    def dtype_type(self, c: Children) -> ast.TensorTypeExpr:
        return ast.TensorTypeExpr(self.span(c), self.as_name(c[0]), c[1].items)

    def tensor_type(self, c: Children) -> ast.TensorTypeExpr:
        return ast.TensorTypeExpr(self.span(c), None, c[0].items)

    def simple_type(self, c: Children) -> ast.ParamTypeExpr:
        return ast.ParamTypeExpr(self.span(c), self.as_name(c[0]))

    def element_type(self, c: Children) -> ast.ParamTypeExpr:
        return ast.ParamTypeExpr(self.span(c), self.as_name(c[0]), c[2])

    def optional_type(self, c: Children) -> ast.ParamTypeExpr:
        return ast.ParamTypeExpr(self.span(c), c[0].name, c[0].element, optional=True)
