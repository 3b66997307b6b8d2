"""Lines as the formatter would break them, so that generated files pass it unchanged.

What fits stays on one line. A call that does not is broken at its first brackets after which the line would be too
long: the arguments on one line of their own if they fit there, else one per line. A BREAK after the last comma asks
for one per line.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

WIDTH = 88
BREAK = "\x01"  # after a comma: one argument per line, whatever fits (no text of a spec holds it: literals escape it)
_OPEN, _CLOSE = "([{", ")]}"
_SUBSCRIPT = re.compile(r"[\w)\]]\[[^\[\]]*\]$")  # at the end


def statement(text: str, indent: int, comment: str = "") -> list[str]:
    """The lines of a simple statement; `indent` counts levels. A comment that has no room is left out."""
    margin = " " * (4 * indent)
    if comment and comment.isprintable() and _fits(text, len(margin) + len(comment) + 4):
        return [f"{margin}{text}  # {comment}"]
    return [line.rstrip() for line in _broken(text, margin, "")]


def docstring(doc: str, indent: int) -> list[str]:
    """The spec's words as a docstring: paragraphs wrapped, nothing in them able to end it."""
    margin = " " * (4 * indent)
    clean = doc.replace("\\", "\\\\").replace('"""', "'''")
    paragraphs = [" ".join(p.split()) for p in clean.split("\n\n")]
    paragraphs = [_printable(p) for p in paragraphs if p.strip()]
    if not paragraphs:
        return []
    paragraphs[0] = " " * paragraphs[0].startswith('"') + paragraphs[0]  # as the formatter parts it from the quotes
    lines = _wrapped(paragraphs, WIDTH - len(margin) - 3)
    end = " " * lines[-1].endswith('"')
    if len(lines) == 1 and len(lines[0] + end) + len(margin) + 6 > WIDTH:
        lines = _wrapped(paragraphs, WIDTH - len(margin) - 6 - len(end))
    if len(lines) == 1:
        return [f'{margin}"""{lines[0]}{end}"""']
    return [f'{margin}"""{lines[0]}', *[margin + line if line else "" for line in lines[1:]], f'{margin}"""']


def _wrapped(paragraphs: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += ["", *textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)]
    return lines[1:]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\\\x{ord(c):02x}" for c in text)


def _fits(text: str, used: int) -> bool:
    return used + len(text) <= WIDTH and BREAK not in text


def _broken(text: str, margin: str, tail: str, inside: bool = False) -> list[str]:
    """`text` followed by `tail` (a comma, or nothing) at `margin`. `inside`: of brackets, where operators are broken at
    before calls are."""
    if _fits(text + tail, len(margin)):
        return [margin + text + tail]
    if inside and (cuts := _operators(text)):
        *parts, last = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        return [line for part in parts for line in _broken(part, margin, "")] + _broken(last, margin, tail)
    chain = _fluent(text, margin, tail)
    if chain is not None:
        return chain
    found = _bracket(text, len(margin), tail)
    if found is None or _is_sum(text):
        return _operands(text, margin, tail)
    start, end = found
    lines = _inside(text[start + 1 : end], margin + "    ")
    return [margin + text[: start + 1], *lines, *_broken(text[end:], margin, tail)]


def _inside(body: str, margin: str) -> list[str]:
    """What stands between brackets: on one line, else one argument per line."""
    magic = body.endswith("," + BREAK)
    body = body[: -1 - len(BREAK)] if magic else body
    if not magic and _fits(body, len(margin)):
        return [margin + body]
    clause = _clauses(body)
    if clause is not None:
        return [line for part in clause for line in _broken(part, margin, "")]
    parts = list(_split(body))
    comma = "," if magic or len(parts) > 1 or parts[0].startswith("*") else ""
    lines: list[str] = []
    for i, part in enumerate(parts):
        lines += _broken(part, margin, "," if i + 1 < len(parts) else comma, inside=True)
    return lines


def _bracket(text: str, used: int, tail: str) -> tuple[int, int] | None:
    """The brackets to break at: the first pair from the left after which too little room is left to stay on the line
    up to the next opening bracket."""
    pairs = _pairs(text)
    for i, (start, end) in enumerate(pairs):
        if BREAK in text[start:end]:
            return start, end
        reach = pairs[i + 1][0] + 1 if i + 1 < len(pairs) else len(text) + len(tail)
        if used + reach > WIDTH:
            return start, end
    return None


