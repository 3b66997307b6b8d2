"""Expressions and types as layouts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from nndsl.source import Span
from nndsl.syntax import ast
from nndsl.syntax.layout import (
    HARD,
    SOFT,
    SPACE,
    Broken,
    Concat,
    Doc,
    Line,
    Suffix,
    concat,
    group,
    indented,
    is_hard,
)  # fmt: skip

PRECEDENCE = {
    **dict.fromkeys(["or"], 1), **dict.fromkeys(["and"], 2), **dict.fromkeys(["+", "-"], 3),
    **dict.fromkeys(["*", "/", "//", "%", "@"], 4),
}  # fmt: skip


class Comments:
    """The comments of a file; each is claimed once, by the place that prints it."""

    def __init__(self, comments: Sequence[ast.Comment]) -> None:
        self.comments = sorted(comments, key=lambda comment: comment.span.start)
        self.starts = [comment.span.start for comment in self.comments]
        self.claimed = [False] * len(self.comments)

    def claim(self, begin: int, end: int) -> list[ast.Comment]:
        found = []
        for at in range(bisect_left(self.starts, begin), bisect_left(self.starts, end)):
            if not self.claimed[at]:
                self.claimed[at] = True
                found.append(self.comments[at])
        return found

    def between(self, begin: int, end: int) -> bool:
        return bisect_left(self.starts, begin) < bisect_left(self.starts, end)


class Pretty:
    def __init__(self, file: ast.File) -> None:
        self.text = file.source.text
        self.comments = Comments(file.comments)

    # ------------------------------------------------------------ gaps

    def broken(self, begin: int, end: int) -> bool:
        """Whether the source has a line break there."""
        return self.text.find("\n", begin, end) >= 0

    def gap(self, begin: int, end: int) -> list[Doc]:
        """The comments of a place where a line break follows."""
        docs: list[Doc] = []
        for comment in self.comments.claim(begin, end):
            alone = comment.own_line or any(doc is HARD for doc in docs)
            docs += [HARD, comment.span.text] if alone else [Suffix(comment.span.text)]
        return docs

    def members(
        self, opening: str, items: Sequence[Any], closing: str, span: tuple[int, int], comma: bool = True
    ) -> Doc:
        """`opening a, b closing`, on one line or with one member per line."""
        begin, end = span
        if not items:
            inside = self.gap(begin, end)
            return concat(opening, indented(*inside), HARD, closing) if inside else opening + closing
        edges = [begin, *(item.span.end for item in items)]
        starts = [item.span.start for item in items]
        open_ = any(self.broken(edges[at], starts[at]) for at in range(len(items))) or self.comments.between(
            edges[-1], end
        )
        docs = [self.node(item) for item in items]
        closed = not open_ and any(map(is_hard, docs))
        line: Doc = HARD if open_ else "" if closed else SOFT
        next_line: Doc = HARD if open_ else " " if closed else SPACE
        inside = []
        for at, doc in enumerate(docs):
            inside += [*self.gap(edges[at], starts[at]), next_line if at else line, doc]
            if at < len(docs) - 1:
                inside.append(",")
            elif comma:
                inside.append("," if open_ else Broken(",") if not closed else "")
        inside += self.gap(edges[-1], end)
        return group(opening, Concat(inside, indent=0 if closed else 2), line, closing)

    # ------------------------------------------------------------ nodes

    def node(self, node: Any) -> Doc:
        doc: Doc = getattr(self, type(node).__name__)(node)
        return doc

    def Name(self, node: ast.Name) -> Doc:
        return node.id

    def as_written(self, node: Any) -> Doc:
        text: str = node.span.text
        return text

    Number = Text = Constant = Ellipsis_ = AnyDims = as_written

    def Unary(self, node: ast.Unary) -> Doc:
        return concat("not " if node.op == "not" else node.op, self.node(node.operand))

    def Binary(self, node: ast.Binary) -> Doc:
        """A chain of equally strong operators is laid out as one."""
        chain: list[tuple[ast.Binary, Any]] = []
        left: Any = node
        level = PRECEDENCE.get(node.op)
        while isinstance(left, ast.Binary) and (left is node or (level and PRECEDENCE.get(left.op) == level)):
            chain.append((left, left.right))
            left = left.left
        chain.reverse()
        first = self.node(left)
        docs = [(part, self.node(right)) for part, right in chain]
        open_ = any(self.broken(part.left.span.end, right.span.start) for part, right in chain)
        closed = not open_ and (is_hard(first) or any(is_hard(doc) for _, doc in docs))
        line: Doc = HARD if open_ else " " if closed else SPACE
        rest: list[Doc] = []
        for part, doc in docs:
            rest += [*self.gap(part.left.span.end, part.right.span.start), line, part.op, " ", doc]
        return group(first, Concat(rest, indent=0 if closed else 2))

    def Range(self, node: ast.Range) -> Doc:
        return concat(self.node(node.start), "..", self.node(node.stop))

    def Slice(self, node: ast.Slice) -> Doc:
        parts = ["" if part is None else self.node(part) for part in (node.start, node.stop)]
        step = [":", self.node(node.step)] if node.step is not None else []
        return concat(parts[0], ":", parts[1], *step)

    def Index(self, node: ast.Index) -> Doc:
        base = self.node(node.base)
        return concat(base, self.members("[", node.items, "]", (node.base.span.end, node.span.end)))

    def Attribute(self, node: ast.Attribute) -> Doc:
        dot = " ." if isinstance(node.base, ast.Number) else "."  # a number reads on over a point
        return concat(self.node(node.base), dot, node.name.id)

    def Argument(self, node: ast.Argument) -> Doc:
        if node.star:
            return concat("*", self.node(node.value))
        return concat(f"{node.name.id}=" if node.name is not None else "", self.node(node.value))

    def Call(self, node: ast.Call) -> Doc:
        parts = [self.node(node.callee)]
        end = node.span.end if node.braces is None else node.braces.span.start
        if node.arguments is not None:
            parts.append(self.members("(", node.arguments, ")", (node.callee.span.end, end)))
        if node.braces is not None:
            parts += [" ", self.braces(node.braces)]
        return concat(*parts)

    def Labelled(self, node: ast.Labelled) -> Doc:
        return concat(self.node(node.label), ": ", self.node(node.value))

    def Star(self, node: ast.Star) -> Doc:
        return concat("*", self.node(node.value))

    def List(self, node: ast.List) -> Doc:
        return self.members("[", node.items, "]", inner(node.span))

    def Tuple(self, node: ast.Tuple) -> Doc:
        if len(node.items) == 1 and not self.broken(node.span.start, node.items[0].span.start):
            return concat("(", self.node(node.items[0]), ",)")
        return self.members("(", node.items, ")", inner(node.span))

    def Group(self, node: ast.Group) -> Doc:
        return self.members("(", [node.value], ")", inner(node.span), comma=False)

    def Comprehension(self, node: ast.Comprehension) -> Doc:
        begin, end = inner(node.span)
        parts = [node.element, *node.clauses]
        edges = [begin, *(part.span.end for part in parts)]
        open_ = any(self.broken(edges[at], part.span.start) for at, part in enumerate(parts))
        open_ = open_ or self.comments.between(edges[-1], end)
        docs = [self.node(part) for part in parts]
        closed = not open_ and any(map(is_hard, docs))
        line: Doc = HARD if open_ else "" if closed else SOFT
        inside: list[Doc] = []
        for at, doc in enumerate(docs):
            between: Doc = (HARD if open_ else " " if closed else SPACE) if at else line
            inside += [*self.gap(edges[at], parts[at].span.start), between, doc]
        inside += self.gap(edges[-1], end)
        return group("[", Concat(inside, indent=0 if closed else 2), line, "]")

    def Clause(self, node: ast.Clause) -> Doc:
        names = spelled_targets(node.names)
        conditions: list[Doc] = []
        for condition in node.conditions:
            conditions += [" if ", self.node(condition)]
        return concat(f"for {names} in ", self.node(node.iterable), *conditions)

    # ------------------------------------------------------------ flows

    def Flow(self, node: ast.Flow) -> Doc:
        """Lines as the source has them; a line that does not fit gives each of its stages one."""
        stages = node.stages
        docs = [self.node(stage) for stage in stages]
        lines: list[list[Doc]] = [[docs[0]]]
        gaps: list[list[Doc]] = []
        for before, stage, doc in zip(stages, stages[1:], docs[1:], strict=False):
            if self.broken(before.span.end, stage.span.start):
                gaps.append(self.gap(before.span.end, stage.span.start))
                lines.append([])
            lines[-1].append(doc)
        parts: list[Doc] = [flow_line(lines[0], "")]
        for gap, line in zip(gaps, lines[1:], strict=True):
            parts.append(indented(*gap, HARD))
            parts.append(indented(flow_line(line, "-> ", extra=0)))
        return Concat(parts)

    def IfExpr(self, node: ast.IfExpr | ast.If) -> Doc:
        """All branches on one line, or each on its own."""
        branches, heads = branches_of(node)
        words = [concat("if ", self.node(head), " ") if head is not None else "" for head in heads]
        bodies = [self.contents(branch) for branch in branches]
        gaps = [(0, 0), *((a.span.end, b.span.start) for a, b in pairwise(branches))]
        for at in range(1, len(branches)):
            bodies[at] = self.between(branches[at - 1], branches[at], bodies[at])
        open_ = any(
            self.is_open(branch) or bool(body[0]) or is_hard(body[1]) or self.comments.between(*gap)
            for branch, body, gap in zip(branches, bodies, gaps, strict=True)
        )
        parts: list[Doc] = []
        for word, body in zip(words, bodies, strict=True):
            parts += [" else " if parts else "", word, braced(*body, open_)]
        return group(*parts)

    def between(self, before: ast.Braces, branch: ast.Braces, body: tuple[list[Doc], Doc]) -> tuple[list[Doc], Doc]:
        """Comments between `}` and the `{` after `else` are the next branch's, as `} else {` stands on one line."""
        head, doc = body
        for comment in reversed(self.comments.claim(before.span.end, branch.span.start)):
            if not comment.own_line:
                head = [Suffix(comment.span.text), *head]
            elif isinstance(doc, Concat) and not doc.parts:
                doc = concat(comment.span.text)
            else:
                doc = concat(comment.span.text, HARD, doc)
        return head, doc

    If = IfExpr

    def is_open(self, braces: ast.Braces) -> bool:
        """Whether a body stands on lines of its own: it was written so, or there is much in it."""
        body = braces.body
        if len(body) > 1 or self.comments.between(*inner(braces.span)):
            return True
        return bool(body) and self.broken(braces.span.start, body[0].span.start)

    def Braces(self, node: ast.Braces) -> Doc:
        return self.braces(node)

    def braces(self, braces: ast.Braces) -> Doc:
        head, body = self.contents(braces)
        return group(braced(head, body, self.is_open(braces) or is_hard(body)))

    def contents(self, braces: ast.Braces) -> tuple[list[Doc], Doc]:
        return self.sequence(braces.body, *inner(braces.span))

    def sequence(self, nodes: Sequence[Any], begin: int, end: int, apart: bool = False) -> tuple[list[Doc], Doc]:
        raise NotImplementedError("statements are laid out by the formatter")

    # ------------------------------------------------------------ types

    def TensorTypeExpr(self, node: ast.TensorTypeExpr) -> Doc:
        dtype = node.dtype.id if node.dtype is not None else ""
        if node.dims is None:
            return dtype
        begin = node.dtype.span.end if node.dtype is not None else node.span.start + 1
        return concat(dtype, self.members("[", node.dims, "]", (begin, node.span.end)))

    def ParamTypeExpr(self, node: ast.ParamTypeExpr) -> Doc:
        element = concat("[", self.node(node.element), "]") if node.element is not None else ""
        return concat(node.name.id, element, "?" if node.optional else "")

    def Param(self, node: ast.Param) -> Doc:
        type_ = [": ", self.node(node.type)] if node.type is not None else []
        equals = " = " if node.type is not None else "="
        default = [equals, self.node(node.default)] if node.default is not None else []
        return concat(node.name.id, *type_, *default)


