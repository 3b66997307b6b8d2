"""Shapes as types: sizes, what is known of them, tensor types, type promotion and broadcasting.

The algebra stands in `dims` and the proofs in `facts`; everyone else imports from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nndsl.shapes.dims import Dim, DimTooLarge, Size, ceil_div, parse_dim, product, smax, smin, symbol
from nndsl.shapes.facts import Facts

__all__ = [
    "DTYPES",
    "FLOATING",
    "INTEGRAL",
    "Dim",
    "DimTooLarge",
    "Facts",
    "Size",
    "TensorType",
    "broadcast",
    "canonical_dtype",
    "ceil_div",
    "is_floating",
    "is_integral",
    "parse_dim",
    "product",
    "promote",
    "smax",
    "smin",
    "spell_shape",
    "symbol",
]

# "float" is the model's own floating type, chosen when it is trained or exported.
FLOATING = frozenset({"float", "float16", "bfloat16", "float32", "float64"})
INTEGRAL = frozenset({"int8", "int16", "int32", "int64", "uint8"})
DTYPES = FLOATING | INTEGRAL | {"bool"}

_FLOAT_RANK = {"float16": 0, "bfloat16": 0, "float": 1, "float32": 2, "float64": 3}
_INTEGER_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


@dataclass(frozen=True, slots=True)
class TensorType:
    """What is known of a tensor before anything runs: its element type and the size of each axis."""

    dtype: str
    shape: tuple[Size, ...]

    @property
    def rank(self) -> int:
        return len(self.shape)

    def with_shape(self, shape: Iterable[Size]) -> TensorType:
        return TensorType(self.dtype, tuple(shape))

    def spell(self, facts: Facts) -> str:
        """As people write it, no hidden symbol shown."""
        return f"{self.dtype}{spell_shape(self.shape, facts)}"

    def __str__(self) -> str:
        return f"{self.dtype}{spell_shape(self.shape)}"


def spell_shape(shape: Iterable[Size], facts: Facts | None = None) -> str:
    return f"[{', '.join(str(size) if facts is None else facts.spell(size) for size in shape)}]"


def canonical_dtype(name: str) -> str:
    """The language's `int` is int64."""
    return "int64" if name == "int" else name


def is_floating(dtype: str) -> bool:
    return dtype in FLOATING


def is_integral(dtype: str) -> bool:
    return dtype in INTEGRAL


def promote(a: str, b: str) -> str:
    """The element type of `a + b`, as PyTorch decides it.

    The model's `float` gives way to explicit wider types only, since what it will be is not known yet.
    """
    a, b = canonical_dtype(a), canonical_dtype(b)
    if b in (a, "bool"):
        return a
    if a == "bool":
        return b
    if a in FLOATING and b in FLOATING:
        return _promote_floats(a, b)
    if a in FLOATING or b in FLOATING:
        return a if a in FLOATING else b
    if "uint8" in (a, b):
        signed = a if b == "uint8" else b
        return "int16" if signed == "int8" else signed
    return max(a, b, key=_INTEGER_BITS.__getitem__)


def _promote_floats(a: str, b: str) -> str:
    if {a, b} == {"float16", "bfloat16"}:
        return "float32"
    return max(a, b, key=_FLOAT_RANK.__getitem__)


def broadcast(a: tuple[Size, ...], b: tuple[Size, ...], facts: Facts | None = None) -> tuple[Size, ...] | list[int]:
    """The shape of `a + b` by NumPy's rules, or the axes (-1 is last) that disagree or may disagree."""
    result: list[Size] = []
    wrong: list[int] = []
    for axis in range(-1, -max(len(a), len(b)) - 1, -1):
        left = a[axis] if -axis <= len(a) else 1
        right = b[axis] if -axis <= len(b) else 1
        joined = _joined(left, right, facts)
        result.append(left if joined is None else joined)
        if joined is None:
            wrong.append(axis)
    return wrong or tuple(reversed(result))


def _joined(left: Size, right: Size, facts: Facts | None) -> Size | None:
    if left == right:
        return left
    if left == 1 or right == 1:
        return right if left == 1 else left
    if facts is None or (isinstance(left, int) and isinstance(right, int)):
        return None
    left_known, right_known = facts.normalize(left), facts.normalize(right)
    if left_known == 1 or right_known == 1:
        return right if left_known == 1 else left
    if not facts.equal(left, right):
        return None
    return left if isinstance(left, int) else right if isinstance(right, int) else left
