"""PyTorch: source that reads as written by hand, and the live module, which is that source executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ir.graph import Graph

if TYPE_CHECKING:
    from torch import nn


def source(graph: Graph, *, origin: str = "") -> str:
    """The Python file of a model; nothing is imported and nothing runs. `origin`: the spec, for the
    file's first line."""
    from nndsl.backends.torch.file import File

    return File(graph, origin).text()


def module(graph: Graph, source: str | None = None, device: Any = None, allow_extern: bool = False) -> nn.Module:
    """The model, made by executing its source. Raises SpecError for layers written in Python, unless they
    are allowed."""
    from nndsl.backends.torch.file import File
    from nndsl.backends.torch.live import build

    return build(graph, File(graph).text() if source is None else source, device, allow_extern)
