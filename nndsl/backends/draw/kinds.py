"""What kinds of things need less than others in a picture: nothing at all, or no frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ir.graph import Graph, Node

if TYPE_CHECKING:
    from nndsl.backends.draw.plan import Thing


def does_nothing(node: Node) -> bool:
    """Neither at work nor in training, as Dropout(0): such a node is not drawn."""
    passed = node.inputs[0] if node.inputs else None
    return passed is not None and not node.is_call and node.op.same(passed.type, node.outputs[0].type)


def is_group(graph: Graph) -> bool:
    """Is it layers under one label, the library's `Group`? Its name says nothing."""
    return graph.kind == "block" and graph.name == "Group" and list(graph.hyper) == ["body"]


def is_plain(thing: Thing) -> bool:
    """Is it an unnamed list, which needs no frame when it is open?"""
    return thing.target is not None and thing.target.kind == "sequence" and not thing.name and thing.count == 1


def elements_of(shape: tuple[Any, ...]) -> int:
    """As many as are known."""
    total = 1
    for size in shape:
        total *= size if isinstance(size, int) else 1
    return total
