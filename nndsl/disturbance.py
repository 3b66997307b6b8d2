"""The same computation, rounded elsewhere: inputs that differ in their last digits, equals in another order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

# PyTorch does not say in which order these leave what is equal; what is equal but for rounding is in none.
RANKING = {torch.topk, torch.sort, torch.argsort, torch.Tensor.topk, torch.Tensor.sort, torch.Tensor.argsort}
LEAST = 1e-30  # numbers that are all 0 are equal too


class Disturbance(TorchFunctionMode):  # type: ignore[misc]  # torch has no types for it
    """While it is entered, what is ranked differs by `epsilon` of the largest number."""

    def __init__(self, epsilon: float, seed: int) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.random = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func in RANKING and args and args[0].is_floating_point() and args[0].numel():
            scale = args[0].abs().amax().clamp(min=LEAST)
            args = (args[0] + scale * self._noise(args[0]), *args[1:])
        return func(*args, **(kwargs or {}))

    def inputs(self, given: Sequence[Any]) -> list[Any]:
        return [x * (1 + self._noise(x)) if x.is_floating_point() else x for x in given]

    def _noise(self, like: Any) -> Any:
        return self.epsilon * torch.randn(like.shape, generator=self.random, dtype=torch.float64).to(like.dtype)
