"""How tensors fit a model's: what is missing, left over, of another shape or kind. Told by names alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.fit.entries import COUNTER, Entries, Entry, kind_of


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A tensor of the file that the mapping leaves out. `copied`: the tensor of the model that it holds once more."""

    entry: Entry
    copied: str | None = None


@dataclass(slots=True)
class Fit:
    """What comparing gave. `path` of the file, none for tensors in memory. `found` are mistakes of the mapping that was
    used, and warnings about it."""

    path: str | None
    model: str
    mapping: str | None = None
    missing: Entries = field(default_factory=dict)
    unexpected: Entries = field(default_factory=dict)
    reshaped: dict[str, tuple[Entry, Entry]] = field(default_factory=dict)
    """Names with what the file has, and what the model has."""
    retyped: dict[str, tuple[Entry, Entry]] = field(default_factory=dict)
    """The same: floats where there are to be whole numbers, and the like."""
    converted: dict[str, tuple[Entry, Entry]] = field(default_factory=dict)
    """The same, where numbers become others of their kind."""
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    """By the file's names."""
    differing: set[str] = field(default_factory=set)
    """Those of them that are not what they are to be copies of."""
    given: Entries = field(default_factory=dict)
    """All that there is, by the model's names."""
    fitting: int = 0
    found: Diagnostics = field(default_factory=Diagnostics)

    @property
    def fits(self) -> bool:
        return not self.problems and not self.found.errors

    @property
    def problems(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.reshaped) + len(self.retyped) + len(self.differing)

    def as_object(self) -> dict[str, Any]:
        """For JSON."""

        def both(pairs: dict[str, tuple[Entry, Entry]]) -> list[dict[str, Any]]:
            return [{"name": n, "file": _object(theirs), "model": _object(ours)} for n, (theirs, ours) in pairs.items()]

        return {
            "file": self.path,
            "model": self.model,
            "mapping": self.mapping,
            "fits": self.fits,
            "fitting": self.fitting,
            "missing": [{"name": name, **_object(entry)} for name, entry in self.missing.items()],
            "unexpected": [{"name": name, **_object(entry)} for name, entry in self.unexpected.items()],
            "shape": both(self.reshaped),
            "kind": both(self.retyped),
            "converted": both(self.converted),
            "left_out": [self._left_out(name) for name in self.left_out],
        }

    def _left_out(self, name: str) -> dict[str, Any]:
        its = self.left_out[name]
        return {"name": name, **_object(its.entry), "copy_of": its.copied, "differs": name in self.differing}


def _object(entry: Entry) -> dict[str, Any]:
    return {"shape": list(entry.shape), "dtype": entry.dtype}


def compare(fit: Fit, wanted: Entries, given: Entries, floating: str = "float32") -> Fit:
    """Fills `fit`. `floating`: what the model's `float` is going to be."""
    fit.given = given
    for name, entry in wanted.items():
        theirs = given.get(name)
        if theirs is None:
            if not entry.optional:
                fit.missing[name] = entry
            continue
        if theirs.shape != entry.shape:
            fit.reshaped[name] = (theirs, entry)
        elif kind_of(theirs.dtype) != kind_of(entry.dtype):
            fit.retyped[name] = (theirs, entry)
        else:
            fit.fitting += 1
            if theirs.dtype != (floating if entry.dtype == "float" else entry.dtype):
                fit.converted[name] = (theirs, entry)
    for name, left in fit.left_out.items():
        if left.copied is not None and not (left.copied in given and left.entry.is_like(given[left.copied])):
            fit.differing.add(name)
    fit.unexpected = {n: entry for n, entry in given.items() if n not in wanted and not n.endswith(COUNTER)}
    return fit
