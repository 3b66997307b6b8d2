"""`python -m benchmarks [PART …]`: run comparisons, print the table, write docs/performance.md and the README's.

Exits with 1 when a promise is not kept. With names, only those parts run and nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks import highlights

os.environ.setdefault("OMP_NUM_THREADS", "2")
# In this order: what measures the memory of processes comes before what loads torch into this one, whose own would be
# theirs at birth.
PARTS = {
    "mistakes": "A mistake: one wrong width in a residual network",
    "startup": "Checking",
    "growth": "Growth: a chain of distinct layers, CPU time of the process",
    "pictures": "Diagrams, CPU time of the process and size in pixels",
    "numbers": "Multiply-accumulates, counted ÷ counted by hand (1.000 is right)",
    "export": "ONNX export, against `torch.onnx.export(dynamo=True)` of the same module",
    "module": "The generated module, against the same network written by hand",
}
PROMISED = ("startup", "export", "module")  # a row each with whether it is kept; the others are shown beside a peer


def main() -> int:
    every = list(PARTS)
    chosen = sys.argv[1:] or every
    if unknown := set(chosen) - set(every):
        print(f"no part {', '.join(sorted(unknown))}; there are {', '.join(every)}", file=sys.stderr)
        return 2
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; every ratio is measured in one run, both sides in turn, medians. "
        f"Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, "
        f"torch {version('torch').split('+')[0]}, onnx {version('onnx')}, onnxruntime {version('onnxruntime')}.",
        "",
    ]
    top = len(lines)
    broken = 0
    for part in chosen:
        broken += _promises(part, lines) if part in PROMISED else _shown(part, lines)
    if chosen == every:
        lines[top:top] = [*highlights.lines(), ""]
        highlights.write(Path("README.md"))
        Path("docs/performance.md").write_text("\n".join(lines), "utf-8")
    return 1 if broken else 0


def _promises(part: str, lines: list[str]) -> int:
    """How many are broken."""
    broken = 0
    lines += [
        f"## {PARTS[part]}",
        "",
        "| what | ours | theirs | ratio | promised | kept |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in import_module(f"benchmarks.{part}").rows():
        broken += not row.kept
        highlights.promised(row)
        kept = "yes" if row.kept else "**no**"
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {row.ratio} | {row.promise} | {kept} |")
        print(lines[-1], flush=True)
    lines.append("")
    return broken


def _shown(part: str, lines: list[str]) -> int:
    found = import_module(f"benchmarks.{part}").lines()
    print("\n".join(found), flush=True)
    lines += [f"## {PARTS[part]}", "", *found, ""]
    return 0


if __name__ == "__main__":
    sys.exit(main())
