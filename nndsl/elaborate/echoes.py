"""A file that could not be read whole is still checked: what was read has mistakes of its own. What only follows from
the lost text is not told: it would be an echo."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nndsl.diagnostics import Diagnostic
from nndsl.source import Source
from nndsl.syntax import ast

_NAME = re.compile(r"[A-Za-z_]\w*")
_FROM_MISSING_TEXT = {
    "wrong-outputs",
    "empty-model",
    "no-model",
    "unused",
    "wrong-inputs",
    "missing-argument",
    "recursion",
}
_NAMES = {"unknown-name", "unknown-layer"}


class Echoes:
    """Which findings are echoes of `earlier` ones: mistakes of reading and importing."""

    def __init__(self, file: ast.File, earlier: Iterable[Diagnostic]) -> None:
        self.source = file.source
        self.lines = {line for found in earlier for line in _lines(found, file.source)}
        self.words = {word for line in self.lines for word in _NAME.findall(file.source.line(line))}
        self.all_names = any(found.span.source is not file.source for found in earlier) or any(
            isinstance(item, ast.Import) and item.names is None and self._touched(item.span) for item in file.items
        )

    def _touched(self, span: tuple[Source, int, int]) -> bool:
        source, start, end = span
        return source is self.source and not self.lines.isdisjoint(
            range(source.position(start)[0], source.position(end)[0] + 1)
        )

    def has(self, found: Diagnostic) -> bool:
        if found.code in _FROM_MISSING_TEXT or self._touched(found.span):
            return True
        return found.code in _NAMES and (self.all_names or found.span.text in self.words)


def _lines(found: Diagnostic, source: Source) -> Iterable[int]:
    """The lines that a mistake of reading touches."""
    for span in (found.span, *(label.span for label in found.labels)):
        if span.source is source:
            yield from range(source.position(span.start)[0], source.position(max(span.end - 1, span.start))[0] + 1)
