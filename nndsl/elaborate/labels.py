"""Labels: `stem: Conv2d(8, 3)`, and those that are computed, `"layer_{i}": Unit(8)`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate, form
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Labelled, Poison
from nndsl.source import Source
from nndsl.syntax import ast

LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@form(ast.Labelled)
def _labelled(node: ast.Labelled, scope: Scope, ctx: Context) -> Any:
    label = label_text(node.label, scope, ctx)
    value = evaluate(node.value, scope, ctx)
    if label is None or isinstance(value, Poison):
        return POISON
    return Labelled(label, value, node.span, node.label.span)


def label_text(label: ast.Name | ast.Text, scope: Scope, ctx: Context) -> str | None:
    """The label, with `{i}` filled in."""
    if isinstance(label, ast.Name):
        return label.id
    filled = re.sub(r"\{([^{}]*)\}", lambda m: _filled(m, label, scope, ctx), label.value)
    if "\0" in filled:
        return None
    if not LABEL.fullmatch(filled):
        message = f"a label is made of letters, digits, _ and -, and this is {ctx.spell(filled)}"
        ctx.error("bad-label", message, label.span, scope)
        return None
    return filled


def _filled(match: re.Match[str], label: ast.Text, scope: Scope, ctx: Context) -> str:
    """The value of what stands in braces: a name, or arithmetic on names; "\\0" after a mistake."""
    from nndsl.diagnostics import Diagnostics

    ctx.budget.step(100)
    expression = _parsed(match[1])
    if expression is None:
        ctx.error("bad-label", f"{{{match[1]}}} is not an expression", label.span, scope)
        return "\0"
    quiet = Diagnostics()
    value = evaluate(expression, scope, Context(ctx.project, quiet, ctx.budget))
    if quiet.items or not isinstance(value, (int, str)) or isinstance(value, bool):
        why = quiet.items[0].message if quiet.items else f"it is {ctx.describe(value)}"
        ctx.error("bad-label", f"{{{match[1]}}} in a label must be a number or a string: {why}", label.span, scope)
        return "\0"
    return str(value)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """What stands in braces, as an expression; None when it is none. A label in a loop is filled many times."""
    from nndsl.diagnostics import Diagnostics
    from nndsl.syntax import parse

    quiet = Diagnostics()
    file = parse(Source(f"fn _f() = {text}"), quiet)
    if quiet.items or len(file.items) != 1 or not isinstance(file.items[0], ast.Function):
        return None
    return file.items[0].value
