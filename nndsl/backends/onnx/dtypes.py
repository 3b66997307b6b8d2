"""Dtypes: nndsl's names, ONNX's numbers, numpy's types. "float" is the model's floating type, chosen when exporting."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

NUMBERS: dict[str, int] = {
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "complex64": TensorProto.COMPLEX64,
    "complex128": TensorProto.COMPLEX128,
}
_NAMES = {number: name for name, number in NUMBERS.items()}
FLOATING = ("float16", "bfloat16", "float32", "float64")


class Dtypes:
    """`floating`: what "float" stands for in this export."""

    def __init__(self, floating: str) -> None:
        if floating not in FLOATING:
            raise ValueError(f"{floating} is no floating type; there are {', '.join(FLOATING)}")
        self.floating = floating

    def exact(self, name: str) -> str:
        return self.floating if name == "float" else name

    def number(self, name: str) -> int:
        return NUMBERS[self.exact(name)]

    def name(self, number: int) -> str:
        """The nndsl name; the model's floating type is "float" again."""
        found = _NAMES.get(number, "")
        return "float" if found == self.floating else found

    def name_of(self, dtype: Any) -> str:
        """The nndsl name of a NumPy type."""
        return "float" if str(dtype) == self.floating else str(dtype)

    def numpy(self, name: str) -> Any:
        exact = self.exact(name)
        if exact == "bfloat16":
            import ml_dtypes

            return np.dtype(ml_dtypes.bfloat16)
        return np.dtype(exact)
