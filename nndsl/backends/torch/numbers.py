"""Numbers on their way through text: one that knows its origin stands as a single character for it.

The characters are private ones of Unicode, which no name and no quoted string of a file holds.
"""

from __future__ import annotations

from nndsl.shapes.origins import Number, origin

FIRST, LAST = 0xF0000, 0x10FFFD
MARKS = f"{chr(FIRST)}-{chr(LAST)}"  # a class of a regular expression


def is_mark(character: str) -> bool:
    return ord(character) >= FIRST


class Numbers:
    """Those of one file."""

    def __init__(self) -> None:
        self._numbers: list[Number] = []
        self._places: dict[tuple[Number, object], int] = {}

    def mark(self, value: Number) -> str:
        """A character for a number with an origin; "" for any other."""
        of = origin(value)
        if of is None:
            return ""
        place = self._places.setdefault((value, of), len(self._numbers))
        if place == len(self._numbers):
            if FIRST + place > LAST:
                return ""
            self._numbers.append(value)
        return chr(FIRST + place)

    def number(self, mark: str) -> Number:
        return self._numbers[ord(mark) - FIRST]
