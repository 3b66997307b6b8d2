"""Bodies as Python writes them, `if wide:` and lines further right: told once for each `:`, and read with braces."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix
from nndsl.source import Source, Span
from nndsl.syntax.brackets import CLOSERS, CONTINUES_AFTER, CONTINUES_BEFORE, OPENERS
from nndsl.syntax.lexing import Token

BARE = frozenset({"if", "elif", "else", "for"})
HEADS = frozenset({"if", "elif", "else", "for", "while", "model", "block", "def", "class", "fn"})


def braced(tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]) -> list[Token]:
    """The tokens with `{` for such a `:`, and `}` where the lines stand further left again."""
    if not any(_opens(tokens, at) if token.kind == ":" else _bare(tokens, at) for at, token in enumerate(tokens)):
        return tokens
    return _Braces(tokens, source, diagnostics, broken).result()


def _opens(tokens: list[Token], at: int) -> bool:
    """Is this `:` the last of its line?"""
    return at + 1 == len(tokens) or tokens[at + 1].first


def _bare(tokens: list[Token], at: int) -> bool:
    """Does a line begin here that needs a body, and has no `{`?"""
    if not tokens[at].first or tokens[at].text not in BARE:
        return False
    end = at + 1
    while end < len(tokens) and not tokens[end].first:
        if tokens[end].kind == "{":
            return False
        end += 1
    return end < len(tokens) and tokens[end].kind not in CONTINUES_BEFORE


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
        self.inside = 0  # how many ( and [ are open
        self.bare = False  # a body is expected after this line
        self.indent = 0
        self.surplus = sum((t.kind == "}") - (t.kind == "{") for t in tokens)

    def result(self) -> list[Token]:
        for at, token in enumerate(self.tokens):
            if token.first:
                self.line(token)
                self.bare = self.inside == 0 and _bare(self.tokens, at)
            self.inside = max(0, self.inside + (token.kind in {"(", "["}) - (token.kind in {")", "]"}))
            self.depth += (token.kind in CLOSERS) - (token.kind in OPENERS)
            if token.kind == ":" and self.depth == 0 and self.begins() and _opens(self.tokens, at):
                self.begin(token)
            else:
                self.out.append(token)
                self.bodiless(at)
        while self.open:
            self.end()
        return self.out

    def line(self, token: Token) -> None:
        """A line that stands no further right than a head ends its body."""
        self.indent = self.source.position(token.start)[1] - 1
        while self.open and self.indent <= self.open[-1][0]:
            if token.kind == "}" and self.surplus > 0 and self.indent == self.open[-1][0]:
                self.surplus -= 1  # it was written for this body
                self.open.pop()
                break
            self.end()
        self.head, self.depth = token, 0

    def begins(self) -> bool:
        return self.head is not None and self.head.text in HEADS

    def bodiless(self, at: int) -> None:
        """`if wide` and lines further right, without any sign between them."""
        token, following = self.tokens[at], self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        if not self.bare or following is None or not following.first or token.kind in CONTINUES_AFTER - {"IF"}:
            return
        if self.source.position(following.start)[1] - 1 > self.indent:
            self.begin(Token("{", "", token.end, token.end))

    def begin(self, token: Token) -> None:
        span = Span(self.source, token.start, token.end)
        message, hint = "a body stands in braces, not after `:`", "write `… { statements }`"
        if not token.text:
            message = "a body stands in braces"
        found = Diagnostic("syntax", message, span, "`{` expected", hints=[hint])
        if self.head is not None and self.head.text in {"def", "class"} and self.indent:
            found.message = f"there is no `{self.head.text}` within a body: its statements stand there directly"
            found.span, found.label = Span(self.source, self.head.start, self.head.end), ""
            found.hints = ["what `forward` would do is the body itself: `output y = x -> …`"]
        else:
            found.fixes.append(Fix("put the body in braces", [Edit(span, " {")]))
        self.diagnostics.add(found)
        self.broken.append(token.start)
        self.open.append((self.indent, found))
        self.out.append(Token("{", "{", token.start, token.end))

    def end(self) -> None:
        indent, found = self.open.pop()
        at = self.out[-1].end
        closing = " }" if self.out[-1].kind == "{" else "\n" + " " * indent + "}"
        for fix in found.fixes:
            fix.edits.append(Edit(Span(self.source, at, at), closing))
        self.out.append(Token("}", "}", at, at))
