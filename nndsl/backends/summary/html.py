"""A summary as one HTML page without scripts: blocks fold, numbers stand in columns, light or dark with the screen.

Rows are no `<table>`, which cannot fold: each is a grid of the same columns, and a block is a `<details>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from nndsl.backends.summary.columns import USUAL, Column, chosen, label, shapes
from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.signs import clean, wide
from nndsl.backends.summary.table import MODES
from nndsl.backends.summary.totals import Fact, Section, sections
from nndsl.backends.summary.walk import MOST_ROWS, Step, size, walk
from nndsl.backends.summary.words import assumptions, at_one_sample, brief, memory

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
COMFORTABLE = 80  # rows that are open at first
DEEPEST_SHOWN = 24
LEAST_SHAPE, WIDEST_SHAPE, WIDEST_NAME, ROOM_FOR_BAR = 24, 34, 44, 4  # in widths of a `0`
_TIMES = re.compile(r"^(\d+ × )")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="nndsl">
<title>{title}</title>
<style>{page_style}</style>
</head>
<body>
{body}
</body>
</html>
"""
PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 2rem clamp(1rem, 4vw, 3rem); background: #fff; color: #1a1c20; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e4e6ea; } }
@media print { body { padding: 0; } }
"""


def html(
    summary: Summary,
    *,
    columns: Sequence[str] | None = None,
    depth: int | None = None,
) -> str:
    """The page. `depth`: how many levels of blocks are open at first; the others open with a click. `columns` as
    for `table`."""
    body = fragment(summary, columns=columns, depth=depth)
    return PAGE.format(policy=POLICY, title=_text(summary.model), page_style=PAGE_STYLE, body=body)


def fragment(
    summary: Summary,
    *,
    columns: Sequence[str] | None = None,
    depth: int | None = None,
) -> str:
    """The same for a page of others, as a notebook is: all that it needs, and its style reaches nothing else."""
    listed = chosen(USUAL if columns is None else columns)
    style = files("nndsl.backends.summary").joinpath("summary.css").read_text("utf-8")
    parts = [f'<section class="nndsl-summary"><style>{style}</style>', *_head(summary)]
    parts += _layers(summary, listed, _opened(summary) if depth is None else depth)
    left_out = size(summary) - MOST_ROWS
    if left_out > 0:
        parts.append(f"<p>… and {left_out:,} more</p>")
    parts.append('<div class="facts">')
    parts += [line for section in sections(summary) for line in _section(section)]
    parts += ["</div>", '<ul class="notes">', *(f"<li>{_text(note)}</li>" for note in assumptions(summary)), "</ul>"]
    return "\n".join([*parts, "</section>"])


def _text(text: str) -> str:
    """What stands between tags and in attributes."""
    return escape(clean(text), quote=True)


def _opened(summary: Summary) -> int:
    """As deep as rows can be shown in comfort."""
    depth = 0
    while size(summary, depth) < size(summary, depth + 1) <= COMFORTABLE:
        depth += 1
    return depth


# ---------------------------------------------------------------- head


def _head(summary: Summary) -> Iterator[str]:
    yield f"<header><h1>{_text(summary.model)}</h1>"
    for word, tensors in (("in", summary.inputs), ("out", summary.outputs)):
        for tensor in tensors:
            mode = f" ({'training' if tensor.mode == 'train' else 'evaluation'} only)" if tensor.mode else ""
            spelled = f"{tensor.dtype}{shapes([tensor.shape])}"
            yield f"<p><i>{word}</i> {_text(tensor.name)} <code>{_text(spelled)}</code>{mode}</p>"
    yield '<dl class="cards">'
    for name, value in _cards(summary):
        yield f"<div><dt>{name}</dt><dd>{_text(value)}</dd></div>"
    yield "</dl></header>"


def _cards(summary: Summary) -> Iterator[tuple[str, str]]:
    """The numbers that are asked for first, where they are short."""
    for name, cost, unknown in (
        ("parameters", summary.parameters, bool(summary.unknown_parameters)),
        ("MACs", at_one_sample(summary, summary.macs), bool(summary.unknown_macs)),
        ("FLOPs", at_one_sample(summary, summary.flops), bool(summary.unknown_flops)),
    ):
        number = brief(summary, cost)
        if not number.startswith("f("):
            yield name, ("≥ " if unknown else "") + number
    held = summary.memory
    if held is None:
        return
    for name, peak in (("peak, training", held.training_peak), ("peak, inference", held.inference_peak)):
        if peak is not None:
            yield name, memory(peak)


# ---------------------------------------------------------------- layers


def _layers(summary: Summary, columns: Sequence[Column], depth: int) -> Iterator[str]:
    steps = list(walk(summary))
    texts = [[clean(column.text(summary, step.row)) for column in columns] for step in steps]
    tracks = [*_words(steps), *(_track(column, i, texts) for i, column in enumerate(columns))]
    grid = " ".join(f"minmax({least}ch,{most})" for least, most in tracks)
    yield f'<div class="layers" style="--columns:{grid};--least:{sum(least for least, _ in tracks)}ch">'
    yield f'<div class="row heads"><span>layer</span><span>type</span>{"".join(map(_heading, columns))}</div>'
    opened = 0
    for step, cells in zip(steps, texts, strict=True):
        yield from ["</details>"] * (opened - step.depth)
        opened = step.depth
        row = _row(step, columns, cells)
        if not step.open:
            yield f'<div class="row">{row}</div>'
            continue
        yield f'<details{" open" if step.depth < depth else ""}><summary class="row">{row}</summary>'
        opened += 1
    yield from ["</details>"] * opened
    yield "</div>"


def _words(steps: list[Step]) -> list[tuple[int, str]]:
    """Names have what they need up to a bound, types what is left."""
    names = [
        wide(label(step.row)) + 4 + 2 * min(step.depth, DEEPEST_SHOWN) + 6 * (step.row.count > 1) for step in steps
    ]
    return [(16, f"{min(max(names, default=0), WIDEST_NAME)}ch"), (20, "1fr")]


def _track(column: Column, index: int, texts: list[list[str]]) -> tuple[int, str]:
    widest = 1 + max([wide(column.heading), *(wide(cells[index]) for cells in texts)])
    if column.shape:
        return min(widest, LEAST_SHAPE), f"{min(widest, WIDEST_SHAPE)}ch"
    widest += ROOM_FOR_BAR * (column.name == "percent")
    return widest, f"{widest}ch"


def _heading(column: Column) -> str:
    kind = "shape" if column.shape else "number"
    return f'<span class="{kind}" title="{_text(column.doc)}">{_text(column.heading)}</span>'


def _row(step: Step, columns: Sequence[Column], cells: list[str]) -> str:
    row = step.row
    count = f' <b class="count">× {row.count}</b>' if row.count > 1 else ""
    level = min(step.depth, DEEPEST_SHOWN)
    name = f'<span class="name" style="--level:{level}" title="{_text(step.path)}">'
    made = [f"{name}<span>{_text(label(row))}</span>{count}</span>", _kind(row)]
    return "".join([*made, *(_cell(column, cell) for column, cell in zip(columns, cells, strict=True))])


def _kind(row: Row) -> str:
    detail = " ".join(part for part in (row.detail, MODES.get(row.mode or "", "")) if part)
    return f'<span class="kind" title="{_text(detail)}"><b>{_text(row.type)}</b> <i>{_text(detail)}</i></span>'


def _cell(column: Column, cell: str) -> str:
    if column.shape:
        return f'<span class="shape" title="{_text(cell)}">{_text(cell)}</span>'
    bar = f' style="--share:{cell}"' if re.fullmatch(r"\d+\.\d%", cell) else ""
    kind = "number bar" if bar else "number none" if cell in ("–", "shared") else "number"
    quiet = _TIMES.sub(r"<i>\1</i>", _text(cell))
    return f'<span class="{kind}"{bar}>{quiet}</span>'


# ---------------------------------------------------------------- totals


def _section(section: Section) -> Iterator[str]:
    largest = max((fact.bytes for fact in section.facts if fact.bytes is not None), default=0)
    yield "<div>"
    if section.title:
        yield f"<h2>{_text(section.title)}</h2>"
    yield '<table class="numbers">' if section.numbers else "<table>"
    yield from (_fact(fact, largest) for fact in section.facts)
    yield "</table></div>"


def _fact(fact: Fact, largest: int) -> str:
    share = f' class="bar" style="--share:{100 * fact.bytes / largest:.1f}%"' if fact.bytes and largest else ""
    return f"<tr><th>{_text(fact.label)}</th><td{share}>{_text(fact.value)}</td><td>{_text(fact.note)}</td></tr>"
