"""Ratios that can be trusted on a noisy machine: two things measured in turn, A B B A, and the median ratio."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

LEAST = 0.05  # seconds: calls are repeated until what is timed takes as long


@dataclass
class Row:
    """One line of the table: what was measured, ours, theirs, the ratio, and what was promised."""

    what: str
    ours: str
    theirs: str
    ratio: str
    promise: str
    kept: bool


@dataclass
class Pair:
    """Seconds of both sides, and the median of the ratios ours / theirs."""

    ours: float
    theirs: float
    ratio: float


def in_turn(ours: Callable[[], Any], theirs: Callable[[], Any], rounds: int = 7) -> Pair:
    """Wall seconds per call, after two of each. A round is A B B A: what runs after itself finds its caches warm, and
    what runs later an older machine; in one round each side has as much of both."""
    ours()
    theirs()
    repeat = math.ceil(LEAST / max(seconds(ours), seconds(theirs)))
    found = []
    for _ in range(rounds):
        a, b, c, d = (seconds(side, repeat) for side in (ours, theirs, theirs, ours))
        found.append(((a + d) / 2, (b + c) / 2))
    return Pair(median(a for a, _ in found), median(b for _, b in found), median(a / b for a, b in found))


def seconds(work: Callable[[], Any], repeat: int = 1) -> float:
    begun = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - begun) / repeat


@dataclass
class Process:
    """A finished process: CPU seconds (user and system), peak memory in MB, and seconds on the wall."""

    cpu: float
    peak: float
    wall: float


def process(*arguments: str) -> Process:
    """Run a command to its end, as the operating system accounts for it."""
    # an installed package has its bytecode, and so has torch: both sides may use it
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    child = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    assert child.stderr is not None
    complaint = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}: exit code {child.returncode}\n{complaint.decode()}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Process(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / 1e6, wall)


def cpu(*arguments: str, runs: int = 3) -> float:
    """CPU seconds of a command, the median of several processes."""
    return median(process(*arguments).cpu for _ in range(runs))


def python(code: str) -> Process:
    return process(sys.executable, "-c", code)


def nndsl(*arguments: str) -> Process:
    return process(sys.executable, "-m", "nndsl", *arguments)


def ms(value: float) -> str:
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"
