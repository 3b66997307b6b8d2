"""Compute once what is computed twice: equal operators without weights on equal values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.families import REGULARIZATION
from nndsl.passes.rebuild import Draft, rebuild


def share_subexpressions(graph: Graph) -> Graph:
    return rebuild(graph, _visit, _repeats)


def _repeats(graph: Graph) -> bool:
    keys = [key for node in graph.nodes if (key := _key(node, id)) is not None]
    return len(set(keys)) < len(keys)


def _visit(draft: Draft) -> None:
    seen: dict[Any, Node] = {}
    for node in draft.old.nodes:
        key = _key(node, lambda value: id(draft[value]))
        first = seen.get(key) if key is not None else None
        if first is not None:
            for value, same in zip(node.outputs, first.outputs, strict=True):
                draft.alias(value, same)
            continue
        draft.keep(node)
        if key is not None:
            seen[key] = node
    draft.finish()


def _key(node: Node, identity: Callable[[Value], int]) -> Any:
    """None for what must stay: layers with weights, what is random, and what is written in Python."""
    if node.is_call or node.op.has_weights or node.op.family is REGULARIZATION or not node.inputs:
        return None
    if node.op.random or node.op.name == "Extern":
        return None
    key = node.op.key()
    try:
        hash(key)
    except TypeError:  # a parameter of kind Any may hold anything
        return None
    return (key, node.mode, *(identity(v) if v is not None else None for v in node.inputs))
