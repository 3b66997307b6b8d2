"""What an expression can be while elaborating.

Numbers, strings, lists and dims are themselves (Python's int, float, bool, str, list, None, and Dim). Tensors are
`ir.Value`s, several of them a tuple. Everything below is a *layer value*: a recipe for what happens to a tensor.
`POISON` stands for what a reported mistake would have given: whoever meets it stays silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nndsl.ir.graph import Value
from nndsl.ops.initializers import Initializer
from nndsl.ops.kinds import Unfit
from nndsl.ops.schema import Op, spell_value
from nndsl.shapes import Dim, Facts
from nndsl.shapes.origins import plain
from nndsl.shapes.simplified import Origin
from nndsl.source import Span
from nndsl.syntax import ast

if TYPE_CHECKING:
    from nndsl.elaborate.builder import GraphBuilder
    from nndsl.elaborate.pasted import Doubt
    from nndsl.elaborate.scope import Lineage, Scope


class Counted(list[Any]):
    """A list whose members a number counts: `[Block] * depth`. `runs`: where each count begins, and the number."""

    def __init__(self, members: Iterable[Any], runs: list[tuple[int, int]]) -> None:
        super().__init__(members)
        self.runs = runs


class Poison:
    """The value of a mistake."""

    described = "a mistake"

    def __repr__(self) -> str:
        return "<poison>"


POISON = Poison()


class LayerValue:
    """Base of all recipes."""

    described = "a layer"


@dataclass(slots=True, eq=False)
class Given:
    """An argument as it was written: `flag` says which hyperparameter a true or false is, where it is one. `read` is
    what to make of a Python string where a layer is wanted."""

    value: Any
    span: Span
    name_span: Span | None = None
    flag: Origin | None = None
    read: Callable[[str], Any] | None = None


@dataclass(slots=True, eq=False)
class OpLayer(LayerValue):
    """An operator with some of its parameters; what is missing may still be given by a call."""

    op: type[Op]
    span: Span
    given: dict[str, Given] = field(default_factory=dict)
    doubt: Doubt | None = None


@dataclass(slots=True, eq=False)
class BlockLayer(LayerValue):
    """A block, model or extern with some of its hyperparameters. `home` is the scope of the file that defines it,
    `within` says in whose text it was named: a block that is named within itself never ends."""

    definition: ast.Definition | ast.Extern
    home: Scope
    span: Span
    given: dict[str, Given] = field(default_factory=dict)
    within: Lineage = ()
    alias: str = ""  # the name that the spec writes, where that stands for another model

    @property
    def name(self) -> str:
        return self.definition.name.id


@dataclass(slots=True, eq=False)
class FunctionValue:
    """A `fn` of the spec."""

    definition: ast.Function
    home: Scope
    described = "a function"


@dataclass(slots=True, eq=False)
class BuiltinFunction:
    """`min`, `len`, `sqrt`, …"""

    name: str
    described = "a function"


@dataclass(slots=True, eq=False)
class Chain(LayerValue):
    """`f -> g`: one after another."""

    stages: list[Stage]
    span: Span


@dataclass(slots=True, eq=False)
class Stage:
    """One stage of a flow: a layer value, and where it stands."""

    value: Any
    span: Span


@dataclass(slots=True, eq=False)
class Closure(LayerValue):
    """`{ … }` given to a layer: runs in the scope in which it was written."""

    body: ast.Braces
    scope: Scope
    span: Span


@dataclass(slots=True, eq=False)
class RuntimeSwitch(LayerValue):
    """`if training { … } else { … }` as a stage."""

    node: ast.IfExpr
    scope: Scope
    span: Span


@dataclass(slots=True, eq=False)
class Labelled(LayerValue):
    """`label: value`. Around a tensor in a tuple the label names the input that it is for."""

    label: str
    value: Any
    span: Span
    label_span: Span


@dataclass(slots=True, eq=False)
class Instance(LayerValue):
    """`layer e = …`: one layer, shared by all its uses. Its weights belong to `builder`'s graph, under `label`."""

    label: str
    recipe: Any
    builder: GraphBuilder
    span: Span


@dataclass(slots=True, eq=False)
class Item(LayerValue):
    """`Item(0)`: one element of a tuple."""

    index: int
    span: Span


@dataclass(slots=True, eq=False)
class Scan(LayerValue):
    """`Scan(cell, dim=1)`: one layer for each step of a sequence, with states that go from step to step."""

    body: Any
    states: int
    dim: int
    reverse: bool
    span: Span


@dataclass(slots=True)
class TypeName:
    """`float`, `int64`, …: as an argument (`Cast(float)`)."""

    name: str
    described = "a type"


@dataclass(slots=True)
class InitializerName:
    """`xavier_uniform` before its arguments are given."""

    name: str
    described = "an initialiser"


def members(value: Any) -> Iterator[Any]:
    """What lists and tuples hold, at any depth, without labels. What is repeated is visited once: `[[x] * 1000] * 1000`
    has one member."""
    stack, seen = [value], set()
    while stack:
        at = stack.pop()
        while isinstance(at, Labelled):
            at = at.value
        if not isinstance(at, (list, tuple)):
            yield at
        elif id(at) not in seen:
            seen.add(id(at))
            stack.extend({id(v): v for v in at}.values())


