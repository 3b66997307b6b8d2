"""`python -m benchmarks [startup|export|module …]`: run comparisons, print the table, write docs/performance.md.

Exits with 1 when a promise is not kept. With names, only those parts run and nothing is written.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
PARTS = {
    "startup": "Checking",
    "export": "ONNX export, against `torch.onnx.export(dynamo=True)` of the same module",
    "module": "The generated module, against the same network written by hand",
}


def main() -> int:
    chosen = sys.argv[1:] or list(PARTS)
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; every ratio is measured in one run, both sides in turn, medians. "
        f"Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, "
        f"torch {version('torch').split('+')[0]}, onnx {version('onnx')}, onnxruntime {version('onnxruntime')}.",
        "",
    ]
    broken = 0
    for part in chosen:
        lines += [
            f"## {PARTS[part]}",
            "",
            "| what | ours | theirs | ratio | promised | kept |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for row in import_module(f"benchmarks.{part}").rows():
            broken += not row.kept
            kept = "yes" if row.kept else "**no**"
            lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {row.ratio} | {row.promise} | {kept} |")
            print(lines[-1], flush=True)
        lines.append("")
    if chosen == list(PARTS):
        Path("docs/performance.md").write_text("\n".join(lines), "utf-8")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
