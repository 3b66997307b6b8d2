"""Walks the IR and lets every operator write its nodes: calls are inlined, or become ONNX functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from nndsl.backends.onnx.builder import Builder
from nndsl.backends.onnx.foreign import NoFunction
from nndsl.backends.onnx.naming import Names
from nndsl.backends.onnx.records import Body, Step, Tensor
from nndsl.backends.onnx.recurrence import recur
from nndsl.backends.onnx.sizes import Unsolvable
from nndsl.backends.onnx.tidy import finish
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.folded import BatchNormFolded
from nndsl.ops.schema import Unsupported

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue

DOMAIN = "nndsl"


@dataclass(slots=True)
class Scope:
    """One graph being lowered: where its layers' names begin, and which names its borrowed layers have."""

    graph: Graph
    prefix: str = ""
    path: str = ""
    blocks: str = ""
    lent: dict[str, str] = field(default_factory=dict)
    values: dict[int, Tensor | None] = field(default_factory=dict)

    def layer(self, label: str, borrowed: bool) -> str:
        return self.lent[label] if borrowed else self.prefix + label

    def inner_path(self, label: str) -> str:
        """`layer1.0/conv1`: members of a sequence after a dot."""
        if not self.path:
            return label
        return f"{self.path}{'.' if self.graph.kind == 'sequence' else '/'}{label}"

    def lends(self, node: Node, callee: Graph) -> dict[str, str]:
        """What the callee's borrowed layers are called here: passed on where this graph has borrowed them itself."""
        lent = {}
        for name in callee.borrows:
            lender = node.lends.get(name, name)
            lent[name] = self.layer(lender, lender in self.lent)
        return lent


@dataclass(slots=True, eq=False)
class Function:
    """A block kept as an ONNX function; without a body it has to be inlined. `weights` are its further inputs."""

    body: Body | None
    weights: list[Tensor]


