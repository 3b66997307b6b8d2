"""Fold a batch normalisation into the convolution or Linear layer before it: one layer less, the same function.

A pass sees no weights. It records what to compute from them (`BatchNormFolded`), and the export does."""

from __future__ import annotations

from collections import Counter

from nndsl.ir.graph import Graph, Node
from nndsl.ops.folded import BatchNormFolded
from nndsl.passes.rebuild import Draft, rebuild

_DIMS = {f"{kind}{axes}d": axes for kind in ("Conv", "ConvTranspose") for axes in (1, 2, 3)} | {"Linear": 0}


def fold_batchnorm(graph: Graph) -> Graph:
    """For graphs specialised to inference."""
    return rebuild(graph, _visit, lambda each: any(map(_is_norm, each.nodes)))


def _is_norm(node: Node) -> bool:
    return not node.is_call and node.op.name.startswith("BatchNorm") and node.op.name != BatchNormFolded.name


def _visit(draft: Draft) -> None:
    uses = Counter(id(value) for node in draft.old.nodes for value in node.inputs if value is not None)
    uses.update(id(port.value) for port in draft.old.outputs)
    norms = {id(layer): node for node in draft.old.nodes if (layer := _layer_before(node, uses)) is not None}
    for node in draft.old.nodes:
        if id(node) in norms:
            continue
        layer = _layer_before(node, uses)
        if layer is None:
            draft.keep(node)
        else:
            _fold(draft, layer, node)
    draft.finish()


def _layer_before(node: Node, uses: Counter[int]) -> Node | None:
    """The layer that this node normalises, where nobody else sees what that layer gives."""
    if not _is_norm(node):
        return None
    x = node.inputs[0]
    layer = x.producer if x is not None else None
    if x is None or layer is None or layer.is_call or layer.op.name not in _DIMS or uses[id(x)] != 1:
        return None
    batched = len(x.shape) == _DIMS[layer.op.name] + 2
    return layer if batched and getattr(node.op, "track_running_stats", False) else None


def _fold(draft: Draft, layer: Node, norm: Node) -> None:
    values = {"layer": layer.op, "norm": norm.op, "norm_label": norm.label, "norm_borrowed": norm.borrowed}
    made = draft.keep(norm, BatchNormFolded.of(values), layer.inputs)
    made.label, made.labelled, made.borrowed = layer.label, layer.labelled, layer.borrowed
    made.span, made.trace, made.texts = layer.span, layer.trace, {}
