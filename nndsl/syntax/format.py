"""One form for every spec: comments stay, line breaks that say something stay, the rest is decided here.

The rule for line breaks: a flow, a bracket or a chain of operators that was written over several lines
stays so (a flow keeps the very stages at which its lines begin); anything else stands on one line if it
fits, and is broken at all its members if not. So a second pass finds what the first one left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax import ast
from nndsl.syntax.layout import HARD, SPACE, Concat, Doc, Suffix, concat, group, indented, is_hard, render
from nndsl.syntax.parse import parse
from nndsl.syntax.pretty import Pretty, braced, spelled_targets


def format_source(source: Source, diagnostics: Diagnostics) -> str | None:
    """The formatted text; None, and why in `diagnostics`, where the source has mistakes."""
    found = Diagnostics()
    file = parse(source, found)
    for diagnostic in found.items:
        diagnostics.add(diagnostic)
    return None if found.errors else format_file(file)


def format_file(file: ast.File) -> str:
    """The text of a tree that was read without mistakes."""
    if not file.items and not file.comments:
        return ""
    head, body = _Formatter(file).sequence(file.items, 0, len(file.source.text) + 1, apart=True)
    return render(concat(*head, body))


class _Lines:
    """Statements or items and the comments around them, each with whether a blank line comes before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.head: list[Doc] = []
        self.docs: list[Doc] = []
        self.blanks: list[bool] = []
        self.end: int | None = None
        self.closed = False  # the last line has its comment
        self.parted = False  # a blank line is due, lest a comment document what follows

    def add(self, doc: Doc, begin: int, end: int, blank: bool | None = None) -> None:
        """`blank`: by the source, unless it is told."""
        if blank is None:
            blank = self.end is not None and self.text.count("\n", self.end, begin) > 1
        self.docs.append(doc)
        self.blanks.append(blank or self.parted)
        self.end, self.closed, self.parted = end, False, False

    def comment(self, comment: ast.Comment, blank: bool | None = None) -> None:
        text, span = comment.span.text, comment.span
        if comment.own_line:
            return self.add(text, span.start, span.end, blank)
        if not self.docs:
            self.head.append(Suffix(text))
        elif self.closed:
            self.below(text, span.end, bool(blank))
        else:
            self.docs[-1] = concat(self.docs[-1], Suffix(text))
            self.closed = True
        self.end = span.end
        return None

    def below(self, text: str, end: int, blank: bool) -> None:
        """A comment whose line has one already."""
        self.add(text, end, end, blank)
        self.closed = self.parted = True

    def doc(self) -> Doc:
        parts: list[Doc] = []
        for number, (doc, blank) in enumerate(zip(self.docs, self.blanks, strict=True)):
            parts += [*([HARD] if number else []), *([HARD] if blank and number else []), doc]
        return Concat(parts)


