"""Names and what they stand for. A scope belongs to a graph under construction, or to none (a file, a function)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.elaborate.builder import GraphBuilder
    from nndsl.shapes.simplified import Origin

MISSING = object()
Lineage = tuple[tuple[int, str], ...]  # the definitions whose text led here: (identity, name), outermost first


class Scope:
    """`names` of this scope, then the parent's. Assignments inside `if` and `for` go to the same scope."""

    __slots__ = ("builder", "flags", "names", "parent", "within")

    def __init__(self, parent: Scope | None = None, builder: GraphBuilder | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.parent = parent
        self.builder: GraphBuilder | None = (
            builder if builder is not None else (parent.builder if parent is not None else None)
        )
        self.within: Lineage = parent.within if parent is not None else ()
        self.flags: dict[str, Origin] = {}  # of names bound here that are true or false: which hyperparameters

    def get(self, name: str) -> Any:
        at: Scope | None = self
        while at is not None:
            found = at.names.get(name, MISSING)
            if found is not MISSING:
                return found
            at = at.parent
        return MISSING

    def holds(self, name: str) -> bool:
        """Is it a name of the block itself, not of its file? A dim may be called like a layer or a function."""
        at: Scope | None = self
        while at is not None and at.builder is not None:
            if name in at.names:
                return True
            at = at.parent
        return False

    def child(self) -> Scope:
        return Scope(self)

    def frozen(self, names: Iterable[str]) -> Scope:
        """A child in which these names keep the values that they have now, where a block gave them."""
        found = Scope(self)
        for name in names:
            at: Scope | None = self
            while at is not None and at.builder is not None:
                if name in at.names:
                    found.names[name] = at.names[name]
                    if name in at.flags:
                        found.flags[name] = at.flags[name]
                    break
                at = at.parent
        return found

    def flag(self, name: str) -> Origin | None:
        """The hyperparameter that a true or false is."""
        at: Scope | None = self
        while at is not None:
            if name in at.names:
                return at.flags.get(name)
            at = at.parent
        return None

    def visible(self) -> Iterator[str]:
        """All names, for did-you-mean."""
        at: Scope | None = self
        while at is not None:
            yield from at.names
            at = at.parent


def nearest(name: str, candidates: Iterator[str] | list[str]) -> str | None:
    """The most similar candidate, if one is similar enough."""
    from difflib import get_close_matches

    pool = sorted({c for c in candidates if c != name})
    lowered = {c.lower(): c for c in pool}
    if name.lower() in lowered:
        return lowered[name.lower()]
    found = get_close_matches(name, pool, n=1, cutoff=0.7) or get_close_matches(
        name.lower(), list(lowered), n=1, cutoff=0.75
    )
    return (found[0] if found[0] in pool else lowered[found[0]]) if found else None
