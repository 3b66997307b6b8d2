"""Finishing a body: its outputs are values of its own, and nothing in it is without use."""

from __future__ import annotations

from nndsl.backends.onnx.records import Body, Step, Tensor
from nndsl.backends.onnx.recurrence import read
from nndsl.backends.onnx.schemas import may_lack


def finish(body: Body, opset: int) -> None:
    _own_outputs(body)
    used = _drop_unused(body)
    for step in body.steps:
        if len(step.outputs) > 1 and not step.domain:
            _ask_for_less(step, used, opset)


def _own_outputs(body: Body) -> None:
    """An output that is an input, a constant, a weight, or another output needs a node of its own."""
    seen: set[int] = set()
    for i, tensor in enumerate(body.outputs):
        if tensor.step is not None and id(tensor) not in seen:
            seen.add(id(tensor))
            continue
        own = Tensor("", tensor.known)
        own.step = Step("Identity", "", [tensor], [own], {})
        body.steps.append(own.step)
        body.outputs[i] = own


def _drop_unused(body: Body) -> set[int]:
    used = {id(tensor) for tensor in body.outputs}
    kept: list[Step] = []
    for step in reversed(body.steps):
        if any(id(tensor) in used for tensor in step.outputs):
            kept.append(step)
            used.update(id(tensor) for tensor in (*step.inputs, *step.captures.values()) if tensor is not None)
            used.update(map(id, read(step.body)) if step.body is not None else ())
    body.steps = kept[::-1]
    body.weights = {key: tensor for key, tensor in body.weights.items() if id(tensor) in used}
    body.constants = {key: tensor for key, tensor in body.constants.items() if id(tensor) in used}
    return used


def _ask_for_less(step: Step, used: set[int], opset: int) -> None:
    """What a node gives besides, and nobody wants, is not asked for: a recurrent layer's final states."""
    for i, tensor in enumerate(step.outputs):
        if id(tensor) not in used and may_lack(step.op_type, opset, i):
            step.outputs[i] = None
    while step.outputs[-1] is None:
        step.outputs.pop()
