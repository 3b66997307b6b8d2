"""The documentation, run: every fenced block of a page, in order, in a folder of the page's own.

    ```nn                    a spec that must be fine, or that must give the `error` block after it
    ```nn file=resnet.nn     the same, kept under that name for what follows (`spec.nn` without a name)
    ```error                 what `nndsl check` says about the spec before
    ```python                executed; blocks of a page share their names
    ```text output           what the Python block before printed
    ```python generated=F    what `nndsl compile F` writes
    ```console exit=1        `$ command` lines with what they print (a line `…` stands for any lines)
    ```sh                    commands without their output; those that begin with `nndsl` are run

A comment `<!-- nndsl draw F -o docs/images/F.svg -->` makes a picture that the repository keeps.

`python -m tests.pages --update` (`make docs`) rewrites what the tools say, in the pages and in the pictures.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec
from nndsl.source import Source

ROOT = Path(__file__).parent.parent
GENERATED = ("operators.md", "library.md", "zoo.md", "errors.md", "cli.md")
PART = re.compile(
    r"^```(?P<kind>\w+)(?P<rest>[^\n]*)\n(?P<body>.*?)^```$|^<!-- (?P<draw>nndsl draw [^\n]+) -->$", re.M | re.S
)


@dataclass
class Result:
    """The page as it should read, the pictures it asks for, and what went wrong."""

    text: str = ""
    pictures: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def pages() -> list[Path]:
    written = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.name not in GENERATED]
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *written]


def run(path: Path) -> Result:
    with tempfile.TemporaryDirectory() as folder, _inside(folder):
        return _Page(path).run()


@contextlib.contextmanager
def _inside(folder: str) -> Iterator[None]:
    before, paths = os.getcwd(), list(sys.path)
    os.chdir(folder)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = paths


class _Page:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text("utf-8")
        self.names: dict[str, Any] = {"__name__": "__page__"}
        self.spec = Source("", "spec.nn")
        self.printed = ""
        self.result = Result()

    def run(self) -> Result:
        parts, at = [], 0
        found = list(PART.finditer(self.text))
        for number, part in enumerate(found):
            following = found[number + 1] if number + 1 < len(found) else None
            if part["draw"]:
                self.draw(shlex.split(part["draw"]))
                continue
            attributes = dict(word.partition("=")[::2] for word in shlex.split(part["rest"]))
            body = self.block(part["kind"], attributes, part["body"], following, part.start())
            parts += [self.text[at : part.start("body")], body]
            at = part.end("body")
        self.result.text = "".join([*parts, self.text[at:]])
        return self.result

    def block(self, kind: str, attributes: dict[str, str], body: str, following: Any, start: int) -> str:
        """What the block should hold."""
        where = f"{self.path.name}:{self.text.count(chr(10), 0, start) + 1}"
        if kind == "nn":
            return self.specify(attributes.get("file", "spec.nn"), body, following, where)
        if kind == "error":
            return self.mistakes()
        if kind == "python" and "generated" in attributes:
            return self.command(["nndsl", "compile", attributes["generated"]], 0, where)
        if kind == "python":
            self.execute(body, where)
        if kind == "text" and "output" in attributes:
            return self.printed
        if kind == "console":
            return self.session(body, int(attributes.get("exit", "0")), where)
        if kind == "sh":
            for line in body.splitlines():
                if line.startswith("nndsl "):
                    self.command(["bash", "-c", line], 0, where)
        return body

    def specify(self, name: str, body: str, following: Any, where: str) -> str:
        Path(name).write_text(body, "utf-8")
        self.spec = Source(body, name, name)
        wrong = following is not None and following["kind"] == "error"
        said = self.mistakes()
        if bool(said) != wrong:
            self.result.problems.append(f"{where}: {said or 'nothing is wrong with this spec'}")
        return body

    def mistakes(self) -> str:
        from nndsl.render import text

        diagnostics = Diagnostics()
        check_spec(open_spec(self.spec, diagnostics))
        return text.render(diagnostics.in_order(), color=False).rstrip("\n") + "\n" if diagnostics.items else ""

    def execute(self, body: str, where: str) -> None:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(body, where, "exec"), self.names)
        except Exception as problem:
            self.result.problems.append(f"{where}: {type(problem).__name__}: {problem}")
        self.printed = printed.getvalue()

    def session(self, body: str, code: int, where: str) -> str:
        """Every command with what it prints; an expected output with `…` stays where it matches."""
        steps = re.split(r"^(?=\$ )", body, flags=re.M)
        found = [steps[0]]
        for number, step in enumerate(steps[1:], 1):
            line, _, expected = step.partition("\n")
            said = self.command(["bash", "-c", line[2:]], code if number == len(steps) - 1 else 0, where)
            said = said.rstrip("\n") + "\n" if said else ""
            if "```" in said and not _matches(expected, said):
                self.result.problems.append(f"{where}: {line[2:]} prints a fence, which cannot stand in one")
            found.append(f"{line}\n" + (expected if _matches(expected, said) else said))
        return "".join(found)

    def command(self, command: list[str], code: int, where: str) -> str:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        settings = {**os.environ, "PATH": programs, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            command, check=False, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )
        if done.returncode != code:
            self.result.problems.append(f"{where}: {command[-1]} ended with {done.returncode}: {done.stdout}")
        return done.stdout

    def draw(self, words: list[str]) -> None:
        """The picture goes to the repository's folder, not to the page's."""
        target = words[words.index("-o") + 1]
        self.command([*words[: words.index("-o")], "-o", "picture.svg"], 0, self.path.name)
        if Path("picture.svg").exists():
            self.result.pictures[target] = Path("picture.svg").read_text("utf-8")


def _matches(expected: str, said: str) -> bool:
    parts = [re.escape(part) for part in re.split(r"^…\n", expected, flags=re.M)]
    return re.fullmatch("(?:.*\n)?".join(parts), said, re.S) is not None


def main() -> int:
    if sys.argv[1:2] != ["--update"]:
        sys.exit("usage: python -m tests.pages --update [PAGE…]")
    chosen = [Path(name).resolve() for name in sys.argv[2:]] or pages()
    problems = []
    for path in chosen:
        result = run(path)
        problems += result.problems
        if result.problems:  # what the tools say while something is broken is not kept
            continue
        path.write_text(result.text, "utf-8")
        for name, picture in result.pictures.items():
            (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / name).write_text(picture, "utf-8")
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
