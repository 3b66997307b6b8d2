"""Diagnostics as people and programs see them."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import Diagnostic, Edit, Fix, Frame, Label, SpecError
from nndsl.render import explanations, github, sarif, text
from nndsl.render import json as as_json
from nndsl.source import Source, Span

RESNET = Source(
    """# A residual block.
block BasicBlock(channels: int, stride: int = 1) {
  input x: [N, C, H, W]

  h = x
    -> conv1: Conv2d(channels, 3, stride, padding=1, bias=false)
    -> bn1: BatchNorm2d -> ReLU
  h + x -> ReLU
}
""",
    "models/resnet.nn",
)


def span(words: str, nth: int = 0, source: Source = RESNET) -> Span:
    """The nth place of these words."""
    at = -1
    for _ in range(nth + 1):
        at = source.text.index(words, at + 1)
    return Span(source, at, at + len(words))


def shown(found: Diagnostic, width: int = 100) -> str:
    return text.render([found], color=False, width=width)


def body(found: Diagnostic, width: int = 100) -> str:
    """Without the headline and the count."""
    return "\n".join(shown(found, width).split("\n")[1:-3])


def test_a_mistake_looks_as_the_language_page_shows_it() -> None:
    found = Diagnostic(
        "shape-mismatch",
        "these two cannot be added: [N, 128, 28, 28] and [N, 64, 56, 56]",
        span("h + x"),
        "dim 1: 128 ≠ 64, dims 2 and 3: 28 ≠ 56",
        labels=[Label(span("stride", 1), "stride 2 halves H and W here")],
        trace=[Frame("BasicBlock(channels=128, stride=2)", span("input"))],
        hints=["project the shortcut: `x -> Conv2d(128, 1, stride=2)`"],
    )
    assert shown(found) == (
        """error[shape-mismatch]: these two cannot be added: [N, 128, 28, 28] and [N, 64, 56, 56]
   ╭─ models/resnet.nn:8:3
 6 │     -> conv1: Conv2d(channels, 3, stride, padding=1, bias=false)
   │                                   ────── stride 2 halves H and W here
 8 │   h + x -> ReLU
   │   ──┬──
   │     ╰─ dim 1: 128 ≠ 64, dims 2 and 3: 28 ≠ 56
   ├─ in BasicBlock(channels=128, stride=2), models/resnet.nn:3:3
   ╰─ help: project the shortcut: `x -> Conv2d(128, 1, stride=2)`

