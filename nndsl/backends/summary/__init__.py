"""Summaries: `summarize` counts a model into plain data; the other functions show it, each in a format of its own."""

from __future__ import annotations

from nndsl.backends.summary.count import summarize
from nndsl.backends.summary.csv import csv
from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.formats import ENDINGS, FORMATS, written
from nndsl.backends.summary.formulas import tell
from nndsl.backends.summary.html import html
from nndsl.backends.summary.json import to_json
from nndsl.backends.summary.markdown import markdown
from nndsl.backends.summary.table import table

__all__ = [
    "ENDINGS",
    "FORMATS",
    "Row",
    "Summary",
    "csv",
    "html",
    "markdown",
    "summarize",
    "table",
    "tell",
    "to_json",
    "written",
]
