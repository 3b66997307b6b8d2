"""Diagnostics as text for terminals: the code, what is wrong with it, how it came there, and what to try."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nndsl.diagnostics import Diagnostic, Fix, Frame
from nndsl.render.columns import visible, visible_lines
from nndsl.render.snippet import Mark, Row, drawn, marks

MOST_FRAMES = 6
INNER_FRAMES = 3

RESET = "\x1b[0m"
COLORS = {"error": "\x1b[31m", "warning": "\x1b[33m", "note": "\x1b[36m"}
STYLES = {"bold": "\x1b[1m", "rule": "\x1b[34m", "secondary": "\x1b[34m", "help": "\x1b[32m", "plain": ""}


def render(diagnostics: Sequence[Diagnostic], *, color: bool, width: int = 100) -> str:
    """All of them, in the order given, and a line that counts them; empty if there are none."""
    if not diagnostics:
        return ""
    parts = [_Page(found, color, width).text() for found in diagnostics]
    summary = counted(diagnostics)
    parts.append(f"{STYLES['bold']}{summary}{RESET}\n" if color else f"{summary}\n")
    return "\n".join(parts)


def counted(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    severities = [found.severity for found in diagnostics]
    counts = [(severity, severities.count(severity)) for severity in ("error", "warning", "note")]
    return ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts if count)


class _Page:
    """One diagnostic, line by line."""

    def __init__(self, found: Diagnostic, color: bool, width: int) -> None:
        self.found = found
        self.color = color
        self.width = max(width, 40)
        self.lines: list[str] = []
        self.sections = _sections(marks(found))
        numbers = [mark.last for section in self.sections for mark in section]
        self.margin = len(str(max(numbers))) + 1

    def text(self) -> str:
        self.header()
        for at, section in enumerate(self.sections):
            place = "" if _bare(section) else f":{section[0].line}:{section[0].column}"
            self.rule("╭─" if at == 0 else "├─", [(visible(section[0].source.name) + place, "plain")])
            for row in () if _bare(section) else drawn(section, self.width - self.margin - 3):
                self.row(row)
        self.footer()
        return "\n".join(self.lines) + "\n"

    def header(self) -> None:
        first, *rest = visible_lines(self.found.message)
        tag = f"{self.found.severity}[{visible(self.found.code)}]"
        self.lines.append(self.paint(tag, "primary", bold=True) + self.paint(f": {first}", "bold"))
        self.lines.extend(f"  {line}" for line in rest)

    def footer(self) -> None:
        """Where it was expanded, then what to try; the last entry closes the frame."""
        entries = [("", step) for step in _steps(self.found.trace)]
        entries += [("help: ", hint) for hint in _advice(self.found)]
        for at, (tag, words) in enumerate(entries):
            first, *rest = visible_lines(words)
            last = at == len(entries) - 1
            self.rule("╰─" if last else "├─", [(tag, "help"), (first, "plain")])
            for line in rest:
                self.rule("  " if last else "│ ", [(" " * len(tag) + line, "plain")])

    def rule(self, corner: str, segments: Sequence[tuple[str, str]]) -> None:
        text = "".join(self.paint(words, style) for words, style in segments)
        self.lines.append((" " * self.margin + " " + self.paint(corner, "rule") + " " + text).rstrip())

    def row(self, row: Row) -> None:
        number = str(row.number) if row.number is not None else ""
        gutter = self.paint(f"{number:>{self.margin}} │", "rule")
        text = "".join(self.paint(words, style) for words, style in row.segments)
        self.lines.append(f"{gutter} {text}".rstrip())

    def paint(self, text: str, style: str, bold: bool = False) -> str:
        code = COLORS[self.found.severity] if style == "primary" else STYLES[style]
        if not self.color or not text or not (code or bold):
            return text
        return f"{STYLES['bold'] if bold else ''}{code}{text}{RESET}"


def _sections(found: list[Mark]) -> list[list[Mark]]:
    """Marks by file, the primary one's first."""
    sections: dict[int, list[Mark]] = {}
    for mark in found:
        sections.setdefault(id(mark.source), []).append(mark)
    return list(sections.values())


def _bare(section: list[Mark]) -> bool:
    """A file without text, about which nothing more is said: a file of weights has no lines."""
    return not section[0].source.text and not any(mark.text for mark in section)


def _steps(trace: list[Frame]) -> list[str]:
    """The expansions, innermost first; of many, the two ends."""
    steps = [f"in {frame.text}, {frame.span}" for frame in trace]
    if len(steps) <= MOST_FRAMES:
        return steps
    outer = MOST_FRAMES - INNER_FRAMES - 1
    left_out = len(steps) - INNER_FRAMES - outer
    return [*steps[:INNER_FRAMES], f"… {left_out} more", *steps[-outer:]]


def _advice(found: Diagnostic) -> list[str]:
    """Hints, then the fixes that no hint has said already: `did you mean Conv2d?` is `use Conv2d`."""
    said = "\n".join(found.hints)
    return [*found.hints, *(fix.title for fix in found.fixes if not _is_said(fix, said))]


def _is_said(fix: Fix, said: str) -> bool:
    written = [edit.replacement.strip() for edit in fix.edits]
    return fix.title in said or (bool(written) and all(text and text in said for text in written))
