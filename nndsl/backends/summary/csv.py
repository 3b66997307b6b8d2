"""A summary as CSV: one line for each layer, plain numbers, for spreadsheets and data frames."""

from __future__ import annotations

import csv as writer
import io
from collections.abc import Sequence

from nndsl.backends.summary.columns import COLUMNS, Value, chosen
from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.signs import clean
from nndsl.backends.summary.walk import Step, walk

ALWAYS = ("path", "depth", "count", "type", "detail", "mode", "shared")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def csv(summary: Summary, *, columns: Sequence[str] | None = None, depth: int | None = None) -> str:
    """`columns`: names of COLUMNS, all when not given. Costs are of one of the `count` equal members, the
    mean where they differ in training; `?` is what has
    no formula, an empty cell what a layer does not have."""
    listed = chosen(tuple(COLUMNS) if columns is None else columns)
    text = io.StringIO()
    made = writer.writer(text, lineterminator="\n")
    made.writerow([*ALWAYS, *(column.name for column in listed)])
    for step in walk(summary, depth):
        made.writerow([*_always(step), *(_cell(column.value(summary, step.row)) for column in listed)])
    return text.getvalue()


def _always(step: Step) -> list[Value]:
    row = step.row
    words = (row.type or "Sequential", row.detail, row.mode or "", "yes" if row.shared else "")
    return [_cell(step.path), step.depth, row.count, *map(_cell, words)]


def _cell(value: Value) -> Value:
    """Text that a spreadsheet would run as a formula begins with an apostrophe, which it takes for `this is text`."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
