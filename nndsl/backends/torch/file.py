"""The whole file: imports, what PyTorch lacks, the classes from the bottom up, the model last."""

from __future__ import annotations

import re

from nndsl.backends.torch import layout
from nndsl.backends.torch.classes import Class, grouped
from nndsl.backends.torch.construct import class_of, layer
from nndsl.backends.torch.names import RESERVED, class_name, fresh, is_plain, member, numbered, pascal, variable
from nndsl.backends.torch.numbers import Numbers
from nndsl.backends.torch.pieces import Piece, show
from nndsl.backends.torch.plan import Plans, is_list
from nndsl.backends.torch.rules import Rulebook
from nndsl.backends.torch.terms import nodes_of
from nndsl.backends.torch.uses import MOST_MEMBERS, varied
from nndsl.diagnostics import Diagnostic, Label, SpecError
from nndsl.ir.graph import Graph, Node, returned
from nndsl.ir.texts import dim_names

_STRING = re.compile(r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|#[^\n]*')


class File:
    """What all classes of one file share."""

    def __init__(self, root: Graph, origin: str = "") -> None:
        self.root, self.origin = root, origin
        self.plans = Plans()
        self.rules = Rulebook(root)
        self.variants: dict[str, list[Class]] = {}
        self.definitions: dict[str, str] = {}
        self._defined: dict[tuple[str, str], str] = {}
        self._blocks = {class_name(graph.name) for graph in root.graphs()}
        self.externs: dict[str, tuple[str, str]] = {}  # local name -> module, class
        self.outputs: dict[int, tuple[str, Graph]] = {}
        self.numbers = Numbers()
        self.dims = dim_names(root)  # what signatures call the sizes of inputs
        self.homes = _homes(root)
        self.titles = _titles(root)
        self._members = 0
        self._classes: dict[int, Class] = {}
        self._node_classes: dict[int, str] = {}
        self.root_name = class_name(root.name)
        self.names: set[str] = {self.root_name}

    # ------------------------------------------------------------ what the parts ask for

    def define(self, name: str, source: str) -> str:
        """A class or function that an operator brings along."""
        return self.variant(name, source.strip("\n"))

    def variant(self, name: str, source: str) -> str:
        """The class with this source, under this name unless a block or another source has that."""
        if (name, source) not in self._defined:
            local = numbered(name, self.names | self._blocks)
            self.names.add(local)
            self._defined[name, source] = local
            self.definitions[local] = re.sub(rf"\b{re.escape(name)}\b", local, source)
        return self._defined[name, source]

    def written(self, members: int, node: Node) -> None:
        """Lists inside lists are written out, in one statement."""
        self._members += members
        if self._members > MOST_MEMBERS:
            message = f"PyTorch source with more than {MOST_MEMBERS:,} layers in lists is not written"
            hints = ["a block makes a class of its own, which is written once"]
            raise SpecError([Diagnostic("too-big", message, node.span, hints=hints)])

    def instance(self, node: Node, owner: int) -> Piece:
        """The constructor of a block, called in the block that `owner` numbers."""
        return self._classes[id(node.target)].call(node, owner)

    def title(self, graph: Graph) -> str:
        """What its class is called, unless that is taken."""
        return self.titles.get(id(graph), graph.name)

    def callees(self, graph: Graph) -> list[str]:
        """What is special about the blocks that it calls: `Shift` of `WindowAttentionShift`."""
        called = [n.target for n in nodes_of(graph) if isinstance(n.target, Graph) and id(n.target) in self._classes]
        words = [self._classes[id(each)].name.removeprefix(class_name(self.title(each))) for each in called]
        return [word for word in words if word and not word[0].isdigit()]

    def imported(self, target: str) -> str:
        """The local name of an extern's class: `package.module:Class`."""
        module, _, name = target.partition(":")
        assert all(is_plain(part) for part in [*module.split("."), name]), target
        for local, known in self.externs.items():
            if known == (module, name):
                return local
        local = fresh(name, self.names | RESERVED)
        self.names.add(local)
        self.externs[local] = (module, name)
        return local

    def class_of(self, node: Node) -> str:
        """`nn.Conv2d`: what an operator with weights is an instance of."""
        key = id(node.target)
        if key not in self._node_classes:
            self._node_classes[key] = class_of(self, node)
        return self._node_classes[key]

    def output_name(self, graph: Graph) -> str | None:
        """The NamedTuple of a model with several outputs."""
        if graph.kind != "model" or len(graph.outputs) < 2:
            return None
        if id(graph) not in self.outputs:
            base = self.root_name if graph is self.root else class_name(graph.name)
            name = fresh(f"{base}Output", self.names)
            self.names.add(name)
            self.outputs[id(graph)] = (name, graph)
        return self.outputs[id(graph)][0]

    # ------------------------------------------------------------ the text

    def text(self) -> str:
        classes = self._build()
        self._agree()
        parts = [source.split("\n") for source in self.definitions.values()]
        parts += [self._tuple(name, graph) for name, graph in self.outputs.values()]
        parts += [c.lines(self) for c in classes]
        body = "\n\n\n".join("\n".join(lines) for lines in parts)
        return f"{self._title()}\n\n{self._imports(body)}\n\n\n{body}\n"

    def _title(self) -> str:
        words = f"{self.root_name} in PyTorch" + (f", from {self.origin}" if self.origin else "")
        words += "."
        if self.root_name != self.root.name:
            words += f" The spec calls it {self.root.name}, which Python or PyTorch has for something else."
        return "\n".join(layout.docstring(words, 0))

    def _build(self) -> list[Class]:
        classes: list[Class] = []
        for graphs in _levels(self.root):
            for made in grouped(self, graphs):
                classes.append(made)
                for each in made.drafts:
                    self._classes[id(each.graph)] = made
        return classes

    def _agree(self) -> None:
        """A shared layer is one module: its uses must not need different ones."""
        for label, (first, *others) in varied(self.root):
            for use in others:
                if show(layer(self, first.node)) != show(layer(self, use.node)):
                    message = f"the uses of {label} need different PyTorch modules: its inputs differ too much"
                    labels = [Label(first.span, "first used here")]
                    hints = ["without `layer`, each use gets weights of its own"]
                    raise SpecError([Diagnostic("shape-mismatch", message, use.span, labels=labels, hints=hints)])

    def _tuple(self, name: str, graph: Graph) -> list[str]:
        lines = [f"class {name}(NamedTuple):"]
        several = sum(p.mode is None for p in graph.outputs) > 1
        taken: set[str] = set()
        for port in returned(graph):
            later = port.mode is not None and several
            field = fresh(variable(port.name.lstrip("_")), taken)  # fields with a leading underscore are refused
            taken.add(field)
            lines.append(f"    {field}: Tensor" + (" | None = None" if later else ""))
        return lines

    def _imports(self, body: str) -> str:
        """Only what the code uses, in the order that the linter wants."""
        code = _STRING.sub("", body)

        def used(word: str) -> bool:
            return re.search(rf"(?<![\w.]){word}\b", code) is not None

        standard = ["import math"] if used(r"math\.") or used("math") else []
        standard += ["from collections import OrderedDict"] if used("OrderedDict") else []
        standard += ["from typing import NamedTuple"] if used("NamedTuple") else []
        third = ["import torch"] if used("torch") else []
        third += ["import torch.nn.functional as F"] if used("F") else []
        froms = [("torch", "Tensor, nn" if used("Tensor") else "nn")]
        by_module: dict[str, list[str]] = {}
        for local, (module, name) in self.externs.items():
            by_module.setdefault(module, []).append(name if local == name else f"{name} as {local}")
        froms += [(module, ", ".join(sorted(names))) for module, names in by_module.items()]
        third += [f"from {module} import {names}" for module, names in sorted(froms)]
        return "\n\n".join("\n".join(group) for group in (standard, third) if group)


def _homes(root: Graph) -> dict[int, Graph]:
    """The block that each number stands for: of the graphs with one number, all others are lists and groups in it."""
    found: dict[int, Graph] = {}
    for graph in root.graphs():
        for node in graph.nodes:
            if isinstance(node.target, Graph) and node.target.owner and node.target.owner != graph.owner:
                found.setdefault(node.target.owner, node.target)
    return found


def _titles(root: Graph) -> dict[int, str]:
    """What the members of `stages: [Conv2d(8, 3) -> ReLU, …]` are called, where they have no name: `Stage`."""
    found: dict[int, str] = {}
    stack = [(root, "")]
    seen = set[int]()
    while stack:
        graph, title = stack.pop()
        for node in graph.nodes:
            target = node.target
            if not isinstance(target, Graph):
                continue
            known = title if node.label.isdigit() else pascal(member(node.label))
            if target.name.isdigit():
                found.setdefault(id(target), known or "Layer")
            if id(target) not in seen:
                seen.add(id(target))
                stack.append((target, known if is_list(target) else ""))
    return found


def _levels(root: Graph) -> list[list[Graph]]:
    """Block graphs by how deep they are, each level in the order of the text: those of one level cannot contain each
    other."""
    height: dict[int, int] = {}
    levels: dict[int, list[Graph]] = {}
    place = _places(root)
    for graph in root.graphs():
        below = [height[id(n.target)] for n in graph.nodes if isinstance(n.target, Graph)]
        block = not is_list(graph)
        height[id(graph)] = max(below, default=0) + block
        if block:
            levels.setdefault(height[id(graph)], []).append(graph)
    return [sorted(levels[at], key=lambda g: place[id(g)]) for at in sorted(levels)]


def _places(root: Graph) -> dict[int, int]:
    """Where each graph is met first, reading from the top."""
    found: dict[int, int] = {}
    stack = [root]
    while stack:
        graph = stack.pop()
        if id(graph) in found:
            continue
        found[id(graph)] = len(found)
        targets = [n.target for n in graph.nodes if isinstance(n.target, Graph) and id(n.target) not in found]
        stack += list({id(t): t for t in targets}.values())[::-1]
    return found