def _pairs(text: str) -> list[tuple[int, int]]:
    """Outermost brackets that hold something."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for i, c in _code(text):
        if c in _OPEN:
            start = i if depth == 0 else start
            depth += 1
        elif c in _CLOSE:
            depth -= 1
            if depth == 0 and i > start + 1:
                found.append((start, i))
    return found


def _is_sum(text: str) -> bool:
    """More than one operator, or nothing to break after the only one."""
    _, value = _target(text)
    operators = _operators(value)
    return len(operators) > 1 or (
        len(operators) == 1 and (value[-1:] not in _CLOSE or _SUBSCRIPT.search(value) is not None)
    )


def _fluent(text: str, margin: str, tail: str) -> list[str] | None:
    """Two or more calls on the result of a call become a column of `.method(…)`s."""
    prefix, value = _target(text)
    links = _links(value)
    if len(links) < 3 or _operators(value) or not prefix:
        return None
    deeper = margin + "    "
    if _fits(value, len(deeper)):
        return [f"{margin}{prefix}(", deeper + value, f"{margin}){tail}"]
    lines = [line for link in links for line in _broken(link, deeper, "")]
    return [f"{margin}{prefix}(", *lines, f"{margin}){tail}"]


def _links(value: str) -> list[str]:
    """`x.reshape(a).permute(b).T` -> `x.reshape(a)`, `.permute(b)`, `.T`."""
    depth, previous = 0, "."
    cuts: list[int] = []
    for i, c in _code(value):
        if c == "." and depth == 0 and previous in _CLOSE:
            cuts.append(i)
        depth += (c in _OPEN) - (c in _CLOSE)
        previous = c
    return [value[a:b] for a, b in zip([0, *cuts], [*cuts, len(value)], strict=True)]


def _target(text: str) -> tuple[str, str]:
    """`x = f(y)` -> `x = `, `f(y)`."""
    if text.startswith("return "):
        return "return ", text[7:]
    depth = 0
    for i, c in _code(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        if c == "=" and depth == 0 and text[i - 1] == " " and text[i + 1] == " ":
            return text[: i + 2], text[i + 2 :]
    return "", text


def _operands(text: str, margin: str, tail: str) -> list[str]:
    """A sum or product in parentheses, each operand on its line with the operator before it."""
    prefix, value = _target(text)
    cuts = _operators(value)
    deeper = margin + "    "
    if not cuts or not prefix:
        return [margin + text + tail]
    if _fits(value, len(deeper)):
        return [margin + prefix + "(", deeper + value, margin + ")" + tail]
    parts = [value[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(value)], strict=True)]
    lines = [line for part in parts for line in _broken(part, deeper, "")]
    return [margin + prefix + "(", *lines, margin + ")" + tail]


def _operators(value: str) -> list[int]:
    """Where the loosest binary operators of an expression stand."""
    found: dict[int, list[int]] = {}
    depth = 0
    for i, c in _code(value):
        depth += (c in _OPEN) - (c in _CLOSE)
        if depth or c != " ":
            continue
        word = value[i + 1 :].split(" ", 1)[0]
        level = _LEVELS.get(word)
        if level is not None:
            found.setdefault(level, []).append(i)
    return found[min(found)] if found else []


_LEVELS = {"if": 1, "else": 1, "or": 2, "and": 3, "|": 5, "^": 6, "&": 7, "+": 9, "-": 9} | dict.fromkeys(
    ("*", "/", "//", "%", "@"), 10
)
_LEVELS |= dict.fromkeys(("<", ">", "<=", ">=", "==", "!="), 4)


def _split(text: str) -> Iterator[str]:
    """Arguments, at commas outside of brackets."""
    depth, start = 0, 0
    for i, c in _code(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        if c == "," and depth == 0:
            yield text[start:i].strip()
            start = i + 1
    yield text[start:].strip()


def _clauses(text: str) -> list[str] | None:
    """A comprehension: its element, then its `for`."""
    depth = 0
    for i, c in _code(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        if depth == 0 and c == " " and text.startswith(" for ", i):
            return [text[:i], text[i + 1 :]]
        if depth == 0 and c == ",":
            return None
    return None


def _code(text: str) -> Iterator[tuple[int, str]]:
    """Characters outside of string literals."""
    quote = ""
    skip = False
    for i, c in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = c == "\\"
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        else:
            yield i, c


def definition(name: str, parameters: list[str], returns: str) -> list[str]:
    """`def forward(self, x: Tensor) -> Tensor:` as a method."""
    inside = ["self", *parameters]
    line = f"    def {name}({', '.join(inside)}) -> {returns}:"
    if len(line) <= WIDTH:
        return [line]
    body = f"        {', '.join(inside)}"
    if len(body) <= WIDTH:
        return [f"    def {name}(", body, f"    ) -> {returns}:"]
    return [f"    def {name}(", *[f"        {p}," for p in inside], f"    ) -> {returns}:"]
