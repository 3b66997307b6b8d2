"""What belongs to the whole process stays as it is, whatever several threads do at once."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from nndsl import files
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import elaborate, open_spec
from nndsl.elaborate.budget import Budget
from nndsl.source import Source

DEEP = f"model M {{\n  input x: float[N, 3]\n  output y = x -> {'[' * 60}ReLU{']' * 60}\n}}\n"


class Waiting(Budget):
    """Elaborates no further until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def step(self, *args: Any) -> None:
        self.inside.set()
        assert self.go.wait(30)
        super().step(*args)


def test_the_recursion_limit_is_raised_as_long_as_anyone_needs_it() -> None:
    before = sys.getrecursionlimit()
    budgets, results = [Waiting(), Waiting()], dict[int, Any]()

    def work(which: int) -> None:
        spec = open_spec(Source(DEEP), Diagnostics())
        results[which] = elaborate(spec, "M", budget=budgets[which]), spec.diagnostics.items

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread, budget in zip(threads, budgets, strict=True):
        thread.start()
        assert budget.inside.wait(30)
    raised = sys.getrecursionlimit()
    assert raised > before
    budgets[0].go.set()
    threads[0].join()
    assert sys.getrecursionlimit() == raised
    budgets[1].go.set()
    threads[1].join()
    assert sys.getrecursionlimit() == before
    assert all(graph is not None and not said for graph, said in results.values())


def test_a_limit_that_somebody_sets_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sys.getrecursionlimit()
    spec, budget = open_spec(Source(DEEP), Diagnostics()), Waiting()
    thread = threading.Thread(target=elaborate, args=(spec, "M"), kwargs={"budget": budget})
    thread.start()
    assert budget.inside.wait(30)
    try:
        sys.setrecursionlimit(7_000)
        budget.go.set()
        thread.join()
        assert sys.getrecursionlimit() == 7_000
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_the_umask_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for a moment: other threads make files, too."""
    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask is changed"))
        files.write(tmp_path / "made.txt", "text")
        (tmp_path / "there.txt").write_text("before")
        (tmp_path / "there.txt").chmod(0o604)
        files.write(tmp_path / "there.txt", "text")
    finally:
        monkeypatch.undo()
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"made.txt": 0o640, "there.txt": 0o604}
    assert (tmp_path / "there.txt").read_text() == "text"
