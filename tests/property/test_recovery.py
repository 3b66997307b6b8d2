"""A file with six independent mistakes reports exactly six: the zoo, broken in six places at once."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec
from nndsl.source import Source

MODELS = Path(__file__).parent.parent.parent / "models"

# A kind of mistake: where it can be made (the group is replaced), and what stands there then. A line that is put in
# binds a name that no file has: another value for one that is read below would be a mistake of its own.
BREAKS = {
    "a bracket is not closed": (r"[A-Z]\w*\([^()\n]*(\))", ""),
    "a comma is forgotten": (r"\b[A-Z]\w*\(\w+(,) \w+", ""),
    "an arrow is forgotten": (r"\w( ->) [A-Z]\w*\(", ""),
    "an input is misspelt": (r"\b(input) \w+", "inptu"),
    "an output is misspelt": (r"\b(output) \w+", "ouput"),
    "a colon is forgotten": (r"\binput \w+(:)", ""),
    "a comparison is an assignment": (r" (==) ", "="),
    "a layer is misspelt": (r"-> (?:Conv2|Linea|LayerNor|Dropou|MaxPool2|BatchNorm2|Flatte)([a-z])\b", "x"),
    "an argument is unknown": (r"(?:Conv2d|Linear|Dropout|MaxPool2d)\([^()\n]*(\))", ", foo=1)"),
    "a name is unknown": (r"(?:Linear|Conv2d)\((\w+)", "zzz"),
    "a number is a string": (r"(?:Linear|Conv2d)\((\w+)", '"8"'),
    "a string is not closed": (r"()\b\w+: (?:Conv2d|Linear)\(", '"'),
    "an equals sign is forgotten": (r"\bmodel \w+( = )", " "),
    "a body is not closed": (r"(\n\})", "\n"),
    "a value is missing": (r"(\n  )\w+ = ", "\n  fresh = x + * 3\n  "),
    "a character means nothing": (r"(\n  )\w+ = ", "\n  fresh$ = 3\n  "),
    "a word is Python's": (r"(\n  )\w+ = ", "\n  _u = None\n  "),
}


class Break(NamedTuple):
    kind: str
    start: int
    end: int
    text: str


def found(text: str, path: Path) -> list[tuple[str, str]]:
    diagnostics = Diagnostics()
    check_spec(open_spec(Source(text, str(path), str(path)), diagnostics))
    return [(found.code, found.message) for found in diagnostics.in_order() if found.severity == "error"]


def breaks(text: str) -> list[Break]:
    code = re.sub(r"#[^\n]*", lambda comment: " " * len(comment[0]), text)
    return [
        Break(kind, *match.span(1), broken)
        for kind, (pattern, broken) in BREAKS.items()
        for match in re.finditer(pattern, code)
    ]


def broken(text: str, chosen: list[Break]) -> str:
    for one in sorted(chosen, key=lambda one: -one.start):
        text = text[: one.start] + one.text + text[one.end :]
    return text


QUICK = {"alexnet", "googlenet", "lenet", "lstm_classifier", "mlp", "resnet", "transformer_encoder", "vgg", "vit"}


FILES = [
    pytest.param(path, id=path.stem)
    for path in sorted(MODELS.glob("*.nn"))
    if path.stem in {*QUICK, "bert"} or path.stat().st_size < 2500  # each takes a second for each thousand letters
]


@pytest.mark.parametrize("path", FILES)
def test_six_mistakes_are_six_messages(path: Path) -> None:
    text = path.read_text("utf-8")
    assert found(text, path) == []
    rng = random.Random(path.stem)
    for _ in range(4 if path.stem in QUICK else 1):
        places = breaks(text)
        rng.shuffle(places)
        chosen: dict[str, Break] = {}
        lines: set[int] = set()
        for one in places:
            line = text.count("\n", 0, one.start)
            if len(chosen) < 6 and one.kind not in chosen and line not in lines:
                chosen[one.kind] = one
                lines.add(line)
        assert len(chosen) >= 4
        alone = [found(broken(text, [one]), path) for one in chosen.values()]
        assert [len(told) for told in alone] == [1] * len(chosen), [*zip(chosen.values(), alone, strict=True)]
        together = found(broken(text, list(chosen.values())), path)
        assert sorted(together) == sorted(told[0] for told in alone), list(chosen.values())


def test_an_unclosed_item_of_a_list_ends_with_its_line() -> None:
    text = "model M {\n  input x: float[N, 4]\n  output y = x -> [\n    Linear(8, true,\n    ReLU,\n    Tanh,\n  ]\n}\n"
    assert found(text, Path("m.nn")) == [("syntax", "this `(` is never closed")]


def test_what_a_loop_with_a_mistake_would_have_made_is_not_known() -> None:
    text = """\
model M {
  input x: float[N, 4]
  made = []
  for i in 0..3 {
    made = made + [i]
    h = x -> Linera(4)
  }
  output y = x * made[2]
}
"""
    assert [code for code, _ in found(text, Path("m.nn"))] == ["unknown-layer"]
