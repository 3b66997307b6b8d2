"""Expressions: one function per form. A tensor in hand makes arithmetic add nodes; everything else is computed here."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate import arguments, arithmetic, conditions, flows, functions, labels, lists, methods, names, prefixed
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate, form
from nndsl.elaborate.scope import MISSING, Scope
from nndsl.elaborate.values import BuiltinFunction, FunctionValue, TypeName
from nndsl.shapes import DimTooLarge
from nndsl.syntax import ast

FORMS = (conditions, flows, labels, lists, names)  # where the other forms are

__all__ = ["FORMS", "evaluate"]


@form(ast.Number)
def _number(node: ast.Number, scope: Scope, ctx: Context) -> Any:
    return node.value


@form(ast.Text)
def _text(node: ast.Text, scope: Scope, ctx: Context) -> Any:
    return node.value


@form(ast.Constant)
def _constant(node: ast.Constant, scope: Scope, ctx: Context) -> Any:
    return node.value


@form(ast.Ellipsis_)
def _ellipsis(node: ast.Ellipsis_, scope: Scope, ctx: Context) -> Any:
    return ctx.poison("syntax", "`...` stands only in an index or a type", node.span, scope)


@form(ast.Unary)
def _unary(node: ast.Unary, scope: Scope, ctx: Context) -> Any:
    return arithmetic.unary(node, evaluate(node.operand, scope, ctx), scope, ctx)


@form(ast.Binary)
def _binary(node: ast.Binary, scope: Scope, ctx: Context) -> Any:
    """Left-deep chains (`a + b + c + …`) are walked without recursion."""
    spine: list[ast.Binary] = []
    at: Any = node
    while isinstance(at, ast.Binary):
        spine.append(at)
        at = at.left
    left = evaluate(at, scope, ctx)
    for step in reversed(spine):
        if step.op in ("and", "or") and isinstance(left, bool) and left is (step.op == "or"):
            continue
        right = evaluate(step.right, scope, ctx)
        try:
            left = arithmetic.binary(step, left, right, scope, ctx)
        except DimTooLarge as problem:
            left = ctx.poison("too-big", f"this dim is too large an expression: {problem}", step.span, scope)
    return left


@form(ast.Group)
def _group(node: ast.Group, scope: Scope, ctx: Context) -> Any:
    return evaluate(node.value, scope, ctx)


@form(ast.Call)
def _call(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    if isinstance(node.callee, ast.Name) and node.callee.id == "Item" and scope.get("Item") is MISSING:
        return arguments.item(node, scope, ctx)
    if isinstance(node.callee, ast.Name) and node.callee.id == "Scan" and scope.get("Scan") is MISSING:
        from nndsl.elaborate.scans import scan

        return scan(node, scope, ctx)
    if isinstance(node.callee, ast.Attribute) and prefixed.module(node.callee, scope, ctx) is None:
        return _method(node, node.callee, scope, ctx)
    callee = evaluate(node.callee, scope, ctx)
    if isinstance(callee, FunctionValue):
        return functions.call_function(node, callee, scope, ctx)
    if isinstance(callee, BuiltinFunction):
        return functions.call_builtin(node, callee.name, scope, ctx)
    if isinstance(callee, TypeName) and isinstance(node.callee, ast.Name) and node.callee.id in ("int", "float"):
        return functions.call_builtin(node, node.callee.id, scope, ctx)  # types convert numbers, as in Python
    return arguments.call(node, callee, scope, ctx)


def _method(node: ast.Call, callee: ast.Attribute, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.indexing import attribute

    base = evaluate(callee.base, scope, ctx)
    meant = methods.method(node, base, scope, ctx)
    return arguments.call(node, attribute(callee, base, scope, ctx), scope, ctx) if meant is None else meant


@form(ast.Index)
def _index(node: ast.Index, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.indexing import index

    return index(node, evaluate(node.base, scope, ctx), scope, ctx)


@form(ast.Attribute)
def _attribute(node: ast.Attribute, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.indexing import attribute

    if (prefix := prefixed.module(node, scope, ctx)) is not None:
        return prefixed.meant(node, prefix, scope, ctx)
    return attribute(node, evaluate(node.base, scope, ctx), scope, ctx)
