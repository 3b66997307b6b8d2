"""What is said about a token that does not fit, and which repairs are likely there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.diagnostics import Diagnostic, Edit, Fix, Label
from nndsl.source import Span
from nndsl.syntax.brackets import CLOSERS, CONTINUES_AFTER, ITEM_WORDS, OPENERS
from nndsl.syntax.lexing import Token
from nndsl.syntax.meant import (
    comprehension,
    declared_by_value,
    is_label,
    is_nameless,
    label,
    list_type,
    nameless,
    nested_names,
    several_outputs,
)
from nndsl.syntax.newlines import ENDS, STATEMENT_WORDS

if TYPE_CHECKING:
    from nndsl.syntax.recover import Recovery, Repair

ITEM_STARTS = ITEM_WORDS | {"$END"}
FAR = 400  # tokens; what begins further back is not looked for
COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">=", "IN"])
DECLARATIONS = frozenset({"INPUT", "OUTPUT", "PARAM", "BUFFER"})


class Place:
    """A token that does not fit, among its neighbours."""

    def __init__(self, recovery: Recovery, at: int) -> None:
        self.recovery = recovery
        self.at = at
        self.token = recovery.tokens[at]
        self.previous = self.near(-1)
        self.following = self.near(1)

    def near(self, offset: int) -> Token:
        tokens, at = self.recovery.tokens, self.at + offset
        if 0 <= at < len(tokens):
            return tokens[at]
        edge = 0 if at < 0 else len(self.recovery.source.text)
        return Token("$START" if at < 0 else "$END", "", edge, edge)

    def span(self, token: Token) -> Span:
        return Span(self.recovery.source, token.start, token.end)

    def gap(self) -> Span:
        return Span(self.recovery.source, self.previous.end, self.previous.end)

    def accepts(self, *kinds: str) -> bool:
        return self.recovery.machine.simulate(list(kinds)) == len(kinds)

    def opener(self) -> tuple[str, bool]:
        """The innermost open bracket, and whether it holds hyperparameters."""
        from nndsl.syntax.recover import open_brackets

        machine = self.recovery.machine
        brackets = open_brackets(machine)
        if not brackets:
            return "", False
        return machine.values[brackets[-1]].kind, "parameter" in machine.rows[machine.states[brackets[-1] + 1]]

    def bracket(self) -> Token | None:
        """The token of the innermost open bracket."""
        from nndsl.syntax.recover import open_brackets

        machine = self.recovery.machine
        brackets = open_brackets(machine)
        return machine.values[brackets[-1]] if brackets else None

    def within(self, bracket: Token) -> list[str]:
        """The kinds of what stands between it and here, in no further brackets."""
        found: list[str] = []
        depth = 0
        start = self.index(bracket)
        if self.at - start > FAR:
            return []
        for token in self.recovery.tokens[start + 1 : self.at]:
            depth -= token.kind in OPENERS
            if depth == 0:
                found.append(token.kind)
            depth += token.kind in CLOSERS
        return found

    def index(self, token: Token) -> int:
        at = self.at
        while at > 0 and self.at - at <= FAR and self.recovery.tokens[at] is not token:
            at -= 1
        return at

    def near_bracket(self, bracket: Token) -> Token:
        """What stands before it: a call's name, or what is none."""
        return self.near(self.index(bracket) - 1 - self.at)

    def statement(self) -> Token:
        """The first token of the statement."""
        at = self.at
        while at > 0 and self.recovery.tokens[at - 1].kind not in {"NEWLINE", "{", "}"}:
            at -= 1
        return self.recovery.tokens[at]

    def error(
        self, message: str, span: Span | None = None, label: str = "", hint: str = "", fix: Fix | None = None
    ) -> Diagnostic:
        hints = [hint] if hint else []
        return Diagnostic(
            "syntax", message, span or self.span(self.token), label, hints=hints, fixes=[fix] if fix else []
        )

    def replaced(self, token: Token, text: str) -> Fix:
        return Fix(f"write `{text}`", [Edit(self.span(token), text)])


# ---------------------------------------------------------------- repairs known beforehand


def known_repair(recovery: Recovery, at: int) -> Repair | None:
    from nndsl.syntax.recover import Repair

    place = Place(recovery, at)
    if is_chained(place):
        return Repair(("AND", "NAME"), 0)
    if is_label(place):
        return Repair((":",), 1)
    if is_nameless(place):
        return Repair(("NAME",), 1)
    if is_python_block(place):
        return Repair(("{", "}") if place.following.kind in {"}", "ELSE", "NEWLINE"} else ("{", "}", "NEWLINE"), 1)
    return None


