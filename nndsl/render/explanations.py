"""The page of each diagnostic code: `explain/CODE.md`, shown by `nndsl explain CODE`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PAGES = Path(__file__).parent / "explain"


@cache
def codes() -> list[str]:
    """All codes that have a page, in the order of the alphabet."""
    return sorted(path.stem for path in PAGES.glob("*.md"))


def page(code: str) -> str | None:
    """The Markdown page of a code."""
    return (PAGES / f"{code}.md").read_text("utf-8") if code in codes() else None


def summary(code: str) -> str | None:
    """The first sentence of its page."""
    text = page(code)
    if text is None:
        return None
    paragraphs = [part for part in text.split("\n\n") if part and not part.startswith("#")]
    return " ".join(paragraphs[0].split()).split(". ")[0].rstrip(".")
