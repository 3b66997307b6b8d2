"""How a list of layers runs: as one module, as a loop over its members, or written out where it is
called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nndsl.backends.torch.lowering import Lowering
from nndsl.backends.torch.names import is_attribute, is_key, is_taken, quote
from nndsl.backends.torch.numbers import Numbers
from nndsl.backends.torch.sizes import Absent, at_hand, said
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.emit import Operand, Text
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

CHAIN, LOOP, INLINE = "chain", "loop", "inline"


# ---------------------------------------------------------------- where a layer is


@dataclass(slots=True)
class Place:
    """Where the layers of a graph are reached: `self`, or a container."""

    base: str = "self"
    indexed: bool = False  # by number
    keyed: bool = False  # by string

    def path(self, label: str) -> str:
        """`self.conv1`, `self.layers[3]`; a dotted label goes through a container of its own."""
        first, _, rest = label.partition(".")
        if self.indexed:
            text = f"{self.base}[{first}]"
        elif self.keyed:
            text = f"{self.base}[{quote(first)}]"
        else:
            text = attribute(self.base, first)
        for part in rest.split(".") if rest else ():
            text = f"{text}[{part}]" if part.isdigit() else f"{text}[{quote(part)}]"
        return text


def attribute(base: str, label: str) -> str:
    """A layer as an attribute, whatever its label is."""
    if is_attribute(label):
        return f"{base}.{label}"
    if is_taken(label):
        return f"{base}._modules[{quote(label)}]"
    return f"getattr({base}, {quote(label)})"


def tensor_path(label: str, trained: bool) -> str:
    """A parameter or buffer of the block itself."""
    if is_taken(label):
        return f"self.{'_parameters' if trained else '_buffers'}[{quote(label)}]"
    return attribute("self", label)


# ---------------------------------------------------------------- what a node asks for


class _Probe:
    """Stands in for the body of `forward`, to see what an operator would ask for."""

    def __init__(self) -> None:
        self.owns_layer = False
        self.owns_tensor = False
        self.sizes: list[Size] = []
        self.asks_dtype = False
        self.module = self
        self.numbers = Numbers()

    def layer(self, step: Any, asked: Lowering) -> Text:
        self.owns_layer = True
        return Text("layer")

    def tensor(self, *_: Any) -> Text:
        self.owns_tensor = True
        return Text("tensor")

    def size(self, size: Size, asked: Lowering) -> Text:
        self.sizes.append(size)
        return Text("size")

    def float_dtype(self, asked: Lowering) -> Text:
        self.asks_dtype = True
        return Text("dtype")

    def device(self, asked: Lowering) -> Text | None:
        return Text("device")

    def targets(self, asked: Lowering, count: int) -> tuple[str, ...]:
        return ("out",) * count

    def local(self, hint: str, taken: Sequence[str]) -> str:
        return hint

    def define(self, name: str, source: str) -> str:
        return name


@dataclass(slots=True)
class _ProbeStep:
    node: Node
    outs: list[Value]


def operand(text: str, type: TensorType, level: int = 100) -> Operand:
    made = Operand(text, level)
    made.type = type
    return made


def operands_of(node: Node) -> list[Operand | None]:
    """Stand-ins: their types are what constructors ask for."""
    return [None if v is None else operand(f"x{i}", v.type) for i, v in enumerate(node.inputs)]


def owns(node: Node) -> str:
    """ "layer", "tensor" or "": what the node puts into `__init__`."""
    if node.is_call:
        return "layer"
    probe = _probed(node)
    return "layer" if probe.owns_layer else "tensor" if probe.owns_tensor else ""


def _probed(node: Node) -> _Probe:
    probe = _Probe()
    operands = operands_of(node)
    # _ProbeStep stands in: so the type is no mistake.
    lowering = Lowering(probe, _ProbeStep(node, node.outputs), operands)  # type: ignore[arg-type]  # stand-ins
    node.op.torch(lowering, *operands)
    return probe


def has_module(node: Node) -> bool:
    """Has PyTorch a module for the operator?"""
    operands = operands_of(node)
    # _ProbeStep stands in: so the type is no mistake.
    lowering = Lowering(_Probe(), _ProbeStep(node, node.outputs), operands)  # type: ignore[arg-type]  # stand-ins
    return node.op.module(lowering, *operands) is not None


def _can_be_wrapped(node: Node) -> bool:
    """Is it a function of one tensor alone, which a small module can hold?"""
    if node.is_call or len(node.inputs) != 1 or not isinstance(value := node.inputs[0], Value):
        return False
    probe = _probed(node)
    if probe.owns_layer or probe.owns_tensor or probe.asks_dtype:
        return False
    try:
        for size in probe.sizes:
            said(size, at_hand([("x", value.shape)]))
    except Absent:
        return False
    return True


# ---------------------------------------------------------------- sequences


def is_list(graph: Graph) -> bool:
    """A list of layers, or a block that is one in all but name: whatever it owns is numbered.

    A list with a label that no container of PyTorch takes becomes a class.
    """
    if graph.kind != "block":
        return graph.kind == "sequence" and all(is_key(node.label) for node in graph.nodes)
    if not any(node.label.isdigit() for node in graph.nodes):
        return False
    return all(node.label.isdigit() for node in graph.nodes if not node.borrowed and owns(node))


@dataclass(slots=True)
class Plan:
    """`carried`: how many values go from member to member of a loop."""

    kind: str
    numbered: bool
    carried: int = 1
    owned: list[Node] = field(default_factory=list)  # members that are modules

    @property
    def box(self) -> str:
        if self.kind == CHAIN:
            return "nn.Sequential"
        return "nn.ModuleList" if self.kind == LOOP or self.numbered else "nn.ModuleDict"

    def place(self, base: str) -> Place:
        if self.kind == CHAIN and not self.numbered:
            return Place(base)
        return Place(base, indexed=self.numbered, keyed=not self.numbered)


class Plans:
    """Decides once for each sequence graph."""

    def __init__(self) -> None:
        self._known: dict[int, Plan] = {}

    def of(self, graph: Graph) -> Plan:
        found = self._known.get(id(graph))
        if found is None:
            found = self._known[id(graph)] = self._decide(graph)
        return found

    def _decide(self, graph: Graph) -> Plan:
        nodes = graph.nodes
        labels = [n.label for n in nodes]
        plain = len(set(labels)) == len(labels) and not any(n.borrowed or n.mode or "." in n.label for n in nodes)
        numbered = labels == [str(i) for i in range(len(labels))]
        if plain and self._is_chain(graph, numbered):
            return Plan(CHAIN, numbered, 1, list(nodes))
        carried = self._carried(graph) if plain and numbered and nodes else None
        if carried is not None:
            return Plan(LOOP, True, carried, list(nodes))
        owned = list({n.label: n for n in reversed(nodes) if not n.borrowed and owns(n)}.values())[::-1]
        owned = [next(m for m in nodes if m.label == n.label) for n in owned]
        return Plan(INLINE, [n.label for n in owned] == [str(i) for i in range(len(owned))], 1, owned)

    def callable(self, node: Node) -> bool:
        """Is the node's layer called like a function, with tensors only?"""
        if isinstance(node.target, Graph):
            return not is_list(node.target) or self.of(node.target).kind == CHAIN
        return owns(node) == "layer" and not _is_weight(node)

    def _is_chain(self, graph: Graph, numbered: bool) -> bool:
        """One tensor from layer to layer, each of them a module; in a numbered list of layers small functions may stand
        between them."""
        if len(graph.inputs) != 1 or len(graph.outputs) != 1:
            return False
        at = graph.inputs[0]
        for node in graph.nodes:
            if [v for v in node.inputs if v is not None] != [at] or len(node.outputs) != 1:
                return False
            if not self._is_module(node) and not (numbered and _can_be_wrapped(node)):
                return False
            at = node.outputs[0]
        if graph.outputs[0].value is not at:
            return False
        return not graph.nodes or any(map(self._is_module, graph.nodes))

    def _is_module(self, node: Node) -> bool:
        if isinstance(node.target, Graph):
            if node.lends or node.target.borrows:
                return False
            return not is_list(node.target) or self.of(node.target).kind == CHAIN
        return not _is_weight(node) and has_module(node)

    def _carried(self, graph: Graph) -> int | None:
        """How many values each member hands to the next, when all are called alike."""
        first = graph.nodes[0]
        count = len(first.outputs)
        at: list[Value | None] = list(graph.inputs[:count])
        rest = first.inputs[count:]
        if not count or any(v is not None and v not in graph.inputs for v in rest):
            return None
        for node in graph.nodes:
            alike = isinstance(node.target, Graph) and self.callable(node) and node.lends == first.lends
            if not alike or node.inputs != [*at, *rest] or len(node.outputs) != count:
                return None
            at = list(node.outputs)
        return count if [p.value for p in graph.outputs] == at else None


def _is_weight(node: Node) -> bool:
    return not node.is_call and node.op.name == "WeightOf"
