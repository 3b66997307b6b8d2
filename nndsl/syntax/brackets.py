"""Every bracket gets its partner before parsing, so that one forgotten bracket is one mistake and not a
cascade.

A balanced file passes straight through. Otherwise indentation says where the partner was forgotten: an item
begins at the margin, and a `}` alone on its line stands under the line that opened it.
"""

from __future__ import annotations

from nndsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label
from nndsl.source import Source, Span
from nndsl.syntax.lexing import Token

CLOSERS = {"(": ")", "[": "]", "{": "}"}
OPENERS = {closer: opener for opener, closer in CLOSERS.items()}
MAX_DEPTH = 200
LOOK_AHEAD = 200
DECLARE = frozenset({"INPUT", "OUTPUT", "PARAM", "BUFFER", "LAYER"})
ITEM_WORDS = frozenset({"IMPORT", "FROM", "BLOCK", "MODEL", "EXTERN", "FN", "TRAIN", "WEIGHTS"})
# After these a line break does not end a statement, and before those neither.
BINARY = frozenset(
    {"+", "-", "*", "/", "//", "%", "@", "**", "==", "!=", "<", "<=", ">", ">=", "..", "AND", "OR", "IN"}
)
CONTINUES_AFTER = BINARY | {"->", ",", "=", ":", ".", "(", "[", "{", "NOT", "IF", "FOR"}
CONTINUES_BEFORE = BINARY | {"->", ",", "=", ":", ".", ")", "]", "}", "{", "ELSE"}


def balance(tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]) -> list[Token]:
    """The tokens with every bracket closed; `broken` gets the places of what was reported."""
    if _balanced(tokens, source):
        return tokens
    tokens, cut = _shallow(tokens, source, diagnostics, broken)
    if _balanced(tokens, source):
        return tokens
    # What stood beyond the cut is gone, so what is unbalanced now was counted by that one mistake.
    return _Repair(tokens, source, Diagnostics() if cut else diagnostics, broken).result()


def _balanced(tokens: list[Token], source: Source) -> bool:
    """Has each bracket its partner, and that within its statement?"""
    stack: list[str] = []
    lines: list[Token] = []  # for each open bracket, where its line begins
    line = tokens[0] if tokens else None
    for at, token in enumerate(tokens):
        kind = token.kind
        if token.first:
            line = token
            inside = stack and stack[-1] != "}" and _statement_begins(tokens, at)
            if inside and column(token, source) <= column(lines[-1], source):
                return False
        if kind in CLOSERS:
            stack.append(CLOSERS[kind])
            lines.append(line or token)
            if len(stack) > MAX_DEPTH:
                return False
        elif kind in OPENERS:
            if not stack or stack.pop() != kind:
                return False
            lines.pop()
    return not stack


def _statement_begins(tokens: list[Token], at: int) -> bool:
    """Is this line surely no part of what stands before it: `name = …`, `output y …` without a comma before?"""
    if at == 0 or at + 1 >= len(tokens) or tokens[at - 1].kind in CONTINUES_AFTER:
        return False
    kind, following = tokens[at].kind, tokens[at + 1].kind
    return (kind == "NAME" and following == "=") or (kind in DECLARE and following == "NAME")


def column(token: Token, source: Source) -> int:
    return source.position(token.start)[1] - 1


def _shallow(
    tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]
) -> tuple[list[Token], bool]:
    """Puts a name in the place of what is nested too deeply."""
    kept: list[Token] = []
    depth, cut = 0, False
    for token in tokens:
        if token.kind in CLOSERS:
            depth += 1
            if depth == MAX_DEPTH + 1:
                if not cut:
                    too_deep(Span(source, token.start, token.end), diagnostics)
                cut = True
                broken.append(token.start)
                kept.append(Token("NAME", "_", token.start, token.end, token.first))
        if depth <= MAX_DEPTH:
            kept.append(token)
        if token.kind in OPENERS and depth:
            depth -= 1
    return kept, cut


def too_deep(span: Span, diagnostics: Diagnostics) -> None:
    """Told once: what is too deep in one place is so around it too."""
    if any(found.code == "too-deep" and found.span.source is span.source for found in diagnostics.items):
        return
    found = diagnostics.error("too-deep", f"this is nested more than {MAX_DEPTH} levels deep", span)
    found.hints.append("give the inner parts names of their own: `name = …`")


def _agreement(ahead: list[str], open_: list[str]) -> int:
    """How many of the closers ahead close what is open, in turn."""
    count = 0
    for closer, expected in zip(ahead, open_, strict=False):
        if closer != expected:
            break
        count += 1
    return count


