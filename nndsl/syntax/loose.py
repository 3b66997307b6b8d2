"""Values side by side without brackets, and labels without quotes: told with what to write, and read so.

`high, low -> Concat(dim=1)` lacks its brackets, `x -> Conv2d(8, 3), ReLU` an arrow, `layer_{i}: Unit` its quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nndsl.diagnostics import Diagnostic, Edit, Fix
from nndsl.source import Span
from nndsl.syntax.brackets import CLOSERS
from nndsl.syntax.lexing import Token
from nndsl.syntax.newlines import STATEMENT_WORDS

if TYPE_CHECKING:
    from nndsl.syntax.recover import Recovery

_BEGINS = frozenset({"NAME", "OUTPUT", "LAYER", "PARAM", "BUFFER", "BLOCK", "MODEL"})
_NO_VALUES = STATEMENT_WORDS | {"FOR", "IN", "?"}
_LAYERS = frozenset({"NAME", "[", "("})
_ENDS_ROW = frozenset({",", "->", "NEWLINE", "}"})
_IN_LABELS = frozenset({"NAME", "NUMBER", "-", "{", "}"})
_BEFORE_STAGE = frozenset({"->", "=", "(", "[", ",", "NEWLINE", "{"})
_LABEL = re.compile(r"(?:[A-Za-z0-9_-]|\{[^{}]*\})+")
LONG = 60  # signs of text that a fix shows


def mended(recovery: Recovery, at: int) -> tuple[int, Diagnostic] | None:
    """Where to read on, and what is said."""
    found = _unquoted(recovery, at)
    if found is None and recovery.tokens[at].kind in _ENDS_ROW:
        found = _side_by_side(recovery, at)
    return found


# ---------------------------------------------------------------- labels


def _unquoted(recovery: Recovery, at: int) -> tuple[int, Diagnostic] | None:
    """`encoder_{i}: Layer`, `conv-1: Conv2d(8, 3)`: one word up to its `:`, and a layer after that."""
    tokens = recovery.tokens
    first = end = at
    while first > 0 and _joined(tokens[first - 1], tokens[first], ":" if first == at else ""):
        first -= 1
    while tokens[end].kind != ":" and end + 1 < len(tokens) and _joined(tokens[end], tokens[end + 1], ":"):
        end += 1
    label = tokens[first:end]
    if tokens[end].kind != ":" or not label or label[0].kind not in {"NAME", "NUMBER"}:
        return None
    named = tokens[end + 1]
    if first == 0 or tokens[first - 1].kind not in _BEFORE_STAGE or named.first or named.kind not in _LAYERS:
        return None
    span = _span(recovery, first, end)
    told = any(span.start <= place < span.end for place in recovery.lexed.broken)
    begin = recovery.restart(at) if _LABEL.fullmatch(span.text) and not told else None
    if begin is None:
        return None
    edits = [Edit(Span(span.source, edge, edge), '"') for edge in (span.start, span.end)]
    fix = Fix(f'write `"{span.text}": …`', edits)
    message = "a label that is more than a plain name stands in quotes"
    recovery.replace(first, end, [Token("STRING", f'"{span.text}"', span.start, span.end, label[0].first)])
    return begin, Diagnostic("syntax", message, span, fixes=[fix])


def _joined(left: Token, right: Token, also: str = "") -> bool:
    """Do both stand in one word?"""
    return left.end == right.start and left.kind in _IN_LABELS and (right.kind in _IN_LABELS or right.kind == also)


# ---------------------------------------------------------------- values


def _side_by_side(recovery: Recovery, at: int) -> tuple[int, Diagnostic] | None:
    row = _Row.around(recovery, at)
    if row is None:
        return None
    begin = recovery.restart(at)
    return None if begin is None else (begin, row.mended())


class _Row:
    """The values of a statement from `first` to `end`, and the commas between them."""

    def __init__(self, recovery: Recovery, begin: int, end: int, level: int) -> None:
        self.recovery = recovery
        self.tokens = tokens = recovery.tokens
        self.inner = [i for i in range(begin, end) if recovery.levels[i] == level]
        self.named = any(tokens[i].kind == "=" for i in self.inner)
        self.first = max((i + 1 for i in self.inner if tokens[i].kind == "="), default=begin)
        commas = [i for i in self.inner if tokens[i].kind == "," and i >= self.first]
        arrows = [i for i in self.inner if tokens[i].kind == "->" and i >= self.first]
        self.flows = bool(arrows)
        self.applied = bool(arrows and commas and arrows[0] < commas[0])
        self.end = arrows[0] if arrows and not self.applied else end  # what stands before an arrow flows on
        self.commas = [i for i in commas if i < self.end]

    @classmethod
    def around(cls, recovery: Recovery, at: int) -> _Row | None:
        """The row that lacks its brackets at this token."""
        tokens, levels = recovery.tokens, recovery.levels
        level, begin, end = levels[at] + (tokens[at].kind == "}"), at, at
        while begin > 0 and (levels[begin - 1] != level or tokens[begin - 1].kind not in {"NEWLINE", *CLOSERS}):
            begin -= 1
        while (
            tokens[end].kind != "$END"
            and levels[end] >= level
            and (levels[end] > level or tokens[end].kind != "NEWLINE")
        ):
            end += 1
        row = cls(recovery, begin, end, level)
        kinds = [tokens[i].kind for i in row.inner]
        if row.first == 0 or tokens[begin - 1].kind in {"(", "["} or kinds[0] not in _BEGINS:
            return None
        if not row.commas or row.commas[-1] + 1 >= row.end or not _NO_VALUES.isdisjoint(kinds[1:]):
            return None
        if tokens[at].kind == ",":
            return row if at in row.commas and (row.named or kinds[0] == "NAME") else None
        return row if {tokens[i].kind for i in row.inner if i < at} == {"NAME", ","} else None

    def mended(self) -> Diagnostic:
        """What is said; the tokens are then without the mistake."""
        firsts = [self.first, *(i + 1 for i in self.commas)]
        layers = [_is_layer(self.tokens, i) for i in firsts]
        if all(layers[1:]) and (self.applied or (layers[0] and not self.named)):
            return self.joined()
        if all(layers):
            return self.enclosed("[", "]", "layers in sequence stand in square brackets")
        if all(self.tokens[i].kind in {"NUMBER", "-"} for i in firsts):
            return self.enclosed("[", "]", "numbers side by side stand in square brackets")
        what = "tensors" if self.flows else "values"
        return self.enclosed("(", ")", f"{what} side by side stand in round brackets")

    def joined(self) -> Diagnostic:
        """`x -> Conv2d(8, 3), ReLU`"""
        marks = [_span(self.recovery, i, i + 1) for i in self.commas]
        members = _shown(_span(self.recovery, self.commas[0] + 1, self.end))
        fix = Fix(f"write `-> {members.replace(', ', ' -> ')}`", [Edit(mark, " ->") for mark in marks])
        for comma, mark in zip(self.commas, marks, strict=True):
            self.recovery.replace(comma, comma + 1, [Token("->", "->", mark.start, mark.end)])
        message = "layers follow each other with `->`, without commas"
        hints = [fix.title, "or put them in a list, `-> [A, B]`"]
        return Diagnostic("syntax", message, marks[0], hints=hints, fixes=[fix])

    def enclosed(self, opener: str, closer: str, message: str) -> Diagnostic:
        """`high, low -> Concat(dim=1)`"""
        mark, inside = _span(self.recovery, self.commas[0], self.commas[0] + 1), self.inside()
        right = f"{opener}{_shown(inside)}{closer}{' -> …' if self.tokens[self.end].kind == '->' else ''}"
        edits = [Edit(Span(inside.source, inside.start, inside.start), opener)]
        edits.append(Edit(Span(inside.source, inside.end, inside.end), closer))
        opening = Token(opener, opener, inside.start, inside.start)
        self.recovery.enclose(self.first, self.end, opening, Token(closer, closer, inside.end, inside.end))
        return Diagnostic("syntax", message, mark, fixes=[Fix(f"write `{right}`", edits)])

    def inside(self) -> Span:
        return _span(self.recovery, self.first, self.end)


def _is_layer(tokens: list[Token], at: int) -> bool:
    """Does a layer begin there: `ReLU`, `fc: Linear(8)`, `[Linear(8), ReLU]`?"""
    kind, text = tokens[at].kind, tokens[at].text
    labelled = kind in {"NAME", "STRING"} and at + 1 < len(tokens) and tokens[at + 1].kind == ":"
    return labelled or kind == "[" or (kind == "NAME" and text[:1].isupper() and len(text) > 1)


def _shown(span: Span) -> str:
    return span.text if "\n" not in span.text and len(span.text) <= LONG else "…"


def _span(recovery: Recovery, first: int, end: int) -> Span:
    tokens = recovery.tokens
    return Span(recovery.source, tokens[first].start, max(tokens[end - 1].end, tokens[first].start))
