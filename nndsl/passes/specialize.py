"""Decide `if training`: what stands for the other mode goes."""

from __future__ import annotations

from nndsl.ir.graph import Graph
from nndsl.passes.rebuild import Draft, rebuild

MERGE = "Merge"  # the operator that takes a value from one of two modes: (training, otherwise)


def specialize(graph: Graph, training: bool) -> Graph:
    other = "eval" if training else "train"

    def visit(draft: Draft) -> None:
        for node in draft.old.nodes:
            if node.mode == other:
                continue
            if not node.is_call and node.op.name == MERGE:
                taken = node.inputs[0 if training else 1]
                assert taken is not None
                draft.alias(node.outputs[0], taken)
            else:
                draft.keep(node).mode = None
        draft.finish(lambda port: port.mode != other)
        for port in draft.new.outputs:
            port.mode = None

    return rebuild(graph, visit, _has_modes)


def _has_modes(graph: Graph) -> bool:
    modes = any(node.mode or (not node.is_call and node.op.name == MERGE) for node in graph.nodes)
    return modes or any(port.mode for port in graph.outputs)