def likely_insertions(recovery: Recovery, at: int) -> tuple[str, ...]:
    place = Place(recovery, at)
    opener, parameters = place.opener()
    before = place.near(-2).kind
    if opener in {"(", "["}:
        return (":", ",") if parameters and before in {"(", ","} else (",",)
    if before in DECLARATIONS:
        return ":", "="
    named = place.previous.kind == "NAME" and place.token.kind == "NAME"
    if named and before in {"NEWLINE", "{"} and not place.token.text[:1].isupper():
        return "=", "->"
    if named and before == "->" and place.token.text[:1].isupper() and place.previous.text[:1].islower():
        return ":", "->"
    return ("->",)


def is_chained(place: Place) -> bool:
    return place.token.kind in COMPARISONS and place.accepts("AND", "NAME", place.token.kind)


def is_python_block(place: Place) -> bool:
    if place.token.kind != ":" or not place.accepts("{"):
        return False
    return place.following.first or place.following.kind in {"NEWLINE", "}"}


# ---------------------------------------------------------------- what is said


def explain(recovery: Recovery, at: int, repair: Repair | None) -> Diagnostic:
    place = Place(recovery, at)
    for special in (
        dangling,
        chained,
        python_block,
        ternary,
        comprehension,
        label,
        nameless,
        several_outputs,
        declared_by_value,
        list_type,
        nested_names,
        target,
        stray_else,
        arrow_for_equals,
        round_dims,
        type_for_value,
    ):
        found = special(place)
        if found is not None:
            return found
    if repair is None:
        return misfit(place)
    if not repair.removed:
        return missing(place, repair.kinds[0])
    if not repair.kinds:
        return surplus(place)
    return exchanged(place, repair.kinds[0])


def dangling(place: Place) -> Diagnostic | None:
    """`h = x ->` and a new statement on the next line: the end of the line is where the mistake is."""
    operator = place.near(-2)
    if (
        not place.previous.first
        or operator.kind not in CONTINUES_AFTER - CLOSERS.keys()
        or place.opener()[0] in {"(", "["}
    ):
        return None
    label = Label(place.span(place.previous), "this line is read as its continuation")
    found = place.error(
        f"a value is missing after `{operator.text}`", place.span(operator), "nothing follows on this line"
    )
    found.labels.append(label)
    return found


def chained(place: Place) -> Diagnostic | None:
    if not is_chained(place):
        return None
    return place.error("comparisons do not chain", hint="join two comparisons: `a < b and b < c`")


def python_block(place: Place) -> Diagnostic | None:
    if not is_python_block(place):
        return None
    return place.error("a body stands in braces, not after `:`", label="`{` expected", hint="write `… { statements }`")


def ternary(place: Place) -> Diagnostic | None:
    if place.token.kind != "IF" or place.previous.kind not in ENDS:
        return None
    return place.error("a choice begins with `if`", hint="write `if condition { a } else { b }`")


def target(place: Place) -> Diagnostic | None:
    """`(a, b) = …`, `x[0] = …`: what stands before the `=` of a statement is no name."""
    inside, begin = place.opener()[0], place.statement()
    if place.token.kind != "=" or inside in {"(", "["} or begin.kind not in {"NAME", "(", "["}:
        return None
    if place.near(-2).kind not in {".", ","} and place.previous.kind == "NAME":
        return None
    hint = (
        "write `a, b = …`, without brackets"
        if begin.kind in {"(", "["}
        else "values never change: give the new one a name"
    )
    return place.error("only names stand to the left of `=`", hint=hint)


def stray_else(place: Place) -> Diagnostic | None:
    if place.token.kind != "ELSE":
        return None
    return place.error("this `else` has no `if` before it", hint="`else` follows the `}` of an `if`")


def arrow_for_equals(place: Place) -> Diagnostic | None:
    """`block Name() -> …`: an arrow where a definition needs `=` or a body."""
    if place.token.kind != "->" or not place.accepts("=") or place.statement().kind not in {"BLOCK", "MODEL"}:
        return None
    return place.error("a block's flow comes after `=`", label="`=` expected", fix=place.replaced(place.token, "="))


def type_for_value(place: Place) -> Diagnostic | None:
    """`input x = (3, 32, 32)`: an input has a type and no value."""
    begin = place.statement()
    if place.token.kind != "=" or begin.kind != "INPUT" or place.opener()[0] not in {"", "{"}:
        return None
    name = place.near(place.index(begin) + 1 - place.at).text
    hint = f"for example `input {name}: float[N, 3, H, W]`"
    if place.near(-2) is not begin:
        hint = f"a block's input that may be left out is declared so: `input {name}?: …`"
    return place.error("an input has a type, not a value", hint=hint)


