"""Layers written in Python: what PyTorch's exporter made of one becomes part of the model, with weights and names like
those of any other layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from onnx import GraphProto, ModelProto, NodeProto
from onnx.numpy_helper import to_array

from nndsl.backends.onnx.records import Recipe, Step, Tensor
from nndsl.ir.graph import Node
from nndsl.ops.schema import Unsupported
from nndsl.shapes import TensorType

if TYPE_CHECKING:
    from nndsl.backends.onnx.builder import Builder


class Exported(Protocol):
    """`weights`: which initializers of the model are the layer's weights, by name, and whether they are transposed."""

    @property
    def model(self) -> ModelProto: ...

    @property
    def weights(self) -> Mapping[str, tuple[str, bool]]: ...


class Exporter(Protocol):
    """Exports one use of a layer by its state-dict name. `layers` holds the names of all."""

    @property
    def layers(self) -> Mapping[str, Any]: ...

    def __call__(self, layer: str, node: Node) -> Exported: ...


class NoFunction(Exception):
    """A layer is exported with numbers of its own, so that the block around it is no function of its weights."""


def merge(g: Builder, found: Exported, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The nodes of the model as steps of the body at hand."""
    graph = _flat(found.model).graph
    values: dict[str, Tensor | None] = {"": None}
    values.update({port.name: tensor for port, tensor in zip(graph.input, inputs, strict=True)})
    for initializer in graph.initializer:
        values[initializer.name] = _initializer(g, initializer, found.weights.get(initializer.name))
    for node in graph.node:
        _step(g, node, values)
    made = [values[port.name] for port in graph.output]
    return tuple(tensor for tensor in made if tensor is not None)


def _flat(model: ModelProto) -> ModelProto:
    if not model.functions:
        return model
    from onnx.inliner import inline_local_functions

    return inline_local_functions(model)


def _initializer(g: Builder, proto: Any, weight: tuple[str, bool] | None) -> Tensor:
    dtype = g.dtypes.name(proto.data_type)
    if not dtype:
        raise Unsupported(f"PyTorch writes a constant of an ONNX type without a name here: {proto.data_type}")
    if weight is None:
        return g.const(to_array(proto), dtype)
    name, transposed = weight
    make = (lambda w: w(name).T) if transposed else None
    return g.recipe(Recipe((g.layer,), name, dtype, make), TensorType(dtype, tuple(proto.dims)))


def _step(g: Builder, node: NodeProto, values: dict[str, Tensor | None]) -> None:
    """Types of values inside are PyTorch's business: its names of sizes are not ours."""
    if node.domain not in ("", "ai.onnx"):
        raise Unsupported(f"PyTorch writes it with {node.domain}.{node.op_type}, which the ONNX standard has not")
    outputs = [Tensor("") if name else None for name in node.output]
    step = Step(node.op_type, "", [values[name] for name in node.input], outputs, {})
    step.path, step.blocks, step.layer, step.origin = g.path, g.blocks, g.result, g.node
    step.foreign = True
    step.attributes = {attribute.name: attribute for attribute in node.attribute}
    for graph in _subgraphs(node):
        step.captures.update({n: t for n in _outer(graph) if (t := values.get(n)) is not None})
    for name, tensor in zip(node.output, outputs, strict=True):
        if tensor is not None:
            tensor.step = step
            values[name] = tensor
    g.body.steps.append(step)


# ---------------------------------------------------------------- subgraphs


def connect(proto: NodeProto, names: Mapping[str, str]) -> None:
    """Subgraphs read outer values by their new names; what they make gets names that no other node has."""
    for graph in _subgraphs(proto):
        _rename(graph, dict(names), f"{proto.name}/")


def _rename(graph: GraphProto, names: dict[str, str], prefix: str) -> None:
    own = [port.name for port in (*graph.input, *graph.initializer)]
    own += [name for node in graph.node for name in node.output if name]
    names = names | {name: prefix + name for name in own}
    for port in (*graph.input, *graph.initializer, *graph.output, *graph.value_info):
        port.name = names.get(port.name, port.name)
    for node in graph.node:
        node.name = prefix + node.name
        for field in (node.input, node.output):
            field[:] = [names.get(name, name) for name in field]
        for inner in _subgraphs(node):
            _rename(inner, names, prefix)


def _subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _outer(graph: GraphProto) -> set[str]:
    """Names that a subgraph reads and does not make."""
    own = {port.name for port in (*graph.input, *graph.initializer)}
    own |= {name for node in graph.node for name in node.output}
    read = {name for node in graph.node for name in node.input} | {port.name for port in graph.output}
    for node in graph.node:
        for inner in _subgraphs(node):
            read |= _outer(inner)
    return read - own
