"""Text to syntax tree and back."""

from nndsl.syntax.parse import parse

__all__ = ["parse"]
