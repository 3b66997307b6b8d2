"""Bounds on what a spec may cost to compile, so that hostile input ends in a diagnostic."""

from __future__ import annotations

from time import thread_time
from typing import NoReturn

from nndsl.source import Span


class Exceeded(Exception):
    """Raised when a bound is met; the message is for the user, `span` the model's statement that led there."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


LIST, TEXT = "a list of {:,} members", "a string of {:,} characters"


class Budget:
    """Counts the work of one run. A large real model needs a few thousandths of these."""

    STEPS = 3_000_000  # about a microsecond each
    NODES = 50_000  # layers built, equal blocks once
    LAYERS = 200_000  # layers of a fully expanded model
    ITEMS = 1_000_000  # members of one list
    HELD = 5_000_000  # members of all lists that were made
    WRITTEN = 100_000  # members of one argument, at all depths
    DEPTH = 100  # blocks inside blocks
    SECONDS = 8.0  # of this thread's own time: other work on the machine does not count

    def __init__(self) -> None:
        self.steps = self.nodes = self.held = 0
        self.spent = False  # nothing more can be done with this budget
        self.due = 4096  # at which step it is to be looked at
        self._until = thread_time() + self.SECONDS

    @property
    def worn(self) -> bool:
        """Is much of it used, far more than a real model needs?"""
        return self.spent or self.steps > self.STEPS // 10

    def step(self, weight: int = 1) -> None:
        self.steps += weight
        if self.steps >= self.due:
            self.look()

    def look(self) -> None:
        """Is there anything left?"""
        self.due = self.steps + 4096
        if self.steps > self.STEPS:
            self._stop(f"this takes more than {self.STEPS:,} steps to expand")
        if thread_time() > self._until:
            self._stop(f"this takes more than {self.SECONDS:.0f} s to expand")

    def _stop(self, message: str) -> NoReturn:
        self.spent = True
        raise Exceeded(message)

    def items(self, count: int, weight: int = 1, what: str = LIST) -> None:
        """`what`, with `count` in it, is about to be made; `weight` is its members' size, a number's being 1."""
        count = int(count)  # where the count came from is not this one's business, and costs
        if count > self.ITEMS:
            raise Exceeded(f"{what.format(count)} is more than the {self.ITEMS:,} that are allowed")
        self.held += max(count, 0) * weight
        if self.held > self.HELD:
            self._stop(f"all lists and strings together have more than the {self.HELD:,} members that are allowed")
        self.step(max(count, 0) // 16)

    def written(self, count: int, depth: int) -> None:
        """An argument has `count` members, those of its members included, the innermost `depth` lists deep."""
        if depth > self.DEPTH:
            raise Exceeded(f"an argument of lists in lists is more than {self.DEPTH} deep")
        if count > self.WRITTEN:
            raise Exceeded(f"an argument of {count:,} members is more than the {self.WRITTEN:,} that are allowed")

    def node(self) -> None:
        self.nodes += 1
        if self.nodes > self.NODES:
            self._stop(f"this makes more than the {self.NODES:,} different layers that are allowed")
        self.step(30)

    def layers(self, count: int) -> None:
        if count > self.LAYERS:
            raise Exceeded(f"this expands to {count:,} layers, more than the {self.LAYERS:,} that are allowed")
