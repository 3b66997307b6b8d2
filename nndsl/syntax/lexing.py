"""Text to tokens, comments and doc comments.

What cannot be read is reported here, once, and leaves a token to go on with.
"""

from __future__ import annotations

import re
from math import inf

from nndsl.diagnostics import Diagnostic, Diagnostics, Edit, Fix
from nndsl.source import Source, Span
from nndsl.syntax import ast
from nndsl.syntax.signs import ARITHMETIC, FOREIGN, TYPED_QUOTES
from nndsl.syntax.tables import Tables


class Token:
    """`kind` is a mark (`->`) or a terminal's name (`NAME`); `first`: only blanks before it on its line."""

    __slots__ = ("end", "first", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int, first: bool = False) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end
        self.first = first

    def __repr__(self) -> str:
        return f"{self.kind}@{self.start}" if self.kind == self.text else f"{self.kind}({self.text})@{self.start}"


MAX_BITS = 4096  # of a whole number
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_NAME_TAIL = re.compile(r"[\w.]*")
_LINE = re.compile(r"[^\r\n]*")
_WORDS = re.compile(r"//[ \t]*([A-Za-z]+)[ \t]+([A-Za-z]+)")
_OPERATORS = {"and", "or", "not", "in", "if", "else", "for"}


class Lexed:
    """A file's tokens and comments, the doc comment of the token at an offset, and where mistakes were."""

    __slots__ = ("broken", "comments", "docs", "file_doc", "tokens")

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.comments: list[ast.Comment] = []
        self.docs: dict[int, str] = {}
        self.broken: list[int] = []
        self.file_doc = ""


class Lexer:
    def __init__(self, tables: Tables) -> None:
        self.words = tables.words
        marks = "|".join(re.escape(mark) for mark in tables.marks)
        foreign = "|".join(re.escape(mark) for mark in sorted({*FOREIGN, *ARITHMETIC}, key=len, reverse=True))
        patterns = {name: pattern for name, pattern in tables.patterns.items() if name != "NEWLINE"}
        order = ["NAME", "NUMBER", "STRING", "COMMENT"]
        groups = [f"(?P<{name}>{patterns[name]})" for name in order]
        blanks = f"(?:{patterns['SPACE']})?"
        # `!=` and `->` are ours, so foreign marks come first only where they are longer.
        kinds = [*groups, rf"(?P<FOREIGN>(?!!=)(?:{foreign}))", f"(?P<MARK>{marks})", r"(?P<NEWLINE>\r?\n)"]
        self.known = re.compile(rf"\s|{'|'.join(kinds)}").match
        self.match = re.compile(f"{blanks}(?:{'|'.join(kinds)})?").match

    def lex(self, source: Source, diagnostics: Diagnostics) -> Lexed:
        return _Run(self, source, diagnostics).result()


