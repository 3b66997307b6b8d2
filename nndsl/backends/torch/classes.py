"""Classes: which graphs share one, what it is called, how it is constructed, its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch import layout
from nndsl.backends.torch.arguments import Argument, Instance, Signature, infer
from nndsl.backends.torch.construct import statements
from nndsl.backends.torch.forward import Written, write
from nndsl.backends.torch.names import class_name, numbered, pascal, variable
from nndsl.backends.torch.pieces import Line, New, Number, Piece, Slot, calls
from nndsl.backends.torch.prose import prose
from nndsl.backends.torch.shapes import comment
from nndsl.backends.torch.steps import Flow, Peers, flatten, outline
from nndsl.backends.torch.terms import nodes_of
from nndsl.ir.graph import Graph, Node, callee_numbers
from nndsl.ops.kinds import exact
from nndsl.shapes.origins import plain, rebased, traced
from nndsl.shapes.simplified import Origin

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


def draft(module: File, graph: Graph, peers: Peers) -> Draft:
    init = statements(module, graph)
    written = write(module, graph, module.names, peers=peers)
    if written.like:
        init.append(Line([f'self.register_buffer("{written.like}", torch.empty(0), persistent=False)']))
    init += module.rules.loop(graph, module)
    return Draft(graph, module.homes.get(graph.owner, graph), init, written.lines, written.arguments, written)


@dataclass(slots=True)
class Class:
    """`drafts` are its instances; the first one's code is the class's."""

    name: str
    drafts: list[Draft]
    signature: Signature

    def call(self, node: Node, owner: int) -> Piece:
        """How an instance is made, in the block that `owner` numbers."""
        at = next(i for i, d in enumerate(self.drafts) if d.graph is node.target)
        made = New(self.name, [], {}, set())
        for argument in self.signature.arguments:
            slot = self._given(argument, at, node, owner)
            if argument.default is None and argument.type == "int" and not argument.optional and not made.kwargs:
                made.args.append(slot)
                continue
            made.kwargs[argument.name] = slot
            if argument.default is None or self._is_given(argument, at, slot):
                made.given.add(argument.name)
        return made

    def _is_given(self, argument: Argument, at: int, slot: Slot) -> bool:
        """What the caller computes is given, though it may be the default."""
        if argument.of is not None and argument.of[2] in self.drafts[at].home.defaulted:
            return False
        return slot.of is not None or exact(argument.default) != exact(argument.values[at])

    def _given(self, argument: Argument, at: int, node: Node, owner: int) -> Slot:
        """What a call gives for an argument, computed from the caller's numbers."""
        graph = self.drafts[at].graph
        value, of = argument.values[at], argument.slots[at].of if argument.slots else argument.of
        slot = Slot(value, argument.name, node.label if node.labelled else "", default=argument.default)
        if isinstance(value, bool):
            slot.told = self._flag(argument, of, node, owner)
            return slot
        if argument.of is not None:
            of = (argument.of[0], graph.owner, *argument.of[2:])
        if graph.owner == owner:
            slot.value = traced(plain(value), of)
        elif owner:
            slot.value = rebased(traced(plain(value), of), graph.owner, callee_numbers(node), owner)
        else:
            slot.value = plain(value)
        slot.inferred = argument.of is not None and argument.of[0] == "axis"
        return slot

    @staticmethod
    def _flag(argument: Argument, of: Origin | None, node: Node, owner: int) -> Origin | None:
        """Which of the caller's hyperparameters a true or false is."""
        target = node.target
        assert isinstance(target, Graph)
        if target.owner == owner:
            return of
        return node.flags.get(of[2]) if isinstance(of, tuple) and of[0] == "hyper" else None

    # ------------------------------------------------------------ text

    def lines(self, module: File) -> list[str]:
        doc = layout.docstring(self._doc(), 1)
        text = [f"class {self.name}(nn.Module):", *doc, *([""] if doc else [])]
        head = [f"{a.name}: {a.type}" + _default(a.default) for a in self.signature.arguments]
        own = self._init_lines()
        if own:
            text += layout.definition("__init__", head, "None")
            text += ["        super().__init__()", *own, ""]
        text += layout.definition("forward", self._parameters(), self._returns(module))
        for name, value in self.signature.sizes.items():
            text += layout.statement(f"{name} = {value}", 2)
        for i, line in enumerate(self.drafts[0].forward):
            text += self._statement(i, line, module)
        return text

    def _doc(self) -> str:
        made = self.drafts[0]
        arguments = [argument.name for argument in self.signature.arguments]
        return prose(made.graph.doc, made.home.hyper, {*arguments, *made.labels(), *made.inputs})

    def _init_lines(self) -> list[str]:
        shown = self.signature.init
        found: list[str] = []
        for name, value in self.signature.locals.items():
            found += layout.statement(f"{name} = {value}", 2)
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
            shapes = [value.shape for d in self.drafts if (value := d.forward[at].of) is not None]
            if len(shapes) == len(self.drafts):
                note = comment(shapes, self.signature, module)
        return layout.statement(line.text(lambda s: shown.get(id(s)) or str(s)), 2 + line.indent, note)


