"""Runs every case of tests/spec/*.md."""

from __future__ import annotations

import os

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, glance, open_spec
from nndsl.source import Source
from tests.spec.runner import FOLDER, MISTAKES, Case, beside, cases, produced

ALL = [case for path in sorted(FOLDER.glob("*.md")) for case in cases(path)]


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{c.path.stem}-{c.number}-{c.title[:40]}")
def test_case(case: Case) -> None:
    if not ({*MISTAKES, "fmt"} & set(case.expected)):
        assert produced(case, "check") == ""
    for kind, (expected, _, _) in case.expected.items():
        assert produced(case, kind) == expected, f"{case.path.name}, case {case.number}, {kind}"


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{c.path.stem}-{c.number}-{c.title[:40]}")
def test_a_glance_tells_whether_anything_is_wrong(case: Case) -> None:
    with beside(case.files):
        source = Source(case.text, "spec.nn", os.path.abspath("spec.nn"))
        whole, quick = open_spec(source, Diagnostics()), open_spec(source, Diagnostics())
        check_spec(whole)
        assert (glance(quick) is None) == bool(whole.diagnostics.items)


def test_there_are_cases() -> None:
    assert len(ALL) > 25
