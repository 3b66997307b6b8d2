"""The least OnnxBuilder that runs: one operator becomes a model, onnxruntime runs it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from nndsl.ops.schema import Op, Unsupported
from nndsl.shapes import Dim, Size, TensorType

NUMBERS = {
    "float": TensorProto.FLOAT,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "bool": TensorProto.BOOL,
}
IR_VERSIONS = {17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11, 24: 12, 25: 12}


class Value:
    def __init__(self, name: str, type: TensorType | None = None) -> None:
        self.name = name
        self._type = type

    @property
    def type(self) -> TensorType:
        assert self._type is not None, f"{self.name} is a derived value: its type is not known"
        return self._type

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)

    @property
    def dtype(self) -> str:
        return self.type.dtype


class Weights:
    """What `packed` hands to its function."""

    np = np

    @staticmethod
    def joined(arrays: Sequence[Any], shape: tuple[int, ...]) -> Any:
        return np.concatenate(arrays).reshape(shape)

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def __call__(self, name: str) -> Any:
        return self.state[name]


class Builder:
    def __init__(self, opset: int, inputs: Sequence[Value | None], state: dict[str, Any]) -> None:
        self.opset = opset
        self.inputs = inputs
        self.state = state
        self.nodes: list[Any] = []
        self.initializers: dict[str, Any] = {}
        self.count = 0

    def fresh(self, hint: str) -> str:
        self.count += 1
        return f"{hint}_{self.count}"

    def op(self, op_type: str, *inputs: Value | None, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        assert all(v is None or isinstance(v, Value) for v in inputs), f"{op_type}{inputs}"
        names = ["" if v is None else v.name for v in inputs]
        while names and not names[-1]:
            names.pop()
        made = [Value(self.fresh(op_type)) for _ in range(outputs)]
        given = {k: list(v) if isinstance(v, tuple) else v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(op_type, names, [v.name for v in made], domain=domain, **given))
        return made[0] if outputs == 1 else tuple(made)

    def tensor(self, array: Any, hint: str) -> Value:
        key = f"{hint}_{array.dtype}_{array.shape}_{hash(array.tobytes())}"
        self.initializers.setdefault(key, numpy_helper.from_array(array, key))
        return Value(key)

    def weight(self, name: str) -> Value:
        return self.tensor(self.state[name], "w")

    def packed(self, name: str, make: Any, shape: Any = None) -> Value:
        array = np.ascontiguousarray(make(Weights(self.state)))
        assert shape is None or array.shape == tuple(shape), f"{name} is {array.shape}, and not {shape}"
        return self.tensor(array, name)

    def const(self, value: Any, dtype: str = "int64") -> Value:
        kind = "float32" if dtype == "float" else dtype
        return self.tensor(np.asarray(value, dtype=kind), "c")

    def sizes(self, sizes: Sequence[Size]) -> Value:
        if all(isinstance(s, int) for s in sizes):
            return self.const(list(sizes))
        one = self.const([0])
        return self.op("Concat", *[self.op("Unsqueeze", self.size(s), one) for s in sizes], axis=0)  # type: ignore[no-any-return]

    def dims(self, sizes: Sequence[Size]) -> Value:
        unknown = [s for s in sizes if isinstance(s, Dim)]
        if len(unknown) == 1 and -1 not in sizes:
            return self.const([-1 if isinstance(s, Dim) else s for s in sizes])
        return self.sizes(sizes)

    def size(self, size: Size) -> Value:
        if isinstance(size, int):
            return self.const(size)
        return self._compute(ast.parse(str(size), mode="eval").body)

    def _compute(self, tree: ast.expr) -> Value:
        """A size's spelling, as nodes: `//` rounds down, unlike Div."""
        if isinstance(tree, ast.Constant):
            return self.const(tree.value)
        if isinstance(tree, ast.Name):
            return self._symbol(tree.id)
        if isinstance(tree, ast.UnaryOp):
            return self.op("Neg", self._compute(tree.operand))  # type: ignore[no-any-return]
        if isinstance(tree, ast.Call):
            assert isinstance(tree.func, ast.Name)
            return self.op(tree.func.id.capitalize(), *map(self._compute, tree.args))  # type: ignore[no-any-return]
        assert isinstance(tree, ast.BinOp)
        a, b = self._compute(tree.left), self._compute(tree.right)
        kind = type(tree.op).__name__
        if kind == "FloorDiv":
            return self.op("Div", self.op("Sub", a, self.op("Mod", a, b)), b)  # type: ignore[no-any-return]
        named = {"Add": "Add", "Sub": "Sub", "Mult": "Mul", "Mod": "Mod", "Pow": "Pow"}[kind]
        return self.op(named, a, b)  # type: ignore[no-any-return]

    def _symbol(self, name: str) -> Value:
        """Read off an input's size, be it `H` or `4*H + 2`."""
        sizes = [(v, axis, s) for v in self.inputs if v is not None for axis, s in enumerate(v.shape)]
        for value, axis, size in sizes:
            lone = size.lone_atom() if isinstance(size, Dim) else None
            if lone is None or str(lone[0]) != name:
                continue
            read = self.op("Gather", self.op("Shape", value), self.const(axis), axis=0)
            if lone[2]:
                read = self.op("Sub", read, self.const(lone[2]))
            return read if lone[1] == 1 else self.op("Div", read, self.const(lone[1]))  # type: ignore[no-any-return]
        raise AssertionError(f"no input has the size {name}")

    def cast(self, x: Value, dtype: str) -> Value:
        return self.op("Cast", x, to=NUMBERS[dtype])  # type: ignore[no-any-return]

    def elem_type(self, dtype: str) -> int:
        return NUMBERS[dtype]  # type: ignore[no-any-return]