def round_dims(place: Place) -> Diagnostic | None:
    if place.token.kind != "(" or place.statement().kind not in DECLARATIONS or place.near(-2).kind != ":":
        return None
    return place.error(
        "dims stand in square brackets", label="`[` expected", hint=f"write `{place.previous.text}[N, C]`"
    )


def missing(place: Place, kind: str) -> Diagnostic:
    token, previous = place.token, place.previous
    if kind == "NEWLINE":
        return place.error(
            f"expected the end of the line, found {found_here(token)}",
            hint="one statement stands on one line",
        )
    after = f" after {found_here(previous)}" if previous.kind not in {"$START", "NEWLINE"} else ""
    if kind == "NAME":
        what = "value" if place.accepts("NUMBER") else "name"
        span = place.gap() if token.kind in {"NEWLINE", "$END", *OPENERS} else place.span(token)
        return place.error(f"a {what} is missing{after}", span, f"expected a {what} here")
    text = kind.lower() if kind.isalpha() else kind
    before = f" before {found_here(token)}"
    edit = Edit(place.gap(), text if text in {",", ":"} else f" {text}")
    fix = Fix(f"add `{text}`", [edit])
    return place.error(f"`{text}` is missing{before}", place.span(token), f"expected `{text}` before this", fix=fix)


def surplus(place: Place) -> Diagnostic:
    token = place.token
    fix = Fix("remove it", [Edit(place.span(token), "")])
    if not token.text.isidentifier() and token.kind not in {"NUMBER", "STRING"}:
        return place.error(f"this `{token.text}` is one too many", fix=fix)
    found = misfit(place)
    found.fixes.append(fix)
    return found


def exchanged(place: Place, kind: str) -> Diagnostic:
    token = place.token
    if kind == "NAME":
        return place.error(
            f"`{token.text}` is a reserved word and cannot be a name",
            hint=f"another name will do: `{token.text}_`",
        )
    text = kind.lower() if kind.isalpha() else kind
    fix = place.replaced(token, text)
    if text == "==":
        return place.error("`=` gives a name; values are compared with `==`", label="`==` expected", fix=fix)
    return place.error(f"expected `{text}`, found {found_here(token)}", fix=fix)


def misfit(place: Place) -> Diagnostic:
    expected = expectation(place)
    found = found_here(place.token)
    message = f"expected {expected}, found {found}" if expected else f"{found} does not fit here"
    reserved = place.token.text.isidentifier() and place.token.kind not in {"NAME", "IF", "ELSE", "FOR"}
    hint = f"`{place.token.text}` is a reserved word" if reserved else ""
    if place.statement() is place.token and place.opener()[0] == "":
        hint = "a file holds items: import, from, block, model, fn, extern block, train, weights"
    span = place.gap() if place.token.kind in {"NEWLINE", "$END"} else None
    return place.error(message, span, hint=hint)


def found_here(token: Token) -> str:
    shown = token.text if len(token.text) <= 30 else token.text[:29] + "…"
    match token.kind:
        case "NEWLINE":
            return "the end of the line"
        case "$END":
            return "the end of the file"
        case "NUMBER":
            return f"the number {shown}"
        case "STRING":
            return f"the string {shown}"
    return f"`{shown}`"


def expectation(place: Place) -> str:
    """In words, what could stand here; empty where too much could."""
    machine = place.recovery.machine
    terminals = {kind for row in machine.rows for kind in row if not kind.islower()}
    fits = {kind for kind in terminals if place.accepts(kind)}
    words = []
    if fits >= STATEMENT_WORDS or {"INPUT", "FOR"} <= fits:
        words.append("a statement")
    elif {"BLOCK", "MODEL"} <= fits:
        words.append("an item")
    elif "NUMBER" in fits:
        words.append("a value")
    elif "NAME" in fits:
        words.append("a name")
    elif "STRING" in fits:
        words.append("a string")
    values = bool(words)
    for mark in (",", ")", "]", "}", "->", "=", ":", "{", "FROM", "IMPORT", "BLOCK", "IN"):
        if mark in fits and not (values and mark in {"{", ")", "]", ":"}) and words != ["an item"]:
            words.append(f"`{mark.lower()}`")
    if "NEWLINE" in fits and not values:
        words.append("the end of the line")
    if len(words) > 4:
        return ""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1] if words else ""
