"""What must hold of an IR: run after every pass under test. A finding is a bug of ours, not of a spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from nndsl.ir.graph import Graph, Node
from nndsl.ops.say import Collect
from nndsl.ops.schema import Op, inputs_of
from nndsl.shapes import Facts, Size, TensorType

MODES = (None, "train", "eval")


def verify(graph: Graph) -> list[str]:
    """Everything that is wrong, in words; empty where all is well."""
    facts = graph.facts or Facts()
    found = []
    if _recursive(graph):
        return [f"{graph.name} calls itself"]
    for each in graph.graphs():
        found += [f"{each.name}: {problem}" for problem in _Verifier(each, facts).problems()]
    return found


def _recursive(graph: Graph) -> bool:
    """Is a graph met again below itself?"""
    open_: set[int] = set()
    closed: set[int] = set()
    stack = [(graph, False)]
    while stack:
        each, done = stack.pop()
        if done:
            open_.discard(id(each))
            closed.add(id(each))
        elif id(each) in open_:
            return True
        elif id(each) not in closed:
            open_.add(id(each))
            stack.append((each, True))
            stack.extend((node.target, False) for node in each.nodes if isinstance(node.target, Graph))
    return False


class _Verifier:
    def __init__(self, graph: Graph, facts: Facts) -> None:
        self.graph = graph
        self.facts = facts
        self.modes: dict[int, str | None] = {id(value): None for value in graph.inputs}
        self.layers: dict[str, Node] = {}

    def problems(self) -> Iterator[str]:
        if len(self.modes) != len(self.graph.inputs):
            yield "an input stands twice among the inputs"
        for value in self.graph.inputs:
            if value.producer is not None:
                yield f"the input {value.name} has a producer"
        for node in self.graph.nodes:
            yield from (f"{node.label}: {problem}" for problem in self._node(node))
        yield from self._ports()

    def _node(self, node: Node) -> Iterator[str]:
        if node.mode not in MODES:
            yield f"there is no mode {node.mode}"
        undefined = [v for v in node.inputs if v is not None and id(v) not in self.modes]
        if undefined:
            yield f"it uses {undefined[0]!r} before that is computed"
        else:
            yield from (self._call(node) if isinstance(node.target, Graph) else self._operator(node, node.target))
            yield from self._mode(node)
        yield from self._label(node)
        for i, value in enumerate(node.outputs):
            if id(value) in self.modes:
                yield f"it computes {value!r} a second time"
            if value.producer is not node or value.index != i:
                yield f"{value!r} is its output {i} and does not know"
            self.modes[id(value)] = node.mode

    # ------------------------------------------------------------ types

    def _operator(self, node: Node, op: Op) -> Iterator[str]:
        least = op.required_inputs()
        most = len(node.inputs) if op.variadic() else len(op.inputs)
        if not least <= len(node.inputs) <= most:
            yield f"{op.name} takes {least} to {most} inputs, and it has {len(node.inputs)}"
            return
        say = Collect(op.name, self.facts)
        given = inputs_of(type(op), [v.type if v is not None else None for v in node.inputs])
        result = op.shape(*given, say=say)
        if result is None:
            yield f"{op.spell()} refuses its inputs: {'; '.join(text for _, text in say.messages)}"
            return
        types = list(result) if isinstance(result, tuple) else [result]
        yield from self._same_types("output", types, [v.type for v in node.outputs])

    def _call(self, node: Node) -> Iterator[str]:
        callee = node.target
        assert isinstance(callee, Graph)
        both = zip(callee.inputs, node.inputs, strict=False)
        taken = [(value.type, other.type) for value, other in both if other is not None]
        if len(callee.inputs) != len(node.inputs):
            yield f"{callee.name} has {len(callee.inputs)} inputs, and it gives {len(node.inputs)}"
        yield from self._same_types("input", [a for a, _ in taken], [b for _, b in taken])
        yield from self._same_types("output", [p.value.type for p in callee.outputs], [v.type for v in node.outputs])
        for name, lender in node.lends.items():
            if name not in callee.borrows:
                yield f"it lends {name}, which {callee.name} does not borrow"
            if not lender:
                yield f"it lends nothing as {name}"
        for name in callee.borrows:
            if name not in node.lends:
                yield f"{callee.name} borrows {name}, which it does not lend"

    def _same_types(self, what: str, wanted: list[TensorType], found: list[TensorType]) -> Iterator[str]:
        if len(wanted) != len(found):
            yield f"it has {len(found)} {what}s, and should have {len(wanted)}"
            return
        for i, (a, b) in enumerate(zip(wanted, found, strict=True)):
            equal = a.dtype == b.dtype and a.rank == b.rank
            if not equal or not all(self.facts.equal(x, y) for x, y in zip(a.shape, b.shape, strict=True)):
                yield f"{what} {i} is {b}, and should be {a}"

    # ------------------------------------------------------------ labels and modes

    def _label(self, node: Node) -> Iterator[str]:
        if not node.label:
            yield "it has no label"
        if node.borrowed and node.label not in self.graph.borrows:
            yield "its layer is borrowed, and the graph does not say so"
        first = self.layers.setdefault(node.label, node)
        if first.borrowed != node.borrowed or not _one_layer(first, node):
            yield "another layer has the same label"

    def _mode(self, node: Node) -> Iterator[str]:
        """What exists in one mode is used in that mode, or merged."""
        merge = not node.is_call and node.op.name == "Merge"
        for i, value in enumerate(node.inputs):
            mode = self.modes[id(value)] if value is not None else None
            wanted = ("train", "eval")[i] if merge and i < 2 else node.mode
            if mode is not None and mode != wanted:
                yield f"it uses {value!r}, which exists in {mode} mode only"

    def _ports(self) -> Iterator[str]:
        for name, count in Counter(port.name for port in self.graph.outputs).items():
            if count > 1:
                yield f"{count} outputs are named {name}"
        for port in self.graph.outputs:
            if port.mode not in MODES:
                yield f"the output {port.name} has a mode {port.mode}"
            if id(port.value) not in self.modes:
                yield f"the output {port.name} is not computed here"
            elif self.modes[id(port.value)] not in (None, port.mode):
                yield f"the output {port.name} exists in {self.modes[id(port.value)]} mode only"


def _one_layer(a: Node, b: Node) -> bool:
    """Uses of one layer: graphs with the same weights (their inputs may differ in shape), or equal operators; a weight
    of the layer counts as the layer."""
    if isinstance(a.target, Graph) and isinstance(b.target, Graph):
        return a.target is b.target or (a.target.name == b.target.name and _owned(a.target) == _owned(b.target))
    if a.is_call or b.is_call:
        return False
    return _layer(a.op).key() == _layer(b.op).key()


def _owned(graph: Graph) -> list[tuple[str, tuple[Size, ...]]]:
    return [(key, weight.shape) for key, weight in graph.weights()]


def _layer(op: Op) -> Op:
    owner = getattr(op, "owner", None) if op.name == "WeightOf" else None
    return owner if isinstance(owner, Op) else op
