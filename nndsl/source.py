"""A text and its name. Offsets become lines and columns only when something is shown."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Source:
    """One `.nn` text. `name` is what messages call it: a path, `<stdin>`, `<string>`."""

    __slots__ = ("_starts", "hidden", "name", "path", "text")

    def __init__(self, text: str, name: str = "<string>", path: str | None = None, hidden: int = 0) -> None:
        """`hidden`: how many characters at the start nobody wrote; they are never shown."""
        self.hidden = hidden
        self.text = text
        self.name = name
        self.path = path
        self._starts: list[int] | None = None

    def starts(self) -> list[int]:
        """Offsets at which lines begin."""
        if self._starts is None:
            self._starts = [self.hidden]
            at = self.text.find("\n")
            while at >= 0:
                self._starts.append(at + 1)
                at = self.text.find("\n", at + 1)
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        starts = self.starts()
        offset = max(offset, self.hidden)
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its newline."""
        starts = self.starts()
        begin = starts[number - 1]
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[begin:end].rstrip("\r")

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """Half-open range of offsets in a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From where this begins to where the other ends."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    def __repr__(self) -> str:
        return f"<{self}>"
