"""The comments that say a tensor's shape, in the words of the class they stand in."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.backends.torch.arguments import UNMISTAKABLE, Signature
from nndsl.ir.graph import Graph
from nndsl.shapes import Dim, Facts, Size


def comment(
    shapes: Sequence[tuple[Size, ...]], graphs: Sequence[Graph], signature: Signature, facts: Facts | None
) -> str:
    """`[N, 64, H // 2, W // 2]`; "" where the instances of the class have no common words."""
    if len({len(s) for s in shapes}) != 1:
        return ""
    parts = [_size([s[axis] for s in shapes], graphs, signature, facts) for axis in range(len(shapes[0]))]
    return f"[{', '.join(p for p in parts if p)}]" if all(parts) else ""


def _size(sizes: Sequence[Size], graphs: Sequence[Graph], signature: Signature, facts: Facts | None) -> str:
    if all(isinstance(s, int) for s in sizes):
        return _number(sizes, signature)
    if not all(isinstance(s, Dim) for s in sizes):
        return ""
    for name in graphs[0].dims:
        text = _relation(name, sizes, [g.dims.get(name) for g in graphs])
        if text:
            return text
    spelled = {facts.spell(s) if facts else str(s) for s in sizes}
    return spelled.pop() if len(spelled) == 1 and not graphs[0].dims else ""


def _number(sizes: Sequence[Size], signature: Signature) -> str:
    vector = tuple(sizes)
    constant = len(set(sizes)) == 1
    if not constant or int(sizes[0]) >= UNMISTAKABLE:  # type: ignore[arg-type]
        for factor in (1, 2, 3, 4):
            for argument in signature.arguments:
                if tuple(factor * v for v in argument.vector) == vector:
                    return argument.name if factor == 1 else f"{factor} * {argument.name}"
    return str(sizes[0]) if constant else ""


def _relation(name: str, sizes: Sequence[Size], dims: Sequence[Size | None]) -> str:
    """The size as the dim itself, a part of it, or a little more."""
    if any(not isinstance(d, Dim) for d in dims):
        return ""
    pairs = [(s, d) for s, d in zip(sizes, dims, strict=True) if d is not None]
    if all(s == d for s, d in pairs):
        return name
    quotients = {str(d // s) for s, d in pairs if s * (d // s) == d}
    if len(quotients) == 1 and all(s * (d // s) == d for s, d in pairs):
        part = quotients.pop()
        return f"{name} // {part}" if part.isdigit() else ""
    gaps = {str(s - d) for s, d in pairs}
    gap = gaps.pop() if len(gaps) == 1 else ""
    if gap.lstrip("-").isdigit():
        return f"{name} + {gap}" if gap[0] != "-" else f"{name} - {gap[1:]}"
    for factor in (2, 4, 8):
        if all(s == d // factor for s, d in pairs):
            return f"{name} // {factor}"
    return ""
