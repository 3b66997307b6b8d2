"""Inputs to run a model with: sizes that all its layers accept, numbers that mean something to them, masks that mask
something."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from nndsl.backends.onnx.ranges import Range, ranges
from nndsl.ir.graph import Graph, Node
from nndsl.shapes import Dim, Facts, Size, TensorType, is_floating, is_integral

# The first attempt has both signs, and whole numbers as they come. It may not suit a model: logarithms of what is
# negative are NaN, and a sum of indices may be none.
ATTEMPTS = 4
WIDEST = 128
UNKNOWN = ((-4, 8), (0, 1), (0, 0), (1, 1))  # whole numbers of which nothing is known


def sizes(graph: Graph, which: int) -> dict[str, int]:
    """Sizes of all symbols, such that nothing inside the model is empty; LookupError where there are none. The first
    are small; from the second on, windows see more than padding, where that can be."""
    if which:
        with suppress(LookupError):
            return _sizes(graph, which, [(size, least) for node in _nodes(graph) for size, least in _windows(node)])
    return _sizes(graph, which, [])


def _sizes(graph: Graph, which: int, wide: Iterable[tuple[Size, int]]) -> dict[str, int]:
    facts = (graph.facts or Facts()).copy()
    names: dict[str, None] = {}
    for value in graph.inputs:
        for size in value.shape:
            spelled = facts.spelled(size)
            names.update(dict.fromkeys(sorted(spelled.symbols()) if isinstance(spelled, Dim) else ()))
    inner = {
        size for node in _nodes(graph) for size in (*_demands(node), *(size for v in node.outputs for size in v.shape))
    }
    for size in sorted((size for size in inner if isinstance(size, Dim)), key=str):
        facts.assume_at_least(size, 1)
    for size, least in wide:
        facts.assume_at_least(size, least)
    return facts.sample(which, names)


def _nodes(graph: Graph) -> list[Node]:
    return [node for each in graph.graphs() for node in each.nodes]


def _windows(node: Node) -> list[tuple[Size, int]]:
    """How far a window reaches, of those that are not wider than anybody would try: less than what there is besides
    what was padded before."""
    reach = getattr(node.target, "kernel_size", None)
    x = node.inputs[0] if node.inputs else None
    if not isinstance(reach, tuple) or x is None:
        return []
    steps = getattr(node.target, "dilation", (1,) * len(reach))
    wide = [step * (size - 1) + 1 for size, step in zip(reach, steps, strict=True)]
    axes = zip(x.shape[len(x.shape) - len(wide) :], wide, strict=True)
    return [(_unpadded(size), least) for size, least in axes if isinstance(size, Dim) and least <= WIDEST]


def _unpadded(size: Dim) -> Size:
    return size - max(size.evaluate(dict.fromkeys(size.symbols(), 0)), 0)


def _demands(node: Node) -> list[Size]:
    if isinstance(node.target, Graph):
        return []
    return node.target.demands(*[None if value is None else value.type for value in node.inputs])


def inputs(graph: Graph, values: Mapping[str, int], float_dtype: Any, seed: int, attempt: int = 0) -> list[Any]:
    """An array for each input of the model; further attempts are tamer."""
    random = np.random.default_rng(seed)
    facts = graph.facts or Facts()

    def number(size: Size) -> int:
        known = facts.spelled(size)
        return known.evaluate(values) if isinstance(known, Dim) else known

    known = ranges(graph)
    return [_array(v.type, known.get(id(v), []), number, float_dtype, random, attempt) for v in graph.inputs]


def _array(
    type: TensorType, limits: list[Range], number: Callable[[Size], int], floating: Any, random: Any, attempt: int
) -> Any:
    shape = tuple(map(number, type.shape))
    if is_integral(type.dtype):
        return _whole(shape, np.iinfo(type.dtype), [r.solved(number) for r in limits], random, attempt)
    if not is_floating(type.dtype):
        return _mask(shape, random)
    dtype = floating if type.dtype in ("float", "bfloat16") else np.dtype(type.dtype)
    drawn = random.standard_normal(shape) if attempt == 0 else 0.05 + 0.9 * random.random(shape)
    return np.asarray(drawn).astype(dtype)


def _whole(shape: tuple[int, ...], type: Any, limits: list[tuple[Any, Any, Range]], random: Any, attempt: int) -> Any:
    """Within all limits; where there is only one end, a few numbers from there on."""
    low = max((least for least, _, _ in limits if least is not None), default=None)
    high = min((most for _, most, _ in limits if most is not None), default=None)
    first, last = UNKNOWN[attempt]
    if low is None:
        low = first if high is None else min(first, high)
    distinct = any(limit.domain.distinct for *_, limit in limits) and attempt == 0
    room = int(type.max) if high is None else min(high, int(type.max))
    if distinct and max(low, int(type.min)) + math.prod(shape) - 1 <= room:
        return (max(low, int(type.min)) + random.permutation(math.prod(shape)).reshape(shape)).astype(type.dtype)
    if high is None:
        high = max(last, low + 1)
    if attempt > 1 and low <= first <= high:  # all the same: what is computed of them stays small
        high = low = first
    low = max(low, int(type.min))
    drawn = np.asarray(random.integers(low, max(min(high, int(type.max)), low) + 1, shape))
    if any(limit.domain.ascending for *_, limit in limits) and drawn.size:
        drawn = np.sort(drawn, axis=-1)
        drawn[..., 0] = low
        if any(limit.domain.closed for *_, limit in limits):
            drawn[..., -1] = high
    return drawn.astype(type.dtype)


def _mask(shape: tuple[int, ...], random: Any) -> Any:
    """Neither all true nor all false along the last axis, whatever true means to who uses it."""
    made = np.asarray(random.random(shape) < 0.7)
    if shape and shape[-1] > 1:
        made[..., 0] = True
        made[..., -1] = False
    return made
