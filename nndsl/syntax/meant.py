"""Forms that other languages have, and what is written here instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.diagnostics import Diagnostic, Edit, Fix
from nndsl.source import Span
from nndsl.syntax.brackets import DECLARE
from nndsl.syntax.habits import NAMELESS_SIZE, SIZES
from nndsl.syntax.newlines import ENDS

if TYPE_CHECKING:
    from nndsl.syntax.explain import Place


def is_label(place: Place) -> bool:
    """`x -> fc = Linear(8)`"""
    named = place.token.kind == "=" and place.previous.kind == "NAME"
    return named and place.near(-2).kind == "->" and place.accepts(":")


def nested_names(place: Place) -> Diagnostic | None:
    """`out, (h, c) = x -> LSTM(64)`"""
    if place.token.kind != "(" or place.previous.kind != "," or place.opener()[0] in {"(", "["}:
        return None
    if place.statement().kind != "NAME" or not place.accepts("NAME"):
        return None
    return place.error("the names of several results stand side by side, without brackets", hint="write `a, b, c = …`")


def is_nameless(place: Place) -> bool:
    """`input x: float[?, 8]`"""
    alone = place.previous.kind in {"[", ","} and place.following.kind in {",", "]"}
    return alone and place.token.kind in {"?", "*"} and place.statement().kind in DECLARE


def comprehension(place: Place) -> Diagnostic | None:
    """`[f for x in xs, g]`, `[f, g for x in xs]`, `(f for x in xs)`."""
    begin = place.bracket()
    if begin is None or place.token.kind not in {"FOR", ","}:
        return None
    if place.token.kind == ",":
        if begin.kind != "[" or "FOR" not in place.within(begin):
            return None
        end = place.token.end if place.following.first else place.following.start
        comma = Span(place.recovery.source, place.token.start, end)
        join = Fix("join two lists: `[… for …] + […]`", [Edit(comma, "] + [")])
        return place.error("a comprehension fills its brackets", label="nothing more can stand in them", fix=join)
    inside = Span(place.recovery.source, begin.end, begin.end)
    kinds = place.within(begin)
    if begin.kind == "(":
        star = "*" if place.near_bracket(begin).kind in ENDS else ""
        return place.error("a comprehension stands in square brackets", hint=f"write `{star}[… for … in …]`")
    flat = "`[f for x in xs for f in [a, b]]` makes one flat list"
    if begin.kind == "[" and kinds[:1] == ["*"]:
        return place.error("`*` does not go with `for`", hint=flat)
    if begin.kind == "[" and "," in kinds:
        fix = Fix("write `[[a, b] for x in xs]`", [Edit(inside, "["), Edit(place.gap(), "]")])
        found = place.error("a comprehension has one member before its `for`", fix=fix)
        found.hints = ["`[[a, b] for x in xs]` makes a sequence of each", flat]
        return found
    return None


def label(place: Place) -> Diagnostic | None:
    if not is_label(place):
        return None
    fix = Fix("write `:`", [Edit(Span(place.recovery.source, place.previous.end, place.token.end), ":")])
    return place.error("a layer in a flow is given a name by `:`", label="`:` expected", fix=fix)


def nameless(place: Place) -> Diagnostic | None:
    if not is_nameless(place):
        return None
    return place.error(NAMELESS_SIZE, hint=SIZES, fix=place.replaced(place.token, "_"))


def declared_by_value(place: Place) -> Diagnostic | None:
    """`cls = param float[1, 8]`"""
    word = place.previous
    if place.token.kind != "NAME" or word.text not in {"param", "buffer", "input"} or place.near(-2).kind != "=":
        return None
    name = place.near(-3)
    declared = f"{word.text} {name.text}:"
    fix = Fix(f"write `{declared} …`", [Edit(Span(place.recovery.source, name.start, word.end), declared)])
    return place.error(f"`{word.text}` begins a statement", place.span(word), fix=fix)


def several_outputs(place: Place) -> Diagnostic | None:
    """`output y, z`"""
    if place.token.kind != "," or place.near(-2).kind != "OUTPUT":
        return None
    return place.error("each output stands in a statement of its own", hint=f"write `output {place.previous.text} = …`")


def list_type(place: Place) -> Diagnostic | None:
    """`widths: [int]`"""
    if place.token.kind != "[" or place.previous.kind != ":" or place.opener() != ("(", True):
        return None
    at = Span(place.recovery.source, place.token.start, place.token.start)
    return place.error(
        "the type of a list is `list[…]`", label="`list` expected", fix=Fix("write `list[`", [Edit(at, "list")])
    )
