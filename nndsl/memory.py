"""Does a model fit this machine? Told before anything is allocated: the system would end the process without a word."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph
from nndsl.ops.schema import Weight

if TYPE_CHECKING:
    import torch

GIB = 1 << 30
VARIABLE = "NNDSL_MEMORY"  # GiB that may be taken, whatever the system says


def need_room(graph: Graph, device: str | torch.device | None) -> None:
    """SpecError for a model whose weights alone are more than there is. What has no memory of this machine's is not
    asked: other devices, and meta."""
    import torch

    place = torch.get_default_device() if device is None else torch.device(device)
    there = available() if place.type == "cpu" else None
    floating = torch.get_default_dtype()
    wanted = sum(_elements(weight) * _width(weight.dtype, floating) for _, weight in graph.weights())
    if there is None or wanted <= there:
        return
    message = (
        f"{graph.name} has {_shown(wanted)} of weights in {str(floating).removeprefix('torch.')}, "
        f"and this machine has {_shown(there)} of memory left"
    )
    hints = [
        "check, compile, draw and summary need none of it, and neither does `module(device=\"meta\")`",
        f"{VARIABLE} says how many GiB may be taken, where the system is wrong about it",
    ]  # fmt: skip
    raise SpecError([Diagnostic("out-of-memory", message, graph.span, hints=hints)])


def _elements(weight: Weight) -> int:
    return math.prod(cast("Sequence[int]", weight.shape))  # a size that is not known is a mistake of the spec


def _width(dtype: str, floating: Any) -> int:
    import torch

    found: int = (floating if dtype == "float" else getattr(torch, dtype)).itemsize
    return found


def _shown(size: float) -> str:
    return f"{size / GIB:,.1f} GiB"


def available(root: Path = Path("/")) -> float | None:
    """Bytes that the process may still take at the very most, swapping included; None where nobody knows."""
    given = _number(os.environ.get(VARIABLE, ""))
    if given is not None:
        return given * GIB
    told = {name: _number(size) for name, size in _lines(root / "proc/meminfo")}
    free, swap = told.get("MemAvailable"), told.get("SwapFree") or 0.0
    if free is not None:
        return min(free * 1024, *_limits(root)) + swap * 1024
    if sys.platform == "win32":
        return _windows()
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None


def _limits(root: Path) -> Iterator[float]:
    """Of the control groups that the process is in, as containers have them, and of those around them."""
    yield math.inf
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, kinds, place = (*line.split(":", 2), "", "")[:3]
        if kinds not in ("", "memory"):
            continue
        home = root / "sys/fs/cgroup" / kinds
        group = home / place.strip("/")
        for folder in (group, *group.parents):
            for name in ("memory.max", "memory.limit_in_bytes"):
                limit = _number(_text(folder / name))
                if limit is not None:
                    yield limit
            if folder == home:
                break


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """`MemAvailable:   16273640 kB`"""
    for line in _text(path).splitlines():
        name, _, size = line.partition(":")
        yield name, size.removesuffix("kB")


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""


def _number(text: str) -> float | None:
    """None for what is none (`max`) and for what nothing could be taken of."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if found > 0 else None


def _windows() -> float | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "pages", "pages_free", "space", "room", "more")),
        )

    status = Status(ctypes.sizeof(Status))
    # Windows only: so the type is no mistake.
    known = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return float(status.pages_free) if known else None
