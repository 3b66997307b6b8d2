"""Packages that are needed for some things alone: a missing one is said in words."""

from __future__ import annotations


def need(module: str, extra: str, purpose: str) -> None:
    """ImportError where a package is not installed."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise ImportError(f'{purpose} {module} is needed: pip install "nndsl[{extra}]"')
