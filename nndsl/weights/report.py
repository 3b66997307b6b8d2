"""How a file's tensors fit a model's: what is missing, left over, of another shape or kind. Told by names alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nndsl.diagnostics import Diagnostic, Diagnostics
from nndsl.ir.graph import Graph
from nndsl.weights.entries import COUNTER, Entries, Entry, kind_of

MOST = 12  # lines of one kind that a report lists
FEW = 3  # where one thing explains all of them
SEARCHED = 400  # names among which a similar one is looked for


@dataclass(slots=True)
class Fit:
    """What comparing gave. `found` are mistakes of the mapping that was used, and warnings about it."""

    path: str
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
    fitting: int = 0
    found: Diagnostics = field(default_factory=Diagnostics)

    @property
    def fits(self) -> bool:
        return not self.problems and not self.found.errors

    @property
    def problems(self) -> int:
        return len(self.missing) + len(self.unexpected) + len(self.reshaped) + len(self.retyped)

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
        }


def _object(entry: Entry) -> dict[str, Any]:
    return {"shape": list(entry.shape), "dtype": entry.dtype}


def compare(fit: Fit, wanted: Entries, given: Entries, floating: str = "float32") -> Fit:
    """Fills `fit`. `floating`: what the model's `float` is going to be."""
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
    fit.unexpected = {n: entry for n, entry in given.items() if n not in wanted and not n.endswith(COUNTER)}
    return fit


def mistakes(fit: Fit, graph: Graph) -> list[Diagnostic]:
    """What keeps the file from fitting, in one diagnostic, after those about the mapping."""
    found = fit.found.in_order()
    kinds = [
        (len(fit.missing), "missing", [f"missing: {line}" for line in folded(fit.missing)]),
        (len(fit.unexpected), "not in the model", [f"not in the model: {line}" for line in folded(fit.unexpected)]),
        (len(fit.reshaped), "of another shape", _pairs(fit.reshaped, "of another shape")),
        (len(fit.retyped), "of another kind", _pairs(fit.retyped, "of another kind")),
    ]
    counts = [f"{count} {kind}" for count, kind, _ in kinds if count]
    if not counts:
        return found
    through = f', by the mapping "{fit.mapping}"' if fit.mapping is not None else ""
    message = f"the weights in {fit.path} do not fit {fit.model}{through}: {', '.join(counts)}"
    prefixed = _prefixed(fit)
    hints = [line for _, _, lines in kinds for line in _listed(lines, FEW if prefixed else MOST)]
    return [
        *found,
        Diagnostic("weights-mismatch", message, graph.span, hints=[*hints, *(prefixed or _similar(fit))]),
    ]


def _pairs(pairs: dict[str, tuple[Entry, Entry]], kind: str) -> list[str]:
    return [f"{kind}: {name} is {theirs}, and the model has {ours}" for name, (theirs, ours) in pairs.items()]


def _listed(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return [*lines[:most], *([f"… and {more} more {lines[0].split(':')[0]}"] if more > 0 else [])]


def folded(entries: Entries) -> list[str]:
    """Names with their types; those that differ in numbers alone, and are of one type, on one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, entry in entries.items():
        groups.setdefault((re.sub(r"\d+", "#", name), str(entry)), []).append(name)
    return [f"{_together(names)}: {type_}" for (_, type_), names in groups.items()]


def _together(names: list[str]) -> str:
    """`layers.{0..11}.weight (12)`"""
    if len(names) == 1:
        return names[0]
    numbers = [sorted({int(n) for n in column}) for column in zip(*(re.findall(r"\d+", n) for n in names), strict=True)]
    words = [str(c[0]) if len(c) == 1 else f"{{{c[0]}..{c[-1]}}}" for c in numbers]
    text = iter(words)
    return f"{re.sub(r'[0-9]+', lambda _: next(text), names[0])} ({len(names)})"


# ---------------------------------------------------------------- what to try


def _prefixed(fit: Fit) -> list[str]:
    for longer, shorter, rule in (
        (fit.unexpected, fit.missing, '"{}*" -> "*"'),
        (fit.missing, fit.unexpected, '"*" -> "{}*"'),
    ):
        prefix = _prefix(longer, shorter)
        if prefix:
            whose = "the file's names" if longer is fit.unexpected else "the model's names"
            return [f'{whose} begin with {prefix!r}: `weights from "prefixed" {{ {rule.format(prefix)} }}` in the spec']
    return []


def _prefix(longer: Entries, shorter: Entries) -> str:
    """What stands before most of the names, as `module.` of a wrapper does."""
    counts: Counter[str] = Counter()
    for name in longer:
        parts = name.split(".")
        for at in range(1, min(len(parts), 5)):
            if ".".join(parts[at:]) in shorter:
                counts[".".join(parts[:at]) + "."] += 1
                break
    best = counts.most_common(1)
    return best[0][0] if best and 2 * best[0][1] >= len(shorter) else ""


def _similar(fit: Fit) -> list[str]:
    from nndsl.elaborate.scope import nearest

    hints: list[str] = []
    for name, entry in list(fit.missing.items())[:MOST]:
        pool = _first(n for n, theirs in fit.unexpected.items() if theirs.shape == entry.shape)
        close = nearest(name, pool)
        if close:
            hints.append(f"{name}: did you mean the file's {close}?")
        if len(hints) == 3:
            break
    return hints


def _first(names: Iterable[str]) -> list[str]:
    return [name for name, _ in zip(names, range(SEARCHED), strict=False)]
