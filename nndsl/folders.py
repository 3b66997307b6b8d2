"""Several files that come to a folder together: written elsewhere, moved when all of them are there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nndsl.files import CannotWrite, refuse


@contextmanager
def filled(path: str | os.PathLike[str], names: Sequence[str]) -> Iterator[Path]:
    """A folder to write files to, which `path` has in the end. Of `names`, what was not written is gone from there: it
    was of an earlier run. Where anything fails or is interrupted, `path` is as it was.

    Raises CannotWrite; what is raised inside about the folder given speaks of `path`."""
    target = Path(os.path.realpath(path))
    home = next(folder for folder in (target, *target.parents) if os.path.lexists(folder))
    stage = home / f".nndsl-{os.urandom(6).hex()}"
    try:
        with _complaining(path, stage):
            if not home.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "it is a file, and no folder", str(home))
            for name in names:
                refuse_in(target, name)
            stage.mkdir()
            yield stage
            if home == target:
                _exchange(stage, target, names)
            else:
                _place(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def refuse_in(target: Path, name: str) -> None:
    try:
        refuse(target / name)
    except OSError as problem:
        raise CannotWrite(f"cannot write {target / name}: {problem.strerror}") from None


@contextmanager
def _complaining(path: str | os.PathLike[str], stage: Path) -> Iterator[None]:
    """The user knows nothing of the folder in between."""
    shown = os.fspath(path)
    try:
        yield
    except CannotWrite as problem:
        raise CannotWrite(str(problem).replace(str(stage), shown)) from None
    except OSError as problem:
        raise CannotWrite(f"cannot fill the folder {shown}: {problem.strerror or problem}") from None


def _place(stage: Path, target: Path) -> None:
    """A folder that was not there, and perhaps folders around it."""
    missing = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(stage, target)
    except BaseException:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def _exchange(stage: Path, target: Path, names: Sequence[str]) -> None:
    """Renames alone, each of which can be taken back."""
    before = stage / ".before"
    before.mkdir()
    placed: set[str] = set()
    try:
        for name in names:
            if os.path.lexists(target / name):
                if (stage / name).exists() and (target / name).is_file():
                    shutil.copymode(target / name, stage / name)
                os.replace(target / name, before / name)
            if (stage / name).exists():
                placed.add(name)
                os.replace(stage / name, target / name)
    except BaseException:
        for name in names:
            if os.path.lexists(before / name):
                os.replace(before / name, target / name)
            elif name in placed and not (stage / name).exists():
                (target / name).unlink()
        raise
