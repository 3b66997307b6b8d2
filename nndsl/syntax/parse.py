"""`parse(source, diagnostics)`: always a File, with whatever could be read."""

from __future__ import annotations

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax import ast, tables
from nndsl.syntax.brackets import balance
from nndsl.syntax.build_items import Builder
from nndsl.syntax.lexing import Lexed, Lexer, Token
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
    read, lexer = _ready()
    lexed = lexer.lex(source, diagnostics)
    tokens = Filter(balance(lexed.tokens, source, diagnostics)).result()
    file = ast.File(source, comments=lexed.comments, doc=lexed.file_doc)
    file.items = _items(read, tokens, lexed, source, diagnostics)
    return file


def _items(
    read: tables.Tables, tokens: list[Token], lexed: Lexed, source: Source, diagnostics: Diagnostics
) -> list[ast.Item]:
    tokens.append(Token("$END", "", len(source.text), len(source.text)))
    machine = Machine(read, Builder(source, diagnostics, lexed.docs))
    try:
        place = machine.feed(tokens, 0)
    except TooDeep:
        place = 0
    if place < len(tokens):
        from nndsl.syntax.recover import Recovery

        Recovery(machine, tokens, lexed, source, diagnostics).run(place)
    items: list[ast.Item] = machine.result or []
    return items
