"""Where a span is, for machines: lines and columns from 1, columns in characters, the end exclusive."""

from __future__ import annotations

from typing import TypedDict

from nndsl.source import Span


class Place(TypedDict):
    file: str
    line: int
    column: int
    end_line: int
    end_column: int


def place(span: Span) -> Place:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(max(span.end, span.start))
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