class _Run:
    def __init__(self, lexer: Lexer, source: Source, diagnostics: Diagnostics) -> None:
        self.lexer = lexer
        self.source = source
        self.diagnostics = diagnostics
        self.found = Lexed()

    def result(self) -> Lexed:
        text, words = self.source.text, self.lexer.words
        match, tokens = self.lexer.match, self.found.tokens
        at, end, first = 1 if text.startswith("\ufeff") else 0, len(text), True
        while at < end:
            if len(self.found.broken) >= Diagnostics.LIMIT:
                tokens.clear()
                break
            found = match(text, at)
            assert found is not None, "every part of the pattern may be empty"
            kind = found.lastgroup
            if kind is None:
                at, first = self.blank(found.end(), first)
                continue
            at, stop = found.span(kind)
            written = text[at:stop]
            if kind == "MARK" and written == "//" and self.slashes(at, first):
                stop = self.comment(at, stop)
            elif kind == "MARK":
                tokens.append(Token(written, written, at, stop, first))
            elif kind == "NAME":
                tokens.append(Token(words.get(written, "NAME"), written, at, stop, first))
            elif kind == "NEWLINE":
                first, at = True, stop
                continue
            elif kind == "COMMENT":
                self.found.comments.append(ast.Comment(Span(self.source, at, self.trimmed(at, stop)), first))
            else:
                stop = self.special(kind, at, stop, first)
            at, first = stop, False
        self.document()
        return self.found

    def slashes(self, at: int, first: bool) -> bool:
        """Does `//` begin a comment, as in other languages: where no value can be divided, or before words?"""
        tokens = self.found.tokens
        nothing = first and (not tokens or tokens[-1].kind in {"{", "(", "["})
        words = _WORDS.match(self.source.text, at)
        return nothing or (words is not None and not _OPERATORS & {words[1], words[2]})

    def comment(self, at: int, stop: int) -> int:
        fix = Fix("write `#`", [Edit(Span(self.source, at, stop), "#")])
        self.bad("syntax", "a comment begins with `#`", at, stop, fix=fix)
        line = _LINE.match(self.source.text, stop)
        return line.end() if line else stop

    def blank(self, at: int, first: bool) -> tuple[int, bool]:
        """Nothing known after the blanks: the end of the text, or a stray character."""
        return (self.stray(at, first), False) if at < len(self.source.text) else (at, first)

    def special(self, kind: str, at: int, stop: int, first: bool) -> int:
        if kind == "NUMBER":
            return self.number(at, stop, first)
        if kind == "STRING":
            return self.string(at, stop, first)
        return self.foreign(self.source.text[at:stop], at, stop, first)

    def trimmed(self, at: int, stop: int) -> int:
        return at + len(self.source.text[at:stop].rstrip())

    def number(self, at: int, stop: int, first: bool) -> int:
        text = self.source.text
        tail = _NAME_TAIL.match(text, stop)
        if tail is not None and tail.end() > stop and not text.startswith("..", stop):
            stop = tail.end()
            if text[at:stop].endswith("."):
                stop = at + len(text[at:stop].rstrip("."))
        written = text[at:stop]
        value = number(written)
        if value == inf:
            self.bad("too-big", "this number is too large", at, stop)
            written = "0"
        elif value is None:
            self.bad(
                "bad-number",
                f"`{written[:40]}` is not a number",
                at,
                stop,
                hint="numbers look like 42, 1_000, 0.5, 1e-3, 0xff",
            )
            written = "0"
        elif written[0] == "." or written[-1] == ".":
            full = f"0{written}" if written[0] == "." else f"{written}0"
            fix = Fix(f"write `{full}`", [Edit(Span(self.source, at, stop), full)])
            self.bad("bad-number", "a number has digits on both sides of its point", at, stop, fix=fix)
        self.found.tokens.append(Token("NUMBER", written, at, stop, first))
        return stop

    def string(self, at: int, stop: int, first: bool) -> int:
        text = self.source.text
        if text.startswith('"""', at):
            closed = text.find('"""', at + 3)
            stop = closed + 3 if closed >= 0 else len(text)
            self.bad(
                "bad-string",
                'a string stands on one line between single `"`',
                at,
                stop,
                hint="documentation is written as comment lines above an item",
            )
            self.found.tokens.append(Token("STRING", '""', at, stop, first))
            return stop
        tokens = self.found.tokens
        if tokens and tokens[-1].end == at and tokens[-1].text in {"f", "r", "b", "rb", "F"}:
            prefix = tokens.pop()
            edit = Edit(Span(self.source, prefix.start, prefix.end), "")
            hint = "`{name}` is filled in within every label" if prefix.text in "fF" else ""
            self.bad(
                "bad-string",
                "a string has no prefix letter",
                prefix.start,
                prefix.end,
                hint=hint,
                fix=Fix("remove the prefix", [edit]),
            )
            first = prefix.first
        written = text[at:stop]
        if "\\" in written:
            self.escapes(written, at)
        tokens.append(Token("STRING", written, at, stop, first))
        return stop

    def escapes(self, written: str, at: int) -> None:
        for found in re.finditer(r"\\(.)", written):
            if found[1] not in ESCAPES:
                begin = at + found.start()
                fix = Fix("write the backslash twice", [Edit(Span(self.source, begin, begin + 1), "\\\\")])
                self.bad(
                    "bad-string",
                    f"`{found[0]}` is not an escape",
                    begin,
                    begin + 2,
                    hint=r"escapes are \" \\ \n \t \r \0",
                    fix=fix,
                )

    def foreign(self, written: str, at: int, stop: int, first: bool) -> int:
        if written in ARITHMETIC:
            operator, name = written[:-1], self.found.tokens[-1].text if self.found.tokens else "x"
            hint = f"give the name anew: `{name} = {name} {operator} …`"
            line = self.source.text[stop : self.source.text.find("\n", stop)]
            fix = Fix(f"write `= {name} {operator}`", [Edit(Span(self.source, at, stop), f"= {name} {operator}")])
            simple = name.isidentifier() and "->" not in line and not line.rstrip().endswith(("(", "["))
            self.bad("syntax", f"`{written}` is not in the language", at, stop, hint=hint, fix=fix if simple else None)
            self.put("=", at, stop, first)
            return stop
        right, message = FOREIGN[written]
        code = "syntax" if written.isascii() else "bad-character"
        self.bad(
            code,
            message,
            at,
            stop,
            fix=Fix(
                f"write `{right.strip()}`" if right else "remove it",
                [Edit(Span(self.source, at, stop), right)],
            ),
        )
        if right or written == ";":
            self.put(right.strip() or ";", at, stop, first)
        return stop

    def put(self, mark: str, at: int, stop: int, first: bool) -> None:
        self.found.tokens.append(Token(self.lexer.words.get(mark, mark), mark, at, stop, first))

    def stray(self, at: int, first: bool) -> int:
        text = self.source.text
        if text[at] == '"' or text[at] in TYPED_QUOTES:
            return self.quoted(at, first)
        stop = at + 1
        known = self.lexer.known
        while stop < len(text) and text[stop] not in TYPED_QUOTES and text[stop] != '"' and not known(text, stop):
            stop += 1
        shown = text[at:stop] if stop - at <= 20 else text[at : at + 20] + "…"
        many = stop - at > 1
        what = (
            f"`{shown}`"
            if shown.isprintable() and not shown.isspace()
            else " ".join(f"U+{ord(c):04X}" for c in shown[:4])
        )
        hint = "names are made of the letters a to z, digits and `_`" if text[at].isalpha() else ""
        if shown == "|":
            hint = "values flow along `->`; conditions are joined by `or`"
        self.bad(
            "bad-character",
            f"{what} {'have' if many else 'has'} no meaning outside strings and comments",
            at,
            stop,
            hint=hint,
        )
        if text[at].isalpha():
            tail = _NAME_TAIL.match(text, stop)
            stop = tail.end() if tail else stop
            if not self.glued(at):
                self.found.tokens.append(Token("NAME", "_", at, stop, first))
        return stop

    def glued(self, at: int) -> bool:
        """Whether the character goes on a name: then that name is enough."""
        tokens = self.found.tokens
        return bool(tokens) and tokens[-1].end == at and tokens[-1].kind == "NAME"

    def quoted(self, at: int, first: bool) -> int:
        text = self.source.text
        line = _LINE.match(text, at)
        stop = line.end() if line else at + 1
        closing = text.find(TYPED_QUOTES.get(text[at], '"'), at + 1, stop)
        if text[at] != '"' and closing > 0:
            stop, inner = closing + 1, text[at + 1 : closing]
            edit = Edit(Span(self.source, at, stop), '"' + inner.replace('"', '\\"') + '"')
            self.bad("bad-string", 'strings are written between `"`', at, stop, fix=Fix('use `"`', [edit]))
        else:
            stop = self.unclosed(at, stop)
        self.found.tokens.append(Token("STRING", '""', at, stop, first))
        return stop

    def unclosed(self, at: int, stop: int) -> int:
        """The string ends with its line, but what closes brackets at the end of the line is taken as meant."""
        text = self.source.text
        stop = end = at + len(text[at:stop].rstrip())
        for closer in self.awaited():
            while stop > at + 1 and text[stop - 1] == ",":
                stop -= 1
            if stop <= at + 1 or text[stop - 1] != closer:
                break
            stop -= 1
        while stop == end and stop > at + 1 and text[stop - 1] == ",":
            stop -= 1
        fix = Fix('close it with `"`', [Edit(Span(self.source, stop, stop), '"')])
        self.bad(
            "bad-string",
            "this string is never closed",
            at,
            stop,
            hint="a string ends on the line where it begins",
            fix=fix,
        )
        return stop

    def awaited(self) -> list[str]:
        """What closes the brackets that were opened on this line, outermost first."""
        found: list[str] = []
        tokens = self.found.tokens
        begin = len(tokens) - 1
        while begin > 0 and not tokens[begin].first:
            begin -= 1
        for token in tokens[begin:]:
            if token.kind in _CLOSERS:
                found.append(_CLOSERS[token.kind])
            elif found and token.kind == found[-1]:
                found.pop()
        return found

    def bad(self, code: str, message: str, at: int, stop: int, *, hint: str = "", fix: Fix | None = None) -> None:
        self.found.broken.append(at)
        found = Diagnostic(
            code,
            message,
            Span(self.source, at, stop),
            hints=[hint] if hint else [],
            fixes=[fix] if fix else [],
        )
        self.diagnostics.add(found)

    def document(self) -> None:
        """Gives each run of comment lines to the token on the next line; one apart at the top, to the file."""
        if not self.found.comments:
            return
        position = self.source.position
        starts = {position(token.start)[0]: token.start for token in self.found.tokens if token.first}
        run: list[ast.Comment] = []
        opening = min(starts, default=0)
        for comment, following in zip(self.found.comments, [*self.found.comments[1:], None], strict=True):
            if not comment.own_line:
                continue
            line = position(comment.span.start)[0]
            run.append(comment)
            if following is not None and following.own_line and position(following.span.start)[0] == line + 1:
                continue
            written = "\n".join(doc_line(part.span.text) for part in run)
            if line + 1 in starts:
                self.found.docs[starts[line + 1]] = written
            elif run[0] is self.found.comments[0] and (not starts or line < opening):
                self.found.file_doc = written
            run = []


def doc_line(comment: str) -> str:
    return comment[1:].removeprefix(" ")


def number(written: str) -> int | float | None:
    """The value of a number as written, infinite for one that is too large; None for what is no number."""
    try:
        if written[:2].lower() in {"0x", "0b", "0o"}:
            return _bounded(int(written, 0))
        digits = written.replace("_", "")
        if not digits.isdigit():
            return float(written)
        if len(digits.lstrip("0")) > MAX_BITS // 3:  # far more than Python reads
            return inf if "__" not in written and written[-1] != "_" else None
        return _bounded(int(written.replace("__", "x")))
    except ValueError:
        return None


def _bounded(value: int) -> int | float:
    return value if value.bit_length() <= MAX_BITS else inf


def unquote(written: str) -> str:
    """A string literal's value."""
    inner = written[1:-1]
    if "\\" not in inner:
        return inner
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), inner)
