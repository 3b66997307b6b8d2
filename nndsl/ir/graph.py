"""The typed IR: a model is a tree of block graphs in SSA form.

A graph is made once per distinct (block, hyperparameters, input types) and shared by all its calls. The symbols in its
types are the model's: a call needs no renaming. All nodes of a graph stand in an order in which they can run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from nndsl.diagnostics import Frame
from nndsl.ops.schema import Op, Weight
from nndsl.shapes import Facts, Size, TensorType
from nndsl.shapes.origins import Number
from nndsl.shapes.simplified import Origin
from nndsl.source import Span


@dataclass(slots=True, eq=False)
class Value:
    """One tensor. `name` is its name in the spec, when it has one; it need not be unique."""

    type: TensorType
    name: str = ""
    producer: Node | None = None  # None: an input of the graph
    index: int = 0  # which output of the producer
    described: ClassVar[str] = "a tensor"

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def dtype(self) -> str:
        return self.type.dtype

    def __repr__(self) -> str:
        return f"<{self.name or '%'}: {self.type}>"


@dataclass(slots=True, eq=False)
class Node:
    """An operator applied, or a call of a block graph.

    `label` is its name in the graph: the attribute in the PyTorch class, a part of state-dict keys and of ONNX node
    names. Labels are identifiers, or numbers inside a `sequence` graph, or computed strings; nodes with the same label
    are uses of one shared layer (`layer e = …`). `mode`: "train" or "eval" for what stands under `if training`.
    `lends` says, for a call, which layer of this graph the callee's borrowed layer is: {"embed": "shared"}.
    Numbers know what they were computed from (`shapes/origins.py`); `given` holds those that a call gives, by the
    callee's names for them, and `flags` says which hyperparameter a parameter that is true or false was."""

    target: Op | Graph
    inputs: list[Value | None]
    outputs: list[Value]
    label: str
    span: Span
    trace: Frame | None = None
    mode: str | None = None
    borrowed: bool = False  # `label` names a layer of `graph.borrows`, owned by an outer graph
    labelled: bool = False  # the label was written in the spec (not made from the type's name)
    lends: dict[str, str] = field(default_factory=dict)
    given: dict[str, Number] = field(default_factory=dict)
    flags: dict[str, Origin] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)  # of a graph that was read: how parameters were written
    places: dict[str, Span] = field(default_factory=dict)  # where each parameter was written

    @property
    def op(self) -> Op:
        assert isinstance(self.target, Op)
        return self.target

    @property
    def is_call(self) -> bool:
        return isinstance(self.target, Graph)

    def weights(self) -> list[Weight]:
        """Of an operator; empty for calls (ask the callee's nodes)."""
        if isinstance(self.target, Graph):
            return []
        return self.target.weights(*[v.type if v is not None else None for v in self.inputs])

    def __repr__(self) -> str:
        return f"<{self.label}: {self.target if isinstance(self.target, Op) else self.target.name}>"


def callee_numbers(node: Node) -> Callable[[tuple[Any, ...]], Any]:
    """What a call gives for the callee's hyperparameters and the sizes of its inputs, in the caller's numbers."""
    callee = node.target
    assert isinstance(callee, Graph)

    def known(leaf: tuple[Any, ...]) -> Any:
        kind, _, name, *axis = leaf
        if kind == "hyper":
            return next(each[name] for each in (node.given, callee.hyper, callee.carried) if name in each)
        value = node.inputs[name]
        assert value is not None
        return value.shape[axis[0]]

    return known


@dataclass(slots=True, eq=False)
class Port:
    """A named output. `mode` "train": only given while training. `doc` is the comment above it."""

    name: str
    value: Value
    mode: str | None = None
    span: Span | None = None
    doc: str = ""


@dataclass(slots=True, eq=False)
class InitRule:
    """`init Conv2d.weight = kaiming_normal(…)`: layer and weight may be None (all)."""

    layer: str | None
    weight: str | None
    init: Any  # Initializer
    span: Span