def branches_of(node: ast.IfExpr | ast.If) -> tuple[list[ast.Braces], list[ast.Expr | None]]:
    """The bodies of a choice and the condition of each, None for the last `else`."""
    bodies: list[ast.Braces] = []
    conditions: list[ast.Expr | None] = []
    at: Any = node
    while isinstance(at, (ast.IfExpr, ast.If)):
        bodies.append(at.then)
        conditions.append(at.condition)
        at = at.orelse
    return ([*bodies, at], [*conditions, None]) if at is not None else (bodies, conditions)


def braced(head: list[Doc], body: Doc, open_: bool) -> Doc:
    """`head` is a comment behind the `{`."""
    if isinstance(body, Concat) and not body.parts:
        rest = [part for comment in head[1:] if isinstance(comment, Suffix) for part in (HARD, comment.text)]
        return concat("{", *head[:1], indented(*rest), HARD, "}") if head else "{}"
    if open_ or head:
        return concat("{", *head, indented(HARD, body), HARD, "}")
    return concat("{", indented(SPACE, body), SPACE, "}")


def inner(span: Span) -> tuple[int, int]:
    """Between two brackets."""
    return span.start + 1, span.end


def flow_line(docs: list[Doc], arrow: str, extra: int = 2) -> Doc:
    """The stages of one line of a flow."""
    closed = any(map(is_hard, docs))
    line: Doc | Line = " " if closed else SPACE
    rest: list[Doc] = []
    for doc in docs[1:]:
        rest += [line, "-> ", doc]
    return group(arrow, docs[0], Concat(rest, indent=0 if closed else extra))


def spelled_targets(targets: Sequence[ast.Expr]) -> str:
    """`i, (a, b)`"""
    parts = (f"({spelled_targets(t.items)})" if isinstance(t, ast.Tuple) else t.span.text for t in targets)
    return ", ".join(parts)
