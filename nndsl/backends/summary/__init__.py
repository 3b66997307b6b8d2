"""Summaries: `summarize` counts a model into plain data, `table` and `to_json` show it."""

from __future__ import annotations

from nndsl.backends.summary.count import summarize
from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.json import to_json
from nndsl.backends.summary.table import table

__all__ = ["Row", "Summary", "summarize", "table", "to_json"]
