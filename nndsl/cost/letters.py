"""MACs and FLOPs in the letters of a model: `12·T·d² + 2·T²·d` where the numbers would be 7,077,888·T + 1,536·T².

Numbers know what they were computed from (`shapes/origins.py`), when a model is elaborated with `letters`. Here sizes
and parameters of operators become polynomials in the hyperparameters and input sizes of their own block, an operator
tells its cost for those, and what a block costs goes to its callers in their numbers, up to the model's.

A hyperparameter is a letter where all that comes of it can be told in it. One that is rounded, counts or goes through
another function somewhere is `lost`: everywhere it is the number that it has here. Which layers there are, and how
many, is as in this model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeAlias

from nndsl.ir.cost import Costs
from nndsl.ir.graph import Graph, Node, callee_numbers
from nndsl.ir.loops import repeats
from nndsl.ops.schema import inputs_of
from nndsl.shapes import Dim, DimTooLarge, Size, TensorType, symbol
from nndsl.shapes.dims import Atom, Monomial, monomial, smax, smin
from nndsl.shapes.division import without
from nndsl.shapes.origins import TRACED, Unwritable, origin, plain
from nndsl.shapes.simplified import OPERATORS, Origin, leaves

Leaf: TypeAlias = tuple[Any, ...]
Said: TypeAlias = dict[str, Size]  # by the symbols of a block's own numbers


@dataclass(frozen=True, slots=True)
class Spelled:
    """MACs and FLOPs as polynomials; of an operator without a formula nothing."""

    macs: Size = 0
    flops: Size = 0

    def __add__(self, other: Spelled) -> Spelled:
        return Spelled(self.macs + other.macs, self.flops + other.flops)

    def times(self, count: Size) -> Spelled:
        return Spelled(self.macs * count, self.flops * count)

    def substituted(self, values: dict[str, Size]) -> Spelled:
        return Spelled(_substituted(self.macs, values), _substituted(self.flops, values))

    def symbols(self) -> set[str]:
        return {name for size in (self.macs, self.flops) if isinstance(size, Dim) for name in size.symbols()}


def _substituted(size: Size, values: dict[str, Size]) -> Size:
    return size.substitute(values) if isinstance(size, Dim) else size


class Letters:
    """Of a model that was elaborated with `letters`."""

    def __init__(self, root: Graph) -> None:
        self.root = root
        self.costs = Costs(root)
        self._leaves: dict[str, Leaf] = {}
        self._lost: set[Leaf] = set()
        self._exact: set[Atom] = set()
        self._homes = {graph.owner: graph for graph in root.graphs() if graph.kind != "sequence"}
        self._homes |= {g.owner: g for g in root.graphs() if g.owner not in self._homes}  # `block B(…) = [ … ]`
        self._homes[root.owner] = root
        self._nodes: dict[int, Spelled] = {}
        self._graphs: dict[int, Spelled] = {}
        for graph in root.graphs():  # callees first
            self._graphs[id(graph)] = self._sum(graph)
        self._lose_upwards()
        self._taken = {
            s for value in root.inputs for size in value.shape if isinstance(size, Dim) for s in size.symbols()
        }

    def names(self) -> dict[str, int]:
        """The letters of the totals, and their values."""
        used = self._graphs[id(self.root)].symbols()
        return {name: int(self._value(self._leaves[atom])) for atom, name in self._names().items() if atom in used}

    def total(self, said: Said) -> Spelled:
        """Of the model, as `said` says letters."""
        return self._substituted(self._graphs[id(self.root)], said)

    def of(self, node: Node, graph: Graph, said: Said) -> Spelled:
        """Of a node; `said` says the numbers of its graph in those of the model."""
        told = self._of_node(node)
        return self._substituted(self._outside(told, node, graph) if node.is_call else told, said)

    def said(self, without: Collection[str] = ()) -> Said:
        """The model's numbers, those of `without` as numbers all the same."""
        return {atom: symbol(name) for atom, name in self._names().items() if name not in without}

    def inside(self, call: Node, graph: Graph, said: Said) -> Said:
        """The numbers of a callee, as its caller says its own."""
        callee = _callee(call)
        known = callee_numbers(call)
        found: Said = {}
        for name in self._graphs[id(callee)].symbols():
            leaf = self._leaves.get(name)
            if leaf is not None and leaf[1] == callee.owner != graph.owner:
                found[name] = self._said(self.size(known(leaf)), said)
            elif name in said:
                found[name] = said[name]
        return found

    def _substituted(self, told: Spelled, said: Said) -> Spelled:
        return told.substituted(self._values(told.symbols()) | said)

    def _said(self, size: Size, said: Said) -> Size:
        return size.substitute(self._values(size.symbols()) | said) if isinstance(size, Dim) else size

    # ------------------------------------------------------------ one graph

    def _sum(self, graph: Graph) -> Spelled:
        found = Spelled()
        for node in graph.nodes:
            if not isinstance(node.target, Graph):
                self._nodes[id(node)] = self._operator(node)
            if node.mode == "train" or self.costs.unused(node):
                continue
            told = self._of_node(node)
            found += self._outside(told, node, graph) if isinstance(node.target, Graph) else told
        times = repeats(graph)
        return found if times == 1 else found.times(self.size(times))

    def _of_node(self, node: Node) -> Spelled:
        return self._graphs[id(node.target)] if isinstance(node.target, Graph) else self._nodes[id(node)]

    def _outside(self, told: Spelled, call: Node, graph: Graph) -> Spelled:
        """What a callee costs, in the numbers of the graph that calls it."""
        callee = _callee(call)
        if callee.owner == graph.owner:
            return told
        known = callee_numbers(call)
        leaves = {name: self._leaves[name] for name in told.symbols() if name in self._leaves}
        own = {name: self.size(known(leaf)) for name, leaf in leaves.items() if leaf[1] == callee.owner}
        return told.substituted(own)

    def _operator(self, node: Node) -> Spelled:
        """Where it tells no cost in letters, or another one than in numbers, what it is made of is lost."""
        cost = self.costs.of_node(node)
        if cost.macs == 0 and cost.flops == 0:
            return Spelled()
        number = Spelled(cost.macs, cost.flops)
        numbers = [name for name, value in node.op.values().items() if self._inside(value) != value]
        for plain_ones in ([], *([name] for name in numbers), numbers):
            told = self._told(node, plain_ones)
            if told is not None and self._substituted(told, {}) == number:
                self._lose(_flat(getattr(node.op, name) for name in plain_ones))
                return told
        types = [v.type for v in (*node.inputs, *node.outputs) if v is not None]
        self._lose([*_flat(node.op.values().values()), *(size for type_ in types for size in type_.shape)])
        return number

    def _told(self, node: Node, plain_ones: Collection[str]) -> Spelled | None:
        """`plain_ones`: parameters that are left the numbers they are."""
        op = copy(node.op)
        for name, value in op.values().items():
            setattr(op, name, value if name in plain_ones else self._inside(value))
        types = inputs_of(type(op), [None if v is None else self._type(v.type) for v in node.inputs])
        results = tuple(self._type(v.type) for v in node.outputs)
        y = results[0] if len(results) == 1 else results
        try:
            macs, flops = op.macs(*types, y=y), op.flops(*types, y=y)
        except (TypeError, DimTooLarge):  # it asks about a number that is none now
            return None
        return Spelled(*(0 if cost is None else self._cancelled(cost) for cost in (macs, flops)))

    def _inside(self, value: Any) -> Any:
        if type(value) is tuple or type(value) is list:
            return type(value)(self._inside(member) for member in value)
        if type(value) is dict:
            return {name: self._inside(member) for name, member in value.items()}
        return self.size(value) if isinstance(value, int) and type(value) in TRACED else value

    def _type(self, type_: TensorType) -> TensorType:
        return type_.with_shape(self.size(size) for size in type_.shape)

    # ------------------------------------------------------------ numbers

    def size(self, number: Size) -> Size:
        """A number in the letters of its block; what has no such form, or another value, is lost."""
        of = origin(number)
        if of is None:
            return plain(number)  # type: ignore[no-any-return]  # of Any
        try:
            told = self._polynomial(of)
        except (Unwritable, DimTooLarge):
            told = None
        if isinstance(told, (int, Dim)):
            here = _substituted(told, self._values(told.symbols())) if isinstance(told, Dim) else told
            if here == number:
                return told
        self._lose([number])
        return plain(number)  # type: ignore[no-any-return]  # of Any

    def _polynomial(self, of: Origin) -> Any:
        if not isinstance(of, tuple):
            return int(of) if float(of).is_integer() else of
        kind, *parts = of
        if kind in ("hyper", "axis"):
            return self._leaf(of)
        if kind == "name":
            return self._polynomial(parts[1])
        if kind == "neg":
            return -self._polynomial(parts[0])
        if kind == "call":
            return _called(parts[0], [self._polynomial(part) for part in parts[1:]])
        a, b = (self._polynomial(part) for part in parts[:2]) if kind in OPERATIONS else (0.5, 0.5)
        if isinstance(a, float) or isinstance(b, float) or (kind == "**" and (not isinstance(b, int) or b < 0)):
            raise Unwritable
        found = OPERATIONS[kind](a, b)
        if kind == "//" and len(of) > 3 and isinstance(found, Dim):
            self._exact |= found.atoms()
        return found

    def _leaf(self, leaf: Leaf) -> Any:
        value = self._value(leaf)
        if leaf[1] == self.root.owner and leaf[0] == "hyper" and leaf[2] not in self.root.hyper:
            return value  # of a layer that the model is given: none of its own
        if isinstance(value, float) or value < 1:  # a letter stands for a size
            self._lost.add(leaf)
            return int(value) if float(value).is_integer() else value
        name = " ".join(map(str, leaf))
        self._leaves[name] = leaf
        return symbol(name)

    def _value(self, leaf: Leaf) -> int | float:
        kind, owner, name, *axis = leaf
        home = self._homes[owner]
        if kind == "axis":
            return home.inputs[name].shape[axis[0]]  # type: ignore[return-value]  # an origin names axes that there are
        return home.hyper[name] if name in home.hyper else home.carried[name]

    def _values(self, names: Iterable[str]) -> dict[str, Size]:
        return {name: int(self._value(self._leaves[name])) for name in names if name in self._leaves}

    def _cancelled(self, size: Size) -> Size:
        """`heads·(d // heads)` is d where nothing is left over."""
        if isinstance(size, int) or self._exact.isdisjoint(size.atoms()):
            return size
        found: Size = 0
        for mono, factor in size.terms.items():
            found = found + self._term(mono, factor)
        return found

    def _term(self, mono: Monomial, factor: int) -> Size:
        for at, atom in enumerate(mono):
            over, under = atom.operands if atom in self._exact and atom.kind == "div" else (0, 0)
            if not isinstance(under, Dim) or len(under.terms) != 1:
                continue
            ((below, by),) = under.terms.items()
            rest = without(mono[:at] + mono[at + 1 :], below)
            if rest is not None and factor % by == 0:
                return self._cancelled(over * monomial(rest, factor // by))
        return monomial(mono, factor)

    # ------------------------------------------------------------ what is lost

    def _lose(self, numbers: Iterable[Any]) -> None:
        for number in numbers:
            of = origin(number)
            self._lost.update(() if of is None else leaves(of))

    def _lose_upwards(self) -> None:
        """What is lost in a block is lost for its callers."""
        for graph in self.root.graphs():
            for node in graph.nodes:
                if not isinstance(node.target, Graph) or node.target.owner == graph.owner:
                    continue
                known = callee_numbers(node)
                own = [leaf for leaf in self._lost if leaf[0] in ("hyper", "axis") and leaf[1] == node.target.owner]
                self._lose(known(leaf) for leaf in own)

    def _names(self) -> dict[str, str]:
        """The letters by their symbols: hyperparameters of the model, if nothing of them is lost."""
        if any(leaf[0] not in ("hyper", "axis") for leaf in self._lost):
            return {}
        own = {atom: leaf for atom, leaf in self._leaves.items() if leaf[1] == self.root.owner}
        return {a: leaf[2] for a, leaf in own.items() if leaf not in self._lost and leaf[2] not in self._taken}


OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {name: OPERATORS[name] for name in ("+", "-", "*", "//", "**")}


def _called(function: str, parts: list[Any]) -> Any:
    if any(isinstance(part, float) for part in parts):
        raise Unwritable
    if function == "int":
        return parts[0]
    if function in ("min", "max"):
        return (smin if function == "min" else smax)(*parts)
    raise Unwritable


def _callee(node: Node) -> Graph:
    assert isinstance(node.target, Graph)
    return node.target


def _flat(values: Iterable[Any]) -> list[Any]:
    """What lists and mappings hold."""
    found, waiting = [], list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value
        else:
            found.append(value)
    return found
