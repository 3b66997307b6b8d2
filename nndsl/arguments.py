"""What the Python API is called with: an argument of another kind is refused in words."""

from __future__ import annotations

from typing import Any


def shown(value: Any) -> str:
    """A value in a message: short, also where Python itself does not print it."""
    try:
        text = repr(value)
    except Exception:  # a `__repr__` of somebody else may raise anything
        return f"a {type(value).__name__}" if not isinstance(value, int) else "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."


def whole(name: str, value: Any, least: int | None = None) -> int:
    """A whole number, NumPy's too. Raises TypeError, and ValueError below the least."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise TypeError(f"{name} is a whole number, not {shown(value)}")
    if least is not None and plain < least:
        raise ValueError(f"{name} is at least {least}, not {shown(value)}")
    return plain


def word(name: str, value: Any) -> str:
    """A string. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{name} is a str, not {shown(value)}")
    return value


def words(name: str, value: Any) -> str | list[str]:
    """A string, or several. Raises TypeError."""
    if isinstance(value, str):
        return value
    try:
        found = list(value)
    except TypeError:
        found = [value]
    if not found or all(isinstance(each, str) for each in found):
        return found
    raise TypeError(f"{name} is a str, or a sequence of them, not {shown(value)}")
