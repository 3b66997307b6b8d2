"""Random numbers that were drawn elsewhere: with the same draws, two backends compute the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

DRAWING = {torch.randn_like, torch.rand_like, torch.bernoulli}


class Replay(TorchFunctionMode):  # type: ignore[misc]  # torch has no types for it
    """While it is entered, what PyTorch would draw is taken from `draws`, in their order. LookupError where their
    number or a shape is another one."""

    def __init__(self, draws: Sequence[Any]) -> None:
        super().__init__()
        self.draws = draws
        self.taken = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func not in DRAWING:
            return func(*args, **(kwargs or {}))
        if self.taken == len(self.draws):
            raise LookupError(f"PyTorch draws more than {len(self.draws)} times")
        drawn = torch.as_tensor(self.draws[self.taken])
        self.taken += 1
        if drawn.shape != args[0].shape:
            raise LookupError(f"PyTorch draws {list(args[0].shape)}, and the other {list(drawn.shape)}")
        if func is torch.bernoulli:  # what is drawn for it is uniform
            drawn = drawn < args[0]
        return drawn.to(args[0].dtype)

    def done(self) -> None:
        """LookupError where draws are left."""
        if self.taken < len(self.draws):
            raise LookupError(f"PyTorch draws {self.taken} times, and the other {len(self.draws)}")
