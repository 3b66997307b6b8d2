"""Whose numbers are whose: what a block is given becomes its own, and what comes out of it becomes its caller's.

Inside a block every number it was given is one of its hyperparameters, whatever the caller computed it from
(`shapes/origins.py`). A layer that it was given brings its numbers along: `body.out_features`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import BlockLayer, Chain, Closure, Counted, Given, Labelled, OpLayer, RuntimeSwitch, Stage
from nndsl.ir.graph import Graph, Node, callee_numbers
from nndsl.ops.initializers import Initializer
from nndsl.shapes.origins import TRACED, Number, TracedDim, named, origin, plain, rebased, traced
from nndsl.shapes.simplified import Origin

Seen = dict[int, tuple[Any, Any]]  # by id: what a value was made into, once; the old one lives, so that its id stays


def own(value: Any, name: str, graph: Graph) -> Any:
    """A hyperparameter's value, its numbers those of the block."""
    return _Taken(graph, name).value(value, name)


def own_default(value: Any, name: str, graph: Graph) -> Any:
    """The value of a default: computed from the block's other hyperparameters, or a number of its own."""
    if origin(value) is not None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return named(value, name)
    return traced(value, ("hyper", graph.owner, name))


def give(node: Node, given: dict[str, Given]) -> None:
    """What a call gives, under the names that `own` makes of it."""
    found = _Noted()
    for name, each in given.items():
        found.flag(name, each.flag, each.value)
        found.value(each.value, name)
    node.given, node.flags = found.numbers, found.flags


def flags(given: dict[str, Given]) -> dict[str, Origin]:
    """Which of the values that are true or false are hyperparameters of the block that gives them."""
    return {name: each.flag for name, each in given.items() if each.flag is not None}


def results_outside(node: Node, owner: int) -> None:
    """The results of a call have their sizes in the numbers of the block that calls."""
    callee = node.target
    assert isinstance(callee, Graph)
    for value in node.outputs:
        sizes = value.type.shape
        if any([type(size) in TRACED or type(size) is TracedDim for size in sizes]):
            known = callee_numbers(node)
            inside = (
                rebased(size, callee.owner, known, owner) if owner and isinstance(size, int) else plain(size)
                for size in sizes
            )
            value.type = value.type.with_shape(inside)


# ---------------------------------------------------------------- inside of values


class _Numbers:
    """Goes through a value, and rebuilds what has numbers in it."""

    def __init__(self) -> None:
        self._seen: Seen = {}

    def number(self, path: str, number: Number) -> Any:
        """What a number becomes: each subclass says it."""
        raise NotImplementedError

    def flag(self, path: str, flag: Origin | None, value: Any) -> Origin | None:
        """What a true or false becomes: each subclass says it."""
        raise NotImplementedError

    def value(self, value: Any, path: str) -> Any:
        """The value with its numbers changed; itself where it has none."""
        if isinstance(value, (int, float)):
            return value if isinstance(value, bool) else self.number(path, value)
        if type(value) is TracedDim:  # another block's calculation
            return plain(value)
        rebuild = _REBUILD.get(type(value))
        if rebuild is None:
            return value
        if id(value) not in self._seen:
            self._seen[id(value)] = value, rebuild(self, value, path)
        return self._seen[id(value)][1]


class _Taken(_Numbers):
    """By a block."""

    def __init__(self, graph: Graph, name: str) -> None:
        super().__init__()
        self.graph, self.name = graph, name

    def number(self, path: str, number: Number) -> Any:
        if path != self.name:
            self.graph.carried.setdefault(path, plain(number))
        return traced(plain(number), ("hyper", self.graph.owner, path))

    def flag(self, path: str, flag: Origin | None, value: Any) -> Origin | None:
        if not isinstance(value, bool):
            return flag
        self.graph.carried.setdefault(path, value)
        return ("hyper", self.graph.owner, path)


class _Noted(_Numbers):
    """At a call."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[str, Number] = {}
        self.flags: dict[str, Origin] = {}

    def number(self, path: str, number: Number) -> Any:
        return self.numbers.setdefault(path, number)

    def flag(self, path: str, flag: Origin | None, value: Any) -> Origin | None:
        if isinstance(value, bool) and flag is not None:
            self.flags.setdefault(path, flag)
        return flag


def _members(at: _Numbers, value: Any, path: str) -> Any:
    """Of a list of numbers, nothing is anyone's own."""
    if all(isinstance(member, (int, float)) for member in value):
        return value
    made = [at.value(member, f"{path}.{i}") for i, member in enumerate(value)]
    if all(a is b for a, b in zip(made, value, strict=True)):
        return value
    return Counted(made, value.runs) if isinstance(value, Counted) else type(value)(made)


def _pair(at: _Numbers, value: tuple[Any, ...], path: str) -> Any:
    """`(3, 3)` is one number written once."""
    if not value or not all(isinstance(member, (int, float)) for member in value):
        return _members(at, value, path)
    if len(set(value)) == 1:
        return (at.value(value[0], path),) * len(value)
    return tuple(at.value(member, f"{path}.{i}") for i, member in enumerate(value))


def _mapping(at: _Numbers, value: dict[str, Any], path: str) -> Any:
    return {name: at.value(part, f"{path}.{name}") for name, part in value.items()}


def _layer(at: _Numbers, value: OpLayer | BlockLayer, path: str) -> Any:
    made = {}
    for name, each in value.given.items():
        inner = f"{path}.{name}"
        found, flag = at.value(each.value, inner), at.flag(inner, each.flag, each.value)
        same = found is each.value and flag is each.flag
        made[name] = each if same else Given(found, each.span, each.name_span, flag, each.read)
    if all(made[name] is each for name, each in value.given.items()):
        return value
    if isinstance(value, OpLayer):
        return OpLayer(value.op, value.span, made, value.doubt)
    return BlockLayer(value.definition, value.home, value.span, made, value.within, value.alias)


def _labelled(at: _Numbers, value: Labelled, path: str) -> Any:
    found = at.value(value.value, path)
    return value if found is value.value else Labelled(value.label, found, value.span, value.label_span)


def _chain(at: _Numbers, value: Chain, path: str) -> Any:
    return replace(value, stages=[Stage(at.value(s.value, f"{path}.{i}"), s.span) for i, s in enumerate(value.stages)])


def _closure(at: _Numbers, value: Closure | RuntimeSwitch, path: str) -> Any:
    """The names that it uses of what is around it."""
    old = value.scope
    names = {name: at.value(each, f"{path}.{name}") for name, each in old.names.items()}
    flags = {name: at.flag(f"{path}.{name}", old.flags.get(name), each) for name, each in names.items()}
    if all(names[name] is each for name, each in old.names.items()) and not any(flags.values()):
        return value
    scope = Scope(old.parent, old.builder)
    scope.within, scope.names = old.within, names
    scope.flags = {name: flag for name, flag in flags.items() if flag is not None}
    return replace(value, scope=scope)


def _initializer(at: _Numbers, value: Initializer, path: str) -> Any:
    return replace(value, arguments=_mapping(at, value.arguments, path))


_REBUILD: dict[type, Callable[[_Numbers, Any, str], Any]] = {
    list: _members,
    Counted: _members,
    tuple: _pair,
    dict: _mapping,
    OpLayer: _layer,
    BlockLayer: _layer,
    Labelled: _labelled,
    Chain: _chain,
    Closure: _closure,
    RuntimeSwitch: _closure,
    Initializer: _initializer,
}
