"""A chain of distinct layers, ten to ten thousand: CPU seconds of each whole process, start included."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.measure import cpu, ms
from benchmarks.startup import chain

LAYERS = (10, 100, 1_000, 10_000)
BUILT = """\
import sys
from torch import nn
sizes = [64] + [64 + i % 61 for i in range(int(sys.argv[1]))]
network = nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])
"""
TORCHINFO = BUILT + "from torchinfo import summary\nsummary(network, (2, 64))\n"
EXPORTED = (
    BUILT
    + """\
import logging, torch
logging.disable(logging.WARNING)
torch.onnx.export(network.eval(), (torch.randn(2, 64),), dynamo=True, verbose=False,
    dynamic_shapes=({0: torch.export.Dim.AUTO},)).save(sys.argv[2], external_data=False)
"""
)
MOST_EXPORTED = 1_000  # beyond, the peer takes many minutes


def lines() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return _table(Path(folder))


def _table(folder: Path) -> list[str]:
    rows: dict[str, list[str]] = {}
    for layers in LAYERS:
        spec, onnx, theirs = folder / f"chain{layers}.nn", folder / "ours.onnx", folder / "theirs.onnx"
        spec.write_text(chain(layers))
        for name, arguments in {
            "nndsl check": ("check", str(spec)),
            "nndsl compile": ("compile", str(spec)),
            "nndsl summary": ("summary", str(spec)),
            "nndsl draw": ("draw", str(spec), "-o", str(folder / "ours.svg")),
            "nndsl export, not verified": ("export", str(spec), "-o", str(onnx), "--no-verify"),
        }.items():
            time = cpu(sys.executable, "-m", "nndsl", *arguments, runs=_runs(layers))
            rows.setdefault(name, []).append(ms(time))
        for name, code, most in (
            ("PyTorch, layers made", BUILT, LAYERS[-1]),
            ("torchinfo", TORCHINFO, LAYERS[-1]),
            ("torch.onnx.export(dynamo=True)", EXPORTED, MOST_EXPORTED),
        ):
            done = _cpu(code, layers, theirs) if layers <= most else "not tried"
            rows.setdefault(name, []).append(done)
    rows["import torch"] = [ms(cpu(sys.executable, "-c", "import torch"))]
    return [
        f"| layers | {' | '.join(f'{layers:,}' for layers in LAYERS)} |",
        f"| --- {'| --- ' * len(LAYERS)}|",
        *(f"| {name} | {' | '.join(cells)}{' |' * (len(LAYERS) - len(cells))} |" for name, cells in rows.items()),
    ]


def _runs(layers: int) -> int:
    return 3 if layers < 1_000 else 1


def _cpu(code: str, layers: int, path: Path) -> str:
    try:
        return ms(cpu(sys.executable, "-c", code, str(layers), str(path), runs=_runs(layers)))
    except RuntimeError as problem:
        return str(problem).strip().splitlines()[-1][:60]


if __name__ == "__main__":
    print("\n".join(lines()))
