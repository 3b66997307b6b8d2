"""A summary as a table for a terminal: layers as a tree, equal members once, fitted to the width.

What gives way first is the input shapes, then output shapes, hyperparameters and names. A number is never cut: columns
that still have not the room stand in another table below, beside the names once more.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from nndsl.backends.summary.columns import COLUMNS, USUAL, Column, Port, chosen, footnotes, label, ports
from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.signs import clean, cut, plain, wide
from nndsl.backends.summary.totals import Fact, Section, sections
from nndsl.backends.summary.walk import Step, left_out, walk
from nndsl.backends.summary.words import in_mode

BOLD, DIM, OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
GAP = "  "
FIRST = ("layer", "type")  # before the columns that can be chosen
LEAST_NAME, LEAST_TYPE = 16, 8
SHORTEST_NAME = 10  # where there is nothing else to give way
DEEPEST_SHOWN = 12


@dataclass(slots=True)
class Line:
    """One row of the table, not yet fitted. `needed`: how wide the type is without the hyperparameters of a block."""

    cells: list[str]
    needed: int
    strong: bool = False


def table(
    summary: Summary,
    width: int = 100,
    color: bool = False,
    *,
    columns: Sequence[str] | None = None,
    depth: int | None = None,
    ascii: bool = False,
) -> str:
    """`columns`: names of COLUMNS. `depth`: how many levels of blocks are open. `ascii`: no other signs of
    ours."""
    paper = Paper(width, color, ascii)
    listed = chosen(USUAL if columns is None else columns)
    if columns is None and not isinstance(summary.parameters, int):
        listed.remove(COLUMNS["percent"])
    lines = [_line(summary, step, listed, paper) for step in walk(summary, depth)]
    heads = [*FIRST, *(paper.plain(column.heading) for column in listed)]
    more = [paper.plain(line) for line in left_out(summary, depth)]
    shown = [
        paper.paint(paper.cut(paper.plain(clean(summary.model)), width), BOLD),
        *(_port(port, paper) for port in ports(summary)),
    ]
    for widths in _tables(_fit(heads, lines, listed, width, columns is not None), heads, lines, width):
        rule = paper.paint(paper.plain("─") * _total(widths), DIM)
        shown += ["", paper.paint(_spaced(heads, widths, listed, paper), DIM), rule]
        for line in lines:
            shown.append(paper.paint(_spaced(line.cells, widths, listed, paper), BOLD if line.strong else ""))
        shown += [*more, rule]
    return "\n".join(
        [*shown, *_sections(sections(summary), paper), "", *_notes(footnotes(summary, listed, depth), paper)]
    )


@dataclass(slots=True)
class Paper:
    """What is written on: its width, and what it can show."""

    width: int
    color: bool
    ascii: bool

    def plain(self, text: str) -> str:
        return plain(text) if self.ascii else text

    def cut(self, text: str, width: int, counted: bool = False) -> str:
        return cut(text, width, self.plain("…"), self.plain(" × ") if counted else "")

    def paint(self, text: str, style: str) -> str:
        return f"{style}{text}{OFF}" if self.color and style and text else text

    def wrapped(self, text: str, indent: int = 0, taken: int = 0) -> list[str]:
        """At the width but for what is `taken`, but between words only: a number is not cut."""
        return textwrap.wrap(
            text, max(self.width - taken, indent + 1), subsequent_indent=" " * indent, break_long_words=False,
            break_on_hyphens=False, drop_whitespace=True,
        )  # fmt: skip


# ---------------------------------------------------------------- rows


def _line(summary: Summary, step: Step, columns: Sequence[Column], paper: Paper) -> Line:
    row = step.row
    names = _tree(step) + clean(label(row)) + (f" × {row.count}" if row.count > 1 else "")
    kind = paper.plain(clean(described(row)))
    cells = [paper.plain(names), kind, *(paper.plain(clean(column.text(summary, row))) for column in columns)]
    for i, column in enumerate(columns, len(FIRST)):
        if wide(cells[i]) > paper.width - SHORTEST_NAME - len(GAP) and column.short is not None:
            cells[i] = paper.plain(clean(column.short(summary, row)))
    block = bool(row.children)
    return Line(cells, wide(paper.plain(clean(row.type))) if block else wide(kind), block)


def described(row: Row) -> str:
    """`Conv2d 64, 7×7, /2 (training only)`."""
    return " ".join(part for part in (row.type, row.detail) if part) + in_mode(row.mode)


def _tree(step: Step) -> str:
    *above, last = step.lasts
    hidden = len(above) - DEEPEST_SHOWN
    bars = "".join("   " if ended else "│  " for ended in above[max(hidden, 0) :])
    return f"{'… ' if hidden > 0 else ''}{bars}{'└─ ' if last else '├─ '}"


# ---------------------------------------------------------------- fitting


def _fit(heads: list[str], lines: list[Line], columns: Sequence[Column], width: int, asked: bool) -> list[int]:
    """Widths of the columns: shapes go first, then a number that nobody asked for, then types and names get narrower.
    The hyperparameters of blocks, which are long, have the room that is left."""
    widths = [max([wide(head), *(wide(line.cells[i]) for line in lines)]) for i, head in enumerate(heads)]
    whole = min(widths[1], width)
    widths[:2] = [min(widths[0], width), min(max([wide(heads[1]), *(line.needed for line in lines)]), width)]
    giving = [(column.gives, i, column) for i, column in enumerate(columns, len(FIRST)) if column.gives]
    for _, i, column in sorted(giving, key=lambda found: found[:2]):
        over = _total(widths) - width
        if over <= 0 or (asked and not column.shape):
            continue
        narrower = widths[i] - over
        widths[i] = narrower if column.least is not None and narrower >= column.least else 0
    while _total(widths) > width and (widths[0] > LEAST_NAME or widths[1] > LEAST_TYPE):
        wider = 0 if widths[0] - LEAST_NAME > widths[1] - LEAST_TYPE else 1
        widths[wider] -= 1
    widths[1] = max(widths[1], min(whole, widths[1] + width - _total(widths)))
    return widths


def _tables(widths: list[int], heads: list[str], lines: list[Line], width: int) -> list[list[int]]:
    """Widths of the columns of each table; 0: not in this one."""
    if _total(widths) <= width:
        return [widths]
    longest = max([wide(heads[0]), *(wide(line.cells[0]) for line in lines)])
    waiting = [i for i in range(len(FIRST), len(widths)) if widths[i]]
    found: list[list[int]] = []
    while waiting:
        kind = 0 if found else min(widths[1], LEAST_TYPE)
        made = [min(longest, SHORTEST_NAME), kind, *[0] * (len(widths) - len(FIRST))]
        while waiting and (not any(made[len(FIRST) :]) or _total(made) + len(GAP) + widths[waiting[0]] <= width):
            at = waiting.pop(0)
            made[at] = widths[at]
            if _total(made) > width:
                made[1] = 0
        made[0] = max(made[0], min(longest, made[0] + width - _total(made)))
        found.append(made)
    return found


def _total(widths: list[int]) -> int:
    return sum(widths) + len(GAP) * (sum(w > 0 for w in widths) - 1)


def _spaced(cells: list[str], widths: list[int], columns: Sequence[Column], paper: Paper) -> str:
    parts = []
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if not width:
            continue
        text = paper.cut(cell, width, counted=i == 0)
        pad = " " * (width - wide(text))
        number = i >= len(FIRST) and not columns[i - len(FIRST)].shape
        parts.append(pad + text if number else text + pad)
    return GAP.join(parts).rstrip()


# ---------------------------------------------------------------- what stands around the table


def _port(port: Port, paper: Paper) -> str:
    return paper.cut(paper.plain(clean(f"{port.word:3} {port.name}: {port.type}{port.mode}")), paper.width)


def _sections(found: list[Section], paper: Paper) -> list[str]:
    """Labels, values and notes in columns of their own."""
    label = max(len(fact.label) for section in found for fact in section.facts) + len(GAP)
    lines: list[str] = []
    for section in found:
        if section.title:
            lines += ["", *(paper.paint(text, BOLD) for text in paper.wrapped(paper.plain(section.title)))]
        short = [len(fact.value) for fact in section.facts if label + len(fact.value) <= paper.width]
        value = max(short, default=0) if section.numbers else 0
        for fact in section.facts:
            lines += _fact(fact, label, value, paper)
    return lines


def _fact(fact: Fact, label: int, value: int, paper: Paper) -> list[str]:
    text = paper.plain(clean(f"{fact.value:>{value}}" + (GAP + fact.note if fact.note else "")))
    if label + wide(text) <= paper.width:
        return [f"{fact.label:{label}}{text}"]
    if all(label + wide(word) <= paper.width for word in text.split()):
        return paper.wrapped(f"{fact.label:{label}}{text}", label)
    under = [GAP + line for line in paper.wrapped(text.strip(), taken=len(GAP))]  # a long word: the label above it
    return [fact.label, *under] if fact.label else under


def _notes(told: list[str], paper: Paper) -> list[str]:
    return [paper.paint(part, DIM) for note in told for part in paper.wrapped(paper.plain(note))]
