"""A summary as a table for a terminal: layers as a tree, equal members once, fitted to the width.

What gives way first is the input shapes, then hyperparameters, output shapes and names. A number is never cut.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.walk import MOST_ROWS, Step, size, walk
from nndsl.backends.summary.words import assumptions, at_one_sample, brief, grouped, short
from nndsl.shapes import Size

BOLD, DIM, OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
GAP = "  "
HEADS = ("layer", "type", "input", "output", "parameters", "MACs")
FIRST_NUMBER = 4  # what stands from this column on is never cut
LEAST_NAME, LEAST_TYPE = 16, 8
NARROW_SHAPES = 14  # narrower, output shapes say nothing and go altogether
DEEPEST_SHOWN = 12


@dataclass(slots=True)
class Line:
    """One row of the table, not yet fitted: four texts, two numbers."""

    cells: list[str]
    strong: bool = False


def table(summary: Summary, width: int = 100, color: bool = False) -> str:
    lines = [_line(summary, step) for step in walk(summary)]
    widths = _fit([list(HEADS), *(line.cells for line in lines)], width)
    rule = "─" * _total(widths)
    head = _spaced(list(HEADS), widths)
    shown = [
        _paint(_clean(summary.model), BOLD, color),
        *_ports(summary, width),
        "",
        _paint(head, DIM, color),
        _paint(rule, DIM, color),
    ]
    shown += [_paint(_spaced(line.cells, widths), BOLD if line.strong else "", color) for line in lines]
    left_out = size(summary) - MOST_ROWS
    if left_out > 0:
        shown.append(f"… and {left_out:,} more")
    return "\n".join([*shown, _paint(rule, DIM, color), *_totals(summary), "", *_notes(summary, width, color)])


# ---------------------------------------------------------------- rows


def _line(summary: Summary, step: Step) -> Line:
    row = step.row
    names = _tree(step) + _clean(row.path) + (f" × {row.count}" if row.count > 1 else "")
    kind = " ".join(part for part in (row.type, row.detail, _mode(row)) if part)
    numbers = [_parameters(summary, row), _macs(summary, row)]
    return Line([names, _clean(kind), _shapes(row.inputs), _shapes(row.outputs), *numbers], bool(row.children))


def _tree(step: Step) -> str:
    *above, last = step.lasts
    hidden = len(above) - DEEPEST_SHOWN
    bars = "".join("   " if ended else "│  " for ended in above[max(hidden, 0) :])
    return f"{'… ' if hidden > 0 else ''}{bars}{'└─ ' if last else '├─ '}"


def _mode(row: Row) -> str:
    return {"train": "(training only)", "eval": "(evaluation only)", "unused": "(unused)"}.get(row.mode or "", "")


def _shapes(shapes: list[list[int | str]]) -> str:
    return _clean(", ".join("[" + ", ".join(map(str, shape)) + "]" for shape in shapes))


def _parameters(summary: Summary, row: Row) -> str:
    if row.shared and row.parameters != 0:
        return "shared"
    return _times(row, grouped(summary, row.parameters)) if row.parameters != 0 else "–"


def _macs(summary: Summary, row: Row) -> str:
    if row.macs is None:
        return "?"
    macs: Size = at_one_sample(summary, row.macs)
    return _times(row, brief(summary, macs)) if macs != 0 else "–"


def _times(row: Row, number: str) -> str:
    return f"{row.count} × {number}" if row.count > 1 else number


# ---------------------------------------------------------------- fitting


def _fit(rows: list[list[str]], width: int) -> list[int]:
    """Widths of the columns: the input shapes go, then the output shapes, then types and names get narrower."""
    widths = [max(_wide(row[i]) for row in rows) for i in range(len(HEADS))]
    for column, least in ((2, widths[2]), (3, NARROW_SHAPES)):
        over = _total(widths) - width
        if over > 0:
            fits = widths[column] - over >= least
            widths[column] = widths[column] - over if fits else 0
    widths[:2] = [min(widths[0], width), min(widths[1], width)]
    while _total(widths) > width and (widths[0] > LEAST_NAME or widths[1] > LEAST_TYPE):
        wider = 0 if widths[0] - LEAST_NAME > widths[1] - LEAST_TYPE else 1
        widths[wider] -= 1
    return widths


def _total(widths: list[int]) -> int:
    return sum(widths) + len(GAP) * (sum(w > 0 for w in widths) - 1)


def _spaced(cells: list[str], widths: list[int]) -> str:
    parts = []
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if not width:
            continue
        text = _cut(cell, width)
        pad = " " * (width - _wide(text))
        parts.append(pad + text if i >= FIRST_NUMBER else text + pad)
    return GAP.join(parts).rstrip()


def _cut(text: str, width: int) -> str:
    """Shortened, but for a count at its end."""
    if _wide(text) <= width:
        return text
    head, times, count = text.rpartition(" × ")
    end = times + count if times and count.isdigit() else ""
    kept, used = [], 1 + _wide(end)
    for letter in head if end else text:
        used += _wide(letter)
        if used > width:
            break
        kept.append(letter)
    return "".join(kept) + "…" + end


def _wide(text: str) -> int:
    """Columns in a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _clean(text: str) -> str:
    """Labels come from a spec: nothing in them may steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _paint(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{OFF}" if color and style and text else text


# ---------------------------------------------------------------- what stands around the table


def _ports(summary: Summary, width: int) -> list[str]:
    lines = []
    for word, tensors in (("in", summary.inputs), ("out", summary.outputs)):
        for tensor in tensors:
            mode = f" ({'training' if tensor.mode == 'train' else 'evaluation'} only)" if tensor.mode else ""
            lines.append(_cut(_clean(f"{word:3} {tensor.name}: {tensor.dtype}{_shapes([tensor.shape])}{mode}"), width))
    return lines


def _totals(summary: Summary) -> list[str]:
    trained = summary.parameters == summary.trainable
    also = "all trainable" if trained else f"{grouped(summary, summary.trainable)} trainable"
    lines = [f"parameters  {grouped(summary, summary.parameters)}  ({also})"]
    if summary.buffers != 0:
        lines.append(f"buffers     {grouped(summary, summary.buffers)}")
    for name, cost, unknown in (
        ("MACs", summary.macs, summary.unknown_macs),
        ("FLOPs", summary.flops, summary.unknown_flops),
    ):
        lines.append(f"{name:12}{'≥ ' if unknown else ''}{_cost(summary, cost)}")
        if unknown:
            lines.append(f"{'':12}? no formula: {', '.join(unknown)}")
    return lines


def _cost(summary: Summary, cost: Size) -> str:
    one = at_one_sample(summary, cost)
    if isinstance(one, int):
        number = f"{short(one)}  ({one:,})" if one >= 1000 else str(one)
        return f"{number}  for {summary.batch} = 1" if one is not cost else number
    return f"{summary.spell(one)}  for {summary.batch} = 1" if one is not cost else summary.spell(cost)


def _notes(summary: Summary, width: int, color: bool) -> list[str]:
    import textwrap

    return [_paint(part, DIM, color) for note in assumptions(summary) for part in textwrap.wrap(note, max(width, 20))]
