"""The ONNX graph of a layer written in Python, as PyTorch's own exporter makes it from a run of that layer alone."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_INNER = "layer."  # where the wrapper has the layer


@dataclass(slots=True)
class Traced:
    """`model` is a ModelProto. `weights`: which of its initializers are the layer's weights, by their state-dict name,
    and whether they are transposed; the others are constants. `guards`: what PyTorch took for granted of sizes."""

    model: Any
    weights: dict[str, tuple[str, bool]]
    guards: list[str]

    def holds_for(self, inputs: Sequence[Any]) -> bool:
        """Would PyTorch have met these sizes on the same path through the layer's Python?"""
        try:
            return all(eval(guard, {"L": {"inputs": inputs}}) for guard in self.guards)
        except (NameError, TypeError):  # said in other words than Python's
            return False


def trace(layer: Any, inputs: Sequence[Any], dynamic: Sequence[Sequence[int]], opset: int, dtype: str) -> Traced:
    """`dynamic`: the axes of each input that may have any size; where the layer's Python needs one as a number, that is
    an error. Raises what torch raises."""
    import torch
    from onnx.checker import ValidationError
    from onnx.shape_inference import InferenceError
    from torch.export import Dim

    if dtype in ("float16", "bfloat16"):  # the module is in single precision
        floating = getattr(torch, dtype)
        layer = copy.deepcopy(layer).to(floating)
        inputs = [x.to(floating) if x.dtype == torch.float32 else x for x in inputs]
    axes = tuple(dict.fromkeys(each, Dim.DYNAMIC) for each in dynamic)
    arguments = tuple(x.clone() for x in inputs)  # the same tensor twice would be one input
    with _quiet(), torch.no_grad():
        path = torch.export.export(_wrapped(layer), arguments, dynamic_shapes=(axes,), strict=False)
        try:
            model = _written(path, opset, optimize=True)
        except (ValidationError, InferenceError):  # its rewriting may mix up types
            model = _written(path, opset, optimize=False)
    return Traced(model, _weights(model, layer.state_dict()), list(getattr(path, "_guards_code", None) or ()))


def _written(path: Any, opset: int, optimize: bool) -> Any:
    import onnx
    import torch

    options = {"opset_version": opset, "external_data": False, "optimize": optimize, "verbose": False}
    model = torch.onnx.export(path, dynamo=True, **options).model_proto
    onnx.checker.check_model(model, full_check=True)
    return model


def _wrapped(layer: Any) -> Any:
    """One signature for all: tensors by position in, a tuple of tensors out."""
    from torch import Tensor, nn

    class Wrapped(nn.Module):  # type: ignore[misc]  # torch has no types for it
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, *inputs: Tensor) -> Any:
            made = self.layer(*inputs)
            return (made,) if isinstance(made, Tensor) else tuple(made)

    return Wrapped().eval()


@contextmanager
def _quiet() -> Iterator[None]:
    """What goes wrong is raised; what else the exporter logs is about itself."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _weights(model: Any, state: Mapping[str, Any]) -> dict[str, tuple[str, bool]]:
    from onnx.numpy_helper import to_array

    arrays = {name: _array(tensor) for name, tensor in state.items()}
    found: dict[str, tuple[str, bool]] = {}
    for initializer in model.graph.initializer:
        array = to_array(initializer)
        name = initializer.name.removeprefix(_INNER)
        if name in arrays and _same(array, arrays[name]):
            found[initializer.name] = (name, False)
        elif array.ndim == 2:  # Linear's weight, transposed for MatMul
            source = next((n for n, other in arrays.items() if other.ndim == 2 and _same(array, other.T)), None)
            if source is not None:
                found[initializer.name] = (source, True)
    return found


def _same(a: Any, b: Any) -> bool:
    import numpy as np

    return bool(a.shape == b.shape and np.array_equal(a, b))


def _array(tensor: Any) -> Any:
    """numpy has no bfloat16, and float32 holds all its numbers."""
    tensor = tensor.detach().cpu()
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
