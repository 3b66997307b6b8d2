"""Every operator's examples through the real builder: exported, run by onnxruntime, compared with PyTorch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from nndsl.backends.onnx import Options, export_model
from nndsl.diagnostics import SpecError
from nndsl.ops import everything
from nndsl.ops.schema import inputs_of
from tests.backends.graphs import Builder, Interpreter, random_weights
from tests.ops import support


def cases() -> list[Any]:
    return [
        pytest.param(example, id=f"{cls.name}-{i}")
        for cls in everything().values()
        if not cls.hidden
        for i, example in enumerate(cls.examples)
    ]


@pytest.mark.parametrize("example", cases())
def test_example(example: str, tmp_path: Path) -> None:
    outside = re.sub(r'"[^"]*"', lambda found: "_" * len(found[0]), example)  # patterns hold arrows of their own
    (end, begin), (stop, _) = (arrow.span() for arrow in re.finditer(r"\s*->\s*", outside))
    first, middle = example[:end], example[begin:stop]
    op = support.read_op(middle)
    b = Builder()
    types = support.read_types(first)
    values = [b.input(f"x{i}", t) for i, t in enumerate(types)]  # type: ignore[arg-type]
    padded = inputs_of(type(op), values)
    node = b.node(op, *padded, label="layer")
    for i, value in enumerate(node.outputs):
        b.output(f"y{i}", value)
    weights = random_weights(b.graph)
    try:
        report = export_model(b.graph, weights, tmp_path / "m.onnx", Interpreter(b.graph, weights), Options())
    except SpecError as problem:
        assert [d.code for d in problem.diagnostics] == ["onnx-unsupported"], problem.diagnostics
        pytest.skip(problem.diagnostics[0].message)
    assert report.verified, report.notes
