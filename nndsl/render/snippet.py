"""Source lines with what is said about them drawn underneath."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nndsl.diagnostics import Diagnostic
from nndsl.render.columns import Line, cells, cut, visible_lines
from nndsl.source import Source, Span

HEAD, TAIL = 3, 2  # lines shown of a long span, at its two ends
ELLIPSIS = "…"


@dataclass(slots=True)
class Mark:
    """A span to underline: lines from 1, characters of the line from 0 (`end` is exclusive, on the last line)."""

    source: Source
    line: int
    start: int
    last: int
    end: int
    text: str
    primary: bool

    @property
    def column(self) -> int:
        return self.start + 1

    @property
    def style(self) -> str:
        return "primary" if self.primary else "secondary"


@dataclass(slots=True)
class Row:
    """One line of output: its source line's number, if it has one, and styled pieces of text."""

    segments: list[tuple[str, str]] = field(default_factory=list)
    number: int | None = None


def marks(found: Diagnostic) -> list[Mark]:
    """The primary mark, then the others in the order of their lines."""
    others = [_mark(label.span, label.text, False) for label in found.labels]
    others.sort(key=lambda mark: (mark.line, mark.start))
    return [_mark(found.span, found.label, True), *others]


def _mark(span: Span, text: str, primary: bool) -> Mark:
    source = span.source
    begin = min(max(span.start, 0), len(source.text))
    stop = min(max(span.end, begin), len(source.text))
    line, column = source.position(begin)
    last, end = source.position(stop - 1 if stop > begin else stop)
    if stop == begin:
        end = column
    if stop > begin and last > line and source.text[stop - 1] == "\n" and end == 1:
        last, end = last - 1, len(source.line(last - 1)) + 1
    return Mark(source, line, column - 1, last, end, text, primary)


def drawn(section: list[Mark], width: int) -> Iterator[Row]:
    """The lines of one file that marks are on. The first span of several lines gets a bar at the left."""
    source = section[0].source
    tall = next((mark for mark in section if mark.last > mark.line), None)
    flat = [mark if mark is tall or mark.last == mark.line else _first_line(mark) for mark in section]
    flat = [mark for mark in flat if mark is not tall]
    before = 0
    for number in _numbers(flat, tall):
        if tall is not None and tall.line < before + 1 < number <= tall.last:
            yield Row([("⋮", tall.style)])
        before = number
        here = sorted((mark for mark in flat if mark.line == number), key=lambda mark: (mark.start, mark.end))
        room = width - (2 if tall is not None else 0)
        for at, row in enumerate(_annotated(source.line(number), here, room)):
            row.number = number if at == 0 else None
            if tall is not None:
                row.segments.insert(0, (_bar(tall, number, at), tall.style))
            yield row
        if tall is not None and number == tall.last:
            yield from _closed(tall)


def _first_line(mark: Mark) -> Mark:
    end = len(mark.source.line(mark.line))
    return Mark(mark.source, mark.line, mark.start, mark.line, max(end, mark.start + 1), mark.text, mark.primary)


def _numbers(flat: list[Mark], tall: Mark | None) -> list[int]:
    numbers = {mark.line for mark in flat}
    if tall is not None:
        count = tall.last - tall.line + 1
        whole = range(tall.line, tall.last + 1)
        numbers.update(whole if count <= HEAD + TAIL + 1 else (*whole[:HEAD], *whole[-TAIL:]))
    return sorted(numbers)


def _bar(tall: Mark, number: int, at: int) -> str:
    if number == tall.line and at == 0:
        return "╭ "
    return "│ " if tall.line <= number <= tall.last else "  "


def _closed(tall: Mark) -> Iterator[Row]:
    first, *rest = visible_lines(tall.text)
    yield Row([("╰─ " if first else "╰─", tall.style), (first, tall.style)])
    for line in rest:
        yield Row([("   " + line, tall.style)])


