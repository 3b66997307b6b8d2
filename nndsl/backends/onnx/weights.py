"""Weights as they go into the file: found by state-dict key, checked, converted, computed where a layout differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from nndsl.backends.onnx.dtypes import Dtypes
from nndsl.backends.onnx.records import Recipe, Tensor, weight_key
from nndsl.backends.onnx.wire import Stored
from nndsl.diagnostics import Diagnostic
from nndsl.ir.graph import Graph


@dataclass(slots=True)
class Reader:
    """What a lowering's `make` reads weights with: `w("weight")`; another layer's by `w.of(1)("weight")`."""

    weights: Mapping[str, Any]
    layers: tuple[str, ...]
    index: int = 0
    np = np

    def __call__(self, name: str) -> Any:
        return np.asarray(self.weights[weight_key(self.layers[self.index], name)])

    def of(self, index: int) -> Reader:
        return Reader(self.weights, self.layers, index)


def stored(tensors: Iterable[Tensor], weights: Mapping[str, Any], dtypes: Dtypes) -> list[Stored]:
    found = []
    for tensor in tensors:
        recipe = tensor.recipe
        assert recipe is not None
        number, dtype = dtypes.number(recipe.dtype), dtypes.numpy(recipe.dtype)
        found.append(Stored(tensor.name, number, partial(_array, recipe, weights, dtype)))
    return found


def _array(recipe: Recipe, weights: Mapping[str, Any], dtype: Any) -> Any:
    if recipe.make is None:
        array = np.asarray(weights[recipe.key])
    else:
        array = np.asarray(recipe.make(Reader(weights, recipe.layers)))
    return array if array.dtype == dtype else array.astype(dtype)


def bytes_of(graph: Graph, dtypes: Dtypes) -> int:
    """Of all weights, those that the file will not hold included."""
    total = 0
    for _, weight in graph.weights():
        count = 1
        for size in weight.shape:
            assert isinstance(size, int)
            count *= size
        total += count * dtypes.numpy(weight.dtype).itemsize
    return total


def misfits(graph: Graph, weights: Mapping[str, Any]) -> list[Diagnostic]:
    """Weights of the model that are missing or have another shape."""
    found = []
    for key, weight in graph.weights():
        if weight.name == "num_batches_tracked":
            continue
        if key not in weights:
            found.append(f"there is no weight {key}")
        elif tuple(np.shape(weights[key])) != tuple(weight.shape):
            found.append(f"the weight {key} is {list(np.shape(weights[key]))}, and the model has {list(weight.shape)}")
    if not found:
        return []
    more = f", and {len(found) - 3} more like this" if len(found) > 3 else ""
    return [Diagnostic("weights-mismatch", "; ".join(found[:3]) + more, graph.span)]
