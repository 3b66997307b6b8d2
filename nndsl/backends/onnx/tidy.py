"""Finishing a body: its outputs are values of its own, and nothing in it is without use."""

from __future__ import annotations

from nndsl.backends.onnx.records import Body, Step, Tensor


def finish(body: Body) -> None:
    _own_outputs(body)
    _drop_unused(body)


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


def _drop_unused(body: Body) -> None:
    used = {id(tensor) for tensor in body.outputs}
    kept: list[Step] = []
    for step in reversed(body.steps):
        if any(id(tensor) in used for tensor in step.outputs):
            kept.append(step)
            used.update(id(tensor) for tensor in step.inputs if tensor is not None)
    body.steps = kept[::-1]
    body.weights = {key: tensor for key, tensor in body.weights.items() if id(tensor) in used}
    body.constants = {key: tensor for key, tensor in body.constants.items() if id(tensor) in used}