def build_onnx(
    op: Op, types: Sequence[TensorType | None], outputs: Sequence[TensorType], state: Any, opset: int
) -> Any:
    values = [None if t is None else Value(f"in{i}", t) for i, t in enumerate(types)]
    builder = Builder(opset, values, state)
    result = op.onnx(builder, *values)  # type: ignore[arg-type]
    results = list(result) if isinstance(result, tuple) else [result]
    ends = []
    for i, (value, type) in enumerate(zip(results, outputs, strict=True)):
        builder.nodes.append(helper.make_node("Identity", [value.name], [f"out{i}"]))
        ends.append(_info(f"out{i}", type))
    starts = [_info(v.name, v.type) for v in values if v is not None]
    graph = helper.make_graph(builder.nodes, op.name, starts, ends, list(builder.initializers.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSIONS[opset])
    onnx.checker.check_model(model, full_check=True)
    return model


def _info(name: str, type: TensorType) -> Any:
    """Sizes that are not plain names (`H // 2`) are written as such: ONNX takes any text."""
    shape = [s if isinstance(s, int) else str(s) for s in type.shape]
    return helper.make_tensor_value_info(name, NUMBERS[type.dtype], shape)


def run_onnx(
    op: Op,
    types: Sequence[TensorType | None],
    outputs: Sequence[TensorType],
    module: nn.Module,
    *,
    runs: Sequence[tuple[list[Any], list[torch.Tensor]]],
    opset: int,
    tolerance: float,
) -> None:
    """One model for all sizes; its results are PyTorch's."""
    state = {k.removeprefix("layer."): v.detach().numpy() for k, v in module.state_dict().items()}
    model = build_onnx(op, types, outputs, state, opset)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    used = {i.name for i in session.get_inputs()}
    for tensors, wanted in runs:
        feed = {f"in{i}": t.numpy() for i, t in enumerate(tensors) if t is not None and f"in{i}" in used}
        for got, want in zip(session.run(None, feed), wanted, strict=True):
            assert got.shape == tuple(want.shape), f"{op} at opset {opset}: {got.shape}, PyTorch {tuple(want.shape)}"
            assert str(got.dtype) == str(want.dtype).removeprefix("torch."), f"{op} at opset {opset}: {got.dtype}"
            np.testing.assert_allclose(
                got, want.numpy(), rtol=tolerance, atol=tolerance, err_msg=f"{op} at opset {opset}"
            )


__all__ = ["Builder", "Unsupported", "Value", "build_onnx", "run_onnx"]
