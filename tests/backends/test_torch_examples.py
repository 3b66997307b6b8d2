"""Every operator's examples as models of one layer: files are clean and compute what the operator's own text does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from nndsl.backends.torch import module, source
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops import everything
from nndsl.ops.schema import inputs_of
from nndsl.shapes import Dim, Facts, TensorType
from nndsl.source import Source, Span
from tests.backends.torch_support import complaints, results_of
from tests.ops import support

HERE = Span(Source("example"), 0, 7)


def cases() -> list[Any]:
    return [
        pytest.param(example, id=f"{cls.name}-{i}")
        for cls in everything().values()
        if not cls.hidden
        for i, example in enumerate(cls.examples)
    ]


def _model(example: str) -> tuple[Graph, list[TensorType | None]]:
    outside = re.sub(r'"[^"]*"', lambda found: "_" * len(found[0]), example)
    (end, begin), (stop, _) = (arrow.span() for arrow in re.finditer(r"\s*->\s*", outside))
    op = support.read_op(example[begin:stop])
    types = inputs_of(type(op), support.read_types(example[:end]))
    inputs = [None if t is None else Value(t, f"x{i}") for i, t in enumerate(types)]
    node = Node(op, inputs, [], "layer", HERE)
    node.outputs = [Value(t, "", node, i) for i, t in enumerate(support.typed(op, types))]
    graph = Graph("Example", "model", HERE, inputs=[v for v in inputs if v is not None], nodes=[node], facts=Facts())
    graph.outputs = [Port(f"y{i}", v) for i, v in enumerate(node.outputs)]
    return graph, types


@pytest.mark.parametrize("example", cases())
def test_example(example: str) -> None:
    graph, types = _model(example)
    text = source(graph)
    made = module(graph, text).eval()
    reference = support.build_module(graph.nodes[0].op, types, len(graph.outputs)).eval()
    support.randomize(reference)
    made.load_state_dict(reference.state_dict())
    names = sorted({n for v in graph.inputs for size in v.shape if isinstance(size, Dim) for n in size.symbols()})
    at = {name: 6 + i for i, name in enumerate(names)}
    inputs = [
        support.fitting(graph.nodes[0].op, support.random_tensor(support.type_at(v.type, at), 2, i))  # type: ignore[arg-type]
        for i, v in enumerate(graph.inputs)
    ]
    torch.manual_seed(0)
    expected = reference(*inputs)
    torch.manual_seed(0)
    results = results_of(made, inputs)
    expected = list(expected) if isinstance(expected, (tuple, list)) else [expected]
    for a, b in zip(results, expected, strict=True):
        torch.testing.assert_close(a, b, equal_nan=True)


def test_all_examples_are_clean() -> None:
    """Each distinct source by the formatter and the linter."""
    texts = {source(_model(case.values[0])[0]): case.id for case in cases()}
    wrong = {case: found for text, case in texts.items() if (found := complaints(text))}
    assert not wrong, "\n".join(f"{case}: {found}" for case, found in wrong.items())
