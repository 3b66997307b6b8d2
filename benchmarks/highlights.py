"""The few comparisons that the README shows; they stand at the top of docs/performance.md too."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import Row

BEGIN, END = "<!-- measured: make bench -->", "<!-- /measured -->"
# Of the rows with a promise: what they are called here, and who is on the other side.
ROWS = {
    "ResNet50: graph": ("ResNet-50 to an ONNX graph", "torch.onnx"),
    "ViTB16: graph": ("ViT-B/16 to an ONNX graph", "torch.onnx"),
    "ViTB16: nodes": ("… and its nodes", "torch.onnx"),
    "ResNet18: training step": ("A training step of the generated ResNet-18", "written by hand"),
}
found: list[tuple[str, str, str]] = []


def add(what: str, ours: str, theirs: str) -> None:
    found.append((what, ours, theirs))


def promised(row: Row) -> None:
    if row.what in ROWS:
        what, peer = ROWS[row.what]
        add(what, row.ours, f"{peer}: {row.theirs}")


def lines() -> list[str]:
    return ["| | nndsl | others |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in found)]


def write(path: Path) -> None:
    """Between the two marks, which the file must have."""
    text = path.read_text("utf-8")
    before, rest = text.split(BEGIN)
    path.write_text(f"{before}{BEGIN}\n{chr(10).join(lines())}\n{END}{rest.split(END)[1]}", "utf-8")