1 error
"""
    )


def test_several_labels_share_a_line() -> None:
    left = Span(RESNET, span("h + x").start, span("h + x").start + 1)
    labels = [Label(span("x", 2), "middle"), Label(span("ReLU", 1), "right")]
    found = Diagnostic("x", "m", left, "left", labels=labels)
    assert found.span.source.position(found.span.start) == (8, 3)
    assert body(found) == (
        """   ╭─ models/resnet.nn:8:3
 8 │   h + x -> ReLU
   │   ┬   ┬    ──── right
   │   │   ╰─ middle
   │   ╰─ left"""
    )


def test_overlapping_labels_get_rows_of_their_own() -> None:
    found = Diagnostic("x", "m", span("h + x"), "sum", labels=[Label(span("x", 2), "this side")])
    assert body(found) == (
        """   ╭─ models/resnet.nn:8:3
 8 │   h + x -> ReLU
   │   ──┬──
   │     ╰─ sum
   │       ─ this side"""
    )


def test_a_span_of_several_lines_has_a_bar() -> None:
    start, end = span("x", 1), span("ReLU")
    found = Diagnostic("x", "m", start.to(end), "this flow", labels=[Label(span("3"), "here")])
    assert body(found) == (
        """   ╭─ models/resnet.nn:5:7
 5 │ ╭   h = x
 6 │ │     -> conv1: Conv2d(channels, 3, stride, padding=1, bias=false)
   │ │                                ─ here
 7 │ │     -> bn1: BatchNorm2d -> ReLU
   │ ╰─ this flow"""
    )


def test_of_a_long_span_the_two_ends_are_shown() -> None:
    found = Diagnostic("x", "m", Span(RESNET, span("block Basic").start, len(RESNET.text)), "all of it")
    assert body(found) == (
        """   ╭─ models/resnet.nn:2:1
 2 │ ╭ block BasicBlock(channels: int, stride: int = 1) {
 3 │ │   input x: [N, C, H, W]
 4 │ │
   │ ⋮
 8 │ │   h + x -> ReLU
 9 │ │ }
   │ ╰─ all of it"""
    )


def test_labels_in_other_files_follow_under_their_name() -> None:
    other = Source("a\nb -> C\n", "lib.nn")
    found = Diagnostic("x", "m", span("h + x"), "here", labels=[Label(Span(other, 2, 3), "and there")])
    assert body(found).split("\n")[-3:] == ["   ├─ lib.nn:2:1", " 2 │ b -> C", "   │ ─ and there"]


def test_tabs_wide_and_combining_characters_keep_marks_in_place() -> None:
    source = Source('\ta = "漢字e\u0301" -> Foo\n', "w.nn")
    lines = body(Diagnostic("x", "m", span("Foo", 0, source), "this")).split("\n")
    assert lines[1] == ' 1 │     a = "漢字e\u0301" -> Foo'
    cells = sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) == "W" else 1
        for c in lines[1][: lines[1].index("Foo")]
    )
    assert lines[2].index("─") == cells or lines[2].index("┬") == cells + 1
    wide = body(Diagnostic("x", "m", span("漢字", 0, source))).split("\n")[2]
    assert wide.count("─") == 4


@pytest.mark.parametrize("width", [60, 100])
def test_a_long_line_is_cropped_around_the_mark(width: int) -> None:
    source = Source("x = " + "a" * 500 + " + here + " + "b" * 500, "l.nn")
    lines = body(Diagnostic("x", "m", span("here", 0, source), "this"), width).split("\n")
    assert all(len(line) <= width for line in lines)
    assert lines[1].count("…") == 2
    at = lines[1].index("here")
    assert lines[2][at : at + 4] == "─┬──"


def test_a_line_of_a_million_characters_takes_no_time() -> None:
    source = Source("x" * 1_000_000 + "!" + "y" * 1_000_000, "l.nn")
    lines = body(Diagnostic("x", "m", span("!", 0, source), "this")).split("\n")
    assert lines[2].index("┬") == lines[1].index("!")
    assert len(lines[1]) <= 100


def test_a_label_that_does_not_fit_beside_hangs_below() -> None:
    found = Diagnostic("x", "m", span("h + x"), labels=[Label(span("stride", 1), "why " * 20)])
    lines = body(found, 80).split("\n")
    assert lines[2].endswith("┬───")
    assert lines[3].strip().startswith("│") and "╰─ why" in lines[3]


def test_the_end_of_the_text_can_be_marked() -> None:
    found = Diagnostic("syntax", "expected `}`", Span(RESNET, len(RESNET.text), len(RESNET.text) + 5), "here")
    assert "╰─ here" in shown(found)
    assert "╰─ here" in shown(Diagnostic("x", "m", Span(Source("", "e.nn"), 0, 0), "here"))


def test_many_frames_are_collapsed() -> None:
    frames = [Frame(f"B{number}()", span("input")) for number in range(20)]
    lines = shown(Diagnostic("x", "m", span("h + x"), trace=frames)).split("\n")
    assert [line.split()[2] for line in lines if " in B" in line] == ["B0(),", "B1(),", "B2(),", "B18(),", "B19(),"]
    assert "   ├─ … 15 more" in lines
    few = shown(Diagnostic("x", "m", span("h + x"), trace=frames[:6]))
    assert "more" not in few and few.count(" in B") == 6


def test_a_fix_is_named_unless_a_hint_says_it() -> None:
    edit = [Edit(span("h + x"), "Conv2d")]
    assert "help: use it" in shown(Diagnostic("x", "m", span("h + x"), fixes=[Fix("use it", edit)]))
    said = Diagnostic("x", "m", span("h + x"), hints=["did you mean Conv2d?"], fixes=[Fix("use it", edit)])
    assert "use it" not in shown(said)


def test_lines_of_hints_and_messages_stay_aligned() -> None:
    found = Diagnostic("x", "one\ntwo", span("h + x"), "a\nb", hints=["first\nsecond", "third"])
    lines = shown(found).split("\n")
    assert lines[:2] == ["error[x]: one", "  two"]
    assert lines[-7:-3] == ["   │        b", "   ├─ help: first", "   │        second", "   ╰─ help: third"]


def test_the_last_line_counts() -> None:
    kinds = ["error", "warning", "error", "note"]
    found = [Diagnostic("x", "m", span("h + x"), severity=kind) for kind in kinds]  # type: ignore[arg-type]
    assert text.render(found, color=False).endswith("\n2 errors, 1 warning, 1 note\n")
    assert text.render([], color=False) == ""


def test_color_adds_nothing_but_color() -> None:
    found = Diagnostic("x", "m", span("h + x"), "a", labels=[Label(span("x", 1), "b")], hints=["c"])
    colored = text.render([found], color=True)
    assert re.sub(r"\x1b\[\d*m", "", colored) == text.render([found], color=False)
    assert colored.count("\x1b[0m") * 2 <= colored.count("\x1b[") <= colored.count("\x1b[0m") * 3
    assert "\x1b[31m" in colored
    assert "\x1b[33m" in text.render([Diagnostic("x", "m", span("x"), severity="warning")], color=True)


HOSTILE = "\x1b]0;gone\x07 \x1b[2J \r\x08\x7f\x9b \u202e\u2066 \u200b \x00 \ud800"


def test_nothing_from_a_spec_commands_the_terminal() -> None:
    source = Source(f"a = {HOSTILE} b\n", f"na{HOSTILE}me.nn")
    place = Span(source, 4, 4 + len(HOSTILE))
    found = Diagnostic(
        HOSTILE,
        HOSTILE,
        place,
        HOSTILE,
        labels=[Label(Span(source, 0, 1), HOSTILE)],
        trace=[Frame(HOSTILE, place)],
        hints=[HOSTILE],
        fixes=[Fix(HOSTILE + "x", [])],
    )
    assert printable(text.render([found], color=False))
    text.render([found], color=False).encode("utf-8")


def printable(words: str) -> bool:
    allowed = {"\n", "\u200d"}
    return all(c in allowed or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in words)


@settings(deadline=None, max_examples=200)
@given(
    st.text(st.characters(), max_size=60),
    st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70), st.text(max_size=8)), min_size=1, max_size=4),
    st.integers(1, 120),
)
def test_any_text_and_any_spans_can_be_shown(words: str, places: list[tuple[int, int, str]], width: int) -> None:
    source = Source(words, "any.nn")
    spans = [(Span(source, min(a, b), max(a, b)), label) for a, b, label in places]
    (first, label), *others = spans
    found = Diagnostic("x", words, first, label, labels=[Label(s, t) for s, t in others])
    rendered = text.render([found], color=False, width=width)
    assert printable(rendered)
    assert rendered.startswith("error[x]: ")
    for machine in (as_json, sarif, github):
        machine.render([found]).encode("utf-8", "surrogatepass")


def test_spec_errors_read_like_the_terminal() -> None:
    assert "error[x]: m\n" in str(SpecError([Diagnostic("x", "m", span("h + x"))]))


# --- machines -------------------------------------------------------------------------------------------------------


def rich() -> Diagnostic:
    return Diagnostic(
        "unknown-name",
        "there is no name clases: 50 %",
        span("h + x"),
        "here",
        labels=[Label(span("x: ["), "x")],
        trace=[Frame("B()", span("input"))],
        hints=["did you mean classes?"],
        fixes=[Fix("use classes", [Edit(span("h + x"), "classes")])],
    )


def test_json_has_the_documented_fields() -> None:
    [found] = json.loads(as_json.render([rich()]))
    place_fields = ["file", "line", "column", "end_line", "end_column"]
    more = ["label", "labels", "trace", "hints", "fixes"]
    assert list(found) == ["code", "severity", "message", *place_fields, *more]
    place = {"file": "models/resnet.nn", "line": 8, "column": 3, "end_line": 8, "end_column": 8}
    assert {key: found[key] for key in place} == place
    assert found["labels"][0] == {**place, "message": "x", "line": 3, "end_line": 3, "column": 9, "end_column": 13}
    assert found["fixes"] == [{"title": "use classes", "edits": [{**place, "replacement": "classes"}]}]
    assert found["trace"][0]["text"] == "B()"
    assert all(f"`{field}`" in (as_json.__doc__ or "") for field in found)
    assert json.loads(as_json.render([])) == []


def test_columns_count_characters() -> None:
    source = Source('é = "漢字" -> Foo', "w.nn")
    [found] = json.loads(as_json.render([Diagnostic("x", "m", span("Foo", 0, source))]))
    assert (found["column"], found["end_column"]) == (13, 16)


def test_github_commands_are_escaped() -> None:
    found = Diagnostic("x", "50 %\nof, this: that", Span(Source("ab", "a,b:c.nn"), 0, 2), severity="note")
    assert github.render([found]) == (
        "::notice file=a%2Cb%3Ac.nn,line=1,col=1,endLine=1,endColumn=3,title=nndsl x::50 %25%0Aof, this: that\n"
    )
    assert github.render([rich()]).count("\n") == 1
    assert github.render([rich()]).startswith("::error file=models/resnet.nn,line=8,col=3,")


def test_sarif_has_the_structure_of_the_standard() -> None:
    log = json.loads(sarif.render([rich(), Diagnostic("home-made", "m", span("x"), severity="warning"), rich()]))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["home-made", "unknown-name"]
    assert "Names are" in rules[1]["help"]["markdown"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        "unknown-name",
        "home-made",
        "unknown-name",
    ]
    result = run["results"][0]
    assert result["level"] == "error"
    region = {"startLine": 8, "startColumn": 3, "endLine": 8, "endColumn": 8}
    location = {"artifactLocation": {"uri": "models/resnet.nn"}, "region": region}
    assert result["locations"] == [{"physicalLocation": location}]
    assert [related["message"]["text"] for related in result["relatedLocations"]] == ["x", "in B()"]
    [change] = result["fixes"][0]["artifactChanges"]
    assert change["replacements"] == [{"deletedRegion": region, "insertedContent": {"text": "classes"}}]


@pytest.mark.parametrize(
    ("name", "uri"),
    [("a b.nn", "a%20b.nn"), ("<stdin>", "%3Cstdin%3E"), ("/tmp/é.nn", "file:///tmp/%C3%A9.nn"), ("\ud800", "%3F")],
)
def test_sarif_names_files_by_uri(name: str, uri: str) -> None:
    log = json.loads(sarif.render([Diagnostic("x", "m", Span(Source("a", name), 0, 1))]))
    [result] = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


# --- pages ----------------------------------------------------------------------------------------------------------


def test_pages_are_found_by_code_only() -> None:
    assert explanations.codes() == sorted(explanations.codes())
    assert "shape-mismatch" in explanations.codes()
    assert explanations.page("nothing") is None
    assert explanations.page("../text") is None
    assert explanations.summary("shape-mismatch") == "Two shapes that must agree do not"


@pytest.mark.parametrize("code", explanations.codes())
def test_a_page_has_its_form(code: str) -> None:
    page = explanations.page(code)
    assert page is not None
    assert page.startswith(f"# {code}\n\n")
    assert page.endswith("\n") and not page.endswith("\n\n")
    assert page.count("```") % 2 == 0
    assert max(len(line) for line in page.split("\n")) <= 120
    assert len(page.split("\n\n")[1]) > 40


@pytest.mark.parametrize("code", [code for code in explanations.codes() if "```nn" in (explanations.page(code) or "")])
def test_the_examples_of_a_page_are_what_they_say(code: str) -> None:
    import nndsl

    wrong, right = re.findall(r"^```nn\n(.*?)^```$", explanations.page(code) or "", re.M | re.S)
    assert [found.code for found in nndsl.check(wrong)] == [code]
    assert nndsl.check(right) == []


def test_every_code_in_the_source_has_a_page() -> None:
    """Codes are literals where a diagnostic is made, or given by `code=`."""
    root = Path(explanations.__file__).parent.parent
    made = re.compile(r"(?:Diagnostic|\.error|\.poison|\.warning)\(\s*\"([a-z]+(?:-[a-z]+)*)\"|code=\"([a-z-]+)\"")
    used = {a or b for path in root.rglob("*.py") for a, b in made.findall(path.read_text("utf-8"))}
    assert len(used) > 30
    assert used <= set(explanations.codes())
