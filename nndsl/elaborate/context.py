"""What all of one elaboration share: where to report, how much work is left, what is known, what was already built."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from nndsl.diagnostics import Diagnostic, Diagnostics, Frame, Label
from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.project import Project
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    Chain,
    Closure,
    Counted,
    Given,
    Instance,
    Item,
    Labelled,
    OpLayer,
    Poison,
    RuntimeSwitch,
    Scan,
    describe,
    spell,
    spell_call,
)
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ops.kinds import exact
from nndsl.shapes import Facts
from nndsl.shapes.origins import TRACED, calculation, origin, plain
from nndsl.source import Span

_SIMPLE = frozenset({int, float, bool, str, type(None)})
_COMPOSED = (list, tuple, OpLayer, BlockLayer, Chain, Labelled)  # whose keys are made of others, once for each


@dataclass(slots=True)
class Built:
    """A finished block graph. `captures` are values of outer graphs that became its last inputs, `borrows` shared
    layers it uses; `result` is a Value or a tuple of them, as the block gives it. `layers` counts it expanded."""

    graph: Graph
    result: Any
    captures: list[Value] = field(default_factory=list)
    borrows: list[Instance] = field(default_factory=list)
    layers: int = 0

    @property
    def failed(self) -> bool:
        return isinstance(self.result, Poison)


@dataclass(slots=True)
class Use:
    """A use of a shared layer: its weights and their shapes, and what it does with them, whatever its input's shape.
    The layer lives as long as its first use is known, so that its id stays its own."""

    layer: Instance
    node: Node
    weights: list[tuple[str, tuple[Any, ...]]]

    def steps(self, ctx: Context) -> int:
        return ctx.steps_of(self.node.target) if isinstance(self.node.target, Graph) else 0


class Common:
    """What the models of one file share: which values are equal, and the blocks that were built for one of them.

    `glance`: it is only asked whether there is a mistake. Numbers do not remember then what they were computed from."""

    def __init__(self, glance: bool = False) -> None:
        self.glance = glance
        self.built: dict[Any, tuple[Built, set[Any]]] = {}  # with what their requirements add to `Context.divided`
        self.interned: dict[Any, int] = {}
        self.composed: dict[int, tuple[Any, int]] = {}  # by id; what is kept here lives, so that its id stays its own
        self.written: dict[int, tuple[Any, int]] = {}  # the same, with origins
        self.owners = count(1)
        self.alive: dict[int, Any] = {}
        self.mentioned: dict[int, tuple[Any, tuple[str, ...]]] = {}


class Context:
    """One model's elaboration."""

    def __init__(
        self,
        project: Project,
        diagnostics: Diagnostics,
        budget: Budget | None = None,
        common: Common | None = None,
    ) -> None:
        self.project = project
        self.diagnostics = diagnostics
        self.budget = budget or Budget()
        self.facts = Facts()
        self.fixed: dict[str, int] = {}  # --dim NAME=VALUE
        self.built: dict[Any, Built] = {}
        self.expanding: list[tuple[int, str]] = []  # blocks being built, outermost first
        self.used_fixed: set[str] = set()
        self.combinators: dict[int, bool] = {}
        self.depth = 0
        self.unsure = False  # after a `require` with a mistake: what it would have stated is not known
        self.at: Span | None = None  # the model's own statement that is being run
        self.totals: list[tuple[Any, Scope]] = []  # requirements about the whole model
        self.divided: set[Any] = set()  # what a requirement says leaves no rest (`origins.remainder`)
        self.shared: dict[int, Use] = {}  # the first use of each shared layer
        self.steps: dict[int, tuple[Graph, int]] = {}  # what graphs do, by id: equal numbers, equal steps
        self._common = common or Common()
        self.glance = self._common.glance

    # ------------------------------------------------------------ reporting

    def error(
        self,
        code: str,
        message: str,
        span: Span,
        scope: Scope | None = None,
        *,
        label: str = "",
        hints: Sequence[str] = (),
        labels: Sequence[Label] = (),
        frame: Frame | None = None,
    ) -> Diagnostic:
        """Report, with the block expansions that led here."""
        frame = frame or (scope.builder.frame if scope is not None and scope.builder is not None else None)
        if self.diagnostics.full:
            raise Exceeded("there are too many mistakes")
        found = Diagnostic(code, message, span, label, labels=list(labels), hints=list(hints))
        found.trace = frame.chain() if frame is not None else []
        if found.trace and found.trace[0].span == span:
            del found.trace[0]  # the call that is underlined already
        self._at_the_user(found)
        if not (self.unsure and code == "unproven"):
            self.diagnostics.add(found)
        return found

    def _at_the_user(self, found: Diagnostic) -> None:
        """What goes wrong inside a shipped block is said where a file of the user's uses it."""
        if not self.project.is_shipped(found.span.source):
            return
        for depth, frame in enumerate(found.trace):
            if not self.project.is_shipped(frame.span.source):
                inside = Label(found.span, f"in {frame.text}")
                found.labels = [inside, *found.labels]
                found.span, found.trace = frame.span, found.trace[depth + 1 :]
                return

    def poison(self, code: str, message: str, span: Span, scope: Scope | None = None, **more: Any) -> Poison:
        """Report, and stand in for the value that there is not."""
        self.error(code, message, span, scope, **more)
        return POISON

    def describe(self, value: Any) -> str:
        return describe(value, self.facts)

    def spell(self, value: Any) -> str:
        return spell(value, self.facts)

    def frame(self, layer: BlockLayer, span: Span, outer: Frame | None) -> Frame:
        """The expansion of a block."""
        return Frame(layer.name if self.glance else spell_call(layer, self.facts), span, outer)

    # ------------------------------------------------------------ identity of values

    def block(self, key: Any, build: Callable[[], Built]) -> Built:
        """A block as `build` makes it, or as another model of the file has it: where that knew the same of its dims,
        and the block said nothing and taught nothing."""
        known = self.facts.state()
        kept = self._common.built.get((key, known))
        if kept is not None:
            built, divided = kept
            self.divided |= divided
            return built
        said, before = len(self.diagnostics.items), set(self.divided)
        built = build()
        if len(self.diagnostics.items) == said and self.facts.state() == known and not self.unsure:
            self._common.built[key, known] = built, self.divided - before
        return built

    def owner(self) -> int:
        """A number for a block graph, by which it knows its own numbers; 0 where none is anyone's own."""
        return 0 if self.glance else next(self._common.owners)

    def key(self, value: Any, origins: bool = False) -> int:
        """Equal keys, equal values: a small number, so that nested lists cost no more than their distinct parts.
        `origins`: and equally written."""
        if not isinstance(value, _COMPOSED):
            return self._intern(self._structure(value, origins))
        memo = self._common.written if origins else self._common.composed
        kept = memo.get(id(value))
        if kept is None:
            kept = memo[id(value)] = (value, self._intern(self._structure(value, origins)))
        return kept[1]

    def _structure(self, value: Any, origins: bool) -> tuple[Any, ...]:
        if type(value) in _SIMPLE or type(value) in TRACED:
            return type(plain(value)).__name__, exact(value), origin(value) if origins else None
        if isinstance(value, (list, tuple)):
            members = [self.key(member, origins) for member in value]  # no `map`: C's stack is small
            runs = [(at, origin(times)) for at, times in value.runs] if origins and isinstance(value, Counted) else ()
            return ("list" if isinstance(value, list) else "tuple", *members, *runs)
        if isinstance(value, OpLayer):
            return ("op", value.op.name, *self._given(value.given, origins))
        if isinstance(value, BlockLayer):
            return ("block", id(value.definition), *self._given(value.given, origins))
        if isinstance(value, Chain):
            return ("chain", *(self.key(stage.value, origins) for stage in value.stages))
        if isinstance(value, (Closure, RuntimeSwitch)):
            body = value.body if isinstance(value, Closure) else value.node
            around = value.scope.parent
            self._common.alive[id(around)], self._common.alive[id(body)] = around, body  # their ids are part of the key
            names = [(name, self.key(each, origins)) for name, each in value.scope.names.items()]
            flags = value.scope.flags.items() if origins else ()
            return ("closure", id(body), id(around), *names, *flags)
        if isinstance(value, Labelled):
            return ("label", value.label, self.key(value.value, origins))
        if isinstance(value, Item):
            return ("item", value.index)
        if isinstance(value, Scan):
            return ("scan", self.key(value.body, origins), value.states, value.dim, value.reverse)
        if isinstance(value, (Instance, Value)):
            self._common.alive[id(value)] = value
            return ("identity", id(value))
        kind = type(plain(value)).__name__
        known = calculation(value) if origins else None
        return (kind, exact(value) if value.__hash__ is not None else repr(value), known)

    def steps_of(self, graph: Graph) -> int:
        """Equal numbers for graphs that do the same with inputs of whatever shape."""
        known = self.steps.get(id(graph))
        if known is not None:
            return known[1]
        places = {id(value): ("input", i) for i, value in enumerate(graph.inputs)}
        done = []
        for number, node in enumerate(graph.nodes):
            what = self.steps_of(node.target) if isinstance(node.target, Graph) else node.target.key()
            taken = tuple(None if v is None else places[id(v)] for v in node.inputs)
            done.append((node.label, node.mode, what, taken))
            places.update({id(value): (str(number), i) for i, value in enumerate(node.outputs)})
        given = tuple(places[id(port.value)] for port in graph.outputs)
        found = self._intern(("steps", tuple(done), given))
        self.steps[id(graph)] = graph, found
        return found

    def mentioned(self, node: Any) -> tuple[str, ...]:
        """The names in a piece of text, each once."""
        known = self._common.mentioned.get(id(node))
        if known is None:
            from nndsl.elaborate.combinators import names_in

            known = self._common.mentioned[id(node)] = node, names_in(node)
        return known[1]

    def _given(self, given: dict[str, Given], origins: bool) -> tuple[Any, ...]:
        if origins:
            return tuple((name, self.key(g.value, True), g.flag) for name, g in sorted(given.items()))
        return tuple((name, self.key(g.value)) for name, g in sorted(given.items()))

    def _intern(self, structure: tuple[Any, ...]) -> int:
        return self._common.interned.setdefault(structure, len(self._common.interned))
