"""Literate cases: prose with fenced `nn` blocks, each followed by fenced blocks of what must come of it.

    ```nn            the spec
    ```error         its diagnostics as people see them (nothing follows an `nn` block that must be fine)
    ```ir            its IR
    ```torch         its PyTorch source
    ```fmt           its formatted text
    ```check         `code line:column message`, one line per diagnostic

`python -m tests.spec.runner --update` rewrites what must come of each case.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec
from nndsl.source import Source

FOLDER = Path(__file__).parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
KINDS = ("error", "ir", "torch", "fmt", "check")


@dataclass
class Case:
    """One `nn` block and its expectations: kind -> (text, start, end) in the file."""

    path: Path
    number: int
    title: str
    text: str
    expected: dict[str, tuple[str, int, int]]


def cases(path: Path) -> list[Case]:
    text = path.read_text("utf-8")
    found: list[Case] = []
    for match in FENCE.finditer(text):
        kind, body = match[1], match[2]
        if kind == "nn":
            headings = re.findall(r"^#+ (.+)$", text[: match.start()], re.M)
            found.append(Case(path, len(found) + 1, headings[-1] if headings else "", body, {}))
        elif kind in KINDS and found:
            found[-1].expected[kind] = (body, match.start(2), match.end(2))
    return found


def produced(case: Case, kind: str) -> str:
    """What comes of the spec now."""
    diagnostics = Diagnostics()
    source = Source(case.text, "spec.nn")
    if kind == "fmt":
        from nndsl.syntax.format import format_source

        return format_source(source, diagnostics) or ""
    graphs = check_spec(open_spec(source, diagnostics))
    if kind == "error":
        from nndsl.render import text

        return text.render(diagnostics.in_order(), color=False).rstrip("\n") + "\n"
    if kind == "check":
        return "".join(
            f"{d.code} {line}:{column} {d.message}\n"
            for d in diagnostics.in_order()
            for line, column in [d.span.source.position(d.span.start)]
        )
    assert not diagnostics.errors, [d.message for d in diagnostics.items]
    if kind == "torch":
        from nndsl.backends.torch import source as torch_source

        return torch_source(graphs[-1])
    from nndsl.ir.printer import print_graph

    return print_graph(graphs[-1]).rstrip("\n") + "\n"


def update(path: Path) -> int:
    """Rewrite the expectations of a file; returns how many changed."""
    text = path.read_text("utf-8")
    edits = []
    for case in cases(path):
        for kind, (old, start, end) in case.expected.items():
            new = produced(case, kind)
            if new != old:
                edits.append((start, end, new))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    path.write_text(text, "utf-8")
    return len(edits)


def main() -> None:
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python -m tests.spec.runner --update")
    for path in sorted(FOLDER.glob("*.md")):
        print(f"{path.name}: {update(path)} changed")


if __name__ == "__main__":
    main()
