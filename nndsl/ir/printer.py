"""The IR as text: deterministic, complete but for spans and traces, read back by `reader`.

    block @ConvNorm {
      hyper channels = 64
      dim N = `N`
      input %x: float[N, 3, H, W]
      %0: float[N, 64, H, W] = conv: Conv2d(64, 3, padding=1)(%x)
      %y: float[N, 64, H, W] = ~relu_1: ReLU(%0)
      output y = %y
    }

Callees stand before their callers, the model last. `%name` is a value (`%name#2` the second of that name, `%0` one
without a name), `@name` a graph, `~label` a name that was made up, `^label` a layer that an outer graph owns, and a
size in backquotes one that is not known yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nndsl.ir.graph import Graph, InitRule, Node, Port, Value
from nndsl.ir.texts import dim_names, texts
from nndsl.ops.initializers import Initializer
from nndsl.ops.kinds import Unfit
from nndsl.ops.schema import Op, Param
from nndsl.shapes import Dim, Facts, TensorType
from nndsl.shapes.origins import plain


def print_graph(graph: Graph) -> str:
    """The whole hierarchy below a graph."""
    printer = _Printer()
    printer.dims = dim_names(graph)
    for each in all_graphs(graph):
        printer.graph(each)
    return "\n".join(printer.lines) + "\n"


def all_graphs(graph: Graph) -> list[Graph]:
    """Every distinct graph below, callees first, with those that operators hold (what computes a buffer)."""
    found: dict[int, Graph] = {}
    stack = [(graph, False)]
    while stack:
        each, done = stack.pop()
        if id(each) in found:
            continue
        if done:
            found[id(each)] = each
            continue
        stack.append((each, True))
        stack.extend((callee, False) for node in reversed(each.nodes) for callee in _callees(node))
    return list(found.values())


def _callees(node: Node) -> Iterator[Graph]:
    if isinstance(node.target, Graph):
        yield node.target
    else:
        yield from (value for value in node.target.values().values() if isinstance(value, Graph))


class _Printer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.graphs: dict[int, str] = {}
        self.names: dict[str, int] = {}
        self.values: dict[int, str] = {}
        self.value_names: dict[str, int] = {}
        self.unnamed = 0
        self.owner = 0
        self.dims: dict[Any, str] = {}  # the names of sizes, by their origins

    def line(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def graph(self, graph: Graph) -> None:
        self.graphs[id(graph)] = "@" + numbered(self.names, graph.name)
        self.value_names, self.unnamed, self.owner = {}, 0, graph.owner
        if self.lines:
            self.lines.append("")
        self.lines.append(f"{graph.kind} {self.graphs[id(graph)]} {{")
        self._head(graph)
        for value in graph.inputs:
            self.line(f"input {self.defined(value)}")
        for node in graph.nodes:
            self.node(node)
        for port in graph.outputs:
            self.port(port)
        for rule in graph.inits:
            self.line(f"init {_rule(rule)} = {self.literal(rule.init)}")
        self.lines.append("}")

    def _head(self, graph: Graph) -> None:
        if graph.doc:
            self.line(f"doc {quoted(graph.doc)}")
        for name, value in graph.hyper.items():
            self.line(f"hyper {word(name)} = {self.literal(value)}")
        for name, size in graph.dims.items():
            self.line(f"dim {word(name)} = {self.literal(size)}")
        for line in _facts(graph.facts) if graph.facts is not None else ():
            self.line(f"fact {line}")
        if graph.borrows:
            self.line(f"borrows {', '.join(map(word, graph.borrows))}")

    # ------------------------------------------------------------ nodes

    def node(self, node: Node) -> None:
        inputs = ", ".join(self.values[id(v)] if v is not None else "_" for v in node.inputs)
        target = self.graphs[id(node.target)] if isinstance(node.target, Graph) else self.op(node.target)
        outputs = ", ".join(self.defined(v) for v in node.outputs)
        label = ("^" if node.borrowed else "") + ("" if node.labelled else "~") + word(node.label)
        mode = f"{node.mode} " if node.mode else ""
        lends = f" lends {self.words(node.lends)}" if node.lends else ""
        said = node.texts or texts(node, self.owner, self.dims)
        told = f" texts {self.words(said)}" if said else ""
        self.line(f"{mode}{outputs} = {label}: {target}({inputs}){lends}{told}")

    def words(self, pairs: dict[str, str]) -> str:
        return "{" + ", ".join(f"{word(key)}: {quoted(value)}" for key, value in pairs.items()) + "}"

    def port(self, port: Port) -> None:
        mode = f" {port.mode}" if port.mode else ""
        doc = f" doc {quoted(port.doc)}" if port.doc else ""
        self.line(f"output {word(port.name)} = {self.values[id(port.value)]}{mode}{doc}")

    def defined(self, value: Value) -> str:
        if value.name:
            name = numbered(self.value_names, value.name)
        else:
            name, self.unnamed = str(self.unnamed), self.unnamed + 1
        self.values[id(value)] = f"%{name}"
        return f"%{name}: {value.type}"

    # ------------------------------------------------------------ operators and values

    def op(self, op: Op) -> str:
        inside = ", ".join(self._arguments(op))
        return f"{op.name}({inside})" if inside else op.name

    def _arguments(self, op: Op) -> Iterator[str]:
        """Required ones by position, the others where they are not at their default."""
        positional = True
        for declared in op.params.values():
            value = getattr(op, declared.name)
            positional = positional and declared.required and not declared.keyword and not declared.star
            if positional:
                yield self.argument(declared, value)
            elif declared.required or not same(value, declared.default):
                yield f"{declared.name}={self.argument(declared, value)}"

    def argument(self, declared: Param, value: Any) -> str:
        """In the shortest form that its kind makes the same value of."""
        if isinstance(value, tuple) and value and declared.kind.title != "anything":
            try:
                if same(declared.kind.convert(value[0]), value):
                    return self.literal(value[0])
            except Unfit:
                pass
        return self.literal(value)

    def literal(self, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return {None: "none", True: "true", False: "false"}[value]
        if isinstance(value, Dim):
            return f"`{value}`"
        if isinstance(value, (int, float)):
            return repr(value)
        if isinstance(value, TensorType):
            return str(value)
        if isinstance(value, Graph):
            return self.graphs[id(value)]
        if isinstance(value, Op):
            return f"{value.name}({', '.join(self._arguments(value))})"
        if isinstance(value, Initializer):
            return f"{value.name}({', '.join(f'{k}={self.literal(v)}' for k, v in value.arguments.items())})"
        return self._collection(value)

    def _collection(self, value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(self.literal, value))}]"
        if isinstance(value, tuple):
            return f"({', '.join(map(self.literal, value))}{',' if len(value) == 1 else ''})"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{quoted(str(k))}: {self.literal(v)}" for k, v in value.items()) + "}"
        return quoted(value if isinstance(value, str) else str(value))


def _facts(facts: Facts) -> Iterator[str]:
    def size(value: Any) -> str:
        return f"`{value}`"

    for name, value in facts.known.items():
        yield f"known {quoted(name)} = {size(value)}"
    for name, (over, under) in facts.hidden.items():
        yield f"hidden {quoted(name)} = {size(over)} / {size(under)}"
    for name, most in facts.uppers.items():
        yield f"upper {quoted(name)} = {size(most)}"
    for dim in facts.positive:
        yield f"positive {size(dim)}"
    for name in facts.names:
        yield f"name {quoted(name)}"


def _rule(rule: InitRule) -> str:
    return (
        f"{word(rule.layer) if rule.layer is not None else '_'}.{word(rule.weight) if rule.weight is not None else '_'}"
    )


def same(a: Any, b: Any) -> bool:
    """Equal and of the same types: 1, 1.0 and true differ."""
    a, b = plain(a), plain(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def numbered(counts: dict[str, int], name: str) -> str:
    """`name`, then `name#2`, `name#3`."""
    counts[name] = counts.get(name, 0) + 1
    return word(name) if counts[name] == 1 else f"{word(name)}#{counts[name]}"


def word(text: str) -> str:
    """As it is where it is a name or a number, quoted otherwise."""
    return text if text.isidentifier() or (text.isascii() and text.isdigit()) else quoted(text)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
