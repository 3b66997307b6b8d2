"""Operators, one file per family. `lookup` finds one by name; `everything` imports them all (documentation, `nndsl ops`)."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from nndsl.ops.schema import REGISTRY, Op

_NOT_FAMILIES = {"schema", "kinds", "say", "emit", "initializers", "reference"}
_loaded = False


def everything() -> dict[str, type[Op]]:
    """All operators by name."""
    global _loaded  # noqa: PLW0603
    if not _loaded:
        for module in pkgutil.iter_modules(__path__):
            if module.name not in _NOT_FAMILIES:
                import_module(f"{__name__}.{module.name}")
        _loaded = True
    return REGISTRY


def lookup(name: str) -> type[Op] | None:
    return everything().get(name)
