"""Every operator's examples through the real builder: exported, run by onnxruntime, compared with PyTorch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from nndsl.backends.onnx import Options, default_opset, export_model, feeds
from nndsl.ir.graph import Graph
from nndsl.ops import everything
from nndsl.ops.schema import inputs_of
from tests.backends.graphs import Builder, Interpreter, random_weights
from tests.ops import support


def cases() -> list[Any]:
    return [
        pytest.param(example, id=f"{cls.name}-{i}")
        for cls in everything().values()
        if not cls.hidden
        for i, example in enumerate(cls.examples)
    ]


@pytest.mark.parametrize("example", cases())
def test_example(example: str, tmp_path: Path) -> None:
    outside = re.sub(r'"[^"]*"', lambda found: "_" * len(found[0]), example)  # patterns hold arrows of their own
    (end, begin), (stop, _) = (arrow.span() for arrow in re.finditer(r"\s*->\s*", outside))
    first, middle = example[:end], example[begin:stop]
    op = support.read_op(middle)
    b = Builder()
    types = support.read_types(first)
    values = [b.input(f"x{i}", t) for i, t in enumerate(types)]  # type: ignore[arg-type]
    padded = inputs_of(type(op), values)
    node = b.node(op, *padded, label="layer")
    for i, value in enumerate(node.outputs):
        b.output(f"y{i}", value)
    weights = random_weights(b.graph)
    report = export_model(
        b.graph, weights, tmp_path / "m.onnx", Interpreter(b.graph, weights), Options(opset=default_opset(b.graph))
    )
    assert report.verified, report.notes
    check_types(tmp_path / "m.onnx", b.graph)


def check_types(path: Path, graph: Graph) -> None:
    """What the file says of each value's type is what the value has when the model runs."""
    model = onnx.load(str(path))
    told = {info.name: info.type.tensor_type for info in model.graph.value_info}
    if not told:
        return
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in told)
    sizes = feeds.sizes(graph, 0)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = feeds.inputs(graph, sizes, np.float32, 0)
    found = session.run(list(told), {i.name: x for i, x in zip(session.get_inputs(), given, strict=True)})
    words = {"max": max, "min": min} | sizes
    for (name, type), array in zip(told.items(), found, strict=True):
        shape = [eval(d.dim_param, {}, words) if d.dim_param else d.dim_value for d in type.shape.dim]
        assert list(array.shape) == shape, name
        assert onnx.helper.np_dtype_to_tensor_dtype(array.dtype) == type.elem_type, name
