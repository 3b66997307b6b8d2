"""IR graphs built by hand, and what they compute in PyTorch, one operator after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops.say import Collect
from nndsl.ops.schema import Op, inputs_of
from nndsl.replay import Replay
from nndsl.shapes import Dim, Facts, TensorType
from nndsl.source import Source, Span
from tests.ops.support import build_module, read_op, read_type

SOURCE = Source("model Made {\n  a spec\n}\n", "made.nn")


@dataclass
class Builder:
    """`b.input("x", "float[N, 3]")`, `b.add("fc: Linear(4)", x)`, `b.call("block", graph, x)`, `b.output("y", y)`."""

    name: str = "Made"
    kind: str = "model"
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.graph = Graph(self.name, self.kind, Span(SOURCE, 0, 5))
        if self.kind == "model":
            self.graph.facts = self.facts
        self.at = 0

    def input(self, name: str, type: str) -> Value:
        value = Value(read_type(type), name)
        self.graph.inputs.append(value)
        return value

    def add(self, spec: str | Op, *inputs: Value | None, label: str = "", name: str = "", **fields: Any) -> Value:
        """One operator; its first output (all of them are the node's `outputs`)."""
        return self.node(spec, *inputs, label=label, name=name, **fields).outputs[0]

    def node(self, spec: str | Op, *inputs: Value | None, label: str = "", name: str = "", **fields: Any) -> Node:
        if isinstance(spec, str):
            written, _, text = spec.rpartition(": ") if spec.split("(")[0].count(": ") else ("", "", spec)
            op, label = read_op(text), label or written
        else:
            op = spec
        given = inputs_of(type(op), [v.type if v is not None else None for v in inputs])
        say = Collect(op.name, self.facts)
        types = op.shape(*given, say=say)
        assert types is not None, say.messages
        return self._append(op, list(inputs), types if isinstance(types, tuple) else (types,), label, name, fields)

    def call(self, label: str, callee: Graph, *inputs: Value | None, **fields: Any) -> Value:
        types = tuple(port.value.type for port in callee.outputs)
        return self._append(callee, list(inputs), types, label, "", fields).outputs[0]

    def _append(
        self,
        target: Any,
        inputs: list[Any],
        types: tuple[TensorType, ...],
        label: str,
        name: str,
        fields: dict[str, Any],
    ) -> Node:
        made = label or f"{getattr(target, 'name', '').lower()}_{self.at}"
        self.at += 1
        node = Node(target, inputs, [], made, Span(SOURCE, 15, 20), labelled=bool(label), **fields)
        node.outputs = [Value(t, name if i == 0 else "", node, i) for i, t in enumerate(types)]
        self.graph.nodes.append(node)
        return node

    def output(self, name: str, value: Value, mode: str | None = None) -> Graph:
        self.graph.outputs.append(Port(name, value, mode))
        return self.graph


def random_weights(graph: Graph, seed: int = 0) -> dict[str, Any]:
    """Different everywhere; variances positive."""
    made = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for key, weight in graph.weights():
        shape = tuple(int(s) for s in weight.shape)  # type: ignore[call-overload]
        if weight.dtype == "int64":
            found[key] = np.zeros(shape, "int64")
            continue
        array = made.standard_normal(shape).astype("float32") * 0.5
        found[key] = np.abs(array) + 0.5 if key.endswith("running_var") else array
    return found


@dataclass
class Interpreter:
    """Runs a graph by what each operator says in PyTorch, in eval mode; `seen` keeps each layer's first result."""

    graph: Graph
    weights: Mapping[str, Any]
    draws: Sequence[Any] = ()

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        return [t.numpy() for t in self._run(inputs)]

    def layers(self, inputs: Sequence[Any]) -> dict[str, Any]:
        self._run(inputs)
        return {name: t.numpy() for name, t in self.seen.items()}

    def replaying(self, draws: Sequence[Any]) -> Interpreter:
        made = Interpreter(self.graph, self.weights)
        made.draws = draws
        return made

    def _run(self, inputs: Sequence[Any]) -> list[torch.Tensor]:
        self.seen: dict[str, torch.Tensor] = {}
        self.symbols = solved(self.graph, inputs)
        given = [None if x is None else torch.from_numpy(np.asarray(x)) for x in inputs]
        with torch.no_grad(), Replay(self.draws) if self.draws else nullcontext():
            return self._graph(self.graph, given, "", {})

    def _graph(self, graph: Graph, inputs: list[Any], prefix: str, lent: Mapping[str, str]) -> list[torch.Tensor]:
        values: dict[int, Any] = dict(zip(map(id, graph.inputs), inputs, strict=True))
        for node in graph.nodes:
            if node.mode == "train":
                continue
            layer = lent[node.label] if node.borrowed else prefix + node.label
            given = [values.get(id(v)) if v is not None else None for v in node.inputs]
            if isinstance(node.target, Graph):
                inner = {n: lent.get(node.lends[n], prefix + node.lends[n]) for n in node.target.borrows}
                results = self._graph(node.target, given, f"{layer}.", inner)
            else:
                results = self._operator(node, given, layer)
            values.update(zip(map(id, node.outputs), results, strict=False))
            self.seen.setdefault(layer, results[0])
        return [values[id(port.value)] for port in graph.outputs if port.mode != "train"]

    def _operator(self, node: Node, given: list[Any], layer: str) -> list[torch.Tensor]:
        if node.op.name == "Merge":
            return [given[1]]
        if node.op.name in ("Parameter", "Buffer"):
            return [torch.from_numpy(self.weights[layer])]
        if node.op.name == "WeightOf":
            return [torch.from_numpy(self.weights[f"{layer}.{node.op.weight}"])]  # type: ignore[attr-defined]
        types = inputs_of(type(node.op), [v.type if v is not None else None for v in node.inputs])
        concrete = [
            None if t is None else TensorType(t.dtype, tuple(x.shape))
            for t, x in zip(types, [*given, None], strict=False)
        ]
        module = build_module(known(node.op, self.symbols), concrete, len(node.outputs)).eval()
        state = {
            key: torch.from_numpy(self.weights[f"{layer}.{key.removeprefix('layer.')}"]) for key in module.state_dict()
        }
        module.load_state_dict(state)
        result = module(*[x for x in given if x is not None])
        return list(result) if isinstance(result, (tuple, list)) else [result]


def solved(graph: Graph, inputs: Sequence[Any]) -> dict[str, int]:
    """Symbols from the sizes of the inputs, where an axis is `a * symbol + b`."""
    found: dict[str, int] = {}
    for value, array in zip(graph.inputs, inputs, strict=True):
        for size, number in zip(value.shape, np.shape(array), strict=True):
            lone = size.lone_atom() if isinstance(size, Dim) else None
            if lone is not None:
                found[str(lone[0])] = (number - lone[2]) // lone[1]
    return found


def known(op: Op, symbols: Mapping[str, int]) -> Op:
    """The operator with numbers for the sizes in its parameters."""

    def number(value: Any) -> Any:
        if isinstance(value, Dim):
            return value.evaluate(symbols)
        if isinstance(value, dict):
            return {name: number(size) for name, size in value.items()}
        return type(value)(map(number, value)) if isinstance(value, (tuple, list)) else value

    return type(op).of({name: number(value) for name, value in op.values().items()})


def symbolic(graph: Graph) -> bool:
    return any(isinstance(size, Dim) for value in graph.inputs for size in value.shape)
