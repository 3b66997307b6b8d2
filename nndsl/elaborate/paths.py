"""Where imported files may lie, and which of them a project shows: a spec can name any path."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

PACKAGE = Path(__file__).resolve().parent.parent
MARKS = (".git", ".hg", "pyproject.toml")  # what lies in the top folder of a project


def zoo() -> Path:
    """Where the shipped models are: inside an installed package, or beside it in a checkout."""
    inside = PACKAGE / "models"
    return inside if inside.is_dir() else PACKAGE.parent / "models"


def importable(written: str) -> bool:
    """Is it a relative path of a spec? What any system takes for an absolute path is none."""
    steps = PureWindowsPath(written)
    inside = not (steps.parts[:1] == ("zoo",) and ".." in steps.parts)
    return written.endswith(".nn") and "\0" not in written and not steps.anchor and inside


def target(written: str, importing: str | None) -> Path:
    """The file that an importable path names, in a file at `importing` (none: a text without a place)."""
    if written.startswith("zoo/"):
        return zoo() / written.removeprefix("zoo/").lstrip("/")
    return Path(os.path.dirname(importing) if importing else ".") / written


def is_shipped(path: str | None) -> bool:
    """Is it a file of the library or of the zoo, which no user edits?"""
    return is_within(path, PACKAGE / "library") or is_within(path, zoo())


def is_within(path: str | os.PathLike[str] | None, folder: str | os.PathLike[str]) -> bool:
    """Does the file really lie there, wherever links lead?"""
    return path is not None and os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))


def project_folder(path: str | None) -> Path:
    """The top folder of the project that a file belongs to; its own folder where no project is marked. The home folder
    and the root of a system hold many projects, and are none."""
    own = Path(os.path.realpath(os.path.dirname(path) if path else "."))
    home = Path(os.path.realpath(os.path.expanduser("~")))
    for folder in (own, *own.parents):
        if folder in (home, folder.parent):
            break
        if any((folder / mark).exists() for mark in MARKS):
            return folder
    return own
