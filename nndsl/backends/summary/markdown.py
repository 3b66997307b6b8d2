"""A summary as Markdown: a table that code forges render. What a spec says stands in code spans, where nothing is
markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nndsl.backends.summary.columns import NOTHING, USUAL, Column, Port, chosen, footnotes, label, ports
from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.signs import clean
from nndsl.backends.summary.table import described
from nndsl.backends.summary.totals import Fact, Section, sections
from nndsl.backends.summary.walk import Step, left_out, walk

LEVEL = "&emsp;"
DEEPEST_SHOWN = 12
_TICKS = re.compile("`+")


def markdown(
    summary: Summary,
    *,
    columns: Sequence[str] | None = None,
    depth: int | None = None,
) -> str:
    """`columns` and `depth` as for `table`."""
    listed = chosen(USUAL if columns is None else columns)
    lines = [f"### {code(summary.model)}", "", *(_port(port) for port in ports(summary)), ""]
    lines += [_row(["layer", "type", *(column.heading for column in listed)])]
    lines += [_row(["---", "---", *("---" if column.shape else "---:" for column in listed)])]
    lines += [_row(_cells(summary, step, listed)) for step in walk(summary, depth)]
    for line in left_out(summary, depth):
        lines += ["", line]
    for section in sections(summary):
        lines += ["", *_section(section)]
    return "\n".join([*lines, "", *(f"- {escaped(note)}" for note in footnotes(summary, listed, depth))]) + "\n"


def code(text: str) -> str:
    """A code span that holds any text, and can stand in a table."""
    text = clean(text).strip().replace("|", "\\|")
    if not text:
        return ""
    fence = "`" * (1 + max((len(found) for found in _TICKS.findall(text)), default=0))
    gap = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def escaped(text: str) -> str:
    """Our own words, with names from a spec in them."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!$&])", r"\\\1", clean(text))


def _port(port: Port) -> str:
    return f"- {port.word} {code(f'{port.name}: {port.type}')}{port.mode}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(summary: Summary, step: Step, columns: Sequence[Column]) -> list[str]:
    row = step.row
    name = LEVEL * min(step.depth, DEEPEST_SHOWN) + code(label(row)) + (f" × {row.count}" if row.count > 1 else "")
    return [name, code(described(row)), *(_value(column, column.text(summary, row)) for column in columns)]


def _value(column: Column, text: str) -> str:
    return code(text) if column.shape or not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text in (NOTHING, "?", "shared") or "·" not in text


def _section(section: Section) -> list[str]:
    heads = [escaped(section.title) if section.title else "total", "", ""]
    align = ["---", "---:" if section.numbers else "---", "---"]
    return [_row(heads), _row(align), *(_row(_fact(fact)) for fact in section.facts)]


def _fact(fact: Fact) -> list[str]:
    return [fact.label, code(fact.value) if "·" in fact.value else escaped(fact.value), escaped(fact.note)]
