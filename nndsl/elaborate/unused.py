"""What a definition names and never mentions again. Read off the text: a branch that is not taken counts as a use.
Hyperparameters are left alone: blocks that can stand for each other take the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate.combinators import walk
from nndsl.syntax import ast

_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z_]\w*")


def warn_unused(item: ast.Definition, diagnostics: Diagnostics) -> None:
    root = item.body if item.body is not None else item.flow
    mentioned = set(_mentioned(root))
    sized = _sized(root, mentioned)
    for what, name in _declared(root):
        if name.id in mentioned or name.id.startswith("_") or (what == "input" and name.id in sized):
            continue
        found = diagnostics.error("unused", f"nothing uses the {what} {name.id}", name.span)
        found.severity = "warning"
        found.hints.append(f"leave it out, or call it _{name.id} if that is meant")


def _sized(root: Any, mentioned: set[str]) -> set[str]:
    """Inputs that nothing uses, but for a size that only they give a name."""
    inputs = [node for node in walk(root) if isinstance(node, ast.Input)]
    idle = [node for node in inputs if node.name.id not in mentioned]
    if not idle:
        return set()
    own = {id(node) for each in inputs for node in walk(each.type, everything=True)}
    used = {n.id for n in walk(root, everything=True) if isinstance(n, ast.Name) and id(n) not in own}
    given = {name for node in inputs if node.name.id in mentioned for name in _dims(node)}
    return {node.name.id for node in idle if (_dims(node) & used) - given}


def _dims(node: ast.Input) -> set[str]:
    dims = node.type.dims if node.type is not None else None
    return {dim.id for dim in dims or [] if isinstance(dim, ast.Name)}


def _declared(root: Any) -> Iterator[tuple[str, ast.Name]]:
    for node in walk(root):
        kind = type(node)
        if kind is ast.Input:
            yield "input", node.name
        elif kind is ast.Layer:
            yield "layer", node.name
        elif kind is ast.Tensor:
            yield ("parameter" if node.trained else "buffer"), node.name
        elif kind is ast.Assign and len(node.targets) == 1:
            yield "value", node.targets[0]


def _mentioned(root: Any) -> Iterator[str]:
    naming: set[int] = set()
    for node in walk(root, everything=True):  # parents come before their children
        kind = type(node)
        if kind is ast.Name:
            if id(node) not in naming:
                yield node.id
        elif kind in _NAMES:
            naming.update(map(id, _names_given(node)))
        elif kind is ast.Labelled:
            naming.add(id(node.label))
            if isinstance(node.label, ast.Text):
                for inside in _IN_BRACES.findall(node.label.value):
                    yield from _WORD.findall(inside)


def _names_given(node: Any) -> list[Any]:
    """The names in a node that only name something."""
    if isinstance(node, (ast.Assign, ast.For, ast.Clause)):
        targets = node.targets if isinstance(node, ast.Assign) else node.names
        return [name for name, _ in ast.plain_names(targets)]
    return [node.name]


_NAMES = {ast.Assign, ast.For, ast.Clause, ast.Input, ast.Output, ast.Layer, ast.Tensor, ast.Attribute, ast.Argument}
