"""The rule that fills a reference model and ours with equal numbers: a generator seeded by the tensor's name.

Shared by `generate.py` (which runs beside the reference libraries) and by the tests."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn


def uniform(name: str, shape: tuple[int, ...], low: float, high: float) -> torch.Tensor:
    """Numbers that depend on the name and the shape only, on every machine and NumPy."""
    bits = np.random.PCG64(zlib.crc32(name.encode()))
    drawn = np.random.Generator(bits).random(shape, dtype=np.float32)
    return torch.from_numpy(drawn.reshape(shape)).mul_(high - low).add_(low)


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """He-scaled matrices and filters, gains and variances around 1, small offsets: activations stay sane."""
    if len(shape) > 1:
        fan_in = int(np.prod(shape[1:]))
        bound = (3.0 * 2.0 / fan_in) ** 0.5
        return uniform(name, shape, -bound, bound)
    if name.endswith(("weight", "running_var")):
        return uniform(name, shape, 0.8, 1.2)
    return uniform(name, shape, -0.1, 0.1)


def fill(module: nn.Module) -> None:
    """Overwrite every floating tensor of the state dict; counters become zero."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(weight(name, tuple(tensor.shape)))
            else:
                tensor.zero_()


def picture(*shape: int) -> torch.Tensor:
    return uniform("input", shape, -1.0, 1.0)


@contextmanager
def portable_dropout() -> Iterator[None]:
    """`F.dropout` with masks from the call's number and the shape, not from the machine's generator: the n-th
    dropout of the reference and of ours drop the same elements, so their order is part of the test."""
    original = nn.functional.dropout
    calls = 0

    def dropout(x: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:
        nonlocal calls
        if not training or p == 0.0:
            return x
        calls += 1
        kept = uniform(f"dropout {calls}", tuple(x.shape), 0.0, 1.0) >= p
        return x * kept / (1.0 - p)

    nn.functional.dropout = dropout
    try:
        yield
    finally:
        nn.functional.dropout = original


def outline(name: str, tensor: torch.Tensor) -> dict[str, Any]:
    """A tensor as a few numbers, none of which survives a wrong value: its norm, projections on seeded
    directions, and its first entries."""
    flat = tensor.detach().double().flatten()
    directions = [uniform(f"{name} direction {i}", tuple(flat.shape), -1.0, 1.0).double() for i in range(3)]
    return {
        "shape": list(tensor.shape),
        "norm": float(flat.norm()),
        "projections": [float(flat @ direction) for direction in directions],
        "head": [float(v) for v in flat[:8]],
    }


def outputs_of(result: Any) -> dict[str, torch.Tensor]:
    """Named outputs, whatever form a module gives them in."""
    if isinstance(result, torch.Tensor):
        return {"logits": result}
    if isinstance(result, dict):
        return dict(result)
    named = {key: value for key, value in result._asdict().items() if value is not None}
    return {key.replace("aux_logits", "aux"): value for key, value in named.items()}


def observe(module: nn.Module, inputs: list[torch.Tensor], train: bool) -> dict[str, Any]:
    """What `module` answers in float64, and when training also its gradients and its running statistics."""
    module.double().train(train)
    with portable_dropout(), torch.set_grad_enabled(train):
        outputs = outputs_of(module(*[x.double() if x.is_floating_point() else x for x in inputs]))
    seen: dict[str, Any] = {"outputs": {name: outline(name, value) for name, value in sorted(outputs.items())}}
    if not train:
        return seen
    loss = torch.stack(
        [torch.sum(v * uniform(f"cotangent {n}", tuple(v.shape), -1, 1)) for n, v in sorted(outputs.items())]
    )
    loss.sum().backward()
    seen["gradients"] = {name: measures(name, p.grad) for name, p in module.named_parameters() if p.grad is not None}
    seen["buffers"] = {name: measures(name, b) for name, b in module.named_buffers() if b.is_floating_point()}
    return seen


def measures(name: str, tensor: torch.Tensor) -> list[float]:
    """Norm, and one projection, which a permutation or a sign would change."""
    flat = tensor.detach().flatten()
    direction = uniform(f"{name} direction", tuple(flat.shape), -1.0, 1.0)
    return [float(flat.norm()), float(flat @ direction.to(flat.dtype))]


def signature(module: nn.Module) -> dict[str, str]:
    """State-dict key -> "float32 64x3x7x7"."""
    return {
        name: f"{str(tensor.dtype).removeprefix('torch.')} {'x'.join(map(str, tensor.shape))}".strip()
        for name, tensor in module.state_dict().items()
    }


def first_values(module: nn.Module) -> dict[str, list[float]]:
    """Mean, standard deviation and largest magnitude of each tensor as it was initialised."""
    found = {}
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            values = tensor.double()
            found[name] = [float(values.mean()), float(values.std(correction=0)), float(values.abs().max())]
    return found
