"""Passes: `Graph -> Graph`, one per file, in the order that stands here."""

from __future__ import annotations

from collections.abc import Callable

from nndsl.ir.graph import Graph
from nndsl.passes.common_subexpressions import share_subexpressions
from nndsl.passes.dead_code import drop_dead_code
from nndsl.passes.fold_batchnorm import fold_batchnorm
from nndsl.passes.identity import remove_identities
from nndsl.passes.specialize import specialize

Pass = Callable[[Graph], Graph]

# what makes an inference graph smaller without changing what it computes
INFERENCE: tuple[Pass, ...] = (
    remove_identities,  # first: what stood between a layer and its normalisation is gone
    fold_batchnorm,
    share_subexpressions,
    drop_dead_code,  # last: the others leave unused nodes behind
)


def for_inference(graph: Graph, *, optimize: bool = True) -> Graph:
    """The graph in eval mode; `optimize` applies the passes above."""
    graph = specialize(graph, training=False)
    for each in INFERENCE if optimize else ():
        graph = each(graph)
    return graph


__all__ = [
    "INFERENCE",
    "Pass",
    "drop_dead_code",
    "fold_batchnorm",
    "for_inference",
    "remove_identities",
    "share_subexpressions",
    "specialize",
]
