"""Many files at once, one process for each core."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

LEAST = 8  # fewer things are done before the processes have begun


def each(work: Callable[[T], R], given: Sequence[T], effort: Callable[[T], float]) -> list[R]:
    """What `work` makes of each, in the order given; what takes most effort is begun first. Both must be picklable, and
    `work` without side effects: where no processes can be had, or one dies, all is done here."""
    count = min(cores(), len(given) // 2)
    if len(given) < LEAST or count < 2:
        return [work(one) for one in given]
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # A copy of this process has all modules already; elsewhere than on Linux a copy may lack what the system keeps.
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    try:
        with ProcessPoolExecutor(count, context) as crew:
            order = sorted(range(len(given)), key=lambda at: -effort(given[at]))
            made = {at: crew.submit(work, given[at]) for at in order}
            return [made[at].result() for at in range(len(given))]
    except (BrokenProcessPool, OSError, NotImplementedError):  # the last is what systems without semaphores raise
        return [work(one) for one in given]


def cores() -> int:
    """How many this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable is not None else os.cpu_count() or 1
