"""Files that are whole or not there: written in a hidden folder beside their place, then moved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import BinaryIO

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.source import Span


class Output:
    """`path` is what the user asked for, `folder` where its files are until they are kept, under their final names."""

    def __init__(self, path: Path, span: Span) -> None:
        self.path = Path(os.path.realpath(path))
        self.shown = path
        self.span = span
        with self.complaining():
            if self.path.exists() and not self.path.is_file():
                raise OSError(None, "it is no file")
            self.folder = Path(mkdtemp(dir=self.path.parent, prefix=f".{self.path.name}."))

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
            why = problem.strerror or str(problem)
            message = f"cannot write {self.shown}: {why[:1].lower()}{why[1:]}"
            raise SpecError([Diagnostic("cannot-write", message, self.span)]) from None


@contextmanager
def output(path: Path, span: Span) -> Iterator[Output]:
    """Everything written is gone again unless `keep` was called."""
    made = Output(path, span)
    try:
        yield made
    finally:
        rmtree(made.folder, ignore_errors=True)
