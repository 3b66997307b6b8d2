"""The comments that say a tensor's shape, in the words of the class they stand in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch.arguments import Signature
from nndsl.backends.torch.names import number
from nndsl.shapes import Dim, Facts, Size
from nndsl.shapes.origins import origin
from nndsl.shapes.simplified import Origin, stripped, weight_of
from nndsl.shapes.written import written

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File

HEAVIEST = 7  # parts of an expression that still reads well in a comment


def comment(shapes: Sequence[tuple[Size, ...]], signature: Signature, module: File) -> str:
    """`[N, 64, H // 2, W // 2]`; "" where the instances of the class have no common words."""
    if len({len(s) for s in shapes}) != 1:
        return ""
    parts = [_size([s[axis] for s in shapes], signature, module) for axis in range(len(shapes[0]))]
    return f"[{', '.join(p for p in parts if p)}]" if all(parts) else ""


def _size(sizes: Sequence[Size], signature: Signature, module: File) -> str:
    if all(isinstance(s, int) for s in sizes):
        return _number(sizes, signature, module)
    graphs = [terms.graph for terms in signature.terms]
    if not all(isinstance(s, Dim) for s in sizes):
        return ""
    for name in graphs[0].dims:
        text = _relation(name, sizes, [g.dims.get(name) for g in graphs])
        if text:
            return text
    facts: Facts | None = module.root.facts
    spelled = {facts.spell(s) if facts else str(s) for s in sizes}
    return spelled.pop() if len(spelled) == 1 and not graphs[0].dims else ""


def _number(sizes: Sequence[Size], signature: Signature, module: File) -> str:
    """What the class computes it from, else the number itself, where all instances have the same."""
    told = [terms.of(origin(size)) for terms, size in zip(signature.terms, sizes, strict=True)]
    first = told[0]
    if isinstance(first, tuple) and all(isinstance(of, tuple) and stripped(of) == stripped(first) for of in told):
        text = _said(first, signature, module)
        if text and weight_of(first) <= HEAVIEST:
            return text
    return str(sizes[0]) if len(set(sizes)) == 1 else ""


def _said(of: Origin, signature: Signature, module: File) -> str:
    """With the class's names; a size that it has none for is called as in the block's signature."""
    graph = signature.terms[0].graph
    missing = False

    def name(part: tuple[Any, ...]) -> str:
        nonlocal missing
        found = signature.names.get(stripped(part), "")
        if not found and part[0] == "axis":
            found = module.dims.get(("axis", graph.owner, *part[2:]), "")
        missing |= not found and part[0] != "name"
        return found

    text = written(of, name, number)
    return "" if missing else text


def _relation(name: str, sizes: Sequence[Size], dims: Sequence[Size | None]) -> str:
    """The size as the dim itself, a part of it, or a little more."""
    if any(not isinstance(d, Dim) for d in dims):
        return ""
    pairs = [(s, d) for s, d in zip(sizes, dims, strict=True) if isinstance(s, Dim) and isinstance(d, Dim)]
    if all(s == d for s, d in pairs):
        return name
    if any(s.symbols() != d.symbols() for s, d in pairs):
        return ""
    part = _part(*pairs[0])
    if part and all(s * part == d for s, d in pairs):
        return f"{name} // {part}"
    gaps = {str(s - d) for s, d in pairs}
    gap = gaps.pop() if len(gaps) == 1 else ""
    if gap.lstrip("-").isdigit():
        return f"{name} + {gap}" if gap[0] != "-" else f"{name} - {gap[1:]}"
    for factor in (2, 4, 8):
        if all(s == d // factor for s, d in pairs):
            return f"{name} // {factor}"
    return ""


def _part(size: Dim, whole: Dim) -> int:
    """k where `whole == k * size`, else 0."""
    quotient = whole // size
    return quotient if isinstance(quotient, int) and size * quotient == whole else 0
