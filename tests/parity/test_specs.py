"""The shipped texts themselves: without mistakes, in the formatter's form, documented."""

from __future__ import annotations

from pathlib import Path

import pytest

import nndsl
from nndsl.diagnostics import Diagnostics
from nndsl.source import Source
from nndsl.syntax import ast, parse

ROOT = Path(__file__).parents[2]
LIBRARY = sorted((ROOT / "nndsl" / "library").glob("*.nn"))
SHIPPED = [*sorted((ROOT / "models").glob("*.nn")), *LIBRARY, *sorted((ROOT / "examples").glob("*.nn"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_is_without_mistakes(path: Path) -> None:
    assert [(d.code, d.message) for d in nndsl.check(path.read_text("utf-8"), name=str(path))] == []


@pytest.mark.parametrize("path", SHIPPED, ids=name)
def test_is_in_the_form_of_the_formatter(path: Path) -> None:
    text = path.read_text("utf-8")
    assert nndsl.format_text(text) == text


@pytest.mark.parametrize("path", LIBRARY, ids=name)
def test_every_block_says_what_it_is_and_what_it_takes(path: Path) -> None:
    """A doc comment, and typed inputs (a block that only passes on has none)."""
    for item in parse(Source(path.read_text("utf-8"), path.name), Diagnostics()).items:
        assert isinstance(item, ast.Definition)
        assert item.doc, f"{item.name.id} has no doc comment"
        inputs = [s for s in item.body.body if isinstance(s, ast.Input)] if item.body else []
        assert inputs or item.flow is not None, f"{item.name.id} declares no input"
        assert all(i.type is not None for i in inputs), f"{item.name.id} has an input without a type"


def test_no_name_is_defined_twice_in_the_library() -> None:
    names = [i.name.id for p in LIBRARY for i in parse(Source(p.read_text("utf-8"), p.name), Diagnostics()).items]  # type: ignore[union-attr]
    assert sorted(names) == sorted(set(names))
