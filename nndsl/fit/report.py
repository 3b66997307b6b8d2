"""What keeps tensors from fitting a model, in one diagnostic."""

from __future__ import annotations

import re

from nndsl.diagnostics import Diagnostic
from nndsl.fit.advice import advised
from nndsl.fit.comparison import Fit
from nndsl.fit.entries import MAPPING, Entries, Entry
from nndsl.ir.graph import Graph

MOST = 12  # lines of one kind that a report lists
FEW = 3  # where one thing explains all of them
NUMBER = re.compile("[0-9]{1,18}")  # a file's names may have any


def mistakes(fit: Fit, graph: Graph) -> list[Diagnostic]:
    """What keeps the file from fitting, in one diagnostic, after those about the mapping."""
    found = fit.found.in_order()
    kinds = [
        (len(fit.missing), "missing", [f"missing: {line}" for line in folded(fit.missing)]),
        (len(fit.unexpected), "not in the model", [f"not in the model: {line}" for line in folded(fit.unexpected)]),
        (len(fit.reshaped), "of another shape", _pairs(fit.reshaped, "of another shape")),
        (len(fit.retyped), "of another kind", _pairs(fit.retyped, "of another kind")),
        (
            len(fit.differing),
            "unlike its copy",
            [f"unlike its copy: {_unlike(fit, name)}" for name in sorted(fit.differing)],
        ),
    ]
    counts = [f"{count} {kind}" for count, kind, _ in kinds if count]
    if not counts:
        return found
    through = f', by the mapping "{fit.mapping}"' if fit.mapping is not None else ""
    where = f" in {fit.path}" if fit.path is not None else ""
    message = f"the weights{where} do not fit {fit.model}{through}: {', '.join(counts)}"
    advice, explained = advised(fit, graph)
    hints = [line for _, _, lines in kinds for line in _listed(lines, FEW if explained else MOST)]
    left = _listed([f"left out by the mapping: {line}" for line in left_out(fit)], FEW)
    inner = [name for name, entry in fit.given.items() if entry.dtype == MAPPING]
    advice += [f"weights[{name!r}] is a mapping itself: give that" for name in inner[:1]]
    return [*found, Diagnostic("weights-mismatch", message, graph.span, hints=[*hints, *left, *advice])]


def _pairs(pairs: dict[str, tuple[Entry, Entry]], kind: str) -> list[str]:
    return [f"{kind}: {name} is {theirs}, and the model has {ours}" for name, (theirs, ours) in pairs.items()]


def _unlike(fit: Fit, name: str) -> str:
    left = fit.left_out[name]
    its = fit.given.get(left.copied or "")
    if its is None:
        return f"{name} is left out as a copy of {left.copied}, which is not given"
    what = "has other numbers than" if left.entry.is_like(its) else f"is {left.entry}, and not {its}, as is"
    return f"{name} {what} {left.copied}, of which the mapping takes it for a copy"


def left_out(fit: Fit) -> list[str]:
    """What the mapping leaves out of the file, and as a copy of what."""
    plain = {name: left.entry for name, left in fit.left_out.items() if left.copied is None}
    copies = [(name, left) for name, left in fit.left_out.items() if left.copied is not None]
    return [*folded(plain), *(f"{name}: {left.entry}, a copy of {left.copied}" for name, left in copies)]


def _listed(lines: list[str], most: int) -> list[str]:
    more = len(lines) - most
    return [*lines[:most], *([f"… and {more} more {lines[0].split(':')[0]}"] if more > 0 else [])]


def folded(entries: Entries) -> list[str]:
    """Names with their types; those that differ in numbers alone, and are of one type, on one line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, entry in entries.items():
        groups.setdefault((NUMBER.sub("#", name), str(entry)), []).append(name)
    return [f"{_together(names)}: {type_}" for (_, type_), names in groups.items()]


def _together(names: list[str]) -> str:
    """`layers.{0..11}.weight (12)`"""
    if len(names) == 1:
        return names[0]
    numbers = [sorted({int(n) for n in column}) for column in zip(*(NUMBER.findall(n) for n in names), strict=True)]
    words = [str(c[0]) if len(c) == 1 else f"{{{c[0]}..{c[-1]}}}" for c in numbers]
    text = iter(words)
    return f"{NUMBER.sub(lambda _: next(text), names[0])} ({len(names)})"
