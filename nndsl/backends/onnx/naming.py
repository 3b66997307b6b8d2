"""Names of nodes and values: readable, unique, and the same in every export of the same model."""

from __future__ import annotations

from collections import Counter

from nndsl.backends.onnx.records import Body, Step, Tensor


class Names:
    """Each name once: further ones get a number."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        if wanted not in self.taken:
            self.taken.add(wanted)
            return wanted
        number = self.next.get(wanted, 2)
        while f"{wanted}_{number}" in self.taken:
            number += 1
        self.next[wanted] = number + 1
        name = f"{wanted}_{number}"
        self.taken.add(name)
        return name


def name(body: Body) -> None:
    """Ports first, since their names are the model's interface; then weights, whose names are the state dict's."""
    names = Names()
    for tensor in body.inputs:
        tensor.name = names.take(tensor.hint)
    for tensor, wanted in zip(body.outputs, body.names, strict=True):
        tensor.name = names.take(wanted)
    for tensor in (*body.weights.values(), *body.constants.values()):
        tensor.name = names.take(tensor.hint or "const")
    _name_steps(body.steps)
    for step in body.steps:
        for i, value in enumerate(step.outputs):
            if value is not None and not value.name:
                value.name = names.take(_value_name(step, value, i))


def name_inside(body: Body, prefix: str) -> None:
    """The values of a subgraph, under the name of the node that holds it: no name around it begins like this."""
    names = Names()
    for tensor in body.inputs:
        tensor.name = f"{prefix}/step/{names.take(tensor.hint or 'x')}"
    _name_steps(body.steps)
    for step in body.steps:
        for i, value in enumerate(step.outputs):
            if value is not None and not value.name:
                value.name = f"{prefix}/step/{names.take(_value_name(step, value, i))}"


def _name_steps(steps: list[Step]) -> None:
    """A layer's path; where a layer takes several nodes, each adds what it does."""
    counts = Counter(step.path for step in steps)
    names = Names()
    for step in steps:
        if not step.path:
            step.name = names.take(step.op_type)
        else:
            step.name = names.take(step.path if counts[step.path] == 1 else f"{step.path}/{step.op_type}")


def _value_name(step: Step, tensor: Tensor, index: int) -> str:
    if tensor.hint:
        return tensor.hint
    return step.name if len(step.outputs) == 1 else f"{step.name}.{index}"
