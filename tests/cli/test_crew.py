"""Checking many files takes several processes, and tells the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nndsl.cli import crew
from tests.cli.conftest import BAD, GOOD

PROGRAM = "import sys; from nndsl.cli import crew, run; crew.cores = lambda: {}; sys.exit(run(sys.argv[1:]))"


def told(cores: int, folder: Path, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-c", PROGRAM.format(cores), "check", *arguments]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [["."], [".", "nowhere.nn"], [".", "--format", "json"]])
def test_processes_change_nothing(arguments: list[str], tmp_path: Path) -> None:
    for number in range(2 * crew.LEAST):
        (tmp_path / f"{number}.nn").write_text(BAD if number % 3 == 0 else GOOD + "\n" * number)
    alone, together = told(1, tmp_path, *arguments), told(3, tmp_path, *arguments)
    assert alone == together
    assert alone[0] == (2 if "nowhere.nn" in arguments else 1)


def test_what_takes_most_is_begun_first_and_the_order_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "cores", lambda: 2)
    numbers = [*range(crew.LEAST, 0, -1)]
    assert crew.each(abs, [-n for n in numbers], float) == numbers


def test_where_there_are_no_processes_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise OSError("no semaphores")

    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", none)
    assert crew.each(abs, [-1] * crew.LEAST, float) == [1] * crew.LEAST
