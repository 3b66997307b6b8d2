"""Inputs to run a model with: sizes that all its layers accept, indices that exist, masks that mask something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.schema import Op
from nndsl.shapes import Dim, Facts, Size, TensorType, is_floating, is_integral

Bound = tuple[int, Size]  # the least and the first too large value
UNTRACKED: Bound = (0, 2)  # whole numbers of which nothing is known


def sizes(graph: Graph, which: int) -> dict[str, int]:
    """Sizes of all symbols, such that nothing inside the model is empty; LookupError where there are none."""
    facts = (graph.facts or Facts()).copy()
    names: dict[str, None] = {}
    for value in graph.inputs:
        for size in value.shape:
            spelled = facts.spelled(size)
            names.update(dict.fromkeys(sorted(spelled.symbols()) if isinstance(spelled, Dim) else ()))
    nodes = [node for each in graph.graphs() for node in each.nodes]
    inner = {size for node in nodes for size in (*_demands(node), *(size for v in node.outputs for size in v.shape))}
    for size in sorted((size for size in inner if isinstance(size, Dim)), key=str):
        facts.assume_at_least(size, 1)
    return facts.sample(which, names)


def _demands(node: Node) -> list[Size]:
    if isinstance(node.target, Graph):
        return []
    return node.target.demands(*[None if value is None else value.type for value in node.inputs])


def inputs(graph: Graph, values: Mapping[str, int], float_dtype: Any, seed: int) -> list[Any]:
    """An array for each input of the model."""
    random = np.random.default_rng(seed)
    facts = graph.facts or Facts()

    def number(size: Size) -> int:
        known = facts.spelled(size)
        return known.evaluate(values) if isinstance(known, Dim) else known

    bounds = index_bounds(graph)
    return [_array(v.type, bounds.get(id(v), [UNTRACKED]), number, float_dtype, random) for v in graph.inputs]


def _array(type: TensorType, bounds: list[Bound], number: Callable[[Size], int], float_dtype: Any, random: Any) -> Any:
    shape = tuple(map(number, type.shape))
    if is_floating(type.dtype):
        dtype = float_dtype if type.dtype in ("float", "bfloat16") else np.dtype(type.dtype)
        return np.asarray(random.standard_normal(shape)).astype(dtype)
    if is_integral(type.dtype):
        low, high = max(b[0] for b in bounds), min(number(b[1]) for b in bounds)
        return np.asarray(random.integers(low, max(high, low + 1), shape)).astype(type.dtype)
    return _mask(shape, random)


def _mask(shape: tuple[int, ...], random: Any) -> Any:
    """Neither all true nor all false along the last axis, whatever true means to who uses it."""
    made = np.asarray(random.random(shape) < 0.7)
    if shape and shape[-1] > 1:
        made[..., 0] = True
        made[..., -1] = False
    return made


def index_bounds(graph: Graph) -> dict[int, list[Bound]]:
    """For each input of whole numbers: what the layers that it reaches take, by the identity of the value."""
    found: dict[int, list[Bound]] = {}
    _follow(graph, {id(value): {id(value)} for value in graph.inputs if is_integral(value.dtype)}, found)
    return found


def _follow(graph: Graph, origins: dict[int, set[int]], found: dict[int, list[Bound]]) -> list[set[int]]:
    """`origins`: which of the model's inputs a value's numbers come from. Returns those of the graph's outputs."""
    for node in graph.nodes:
        sources = [origins.get(id(v), set()) if v is not None else set() for v in node.inputs]
        if not any(sources):
            continue
        if isinstance(node.target, Graph):
            inner = dict(zip(map(id, node.target.inputs), sources, strict=True))
            results = _follow(node.target, inner, found)
        else:
            _note(node, node.target, sources, found)
            results = [set().union(*sources)] * len(node.outputs)
        for value, source in zip(node.outputs, results, strict=True):
            if is_integral(value.dtype):
                origins[id(value)] = source
    return [origins.get(id(port.value), set()) for port in graph.outputs]


def _note(node: Node, op: Op, sources: list[set[int]], found: dict[int, list[Bound]]) -> None:
    for position, source in enumerate(sources):
        bound = _bound(node, op, position) if source else None
        for origin in source if bound is not None else ():
            found.setdefault(origin, []).append(bound)  # type: ignore[arg-type]


def _bound(node: Node, op: Op, position: int) -> Bound | None:
    """What an operator takes as whole numbers at one of its inputs."""
    names = op.input_names()
    name = names[min(position, len(names) - 1)]
    first = node.inputs[0]
    for parameter in ("num_embeddings", "num_classes"):
        if position == 0 and hasattr(op, parameter):
            return 0, getattr(op, parameter)
    if name == "lengths" and first is not None:
        return 1, first.shape[0 if getattr(op, "batch_first", True) is False else 1] + 1
    if position == 0 or first is None or not first.shape:
        return None
    if op.name == "Index":
        return 0, _least_axis(first)
    dim = getattr(op, "dim", None)
    return (0, first.shape[dim]) if isinstance(dim, int) else None


def _least_axis(value: Value) -> Size:
    """Which axis an index tensor picks from is the operator's business: the smallest known size is always right."""
    known = [size for size in value.shape if isinstance(size, int)]
    return min(known) if known else 1
