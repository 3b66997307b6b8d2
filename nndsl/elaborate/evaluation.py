"""`evaluate`: each form of expression has one function, in the module of its kind; `expressions` brings them all in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import Scope

Form = Callable[[Any, Scope, Context], Any]
_FORMS: dict[type, Form] = {}


def form(kind: type) -> Callable[[Form], Form]:
    """Marks the function that evaluates this kind of node."""

    def mark(function: Form) -> Form:
        _FORMS[kind] = function
        return function

    return mark


def evaluate(node: Any, scope: Scope, ctx: Context) -> Any:
    """The value of an expression; POISON after a mistake that was reported."""
    budget = ctx.budget
    budget.steps += 1  # as `budget.step()`: this is the innermost loop of all
    if budget.steps >= budget.due:
        budget.look()
    return _FORMS[type(node)](node, scope, ctx)
