"""A summary as one HTML page without scripts: blocks fold, numbers stand in columns, light or dark with the screen.

The layers are one table, so that what is copied is a table elsewhere too. A block has a box to check in its row; a rule
of the style hides the rows of those that are not checked, and each row bears the numbers of the blocks it lies in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from nndsl.backends.summary.columns import USUAL, Column, chosen, footnotes, label, ports
from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.signs import clean
from nndsl.backends.summary.totals import Fact, Section, sections
from nndsl.backends.summary.walk import Step, left_out, size, walk
from nndsl.backends.summary.words import at_one_sample, brief, in_mode, memory

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
COMFORTABLE = 80  # rows that are open at first
DEEPEST_SHOWN = 24
MOST_FOLDS = 400  # blocks that fold: each is a rule of the style
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
    placed = list(_placed(summary))
    folds = sum(place.fold is not None for place in placed)
    style = files("nndsl.backends.summary").joinpath("summary.css").read_text("utf-8") + _folds(folds)
    parts = [f'<section class="nndsl-summary"><style>{style}</style>', *_head(summary)]
    parts += _layers(summary, placed, listed, _opened(summary) if depth is None else depth)
    stay_open = sum(place.step.open for place in placed) - folds
    if stay_open:
        parts.append(f"<p>{folds:,} blocks fold; the {stay_open:,} behind them or deeper in them stay open</p>")
    parts += [f"<p>{line}</p>" for line in left_out(summary)]
    parts.append('<div class="facts">')
    parts += [line for section in sections(summary) for line in _section(section)]
    notes = (f"<li>{_text(note)}</li>" for note in footnotes(summary, listed))
    parts += ["</div>", '<ul class="notes">', *notes, "</ul>"]
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
    for port in ports(summary):
        yield f"<p><i>{port.word}</i> {_text(port.name)} <code>{_text(port.type)}</code>{port.mode}</p>"
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


@dataclass(slots=True)
class _Place:
    """A row in the table. `fold`: the number of its box, where it is a block that folds; `around`: the numbers of the
    blocks that it lies in, outermost first."""

    step: Step
    fold: int | None
    around: tuple[int, ...]


def _placed(summary: Summary) -> Iterator[_Place]:
    """A block in one that does not fold does not fold."""
    blocks: list[int] = []
    count = 0
    for step in walk(summary):
        del blocks[step.depth :]
        around = tuple(blocks)
        folds = step.open and count < MOST_FOLDS and step.depth == len(blocks) < DEEPEST_SHOWN
        yield _Place(step, count if folds else None, around)
        if folds:
            blocks.append(count)
            count += 1


def _layers(summary: Summary, placed: Sequence[_Place], columns: Sequence[Column], depth: int) -> Iterator[str]:
    yield '<div class="layers"><table>'
    yield f"<thead><tr><th>layer</th><th>type</th>{''.join(map(_heading, columns))}</tr></thead><tbody>"
    for place in placed:
        step = place.step
        around = "".join(f" in{number}" for number in place.around)
        cells = "".join(_cell(column, clean(column.text(summary, step.row))) for column in columns)
        strong = " block" if step.open else ""
        name = _name(step, place.fold, step.depth < depth)
        yield f'<tr class="row{strong}{around}">{name}{_kind(step.row)}{cells}</tr>'
    yield "</tbody></table></div>"


def _folds(count: int) -> str:
    """The rules that hide what lies in blocks whose boxes are not checked."""
    return "".join(f".nndsl-summary table:has(.b{i}:not(:checked)) .in{i} {{ display: none; }}\n" for i in range(count))


def _heading(column: Column) -> str:
    kind = "shape" if column.shape else "number"
    return f'<th class="{kind}" title="{_text(column.doc)}">{_text(column.heading)}</th>'


def _name(step: Step, fold: int | None, checked: bool) -> str:
    row = step.row
    count = f' <b class="count">× {row.count}</b>' if row.count > 1 else ""
    name = f"<span>{_text(label(row))}</span>"
    if fold is not None:
        name = f'<label><input type="checkbox" class="b{fold}"{" checked" if checked else ""}>{name}</label>'
    level = min(step.depth, DEEPEST_SHOWN)
    return f'<th scope="row" class="name" style="--level:{level}" title="{_text(step.path)}">{name}{count}</th>'


def _kind(row: Row) -> str:
    detail = f"{row.detail}{in_mode(row.mode)}".strip()
    return f'<td class="kind" title="{_text(detail)}"><b>{_text(row.type)}</b> <i>{_text(detail)}</i></td>'


def _cell(column: Column, cell: str) -> str:
    if column.shape:
        return f'<td class="shape" title="{_text(cell)}">{_text(cell)}</td>'
    bar = f' style="--share:{cell}"' if re.fullmatch(r"\d+\.\d%", cell) else ""
    kind = "number bar" if bar else "number none" if cell in ("–", "shared") else "number"
    quiet = _TIMES.sub(r"<i>\1</i>", _text(cell))
    return f'<td class="{kind}"{bar}>{quiet}</td>'


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
