"""Remove what does nothing once training is over: Dropout and its kin, Identity."""

from __future__ import annotations

from nndsl.ir.graph import Graph, Node
from nndsl.ops.families import REGULARIZATION
from nndsl.passes.rebuild import Draft, rebuild


def remove_identities(graph: Graph) -> Graph:
    """For graphs specialised to inference: layers of the regularization family act only while training."""
    return rebuild(graph, _visit, lambda each: any(map(_does_nothing, each.nodes)))


def _visit(draft: Draft) -> None:
    for node in draft.old.nodes:
        passed = node.inputs[0] if _does_nothing(node) else None
        if passed is not None:
            draft.alias(node.outputs[0], passed)
        else:
            draft.keep(node)
    draft.finish()


def _does_nothing(node: Node) -> bool:
    if node.is_call or len(node.outputs) != 1 or not node.inputs or node.inputs[0] is None:
        return False
    known = node.op.family is REGULARIZATION or node.op.name == "Identity"
    return known and node.inputs[0].type == node.outputs[0].type
