"""`parse(source, diagnostics)`: always a File, with whatever could be read."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax import ast, tables
from nndsl.syntax.brackets import balance
from nndsl.syntax.build_items import Builder
from nndsl.syntax.habits import correct
from nndsl.syntax.indented import braced
from nndsl.syntax.lexing import Lexer, Token
from nndsl.syntax.machine import Machine, TooDeep
from nndsl.syntax.newlines import Filter

_loaded: tuple[tables.Tables, Lexer] | None = None


def _ready() -> tuple[tables.Tables, Lexer]:
    """Tables and lexer, made when the first file is parsed."""
    global _loaded  # noqa: PLW0603  a cache of what never changes
    if _loaded is None:
        read = tables.load()
        _loaded = read, Lexer(read)
    return _loaded


def parse(source: Source, diagnostics: Diagnostics) -> ast.File:
    """Reads a whole file; what cannot be read is reported and left out."""
    read, lexer = _ready()
    lexed = lexer.lex(source, diagnostics)
    tokens = braced(lexed.tokens, source, diagnostics, lexed.broken)
    tokens = balance(tokens, source, diagnostics, lexed.broken)
    tokens = Filter(correct(tokens, lexed, source, diagnostics)).result()
    tokens.append(Token("$END", "", len(source.text), len(source.text)))
    machine = Machine(read, Builder(source, diagnostics, lexed.docs, lexed.broken))
    if not _fits(machine, tokens):
        from nndsl.syntax.recover import Recovery

        machine = Machine(read, Builder(source, diagnostics, lexed.docs, lexed.broken))
        Recovery(machine, tokens, lexed, source, diagnostics).run()
    return ast.File(source, machine.result or [], lexed.comments, lexed.file_doc)


def _fits(machine: Machine, tokens: list[Token]) -> bool:
    try:
        return machine.feed(tokens, 0) == len(tokens)
    except TooDeep:
        return False
