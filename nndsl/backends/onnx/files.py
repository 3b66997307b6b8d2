"""Files that are whole or not there: written in a hidden folder beside their place, then moved."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import BinaryIO

from nndsl.files import CannotWrite, refuse


class Output:
    """`path` is what the user asked for, `folder` where its files are until they are kept, under their final names."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self.shown = path
        with self.complaining():
            refuse(self.path)
            if self.path.exists() and not self.path.is_file():
                raise OSError(errno.EINVAL, "it is no file")
            self.folder = Path(mkdtemp(dir=self.path.parent, prefix=".nndsl-"))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        with self.complaining(), open(self.folder / name, "wb", buffering=1 << 20) as file:
            yield file

    @property
    def temporary(self) -> Path:
        return self.folder / self.path.name

    def files(self) -> list[Path]:
        """The main file last: once it is in place, all it refers to is."""
        return sorted(self.folder.iterdir(), key=lambda file: (file.name == self.path.name, file.name))

    def keep(self) -> None:
        with self.complaining():
            for file in self.files():
                os.replace(file, self.path.parent / file.name)

    @contextmanager
    def complaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise CannotWrite(f"cannot write {self.shown}: {problem.strerror or problem}") from None


@contextmanager
def output(path: Path) -> Iterator[Output]:
    """Everything written is gone again unless `keep` was called."""
    made = Output(path)
    try:
        yield made
    finally:
        rmtree(made.folder, ignore_errors=True)
