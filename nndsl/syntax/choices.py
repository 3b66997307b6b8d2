"""Choices that are not written as this language has them: told with the right form, and read so that nothing echoes.

`a if c else b` is Python's; `h + if c { a } else { b }` lacks its parentheses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.diagnostics import Diagnostic, Edit, Fix
from nndsl.source import Span
from nndsl.syntax.brackets import BINARY, CLOSERS, OPENERS
from nndsl.syntax.lexing import Token
from nndsl.syntax.newlines import ENDS

if TYPE_CHECKING:
    from nndsl.syntax.recover import Recovery

_ENDS_STAGE = frozenset({",", "->", "NEWLINE", "FOR", "$END", "="})
_STARTS_STAGE = _ENDS_STAGE | CLOSERS.keys() | {":", "IN"}
_OPERATORS = BINARY - {"IN"} | {"NOT"}


def mended(recovery: Recovery, at: int) -> Diagnostic | None:
    """What is said of such a choice at this token; the tokens are then without the mistake."""
    tokens = recovery.tokens
    token, previous = tokens[at], tokens[at - 1] if at else None
    if previous is None:
        return None
    if token.kind in _OPERATORS and previous.kind == "}":
        return _before_operator(recovery, at)
    if token.kind != "IF":
        return None
    if previous.kind in ENDS:
        return _ternary(recovery, at)
    return _operand(recovery, at) if previous.kind in _OPERATORS else None


def _ternary(recovery: Recovery, at: int) -> Diagnostic | None:
    tokens = recovery.tokens
    otherwise = _next(tokens, at + 1, frozenset({"ELSE", "NEWLINE"}))
    if tokens[otherwise].kind != "ELSE" or tokens[otherwise - 1].kind == "}":
        return None
    end = _next(tokens, otherwise + 1, _ENDS_STAGE)
    start = at
    depth = 0
    while start > 0 and (depth or tokens[start - 1].kind not in _STARTS_STAGE):
        start -= 1
        depth += (tokens[start].kind in OPENERS) - (tokens[start].kind in CLOSERS)
    found = Diagnostic("syntax", "a choice begins with `if`", _span(recovery, at, at + 1))
    parts = (at + 1, otherwise), (start, at), (otherwise + 1, end)
    if all(first < last for first, last in parts) and not any(t.kind == "IF" for t in tokens[otherwise:end]):
        test, then, orelse = (_span(recovery, *part).text for part in parts)
        right = f"if {test} {{ {then} }} else {{ {orelse} }}"
        found.fixes.append(Fix(f"write `{right}`", [Edit(_span(recovery, start, end), right)]))
    else:
        found.hints.append("write `if condition { a } else { b }`")
    recovery.remove(at, end)
    return found


def _operand(recovery: Recovery, at: int) -> Diagnostic | None:
    tokens = recovery.tokens
    end = _end_of_choice(tokens, at)
    if end is None:
        return None
    choice = _span(recovery, at, end)
    opening, closing = Token("(", "(", choice.start, choice.start), Token(")", ")", choice.end, choice.end)
    recovery.enclose(at, end, opening, closing)
    return _bracketed(choice)


def _before_operator(recovery: Recovery, at: int) -> Diagnostic | None:
    """`if c { a } else { b } + h`: what goes on is left out."""
    tokens = recovery.tokens
    start = at
    while start > 0 and tokens[start - 1].kind not in {"NEWLINE", "="}:
        start -= 1
        if tokens[start].kind == "IF" and tokens[start - 1].kind != "ELSE" and _end_of_choice(tokens, start) == at:
            choice = _span(recovery, start, at)
            recovery.remove(at, _next(tokens, at, _ENDS_STAGE))
            return _bracketed(choice)
    return None


def _bracketed(choice: Span) -> Diagnostic:
    message = "a choice that is part of an expression stands in parentheses"
    edits = [Edit(Span(choice.source, choice.start, choice.start), "(")]
    edits.append(Edit(Span(choice.source, choice.end, choice.end), ")"))
    fix = Fix("add them: `(if … { … } else { … })`", edits)
    return Diagnostic("syntax", message, Span(choice.source, choice.start, choice.start + len("if")), fixes=[fix])


def _end_of_choice(tokens: list[Token], at: int) -> int | None:
    """After the last `}` of `if … { … } else if … { … } else { … }`."""
    while True:
        brace = _next(tokens, at + 1, frozenset({"{", "NEWLINE"}))
        if tokens[brace].kind != "{":
            return None
        end = _next(tokens, brace + 1, frozenset()) + 1
        if end >= len(tokens) or tokens[end].kind != "ELSE":
            return end
        at = end + (tokens[end + 1].kind == "IF")


def _next(tokens: list[Token], at: int, kinds: frozenset[str]) -> int:
    """The next token of these kinds that is in no further brackets, or the closer that comes before it."""
    depth = 0
    while at < len(tokens) - 1:
        kind = tokens[at].kind
        if depth == 0 and (kind in kinds or kind in OPENERS):
            return at
        depth += (kind in CLOSERS) - (kind in OPENERS)
        at += 1
    return at


def _span(recovery: Recovery, first: int, last: int) -> Span:
    tokens = recovery.tokens
    return Span(recovery.source, tokens[first].start, max(tokens[last - 1].end, tokens[first].start))