class _Formatter(Pretty):
    """Items and statements; `Pretty` has the expressions."""

    def sequence(self, nodes: Sequence[Any], begin: int, end: int, apart: bool = False) -> tuple[list[Doc], Doc]:
        """Nodes on lines of their own between two offsets; `apart`, with a blank line between."""
        lines = _Lines(self.text)
        at, before = begin, None
        for node in nodes:
            leading = self.comments.claim(at, node.span.start)
            doc = self.node(node)
            alone = not self.around(lines, leading, apart and before is not None)
            # A comment where no line can end goes to the end of the first line: above, it would be documentation.
            strays = [stray.span.text for stray in self.comments.claim(node.span.start, node.span.end)]
            doc = concat(Suffix(strays[0]), doc) if strays else doc
            blank = None
            if apart and alone and before is not None:
                blank = not self.may_touch(before, node, lines.docs[-1], doc)
            lines.add(doc, node.span.start, node.span.end, blank)
            lines.closed = bool(strays)
            for number, stray in enumerate(strays[1:]):
                lines.below(stray, node.span.end, apart and not number)
            at, before = node.span.end, node
        self.around(lines, self.comments.claim(at, end), apart and before is not None)
        return lines.head, lines.doc()

    def around(self, lines: _Lines, comments: list[ast.Comment], apart: bool) -> bool:
        """Adds the comments before a node; whether any of them has a line of its own."""
        own = False
        for comment in comments:
            lines.comment(comment, True if apart and (comment.own_line or lines.closed) and not own else None)
            own = own or comment.own_line
        return own

    def may_touch(self, before: Any, node: Any, above: Doc, below: Doc) -> bool:
        """Items of one line each need no blank line between them where the source has none."""
        between = self.text.count("\n", before.span.end, node.span.start)
        if (
            between > 1
            or self.broken(before.span.start, before.span.end)
            or self.broken(node.span.start, node.span.end)
        ):
            return False
        return "\n" not in render(above).rstrip("\n") and "\n" not in render(below).rstrip("\n")

    # ------------------------------------------------------------ statements

    def declaration(self, word: str, node: ast.Input | ast.Output | ast.Tensor, value: ast.Expr | None) -> Doc:
        optional = "?" if isinstance(node, ast.Input) and node.optional else ""
        type_ = [": ", self.node(node.type)] if node.type is not None else []
        given = [" = ", self.node(value)] if value is not None else []
        return concat(f"{word} {node.name.id}{optional}", *type_, *given)

    def Input(self, node: ast.Input) -> Doc:
        return self.declaration("input", node, None)

    def Output(self, node: ast.Output) -> Doc:
        return self.declaration("output", node, node.value)

    def Tensor(self, node: ast.Tensor) -> Doc:
        return self.declaration("param" if node.trained else "buffer", node, node.value)

    def Layer(self, node: ast.Layer) -> Doc:
        return concat(f"layer {node.name.id} = ", self.node(node.value))

    def Init(self, node: ast.Init) -> Doc:
        layer = f" {node.layer.id}" if node.layer is not None else ""
        weight = f".{node.weight.id}" if node.weight is not None else ""
        return concat(f"init{layer}{weight} = ", self.node(node.value))

    def Assign(self, node: ast.Assign) -> Doc:
        return concat(", ".join(target.id for target in node.targets), " = ", self.node(node.value))

    def For(self, node: ast.For) -> Doc:
        names = spelled_targets(node.names)
        return concat(f"for {names} in ", self.node(node.iterable), " ", self.braces(node.body))

    def Require(self, node: ast.Require) -> Doc:
        condition = self.node(node.condition)
        if node.message is None:
            return concat("require ", condition)
        begin, end = node.condition.span.end, node.message.span.start
        line = HARD if self.broken(begin, end) else SPACE
        return group("require ", condition, ",", indented(*self.gap(begin, end), line, node.message.span.text))

    def Express(self, node: ast.Express) -> Doc:
        return self.node(node.value)

    # ------------------------------------------------------------ items

    def Import(self, node: ast.Import) -> Doc:
        if node.names is None:
            return f"import {node.path.span.text}"
        return f"from {node.path.span.text} import {', '.join(name.id for name in node.names)}"

    def parameters(self, name: ast.Name, parameters: Sequence[ast.Param] | None, end: int) -> Doc:
        if parameters is None:
            return name.id
        return concat(name.id, self.members("(", parameters, ")", (name.span.end, end)))

    def Definition(self, node: ast.Definition) -> Doc:
        body = node.body if node.body is not None else node.flow
        assert body is not None, "a definition has a body or a flow"
        head = concat(f"{node.kind} ", self.parameters(node.name, node.params, self.close(node.name, node.params)))
        return (
            concat(head, " ", self.braces(body))
            if isinstance(body, ast.Braces)
            else concat(head, " = ", self.node(body))
        )

    def close(self, name: ast.Name, parameters: Sequence[ast.Param] | None) -> int:
        """Where the `)` of the parameters is: only a comma, blanks and comments follow the last of them."""
        at = parameters[-1].span.end if parameters else name.span.end
        while at < len(self.text) and self.text[at] != ")":
            if self.text[at] == "#":
                at = self.text.find("\n", at)
            at += 1
        return at

    def Extern(self, node: ast.Extern) -> Doc:
        head = self.parameters(node.name, node.params, self.close(node.name, node.params))
        return concat("extern block ", head, f" = {node.target.span.text} ", self.braces(node.body))

    def Function(self, node: ast.Function) -> Doc:
        head = self.parameters(node.name, node.params, self.close(node.name, node.params))
        return concat("fn ", head, " = ", self.node(node.value))

    # ------------------------------------------------------------ train, weights

    def settings(self, last: int, body: Sequence[Any], span_end: int) -> Doc:
        """`last` is where the head ends; the body is laid out like that of a block."""
        begin = self.text.index("{", last)
        open_ = len(body) > 1 or (bool(body) and self.broken(begin, body[0].span.start))
        head, doc = self.sequence(body, begin + 1, span_end)
        return group(braced(head, doc, open_ or is_hard(doc)))

    def Train(self, node: ast.Train) -> Doc:
        return concat(f"train {node.name.id} ", self.settings(node.name.span.end, node.body, node.span.end))

    def Section(self, node: ast.Section) -> Doc:
        name = f" {node.name.id}" if node.name is not None else ""
        last = (node.name or node.kind).span.end
        return concat(f"{node.kind.id}{name} ", self.settings(last, node.body, node.span.end))

    def Setting(self, node: ast.Setting) -> Doc:
        path = ".".join(name.id for name in node.path)
        return concat(f"{path} {node.op} ", self.node(node.value))

    def Weights(self, node: ast.Weights) -> Doc:
        body = self.settings(node.origin.span.end, node.body, node.span.end)
        return concat(f"weights from {node.origin.span.text} ", body)

    def Mapping(self, node: ast.Mapping) -> Doc:
        return self.Flow(ast.Flow(node.span, node.stages))
