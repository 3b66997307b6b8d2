"""The numbers of a graph in the terms of its class: what they are computed from there.

A class knows the numbers of its own block, and of blocks that are lists in all but name: those have no class,
and are given their numbers here. Hyperparameters that no instance of the class is given are the numbers that
they default to. A size of an input that the block adds to another size is that other size: `x + conv(x)` has
as many channels as conv gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from nndsl.backends.torch.plan import is_list
from nndsl.ir.graph import Graph, Node, callee_numbers
from nndsl.ops.arithmetic import Binary
from nndsl.shapes.origins import origin, plain
from nndsl.shapes.simplified import Origin, calls_math, leaves, substituted, variables


class _Foreign(Exception):
    """A number of another block."""


class Terms:
    """Of one instance of a class. `home`: the block in whose text the graph stands, itself unless it is a group.
    `fixed`: hyperparameters that all instances leave at their defaults."""

    def __init__(self, graph: Graph, home: Graph, fixed: Collection[str] = ()) -> None:
        self.graph, self.home, self.fixed = graph, home, fixed
        self.calls = _list_calls(graph)
        self.merged: dict[Origin, Origin] = {}
        self._known: dict[Origin, Origin | None] = {}
        self._merge()

    def of(self, of: Origin | None) -> Origin | None:
        """What the class computes the number from, no longer whose it is. A plain number where that is all there
        is to it; None where it is nobody's."""
        if not isinstance(of, tuple):
            return of
        if of not in self._known:
            try:
                found = substituted(of, self._own)
                self._known[of] = found if leaves(found) or calls_math(found) else 0
            except _Foreign:
                self._known[of] = None
        return self._known[of]

    def _own(self, leaf: tuple[Any, ...]) -> Origin:
        kind, owner, *rest = leaf
        if kind == "index":
            return leaf
        if owner != self.graph.owner:
            return self._given(leaf)
        if kind == "hyper" and rest[0] in self.fixed:
            return self.home.hyper[rest[0]]  # type: ignore[no-any-return]  # of Any
        own = (kind, 0, *rest)
        return self.merged.get(own, own)

    def _given(self, leaf: tuple[Any, ...]) -> Origin:
        """What a list is given, all its calls alike."""
        numbers = [callee_numbers(call)(leaf) for call in self.calls.get(leaf[1], ())]
        found = {origin(number) for number in numbers}
        if len(found) != 1:
            raise _Foreign
        told = found.pop()
        given = self.of(told) if told is not None else plain(numbers[0])
        if given is None:
            raise _Foreign
        return given

    def value(self, of: tuple[Any, ...]) -> int | float:
        """The number that a hyperparameter or the size of an input is here."""
        home = self.home
        found: Any = home.inputs[of[2]].shape[of[3]] if of[0] == "axis" else home.hyper.get(of[2])
        return home.carried[of[2]] if found is None else found

    # ------------------------------------------------------------ sizes that are one

    def _merge(self) -> None:
        found: dict[Origin, Origin] = {}
        for a, b in _added(self.graph):
            one, other = self.of(origin(a)), self.of(origin(b))
            if isinstance(one, tuple) and isinstance(other, tuple) and one != other:
                _unite(one, other, found)
        self.merged = found
        self._known = {}


def _unite(one: Origin, other: Origin, found: dict[Origin, Origin]) -> None:
    """A size of an input gives way to what it is added to."""

    def resolved(leaf: tuple[Any, ...]) -> Origin:
        return found.get(leaf, leaf)

    one, other = substituted(one, resolved), substituted(other, resolved)
    for size, value in ((other, one), (one, other)):
        if isinstance(size, tuple) and size[0] == "axis" and size not in variables(value):
            found[size] = value
            for known, told in found.items():
                found[known] = substituted(told, resolved)
            return


def _added(graph: Graph) -> Iterator[tuple[int, int]]:
    """Pairs of known sizes that have to be equal, because tensors with them are added, multiplied, …"""
    for node in nodes_of(graph):
        inputs = [v for v in node.inputs if v is not None]
        if node.is_call or not isinstance(node.op, Binary) or node.op.name == "MatMul" or len(inputs) != 2:
            continue
        for a, b in zip(reversed(inputs[0].shape), reversed(inputs[1].shape), strict=False):
            if isinstance(a, int) and isinstance(b, int) and a == b and a > 1:
                yield a, b


def nodes_of(graph: Graph) -> Iterator[Node]:
    """Those of lists too, which the class writes out."""
    for node in graph.nodes:
        yield node
        if isinstance(node.target, Graph) and is_list(node.target):
            yield from nodes_of(node.target)


def _list_calls(graph: Graph) -> dict[int, list[Node]]:
    """The calls of lists that have numbers of their own, by their owners."""
    found: dict[int, list[Node]] = {}
    for node in nodes_of(graph):
        target = node.target
        if isinstance(target, Graph) and is_list(target) and target.owner not in (0, graph.owner):
            found.setdefault(target.owner, []).append(node)
    return found
