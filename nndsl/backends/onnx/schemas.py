"""What the ONNX standard says about an operator at an opset: does it exist, and which types its attributes have."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import onnx
from onnx import AttributeProto

from nndsl.ops.schema import Unsupported

OPSETS = range(17, 25)
IR_VERSIONS = {17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 10, 24: 10}


@lru_cache(maxsize=2000)
def attribute_types(op_type: str, opset: int) -> dict[str, int]:
    """Attribute name -> AttributeProto type, for an operator of the standard."""
    try:
        schema = onnx.defs.get_schema(op_type, opset, "")
    except onnx.defs.SchemaError:
        raise Unsupported(f"ONNX opset {opset} has no {op_type}") from None
    return {name: int(a.type.value) for name, a in schema.attributes.items()}


@lru_cache(maxsize=2000)
def may_lack(op_type: str, opset: int, output: int) -> bool:
    """Is this output optional? Of several that one name stands for, none is."""
    outputs = onnx.defs.get_schema(op_type, opset, "").outputs
    return output < len(outputs) and outputs[output].option == onnx.defs.OpSchema.FormalParameterOption.Optional


@lru_cache(maxsize=2000)
def refused(op_type: str, opset: int, dtype: str) -> tuple[frozenset[int], frozenset[int]]:
    """The inputs and outputs that are not of this type (`tensor(float16)`), and may be of float32; of several that one
    name stands for, the last."""
    schema = onnx.defs.get_schema(op_type, opset, "")
    allowed = {each.type_param_str: set(each.allowed_type_strs) for each in schema.type_constraints}
    kinds = {kind for kind, types in allowed.items() if dtype not in types and "tensor(float)" in types}
    found = [
        frozenset(i for i, f in enumerate(each) if f.type_str in kinds) for each in (schema.inputs, schema.outputs)
    ]
    return found[0], found[1]


@lru_cache(maxsize=2000)
def inputs_of(op_type: str, opset: int) -> int:
    return len(onnx.defs.get_schema(op_type, opset, "").inputs)


def checked(op_type: str, opset: int, attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes with numbers as the standard wants them (`alpha=1` is a float); unknown ones are our bug."""
    types = attribute_types(op_type, opset)
    for name, value in attributes.items():
        if name not in types:
            raise ValueError(f"ONNX {op_type} (opset {opset}) has no attribute {name}")
        if types[name] == AttributeProto.FLOAT:
            attributes[name] = float(value)
        elif types[name] == AttributeProto.INT:
            attributes[name] = int(value)
        elif types[name] == AttributeProto.FLOATS:
            attributes[name] = [float(v) for v in value]
        elif types[name] == AttributeProto.INTS:
            attributes[name] = [int(v) for v in value]
    return attributes


def fill_attribute(made: Any, name: str, value: Any) -> None:
    """An AttributeProto from a Python value (helper.make_attribute is ten times slower)."""
    made.name = name
    if isinstance(value, int):
        made.type, made.i = AttributeProto.INT, value
    elif isinstance(value, float):
        made.type, made.f = AttributeProto.FLOAT, value
    elif isinstance(value, str):
        made.type, made.s = AttributeProto.STRING, value.encode()
    elif isinstance(value, AttributeProto):
        made.CopyFrom(value)
    elif isinstance(value, onnx.TensorProto):
        made.type = AttributeProto.TENSOR
        made.t.CopyFrom(value)
    elif isinstance(value, onnx.GraphProto):
        made.type = AttributeProto.GRAPH
        made.g.CopyFrom(value)
    elif value and isinstance(value[0], str):
        made.type = AttributeProto.STRINGS
        made.strings.extend(v.encode() for v in value)
    elif value and isinstance(value[0], float):
        made.type = AttributeProto.FLOATS
        made.floats.extend(value)
    else:
        made.type = AttributeProto.INTS
        made.ints.extend(value)
