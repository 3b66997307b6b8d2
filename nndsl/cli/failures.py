"""Ways to end a command that did not succeed."""

from __future__ import annotations

import os
import sys


class Failed(Exception):
    """What there is to say was said; `code` is the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def say(message: str) -> None:
    print(message, file=sys.stderr)


def stop_for(problem: BaseException | str) -> int:
    """File trouble, or something that is not installed."""
    text = str(problem)
    if isinstance(problem, OSError) and problem.strerror:
        name = f"{problem.filename}: " if problem.filename else ""
        text = f"{name}{problem.strerror}"
    say(f"nndsl: {text}")
    return 2


def bug(problem: Exception) -> int:
    """An exception that nobody expected."""
    if os.environ.get("NNDSL_TRACEBACK"):
        import traceback

        traceback.print_exc()
    say(f"nndsl: this is a bug of nndsl: {type(problem).__name__}: {problem}")
    say("please report it with the spec; NNDSL_TRACEBACK=1 shows where it happened")
    return 101
