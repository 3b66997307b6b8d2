"""Files that are whole or not there: written under another name beside their place, then moved."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import BinaryIO

from nndsl.files import CannotWrite, is_special, refuse

BUFFER = 1 << 20  # what is smaller goes together: a call of the system costs more than copying


class Output:
    """`path` is what the user asked for. `temporary` is where the file is until it is kept: beside its place, or, with
    external data, in a folder in which both have their final names."""

    def __init__(self, path: Path, external: bool = False) -> None:
        self.path = Path(os.path.realpath(path))
        self.shown = path
        self.data = f"{self.path.name}.data" if external else ""
        self.kept = False
        self.made = self.path.parent / f".nndsl-{token_hex(6)}"
        self.temporary = self.made / self.path.name if external else self.made
        with self.complaining():
            refuse(self.path)
            if is_special(self.path):
                raise OSError(errno.EINVAL, "it is no file")
            if external:
                self.made.mkdir(0o700)

    @contextmanager
    def open(self, name: str = "") -> Iterator[BinaryIO]:
        """The file itself, or the one of this name beside it."""
        target = self.made / name if name else self.temporary
        with self.complaining(), open(target, "xb", buffering=BUFFER) as file:
            yield file

    def size(self) -> int:
        files = [self.made] if not self.data else list(self.made.iterdir())
        return sum(file.stat().st_size for file in files)

    def keep(self) -> None:
        """The main file last: once it is in place, all it refers to is."""
        with self.complaining():
            if self.data:
                os.replace(self.made / self.data, self.path.parent / self.data)
            os.replace(self.temporary, self.path)
        self.kept = True

    def discard(self) -> None:
        if self.data:
            rmtree(self.made, ignore_errors=True)
        elif not self.kept:
            with suppress(OSError):
                self.made.unlink()

    @contextmanager
    def complaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise CannotWrite(f"cannot write {self.shown}: {problem.strerror or problem}") from None


@contextmanager
def output(path: Path, external: bool = False) -> Iterator[Output]:
    """Everything written is gone again unless `keep` was called. `external`: the weights have a file of their own."""
    made = Output(path, external)
    try:
        yield made
    finally:
        made.discard()