def extent(value: Any) -> tuple[int, int]:
    """How many members a value has when it is written out, and how deep they lie. Each is looked at once."""
    known: dict[int, tuple[int, int]] = {}

    def measure(at: Any) -> tuple[int, int]:
        if not isinstance(at, (list, tuple)):
            return 1, 0
        if id(at) not in known:
            inner = [measure(member) for member in at]
            known[id(at)] = (1 + sum([n for n, _ in inner]), 1 + max([depth for _, depth in inner], default=0))
        return known[id(at)]

    return measure(value)


_HOLDING = (list, tuple, Labelled)


def appended(left: list[Any], right: list[Any]) -> list[Any]:
    """`left + right`, with the counts of both."""
    found = left + right
    runs = [*getattr(left, "runs", ()), *((len(left) + at, times) for at, times in getattr(right, "runs", ()))]
    return Counted(found, runs) if runs else found


def is_tensor(value: Any) -> bool:
    """A tensor, or a tuple with at least one."""
    if not isinstance(value, tuple):
        return isinstance(value, Value)
    return any(isinstance(v, Value) for v in members(value))


def is_layer(value: Any) -> bool:
    """Can it stand to the right of `->`?"""
    if not isinstance(value, _HOLDING):
        return isinstance(value, LayerValue)
    return all(isinstance(v, LayerValue) for v in members(value))


def is_size(value: Any) -> bool:
    return isinstance(value, Dim) or (isinstance(value, int) and not isinstance(value, bool))


def spelled(value: Any, facts: Facts) -> Any:
    """Numbers, dims and lists of them without hidden symbols: as people wrote them."""
    if isinstance(value, Dim):
        return facts.spelled(value)
    if isinstance(value, (list, tuple)) and any(isinstance(v, (Dim, list, tuple)) for v in value):
        return type(value)(spelled(v, facts) for v in value)
    return value


_PLAIN = {Dim: "the dim ", int: "the number ", float: "the number ", str: "the string "}


def describe(value: Any, facts: Facts) -> str:
    """What messages call it."""
    if isinstance(value, Value):
        return f"a tensor {value.type.spell(facts)}"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, list) and value and is_layer(value):
        return "a list of layers"
    if isinstance(value, list) and any(isinstance(v, Value) for v in members(value)):
        return "a list of tensors"
    if isinstance(value, OpLayer):
        return f"the layer {value.op.name}"
    if isinstance(value, BlockLayer):
        return f"the {getattr(value.definition, 'kind', 'block')} {value.name}"
    if isinstance(value, Labelled):
        return describe(value.value, facts)
    if isinstance(value, Instance):
        return f"the shared layer {value.label}"
    if isinstance(value, (TypeName, InitializerName)):
        return f"{value.described} ({value.name})"
    if isinstance(value, (bool, int, float, str, Dim, list)) or value is None:
        text = spell(value, facts)
        kind = _PLAIN.get(type(plain(value)), "")
        return kind + (text if len(text) < 50 else text[:47] + "...")
    return getattr(value, "described", f"a {type(value).__name__}")


def spell(value: Any, facts: Facts, depth: int = 4) -> str:
    """How an argument reads in `in BasicBlock(channels=128, unit=Bottleneck)`; what is long or deep is cut short."""
    if depth == 0 and isinstance(value, (OpLayer, BlockLayer, Labelled, list, tuple)):
        return "…"
    if isinstance(value, (OpLayer, BlockLayer)):
        name = value.op.name if isinstance(value, OpLayer) else value.name
        inside = ", ".join(f"{k}={spell(g.value, facts, depth - 1)}" for k, g in value.given.items())
        return f"{name}({inside})" if inside else name
    if isinstance(value, Scan):
        return f"Scan({spell(value.body, facts, depth - 1)})"
    if isinstance(value, Labelled):
        return f"{value.label}: {spell(value.value, facts, depth - 1)}"
    if isinstance(value, Instance):
        return value.label
    if isinstance(value, (Closure, Chain)):
        return "{…}"
    if isinstance(value, (TypeName, InitializerName)):
        return value.name
    if isinstance(value, (list, tuple)):
        left, right = "[]" if isinstance(value, list) else "()"
        shown = ", ".join(spell(v, facts, depth - 1) for v in value[:8])
        return left + shown + (", …" if len(value) > 8 else "") + right
    if isinstance(value, Initializer):
        return str(value)
    if isinstance(value, str) and len(value) > 200:
        value = value[:200] + "…"
    try:
        return spell_value(spelled(value, facts))
    except (TypeError, Unfit):
        return describe(value, facts)


def spell_call(layer: BlockLayer, facts: Facts) -> str:
    """The same of a block, for traces: a long argument is cut."""
    given = ((name, spell(each.value, facts, 3)) for name, each in layer.given.items())
    inside = ", ".join(f"{name}={text if len(text) <= 60 else text[:59] + '…'}" for name, text in given)
    return f"{layer.name}({inside})" if inside else layer.name
