"""Weights as they go into the file: found by state-dict key, checked, converted, computed where a layout differs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from nndsl.backends.onnx.dtypes import Dtypes
from nndsl.backends.onnx.records import Recipe, Tensor, weight_key
from nndsl.backends.onnx.wire import Joined, Stored
from nndsl.fit.entries import COUNTER, Entries, Entry
from nndsl.ops.schema import Weight


@dataclass(slots=True)
class Reader:
    """What a lowering's `make` reads weights with: `w("weight")`; another layer's by `w.of(1)("weight")`."""

    weights: Mapping[str, Any]
    layers: tuple[str, ...]
    index: int = 0
    np = np

    def __call__(self, name: str) -> Any:
        return np.asarray(self.weights[weight_key(self.layers[self.index], name)])

    def joined(self, arrays: Sequence[Any], shape: tuple[int, ...]) -> Joined:
        """One array of several, one after the other."""
        return Joined(arrays, shape)

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
    made = weights[recipe.key] if recipe.make is None else recipe.make(Reader(weights, recipe.layers))
    array = made if isinstance(made, Joined) else np.asarray(made)
    return array if array.dtype == dtype else array.astype(dtype)


def bytes_of(held: Mapping[str, Weight], dtypes: Dtypes) -> int:
    """Of all weights, those that the file will not hold included."""
    return sum(math.prod(_shape(weight)) * dtypes.numpy(weight.dtype).itemsize for weight in held.values())


def entries_of(held: Mapping[str, Weight]) -> Entries:
    """What a state dict of the model holds; counters of training steps may be lacking."""
    return {key: Entry(_shape(weight), weight.dtype, key.endswith(COUNTER)) for key, weight in held.items()}


def _shape(weight: Weight) -> tuple[int, ...]:
    return cast("tuple[int, ...]", tuple(weight.shape))  # a size that is not known is a mistake of the spec
