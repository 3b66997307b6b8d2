"""How wide a text is in DejaVu Sans or Serif, measured without any font: the same layout on every machine."""

from __future__ import annotations

from functools import lru_cache

from nndsl.backends.draw import widths, widths_serif
from nndsl.backends.draw.style import Font

UNKNOWN = 1300  # of a letter that is not in the table: wide enough for most alphabets
WIDE = 2100  # of an ideograph
FIRST_WIDE = 0x1100


@lru_cache(maxsize=4)
def _table(bold: bool, font: Font) -> dict[str, int]:
    face = widths_serif if font == "serif" else widths
    rows = face.BOLD if bold else face.REGULAR
    return {chr(first + i): int(w) for first, row in rows.items() for i, w in enumerate(row.split())}


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, bold: bool = False, font: Font = "sans") -> float:
    table = _table(bold, font)
    units = sum(table.get(c) or (WIDE if ord(c) >= FIRST_WIDE else UNKNOWN) for c in text)
    return units * size / widths.UNITS


def shortened(text: str, most: int) -> str:
    """At most so many letters, and none that cannot be seen."""
    text = text[: most + 1]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"
