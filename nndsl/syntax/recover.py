"""Going on after a token that does not fit, so that each mistake is told once.

First one token is inserted, removed or exchanged, if that lets the parser read on to the end of the line.
Otherwise the innermost member that cannot be read (an argument, a statement, an item) is left out up to
where it ends.
"""

from __future__ import annotations

from typing import NamedTuple

from nndsl.diagnostics import Diagnostics
from nndsl.source import Source, Span
from nndsl.syntax import ast, choices, explain, loose
from nndsl.syntax.brackets import CLOSERS, OPENERS, too_deep
from nndsl.syntax.lexing import Lexed, Token
from nndsl.syntax.machine import Machine, TooDeep

WINDOW = 24
ENOUGH = 3
INSERTIONS = (",", "->", "=", ":", "NAME", "NEWLINE", "IN", "==")
SUBSTITUTES = {
    "=": ("==", ":", "IN"),
    ":": ("=", "->"),
    ".": (",",),
    "->": ("=", ","),
    "==": ("=",),
    ",": (".",),
}
# The lists of the grammar, by their members; the innermost one open is where reading goes on.
IN_BRACKETS = ("argument", "parameter", "dim", "subscript", "element", "parameter_type")
IN_LINES = ("setting", "mapping", "statement", "item")
HEADERS = {
    "BLOCK": ("BLOCK", "NAME"),
    "MODEL": ("MODEL", "NAME"),
    "EXTERN": ("BLOCK", "NAME"),
    "TRAIN": ("TRAIN", "NAME"),
    "IF": ("IF", "NAME"),
    "FOR": ("FOR", "NAME", "IN", "NAME"),
}


_ENDS = {"NEWLINE", "{", "}", "$END"}


class Repair(NamedTuple):
    """Replace `removed` tokens by tokens of these kinds."""

    kinds: tuple[str, ...]
    removed: int


