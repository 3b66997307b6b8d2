"""Words, numbers, types and sizes of the IR's text form: the lower half of `reader`."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.shapes import DTYPES, DimTooLarge, Size, TensorType, parse_dim
from nndsl.source import Source, Span

NAME = re.compile(r"[^\W\d]\w*")
_WORD = re.compile(r"\w+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
NUMBER = re.compile(r"-?(?:inf|nan|\d+(?:\.\d+)?(?:e[-+]?\d+)?)")
_SPACE = re.compile(r"\s*")


class Scanner:
    """Stands at a place in a text. What does not fit ends the reading with a Diagnostic."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0

    def fail(self, message: str) -> NoReturn:
        end = min(self.at + 1, len(self.text))
        raise SpecError([Diagnostic("ir-syntax", message, Span(self.source, min(self.at, end), end))])

    def next(self) -> int:
        """Where the next sign begins."""
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        return found.end()

    def skip(self) -> None:
        self.at = self.next()

    def take(self, what: str) -> bool:
        """The sign or word, where it comes next; otherwise nothing is passed."""
        begin = self.next()
        if not self.text.startswith(what, begin):
            return False
        end = begin + len(what)
        if _WORD.match(what[-1]) and _WORD.match(self.text, end):
            return False
        self.at = end
        return True

    def need(self, what: str) -> None:
        if not self.take(what):
            self.fail(f"`{what}` is expected here")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.next())
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def word(self) -> str:
        """A name, a number, or a quoted text."""
        self.skip()
        if self.text.startswith('"', self.at):
            return self.string()
        found = self.match(_WORD)
        return found if found is not None else self.fail("a name is expected here")

    def string(self) -> str:
        found = self.match(_STRING)
        if found is None:
            self.fail("a quoted text is expected here")
        try:
            return str(json.loads(found))
        except ValueError:
            self.at -= len(found)
            self.fail("this quoted text is not valid")

    def identity(self) -> tuple[str, str]:
        """`name#2` as it is spelled, and the name."""
        self.skip()
        begin = self.at
        name = self.word()
        if self.text.startswith("#", self.at):
            self.at += 1
            self.word()
        return self.text[begin : self.at], name

    # ------------------------------------------------------------ types and sizes

    def type(self) -> TensorType:
        dtype = self.match(NAME)
        if dtype not in DTYPES:
            self.fail("a type is expected here")
        return TensorType(dtype, self.shape())

    def shape(self) -> tuple[Size, ...]:
        self.need("[")
        begin = self.at
        end = self.text.find("]", begin)
        if end < 0:
            self.fail("`]` is missing")
        sizes = tuple(self._parsed(part) for part in _split(self.text[begin:end]))
        self.at = end + 1
        return sizes

    def size(self) -> Size:
        self.need("`")
        end = self.text.find("`", self.at)
        if end < 0:
            self.fail("a backquote is missing")
        size = self._parsed(self.text[self.at : end])
        self.at = end + 1
        return size

    def _parsed(self, text: str) -> Size:
        try:
            return parse_dim(text.strip())
        except (ValueError, ArithmeticError, DimTooLarge):
            self.fail(f"{text.strip()[:80]} is no size")


def _split(text: str) -> list[str]:
    """At the commas that are in no parentheses."""
    parts, depth, begin = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(text[begin:i])
            begin = i + 1
    return [*parts, text[begin:]] if text.strip() else []
