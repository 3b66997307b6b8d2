"""Specs as graphs, generated files as ruff sees them, live modules beside what the IR says of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nndsl.backends.torch import module, source
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import elaborate, open_spec
from nndsl.ir.graph import Graph
from nndsl.shapes import Size
from nndsl.source import Source

ROOT = Path(__file__).parents[2]
RUFF = Path(sys.executable).with_name("ruff")


def graph_of(text: str, name: str | None = None, **hyper: Any) -> Graph:
    """The IR of one model (the last, when no name is given)."""
    diagnostics = Diagnostics()
    spec = open_spec(Source(text, "spec.nn"), diagnostics)
    assert not diagnostics.errors, diagnostics.errors
    made = elaborate(spec, name or spec.models()[-1].name.id, hyper=hyper)
    assert made is not None, diagnostics.errors
    return made


def zoo(file: str, name: str, **hyper: Any) -> Graph:
    return graph_of((ROOT / "models" / file).read_text(encoding="utf-8"), name, **hyper)


def complaints(text: str) -> str:
    """What the formatter and the linter have against a file; "" for nothing."""
    options = ["--isolated", "--no-cache", "--stdin-filename", "made.py"]
    formatted = _ruff(text, "format", "--diff", *options)
    linted = _ruff(text, "check", "--extend-select", "I,F,UP,B", "--output-format", "concise", *options, "-")
    problems = [p.stdout + p.stderr for p in (formatted, linted) if p.returncode]
    return "\n".join(problems)


def formatted(text: str) -> str:
    """As the formatter has it."""
    return _ruff(text, "format", "--isolated", "--no-cache", "-").stdout


def _ruff(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(RUFF), *arguments], input=text, capture_output=True, text=True, check=False)


def values_at(graph: Graph, which: int = 0) -> dict[str, int]:
    """Numbers for the symbols of a model that its facts allow."""
    sizes = [s for v in graph.inputs for s in v.shape if not isinstance(s, int)]
    names = {name for size in sizes for name in size.symbols()}
    assert graph.facts is not None
    return graph.facts.sample(which, names)


def shape_at(shape: tuple[Size, ...], values: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(s if isinstance(s, int) else s.evaluate(values) for s in shape)


def inputs_of(graph: Graph, values: Mapping[str, int]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    made = []
    for value in graph.inputs:
        shape = shape_at(value.shape, values)
        if value.dtype == "float":
            made.append(torch.randn(shape, generator=generator))
        else:
            made.append(torch.randint(1, 3, shape, generator=generator).to(getattr(torch, value.dtype)))
    return made


def results_of(made: nn.Module, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    result = made(*inputs)
    return [t for t in result if t is not None] if isinstance(result, tuple) else [result]


def check(graph: Graph, text: str | None = None) -> nn.Module:
    """Source, weights and shapes of a model in both modes, at two values of every symbol."""
    text = source(graph) if text is None else text
    assert complaints(text) == "", text
    made = module(graph, text)
    weights = dict(graph.weights())
    state = made.state_dict()
    assert {k: tuple(w.shape) for k, w in weights.items()} == {k: tuple(t.shape) for k, t in state.items()}
    assert {k for k, w in weights.items() if w.trained} == {k for k, _ in made.named_parameters()}
    for which in (0, 1):
        values = values_at(graph, which)
        inputs = inputs_of(graph, values)
        for training in (True, False):
            made.train(training)
            ports = sorted(graph.outputs, key=lambda p: p.mode is not None)
            ports = [p for p in ports if p.mode is None or (p.mode == "train") == training]
            results = results_of(made, inputs)
            assert [tuple(r.shape) for r in results] == [shape_at(p.value.shape, values) for p in ports]
    return made
