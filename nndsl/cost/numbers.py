"""Bytes of tensors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from nndsl.shapes import Size, TensorType, product

BYTES = {
    "float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "bfloat16": 2, "int16": 2,
    "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip


@lru_cache(maxsize=1024)  # the same types come again and again, and polynomials are not multiplied for nothing
def bytes_of(type: TensorType, floating: str) -> Size:
    """`floating` is what the model's own type `float` stands for."""
    return product(type.shape) * BYTES[floating if type.dtype == "float" else type.dtype]


def total(sizes: Iterable[Size]) -> Size:
    found: Size = 0
    for size in sizes:
        found = found + size
    return found
