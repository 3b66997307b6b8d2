"""Classes: which graphs share one, what it is called, how it is constructed, its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch import layout
from nndsl.backends.torch.arguments import Argument, Instance, Signature, infer
from nndsl.backends.torch.construct import statements
from nndsl.backends.torch.forward import Written, write
from nndsl.backends.torch.names import class_name, pascal, variable
from nndsl.backends.torch.pieces import Line, New, Number, Piece, Slot, calls
from nndsl.backends.torch.shapes import comment
from nndsl.ir.graph import Graph
from nndsl.ops.kinds import exact

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File


@dataclass(slots=True)
class Draft(Instance):
    """A graph's code before it is known what it shares its class with."""

    written: Written = field(default_factory=lambda: Written([], []))

    def key(self) -> Any:
        if self.graph.kind == "model":
            return id(self.graph)
        head = (tuple(self.written.arguments), tuple(self.written.layers))
        return head, tuple(line.key() for line in self.init), tuple(line.key() for line in self.forward)

    def labels(self) -> list[str]:
        return list(dict.fromkeys(n.label for n in self.graph.nodes if n.labelled and not n.borrowed))


def draft(module: File, graph: Graph) -> Draft:
    init = statements(module, graph)
    written = write(module, graph, module.names)
    if written.like:
        init.append(Line([f'self.register_buffer("{written.like}", torch.empty(0), persistent=False)']))
    init += module.rules.loop(graph, module)
    return Draft(graph, init, written.lines, written)


@dataclass(slots=True)
class Class:
    """`drafts` are its instances; the first one's code is the class's."""

    name: str
    drafts: list[Draft]
    signature: Signature

    def call(self, graph: Graph, texts: dict[str, str]) -> Piece:
        """How an instance is made."""
        at = next(i for i, d in enumerate(self.drafts) if d.graph is graph)
        made = New(self.name, [], {}, set())
        for argument in self.signature.arguments:
            slot = _slot(argument, argument.vector[at], texts)
            if argument.default is None and argument.type == "int":
                made.args.append(slot)
                continue
            made.kwargs[argument.name] = slot
            if argument.default is None or exact(argument.default) != exact(slot.value):
                made.given.add(argument.name)
        return made

    # ------------------------------------------------------------ text

    def lines(self, module: File) -> list[str]:
        graph = self.drafts[0].graph
        doc = layout.docstring(graph.doc, 1)
        text = [f"class {self.name}(nn.Module):", *doc, *([""] if doc else [])]
        head = [f"{a.name}: {a.type}" + _default(a.default) for a in self.signature.arguments]
        own = self._init_lines()
        if own:
            text += layout.definition("__init__", head, "None")
            text += ["        super().__init__()", *own, ""]
        text += layout.definition("forward", self._parameters(), self._returns(module))
        for i, line in enumerate(self.drafts[0].forward):
            text += self._statement(i, line, module)
        return text

    def _init_lines(self) -> list[str]:
        shown = self.signature.init
        found: list[str] = []
        for name, value in self.signature.attributes.items():
            found += layout.statement(f"self.{name} = {value}", 2)
        for line in self.drafts[0].init:
            found += layout.statement(line.text(lambda s: shown.get(id(s)) or str(s)), 2 + line.indent)
        return found

    def _parameters(self) -> list[str]:
        written = self.drafts[0].written
        return [f"{n}: Tensor" for n in written.arguments] + [f"{n}: nn.Module" for n in written.layers]

    def _returns(self, module: File) -> str:
        graph = self.drafts[0].graph
        ports = graph.outputs
        always = [p for p in ports if p.mode is None]
        name = module.output_name(graph)
        if len(always) < len(ports) and name:
            return f"Tensor | {name}" if len(always) == 1 else name
        if len(ports) == 1:
            return "Tensor"
        return name or f"tuple[{', '.join(['Tensor'] * len(ports))}]"

    def _statement(self, at: int, line: Line, module: File) -> list[str]:
        shown = self.signature.forward
        note = ""
        if line.of is not None:
            shapes = [d.forward[at].of.shape for d in self.drafts if d.forward[at].of is not None]  # type: ignore[union-attr]
            if len(shapes) == len(self.drafts):
                note = comment(shapes, [d.graph for d in self.drafts], self.signature, module.root.facts)
        return layout.statement(line.text(lambda s: shown.get(id(s)) or str(s)), 2 + line.indent, note)


def _slot(argument: Argument, value: Number, texts: dict[str, str]) -> Slot:
    return Slot(
        value,
        argument.spec or argument.name,
        texts,
        not argument.spec or argument.spec not in texts,
        argument.default,
    )


def _default(value: Number | None) -> str:
    return "" if value is None else f" = {Slot(value)}"


# ---------------------------------------------------------------- who shares a class


def grouped(module: File, graphs: Sequence[Graph]) -> list[Class]:
    """Classes for graphs whose callees have theirs already."""
    groups: dict[tuple[str, Any], list[Draft]] = {}
    for graph in graphs:
        made = draft(module, graph)
        groups.setdefault((graph.name, made.key()), []).append(made)
    simplest_first = sorted(groups.items(), key=lambda item: len(item[1][0].labels()))
    return [_class(module, name, drafts) for (name, _), drafts in simplest_first]


def _class(module: File, name: str, drafts: list[Draft]) -> Class:
    _share_keywords(drafts)
    signature = Signature() if drafts[0].graph.kind == "model" else infer(drafts)
    found = Class(_named(module, name, drafts[0]), drafts, signature)
    module.variants.setdefault(name, []).append(found)
    return found


def _share_keywords(drafts: list[Draft]) -> None:
    """A keyword that one instance gives is written for all."""
    if len(drafts) == 1:
        return
    columns = [[c for line in d.init for p in line.pieces() for c in calls(p)] for d in drafts]
    for row in zip(*columns, strict=True):
        given = set().union(*(c.given for c in row))
        for call in row:
            call.given = given


def _named(module: File, name: str, made: Draft) -> str:
    """The block's name; a variant is named after the layer it has in addition, else numbered."""
    if made.graph is module.root:
        return module.root_name
    plain = class_name(name)
    for other in module.variants.get(name, []):
        extra = [label for label in made.labels() if label not in other.drafts[0].labels()]
        if len(extra) == 1 and plain + pascal(extra[0]) not in module.names:
            plain = variable(plain + pascal(extra[0]))
            break
    chosen = plain if plain not in module.names else _numbered(plain, module)
    module.names.add(chosen)
    return chosen


def _numbered(plain: str, module: File) -> str:
    number = 2
    while f"{plain}{number}" in module.names:
        number += 1
    return f"{plain}{number}"
