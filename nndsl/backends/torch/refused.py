"""What PyTorch cannot say of a model that is fine otherwise: known to `check`, too."""

from __future__ import annotations

from collections.abc import Iterable

from nndsl.backends.torch.uses import MOST_MEMBERS, varied, written_out
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph


def refused(graphs: Iterable[Graph]) -> list[Diagnostic]:
    """The text is only made of models that could be refused: this is cheap for all others."""
    found: list[Diagnostic] = []
    for graph in graphs:
        if next(varied(graph), None) is None and written_out(graph) <= MOST_MEMBERS:
            continue
        from nndsl.backends.torch.file import File

        try:
            File(graph).text()
        except SpecError as problem:
            found += problem.diagnostics
    return found
