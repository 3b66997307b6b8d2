"""What a line between two things means: skip connections, and what happens only in training."""

from __future__ import annotations

from nndsl.backends.draw.plan import Figure
from nndsl.backends.draw.words import sign
from nndsl.shapes import is_floating


def only_training(figure: Figure, number: int) -> bool:
    """Does nothing flow there when the model is at work?"""
    flow = figure.flows[number]
    tail, head = figure.things[flow.tail], figure.things[flow.head]
    return "train" in (tail.mode, head.mode) or head.training == flow.head_port


def may_skip(figure: Figure, number: int) -> bool:
    """May what passes by other layers be called a skip connection? Numbers that are computed are; a mask, indices, and
    an input of the model are something else, but for an input that joins what was made of it."""
    flow = figure.flows[number]
    tail, head = figure.things[flow.tail], figure.things[flow.head]
    port = tail.gives[flow.tail_port] if tail.gives else flow.tail_port
    value = tail.value if tail.node is None else tail.node.outputs[port]
    if value is None or not is_floating(value.dtype):
        return False
    return (
        tail.kind != "input"
        or figure.graph.kind != "model"
        or (head.node is not None and not head.node.is_call and bool(sign(head.node)))
    )
