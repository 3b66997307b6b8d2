"""Tensors in memory, by names, held against a model: told as those of a file are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nndsl.diagnostics import Diagnostic
from nndsl.fit.comparison import Fit, compare
from nndsl.fit.entries import MAPPING, Entries, Entry
from nndsl.fit.report import mistakes
from nndsl.ir.graph import Graph


def misfits(graph: Graph, wanted: Entries, given: Mapping[str, Any]) -> list[Diagnostic]:
    """One diagnostic that lists what keeps them from fitting; none where all fits."""
    entries = {str(name): entry_of(value) for name, value in given.items()}
    return mistakes(compare(Fit(None, graph.name), wanted, entries), graph)


def entry_of(value: Any) -> Entry:
    """Of a tensor, an array, or what becomes one."""
    if isinstance(value, Mapping):
        return Entry((), MAPPING)
    if not hasattr(value, "dtype"):
        import numpy as np

        try:
            value = np.asarray(value)
        except ValueError:  # lists of different lengths
            return Entry((), type(value).__name__)
    dtype = getattr(value.dtype, "name", None) or str(value.dtype).removeprefix("torch.")  # numpy's has a name
    return Entry(tuple(int(size) for size in value.shape), dtype)
