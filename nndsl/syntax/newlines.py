"""Between lexer and parser: which line breaks end a statement, and which reserved words are reserved where
they stand.
"""

from __future__ import annotations

from nndsl.syntax.brackets import CLOSERS, CONTINUES_AFTER, CONTINUES_BEFORE, ITEM_WORDS, OPENERS
from nndsl.syntax.lexing import Token

STATEMENT_WORDS = frozenset({"INPUT", "OUTPUT", "PARAM", "BUFFER", "LAYER", "INIT", "REQUIRE"})
EXPRESSION_WORDS = frozenset({"FOR", "IN", "IF", "ELSE", "AND", "OR", "NOT", "TRUE", "FALSE", "NONE"})
WORDS = ITEM_WORDS | STATEMENT_WORDS | EXPRESSION_WORDS
MEANT_AS_NAMES = ITEM_WORDS | STATEMENT_WORDS | {"NAME", "FOR", "ELSE", "TRUE", "FALSE", "NONE"}
ENDS = frozenset({"NAME", "NUMBER", "STRING", ")", "]", "}", "?", "TRUE", "FALSE", "NONE"})
_NOTHING = Token("$END", "", 0, 0)


class Filter:
    """`inside` holds the open brackets; `settings` says whether this is within `train` or `weights`."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.out: list[Token] = []
        self.inside: list[str] = []
        self.settings = False

    def result(self) -> list[Token]:
        previous = _NOTHING
        for at, token in enumerate(self.tokens):
            following = self.tokens[at + 1] if at + 1 < len(self.tokens) else _NOTHING
            if token.kind == ";":
                following.first = True
                continue
            if token.first and previous is not _NOTHING and self.breaks(previous, token, following):
                previous = self.line_end(previous, token)
            if token.kind in WORDS:
                token.kind = self.kind(previous, token, following)
                if not token.first and self.starts_unbroken(previous, token):
                    self.line_end(previous, token)
            elif token.kind in CLOSERS:
                self.inside.append(token.kind)
            elif token.kind in OPENERS and self.inside:
                self.inside.pop()
            self.out.append(token)
            previous = token
        return self.out

    def line_end(self, previous: Token, token: Token) -> Token:
        end = Token("NEWLINE", "", previous.end, token.start)
        self.out.append(end)
        return end

    def breaks(self, previous: Token, token: Token, following: Token) -> bool:
        if self.inside and self.inside[-1] != "{":
            return False
        if previous.kind in CONTINUES_AFTER or previous.kind == "NEWLINE":
            return False
        if token.kind == "NOT":
            return following.kind != "IN"
        return token.kind not in CONTINUES_BEFORE

    def starts_unbroken(self, previous: Token, token: Token) -> bool:
        """`{ input x: [N]  output y: [N] }`: a declaration ends what stands before it on the line."""
        declares = token.kind in STATEMENT_WORDS or token.kind in ITEM_WORDS - {"IMPORT", "FROM", "BLOCK"}
        if token.kind == "BLOCK":
            declares = previous.kind != "EXTERN"
        return declares and previous.kind in ENDS

    def kind(self, previous: Token, token: Token, following: Token) -> str:
        """The token's kind where it stands: a reserved word that cannot be meant as one is a name."""
        kind = token.kind
        if kind in ITEM_WORDS:
            return kind if not self.inside and self.is_item_word(previous, token, following) else "NAME"
        if kind in STATEMENT_WORDS:
            return kind if self.is_statement_word(previous, token, following) else "NAME"
        if kind in EXPRESSION_WORDS:
            return "NAME" if self.is_plain(previous, following) else kind
        return kind

    def is_item_word(self, previous: Token, token: Token, following: Token) -> bool:
        if token.kind == "FROM" and previous.kind == "WEIGHTS":
            return True
        if token.kind == "IMPORT" and previous.kind == "STRING":
            return True
        if token.kind == "BLOCK" and previous.kind == "EXTERN":
            return True
        starts = previous.kind in {"NEWLINE", "$END"} or (previous.kind in ENDS and self.is_word(following))
        if starts:
            self.settings = token.kind in {"TRAIN", "WEIGHTS"}
        return starts

    def is_statement_word(self, previous: Token, token: Token, following: Token) -> bool:
        if self.settings or not self.inside or self.inside[-1] != "{":
            return False
        starts = previous.kind in {"NEWLINE", "{"}
        if token.kind == "REQUIRE":
            return starts and following.kind not in {"=", ":", ",", "->", "."}
        if token.kind == "INIT" and following.kind == "=":
            return starts
        return (starts or previous.kind in ENDS) and self.is_word(following)

    def is_word(self, token: Token) -> bool:
        """A name, or a word that could only be meant as one."""
        return token.kind in MEANT_AS_NAMES

    def is_plain(self, previous: Token, following: Token) -> bool:
        """An attribute, an argument's name, a label among items, a setting's key."""
        if previous.kind == ".":
            return True
        if following.kind == "=":
            return previous.kind in {"(", ","} or (self.settings and previous.kind in {"NEWLINE", "{"})
        return False
