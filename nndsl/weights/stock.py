"""What weights are taken from: a file, or tensors in memory by their names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.fit.entries import Entries
from nndsl.fit.tensors import entry_of
from nndsl.ir.graph import Graph
from nndsl.weights.files import entries_in, reader


@dataclass(slots=True)
class Stock:
    """`path` of the file, none for tensors in memory. `open` makes what reads a tensor by its name, as it is there."""

    path: str | None
    entries: Entries
    open: Callable[[], Callable[[str], Any]]


def of_file(path: str) -> Stock:
    """Read by its header alone, until it is opened. Raises SpecError for what is no file of weights, OSError."""
    return Stock(path, entries_in(path), lambda: reader(path))


def stock_of(weights: Mapping[str, Any] | str | os.PathLike[str], graph: Graph) -> Stock:
    """TypeError for what is neither a file nor tensors by their names."""
    if isinstance(weights, (str, os.PathLike)):
        return of_file(os.fsdecode(weights))
    if not isinstance(weights, Mapping):
        known = "weights is a mapping, as module.state_dict() gives"
        raise TypeError(f"{known}, and no {type(weights).__name__}, or the name of a file")
    named = {str(name): value for name, value in weights.items()}

    def read(name: str) -> Any:
        return _tensor(name, named[name], graph)

    return Stock(None, {name: entry_of(value) for name, value in named.items()}, lambda: read)


def _tensor(name: str, value: Any, graph: Graph) -> Any:
    import torch

    try:
        tensor = torch.as_tensor(value).detach()
    except (TypeError, ValueError, RuntimeError) as problem:
        raise SpecError([_useless(f"{name} is no tensor: {problem}", graph)]) from None
    if tensor.is_meta:
        raise SpecError([_useless(f"{name} is on the device meta, where tensors have no numbers", graph)])
    if tensor.layout != torch.strided:
        raise SpecError([_useless(f"{name} is sparse", graph)])
    return tensor


def _useless(message: str, graph: Graph) -> Diagnostic:
    return Diagnostic("weights-mismatch", message, graph.span)
