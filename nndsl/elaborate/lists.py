"""Lists, tuples and ranges, what loops run over, and names for the parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.elaborate.conditions import condition
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate, form
from nndsl.elaborate.operands import named_parts
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Counted, Labelled, LayerValue, Poison, is_layer, is_tensor
from nndsl.ir.graph import Graph, Value
from nndsl.shapes.origins import named
from nndsl.syntax import ast


@form(ast.Range)
def _range(node: ast.Range, scope: Scope, ctx: Context) -> Any:
    start, stop = evaluate(node.start, scope, ctx), evaluate(node.stop, scope, ctx)
    if isinstance(start, Poison) or isinstance(stop, Poison):
        return POISON
    for value, part in ((start, node.start), (stop, node.stop)):
        if not isinstance(value, int) or isinstance(value, bool):
            return ctx.poison(
                "not-a-number", f"a range needs known whole numbers, not {ctx.describe(value)}", part.span, scope
            )
    ctx.budget.items(stop - start)
    return Counted(range(start, stop), [(0, stop - start)])


@form(ast.Star)
def _star(node: ast.Star, scope: Scope, ctx: Context) -> Any:
    return ctx.poison("syntax", "`*` splices a list only inside [ ], ( ) and calls", node.span, scope)


def _items(nodes: list[Any], scope: Scope, ctx: Context) -> list[Any] | None:
    """Members, `*lists` spliced; None if one is a mistake."""
    found: list[Any] = []
    fine = True
    for node in nodes:
        value = evaluate(node.value if isinstance(node, ast.Star) else node, scope, ctx)
        if isinstance(value, Poison):
            fine = False
        elif not isinstance(node, ast.Star):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(value)
        else:
            ctx.error("bad-value", f"`*` splices a list, and this is {ctx.describe(value)}", node.span, scope)
            fine = False
    ctx.budget.items(len(found))
    return found if fine else None


@form(ast.List)
def _list(node: ast.List, scope: Scope, ctx: Context) -> Any:
    found = _items(node.items, scope, ctx)
    return POISON if found is None else found


@form(ast.Tuple)
def _tuple(node: ast.Tuple, scope: Scope, ctx: Context) -> Any:
    found = _items(node.items, scope, ctx)
    if found is None:
        return POISON
    bare = [v.value if isinstance(v, Labelled) else v for v in found]
    tensors = [is_tensor(v) for v in bare]
    layers = [isinstance(v, LayerValue) or (isinstance(v, list) and is_layer(v) and bool(v)) for v in bare]
    if any(tensors) and any(layers):
        index = layers.index(True)
        message = f"a tuple holds tensors or layers, not both: this is {ctx.describe(bare[index])} beside a tensor"
        hint = "apply the layer first: `(x -> Layer, y)`"
        return ctx.poison("not-a-tensor", message, node.items[index].span, scope, hints=[hint])
    return tuple(found)


@form(ast.Comprehension)
def _comprehension(node: ast.Comprehension, scope: Scope, ctx: Context) -> Any:
    found = Counted([], [])
    fine = _clauses(node, 0, scope.child(), ctx, found)
    ctx.budget.items(len(found))
    return POISON if not fine else found if found.runs else list(found)


def _clauses(node: ast.Comprehension, at: int, scope: Scope, ctx: Context, found: Counted) -> bool:
    if at == len(node.clauses):
        element = node.element
        if isinstance(element, ast.Star):
            spliced = _items([element], scope, ctx)
            found.extend(spliced or [])
            return spliced is not None
        value = evaluate(element, scope, ctx)
        found.append(value)
        if len(found) > ctx.budget.ITEMS:
            ctx.budget.items(len(found))
        return not isinstance(value, Poison)
    clause = node.clauses[at]
    values = iterate(clause.iterable, scope, ctx)
    if values is None:
        return False
    if isinstance(values, Counted) and len(node.clauses) == 1 and not clause.conditions:
        found.runs = values.runs
    for value in values:
        ctx.budget.step()
        inner = scope.child()
        if not bind_names(clause.names, value, inner, ctx):
            return False
        tests = [condition(test, inner, ctx) for test in clause.conditions]
        if any(t is None for t in tests):
            return False
        if all(tests) and not _clauses(node, at + 1, inner, ctx, found):
            return False
    return True


def iterate(node: Any, scope: Scope, ctx: Context) -> list[Any] | None:
    """What a loop runs over."""
    value = evaluate(node, scope, ctx)
    if isinstance(value, Poison):
        return None
    if isinstance(value, (list, tuple)):
        return value if isinstance(value, Counted) else list(value)
    hints = ["write a range: `for i in 0..n`"] if isinstance(value, int) else []
    ctx.error(
        "bad-value",
        f"a loop runs over a list or a range, not {ctx.describe(value)}",
        node.span,
        scope,
        hints=hints,
    )
    return None


def bind_names(targets: Sequence[ast.Expr], value: Any, scope: Scope, ctx: Context) -> bool:
    """`a, b = value`, `for i, (a, b) in …`."""
    names = list(targets)
    if len(names) == 1 and isinstance(names[0], ast.Name):
        _bind(names[0], value, scope)
        return True
    if isinstance(value, Poison):
        for name, _ in ast.plain_names(names):
            _bind(name, POISON, scope)
        return False
    if not isinstance(value, (list, tuple)) or len(value) != len(names):
        several = isinstance(value, (list, tuple))
        count = f"{len(value)} values{named_parts(value)}" if several else f"one value, {ctx.describe(value)}"
        fewer = several and len(names) < len(value)
        rest = ", ".join([name.span.text for name in names] + ["_"] * (len(value) - len(names))) if fewer else ""
        hints = [f"`_` leaves one out: `{rest} = …`"] if rest and len(value) < 9 else []
        hints = hints or _only_states(value)
        at = names[0].span.to(names[-1].span)
        ctx.error("wrong-outputs", f"{len(names)} names, and this gives {count}", at, scope, hints=hints)
        for name, _ in ast.plain_names(names):
            _bind(name, POISON, scope)
        return False
    fine = True
    for target, part in zip(names, value, strict=True):
        if isinstance(target, ast.Tuple):
            fine &= bind_names(target.items, part, scope, ctx)
        elif isinstance(target, ast.Name):
            _bind(target, part, scope)
    return fine


def _only_states(value: Any) -> list[str]:
    """A `Scan` that collects nothing."""
    node = value.producer if isinstance(value, Value) else None
    if node is None or not isinstance(node.target, Graph) or node.target.kind != "loop" or len(node.outputs) > 1:
        return []
    return [
        "this is the last state alone: what a step gives after its new states is collected, and it gives nothing more"
    ]


def _bind(name: ast.Name, value: Any, scope: Scope) -> None:
    if name.id == "_":
        return
    if isinstance(value, Labelled) and is_tensor(value.value):
        value = value.value
    if isinstance(value, Value) and not value.name:
        value.name = name.id
    scope.names[name.id] = named(value, name.id)
    scope.flags.pop(name.id, None)
