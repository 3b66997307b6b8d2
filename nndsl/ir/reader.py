"""Reads the text form of the IR back. Spans are those of the text itself."""

from __future__ import annotations

from typing import Any

from nndsl.ir.graph import Graph, InitRule, Node, Port, Value
from nndsl.ir.scanner import NAME, NUMBER, Scanner
from nndsl.ops import lookup
from nndsl.ops.initializers import INITIALIZERS, Initializer
from nndsl.ops.kinds import Unfit
from nndsl.ops.schema import Op
from nndsl.shapes import DTYPES, Dim, Facts, TensorType
from nndsl.source import Source, Span

_KINDS = ("model", "block", "sequence", "loop")
_CONSTANTS = {"none": None, "true": True, "false": False}
_DEEPEST = 100


def read_graph(text: str, name: str = "<ir>") -> Graph:
    """The last graph of the text, with all that it calls; SpecError where it is none."""
    reader = _Reader(Source(text, name))
    try:
        return reader.whole()
    except RecursionError:
        return reader.fail("this is nested too deeply")


class _Reader(Scanner):
    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.depth = 0
        self.graphs: dict[str, Graph] = {}
        self.values: dict[str, Value] = {}

    # ------------------------------------------------------------ graphs

    def whole(self) -> Graph:
        graph: Graph | None = None
        while self.next() < len(self.text):
            graph = self.graph()
        return graph if graph is not None else self.fail("there is no graph here")

    def graph(self) -> Graph:
        self.skip()
        begin = self.at
        kind = next((kind for kind in _KINDS if self.take(kind)), None)
        if kind is None:
            self.fail("`model`, `block` or `sequence` is expected here")
        self.need("@")
        key, name = self.identity()
        self.values = {}
        graph = Graph(name, kind, Span(self.source, begin, self.at))
        self.need("{")
        while not self.take("}"):
            self.item(graph)
        graph.span = Span(self.source, begin, self.at)
        if key in self.graphs:
            self.fail(f"there are two graphs @{key}")
        self.graphs[key] = graph
        return graph

    def item(self, graph: Graph) -> None:
        self.skip()
        begin = self.at
        if self.take("doc"):
            graph.doc = self.string()
        elif self.take("hyper"):
            self._pair(graph.hyper)
        elif self.take("dim"):
            self._pair(graph.dims)
        elif self.take("fact"):
            graph.facts = graph.facts or Facts()
            self.fact(graph.facts)
        elif self.take("borrows"):
            graph.borrows.append(self.word())
            while self.take(","):
                graph.borrows.append(self.word())
        elif self.take("input"):
            graph.inputs.append(self.defined(None, len(graph.inputs)))
        elif self.take("output"):
            graph.outputs.append(self.port(begin))
        elif self.take("init"):
            graph.inits.append(self.rule(begin))
        else:
            graph.nodes.append(self.node(begin))

    def _pair(self, pairs: dict[str, Any]) -> None:
        name = self.word()
        self.need("=")
        pairs[name] = self.literal()

    def fact(self, facts: Facts) -> None:
        if self.take("positive"):
            dim = self.size()
            if not isinstance(dim, Dim):
                self.fail("a size that is not known is expected here")
            facts.positive.append(dim)
        elif self.take("name"):
            facts.names[self.string()] = None
        elif self.take("known"):
            name = self.string()
            self.need("=")
            facts.known[name] = self.size()
        elif self.take("hidden"):
            name = self.string()
            self.need("=")
            over = self.size()
            self.need("/")
            facts.hidden[name] = over, self.size()
        else:
            self.need("upper")
            self._upper(facts)

    def _upper(self, facts: Facts) -> None:
        name = self.string()
        self.need("=")
        most = self.size()
        if not isinstance(most, int):
            self.fail("a number is expected here")
        facts.uppers[name] = most

    def port(self, begin: int) -> Port:
        name = self.word()
        self.need("=")
        value = self.used()
        mode = next((mode for mode in ("train", "eval") if self.take(mode)), None)
        doc = self.string() if self.take("doc") else ""
        return Port(name, value, mode, Span(self.source, begin, self.at), doc)

    def rule(self, begin: int) -> InitRule:
        layer = None if self.take("_") else self.word()
        self.need(".")
        weight = None if self.take("_") else self.word()
        self.need("=")
        return InitRule(layer, weight, self.literal(), Span(self.source, begin, self.at))

    # ------------------------------------------------------------ nodes

    def node(self, begin: int) -> Node:
        mode = next((mode for mode in ("train", "eval") if self.take(mode)), None)
        outputs = [self.defined(None, 0)]
        while self.take(","):
            outputs.append(self.defined(None, len(outputs)))
        self.need("=")
        borrowed, labelled = self.take("^"), not self.take("~")
        label = self.word()
        self.need(":")
        target = self.target()
        node = Node(target, self.inputs(), outputs, label, Span(self.source, begin, self.at), mode=mode)
        node.borrowed, node.labelled = borrowed, labelled
        node.lends = self.words() if self.take("lends") else {}
        node.texts = self.words() if self.take("texts") else {}
        node.span = Span(self.source, begin, self.at)
        for value in outputs:
            value.producer = node
        return node

    def target(self) -> Op | Graph:
        if self.take("@"):
            return self.called()
        name = self.match(NAME)
        if name is None:
            self.fail("an operator or a graph is expected here")
        # `ReLU(%x)` has inputs only, `Conv2d(64, 3)(%x)` arguments before them
        begin = self.at
        if self.take("("):
            self.skip()
            if self.text[self.at : self.at + 1] in ("%", "_"):
                self.at = begin
                return self.op(name, {}, [])
            positional, named = self.arguments()
            self.skip()
            if positional or named or self.text.startswith("(", self.at):
                return self.op(name, named, positional)
        self.at = begin
        return self.op(name, {}, [])

    def called(self) -> Graph:
        key, _ = self.identity()
        if key not in self.graphs:
            self.fail(f"there is no graph @{key} before this")
        return self.graphs[key]

    def inputs(self) -> list[Value | None]:
        found: list[Value | None] = []
        self.need("(")
        while not self.take(")"):
            found.append(None if self.take("_") else self.used())
            if not self.take(","):
                self.need(")")
                break
        return found

    def words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        self.need("{")
        while not self.take("}"):
            key = self.word()
            self.need(":")
            found[key] = self.string()
            if not self.take(","):
                self.need("}")
                break
        return found

    def defined(self, producer: Node | None, index: int) -> Value:
        self.need("%")
        key, name = self.identity()
        if key in self.values:
            self.fail(f"there are two values %{key}")
        self.need(":")
        made = Value(self.type(), "" if name.isdigit() else name, producer, index)
        self.values[key] = made
        return made

    def used(self) -> Value:
        self.need("%")
        key, _ = self.identity()
        if key not in self.values:
            self.fail(f"there is no value %{key} before this")
        return self.values[key]

    # ------------------------------------------------------------ operators and values

    def op(self, name: str, named: dict[str, Any], positional: list[Any]) -> Op:
        cls = lookup(name)
        if cls is None:
            self.fail(f"there is no operator {name}")
        names = [p.name for p in cls.params.values() if not p.keyword and not p.star]
        values = dict(zip(names, positional, strict=False)) | named
        unknown = [key for key in values if key not in cls.params]
        if unknown or len(positional) > len(names):
            self.fail(f"{name} does not take {unknown[0] if unknown else 'so many arguments'}")
        converted = {key: self.converted(cls, key, value) for key, value in values.items()}
        try:
            return cls.of(converted)
        except Unfit as problem:
            self.fail(problem.message)

    def converted(self, cls: type[Op], key: str, value: Any) -> Any:
        try:
            return cls.params[key].convert(value)
        except Unfit as problem:
            self.fail(f"{cls.name}: {problem.about(key)}")

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        while not self.take(")"):
            begin = self.at
            name = self.match(NAME)
            if name is not None and self.take("="):
                named[name] = self.literal()
            else:
                self.at = begin
                positional.append(self.literal())
            if not self.take(","):
                self.need(")")
                break
        return positional, named

    def literal(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("this is nested too deeply")
        self.skip()
        value = self._literal(self.text[self.at : self.at + 1])
        self.depth -= 1
        return value

    def _literal(self, first: str) -> Any:
        if first == '"':
            return self.string()
        if first == "`":
            return self.size()
        if first == "[":
            self.at += 1
            return self._items("]")
        if first == "(":
            self.at += 1
            return tuple(self._items(")"))
        if first == "{":
            self.at += 1
            return self._mapping()
        if first == "@":
            self.at += 1
            return self.called()
        found = self.match(NUMBER) if first.isdigit() or first == "-" else None
        return self._number(found) if found is not None else self._named()

    def _number(self, text: str) -> int | float:
        try:
            return float(text) if any(c in text for c in ".enf") else int(text)
        except ValueError:  # thousands of digits
            self.fail("this number is too long")

    def _named(self) -> Any:
        name = self.match(NAME)
        if name in ("inf", "nan"):
            return float(name)
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in DTYPES and self.text.startswith("[", self.at):
            return TensorType(name, self.shape())
        if name is None or not self.take("("):
            self.fail("a value is expected here")
        positional, named = self.arguments()
        return Initializer(name, named) if name in INITIALIZERS else self.op(name, named, positional)

    def _items(self, end: str) -> list[Any]:
        found: list[Any] = []
        while not self.take(end):
            found.append(self.literal())
            if not self.take(","):
                self.need(end)
                break
        return found

    def _mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self.take("}"):
            key = self.string()
            self.need(":")
            found[key] = self.literal()
            if not self.take(","):
                self.need("}")
                break
        return found
