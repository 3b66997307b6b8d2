"""From bodies to an ONNX ModelProto, without the weights: `wire` writes those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto

import nndsl
from nndsl.backends.onnx.dtypes import Dtypes
from nndsl.backends.onnx.foreign import connect
from nndsl.backends.onnx.lower import DOMAIN, place_of
from nndsl.backends.onnx.naming import name, name_inside
from nndsl.backends.onnx.records import Body, Step, Tensor
from nndsl.backends.onnx.schemas import fill_attribute
from nndsl.backends.onnx.wire import tensor_proto
from nndsl.ir.graph import Graph
from nndsl.shapes import Dim, Facts, TensorType

_OPTIONAL_METADATA_FROM = 10  # the IR version that gave nodes and functions metadata


class Writer:
    def __init__(self, graph: Graph, dtypes: Dtypes, opset: int, ir_version: int) -> None:
        self.graph = graph
        self.facts = graph.facts or Facts()
        self.dtypes = dtypes
        self.opset = opset
        self.ir_version = ir_version
        self.spelled: dict[Dim, str] = {}

    def model(self, body: Body, functions: Sequence[Body]) -> ModelProto:
        version = getattr(nndsl, "__version__", "")
        model = ModelProto(ir_version=self.ir_version, producer_name="nndsl", producer_version=version)
        model.doc_string = self.graph.doc
        self._import(model, self.opset, DOMAIN if functions else None, body, *functions)
        for key, value in self._about().items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        name(body)
        self._graph(model.graph, body)
        for function in functions:
            self._function(model.functions.add(), function)
        return model

    def _import(self, holder: Any, opset: int, own: str | None, *bodies: Body) -> None:
        found = {domain for body in bodies for domain in _domains(body)} | {""}
        for domain in sorted(found | ({own} if own else set())):
            entry = holder.opset_import.add()
            entry.domain = domain
            entry.version = opset if not domain else 1

    def _about(self) -> dict[str, str]:
        source, start, _ = self.graph.span
        hyper = {
            key: value if isinstance(value, (int, float, str, list)) else str(value)
            for key, value in self.graph.hyper.items()
        }
        about = {"nndsl.model": self.graph.name, "nndsl.source": f"{source.name}:{source.position(start)[0]}"}
        if hyper:
            about["nndsl.hyperparameters"] = json.dumps(hyper, default=str)
        return about

    # ------------------------------------------------------------ graph and functions

    def _graph(self, proto: GraphProto, body: Body) -> None:
        proto.name = body.name
        proto.doc_string = body.doc
        for step in body.steps:
            self._node(proto.node.add(), step)
        for tensor in body.inputs:
            self._info(proto.input.add(), tensor)
        for tensor, port in zip(body.outputs, self.graph.outputs, strict=True):
            self._info(proto.output.add(), tensor, port.value.type)
            proto.output[-1].doc_string = port.doc
        outputs = set(map(id, body.outputs))
        for tensor in _derived(body):
            if id(tensor) not in outputs:
                self._info(proto.value_info.add(), tensor)

    def _function(self, proto: FunctionProto, body: Body) -> None:
        name(body)
        proto.name, proto.domain, proto.doc_string = body.name, DOMAIN, body.doc
        self._import(proto, self.opset, None, body)
        proto.input.extend(t.name for t in (*body.inputs, *body.weights.values()))
        proto.output.extend(t.name for t in body.outputs)
        for tensor in body.constants.values():
            node = proto.node.add()
            node.op_type, node.name = "Constant", tensor.name
            node.output.append(tensor.name)
            array = tensor_proto("", self.dtypes.number(tensor.dtype), tensor.array)
            fill_attribute(node.attribute.add(), "value", array)
        for step in body.steps:
            self._node(proto.node.add(), step)
        if self.ir_version >= _OPTIONAL_METADATA_FROM:
            self._metadata(proto, {"nndsl.source": body.source})
            for tensor in _derived(body):
                self._info(proto.value_info.add(), tensor)

    # ------------------------------------------------------------ nodes and values

    def _node(self, proto: NodeProto, step: Step) -> None:
        proto.op_type = step.op_type
        proto.name = step.name
        if step.domain:
            proto.domain = step.domain
        proto.input.extend("" if tensor is None else tensor.name for tensor in step.inputs)
        proto.output.extend("" if tensor is None else tensor.name for tensor in step.outputs)
        for key, value in step.attributes.items():
            fill_attribute(proto.attribute.add(), key, value)
        if step.body is not None:
            fill_attribute(proto.attribute.add(), "body", self._step(step))
        if step.captures:
            connect(proto, {name: tensor.name for name, tensor in step.captures.items()})
        if self.ir_version >= _OPTIONAL_METADATA_FROM and step.origin is not None:
            self._metadata(
                proto,
                {"nndsl.layer": step.layer, "nndsl.blocks": step.blocks, "nndsl.source": place_of(step)},
            )

    def _step(self, step: Step) -> GraphProto:
        """One step of a recurrence; its names are those of no other value."""
        assert step.body is not None
        proto = GraphProto(name=step.body.name)
        name_inside(step.body, step.name)
        for each in step.body.steps:
            self._node(proto.node.add(), each)
        for tensor in step.body.inputs:
            self._info(proto.input.add(), tensor)
        for tensor in step.body.outputs:
            self._info(proto.output.add(), tensor)
        return proto

    def _metadata(self, holder: Any, entries: dict[str, str]) -> None:
        for key, value in entries.items():
            entry = holder.metadata_props.add()
            entry.key, entry.value = key, value

    def _info(self, proto: ValueInfoProto, tensor: Tensor, known: TensorType | None = None) -> None:
        known = known or tensor.type
        proto.name = tensor.name
        proto.type.tensor_type.elem_type = self.dtypes.number(known.dtype)
        shape = proto.type.tensor_type.shape
        shape.SetInParent()
        for size in known.shape:
            if isinstance(size, Dim):
                shape.dim.add().dim_param = self._spell(size)
            else:
                shape.dim.add().dim_value = size

    def _spell(self, size: Dim) -> str:
        if size not in self.spelled:
            self.spelled[size] = self.facts.spell(size)
        return self.spelled[size]


def _domains(body: Body) -> set[str]:
    inner = [_domains(step.body) for step in body.steps if step.body is not None]
    return {step.domain for step in body.steps}.union(*inner)


def _derived(body: Body) -> list[Tensor]:
    return [t for step in body.steps for t in step.outputs if t is not None and t.known is not None]
