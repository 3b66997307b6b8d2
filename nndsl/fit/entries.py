"""A tensor of a file, or of a model, as far as names, sizes and kinds of numbers go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NoReturn, cast

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph
from nndsl.source import Source, Span

# safetensors' names of kinds of numbers: PyTorch's name, and how many bytes one takes.
DTYPES = {
    "BOOL": ("bool", 1), "U8": ("uint8", 1), "I8": ("int8", 1), "I16": ("int16", 2), "U16": ("uint16", 2),
    "I32": ("int32", 4), "U32": ("uint32", 4), "I64": ("int64", 8), "U64": ("uint64", 8),
    "F8_E4M3": ("float8_e4m3fn", 1), "F8_E5M2": ("float8_e5m2", 1), "F8_E8M0": ("float8_e8m0fnu", 1),
    "F16": ("float16", 2), "BF16": ("bfloat16", 2), "F32": ("float32", 4), "F64": ("float64", 8),
    "C64": ("complex64", 8),
}  # fmt: skip
MAPPING = "mapping"  # as a kind of numbers: what trainers keep beside a state dict
COUNTER = "num_batches_tracked"  # counts steps of training: many files lack it


@dataclass(frozen=True, slots=True)
class Entry:
    """`dtype` is PyTorch's name, or the model's `float`, whose precision is chosen later. `optional`: the model knows
    the values itself."""

    shape: tuple[int, ...]
    dtype: str
    optional: bool = False

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    def is_like(self, other: Entry) -> bool:
        """Of the same shape and kind, perhaps of another precision."""
        return self.shape == other.shape and kind_of(self.dtype) == kind_of(other.dtype)

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


Entries = dict[str, Entry]


def entries_of(graph: Graph) -> Entries:
    """What a state dict of the model holds. Constants of the spec, and counters, may be absent from a file."""
    return {
        key: Entry(
            cast("tuple[int, ...]", tuple(weight.shape)),
            weight.dtype,
            weight.kind == "buffer" and (weight.init is not None or key.endswith(COUNTER)),
        )
        for key, weight in graph.weights()
    }


def unknown_in(graph: Graph, path: str = "") -> list[str]:
    """What names of weights begin with that only a class written in Python knows."""
    found: list[str] = []
    for label, node in graph.layers().items():
        if isinstance(node.target, Graph):
            found += unknown_in(node.target, f"{path}{label}.")
        elif not node.op.weighed:
            found.append(f"{path}{label}.")
    return found


def kind_of(dtype: str) -> str:
    """Kinds between which numbers are converted without a word being lost: floats, whole numbers, booleans."""
    if dtype.startswith(("float", "bfloat")):
        return "float"
    if dtype.startswith(("int", "uint")):
        return "int"
    return dtype


def whole_of(path: str) -> Span:
    """A file as a place."""
    return Span(Source("", path), 0, 0)


def refuse(path: str, message: str, *hints: str) -> NoReturn:
    """A file that cannot be taken for weights."""
    raise SpecError([Diagnostic("weights-file", f"{path}: {message}", whole_of(path), hints=list(hints))])