class _Repair:
    def __init__(self, tokens: list[Token], source: Source, diagnostics: Diagnostics, broken: list[int]) -> None:
        self.tokens = tokens
        self.broken = broken
        self.source = source
        self.diagnostics = diagnostics
        self.out: list[Token] = []
        # Openers, each with its place in `out` and the indentation of its line.
        self.stack: list[tuple[Token, int, int]] = []
        self.indent = 0
        kinds = [token.kind for token in tokens]
        self.surplus = kinds.count("}") - kinds.count("{")

    def result(self) -> list[Token]:
        enough = len(self.broken) + 2 * Diagnostics.LIMIT
        for at, token in enumerate(self.tokens):
            if len(self.broken) > enough:
                # More is not shown, and each costs a look back over the file.
                return []
            if token.first:
                self.indent = column(token, self.source)
                if self.indent == 0 and self.stack and self.begins_item(at):
                    self.close_all(token)
                elif _statement_begins(self.tokens, at):
                    self.close_line(token)
            if token.kind in CLOSERS:
                self.stack.append((token, len(self.out), self.indent))
                self.out.append(token)
            elif token.kind in OPENERS:
                self.closer(token, at)
            else:
                self.out.append(token)
        self.close_all(None)
        return self.out

    def begins_item(self, at: int) -> bool:
        kinds = [token.kind for token in self.tokens[at : at + 2]]
        return kinds[0] in ITEM_WORDS and len(kinds) == 2 and kinds[1] in {"NAME", "STRING", "BLOCK", "FROM"}

    def close_line(self, before: Token) -> None:
        """A new statement, no further right than what stands before it, is not in brackets of that."""
        while self.stack and self.stack[-1][0].kind != "{" and self.indent <= self.stack[-1][2]:
            self.forgotten(before)

    def close_all(self, before: Token | None) -> None:
        while self.stack:
            self.forgotten(before)

    def closer(self, token: Token, at: int) -> None:
        opener = OPENERS[token.kind]
        if token.kind == "}" and not self.stack and self.headless(token):
            return
        if token.kind == "}" and self.surplus > 0 and self.astray(token):
            self.surplus -= 1
            self.extra(token, at)
            return
        if token.kind == "}" and token.first:
            self.by_indentation(token)
        if self.stack and self.stack[-1][0].kind == opener:
            self.stack.pop()
            self.out.append(token)
        elif self.stack and self.awaited(at):
            self.remove(token, at)
        elif not self.reachable(opener):
            self.extra(token, at)
        else:
            while self.stack[-1][0].kind != opener:
                self.forgotten(token)
            self.stack.pop()
            self.out.append(token)

    def headless(self, token: Token) -> bool:
        """`model A` without its `{`, which the `}` at the margin shows to be missing: puts it in."""
        if not token.first or self.indent:
            return False
        starts = [
            at for at, t in enumerate(self.out) if t.first and t.kind in ITEM_WORDS and column(t, self.source) == 0
        ]
        if not starts:
            return False
        at = starts[-1] + 1
        while at < len(self.out) and not self.out[at].first:
            at += 1
        head = self.out[starts[-1] : at]
        if any(t.kind in {"{", "IMPORT", "FN"} for t in head):
            return False
        point = Span(self.source, head[-1].end, head[-1].end)
        fix = Fix("add `{`", [Edit(point, " {")])
        label = Label(Span(self.source, token.start, token.end), "it would end here")
        found = Diagnostic("syntax", "this body has no `{`", point, "`{` expected here", labels=[label], fixes=[fix])
        self.diagnostics.add(found)
        self.broken.append(head[-1].end)
        self.out.insert(at, Token("{", "{", head[-1].end, head[-1].end))
        self.out.append(token)
        self.surplus -= 1
        return True

    def astray(self, token: Token) -> bool:
        """Whether, there being more `}` than `{`, this is the one too many.

        It stands further right than the line it would close, or amid another line.
        """
        if not self.stack or self.stack[-1][0].kind != "{":
            return not self.stack
        opener, _, indent = self.stack[-1]
        if token.first:
            return self.indent > indent
        return self.source.position(opener.start)[0] != self.source.position(token.start)[0]

    def awaited(self, at: int) -> bool:
        """Whether the brackets ahead fit better if this closer, lacking an opener, is left out."""
        open_ = [CLOSERS[token.kind] for token, _, _ in reversed(self.stack)]
        ahead = self.closers_ahead(at, same_line=open_[0] == "}")
        opener = OPENERS[self.tokens[at].kind]
        taken = open_.index(self.tokens[at].kind) + 1 if self.reachable(opener) else 1
        return _agreement(ahead, open_) > _agreement(ahead, open_[taken:])

    def closers_ahead(self, at: int, same_line: bool) -> list[str]:
        """The closers that follow without openers of their own."""
        found: list[str] = []
        depth = 0
        for token in self.tokens[at + 1 : at + LOOK_AHEAD]:
            if token.first and same_line:
                break
            depth += (token.kind in CLOSERS) - (token.kind in OPENERS)
            if depth < 0:
                found.append(token.kind)
                depth = 0
        return found

    def reachable(self, opener: str) -> bool:
        """A `)` does not reach over the `{` of a body on an earlier line."""
        for token, _, _ in reversed(self.stack):
            if token.kind == opener:
                return True
            if token.kind == "{" and opener != "{" and "\n" in self.source.text[token.start : self.source_end()]:
                return False
        return False

    def source_end(self) -> int:
        return self.out[-1].end if self.out else 0

    def by_indentation(self, token: Token) -> None:
        """A `}` that begins a line further left than the line of an opener belongs to an earlier one."""
        while (
            self.stack
            and self.stack[-1][2] > self.indent
            and any(t.kind == "{" and i <= self.indent for t, _, i in self.stack)
        ):
            self.forgotten(token)

    def extra(self, token: Token, at: int) -> None:
        self.broken.append(token.start)
        span = Span(self.source, token.start, token.end)
        top = self.stack[-1][0] if self.stack else None
        if top is not None and top.kind != "{":
            right = CLOSERS[top.kind]
            label = Label(Span(self.source, top.start, top.end), "opened here")
            fix = Fix(f"write `{right}`", [Edit(span, right)])
            message = f"`{top.kind}` is closed by `{token.kind}`"
            self.diagnostics.add(
                Diagnostic("syntax", message, span, f"`{right}` expected", labels=[label], fixes=[fix])
            )
            self.stack.pop()
            self.out.append(Token(right, right, token.start, token.end, token.first))
            return
        self.remove(token, at)

    def remove(self, token: Token, at: int) -> None:
        self.broken.append(token.start)
        span = Span(self.source, token.start, token.end)
        fix = Fix(f"remove `{token.kind}`", [Edit(span, "")])
        self.diagnostics.add(Diagnostic("syntax", f"this `{token.kind}` closes nothing", span, fixes=[fix]))
        if token.first and at + 1 < len(self.tokens):
            self.tokens[at + 1].first = True

    def forgotten(self, before: Token | None) -> None:
        """Reports the innermost opener and closes it where its statement seems to end."""
        token, place, indent = self.stack.pop()
        closer = CLOSERS[token.kind]
        at = self.end_of_brace(place, indent) if token.kind == "{" else self.end_of_statement(place)
        previous = self.out[at - 1]
        point = Span(self.source, previous.end, previous.end)
        opener = Span(self.source, token.start, token.end)
        alone = token.kind == "{" and self.spans_lines(place, at)
        fix = Fix(f"add `{closer}`", [Edit(point, ("\n" + " " * indent if alone else "") + closer)])
        labels = [Label(point, f"`{closer}` is missing here")]
        self.diagnostics.add(
            Diagnostic("syntax", f"this `{token.kind}` is never closed", opener, labels=labels, fixes=[fix])
        )
        self.broken += [token.start, previous.end]
        inserted = Token(closer, closer, previous.end, previous.end)
        self.out.insert(at, inserted)

    def spans_lines(self, place: int, at: int) -> bool:
        return any(token.first for token in self.out[place + 1 : at])

    def end_of_brace(self, place: int, indent: int) -> int:
        """Before the first line that stands no further right than the line of the `{`."""
        for at in range(place + 1, len(self.out)):
            token = self.out[at]
            if token.first and column(token, self.source) <= indent and token.kind not in CONTINUES_BEFORE:
                return at
        return len(self.out)

    def in_head(self, place: int) -> bool:
        """Whether the opener belongs to the hyperparameters of an item, which a body follows."""
        return place >= 2 and self.out[place - 2].kind in {"BLOCK", "MODEL"}

    def end_of_statement(self, place: int) -> int:
        """Before the first line break that reads like the end of a statement."""
        depth = 0
        head = self.in_head(place)
        listed = self.is_item_of_lines(place)
        for at in range(place + 1, len(self.out)):
            token, previous = self.out[at], self.out[at - 1]
            if depth == 0 and head and token.kind == "{":
                return at
            if depth == 0 and listed and token.first and previous.kind == "," and at > place + 2:
                return at - 1
            if (
                depth == 0
                and at > place + 1
                and (token.first or token.kind == "}")
                and previous.kind not in CONTINUES_AFTER
            ):
                return at
            depth += (token.kind in CLOSERS) - (token.kind in OPENERS)
        return len(self.out)

    def is_item_of_lines(self, place: int) -> bool:
        """Whether the opener stands in brackets with an item on each line, and its own line goes on after it."""
        if not self.stack or self.stack[-1][0].kind == "{" or place + 1 >= len(self.out):
            return False
        return self.out[self.stack[-1][1] + 1].first and not self.out[place + 1].first
