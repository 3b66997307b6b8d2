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
    for what, name in _declared(root):
        if name.id in mentioned or name.id.startswith("_"):
            continue
        found = diagnostics.error("unused", f"nothing uses the {what} {name.id}", name.span)
        found.severity = "warning"
        found.hints.append(f"leave it out, or call it _{name.id} if that is meant")


def _declared(root: Any) -> Iterator[tuple[str, ast.Name]]:
    for node in walk(root):
        if isinstance(node, ast.Input):
            yield "input", node.name
        elif isinstance(node, ast.Layer):
            yield "layer", node.name
        elif isinstance(node, ast.Tensor):
            yield ("parameter" if node.trained else "buffer"), node.name
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield "value", node.targets[0]


def _mentioned(root: Any) -> Iterator[str]:
    naming: set[int] = set()
    for node in walk(root, everything=True):  # parents come before their children
        naming.update(map(id, _names_given(node)))
        if isinstance(node, ast.Name) and id(node) not in naming:
            yield node.id
        elif isinstance(node, ast.Labelled) and isinstance(node.label, ast.Text):
            for inside in _IN_BRACES.findall(node.label.value):
                yield from _WORD.findall(inside)


def _names_given(node: Any) -> list[Any]:
    """The names in a node that only name something."""
    if isinstance(node, (ast.Assign, ast.For, ast.Clause)):
        targets = node.targets if isinstance(node, ast.Assign) else node.names
        return [name for name, _ in ast.plain_names(targets)]
    if isinstance(node, (ast.Input, ast.Output, ast.Layer, ast.Tensor, ast.Attribute, ast.Argument)):
        return [node.name]
    return [node.label] if isinstance(node, ast.Labelled) else []
