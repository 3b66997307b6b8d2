"""The parser's tables: what Lark made of the grammar, kept as text beside this file.

Making them takes Lark 0.2 s and importing Lark 0.06 s; reading the text takes 3 ms and needs neither. The
first line names the grammar's digest: where it differs from the grammar found, the tables are made anew in
memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STORED = HERE / "tables.txt"
FORMAT = "nndsl-tables-1"
SEPARATOR = "\n---\n"


@dataclass(slots=True)
class Rule:
    """`origin: …` of `size` symbols; `action` is the builder's method, none where one symbol passes through."""

    origin: str
    size: int
    action: str


@dataclass(slots=True)
class Tables:
    """`rows[state][symbol]` is the state to go to, or `-1 - rule` to reduce by."""

    words: dict[str, str]
    marks: list[str]
    patterns: dict[str, str]
    rules: list[Rule]
    rows: list[dict[str, int]]


def grammar_path() -> Path:
    """Inside the package when installed from a wheel, at the repository's root in a checkout."""
    packaged = HERE.parent / "grammars" / "nn.lark"
    return packaged if packaged.exists() else HERE.parent.parent / "grammars" / "nn.lark"


def digest(grammar: bytes) -> str:
    """Which grammar it is, whatever line ends a checkout gave it."""
    import zlib

    unified = grammar.replace(b"\r\n", b"\n")
    return f"{len(unified)}-{zlib.crc32(unified):08x}-{zlib.adler32(unified):08x}"


def load() -> Tables:
    grammar = grammar_path().read_bytes()
    stored = STORED.read_text(encoding="utf-8") if STORED.exists() else ""
    if stored.partition("\n")[0] == header(grammar):
        return decode(stored)
    from nndsl.syntax.generate import make

    return make(grammar.decode("utf-8"))


def header(grammar: bytes) -> str:
    return f"{FORMAT} {digest(grammar)}"


def encode(tables: Tables, grammar: bytes) -> str:
    sections = [
        [header(grammar)],
        [f"{word} {kind}" for word, kind in tables.words.items()],
        [" ".join(tables.marks)],
        [f"{name} {_escaped(pattern)}" for name, pattern in tables.patterns.items()],
        [f"{rule.origin} {rule.size} {rule.action}".rstrip() for rule in tables.rules],
        [" ".join(f"{symbol} {target}" for symbol, target in row.items()) for row in tables.rows],
    ]
    return SEPARATOR.join("\n".join(section) for section in sections) + "\n"


def decode(text: str) -> Tables:
    _, words, marks, patterns, rules, rows = text.removesuffix("\n").split(SEPARATOR)
    return Tables(
        dict(line.split() for line in words.split("\n")),
        marks.split(),
        dict(line.split(" ", 1) for line in patterns.split("\n")),
        [_rule(line) for line in rules.split("\n")],
        [_row(line) for line in rows.split("\n")],
    )


def _escaped(pattern: str) -> str:
    """On one line; a regular expression reads the escapes as the characters."""
    for character, escape in {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f"}.items():
        pattern = pattern.replace(character, escape)
    return pattern


def _rule(line: str) -> Rule:
    origin, size, *action = line.split()
    return Rule(origin, int(size), action[0] if action else "")


def _row(line: str) -> dict[str, int]:
    cells = line.split()
    return dict(zip(cells[::2], map(int, cells[1::2]), strict=True))
