"""What rounding alone explains, where a plain tolerance does not fit: sums that cancel leave nothing but rounding, and
what is equal but for rounding has no order.

PyTorch says so itself: run again in double precision, with inputs that differ in their last digits, and with equals in
another order, some of its numbers stay and some do not. Another runtime may differ from it by a few times as much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

FACTOR = 10  # other algorithms for the same functions round a few times as much, in other places
TELLING = 0.1  # a number says something where it is in doubt by less than this share of what an output spans

Arrays = Mapping[Any, Any]


def roughness(wanted: Arrays, runs: Iterable[Arrays]) -> dict[Any, Any]:
    """How far each number goes astray in these runs; infinite for whole numbers that change at all."""
    found = {name: np.zeros(np.shape(array)) for name, array in wanted.items()}
    for run in runs:
        for name in found.keys() & run.keys():
            found[name] = np.maximum(found[name], apart(run[name], wanted[name]))
    return found


def apart(a: Any, b: Any) -> Any:
    """Differences, infinite between what is no measure of rounding: whole numbers, NaN, infinities."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind in "biu":
        return np.where(a == b, 0.0, np.inf)
    a, b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))


def agrees(got: Any, wanted: Any, rough: Any, tolerance: float) -> bool:
    """`tolerance`: of the largest number."""
    if np.shape(got) != np.shape(wanted):
        return False
    allowed = FACTOR * np.maximum(rough, _typical(rough))
    if np.asarray(wanted).dtype.kind == "f":
        finite = np.abs(np.asarray(wanted, np.float64))[np.isfinite(wanted)]
        allowed = allowed + tolerance * finite.max(initial=0.0)
    return bool((apart(got, wanted) <= allowed).all())


def _typical(rough: Any) -> float:
    """One number may come out the same in all runs by luck, and most of them do not."""
    known = rough[np.isfinite(rough)]
    return float(np.median(known)) if known.size else 0.0


def is_telling(wanted: Any, rough: Any) -> bool:
    """Are most of its numbers more than rounding?"""
    wanted = np.asarray(wanted)
    if not wanted.size:
        return False
    if wanted.dtype.kind in "biu":
        return bool(np.mean(rough == 0) > 0.5)
    finite = wanted[np.isfinite(wanted)].astype(np.float64)
    return bool(finite.size and np.mean(rough < TELLING * np.ptp(finite)) > 0.5)
