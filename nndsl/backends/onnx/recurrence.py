"""A recurrence as ONNX's Scan: the graph of one step reads weights and constants from around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.backends.onnx.records import Body, Step, Tensor
from nndsl.backends.onnx.sizes import Sizes
from nndsl.ir import loops
from nndsl.ir.graph import Graph, Node, Value

if TYPE_CHECKING:
    from nndsl.backends.onnx.lower import Lowering, Scope


def recur(
    lowering: Lowering, scope: Scope, outer: Scope, node: Node, callee: Graph, inputs: list[Tensor | None]
) -> list[Tensor]:
    """`scope` is the callee's, in which its values are to be bound; `outer` the caller's."""
    g = lowering.builder
    starts, ends, states = loops.starts(callee), loops.ends(callee), loops.states(callee)
    count = len(states)
    around = dict(zip(map(id, callee.inputs), inputs, strict=True))
    body = Body(callee.name, weights=g.body.weights, constants=g.body.constants, is_function=g.body.is_function)
    kept = g.body, g.body_sizes, g.made
    g.body, g.body_sizes, g.made = body, Sizes(g), {}
    try:
        for value in callee.inputs:
            scope.values[id(value)] = around[id(value)]
        for value in callee.inputs[:count]:
            body.inputs.append(lowering.bind(scope, value, _fresh(value, value.name)))
        for each in starts:
            body.inputs.append(lowering.bind(scope, each.outputs[0], _fresh(each.outputs[0], "step")))
        at_work = [each for each in callee.nodes if each not in starts and each not in ends]
        lowering.some(scope, at_work)
        values = [*states, *map(loops.given, ends)]
        body.outputs = [_own(body, lowering.found(scope, value)) for value in values]
    finally:
        g.body, g.body_sizes, g.made = kept
    lowering.move(outer, node, inputs)
    first = [around[id(value)] for value in callee.inputs[:count]]
    sequences = [around[id(loops.given(each))] for each in starts]
    attributes = {
        "num_scan_inputs": len(starts),
        "scan_input_axes": [each.op.values()["dim"] for each in starts],
        "scan_input_directions": [int(each.op.values()["reverse"]) for each in starts],
        "scan_output_axes": [each.op.values()["dim"] for each in ends],
        "scan_output_directions": [int(each.op.values()["reverse"]) for each in ends],
    }
    made = g.steps("Scan", [*first, *sequences], {k: v for k, v in attributes.items() if v != []}, len(values), "")
    step = made[0].step
    assert step is not None
    step.body = body
    results = dict(zip([id(value) for value in states] + [id(e.outputs[0]) for e in ends], made, strict=True))
    for value, tensor in zip(node.outputs, (results[id(port.value)] for port in callee.outputs), strict=True):
        tensor.known = value.type
    return [results[id(port.value)] for port in callee.outputs]


def _fresh(value: Value, hint: str) -> Tensor:
    return Tensor(hint, value.type)


def _own(body: Body, tensor: Tensor) -> Tensor:
    """What leaves a step is made in it, each value once."""
    own = Tensor("", tensor.known)
    own.step = Step("Identity", "", [tensor], [own], {})
    body.steps.append(own.step)
    return own


def read(body: Body) -> list[Tensor]:
    """All that a step reads, what is around it too."""
    found = [tensor for step in body.steps for tensor in step.inputs if tensor is not None]
    return [*found, *(tensor for step in body.steps if step.body is not None for tensor in read(step.body))]
