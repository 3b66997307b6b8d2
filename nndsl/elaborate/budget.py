"""Bounds on what a spec may cost to compile, so that hostile input ends in a diagnostic."""

from __future__ import annotations

from time import monotonic


class Exceeded(Exception):
    """Raised when a bound is met; the message is for the user."""


class Budget:
    """Counts work. A large real model needs a few thousandths of these."""

    STEPS = 20_000_000  # expressions evaluated
    LAYERS = 2_000_000  # layers of the fully expanded model
    ITEMS = 1_000_000  # members of one list
    DEPTH = 100  # blocks inside blocks
    SECONDS = 60.0

    def __init__(self) -> None:
        self.steps = 0
        self.until = monotonic() + self.SECONDS

    def step(self) -> None:
        self.steps += 1
        if self.steps & 4095 == 0:
            self._check()

    def _check(self) -> None:
        if self.steps > self.STEPS:
            raise Exceeded(f"this takes more than {self.STEPS:,} steps to expand")
        if monotonic() > self.until:
            raise Exceeded(f"this takes more than {self.SECONDS:.0f} s to expand")

    def items(self, count: int) -> None:
        if count > self.ITEMS:
            raise Exceeded(f"a list of {count:,} members is more than the {self.ITEMS:,} that are allowed")
        self.steps += max(count, 0) // 16

    def layers(self, count: int) -> None:
        if count > self.LAYERS:
            raise Exceeded(f"this expands to {count:,} layers, more than the {self.LAYERS:,} that are allowed")