class Recovery:
    def __init__(
        self, machine: Machine, tokens: list[Token], lexed: Lexed, source: Source, diagnostics: Diagnostics
    ) -> None:
        self.machine = machine
        self.tokens = tokens
        self.lexed = lexed
        self.source = source
        self.diagnostics = diagnostics
        self.levels = _levels(tokens)
        self.mended = -1
        self.skipped = -1
        self.count = 0

    def run(self) -> None:
        place = 0
        while self.count <= Diagnostics.LIMIT:
            try:
                place = self.machine.feed(self.tokens, place)
                if place >= len(self.tokens):
                    return
                self.count += 1
                place = self.mend(place)
            except TooDeep:
                self.count += 1
                place = self.machine.at
                token = self.tokens[place]
                too_deep(Span(self.source, token.start, token.end), self.diagnostics)
                place = self.skip(place, outward=place == self.skipped)

    # ------------------------------------------------------------ one token

    def remove(self, first: int, end: int) -> None:
        """Leaves out tokens whose brackets are closed among them."""
        del self.tokens[first:end], self.levels[first:end]
        self.mended = first - 1

    def enclose(self, first: int, end: int, opening: Token, closing: Token) -> None:
        level = self.levels[first - 1]  # a choice begins no file
        self.tokens[first:end] = [opening, *self.tokens[first:end], closing]
        self.levels[first:end] = [level + 1, *(inner + 1 for inner in self.levels[first:end]), level]
        self.mended = first

    def replace(self, first: int, end: int, fresh: list[Token]) -> None:
        """Tokens in the place of others, in the same brackets."""
        self.tokens[first:end] = fresh
        self.levels[first:end] = [self.levels[first - 1]] * len(fresh)

    def restart(self, place: int) -> int | None:
        """Back to before the statement around `place`; gives its first token."""
        machine = self.machine
        while not any(symbol in machine.rows[machine.states[-1]] for symbol in IN_LINES):
            if len(machine.states) == 1:
                return None
            self.cut(self.before_last())
        level = len(open_brackets(machine))
        while place > 0 and not (self.levels[place - 1] == level and self.tokens[place - 1].kind in {"NEWLINE", "{"}):
            place -= 1
        return place

    def mend(self, place: int) -> int:
        choice = choices.mended(self, place)
        if choice is not None:
            self.diagnostics.add(choice)
            return place
        bare = loose.mended(self, place)
        if bare is not None:
            self.diagnostics.add(bare[1])
            return bare[0]
        repair = None if place <= self.mended else self.best(place)
        if place != self.skipped and place > self.mended and not self.echo(place):
            self.diagnostics.add(explain.explain(self, place, repair))
        if repair is None:
            return self.skip(place, outward=place == self.skipped)
        token = self.tokens[place]
        edge = self.tokens[place - 1].end if place else 0
        at = edge if not repair.removed else token.start
        end = edge if not repair.removed else token.end
        fresh = [Token(kind, "_" if kind == "NAME" else kind, at, end) for kind in repair.kinds]
        self.tokens[place : place + repair.removed] = fresh
        if repair.kinds[:1] == ("{",):
            self.levels = _levels(self.tokens)
        else:
            level = self.levels[place - 1] if place else 0
            self.levels[place : place + repair.removed] = [level] * len(fresh)
        self.mended = place + len(fresh) - 1
        return place

    def best(self, place: int) -> Repair | None:
        """The repair after which the parser reads furthest; of equals the likeliest, which is tried first."""
        special = explain.known_repair(self, place)
        if special is not None:
            return special
        need = self.need(place)
        found, furthest = None, 0
        for repair in self.candidates(place):
            rest = [token.kind for token in self.tokens[place + repair.removed : place + WINDOW]]
            reach = self.machine.simulate([*repair.kinds, *rest]) - len(repair.kinds) + repair.removed
            reach = min(reach, need)
            if reach > furthest:
                found, furthest = repair, reach
        return found if furthest >= min(need, ENOUGH) else None

    def need(self, place: int) -> int:
        """Tokens up to and with the end of this line, or as many as the window shows."""
        level = self.levels[place]
        for at in range(place, min(place + WINDOW, len(self.tokens))):
            kind = self.tokens[at].kind
            if at > place and (kind == "$END" or (kind in {"NEWLINE", "}"} and self.levels[at] <= level)):
                return at - place + 1
        return min(WINDOW, len(self.tokens) - place)

    def candidates(self, place: int) -> list[Repair]:
        token = self.tokens[place]
        found = [Repair((kind,), 1) for kind in SUBSTITUTES.get(token.kind, ())]
        preferred = explain.likely_insertions(self, place)
        found += [Repair((kind,), 0) for kind in (*preferred, *INSERTIONS) if kind != token.kind]
        if token.text.isidentifier() and token.kind != "NAME":
            found.insert(0, Repair(("NAME",), 1))
        if token.kind not in CLOSERS and token.kind not in OPENERS and token.kind not in {"NEWLINE", "$END"}:
            # A surplus mark is more likely than a missing value beside it.
            surplus = Repair((), 1)
            found.insert(0, surplus) if token.kind in {",", ":", ".", "?"} else found.append(surplus)
        return found

    def echo(self, place: int) -> bool:
        """Whether something on this line was told already, so that this may follow from it."""
        if not self.lexed.broken:
            return False
        first, last = place, place + 1
        while first > 0 and not self.tokens[first].first and self.tokens[first - 1].kind not in _ENDS:
            first -= 1
        while last < len(self.tokens) and not self.tokens[last].first and self.tokens[last - 1].kind not in _ENDS:
            last += 1
        begin, end = self.tokens[first].start, self.tokens[last - 1].end + (self.tokens[last - 1].kind == "$END")
        return any(begin <= at < end for at in self.lexed.broken)

    # ------------------------------------------------------------ leaving out

    def skip(self, place: int, outward: bool) -> int:
        """Leaves out the innermost list member around `place`; `outward`, the one around that."""
        symbol = self.pop(outward)
        if symbol is None:
            return len(self.tokens)
        level = len(open_brackets(self.machine))
        header = self.header(place, level) if symbol in {"item", "statement"} else None
        if header is not None:
            return header
        ends = {","} if symbol in IN_BRACKETS else {"NEWLINE"}
        at = place
        while at < len(self.tokens) - 1 and not self.ends_member(at, level, ends, symbol):
            at += 1
        self.put(symbol, at)
        self.skipped = at
        return at

    def ends_member(self, at: int, level: int, ends: set[str], symbol: str) -> bool:
        kind = self.tokens[at].kind
        if kind in OPENERS and self.levels[at] < level:
            return True
        if self.levels[at] != level or kind not in ends:
            return False
        return symbol != "item" or self.tokens[at + 1].kind in explain.ITEM_STARTS

    def pop(self, outward: bool) -> str | None:
        """Back to the start of a list's member; gives what the list consists of."""
        machine = self.machine
        brackets = open_brackets(machine)
        if outward and brackets:
            self.cut(brackets[-1])
        while True:
            row = machine.rows[machine.states[-1]]
            for symbol in (*IN_BRACKETS, *IN_LINES):
                if symbol in row:
                    return symbol
            if len(machine.states) == 1:
                return None
            self.cut(self.before_last())

    def before_last(self) -> int:
        """Where the topmost value begins; a closed bracket goes with what it holds."""
        values = self.machine.values
        at, depth = len(values) - 1, 0
        while at > 0:
            kind = values[at].kind if isinstance(values[at], Token) else ""
            depth += (kind in OPENERS) - (kind in CLOSERS)
            if depth <= 0:
                break
            at -= 1
        return at

    def cut(self, size: int) -> None:
        machine = self.machine
        del machine.states[size + 1 :], machine.values[size:], machine.depths[size:]

    def put(self, symbol: str, at: int) -> None:
        """Something in the place of the member, of the kind that the list's builder handles."""
        machine = self.machine
        token = self.tokens[at]
        span = Span(self.source, token.start, token.start)
        name = ast.Name(span, "_")
        stands: dict[str, object] = {
            "argument": ast.Argument(span, None, name),
            "parameter": ast.Param(span, name, None, None),
            "parameter_type": ast.ParamTypeExpr(span, name),
        }
        machine.states.append(machine.rows[machine.states[-1]][symbol])
        machine.values.append(stands.get(symbol, name) if symbol in IN_BRACKETS else None)
        machine.depths.append(0)

    def header(self, place: int, level: int) -> int | None:
        """Puts a plain head where that of something in braces cannot be read: its body is read all the same."""
        first = place
        while first > 0 and not (
            self.levels[first - 1] == level and self.tokens[first - 1].kind in {"NEWLINE", "{", "}"}
        ):
            first -= 1
        kinds = HEADERS.get(self.tokens[first].kind)
        if kinds is None:
            return None
        for at in range(max(place, first + 1), len(self.tokens)):
            token = self.tokens[at]
            if self.levels[at] == level and token.kind == "NEWLINE":
                return None
            if token.kind == "{" and self.levels[at] == level + 1:
                plain = [Token(kind, "_", token.start, token.start) for kind in kinds]
                self.machine.feed(plain, 0)
                return at
        return None


def open_brackets(machine: Machine) -> list[int]:
    """The places on the stack of the brackets that are still open, outermost first."""
    found: list[int] = []
    for at, value in enumerate(machine.values):
        if isinstance(value, Token) and value.kind in CLOSERS:
            found.append(at)
        elif isinstance(value, Token) and value.kind in OPENERS:
            found.pop()
    return found


def _levels(tokens: list[Token]) -> list[int]:
    """How many brackets are open after each token."""
    levels, level = [], 0
    for token in tokens:
        level += (token.kind in CLOSERS) - (token.kind in OPENERS)
        levels.append(level)
    return levels
