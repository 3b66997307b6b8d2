"""Results reach the disk whole or not at all: written under a temporary name, then renamed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class CannotWrite(OSError):
    """A result that could not be written; the message is for the user."""


def write(path: str | os.PathLike[str], data: str | bytes) -> None:
    """Replace the file's content in one step; raises CannotWrite and leaves nothing half-written."""
    target = Path(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    try:
        if is_special(target):  # a pipe or a device (`-o /dev/stdout`) takes bytes and is never replaced
            target.write_bytes(content)
            return
        _replace(Path(os.path.realpath(target)), content)
    except OSError as problem:
        raise CannotWrite(f"cannot write {target}: {problem.strerror or problem}") from None


def is_special(target: Path) -> bool:
    """A pipe or a device."""
    mode = _mode(target)
    return mode is not None and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _mode(target: Path) -> int | None:
    """None where there is nothing."""
    try:
        return os.stat(target).st_mode
    except OSError:
        return None


def refuse(target: Path) -> None:
    """What a rename would not ask: OSError for a folder, and for a file that nobody may change."""
    mode = _mode(target)
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")


def _replace(target: Path, content: bytes) -> None:
    refuse(target)
    temporary = target.with_name(f".nndsl-{os.urandom(8).hex()}")
    try:
        with open(temporary, "xb") as file:  # its mode is that of any new file
            if target.exists():
                os.chmod(temporary, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