@dataclass(slots=True, eq=False)
class Graph:
    """`kind`: "model", "block", or "sequence" (a list of layers: its nodes are labelled 0, 1, 2 … or by their labels).

    `hyper` holds the hyperparameters it was made with (layers as their spelling), `dims` the names its signature bound.
    `borrows` are the names of layers it uses that an outer graph owns; `inits` the model-wide initialisers.

    `owner` is what the origins of a block's own numbers bear; a list or group in its text has the same (0: a model's).
    `defaults` are hyperparameters' defaults that are numbers, `defaulted` those that nobody gave, `carried` the numbers
    of those that are layers. `counts` says of a list where equal members begin that a number counts, and the number:
    `[Block] * depth`."""

    name: str
    kind: str
    span: Span
    hyper: dict[str, Any] = field(default_factory=dict)
    dims: dict[str, Size] = field(default_factory=dict)
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    outputs: list[Port] = field(default_factory=list)
    borrows: list[str] = field(default_factory=list)
    inits: list[InitRule] = field(default_factory=list)
    facts: Facts | None = None  # of a model
    doc: str = ""
    owner: int = 0
    defaults: dict[str, Number] = field(default_factory=dict)
    defaulted: set[str] = field(default_factory=set)
    carried: dict[str, Number] = field(default_factory=dict)
    counts: list[tuple[int, int]] = field(default_factory=list)

    def graphs(self) -> list[Graph]:
        """Every distinct graph below, callees before callers, this one last."""
        found: dict[int, Graph] = {}
        stack: list[tuple[Graph, bool]] = [(self, False)]
        while stack:
            graph, done = stack.pop()
            if id(graph) in found:
                continue
            if done:
                found[id(graph)] = graph
                continue
            stack.append((graph, True))
            for node in graph.nodes:
                if isinstance(node.target, Graph) and id(node.target) not in found:
                    stack.append((node.target, False))
        return list(found.values())

    def weights(self) -> Iterator[tuple[str, Weight]]:
        """(state-dict key, weight) of every weight this graph owns, shared ones once, in the order of the text."""
        for label, node in self.layers().items():
            if isinstance(node.target, Graph):
                for key, weight in node.target.weights():
                    yield f"{label}.{key}", weight
            else:
                for weight in node.weights():
                    yield (f"{label}.{weight.name}" if weight.name else label), weight

    def layers(self) -> dict[str, Node]:
        """The layers this graph owns by their labels, each with its first use. That may stand in a callee: a shared
        layer (`layer e = …`) can be used by blocks that it is lent to, and nowhere else."""
        found: dict[str, Node] = {}
        borrows = set(self.borrows)
        for node in self.nodes:
            for theirs, ours in node.lends.items():
                if ours not in found and ours not in borrows and isinstance(node.target, Graph):
                    found[ours] = node.target.use_of(theirs)
            if not node.borrowed:
                found.setdefault(node.label, node)
        return found

    def use_of(self, borrowed: str) -> Node:
        """The first node that applies a borrowed layer, here or deeper."""
        graph, name = self, borrowed
        while True:
            for node in graph.nodes:
                if node.borrowed and node.label == name:
                    return node
                inner = next((theirs for theirs, ours in node.lends.items() if ours == name), None)
                if inner is not None and isinstance(node.target, Graph):
                    graph, name = node.target, inner
                    break
            else:
                raise LookupError(f"{graph.name} borrows {name} and does not use it")

    def __str__(self) -> str:
        """The text of this graph and of all graphs below it; `ir.reader` reads it back."""
        from nndsl.ir.printer import print_graph

        return print_graph(self)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def returned(graph: Graph) -> list[Port]:
    """The outputs as a caller gets them: in the order of the text, those of one mode only at the end."""
    return sorted(graph.outputs, key=lambda port: port.mode is not None)
