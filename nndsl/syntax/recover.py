"""Going on after a token that does not fit."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source, Span
from nndsl.syntax.lexing import Lexed, Token
from nndsl.syntax.machine import Machine


class Recovery:
    def __init__(
        self, machine: Machine, tokens: list[Token], lexed: Lexed, source: Source, diagnostics: Diagnostics
    ) -> None:
        self.machine = machine
        self.tokens = tokens
        self.lexed = lexed
        self.source = source
        self.diagnostics = diagnostics

    def run(self, place: int) -> None:
        token = self.tokens[place]
        span = Span(self.source, token.start, token.end)
        self.diagnostics.error("syntax", f"`{token.text}` does not fit here", span)
