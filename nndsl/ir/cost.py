"""What a graph costs: weights, multiply-accumulates, arithmetic; counted once per distinct graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nndsl.ir.graph import Graph, Node
from nndsl.ir.loops import repeats
from nndsl.ops.schema import Op, Weight, inputs_of
from nndsl.shapes import Dim, Size, product
from nndsl.shapes.dims import atom_symbols


@dataclass(slots=True)
class Cost:
    """Elements of `parameters` and `buffers`, a shared layer's once; `macs`, `flops` of one run outside training, in
    which what nothing uses is not run.

    `no_macs`, `no_flops` hold the operators without a formula, `no_parameters` the layers whose weights are not known:
    where they are not empty, the sum is a lower bound."""

    parameters: Size = 0
    trainable: Size = 0
    buffers: Size = 0
    macs: Size = 0
    flops: Size = 0
    no_parameters: dict[str, None] = field(default_factory=dict)
    no_macs: dict[str, None] = field(default_factory=dict)
    no_flops: dict[str, None] = field(default_factory=dict)

    def own(self, other: Cost) -> None:
        self.parameters = self.parameters + other.parameters
        self.trainable = self.trainable + other.trainable
        self.buffers = self.buffers + other.buffers
        self.no_parameters |= other.no_parameters

    def run(self, other: Cost) -> None:
        self.macs = self.macs + other.macs
        self.flops = self.flops + other.flops
        self.no_macs |= other.no_macs
        self.no_flops |= other.no_flops


class Costs:
    """Costs of a graph, of all graphs below it and of their nodes."""

    def __init__(self, root: Graph) -> None:
        self._graphs: dict[int, Cost] = {}
        self._nodes: dict[int, Cost] = {}
        self._needed: set[int] = set()
        for graph in root.graphs():
            self._graphs[id(graph)] = self._total(graph)

    def of(self, graph: Graph) -> Cost:
        return self._graphs[id(graph)]

    def of_node(self, node: Node) -> Cost:
        """Of one application; a call costs what its graph costs."""
        return self.of(node.target) if isinstance(node.target, Graph) else self._nodes[id(node)]

    def unused(self, node: Node) -> bool:
        """Does no output of its graph need it? PyTorch's code makes such a layer, and does not call it."""
        return id(node) not in self._needed

    def _total(self, graph: Graph) -> Cost:
        self._needed.update(needed(graph))
        total = Cost()
        for node in graph.nodes:
            if not isinstance(node.target, Graph):
                self._nodes[id(node)] = operator_cost(node)
            if node.mode != "train" and not self.unused(node):
                total.run(self.of_node(node))
        times = repeats(graph)
        total.macs, total.flops = total.macs * times, total.flops * times
        for node in graph.layers().values():
            total.own(self.of_node(node))
        return total


def needed(graph: Graph) -> list[int]:
    """The nodes that the graph's outputs need."""
    used = {id(port.value) for port in graph.outputs}
    found = []
    for node in reversed(graph.nodes):
        if any(id(value) in used for value in node.outputs):
            used.update(id(value) for value in node.inputs if value is not None)
            found.append(id(node))
    return found


def operator_cost(node: Node) -> Cost:
    cost = Cost()
    for weight in node.weights():
        _count(cost, weight)
    op: Op = node.op
    if not op.weighed:
        cost.no_parameters[op.heading] = None
    types = inputs_of(type(op), [v.type if v is not None else None for v in node.inputs])
    results = tuple(v.type for v in node.outputs)
    y = results[0] if len(results) == 1 else results
    macs, flops = op.macs(*types, y=y), op.flops(*types, y=y)
    if macs is None:
        cost.no_macs[op.heading] = None
    if flops is None:
        cost.no_flops[op.heading] = None
    cost.macs = 0 if macs is None else macs
    cost.flops = 0 if flops is None else flops
    return cost


def _count(cost: Cost, weight: Weight) -> None:
    elements = product(weight.shape)
    if not weight.trained:
        cost.buffers = cost.buffers + elements
        return
    cost.parameters = cost.parameters + elements
    cost.trainable = cost.trainable + elements


def batch_symbol(graph: Graph) -> str | None:
    """The symbol that stands first in the inputs and nowhere else in them, where there is one: costs are told for one
    sample. Where some tensor has it twice (`a @ a.T`), samples meet, and none has costs of its own."""
    firsts = {value.shape[0] for value in graph.inputs if value.shape and isinstance(value.shape[0], Dim)}
    if len(firsts) != 1:
        return None
    lone = next(iter(firsts)).lone_atom()
    if lone is None or lone[1:] != (1, 0) or lone[0].operands:
        return None
    batch = str(lone[0])
    if any(_degree(size, batch) for value in graph.inputs for size in value.shape[1:]):
        return None
    inner = graph.graphs()
    shapes = {v.shape for g in inner for v in (*g.inputs, *(out for node in g.nodes for out in node.outputs))}
    return None if any(sum(_degree(size, batch) for size in shape) > 1 for shape in shapes) else batch


def _degree(size: Size, name: str) -> int:
    """How often the symbol is multiplied into a size; where it is divided or compared, it is no count of samples."""
    if isinstance(size, int) or name not in size.symbols():
        return 0
    if any(atom.operands and name in atom_symbols(atom) for atom in size.atoms()):
        return 2
    return max(atoms.count(name) for atoms in size.terms)


def for_one_sample(size: Size, batch: str | None) -> Size:
    return size.substitute({batch: 1}) if isinstance(size, Dim) and batch is not None else size


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def polynomial(size: Size, number: Callable[[int], str]) -> str | None:
    """`18.9M·T + 6.14K·T²`, factors as `number` writes them; None for what holds divisions or differences."""
    if isinstance(size, int):
        return number(size)
    terms = []
    for atoms, factor in sorted(size.terms.items(), key=lambda term: (-len(term[0]), term[0])):
        if factor < 0 or any(atom.operands for atom in atoms):
            return None
        terms.append("·".join([number(factor), *powers(atoms)]))
    return " + ".join(terms)


def powers(symbols: Sequence[str]) -> list[str]:
    """`["T²", "d"]` of T, T and d."""
    counts = Counter(symbols)
    return [name + (str(times).translate(_RAISED) if times > 1 else "") for name, times in counts.items()]
