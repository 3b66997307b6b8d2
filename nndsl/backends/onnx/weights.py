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
from nndsl.diagnostics import Diagnostic
from nndsl.ir.graph import Graph
from nndsl.ops.schema import Weight

_UNUSED = "num_batches_tracked"  # counts training steps; checkpoints may lack it
_MOST = 10  # how many names of one kind are listed


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


def shapes_of(held: Mapping[str, Weight]) -> dict[str, tuple[int, ...]]:
    """What a state dict of the model holds."""
    return {key: _shape(weight) for key, weight in held.items()}


def _shape(weight: Weight) -> tuple[int, ...]:
    return cast("tuple[int, ...]", tuple(weight.shape))  # a size that is not known is a mistake of the spec


def misfits(graph: Graph, wanted: Mapping[str, Sequence[Any]], given: Mapping[str, Any]) -> list[Diagnostic]:
    """One diagnostic that lists what is missing, left over, or of another shape; none where all fits."""
    missing = [key for key in wanted if key not in given and not key.endswith(_UNUSED)]
    unexpected = [str(key) for key in given if key not in wanted and not str(key).endswith(_UNUSED)]
    common = [key for key in wanted if key in given]
    resized = [
        f"{key} is {list(np.shape(given[key]))}, and the model has {list(wanted[key])}"
        for key in common
        if tuple(np.shape(given[key])) != tuple(wanted[key])
    ]
    kinds = [(missing, "missing"), (unexpected, "not in the model"), (resized, "of another shape")]
    counts = [f"{len(keys)} {kind}" for keys, kind in kinds if keys]
    if not counts:
        return []
    hints = [f"{kind}: {_listed(keys)}" for keys, kind in kinds if keys]
    hints += _ways_out(missing, unexpected, given)
    message = f"the weights do not fit {graph.name}: {', '.join(counts)}"
    return [Diagnostic("weights-mismatch", message, graph.span, hints=hints)]


def _listed(keys: list[str]) -> str:
    more = f" and {len(keys) - _MOST} more" if len(keys) > _MOST else ""
    return ", ".join(keys[:_MOST]) + more


def _ways_out(missing: list[str], unexpected: list[str], given: Mapping[str, Any]) -> list[str]:
    """Checkpoints hold state dicts; wrappers put a prefix before all names."""
    inner = [key for key in given if isinstance(given[key], Mapping)]
    if inner:
        return [f"weights[{inner[0]!r}] is a mapping itself: give that"]
    for longer, shorter, advice in (
        (unexpected, missing, "take {!r} off their names"),
        (missing, unexpected, "put {!r} before their names"),
    ):
        prefix, *others = {key[: key.find(".") + 1] for key in longer} or {""}
        if prefix and not others and set(shorter) & {key[len(prefix) :] for key in longer}:
            return [advice.format(prefix)]
    return []
