"""The memory that PyTorch takes on a CPU while it runs, by the storages of all tensors alive after each operator."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Alive(TorchDispatchMode):
    """Counts bytes of storages that were made inside and are still there; `peak` is the most at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = {t.untyped_storage()._cdata for t in tensors((args, tuple((kwargs or {}).values())))}
        result = function(*args, **(kwargs or {}))
        for tensor in tensors(result):
            if tensor.untyped_storage()._cdata not in before:
                self._made(tensor.untyped_storage())
        self.peak = max(self.peak, self.now)
        return result

    def _made(self, storage: torch.UntypedStorage) -> None:
        if storage._cdata in self.known:
            return
        self.known.add(storage._cdata)
        self.now += storage.nbytes()
        weakref.finalize(storage, self._gone, storage._cdata, storage.nbytes())

    def _gone(self, at: int, size: int) -> None:
        self.known.discard(at)
        self.now -= size


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Those that an operator is given, or gives."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from tensors(member)


def rise(run: Callable[[], Any]) -> int:
    """By how much memory grows, at most, while `run()` runs."""
    with Alive() as alive:
        result = run()
        del result
    return alive.peak


def allocated(run: Callable[[], Any]) -> int:
    """The same of all that PyTorch allocates, temporary tensors inside its kernels included."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    now = most = 0
    for event in sorted(seen.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most
