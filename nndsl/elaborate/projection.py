"""The advice for a residual sum whose sides differ. The shortcut is the side that the other is computed from: a 1×1
convolution or a linear layer can make it fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.ir.graph import Value
from nndsl.shapes import Facts, Size
from nndsl.shapes.origins import origin

if TYPE_CHECKING:
    from nndsl.elaborate.builder import GraphBuilder

_CONV = {3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}


def advice(a: Value, b: Value, builder: GraphBuilder, *, shipped: bool) -> list[str]:
    """`project the shortcut: x -> Conv2d(128, 1, stride=2)`, when that would make the two equal. `shipped`: the sum
    stands in the library, where nobody can put a layer into it."""
    if len(a.shape) != len(b.shape) or a.dtype != b.dtype:
        return []
    facts = builder.context.facts
    for shortcut, other in ((a, b), (b, a)):
        if _comes_from(other, shortcut):
            layer = projection(shortcut.shape, other.shape, facts)
            return [*_projected(shortcut, layer, shipped), *_called_otherwise(shortcut, other, builder)]
    return []


def _comes_from(value: Value, source: Value) -> bool:
    """Is the value computed from the source?"""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if at.producer is None or id(at) in seen:
            continue
        seen.add(id(at))
        if any(x is source for x in at.producer.inputs):
            return True
        waiting.extend(x for x in at.producer.inputs if x is not None)
    return False


def _projected(shortcut: Value, layer: str | None, shipped: bool) -> list[str]:
    if layer is None:
        return []
    if shipped:
        return [f"end it with the size that comes in, or write the sum out: `(x -> {layer}) + (x -> …)`"]
    name = f": `{shortcut.name} -> {layer}`" if shortcut.name else f" with `{layer}`"
    return [f"project the shortcut{name}"]


def projection(shape: tuple[Size, ...], target: tuple[Size, ...], facts: Facts) -> str | None:
    """The layer that makes one shape into the other."""
    rank = len(target)
    if rank in (2, 3) and all(facts.equal(x, y) for x, y in zip(shape[:-1], target[:-1], strict=True)):
        return f"Linear({target[-1]})" if isinstance(target[-1], int) else None
    if rank not in _CONV or not isinstance(target[1], int) or not facts.equal(shape[0], target[0]):
        return None
    strides = {_stride(x, y, facts) for x, y in zip(shape[2:], target[2:], strict=True)}
    stride = strides.pop()
    if strides or stride is None:
        return None
    step = f", stride={stride}" if stride != 1 else ""
    return f"{_CONV[rank]}({target[1]}, 1{step})"


def _stride(before: Size, after: Size, facts: Facts) -> int | None:
    """The stride with which a 1×1 convolution makes `before` into `after`."""
    for stride in (1, 2, 4):
        if facts.equal((before - 1) // stride + 1, after):
            return stride
    return None


def _called_otherwise(shortcut: Value, other: Value, builder: GraphBuilder) -> list[str]:
    """Where one hyperparameter of the block is the only reason: it could be called with the size that comes in."""
    facts = builder.context.facts
    axes = [i for i, (x, y) in enumerate(zip(shortcut.shape, other.shape, strict=True)) if not facts.equal(x, y)]
    if builder.frame is None or shortcut not in builder.graph.inputs or len(axes) != 1:
        return []
    size = shortcut.shape[axes[0]]
    of = origin(other.shape[axes[0]])
    if not isinstance(size, int) or of is None or of[:2] != ("hyper", builder.owner):
        return []
    name = of[2]
    if name not in builder.graph.hyper:
        return []
    return [f"or call {builder.graph.name} with {name}={size}, the size that comes in"]
