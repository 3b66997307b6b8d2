"""How the parameters of a node were written: `{"out_channels": "4 * channels"}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.shapes.origins import origin
from nndsl.shapes.simplified import Origin, owners
from nndsl.shapes.written import written

if TYPE_CHECKING:
    from nndsl.ir.graph import Graph, Node


def dim_names(graph: Graph) -> dict[Origin, str]:
    """What the signatures of all blocks below call the sizes of their inputs."""
    found: dict[Origin, str] = {}
    for each in graph.graphs():
        for name, size in each.dims.items():
            of = origin(size)
            if of is not None:
                found.setdefault(of, name)
    return found


def texts(node: Node, owner: int, dims: dict[Origin, str]) -> dict[str, str]:
    """Of an operator in a block: its parameters that are computed from the block's hyperparameters and dims."""
    if node.is_call or not owner:
        return {}
    found: dict[str, str] = {}
    for name in node.op.params:
        of = node.flags.get(name) or _of(getattr(node.op, name))
        text = _text(of, owner, dims) if of is not None else ""
        if text:
            found[name] = text
    return found


def _of(value: Any) -> Origin | None:
    """Of a number, or of a pair that was written as one."""
    if not isinstance(value, tuple):
        return origin(value)
    several = {origin(part) for part in value}
    return several.pop() if len(several) == 1 else None


def _text(of: Origin, owner: int, dims: dict[Origin, str]) -> str:
    missing = False

    def name(part: tuple[Any, ...]) -> str:
        nonlocal missing
        own = part[0] == "hyper" and "." not in part[2]  # not a number of a layer that it was given
        found = str(part[2]) if own else dims.get(part, "")
        missing |= part[0] != "name" and not found
        return found

    text = written(of, name) if owners(of) == {owner} else ""
    return "" if missing else text
