"""Conditions: decided while compiling, but for `training`."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.arithmetic import Unknown
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate, form
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, OpLayer, Poison, RuntimeSwitch, is_tensor
from nndsl.ir.graph import Value
from nndsl.syntax import ast


def condition(node: Any, scope: Scope, ctx: Context) -> bool | None:
    """A condition that is decided while compiling; None after a mistake."""
    value = evaluate(node, scope, ctx)
    if isinstance(value, bool):
        return value
    if isinstance(value, Poison):
        return None
    if isinstance(value, Unknown):
        message = f"this is decided while compiling, and {value.about} is only known when the model runs"
        hints = ["give it a value in the type of the input, with --dim, or by a `require`"]
        ctx.error("unknown-dim", message, node.span, scope, hints=hints)
    elif isinstance(value, Value):
        hints = ["choose between tensors with `(condition, a, b) -> Where`"]
        ctx.error(
            "not-constant",
            "a condition on a tensor's values is not known while compiling",
            node.span,
            scope,
            hints=hints,
        )
    else:
        ctx.error("bad-value", f"a condition is true or false, not {ctx.describe(value)}", node.span, scope)
    return None


def is_training(node: Any) -> bool | None:
    """`training` gives True, `not training` False, anything else None."""
    if isinstance(node, ast.Group):
        return is_training(node.value)
    if isinstance(node, ast.Name) and node.id == "training":
        return True
    if isinstance(node, ast.Unary) and node.op == "not":
        inner = is_training(node.operand)
        return None if inner is None else not inner
    return None


@form(ast.IfExpr)
def _if(node: ast.IfExpr, scope: Scope, ctx: Context) -> Any:
    if is_training(node.condition) is not None:
        from nndsl.elaborate.training import switch_value

        if point_free(node.then, scope, ctx):
            return RuntimeSwitch(node, scope.frozen(ctx.mentioned(node)), node.span)
        return switch_value(node, scope, ctx)
    if node.orelse is None:
        return ctx.poison("syntax", "an `if` that gives a value needs an `else`", node.span, scope)
    test = condition(node.condition, scope, ctx)
    if test is None:
        return POISON
    chosen = node.then if test else node.orelse
    return evaluate_body(chosen, scope, ctx) if isinstance(chosen, ast.Braces) else evaluate(chosen, scope, ctx)


def point_free(node: ast.Braces, scope: Scope, ctx: Context) -> bool:
    """Does the last flow of the braces start with a layer rather than with a tensor at hand?"""
    if not node.body or not isinstance(node.body[-1], ast.Express):
        return False
    at: Any = node.body[-1].value
    while True:
        if isinstance(at, ast.Flow):
            at = at.stages[0]
        elif isinstance(at, (ast.Group, ast.Labelled)):
            at = at.value
        elif isinstance(at, ast.Binary):
            at = at.left
        elif isinstance(at, ast.Index):
            at = at.base
        elif isinstance(at, (ast.Tuple, ast.List)) and at.items:
            at = at.items[0]
        else:
            break
    if isinstance(at, ast.Call):
        made = ctx.project.resolve(at.callee.id, scope, at.span) if isinstance(at.callee, ast.Name) else None
        return not (isinstance(made, OpLayer) and not made.op.inputs)  # `Arange(T)` is a tensor
    if not isinstance(at, ast.Name):
        return isinstance(at, ast.Braces)
    assigned = {t.id for s in node.body if isinstance(s, ast.Assign) for t in s.targets}
    found = scope.get(at.id)
    return at.id not in assigned and not is_tensor(found) and not isinstance(found, Poison)


def evaluate_body(node: ast.Braces, scope: Scope, ctx: Context) -> Any:
    """The value of `{ … }`: of its last flow. Its assignments are its own."""
    from nndsl.elaborate.statements import run

    return run(node.body, scope.child(), ctx, want_value=True, span=node.span)
