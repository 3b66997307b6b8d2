"""What PyTorch cannot say of a model that is fine otherwise: known to `check`, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nndsl.backends.torch.sizes import Absent, at_hand, said
from nndsl.backends.torch.uses import MOST_MEMBERS, varied, written_out
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.elaborate import Spec, check_spec, glance
from nndsl.ir.graph import Graph
from nndsl.shapes import Dim

_SIMPLE = frozenset({int, float, bool, str, type(None)})


def find_mistakes(
    spec: Spec,
    *,
    model: str | None = None,
    hyper: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
) -> None:
    """All that is wrong with a spec or one of its models, into `spec.diagnostics`. A glance is enough where nothing
    is."""
    graphs = glance(spec, model=model, hyper=hyper, dims=dims)
    if graphs is None or any(map(doubtful, graphs)):
        for refusal in refused(check_spec(spec, model=model, hyper=hyper, dims=dims)):
            spec.diagnostics.add(refusal)


def refused(graphs: Iterable[Graph]) -> list[Diagnostic]:
    """The text is only made of models that could be refused: this is cheap for all others."""
    found: list[Diagnostic] = []
    for graph in filter(doubtful, graphs):
        from nndsl.backends.torch.file import File

        try:
            File(graph).text()
        except SpecError as problem:
            found += problem.diagnostics
    return found


def doubtful(graph: Graph) -> bool:
    """Could it be refused?"""
    return (
        next(varied(graph), None) is not None
        or written_out(graph) > MOST_MEMBERS
        or next(untold(graph), None) is not None
    )


def untold(root: Graph) -> Iterator[Dim]:
    """Sizes that a block computes with, and that none of its own inputs tells: they may be another's."""
    for graph in root.graphs():
        known = None
        for node in graph.nodes:
            for size in () if node.is_call else _sizes(vars(node.op)):
                known = at_hand((v.name, v.shape) for v in graph.inputs) if known is None else known
                try:
                    said(size, known)
                except Absent:
                    yield size


def _sizes(value: Any) -> list[Dim]:
    found: list[Dim] = []
    for member in value.values() if isinstance(value, dict) else value:
        if type(member) in _SIMPLE:
            continue
        if isinstance(member, Dim):
            found.append(member)
        elif isinstance(member, (tuple, list, dict)):
            found += _sizes(member)
    return found
