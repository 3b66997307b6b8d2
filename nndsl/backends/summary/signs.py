"""Signs for terminals that have only ASCII, and text from a spec made harmless."""

from __future__ import annotations

import re
import unicodedata

PLAIN = str.maketrans(
    {
        "─": "-", "│": "|", "├": "|", "└": "`", "×": "x", "·": "*", "–": "-", "…": "...", "≥": ">=", "≈": "~",
        "⌊": "floor(", "⌋": ")", "µ": "u", "→": "->", "Σ": "sum",
    }
)  # fmt: skip
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
UNEVEN = re.compile(
    "[\u0300-\u1fff\u20d0-\u20ff\u2300-\u23ff\u25fd-\U0010ffff]"
)  # some of these are no column wide, or two
LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def plain(text: str) -> str:
    """Our own signs in ASCII; `T²` becomes `T^2`."""
    if text.isascii():
        return text
    return RAISED.sub(lambda found: "^" + found[0].translate(LOWERED), text).translate(PLAIN)


def clean(text: str) -> str:
    """Labels come from a spec: nothing in them may steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def wide(text: str) -> int:
    """Columns in a terminal."""
    if not UNEVEN.search(text):
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int, dots: str = "…", times: str = "") -> str:
    """Shortened, but for a count at its end, where `times` stands before counts. Of a number all digits stay, or none:
    `Conv2d 6…` would be another layer than `Conv2d 64`."""
    if wide(text) <= width:
        return text
    head, sign, count = text.rpartition(times) if times else ("", "", "")
    end = sign + count if sign and count.isdigit() else ""
    kept, used = [], len(dots) + wide(end)
    for letter in head if end else text:
        used += wide(letter)
        if used > width:
            break
        kept.append(letter)
    length = len(kept)
    inside = (found.start() for found in NUMBER.finditer(text, 0, length + 2) if found.start() < length < found.end())
    return text[: next(inside, length)] + dots + end
