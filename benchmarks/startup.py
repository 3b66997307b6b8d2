"""`nndsl check` of a whole file, against the mere import of torch; and the size of specs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measure import Row, ms, nndsl, python

GPT3 = """\
# The sizes of GPT-3 (Brown et al. 2020, table 2.1).
model GPT3(vocab: int = 50257, dim: int = 12288, depth: int = 96, heads: int = 96, context: int = 2048) {
  input tokens: int[B, T]
  require T <= context
  layer embed = Embedding(vocab, dim)
  param pos: float[context, dim] = normal(std=0.02)
  h = (tokens -> embed) + pos[:T] -> blocks: [Block(heads)] * depth -> norm: LayerNorm
  output logits: [B, T, vocab] = h @ embed.weight.T
}

block Block(heads: int) {
  input x: [B, T, D]
  x -> Residual { norm1: LayerNorm -> attn: SelfAttention(heads, causal=true) }
    -> Residual { norm2: LayerNorm -> mlp: [Linear(4 * D), GELU, Linear(D)] }
}
"""


def chain(layers: int) -> str:
    """Layers of which no two neighbours are equal."""
    lines = [f"    -> l{i}: Linear({64 + i % 61})" for i in range(layers)]
    return "\n".join(["model Chain {", "  input x: float[N, 64]", "  output y = x", *lines, "}"]) + "\n"


def rows() -> list[Row]:
    nndsl("check", "models/resnet.nn")
    python("import torch")
    ratios = []
    for _ in range(7):
        ours, theirs = nndsl("check", "models/resnet.nn"), python("import torch")
        ratios.append((ours.cpu / theirs.cpu, ours.cpu, theirs.cpu))
    ratio = median(r for r, _, _ in ratios)
    found = [
        Row(
            "`nndsl check models/resnet.nn` (7 models), CPU time of the process; theirs: `import torch`",
            ms(median(a for _, a, _ in ratios)),
            ms(median(b for _, _, b in ratios)),
            f"{ratio:.2f}",
            "≤ 0.20",
            ratio <= 0.20,
        )
    ]
    found.append(_zoo())
    with tempfile.TemporaryDirectory() as folder:
        found += [_gpt3(Path(folder)), _growth(Path(folder))]
    return found


def _zoo() -> Row:
    files = sorted(map(str, Path("models").glob("*.nn")))
    runs = [(nndsl("check", *files).wall, python("import torch").wall) for _ in range(5)]
    wall = median(ours for ours, _ in runs)
    return Row(
        f"`nndsl check models/*.nn` ({len(files)} files) on {os.cpu_count()} cores; theirs: `import torch`",
        ms(wall),
        ms(median(theirs for _, theirs in runs)),
        f"{median(ours / theirs for ours, theirs in runs):.2f}",
        "≤ 2 s",
        wall <= 2,
    )


def _gpt3(folder: Path) -> Row:
    path = folder / "gpt3.nn"
    path.write_text(GPT3)
    runs = [(nndsl("check", str(path)), nndsl("summary", str(path))) for _ in range(3)]
    cpu = median(a.cpu + b.cpu for a, b in runs)
    peak = max(max(a.peak, b.peak) for a, b in runs)
    return Row(
        "GPT-3 (96 layers, width 12,288): `check` and `summary` together",
        f"{ms(cpu)}, {peak:.0f} MB",
        "–",
        "–",
        "≤ 1 s, ≤ 200 MB",
        cpu <= 1 and peak <= 200,
    )


def _growth(folder: Path) -> Row:
    times = {}
    for layers in (10, 1_000, 10_000):
        path = folder / f"chain{layers}.nn"
        path.write_text(chain(layers))
        times[layers] = median(nndsl("check", str(path)).cpu for _ in range(5))
    growth = (times[10_000] - times[10]) / max(times[1_000] - times[10], 1e-3)
    return Row(
        "a chain of distinct layers: `check` of 10,000 against 1,000, each less a chain of 10",
        f"{ms(times[10_000])}",
        f"{ms(times[1_000])}",
        f"{growth:.1f}",
        "≤ 13 (linear is 10)",
        growth <= 13,
    )
