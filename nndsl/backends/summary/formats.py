"""A summary as the text of a file, in the format that its ending says."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.backends.summary.columns import COLUMNS
from nndsl.backends.summary.csv import csv
from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.html import html
from nndsl.backends.summary.json import json
from nndsl.backends.summary.markdown import markdown
from nndsl.backends.summary.table import table

FORMATS = ("table", "json", "csv", "md", "html")
ENDINGS = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "md", ".html": "html"}
FILE_WIDTH = 132


def written(
    summary: Summary,
    format: str,
    *,
    columns: Sequence[str] | None = None,
    depth: int | None = None,
) -> str:
    """`columns`: names of COLUMNS (ValueError for another); `depth` as for `table`. JSON has all."""
    for name in columns or ():
        if name not in COLUMNS:
            raise ValueError(f"there is no column {name!r}: there are {', '.join(COLUMNS)}")
    match format:
        case "json":
            return json(summary)
        case "csv":
            return csv(summary, columns=columns, depth=depth)
        case "md":
            return markdown(summary, columns=columns, depth=depth)
        case "html":
            return html(summary, columns=columns, depth=depth)
    return table(summary, FILE_WIDTH, columns=columns, depth=depth) + "\n"
