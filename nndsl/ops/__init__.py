"""Operators, one file per family. `lookup` finds one by name, importing its family alone; `everything` imports them all
(documentation, did-you-mean)."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from nndsl.ops.schema import REGISTRY, Op

_NOT_FAMILIES = {
    "__init__", "schema", "kinds", "domain", "say", "emit", "initializers", "reference", "costing", "strided",
    "recurrent_memory", "multihead_memory", "forms",
}  # fmt: skip
_CLASS = re.compile(rb"^class ([A-Z]\w*)\(", re.M)
_homes: dict[
    str, str
] = {}  # class name -> module: read from the text of the files, which is faster than importing them
_loaded = False


def _find_homes() -> dict[str, str]:
    if not _homes:
        for path in sorted(Path(__file__).parent.glob("*.py")):
            if path.stem not in _NOT_FAMILIES:
                _homes.update((name.decode(), path.stem) for name in _CLASS.findall(path.read_bytes()))
    return _homes


def everything() -> dict[str, type[Op]]:
    """All operators by name."""
    global _loaded  # noqa: PLW0603  a cache of what never changes
    if not _loaded:
        for module in sorted(set(_find_homes().values())):
            import_module(f"{__name__}.{module}")
        _loaded = True
    return dict(sorted(REGISTRY.items()))


def lookup(name: str) -> type[Op] | None:
    """The operator of this name, or None."""
    found = REGISTRY.get(name)
    if found is None and not _loaded and name in _find_homes():
        import_module(f"{__name__}.{_homes[name]}")
        found = REGISTRY.get(name)
    return found