def _default(value: Number | None) -> str:
    return "" if value is None else f" = {Slot(value)}"


# ---------------------------------------------------------------- who shares a class


def grouped(module: File, graphs: Sequence[Graph]) -> list[Class]:
    """Classes for graphs whose callees have theirs already."""
    alike: dict[Any, list[Flow]] = {}
    outlines: list[Any] = []
    for graph in graphs:
        flow = flatten(module.plans, graph, {name: name for name in graph.borrows})
        outlines.append((module.title(graph), outline(flow)))
        alike.setdefault(outlines[-1], []).append(flow)
    drafts: dict[int, Draft] = {}
    for drawn, flows in alike.items():
        several = [graph for graph, other in zip(graphs, outlines, strict=True) if other == drawn]
        drafts |= zip(map(id, several), _drafts(module, several, flows), strict=True)
    groups: dict[tuple[str, Any], list[Draft]] = {}
    for graph, drawn in zip(graphs, outlines, strict=True):
        made = drafts[id(graph)]
        groups.setdefault((drawn[0], made.key()), []).append(made)
    simplest_first = sorted(groups.items(), key=lambda item: len(item[1][0].labels()))
    return [_class(module, name, drafts) for (name, _), drafts in simplest_first]


def _drafts(module: File, graphs: Sequence[Graph], flows: Sequence[Flow]) -> list[Draft]:
    """Of graphs that do the same. Functions are given all numbers that any of them gives, if that makes one class of
    two."""
    plain, full = Peers(flows), Peers(flows, full=True)
    made = [draft(module, graph, plain) for graph in graphs]
    if len(kinds := {each.key() for each in made}) == 1:
        return made
    fuller = [draft(module, graph, full) for graph in graphs]
    return fuller if len({each.key() for each in fuller}) < len(kinds) else made


def _class(module: File, name: str, drafts: list[Draft]) -> Class:
    _share_keywords(drafts)
    signature = infer(drafts, module.dims, module.names)
    found = Class(_named(module, name, drafts[0], signature), drafts, signature)
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


def _named(module: File, name: str, made: Draft, signature: Signature) -> str:
    """The block's name; a variant is named after the one thing that it has in addition to another, else numbered."""
    if made.graph is module.root:
        return module.root_name
    base = class_name(name)
    chosen = numbered(base, module.names)
    for other in module.variants.get(name, []):
        word = _addition(module, made, signature, other)
        longer = variable(other.name + pascal(word)) if word and not other.name.removeprefix(base)[:1].isdigit() else ""
        if longer and longer not in module.names:
            chosen = longer
            break
    module.names.add(chosen)
    return chosen


def _addition(module: File, made: Draft, signature: Signature, other: Class) -> str:
    """One word for the layers, else the arguments, inputs, operators, or variants of blocks that the other has not."""
    first = other.drafts[0]
    known = {argument.name for argument in other.signature.arguments}
    arguments = [a.name for a in signature.arguments if a.of and a.of[0] == "hyper"]
    for have, has in (
        (made.labels(), first.labels()),
        (arguments, known),
        (made.inputs, first.inputs),
        (_operators(made.graph), _operators(first.graph)),
        (module.callees(made.graph), module.callees(first.graph)),
    ):
        found = [word for word in dict.fromkeys(have) if word not in has]
        if word := _common(found):
            return word
    return ""


def _common(words: list[str]) -> str:
    """The only word, or what all begin with: `cross` of `cross_heads`, `cross_dropout`."""
    if len(words) == 1:
        return words[0]
    parts = zip(*(word.split("_") for word in words), strict=False)
    return "_".join(part[0] for part in takewhile(lambda part: len(set(part)) == 1, parts))


def _operators(graph: Graph) -> list[str]:
    return [node.op.name for node in nodes_of(graph) if not node.is_call]
