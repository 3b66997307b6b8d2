"""`python -m benchmarks [PART …]`: run comparisons, print the table, write docs/performance.md and the README's.

Exits with 1 when a promise is not kept. With names, only those parts run and nothing is written.
"""

from __future__ import annotations

import os
import platform
import re
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
        "Written by `make bench` in one run. Rows with a promise: both sides in turn, medians; the others: the median "
        "of three processes, of one where the network has 1,000 layers or more.",
        "",
        *_machine(),
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


def _machine() -> list[str]:
    """What it ran on, and the versions of both sides."""
    names = ["torch", "onnx", "onnxruntime"]
    names += re.findall(r"^[\w.-]+", (Path(__file__).parent / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    versions = ", ".join(f"{name} {version(name).split('+')[0]}" for name in names)
    system = f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.machine()}"
    return [f"Machine: {system}.", f"Versions: Python {platform.python_version()}, {versions}."]


def _processor() -> str:
    """As Linux names it; elsewhere as Python does."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", told.read_text(), re.MULTILINE) if told.exists() else None
    return found[1] if found else platform.processor() or "unknown"


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