class Lowering:
    def __init__(self, graph: Graph, builder: Builder, functions: bool) -> None:
        self.graph = graph
        self.builder = builder
        self.keep_functions = functions
        self.functions: dict[int, Function] = {}
        self.names = Names()

    def run(self) -> Body:
        body = Body(self.graph.name, doc=self.graph.doc)
        self.builder.enter(body)
        scope = Scope(self.graph, blocks=self.graph.name)
        for value in self.graph.inputs:
            body.inputs.append(self.bind(scope, value, Tensor(value.name or "input", value.type)))
        self.nodes(scope)
        self.end(body, scope)
        return body

    def end(self, body: Body, scope: Scope) -> None:
        body.outputs = [self.found(scope, port.value) for port in scope.graph.outputs]
        body.names = [port.name for port in scope.graph.outputs]
        finish(body, self.builder.opset)

    def bind(self, scope: Scope, value: Value, tensor: Tensor) -> Tensor:
        scope.values[id(value)] = tensor
        return tensor

    def found(self, scope: Scope, value: Value) -> Tensor:
        tensor = scope.values[id(value)]
        assert tensor is not None
        return tensor

    def nodes(self, scope: Scope) -> None:
        self.some(scope, scope.graph.nodes)

    def some(self, scope: Scope, nodes: Sequence[Node]) -> None:
        for node in nodes:
            inputs = [scope.values[id(v)] if v is not None else None for v in node.inputs]
            results = (
                self.call(scope, node, inputs) if isinstance(node.target, Graph) else self.apply(scope, node, inputs)
            )
            for value, tensor in zip(node.outputs, results, strict=True):
                scope.values[id(value)] = tensor
                if tensor.step is not None and not tensor.is_typed:
                    tensor.known = value.type
                if value.name and not tensor.hint:
                    tensor.hint = scope.inner_path(value.name) if scope.graph.kind != "sequence" else value.name

    # ------------------------------------------------------------ operators

    def apply(self, scope: Scope, node: Node, inputs: list[Tensor | None]) -> list[Tensor]:
        g = self.builder
        self.move(scope, node, inputs)
        try:
            result = node.op.onnx(cast("OnnxBuilder", g), *cast("list[OnnxValue]", inputs))
        except Unsupported as problem:
            raise SpecError([_unsupported(node, problem.message)]) from None
        except Unsolvable as problem:
            if g.body.is_function:
                raise
            message = f"{node.op.name} needs the size {problem.symbol}, and no input tells it"
            raise SpecError([_unsupported(node, message)]) from None
        return list(result) if isinstance(result, tuple) else [result]

    def move(self, scope: Scope, node: Node, inputs: list[Tensor | None]) -> None:
        g = self.builder
        g.node, g.node_weights = node, None
        g.path, g.blocks = scope.inner_path(node.label), scope.blocks
        g.layer, g.layer_of = scope.layer(node.label, node.borrowed), scope.layer
        g.result = g.layer
        if isinstance(node.target, BatchNormFolded):
            g.result = scope.layer(node.target.norm_label, node.target.norm_borrowed)
        g.operands = [x for x in inputs if x is not None]

    # ------------------------------------------------------------ calls

    def call(self, scope: Scope, node: Node, inputs: list[Tensor | None]) -> list[Tensor]:
        callee = node.target
        assert isinstance(callee, Graph)
        if self.keep_functions and callee.kind == "block":
            function = self.function(callee)
            if function.body is not None:
                return self.call_function(scope, node, callee, function, inputs)
        return self.inline(scope, node, callee, inputs)

    def inline(self, scope: Scope, node: Node, callee: Graph, inputs: list[Tensor | None]) -> list[Tensor]:
        layer = scope.layer(node.label, node.borrowed)
        blocks = f"{scope.blocks}/{callee.name}" if callee.kind == "block" else scope.blocks
        inner = Scope(callee, f"{layer}.", scope.inner_path(node.label), blocks, scope.lends(node, callee))
        for value, tensor in zip(callee.inputs, inputs, strict=True):
            inner.values[id(value)] = tensor
        if callee.kind == "loop":
            try:
                return recur(self, inner, scope, node, callee, inputs)
            except Unsupported as problem:
                raise SpecError([_unsupported(node, problem.message)]) from None
        self.nodes(inner)
        return [self.found(inner, port.value) for port in callee.outputs]

    def call_function(
        self, scope: Scope, node: Node, callee: Graph, function: Function, inputs: list[Tensor | None]
    ) -> list[Tensor]:
        assert function.body is not None
        lent = scope.lends(node, callee)
        layer = scope.layer(node.label, node.borrowed)
        weights = []
        for weight in function.weights:
            assert weight.recipe is not None
            layers = tuple(_from_outside(name, layer, lent) for name in weight.recipe.layers)
            outer = replace(weight.recipe, layers=layers)
            weights.append(self.builder.recipe(outer, weight.known))
        self.move(scope, node, inputs)
        count = len(callee.outputs)
        made = self.builder.steps(function.body.name, [*inputs, *weights], {}, count, DOMAIN)
        for tensor, value in zip(made, node.outputs, strict=True):
            tensor.known = value.type
        return list(made)

    def function(self, callee: Graph) -> Function:
        """The function of a block graph, made at its first call."""
        if id(callee) not in self.functions:
            outside = self.builder.body, self.builder.body_sizes, self.builder.made
            try:
                self.functions[id(callee)] = self.make_function(callee)
            except (Unsolvable, NoFunction):
                self.functions[id(callee)] = Function(None, [])
            finally:
                self.builder.body, self.builder.body_sizes, self.builder.made = outside
        return self.functions[id(callee)]

    def make_function(self, callee: Graph) -> Function:
        body = Body(callee.name, is_function=True, doc=callee.doc, source=_place(callee))
        self.builder.enter(body)
        scope = Scope(callee, blocks=callee.name, lent={name: f"^{name}" for name in callee.borrows})
        for value in callee.inputs:
            body.inputs.append(self.bind(scope, value, Tensor(value.name or "input", value.type)))
        self.nodes(scope)
        self.end(body, scope)
        body.name = self.names.take(callee.name)
        return Function(body, list(body.weights.values()))

    def bodies(self) -> list[Body]:
        """Of the functions, callees first."""
        return [function.body for function in self.functions.values() if function.body is not None]


def _from_outside(name: str, layer: str, lent: dict[str, str]) -> str:
    """A layer's name inside a function, as the caller says it."""
    if not name.startswith("^"):
        return f"{layer}.{name}"
    head, dot, rest = name[1:].partition(".")
    return lent[head] + dot + rest


def _unsupported(node: Node, message: str) -> Diagnostic:
    trace = node.trace.chain() if node.trace is not None else []
    code = "extern" if not node.is_call and node.op.name == "Extern" else "onnx-unsupported"
    return Diagnostic(code, message, node.span, trace=trace)


def _place(graph: Graph) -> str:
    source, start, _ = graph.span
    return f"{source.name}:{source.position(start)[0]}"


def place_of(step: Step) -> str:
    if step.origin is None:
        return ""
    source, start, _ = step.origin.span
    return f"{source.name}:{source.position(start)[0]}"
