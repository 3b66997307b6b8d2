"""Buffers that a spec computes: their graph, evaluated once in `__init__`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.backends.torch.forward import write
from nndsl.backends.torch.pieces import Code, Line, Piece
from nndsl.ir.graph import Graph

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File


def computed(module: File, graph: Graph, dtype: str, taken: set[str]) -> tuple[list[Line], Piece]:
    """Statements, and the expression of the value."""
    written = write(module, graph, {*module.names, *taken}, inside_init=True)
    *before, last = written.lines
    value = last.parts[1]
    assert isinstance(value, Code)
    of = graph.outputs[0].value.type.dtype
    text = (
        value.text
        if of == dtype
        else f"({value.text}).to({'torch.get_default_dtype()' if dtype == 'float' else f'torch.{dtype}'})"
    )
    return before, Code(text, value.numbers)
