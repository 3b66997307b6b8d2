"""How much work something is, without a clock: what it does and holds, equal in every run."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any


def calls(work: Callable[[], Any]) -> int:
    """Python and C function calls made by `work`."""
    count = 0

    def tick(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def steps(work: Callable[[], Any]) -> int:
    """Lines run by `work`, each turn of a loop or comprehension on its own; what C code repeats is not seen."""
    count = 0

    def tick(frame: object, event: str, argument: object) -> Any:
        nonlocal count
        count += 1
        return tick

    before = sys.gettrace()
    sys.settrace(tick)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def most_held(work: Callable[[], Any]) -> int:
    """Bytes of Python objects that `work` holds at once, at most: copies that C code makes are seen here."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