def _annotated(raw: str, here: list[Mark], width: int) -> Iterator[Row]:
    """A line, and under it the marks: those that do not overlap share a row."""
    raw, here = _near(raw, here, width)
    line = Line(raw)
    spans = [(mark, line.cell(mark.start), max(line.cell(mark.end), line.cell(mark.start) + 1)) for mark in here]
    shown, shift = _window(line.text, line.cell(len(raw)), spans, width)
    yield Row([(shown, "plain")])
    placed = [
        _Placed(mark, min(max(begin - shift, 0), width - 1), max(min(end - shift, width), 1))
        for mark, begin, end in spans
    ]
    for layer in _layers(placed):
        yield from _underlined(layer, width)


def _near(raw: str, here: list[Mark], width: int) -> tuple[str, list[Mark]]:
    """Of an enormous line, the characters around the first mark: what follows is linear in the width."""
    if len(raw) <= 8 * width:
        return raw, here
    begin = max(0, min((mark.start for mark in here if mark.primary), default=_least(here)) - 2 * width)
    end = begin + 6 * width
    moved = [
        Mark(
            mark.source,
            mark.line,
            min(max(mark.start - begin, 0), end - begin),
            mark.last,
            min(max(mark.end - begin, 0), end - begin),
            mark.text,
            mark.primary,
        )
        for mark in here
    ]
    return (ELLIPSIS if begin else "") + raw[begin + bool(begin) : end] + (ELLIPSIS * (end < len(raw))), moved


def _least(here: list[Mark]) -> int:
    return min((mark.start for mark in here), default=0)


def _window(text: str, cells: int, spans: list[tuple[Mark, int, int]], width: int) -> tuple[str, int]:
    """As much of the line as fits, around what is marked; and by how many cells it moved left."""
    if cells <= width:
        return text, 0
    begin = min((begin for _, begin, _ in spans), default=0)
    end = max((end for _, _, end in spans), default=0)
    if end - begin > width - 8:
        begin, end = next(((b, e) for mark, b, e in spans if mark.primary), (begin, end))
    room = max(width - (min(end, begin + width) - begin), 0)
    left = max(0, min(begin - room // 2, cells - width))
    shown = cut(text, left, left + width)
    if left + width < cells:
        shown = cut(shown, 0, width - 1) + ELLIPSIS
    if left:
        shown = ELLIPSIS + cut(shown, 1, width)
    return shown, left


@dataclass(slots=True)
class _Placed:
    """A mark in cells of the shown line."""

    mark: Mark
    begin: int
    end: int

    @property
    def middle(self) -> int:
        return self.begin + (self.end - self.begin - 1) // 2


def _layers(placed: list[_Placed]) -> list[list[_Placed]]:
    """Groups of marks that do not touch, each in the order of their places."""
    layers: list[list[_Placed]] = []
    for one in placed:
        for layer in layers:
            if one.begin > layer[-1].end - 1:
                layer.append(one)
                break
        else:
            layers.append([one])
    return layers


def _underlined(layer: list[_Placed], width: int) -> Iterator[Row]:
    """`──┬──` under what hangs a label below, a plain line with its words behind it for the last one."""
    last = layer[-1]
    fits = "\n" not in last.mark.text and last.end + 1 + cells(last.mark.text) <= width
    beside = last if fits and not last.mark.primary else None
    hanging = [one for one in layer if one.mark.text and one is not beside]
    row = Row()
    at = 0
    for one in layer:
        line = "─" * (one.end - one.begin)
        if one in hanging:
            line = line[: one.middle - one.begin] + "┬" + line[one.middle - one.begin + 1 :]
        row.segments += [(" " * (one.begin - at), "plain"), (line, one.mark.style)]
        at = one.end
    if beside is not None and beside.mark.text:
        row.segments.append((f" {visible_lines(beside.mark.text)[0]}", beside.mark.style))
    yield row
    while hanging:
        one = hanging.pop()
        first, *rest = visible_lines(one.mark.text)
        yield _hung(hanging, one, f"╰─ {first}")
        for line in rest:
            yield _hung(hanging, one, f"   {line}")


def _hung(waiting: list[_Placed], one: _Placed, words: str) -> Row:
    """A label below its mark, beside the lines to labels that are still to come."""
    row = Row()
    at = 0
    for other in waiting:
        row.segments += [(" " * (other.middle - at), "plain"), ("│", other.mark.style)]
        at = other.middle + 1
    row.segments += [(" " * (one.middle - at), "plain"), (words, one.mark.style)]
    return row
