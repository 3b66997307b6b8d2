"""Commands run in this process: an exit code, and what was written to the two streams."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from nndsl.cli import run

GOOD = """# A multilayer perceptron.
model Net(classes: int = 10, hidden: list[int] = [32], act: layer = ReLU, name: str = "x") {
  input x: float[N, 64]
  output logits: [N, classes] = x -> [[Linear(n), act] for n in hidden] -> head: Linear(classes)
}
"""
BAD = """model Net {
  input x: float[N, 64]
  output logits: [N, 10] = x -> Linaer(10)
  output other: [N, 3] = x -> Linear(4)
}
"""
TWO = GOOD + "\nmodel Other = Net(3)\n"


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


Nndsl = Callable[..., Done]


@pytest.fixture
def nndsl(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Nndsl:
    """`nndsl("check", "a.nn")`, in an empty folder; `stdin=` is what `-` reads."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments: str, stdin: str | bytes | None = None) -> Done:
        if stdin is not None:
            data = stdin.encode() if isinstance(stdin, str) else stdin
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        capsys.readouterr()
        code = run(list(arguments))
        written = capsys.readouterr()
        return Done(code, written.out, written.err)

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """A file in the folder in which commands run."""

    def put(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put
