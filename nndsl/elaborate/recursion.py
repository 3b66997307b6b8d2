"""Room on Python's stack for nested text: bounded by the parser's limit on nesting and by Budget.DEPTH."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

R = TypeVar("R")

DEEPEST = 6_000
FRAMES = 1 << 20  # bytes for the frames of a recursion


class Room:
    """The limit belongs to the whole process: the first thread that needs it raises it, the last one puts it back, if
    nobody else has changed it since."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.before = 0

    def __enter__(self) -> None:
        with self.lock:
            if not self.users:
                self.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self.before, DEEPEST))
            self.users += 1

    def __exit__(self, *problem: object) -> None:
        with self.lock:
            self.users -= 1
            if not self.users and sys.getrecursionlimit() == DEEPEST:
                sys.setrecursionlimit(self.before)


ROOM = Room()


def roomy(function: Callable[..., R], *given: Any) -> R:
    """The function's result; what it calls has `FRAMES` bytes for its frames in one piece.

    CPython takes memory for frames from the system in pieces of 16 KiB, and gives a piece back as soon as the calls
    return across its edge: a recursion that comes and goes there does so at each call, a fifth of its time. A frame
    with a large stack of its own, which is never touched, comes with a piece in which those of its callees fit too."""
    return function(*given)


if sys.implementation.name == "cpython":
    # A piece is as large as the next power of two: half of it stays free.
    roomy.__code__ = roomy.__code__.replace(co_stacksize=FRAMES // 8)
