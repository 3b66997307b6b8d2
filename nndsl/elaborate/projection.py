"""The advice for a residual sum whose sides differ: which 1×1 convolution or linear layer makes them fit."""

from __future__ import annotations

from nndsl.ir.graph import Value
from nndsl.shapes import Facts, Size

_CONV = {3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}


def advice(a: Value, b: Value, facts: Facts) -> str | None:
    """`project the shortcut: x -> Conv2d(128, 1, stride=2)`, when that would make the two equal."""
    if len(a.shape) != len(b.shape) or a.dtype != b.dtype:
        return None
    return _projected(b, a, facts) or _projected(a, b, facts)


def _projected(shortcut: Value, target: Value, facts: Facts) -> str | None:
    """From the shortcut's shape to the target's."""
    rank = len(target.shape)
    name = shortcut.name or "x"
    if rank in (2, 3) and all(facts.equal(x, y) for x, y in zip(shortcut.shape[:-1], target.shape[:-1], strict=True)):
        return (
            f"project the shortcut: `{name} -> Linear({target.shape[-1]})`"
            if isinstance(target.shape[-1], int)
            else None
        )
    channels = target.shape[1]
    if rank not in _CONV or not isinstance(channels, int) or not facts.equal(shortcut.shape[0], target.shape[0]):
        return None
    strides = {_stride(x, y, facts) for x, y in zip(shortcut.shape[2:], target.shape[2:], strict=True)}
    if len(strides) != 1 or None in strides:
        return None
    stride = strides.pop()
    step = f", stride={stride}" if stride != 1 else ""
    return f"project the shortcut: `{name} -> {_CONV[rank]}({channels}, 1{step})`"


def _stride(before: Size, after: Size, facts: Facts) -> int | None:
    """The stride with which a 1×1 convolution makes `before` into `after`."""
    for stride in (1, 2, 4):
        if facts.equal((before - 1) // stride + 1, after):
            return stride
    return None
