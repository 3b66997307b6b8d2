"""Runs every case of tests/spec/*.md."""

from __future__ import annotations

import pytest

from tests.spec.runner import FOLDER, MISTAKES, Case, cases, produced

ALL = [case for path in sorted(FOLDER.glob("*.md")) for case in cases(path)]


@pytest.mark.parametrize("case", ALL, ids=lambda c: f"{c.path.stem}-{c.number}-{c.title[:40]}")
def test_case(case: Case) -> None:
    if not ({*MISTAKES, "fmt"} & set(case.expected)):
        assert produced(case, "check") == ""
    for kind, (expected, _, _) in case.expected.items():
        assert produced(case, kind) == expected, f"{case.path.name}, case {case.number}, {kind}"


def test_there_are_cases() -> None:
    assert len(ALL) > 25
