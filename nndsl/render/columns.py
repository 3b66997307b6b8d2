"""What a terminal shows of a text: how wide each character is, and nothing that could command the terminal."""

from __future__ import annotations

TAB = 4
LONGEST = 1000  # characters shown of one line of a message

# Characters that reorder or hide text around them: a spec could show other code than it has.
HIDING = frozenset("\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u2060\ufeff").union(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)


def visible(text: str) -> str:
    """The text with control characters made visible. Plain ASCII, which is nearly always, costs nothing."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_glyph(character) for character in text)


def visible_lines(text: str) -> list[str]:
    """The lines of a message or label."""
    return [visible(_cropped(line.expandtabs(TAB))) for line in text.split("\n")]


def _cropped(line: str) -> str:
    return line if len(line) <= LONGEST else line[:LONGEST] + "…"


def _glyph(character: str) -> str:
    if character.isprintable() and character not in HIDING:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return character if character not in HIDING and _is_harmless(character) else "\ufffd"


def _is_harmless(character: str) -> bool:
    """Unprintable to Python are also spaces of other scripts and joiners inside emoji."""
    import unicodedata

    return unicodedata.category(character) == "Zs" or character == "\u200d"


def cells(text: str) -> int:
    """Terminal cells of a visible text."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    import unicodedata

    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Line:
    """A source line as shown: its text, and the cell at which each of its characters starts."""

    __slots__ = ("starts", "text")

    def __init__(self, raw: str) -> None:
        if raw.isascii() and raw.isprintable():
            self.text = raw
            self.starts: list[int] | range = range(len(raw) + 1)
            return
        shown: list[str] = []
        starts = [0]
        for character in raw:
            glyph = " " * (TAB - starts[-1] % TAB) if character == "\t" else _glyph(character)
            shown.append(glyph)
            starts.append(starts[-1] + cells(glyph))
        self.text = "".join(shown)
        self.starts = starts

    def cell(self, index: int) -> int:
        """The cell of a character, or the one just after the line."""
        return self.starts[min(max(index, 0), len(self.starts) - 1)]


def cut(text: str, begin: int, end: int) -> str:
    """The cells [begin, end) of a visible text; a wide character cut in half becomes a space."""
    if text.isascii():
        return text[begin:end]
    shown: list[str] = []
    at = 0
    for character in text:
        after = at + _cells(character)
        if at >= end:
            break
        if at >= begin and after <= end:
            shown.append(character)
        elif after > begin:
            shown.append(" " * (min(after, end) - max(at, begin)))
        at = after
    return "".join(shown)
