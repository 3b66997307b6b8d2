"""Constants computed while exporting are what onnxruntime would compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from nndsl.backends.onnx.fold import _RULES, MOST_BYTES, folded
from nndsl.backends.onnx.records import Tensor

F = np.array([[-1.5, 0.25, 3.0], [2.0, -0.75, 0.5]], "f4")
P = np.abs(F) + 0.1
I = np.array([[-7, 2, 5], [4, -3, 1]])  # noqa: E741
J = np.array([2, -3, 4])
B = F > 0

CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    *[(name, [F, P], {}) for name in ("Add", "Sub", "Mul", "Div", "Min", "Max")],
    *[(name, [I, J], {}) for name in ("Add", "Sub", "Mul", "Div", "Mod", "Min", "Max")],
    *[(name, [F], {}) for name in ("Neg", "Abs", "Exp", "Sin", "Cos", "Tanh", "Floor", "Ceil", "Reciprocal")],
    *[(name, [P], {}) for name in ("Log", "Sqrt")],
    *[(name, [I], {}) for name in ("Neg", "Abs")],
    *[(name, [F, P], {}) for name in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual")],
    *[(name, [B, ~B], {}) for name in ("And", "Or")],
    ("Not", [B], {}),
    ("Pow", [P, np.float32(1.5)], {}),
    ("Pow", [I, np.array(2)], {}),
    ("Range", [np.array(3), np.array(-5), np.array(-2)], {}),
    ("Range", [np.float32(0), np.float32(1), np.float32(0.3)], {}),
    ("Range", [np.array(3), np.array(1), np.array(1)], {}),
    ("Reshape", [F, np.array([0, -1, 1])], {}),
    ("Expand", [F[:, :1], np.array([4, 1, 3])], {}),
    ("Expand", [F, np.array([1, 1])], {}),
    ("Unsqueeze", [F, np.array([0, -1])], {}),
    ("Squeeze", [F[:, None], np.array([1])], {}),
    ("Squeeze", [F[:1]], {}),
    ("Slice", [F, np.array([2]), np.array([-(1 << 62)]), np.array([1]), np.array([-1])], {}),
    ("Slice", [F, np.array([0, -2]), np.array([1, 1 << 62]), np.array([0, 1])], {}),
    ("Gather", [F, np.array([[2, 0], [1, -1]])], {"axis": 1}),
    ("Gather", [F, np.array(-1)], {"axis": 0}),
    ("Trilu", [np.ones((3, 3), "f4"), np.array(1)], {"upper": 1}),
    ("Trilu", [np.ones((3, 3), "f4")], {"upper": 0}),
    ("Where", [B, F, np.float32(7)], {}),
    ("Transpose", [F], {"perm": [1, 0]}),
    ("Concat", [F, P], {"axis": -1}),
    ("Tile", [F, np.array([2, 1])], {}),
]


def constant(array: Any) -> Tensor:
    made = Tensor("c")
    made.array = np.asarray(array)
    return made


@pytest.mark.parametrize(
    ("op_type", "arrays", "attributes"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_as_onnxruntime_does(op_type: str, arrays: list[Any], attributes: dict[str, Any]) -> None:
    found = folded(op_type, [constant(array) for array in arrays], attributes)
    names = [f"x{i}" for i in range(len(arrays))]
    infos = [
        onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(np.asarray(a).dtype), np.shape(a))
        for name, a in zip(names, arrays, strict=True)
    ]
    node = onnx.helper.make_node(op_type, names, ["y"], **attributes)
    graph = onnx.helper.make_graph([node], "g", infos, [onnx.helper.make_empty_tensor_value_info("y")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, dict(zip(names, map(np.asarray, arrays), strict=True)))
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_every_rule_is_tested() -> None:
    assert set(_RULES) == {op_type for op_type, _, _ in CASES}


@pytest.mark.parametrize(
    ("op_type", "arrays"),
    [
        ("Div", [I, np.array(0)]),
        ("Mod", [I, np.array(0)]),
        ("Mod", [F, P]),
        ("Pow", [I, np.array(-1)]),
        ("Erf", [F]),
        ("Range", [np.array(0), np.array(10**12), np.array(1)]),
        ("Expand", [F[:1, :1], np.array([10**6, 10**6])]),
        ("Add", [np.zeros(MOST_BYTES, "f4"), F[0, 0]]),
    ],
)
def test_what_is_left_to_the_runtime(op_type: str, arrays: list[Any]) -> None:
    """What is not defined, not known here, or large."""
    assert folded(op_type, [constant(array) for array in arrays], {}) is None


def test_what_is_not_constant_is_not_folded() -> None:
    assert folded("Add", [constant(F), Tensor("x")], {}) is None
    assert folded("Concat", [constant(F), None], {"axis": 0}) is None
