"""Modules for operators that PyTorch has only as functions, so that they can stand in an `nn.Sequential`.

    class Reshape(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.reshape(x.shape[0], 8, 4)

Numbers that the block around it computes are arguments of the module; all others stand in its code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.backends.torch import layout
from nndsl.backends.torch.forward import write
from nndsl.backends.torch.names import fresh, variable
from nndsl.backends.torch.pieces import New, Slot
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.shapes.simplified import leaves

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File
    from nndsl.shapes.simplified import Origin


def small(module: File, node: Node) -> New:
    """The constructor of a module that does what the operator does to its one tensor."""
    given: dict[Origin, Slot] = {}

    def shown(slot: Slot) -> str:
        of = slot.of
        if not isinstance(of, tuple) or not leaves(of):
            return str(slot)
        if of not in given:
            name = fresh(_called(of), [known.name for known in given.values()])
            given[of] = Slot(slot.value, name)
        return f"self.{given[of].name}"

    lines = write(module, _alone(node), module.names).lines
    body = [text for line in lines for text in layout.statement(line.text(shown), 2 + line.indent)]
    if body == ["        return x"]:
        return New("nn.Identity", [], {}, set())
    head = [f"{slot.name}: {'float' if isinstance(slot.value, float) else 'int'}" for slot in given.values()]
    source = [f"class {node.op.name}(nn.Module):", *_doc(node)]
    if head:
        source += layout.definition("__init__", head, "None")
        source += ["        super().__init__()"]
        source += [f"        self.{slot.name} = {slot.name}" for slot in given.values()]
        source += [""]
    source += [*layout.definition("forward", ["x: Tensor"], "Tensor"), *body]
    name = module.variant(node.op.name, "\n".join(source))
    return New(name, list(given.values()), {}, set())


def _alone(node: Node) -> Graph:
    """A graph of the operator and nothing else."""
    source = node.inputs[0]
    assert source is not None
    x, y = Value(source.type, "x"), Value(node.outputs[0].type)
    made = Node(node.op, [x], [y], node.label, node.span)
    y.producer = made
    return Graph(node.op.name, "block", node.span, inputs=[x], nodes=[made], outputs=[Port("y", y)])


def _called(of: tuple[Any, ...]) -> str:
    """What the spec calls a number."""
    if of[0] == "hyper":
        return variable(of[2].rsplit(".", 1)[-1])
    return variable(of[1]) if of[0] == "name" else "size"


def _doc(node: Node) -> list[str]:
    """A pattern says more than the calls that it becomes."""
    pattern = getattr(node.op, "pattern", None)
    return [*layout.docstring(f"`{pattern}`", 1), ""] if isinstance(pattern, str) else []
