"""What is said to a user about a spec: plain data, made anywhere, shown by `render`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nndsl.source import Span

Severity = Literal["error", "warning", "note"]


@dataclass(slots=True)
class Label:
    """A further place that matters, and why: `stride 2 halves H and W here`."""

    span: Span
    text: str


@dataclass(slots=True)
class Frame:
    """One step of block expansion: `BasicBlock(channels=128, stride=2)`, applied at `span`."""

    text: str
    span: Span
    parent: Frame | None = None

    def chain(self) -> list[Frame]:
        """Innermost first."""
        frames, at = [], self
        while at is not None:
            frames.append(at)
            at = at.parent  # type: ignore[assignment]  # of the loop's own type
        return frames


@dataclass(slots=True)
class Edit:
    """Replace what `span` covers."""

    span: Span
    replacement: str


@dataclass(slots=True)
class Fix:
    """A change that a machine may apply."""

    title: str
    edits: list[Edit]


@dataclass(slots=True)
class Diagnostic:
    """One mistake: `code` names its page (`nndsl explain CODE`), `span` its place, `label` what is written under it."""

    code: str
    message: str
    span: Span
    label: str = ""
    severity: Severity = "error"
    labels: list[Label] = field(default_factory=list)
    trace: list[Frame] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)


class Diagnostics:
    """Collects what is found in one run; equal findings at one place count once."""

    LIMIT = 200

    def __init__(self) -> None:
        self.items: list[Diagnostic] = []
        self._seen: set[tuple[str, Span]] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.code, diagnostic.span)
        if key in self._seen or self.full:
            return
        self._seen.add(key)
        self.items.append(diagnostic)

    def error(
        self, code: str, message: str, span: Span, *, label: str = "", hints: list[str] | None = None
    ) -> Diagnostic:
        found = Diagnostic(code, message, span, label, hints=hints or [])
        self.add(found)
        return found

    @property
    def full(self) -> bool:
        """Nothing more is kept, so nothing more need be looked for."""
        return len(self.items) >= self.LIMIT

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self.items if d.severity == "error"]

    def in_order(self) -> list[Diagnostic]:
        """By file, then by place: the order in which they are read."""
        return sorted(self.items, key=lambda d: (d.span.source.name, d.span.start, d.code))


class SpecError(Exception):
    """A spec with mistakes met through the Python API; `diagnostics` holds them."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__(diagnostics)

    def __str__(self) -> str:
        from nndsl.render import text  # imported only when something is shown

        return "\n" + text.render(self.diagnostics, color=False)
