"""What the layers that an input reaches demand of its whole numbers, through the arithmetic on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nndsl.ir.graph import Graph, Node
from nndsl.ops.domain import Domain
from nndsl.ops.schema import Op
from nndsl.shapes import Size, is_integral

Number = Callable[[Size], int]


@dataclass(frozen=True, slots=True)
class Origin:
    """A value is `factor * x + shift` of the model's input x."""

    input: int
    factor: int = 1
    shift: Size = 0

    def then(self, factor: int, shift: Size) -> Origin:
        return Origin(self.input, self.factor * factor, self.shift * factor + shift)


@dataclass(frozen=True, slots=True)
class Range:
    """`factor * x + shift` is within the domain."""

    domain: Domain
    factor: int
    shift: Size

    def solved(self, number: Number) -> tuple[int | None, int | None, Range]:
        """The least and the greatest x."""
        shift = number(self.shift)
        low = None if self.domain.least is None else number(self.domain.least) - shift
        high = None if self.domain.most is None else number(self.domain.most) - shift
        if self.factor > 0:
            return _over(low, self.factor), None if high is None else high // self.factor, self
        return None if high is None else -(high // -self.factor), None if low is None else -low // -self.factor, self


def _over(low: int | None, factor: int) -> int | None:
    return None if low is None else -(-low // factor)


Origins = dict[int, frozenset[Origin]]


def ranges(graph: Graph) -> dict[int, list[Range]]:
    """For each input of whole numbers, by the identity of its value."""
    found: dict[int, list[Range]] = {}
    begin = {id(value): frozenset([Origin(id(value))]) for value in graph.inputs if is_integral(value.dtype)}
    _follow(graph, begin, found)
    return found


def _follow(graph: Graph, origins: Origins, found: dict[int, list[Range]]) -> list[frozenset[Origin]]:
    """`origins`: which of the model's inputs a value's numbers come from. Returns those of the graph's outputs."""
    nothing: frozenset[Origin] = frozenset()
    for node in graph.nodes:
        sources = [origins.get(id(v), nothing) if v is not None else nothing for v in node.inputs]
        if not any(sources):
            continue
        if isinstance(node.target, Graph):
            inner = dict(zip(map(id, node.target.inputs), sources, strict=True))
            results = _follow(node.target, inner, found)
        else:
            _note(node, node.target, sources, found)
            results = [_through(node.target, frozenset().union(*sources))] * len(node.outputs)
        for value, source in zip(node.outputs, results, strict=True):
            if is_integral(value.dtype):
                origins[id(value)] = source
    return [origins.get(id(port.value), nothing) for port in graph.outputs]


def _note(node: Node, op: Op, sources: list[frozenset[Origin]], found: dict[int, list[Range]]) -> None:
    domains = op.domains(*[None if value is None else value.type for value in node.inputs])
    for position, domain in domains.items():
        for origin in sources[position] if position < len(sources) else ():
            if origin.factor:
                found.setdefault(origin.input, []).append(Range(domain, origin.factor, origin.shift))


def _through(op: Op, sources: frozenset[Origin]) -> frozenset[Origin]:
    """What arithmetic with a number makes of them. What an operator keeps within its own bounds comes from nowhere."""
    other, reverse = getattr(op, "other", None), getattr(op, "reverse", False)
    if op.name in ("Clamp", "Remainder", "ArgMax", "ArgMin", "OneHot", "Sign"):
        return frozenset()
    if op.name == "Negative":
        return frozenset(origin.then(-1, 0) for origin in sources)
    if other is None or isinstance(other, float):
        return sources
    if op.name == "Add":
        return frozenset(origin.then(1, other) for origin in sources)
    if op.name == "Subtract":
        return frozenset(origin.then(-1, other) if reverse else origin.then(1, -other) for origin in sources)
    if op.name == "Multiply" and isinstance(other, int):
        return frozenset(origin.then(other, 0) for origin in sources)
    return sources
