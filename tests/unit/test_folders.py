"""Files that come to a folder together, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nndsl import folders
from nndsl.files import CannotWrite, write
from nndsl.folders import filled

NAMES = ("a", "b", "c")


def state(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def everything(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


def fill(path: Path, **texts: str) -> None:
    with filled(path, NAMES) as stage:
        for name, text in texts.items():
            write(stage / name, text)


def test_a_new_folder(tmp_path: Path) -> None:
    fill(tmp_path / "out/deep", a="1", b="2")
    assert state(tmp_path) == {"out/deep/a": "1", "out/deep/b": "2"}
    assert everything(tmp_path) == ["out", "out/deep", "out/deep/a", "out/deep/b"]
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "out/deep").stat().st_mode & 0o777 == 0o777 & ~mask


def test_a_folder_that_is_there(tmp_path: Path) -> None:
    """What an earlier run left goes, what is somebody else's stays, modes are kept."""
    for name in ("a", "c", "mine"):
        (tmp_path / name).write_text("old")
    (tmp_path / "a").chmod(0o600)
    fill(tmp_path, a="1", b="2")
    assert state(tmp_path) == {"a": "1", "b": "2", "mine": "old"}
    assert everything(tmp_path) == ["a", "b", "mine"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("problem", [KeyboardInterrupt, ValueError, MemoryError])
@pytest.mark.parametrize("path", ["", "new/deep"])
def test_a_failure_changes_nothing(tmp_path: Path, path: str, problem: type[BaseException]) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(problem), filled(tmp_path / path, NAMES) as stage:
        (stage / "a").write_text("new")
        (stage / "b").write_text("new")
        raise problem
    assert everything(tmp_path) == ["a"]
    assert state(tmp_path) == {"a": "old"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(5))
def test_each_rename_can_be_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, after: bool) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("old")
    rename: Callable[..., None] = os.replace
    count = 0

    def replace(a: Path, b: Path) -> None:
        nonlocal count
        count += 1
        if count != at + 1:
            rename(a, b)
            return
        if after:
            rename(a, b)
        raise KeyboardInterrupt

    monkeypatch.setattr(folders.os, "replace", replace)
    with pytest.raises(KeyboardInterrupt), filled(tmp_path, NAMES) as stage:
        for name in ("a", "b"):
            (stage / name).write_text("new")
    assert state(tmp_path) == dict.fromkeys(NAMES, "old")
    assert everything(tmp_path) == list(NAMES)


def test_folders_made_around_it_go_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def replace(a: Path, b: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders.os, "replace", replace)
    said = pytest.raises(CannotWrite, match=r"cannot fill the folder .*deep: No space left on device")
    with said, filled(tmp_path / "new/deep", NAMES) as stage:
        (stage / "a").write_text("new")
    assert everything(tmp_path) == []


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    for path in ("file", "file/deep"):
        with pytest.raises(CannotWrite, match="it is a file, and no folder"):
            fill(tmp_path / path, a="1")
    (tmp_path / "b").mkdir()
    with pytest.raises(CannotWrite, match=r"cannot write .*b: it is a folder"):
        fill(tmp_path, a="1")
    assert everything(tmp_path) == ["b", "file"]


def test_messages_speak_of_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite) as said, filled(tmp_path / "out", NAMES) as stage:
        write(stage / "missing/a", "1")
    assert str(said.value) == f"cannot write {tmp_path}/out/missing/a: No such file or directory"
