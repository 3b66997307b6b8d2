"""The model's floating type as a `forward` reads it: a tensor's at hand, else a layer's, which `.half()` and
`.double()` change with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.backends.torch.names import fresh
from nndsl.backends.torch.plan import tensor_path
from nndsl.backends.torch.steps import Step
from nndsl.ir.graph import Graph
from nndsl.ops.emit import Text
from nndsl.ops.families import ARITHMETIC

if TYPE_CHECKING:
    from nndsl.backends.torch.forward import Body
    from nndsl.backends.torch.lowering import Lowering

DEFAULT_DTYPE = Text("torch.get_default_dtype()")


def float_dtype(body: Body, asked: Lowering) -> Text:
    near = [x for x in asked.operands if x is not None and x.dtype == "float" and x.isidentifier()]
    far = [name for name, cell in body.bound.items() if cell.type.dtype == "float" and not cell.conditional]
    if near or far:
        text = Text(f"{near[0] if near else far[0]}.dtype")
        body.note(asked, text)
        return text
    found = _layer_dtype(body.flow.steps, asked.step)
    if found is None and body.graph is not body.module.root and _is_convertible(body.module.root):
        body.like = body.like or fresh("dtype_like", {node.label for node in body.graph.nodes})
        found = f"self.{body.like}.dtype"
    return Text(found) if found else DEFAULT_DTYPE


def _layer_dtype(steps: list[Step], asking: Step) -> str | None:
    """`self.fc.weight.dtype`: of the first layer that the result reaches, else of the first one there is."""
    reached = {id(cell) for cell in asking.outs}
    for step in steps[steps.index(asking) + 1 :]:
        if any(id(cell) in reached for cell in step.ins if cell is not None):
            if found := _dtype(step):
                return found
            reached |= {id(cell) for cell in step.outs}
    return next((found for step in steps if (found := _dtype(step))), None)


def becomes_float(step: Step) -> bool:
    """Arithmetic on whole numbers whose results are none, which PyTorch gives its default type: `pixels / 255`."""
    results = {cell.type.dtype for cell in step.outs}
    given = [cell.type.dtype for cell in step.ins if cell is not None]
    return step.node.op.family is ARITHMETIC and results == {"float"} and bool(given) and "float" not in given


def _is_convertible(root: Graph) -> bool:
    """Has the model weights of its own floating type?"""
    return any(weight.dtype == "float" for _, weight in root.weights())


def _dtype(step: Step) -> str | None:
    if isinstance(step.node.target, Graph):
        trained = [weight for _, weight in step.node.target.weights() if weight.trained]
        fits = bool(trained) and all(weight.dtype == "float" for weight in trained)
        return f"next({step.layer}.parameters()).dtype" if fits else None
    for weight in step.node.weights():
        if weight.dtype == "float":
            own = step.layer if weight.name else tensor_path(step.node.label, weight.trained)
            return ".".join([own, *([weight.name] if weight.name else []), "dtype"])
    return None
