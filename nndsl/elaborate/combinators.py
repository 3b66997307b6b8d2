"""Which blocks are combinators: blocks with a layer argument and no layer of their own that has weights or a name.

Decided on the text alone, so that it does not depend on what the block is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from nndsl.elaborate.context import Context
from nndsl.elaborate.project import BUILTINS
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import BlockLayer, OpLayer
from nndsl.syntax import ast

_PLAIN = frozenset({"Source", "Span", "str", "bool", "bool | None", "int | float"})  # as nodes declare their fields


def is_combinator(definition: ast.Definition, home: Scope, ctx: Context) -> bool:
    known = ctx.combinators.get(id(definition))
    if known is None:
        ctx.combinators[id(definition)] = False  # a block that mentions itself is none
        known = ctx.combinators[id(definition)] = _judge(definition, home, ctx)
    return known


def _judge(definition: ast.Definition, home: Scope, ctx: Context) -> bool:
    params = definition.params or []
    if definition.kind != "block" or not any(_takes_layers(p.type) for p in params):
        return False
    names = {p.name.id for p in params}
    root = definition.body if definition.body is not None else definition.flow
    if isinstance(root, ast.List):
        return False  # its members are named by their positions
    return all(_weightless(node, names, home, ctx) for node in walk(root))


def _takes_layers(type_: ast.ParamTypeExpr | None) -> bool:
    if type_ is None:
        return False
    return type_.name.id == "layer" or _takes_layers(type_.element)


def _weightless(node: Any, names: set[str], home: Scope, ctx: Context) -> bool:
    if isinstance(node, (ast.Labelled, ast.Tensor, ast.Layer)):
        return False
    if not isinstance(node, ast.Name) or node.id in names or not node.id[:1].isupper():
        return True
    value = ctx.project.resolve(node.id, home, node.span)
    if isinstance(value, OpLayer):
        return not value.op.has_weights
    if isinstance(value, BlockLayer):
        found = value.definition
        return isinstance(found, ast.Definition) and is_combinator(found, value.home, ctx)
    return True


def depth_taken(body: ast.Braces, name: str) -> int:
    """How deep the text reaches into a list of layers: 1 for `xs[i]`, `for x in xs`, `[*xs]`, `a, b = xs` and
    `zip(xs, ys)`, 2 where it takes members of such a member."""
    return max((_reach(node, name, body) for node in walk(body)), default=0)


def _reach(node: Any, name: str, body: ast.Braces) -> int:
    taken: list[Any] = []
    into: list[tuple[ast.Name, int]] = []
    if isinstance(node, ast.Index):
        taken = [node.base]
    elif isinstance(node, ast.Star):
        taken = [node.value]
    elif isinstance(node, (ast.For, ast.Clause)):
        taken, into = _unwrapped(node.iterable), ast.plain_names(node.names)
    elif isinstance(node, ast.Assign) and len(node.targets) > 1:
        taken, into = [node.value], ast.plain_names(node.targets)
    elif isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.id in BUILTINS:
        taken = [argument.value for argument in node.arguments or []]
    steps = max((_steps(at, name) for at in taken), default=0)
    if not steps or any(member.id == name for member, _ in into):
        return steps
    return steps + max((inside + depth_taken(body, member.id) for member, inside in into), default=0)


def _unwrapped(node: Any) -> list[Any]:
    """What a loop runs over: `zip(xs, ys)` runs over the members of both."""
    if isinstance(node, ast.Call) and isinstance(node.callee, ast.Name) and node.callee.id in BUILTINS:
        return [argument.value for argument in node.arguments or []]
    return [node]


def _steps(node: Any, name: str) -> int:
    """Of `xs` 1, of `xs[i]` 2: a member of that is taken."""
    steps = 1
    while isinstance(node, ast.Index):
        node, steps = node.base, steps + 1
    return steps if isinstance(node, ast.Name) and node.id == name else 0


def names_in(node: Any) -> tuple[str, ...]:
    """All names in a tree, those in its types and labels too."""
    found: dict[str, None] = {}
    for at in walk(node, everything=True):
        if isinstance(at, ast.Name):
            found[at.id] = None
        elif isinstance(at, ast.Labelled) and isinstance(at.label, ast.Text):
            found.update(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", at.label.value)))
    return tuple(found)


def walk(node: Any, everything: bool = False) -> Iterator[Any]:
    """All nodes of a tree; unless all are wanted, without the names of arguments, of attributes and in types."""
    stack, known = [node], _PARTS[everything]
    while stack:
        at = stack.pop()
        if isinstance(at, (list, tuple)):
            stack.extend(at)
            continue
        kind = type(at)
        if kind not in known:
            known[kind] = _parts(kind, everything)
        names = known[kind]
        if names is not None:
            yield at
            for name in names:
                stack.append(getattr(at, name))


_PARTS: dict[bool, dict[type, tuple[str, ...] | None]] = {True: {}, False: {}}


def _parts(kind: type, everything: bool) -> tuple[str, ...] | None:
    """The fields of a node in which there may be others; None for what is no node."""
    if not is_dataclass(kind):
        return None
    skip = {"name"} if kind is ast.Argument and not everything else set()
    if kind in (ast.Attribute, ast.Input, ast.Output, ast.Param) and not everything:
        skip = {"name", "type"}
    return tuple(f.name for f in fields(kind) if f.name not in skip and f.type not in _PLAIN)
