"""Whatever the wiring and the names: variables hold what they should, everything is computed once and in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nndsl.backends.torch import module, source
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops import lookup
from nndsl.shapes import Facts, TensorType, symbol
from nndsl.source import Source, Span
from tests.backends.torch_support import complaints

HERE = Span(Source("random"), 0, 6)
TYPE = TensorType("float", (symbol("B"), 3))
NAMES = ["", "", "x", "h", "y", "x_2", "h_2", "torch", "l"]
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": torch.add,
    "Subtract": torch.sub,
    "Multiply": torch.mul,
}
UNARY: dict[str, Callable[[Any], Any]] = {"Tanh": torch.tanh, "Negative": torch.neg, "Sigmoid": torch.sigmoid}


def _make(name: str) -> Any:
    cls = lookup(name)
    assert cls is not None
    return cls()


@st.composite
def wirings(draw: st.DrawFn) -> Graph:
    graph = Graph("Random", "model", HERE, facts=Facts())
    values = [Value(TYPE, draw(st.sampled_from(["x", "h", "input"]))) for _ in range(draw(st.integers(1, 2)))]
    graph.inputs = list(values)
    switched = {"train": list(values), "eval": list(values)}
    for i in range(draw(st.integers(1, 25))):
        name = draw(st.sampled_from([*BINARY, *UNARY]))
        mode = draw(st.sampled_from([None, None, None, None, "train", "eval"]))
        known = values if mode is None else switched[mode]
        recent = known[-5:] if draw(st.booleans()) else known
        inputs = [draw(st.sampled_from(recent)) for _ in range(2 if name in BINARY else 1)]
        node = Node(_make(name), list(inputs), [], f"{name.lower()}_{i}", HERE, mode=mode)
        node.outputs = [Value(TYPE, draw(st.sampled_from(NAMES)), node)]
        graph.nodes.append(node)
        switched_to = [switched["train"], switched["eval"]] if mode is None else [known]
        for each in [*([values] if mode is None else []), *switched_to]:
            each.append(node.outputs[0])
        if mode is not None and draw(st.booleans()):
            _merge(graph, values, switched, i, draw(st.sampled_from(NAMES)))
    outputs = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
    graph.outputs = [Port(f"out{i}", v) for i, v in enumerate(outputs)]
    return graph


def _merge(graph: Graph, values: list[Value], switched: dict[str, list[Value]], i: int, name: str) -> None:
    node = Node(_make("Merge"), [switched["train"][-1], switched["eval"][-1]], [], f"merge_{i}", HERE)
    node.outputs = [Value(TYPE, name, node)]
    graph.nodes.append(node)
    for each in (values, *switched.values()):
        each.append(node.outputs[0])


def _interpreted(graph: Graph, inputs: list[torch.Tensor], training: bool) -> list[torch.Tensor]:
    known = dict(zip(map(id, graph.inputs), inputs, strict=True))
    mode = "train" if training else "eval"
    for node in graph.nodes:
        if node.mode not in (None, mode):
            continue
        given = [known.get(id(v)) for v in node.inputs]
        if node.op.name == "Merge":
            result = given[0 if training else 1]
        elif node.op.name in BINARY:
            result = BINARY[node.op.name](*given)
        else:
            result = UNARY[node.op.name](*given)
        assert result is not None
        known[id(node.outputs[0])] = result
    return [known[id(p.value)] for p in graph.outputs]


@settings(max_examples=150, deadline=None)
@given(wirings())
def test_random_wirings(graph: Graph) -> None:
    text = source(graph)
    made = module(graph, text)
    inputs = [torch.rand(2, 3) - 0.5 for _ in graph.inputs]
    before = [x.clone() for x in inputs]
    for training in (True, False):
        result = made.train(training)(*inputs)
        results = list(result) if len(graph.outputs) > 1 else [result]
        for a, b in zip(results, _interpreted(graph, inputs, training), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3, equal_nan=True, msg=text)
    assert all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True))


@settings(max_examples=15, deadline=None)
@given(wirings())
def test_random_wirings_are_clean(graph: Graph) -> None:
    text = source(graph)
    assert complaints(text) == "", text


@pytest.mark.parametrize("count", [3000])
def test_a_value_that_lives_long(count: int) -> None:
    """The first value is used by every step of a long chain."""
    graph = Graph("Long", "model", HERE, inputs=[Value(TYPE, "x")], facts=Facts())
    at = graph.inputs[0]
    for i in range(count):
        node = Node(_make("Add"), [at, graph.inputs[0]], [], f"add_{i}", HERE)
        node.outputs = [Value(TYPE, "", node)]
        graph.nodes.append(node)
        at = node.outputs[0]
    graph.outputs = [Port("y", at)]
    x = torch.ones(1, 3)
    assert module(graph)(x).eq(count + 1).all()
