"""What kinds of things need less than others in a picture: nothing at all, or no frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ir.graph import Graph, Node

if TYPE_CHECKING:
    from nndsl.backends.draw.plan import Thing
    from nndsl.ops.schema import Op


def does_nothing(node: Node) -> bool:
    """Neither at work nor in training, as Dropout(0): such a node is not drawn."""
    passed = node.inputs[0] if node.inputs else None
    return passed is not None and not node.is_call and node.op.same(passed.type, node.outputs[0].type)


def call_of(op: Op) -> str:
    """As the spec could write it; what has no name in a spec, as the picture calls it."""
    return ", ".join(text for text in (op.heading, op.detail()) if text) if _is_nameless(op) else op.spell()


def label_of(node: Node) -> str:
    """Its part of the path, without the name of a class that no spec can write: `each_step_1`."""
    if node.is_call or not _is_nameless(node.op):
        return node.label
    return node.label.replace(node.op.name.lower(), node.op.heading.replace(" ", "_"))


def _is_nameless(op: Op) -> bool:
    return op.hidden and op.heading != op.name and op.spell().startswith(op.name)


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
