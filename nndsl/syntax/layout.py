"""Text that may be laid out in several ways, and the choice between them: what fits on a line stays on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

WIDTH = 110


class Line:
    """A space (or nothing) where its group is on one line, else a line break; `hard`, always a break."""

    __slots__ = ("flat", "hard")

    def __init__(self, flat: str = " ", hard: bool = False) -> None:
        self.flat = flat
        self.hard = hard


class Suffix:
    """A comment that goes to the end of the line, wherever that comes to be."""

    __slots__ = ("text",)
    hard = True

    def __init__(self, text: str) -> None:
        self.text = text


class Broken:
    """Text only where the group is broken: a trailing comma."""

    __slots__ = ("text",)
    hard = False

    def __init__(self, text: str) -> None:
        self.text = text


class Concat:
    """Parts one after another, further right by `indent`; a `group` is laid out on one line if it fits."""

    __slots__ = ("group", "hard", "indent", "parts")

    def __init__(self, parts: Iterable[Doc], indent: int = 0, group: bool = False) -> None:
        self.parts = list(parts)
        self.indent = indent
        self.group = group
        self.hard = any(is_hard(part) for part in self.parts)


Doc: TypeAlias = "str | Line | Suffix | Broken | Concat"
HARD = Line(hard=True)
SOFT = Line("")
SPACE = Line(" ")


def is_hard(doc: Doc) -> bool:
    """Whether it cannot stand on one line."""
    return not isinstance(doc, str) and doc.hard


def indented(*parts: Doc) -> Concat:
    return Concat(parts, indent=2)


def group(*parts: Doc) -> Concat:
    return Concat(parts, group=True)


def concat(*parts: Doc) -> Concat:
    return Concat(parts)


class _Renderer:
    def __init__(self) -> None:
        self.out: list[str] = []
        self.column = 0
        self.comments: list[str] = []

    def render(self, doc: Doc) -> str:
        # Each entry: how far in, whether on one line, what.
        stack: list[tuple[int, bool, Doc]] = [(0, False, doc)]
        while stack:
            indent, flat, part = stack.pop()
            if isinstance(part, str):
                self.out.append(part)
                self.column += len(part)
            elif isinstance(part, Concat):
                if part.group and not flat:
                    flat = not part.hard and self.fits(indent, part, stack)
                inner = indent + part.indent
                stack.extend((inner, flat, child) for child in reversed(part.parts))
            elif isinstance(part, Suffix):
                self.comments.append(part.text)
            elif isinstance(part, Broken):
                self.out.append("" if flat else part.text)
            elif flat and not part.hard:
                self.out.append(part.flat)
                self.column += len(part.flat)
            else:
                self.newline(indent)
        self.newline(0)
        return "".join(self.out)

    def newline(self, indent: int) -> None:
        """Ends the line, after its comment; further comments get lines of their own."""
        if self.comments:
            self.out.append("  " + self.comments[0])
            self.out += ["\n" + " " * indent + comment for comment in self.comments[1:]]
            self.comments.clear()
        self.out.append("\n" + " " * indent)
        self.column = indent

    def fits(self, indent: int, doc: Concat, rest: list[tuple[int, bool, Doc]]) -> bool:
        """Whether it fits on this line, with what follows up to the next possible break."""
        room = WIDTH - self.column
        stack: list[tuple[bool, Doc]] = [(True, doc)]
        following = len(rest)
        while room >= 0:
            if not stack:
                if not following:
                    return True
                following -= 1
                stack.append(rest[following][1:])
            flat, part = stack.pop()
            if isinstance(part, str):
                room -= len(part)
            elif isinstance(part, Concat):
                stack.extend((flat, child) for child in reversed(part.parts))
            elif isinstance(part, Line):
                if part.hard or not flat:
                    return True
                room -= len(part.flat)
        return False


def render(doc: Doc) -> str:
    """The text, without blanks at the ends of lines, ending in one line break."""
    lines = [line.rstrip() for line in _Renderer().render(doc).split("\n")]
    return "\n".join(lines).strip("\n") + "\n"
