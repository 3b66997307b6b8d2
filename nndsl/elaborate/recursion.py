"""Room on Python's stack for nested text: bounded by the parser's limit on nesting and by Budget.DEPTH."""

from __future__ import annotations

import sys
import threading

DEEPEST = 6_000


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
