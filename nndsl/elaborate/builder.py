"""One graph under construction: its values, the names of its layers, what it takes from outer graphs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nndsl.diagnostics import Frame, Label
from nndsl.elaborate.context import Built, Context
from nndsl.elaborate.values import Instance
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops.schema import Op
from nndsl.shapes import TensorType
from nndsl.shapes.origins import plain, traced
from nndsl.source import Span
from nndsl.syntax import ast


class GraphBuilder:
    """Adds nodes to `graph`. `frame` is the trace of expansions that led to it; `block` is an outer one's when this
    is a list or a group in its text, whose numbers are the outer block's."""

    def __init__(self, context: Context, graph: Graph, frame: Frame | None, block: GraphBuilder | None = None) -> None:
        self.context = context
        self.graph = graph
        self.frame = frame
        self.part = block is not None
        self.owner: int = block.owner if block is not None else 0
        graph.owner = self.owner
        self.mode: str | None = None
        self.layers = 0
        self.values: dict[int, Value] = {}
        self.captured: dict[int, tuple[Value, Value]] = {}
        self.borrowed: dict[str, Instance] = {}
        self.given: dict[int, str] = {}  # shared layers that came as hyperparameters, by identity: their names here
        self.labels: dict[str, Span] = {}
        self.ports: list[Port] = []
        self.root = False
        self.modal = False  # may its outputs be given in one mode alone? Those of a model's own text
        self.called = graph.name  # what messages call the text that is being run
        self.definition: ast.Definition | None = None  # whose body this is
        self._counts: dict[str, int] = {}

    @contextmanager
    def inside(self, called: str) -> Iterator[None]:
        """While a layer is written out here: its inputs and outputs are its own, also inside a model."""
        kept = self.root, self.modal, self.ports, self.called
        self.root, self.modal, self.ports, self.called = False, False, [], called
        try:
            yield
        finally:
            self.root, self.modal, self.ports, self.called = kept

    # ------------------------------------------------------------ values

    def own(self, value: Value) -> Value:
        self.values[id(value)] = value
        return value

    def input(self, type_: TensorType, name: str) -> Value:
        value = self.own(Value(self._entering(type_), name))
        self.graph.inputs.append(value)
        return value

    def _entering(self, type_: TensorType) -> TensorType:
        """The sizes of a block's input are its own numbers."""
        if self.part or self.root or not self.owner:
            return type_
        at = len(self.graph.inputs) + len(self.captured)
        sizes = enumerate(type_.shape)
        return type_.with_shape(
            traced(plain(size), ("axis", self.owner, at, axis)) if isinstance(size, int) else plain(size)
            for axis, size in sizes
        )

    def take(self, value: Value) -> Value:
        """The value as this graph sees it: one of an outer graph becomes an input (a closure may mention what is around
        it)."""
        if id(value) in self.values:
            return value
        kept = self.captured.get(id(value))
        if kept is None:
            local = self.own(Value(self._entering(value.type), value.name))
            kept = self.captured[id(value)] = (value, local)
        return kept[1]

    def borrow(self, instance: Instance) -> str:
        """The name under which this graph uses a shared layer; an outer graph's is lent by the caller."""
        if instance.builder is self:
            return instance.label
        known = next((name for name, lent in self.borrowed.items() if lent is instance), None)
        name = known or self._unclaimed(self.given.get(id(instance), instance.label))
        if name not in self.borrowed:
            self.borrowed[name] = instance
            self.graph.borrows.append(name)
        return name

    def _unclaimed(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self.borrowed or name in self.labels:
            name, number = f"{wanted}_{number}", number + 1
        return name

    def _rename(self, name: str) -> None:
        """A layer of this graph wants the name of a borrowed one."""
        instance = self.borrowed[name]
        self.labels[name] = instance.span
        new = self._unclaimed(name)
        self.borrowed = {new if key == name else key: lent for key, lent in self.borrowed.items()}
        self.graph.borrows = list(self.borrowed)
        for node in self.graph.nodes:
            if node.borrowed and node.label == name:
                node.label = new
            node.lends = {theirs: new if ours == name else ours for theirs, ours in node.lends.items()}
        del self.labels[name]

    # ------------------------------------------------------------ names

    def claim(self, label: str | None, type_name: str, span: Span) -> str:
        """A layer's name in this graph: as written, else by its type: `linear_1`, `linear_2`, …"""
        if label is None:
            stem = type_name.lower()
            while True:
                self._counts[stem] = self._counts.get(stem, 0) + 1
                label = f"{stem}_{self._counts[stem]}"
                if label not in self.labels and label not in self.borrowed:
                    break
        elif label == "training":
            message = "every PyTorch module has an attribute `training` already: whether it is training"
            self.context.error("bad-label", message, span, frame=self.frame)
            return self.claim(None, label, span)
        elif label in self.labels and not self._gives_way(label):
            self._claimed_twice(label, type_name, span)
            return self.claim(None, label, span)
        elif label in self.borrowed:
            self._rename(label)
        self.labels[label] = span
        return label

    def _gives_way(self, label: str) -> bool:
        """A layer that was named by its type alone takes the next number when a label wants its name."""
        self.context.budget.step(len(self.graph.nodes) // 16)
        taken = next((node for node in self.graph.nodes if node.label == label and not node.labelled), None)
        if taken is None or taken.borrowed:
            return False
        taken.label = self.claim(None, label.rsplit("_", 1)[0], taken.span)
        return True

    def _claimed_twice(self, label: str, type_name: str, span: Span) -> None:
        again = self.labels[label] == span
        if again and type_name in ("Parameter", "Buffer"):
            hint = "declare it once, before the loop"
        else:
            hint = f'give each its own name, such as "{label}_{{i}}" in a loop, or share one with `layer {label} = …`'
        self.context.error(
            "duplicate-label",
            f"two layers of {self.graph.name} are named {label}",
            span,
            label="this is made more than once" if again else "again here",
            labels=[] if again else [Label(self.labels[label], "first here")],
            hints=[hint],
            frame=self.frame,
        )

    # ------------------------------------------------------------ nodes

    def add(
        self,
        target: Op | Graph,
        inputs: list[Value | None],
        types: tuple[TensorType, ...],
        label: str,
        span: Span,
    ) -> Node:
        """A node with fresh outputs; its inputs must be values of this graph."""
        node = Node(target, inputs, [], label, span, self.frame, self.mode)
        node.outputs = [self.own(Value(t, "", node, i)) for i, t in enumerate(types)]
        self.graph.nodes.append(node)
        self.layers += 1
        self.context.budget.node()
        return node

    def renormalize(self) -> None:
        """After a new fact: all types in their new normal form."""
        normal = self.context.facts.normalize
        for value in self.values.values():
            value.type = value.type.with_shape(tuple(normal(s) for s in value.type.shape))
        self.graph.dims = {name: normal(size) for name, size in self.graph.dims.items()}

    def finish(self, result: Any) -> Built:
        """Captured values become the last inputs."""
        self.graph.inputs.extend(local for _, local in self.captured.values())
        captures = [outer for outer, _ in self.captured.values()]
        return Built(self.graph, result, captures, list(self.borrowed.values()), self.layers)
