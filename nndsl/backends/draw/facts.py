"""What is told about a thing beside the picture: shapes, hyperparameters, weights, costs, the line of the source."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from nndsl.backends.draw.content import Writer
from nndsl.backends.draw.kinds import call_of
from nndsl.backends.draw.metrics import shortened
from nndsl.backends.draw.plan import Planner, Thing
from nndsl.backends.draw.words import compact
from nndsl.ir.cost import Cost, batch_symbol, for_one_sample, polynomial, powers
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ir.growth import growth
from nndsl.ir.wording import worded
from nndsl.ops.schema import Op, Weight, spell_value
from nndsl.shapes import Size, product
from nndsl.source import Span

Json: TypeAlias = dict[str, Any]

MOST_COST = 60  # letters
MOST_LETTERS, MOST_DOC, MOST_LINE = 300, 600, 200
MOST_EXACT = 2**53  # what a browser's numbers hold


def totals(graph: Graph, cost: Cost) -> str:
    """`11.7M parameters · 1.81G MACs at N = 1`."""
    parts = [f"{'≥ ' if cost.no_parameters else ''}{compact(cost.parameters)} parameters"]
    batch = batch_symbol(graph)
    macs = for_one_sample(cost.macs, batch)
    if macs != 0:
        words = amount(graph.facts.spelled(macs) if graph.facts is not None else macs)
        least = "≥ " if cost.no_macs and words is not None else ""
        at = f" at {batch} = 1" if macs is not cost.macs else ""
        parts.append(f"{least}{words} MACs{at}" if words is not None else "MACs: see nndsl summary")
    return " · ".join(parts)


def amount(cost: Size) -> str | None:
    """`18.9M·T + 6.14K·T²`; `≈ 3.59K·H·W` where the formula is long, and None where no short one is close."""
    words = polynomial(cost, compact)
    if words is not None and len(words) < MOST_COST:
        return words
    terms = growth(cost)
    if terms is None or any(share < 0 for share in terms.values()):
        return None
    parts = ["·".join([_three(share), *powers(mono)]) for mono, share in terms.items()]
    words = "≈ " + " + ".join(parts)
    return words if len(words) < MOST_COST else None


def _three(share: Fraction) -> str:
    return compact(round(share)) if share >= 1000 else f"{float(share):.3g}"


class Describer:
    """Describes the things of one model; what is empty or as usual is left out."""

    def __init__(self, planner: Planner, writer: Writer) -> None:
        self.planner, self.writer = planner, writer
        self.facts = planner.root.facts
        self.batch = batch_symbol(planner.root)
        self.kinds: dict[str, str] = {}  # what each type of operator does

    def model(self) -> Json:
        graph = self.planner.root
        made = self._about(graph)
        made |= {"name": shortened(graph.name, MOST_LETTERS), "totals": totals(graph, self.planner.costs.of(graph))}
        made |= {"takes": [self._tensor(value.name, value) for value in graph.inputs]}
        made |= {"gives": [self._tensor(port.name, port.value) for port in graph.outputs]}
        made |= self._costs(self.planner.costs.of(graph), self.planner.costs.of(graph).parameters, 1)
        return made | self._place(graph.span)

    def thing(self, thing: Thing) -> Json:
        if thing.kind != "node" or thing.node is None:
            return self._port(thing)
        node = thing.node
        made = self._operator(node) if thing.target is None else self._block(thing.target)
        made |= self._ends(thing, node)
        cost = self.planner.costs.of_node(node) if thing.target is None else self.planner.costs.of(thing.target)
        made |= self._costs(cost, self.writer.count(thing), thing.count)
        if thing.shared:
            made["shared"] = shortened(thing.shared, MOST_LETTERS)
        if not thing.counted or thing.again:
            made["again"] = True  # its parameters are counted elsewhere
        if node.mode is not None:
            made["only"] = "training" if node.mode == "train" else "evaluation"
        used = [[_short(c.name), c.elements] for c in thing.constants if c.name or c.elements]
        return made | ({"uses": used} if used else {}) | self._place(node.span)

    def _port(self, thing: Thing) -> Json:
        assert thing.value is not None
        made: Json = {"type": thing.kind, "what": thing.kind}
        made["takes" if thing.kind == "output" else "gives"] = [self._tensor(thing.name, thing.value)]
        if thing.port is None:
            return made
        if thing.port.doc:
            made["doc"] = _prose(thing.port.doc)
        if thing.port.mode is not None:
            made["only"] = "training" if thing.port.mode == "train" else "evaluation"
        return made | (self._place(thing.port.span) if thing.port.span is not None else {})

    def _operator(self, node: Node) -> Json:
        op = worded(node.op, self.facts)
        doc = (type(op).__doc__ or "").strip().partition("\n")[0]
        if doc and not op.hidden:
            self.kinds[op.heading] = shortened(doc, MOST_LETTERS)
        made: Json = {"type": op.heading, "what": _short(call_of(op))}
        values = [
            [name, _short(declared.kind.spell(getattr(op, name))), getattr(op, name) != declared.default]
            for name, declared in op.params.items()
            if getattr(op, name, None) is not None
        ]
        weights = [self._weight(weight) for weight in node.weights()]
        return made | ({"hyper": values} if values else {}) | ({"weights": weights} if weights else {})

    def _weight(self, weight: Weight) -> list[Any]:
        return [_short(weight.name), self._shape(weight.shape), _number(product(weight.shape)), weight.trained]

    def _block(self, graph: Graph) -> Json:
        made: Json = {"type": _short(graph.name), "what": "list" if graph.kind == "sequence" else "block"}
        given = worded(graph.hyper, self.facts)
        values = [[name, _short(_spelled(value)), True] for name, value in given.items() if value is not None]
        return made | ({"hyper": values} if values else {}) | self._about(graph)

    def _about(self, graph: Graph) -> Json:
        return {"doc": _prose(graph.doc)} if graph.doc.strip() else {}

    # ------------------------------------------------------------ tensors

    def _ends(self, thing: Thing, node: Node) -> Json:
        graph = node.target if isinstance(node.target, Graph) else None
        if graph is not None:
            takes = [value.name for value in graph.inputs]
            gives = [port.name for port in graph.outputs]
        else:
            takes, gives = _names(node.op, len(node.inputs)), list(node.op.outputs)
        into = [self._tensor(takes[i], v) for i, v in enumerate(node.inputs) if v is not None]
        out = [self._tensor(gives[i] if len(node.outputs) <= len(gives) else "", v) for i, v in enumerate(node.outputs)]
        return {"takes": into, "gives": out}

    def _tensor(self, name: str, value: Value) -> list[str]:
        return [_short(name), value.dtype, self._shape(value.shape)]

    def _shape(self, shape: Sequence[Size]) -> str:
        spell = self.facts.spell if self.facts is not None else str
        return _short(", ".join(spell(size) for size in shape))

    # ------------------------------------------------------------ costs

    def _costs(self, cost: Cost, parameters: Size, count: int) -> Json:
        """`parameters` of all that a thing stands for, the rest of one of them."""
        made: Json = {}
        if parameters != 0:
            made["parameters"] = _number(parameters)
            if count > 1 and cost.parameters != parameters:
                made["each"] = _number(cost.parameters)
            if cost.trainable != cost.parameters:
                made["trainable"] = _number(cost.trainable)
        if cost.buffers != 0:
            made["buffers"] = _number(cost.buffers)
        if cost.macs != 0 or cost.no_macs:
            made |= self._macs(cost, count)
        return made

    def _macs(self, cost: Cost, count: int) -> Json:
        each = for_one_sample(cost.macs, self.batch)
        spelled = self.facts.spelled(each) if self.facts is not None else each
        made: Json = {"macs": _short(amount(spelled) or str(spelled))}
        if isinstance(each, int):
            made["macs"] = _number(each * count)
        elif count > 1:
            made["macs"] += " each"
        if each is not cost.macs:
            made["sample"] = str(self.batch)
        if cost.no_macs:
            made["unknown"] = list(cost.no_macs)
        return made

    # ------------------------------------------------------------ the source

    def _place(self, span: Span) -> Json:
        if not span.source.text:
            return {}
        line, _ = span.source.position(span.start)
        text = shortened(span.source.line(line).strip(), MOST_LINE)
        return {"file": _short(span.source.name), "line": line, "text": text}


def _spelled(value: Any) -> str:
    """A block's hyperparameter; layers are kept as their spelling, which needs no quotes."""
    return value if isinstance(value, str) else spell_value(value)


def _prose(text: str) -> str:
    """A comment as one paragraph."""
    return shortened(" ".join(text.split()), MOST_DOC)


def _short(text: str) -> str:
    return shortened(text, MOST_LETTERS)


def _number(size: Size) -> int | str:
    return size if isinstance(size, int) and abs(size) < MOST_EXACT else _short(str(size))


def _names(op: Op, count: int) -> list[str]:
    """The names of an operator's inputs, as many as there are."""
    names = list(op.input_names())
    return [*names, *[names[-1] if names and op.variadic() else ""] * (count - len(names))]
