"""Lines as the formatter would break them, so that generated files pass it unchanged.

What fits stays on one line. A call that does not is broken at its last bracket: the arguments on one line
of their own if they fit there, else one per line. A comma before a closing bracket asks for one per line.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"


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
    lines = _wrapped(paragraphs, WIDTH - len(margin) - 3)
    if len(lines) == 1 and len(lines[0]) + len(margin) + 6 > WIDTH:
        lines = _wrapped(paragraphs, WIDTH - len(margin) - 6)
    last = lines[-1]
    if last.endswith('"'):
        lines[-1] = last[:-1] + "'"
    if len(lines) == 1:
        return [f'{margin}"""{lines[0]}"""']
    return [f'{margin}"""{lines[0]}', *[margin + line if line else "" for line in lines[1:]], f'{margin}"""']


def _wrapped(paragraphs: list[str], width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in paragraphs:
        lines += ["", *textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)]
    return lines[1:]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\\\x{ord(c):02x}" for c in text)


def _fits(text: str, used: int) -> bool:
    return used + len(text) <= WIDTH and not _asks_to_break(text)


def _asks_to_break(text: str) -> bool:
    return ",)" in text or ",]" in text


def _broken(text: str, margin: str, tail: str) -> list[str]:
    """`text` followed by `tail` (a comma, or nothing) at `margin`."""
    if _fits(text + tail, len(margin)):
        return [margin + text + tail]
    at = _last_bracket(text)
    if at is None:
        return _operands(text, margin, tail)
    head, inside, close = text[: at + 1], text[at + 1 : -1], text[-1]
    chain = _fluent(head, margin, text, tail)
    if chain is not None:
        return chain
    deeper = margin + "    "
    magic = inside.endswith(",")
    body = inside[:-1] if magic else inside
    if not magic and _fits(body, len(deeper)):
        return [margin + head, deeper + body, margin + close + tail]
    parts = list(_split(body))
    clause = _clauses(body)
    if clause is not None:
        lines = [line for part in clause for line in _broken(part, deeper, "")]
        return [margin + head, *lines, margin + close + tail]
    comma = "," if magic or len(parts) > 1 or parts[0].startswith("*") else ""
    lines = []
    for i, part in enumerate(parts):
        lines += _broken(part, deeper, "," if i + 1 < len(parts) else comma)
    return [margin + head, *lines, margin + close + tail]


def _last_bracket(text: str) -> int | None:
    """Where the bracket opens that the text ends with; None when it does not, or when nothing stands
    inside."""
    if text[-1:] not in _CLOSE or not text:
        return None
    depth = 0
    opened: list[int] = []
    for i, c in _code(text):
        if c in _OPEN:
            opened.append(i)
            depth += 1
        elif c in _CLOSE:
            depth -= 1
            start = opened.pop()
    return start if start < len(text) - 2 and _before_is_call(text, start) else None


def _before_is_call(text: str, start: int) -> bool:
    """Is all before the bracket one callee (`x = torch.cat`), not an operand of something looser?"""
    prefix, _ = _target(text)
    head = text[len(prefix) : start]
    if head.startswith("for "):
        return True
    operators = _operators(text[len(prefix) :])
    spaced = any(c == " " for c in _outside(head))
    return not spaced or len(operators) == 1


def _outside(text: str) -> Iterator[str]:
    """Characters outside of brackets and strings."""
    depth = 0
    for _, c in _code(text):
        depth += (c in _OPEN) - (c in _CLOSE)
        if depth == 0:
            yield c


def _fluent(head: str, margin: str, text: str, tail: str) -> list[str] | None:
    """Two or more calls in a row on one value become a column of `.method(…)`s."""
    prefix, value = _target(text)
    links = _links(value)
    if len([link for link in links[1:] if link.endswith((")", "]"))]) < 2:
        return None
    deeper = margin + "    "
    lines = [line for link in links for line in _broken(link, deeper, "")]
    return [f"{margin}{prefix}(", *lines, f"{margin}){tail}"]


def _links(value: str) -> list[str]:
    """`x.reshape(a).permute(b)` -> `x`, `.reshape(a)`, `.permute(b)`; attributes stay with what they
    stand on."""
    depth, cuts = 0, []
    previous = ""
    for i, c in _code(value):
        if c == "." and depth == 0 and previous in _CLOSE and previous:
            cuts.append(i)
        depth += (c in _OPEN) - (c in _CLOSE)
        previous = c
    first = value.find("(")
    dot = value.rfind(".", 0, first)
    base = value[:dot] if dot > 0 else ""
    if base and not base.startswith(("self.", "torch", "nn", "F.")) and cuts:
        cuts.insert(0, dot)
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
