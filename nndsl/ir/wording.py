"""Operators and arguments as people read them: with the sizes that they wrote, not those that facts made of them."""

from __future__ import annotations

from typing import Any, TypeVar

from nndsl.ops.schema import Op
from nndsl.shapes import Dim, Facts

T = TypeVar("T")


def worded(value: T, facts: Facts | None) -> T:
    """The same, with every size in it spelled in the names of the spec: `H // 4`, where facts made it `2*H'd8`."""
    if facts is None or not facts.hidden:
        return value
    found: T = _worded(value, facts)
    return found


def _worded(value: Any, facts: Facts) -> Any:
    if isinstance(value, Dim):
        return facts.spelled(value)
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(_worded(item, facts) for item in value)
    if isinstance(value, dict):
        return {key: _worded(item, facts) for key, item in value.items()}
    if isinstance(value, Op):
        values = value.values()
        told = _worded(values, facts)
        return value if told == values else type(value).of(told)
    return value
