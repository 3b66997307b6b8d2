"""Bodies as Python writes them, `if wide:` and lines further right: told once for each `:`, and read with braces."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix
from nndsl.source import Source, Span
from nndsl.syntax.brackets import CLOSERS, OPENERS
from nndsl.syntax.lexing import Token

HEADS = frozenset({"if", "elif", "else", "for", "while", "model", "block", "def", "class", "fn"})


def braced(tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]) -> list[Token]:
    """The tokens with `{` for such a `:`, and `}` where the lines stand further left again."""
    if not any(_opens(tokens, at) for at, token in enumerate(tokens) if token.kind == ":"):
        return tokens
    return _Braces(tokens, source, diagnostics, broken).result()


def _opens(tokens: list[Token], at: int) -> bool:
    """Is this `:` the last of its line?"""
    return at + 1 == len(tokens) or tokens[at + 1].first


class _Braces:
    def __init__(self, tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]) -> None:
        self.tokens = tokens
        self.source = source
        self.diagnostics = diagnostics
        self.broken = broken
        self.out: list[Token] = []
        self.open: list[tuple[int, Diagnostic]] = []  # how far right each head stands
        self.head: Token | None = None  # the first token of the line
        self.depth = 0  # of brackets within the line
        self.indent = 0

    def result(self) -> list[Token]:
        for at, token in enumerate(self.tokens):
            if token.first:
                self.line(token)
            self.depth += (token.kind in CLOSERS) - (token.kind in OPENERS)
            if token.kind == ":" and self.depth == 0 and self.begins() and _opens(self.tokens, at):
                self.begin(token)
            else:
                self.out.append(token)
        while self.open:
            self.end()
        return self.out

    def line(self, token: Token) -> None:
        """A line that stands no further right than a head ends its body."""
        self.indent = self.source.position(token.start)[1] - 1
        while self.open and self.indent <= self.open[-1][0]:
            self.end()
        self.head, self.depth = token, 0

    def begins(self) -> bool:
        return self.head is not None and self.head.text in HEADS

    def begin(self, token: Token) -> None:
        span = Span(self.source, token.start, token.end)
        message, hint = "a body stands in braces, not after `:`", "write `… { statements }`"
        found = Diagnostic("syntax", message, span, "`{` expected", hints=[hint])
        found.fixes.append(Fix("put the body in braces", [Edit(span, " {")]))
        self.diagnostics.add(found)
        self.broken.append(token.start)
        self.open.append((self.indent, found))
        self.out.append(Token("{", "{", token.start, token.end))

    def end(self) -> None:
        indent, found = self.open.pop()
        at = self.out[-1].end
        closing = " }" if self.out[-1].kind == "{" else "\n" + " " * indent + "}"
        found.fixes[0].edits.append(Edit(Span(self.source, at, at), closing))
        self.out.append(Token("}", "}", at, at))
