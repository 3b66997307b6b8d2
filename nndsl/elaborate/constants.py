"""What a buffer is computed from: tensors that no run decides. They are copied into the graph that computes the buffer,
blocks written out, so that this graph stands for itself."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.builder import GraphBuilder
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops import lookup
from nndsl.ops.families import REGULARIZATION
from nndsl.ops.initializers import Initializer
from nndsl.ops.schema import Op
from nndsl.shapes import Dim, TensorType, is_floating

_RANDOM = {"RReLU"}  # beside all that works only while training
_FILLED = {"zeros": 0, "ones": 1}


class NotConstant(Exception):
    """`what` completes "it cannot depend on …"."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def copied(value: Value, captured: dict[int, Value], builder: GraphBuilder) -> Value:
    """The same value in the graph of `builder`. `captured` says which outer value a local one stands for."""
    return _Copy(builder, captured, {}).value(value)


class _Copy:
    """`done`: what the values of one graph have become."""

    def __init__(self, builder: GraphBuilder, captured: dict[int, Value], done: dict[int, Value]) -> None:
        self.builder = builder
        self.captured = captured
        self.done = done

    def value(self, value: Value) -> Value:
        waiting: list[tuple[Value, bool]] = [(value, False)]
        while waiting:
            at, ready = waiting.pop()
            if id(at) in self.done:
                continue
            outer = self.captured.get(id(at), at)
            if outer.producer is None:
                raise NotConstant(f"the input {outer.name}")
            if ready:
                self._node(outer.producer)
                self.done[id(at)] = self.done[id(outer)]
            else:
                waiting.append((at, True))
                waiting.extend((x, False) for x in reversed(outer.producer.inputs) if x is not None)
        return self.done[id(value)]

    def _node(self, node: Node) -> None:
        if node.mode is not None or (not node.is_call and node.op.name == "Merge"):
            raise NotConstant("whether the model is training")
        inputs = [None if x is None else self.done[id(x)] for x in node.inputs]
        if isinstance(node.target, Graph):
            made = self._written_out(node.target, inputs)
        elif node.target.name == "Buffer":
            made = [self._buffer(node)]
        else:
            made = self._operator(node, inputs)
        self.done.update(zip(map(id, node.outputs), made, strict=True))

    def _written_out(self, graph: Graph, inputs: list[Value | None]) -> list[Value]:
        given = {id(own): x for own, x in zip(graph.inputs, inputs, strict=True) if x is not None}
        inner = _Copy(self.builder, self.captured, given)
        return [inner.value(port.value) for port in graph.outputs]

    def _operator(self, node: Node, inputs: list[Value | None]) -> list[Value]:
        op = node.op
        if op.family is REGULARIZATION or op.random or op.name in _RANDOM:
            raise NotConstant(f"{op.name}, which draws random numbers")
        if op.name == "Extern":
            raise NotConstant(f"the extern block {op.values()['title']}")
        if node.weights():
            raise NotConstant(f"the parameter {node.label}" if op.name == "Parameter" else f"the weights of {op.name}")
        for output in node.outputs:
            for size in output.type.shape:
                if isinstance(size, Dim):
                    raise NotConstant(f"{self.builder.context.spell(size)}, which is only known when the model runs")
        return self._add(op, inputs, tuple(output.type for output in node.outputs), node)

    def _add(self, op: Op, inputs: list[Value | None], types: tuple[TensorType, ...], node: Node) -> list[Value]:
        return self.builder.add(op, inputs, types, self.builder.claim(None, op.name, node.span), node.span).outputs

    def _buffer(self, node: Node) -> Value:
        """Another buffer: what computes it, computed again."""
        value, type_ = node.op.values()["value"], node.outputs[0].type
        if not isinstance(value, Graph):
            number = _constant(value)
            if number is None:
                raise NotConstant(f"the buffer {node.label}, which starts with random numbers")
            number = number if is_floating(type_.dtype) else int(number)
            full = _op("Full", {"sizes": type_.shape, "fill_value": number, "dtype": type_.dtype})
            return self._add(full, [], (type_,), node)[0]
        made = self._written_out(value, [])[0]
        if made.dtype == type_.dtype:
            return made
        return self._add(_op("Cast", {"dtype": type_.dtype}), [made], (type_,), node)[0]


def _op(name: str, values: dict[str, Any]) -> Op:
    found = lookup(name)
    assert found is not None
    return found.of(values)


def _constant(value: Any) -> float | None:
    """The number that fills a tensor, if it is one number."""
    if value is None:
        return 0
    if not isinstance(value, Initializer):
        return None
    found: float | None = value.arguments.get("val") if value.name == "constant" else _FILLED.get(value.name)
    return found
