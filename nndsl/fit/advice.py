"""What to try where tensors do not fit: the mistakes that are usual, and the line of a mapping that mends them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice

from nndsl.elaborate.scope import nearest
from nndsl.fit.comparison import Fit
from nndsl.fit.entries import Entries, Entry
from nndsl.ir.graph import Graph

MOST = 3  # pieces of advice of one kind
SEARCHED = 400  # names among which a similar one is looked for
_FIRST = re.compile(r"((?:.*?\.)?)(0|[1-9][0-9]{0,17})(\..*)", re.S)
_SHARD = re.compile(r"-\d{1,9}-of-\d{1,9}\.\w+$")


def advised(fit: Fit, graph: Graph) -> tuple[list[str], bool]:
    """The advice, and whether it explains most of what does not fit."""
    explained = [*_one_of_several(fit), *_prefixed(fit)]
    if explained:
        return explained, True
    resized = [*_deeper(fit, graph), *_resized(fit, graph)]
    return [*resized, *_turned(fit), *_left_over(fit), *_tied(fit), *_similar(fit)], bool(resized)


def _rule(rule: str) -> str:
    return f'`weights from "other" {{ {rule} }}` in the spec'


def _one_of_several(fit: Fit) -> list[str]:
    if fit.path is None or not fit.missing or _SHARD.search(fit.path) is None:
        return []
    return ["it is one file of several: give their folder, or the index beside it"]


def _prefixed(fit: Fit) -> list[str]:
    for longer, shorter, whose, rule, word in (
        (fit.unexpected, fit.missing, "the file's", '"{}*" -> "*"', "take {!r} off their names"),
        (fit.missing, fit.unexpected, "the model's", '"*" -> "{}*"', "put {!r} before their names"),
    ):
        prefix = _prefix(longer, shorter)
        if prefix and fit.path is None:
            return [word.format(prefix)]
        if prefix:
            return [f"{whose} names begin with {prefix!r}: {_rule(rule.format(prefix))}"]
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


def _resized(fit: Fit, graph: Graph) -> list[str]:
    """The model has other sizes than the one of the file: which, and which hyperparameters have such a value."""
    counts: Counter[tuple[int, int]] = Counter()
    for theirs, ours in fit.reshaped.values():
        if len(theirs.shape) == len(ours.shape) and theirs.shape != ours.shape[::-1]:
            counts.update({pair for pair in zip(ours.shape, theirs.shape, strict=True) if pair[0] != pair[1]})
    hints = []
    for (ours_size, theirs_size), count in counts.most_common(MOST):
        names = [name for name, value in graph.hyper.items() if value is not True and value == ours_size]
        if count == 1 and not names:
            continue
        advice = f": is it `{names[0]}={theirs_size}`?" if names else ""
        tensors = "one tensor" if count == 1 else f"{count:,} tensors"
        hints.append(f"where the model has {ours_size:,}, the weights have {theirs_size:,}, in {tensors}{advice}")
    return hints


def _deeper(fit: Fit, graph: Graph) -> list[str]:
    """More or fewer layers: names that differ from those that fit by a higher number alone."""
    known = _highest(name for name in fit.given if name not in fit.unexpected)
    for others, is_file in ((fit.unexpected, True), (fit.missing, False)):
        for kind, most in _highest(others).items():
            if kind in known and known[kind] < most:
                theirs, ours = (most, known[kind]) if is_file else (known[kind], most)
                names = [name for name, value in graph.hyper.items() if value is not True and value == ours + 1]
                advice = f": is it `{names[0]}={theirs + 1}`?" if names else ""
                path = kind.split("#")[0].rstrip(".") or "layers"
                whose = "the file has" if fit.path is not None else "the weights have"
                return [f"{whose} {path} up to {theirs:,}, and the model up to {ours:,}{advice}"]
    return []


def _highest(names: Iterable[str]) -> dict[str, int]:
    """By names with their first number aside: the highest there is."""
    found: dict[str, int] = {}
    for name in names:
        parts = _FIRST.fullmatch(name)
        if parts is not None:
            kind = f"{parts[1]}#{parts[3]}"
            found[kind] = max(found.get(kind, -1), int(parts[2]))
    return found


def _turned(fit: Fit) -> list[str]:
    """Matrices that lie the other way, and tensors with as many numbers."""
    hints = []
    for name, (theirs, ours) in fit.reshaped.items():
        if len(ours.shape) == 2 and theirs.shape == ours.shape[::-1]:
            step = "Transpose(0, 1)"
        elif theirs.elements == ours.elements:
            step = f"Reshape({', '.join(map(str, ours.shape)) or '[]'})"
        else:
            continue
        rule = _rule(f'"{name}" -> {step} -> "{name}"')
        hints.append(f"{name} has as many numbers: {rule}")
    return hints[:MOST]


def _left_over(fit: Fit) -> list[str]:
    """All is there, and more: tables that the model computes, a tied weight once more."""
    if fit.missing or fit.reshaped or fit.retyped or not fit.unexpected:
        return []
    rules = "  ".join(f'"{name}" -> none' for name in islice(fit.unexpected, MOST))
    more = " …" if len(fit.unexpected) > MOST else ""
    return [f"nothing else is wrong; what the model does not need is left out: {_rule(rules + more)}"]


def _tied(fit: Fit) -> list[str]:
    """A table that the file has once, and the model twice."""
    if len(fit.missing) != 1 or fit.unexpected:
        return []
    (name, entry), *_ = fit.missing.items()
    same = [other for other, its in fit.given.items() if its.shape == entry.shape and _is_table(entry)]
    if len(same) != 1:
        return []
    rule = f'"{same[0]}" -> (Identity, Identity) -> ("{same[0]}", "{name}")'
    return [f"{same[0]} has its shape; if the two are tied, {_rule(rule)}"]


def _is_table(entry: Entry) -> bool:
    return len(entry.shape) == 2 and math.prod(entry.shape) > 0


def _similar(fit: Fit) -> list[str]:
    hints: list[str] = []
    for name, entry in islice(fit.missing.items(), 4 * MOST):
        close = nearest(name, _first(n for n, theirs in fit.unexpected.items() if theirs.shape == entry.shape))
        if close:
            whose = "the file's " if fit.path is not None else ""
            hints.append(f"{name}: did you mean {whose}{close}?")
    return hints[:MOST]


def _first(names: Iterable[str]) -> list[str]:
    return list(islice(names, SEARCHED))
