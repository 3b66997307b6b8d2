"""What PyTorch keeps for the backward pass, seen through `saved_tensors_hooks`: distinct storages, weights excluded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

Storages = dict[int, torch.UntypedStorage]


def storages(tensors: Iterable[Any]) -> Storages:
    found = [t.untyped_storage() for t in tensors if isinstance(t, torch.Tensor)]
    return {s.data_ptr(): s for s in found if s.nbytes()}


def saved_storages(module: nn.Module, run: Callable[[], Any]) -> tuple[Storages, Any]:
    """Those that the autograd graph of `run()` keeps, and what it returned. Nothing is freed before all is seen."""
    own = storages([*module.parameters(), *module.buffers()])
    kept: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    return {at: s for at, s in storages(kept).items() if at not in own}, result


def saved_bytes(module: nn.Module, run: Callable[[], Any]) -> int:
    return sum(s.nbytes() for s in saved_storages(module, run)[0].values())
