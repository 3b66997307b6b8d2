"""`require`: a condition that must hold. About a model's own dims it becomes a fact; elsewhere it must follow."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.arithmetic import TURNED, Unknown
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import Poison
from nndsl.shapes import Dim
from nndsl.shapes.origins import remainder
from nndsl.syntax import ast


def require(statement: ast.Require, scope: Scope, ctx: Context) -> bool:
    """Whether the block can go on."""
    builder = scope.builder
    if builder is not None and builder.root and _mentions_totals(statement.condition):
        ctx.totals.append((statement, scope))  # judged when the whole model is known
        return True
    return all([judge(part, statement, scope, ctx) for part in _conjuncts(statement.condition)])


def judge(part: Any, statement: ast.Require, scope: Scope, ctx: Context) -> bool:
    """Whether to go on: after a requirement that is false, what follows would be echoes."""
    value = evaluate(part, scope, ctx)
    if value is True:
        _remember(part, scope, ctx)
        return True
    if isinstance(value, Poison):
        ctx.unsure = True
        return True
    why = statement.message.value if statement.message else ""
    written = part.span.text
    builder = scope.builder
    if value is False:
        message = why or f"this must hold, and does not: {written}"
        ctx.error("require-failed", message, part.span, scope, label=_values(part, scope, ctx))
    elif isinstance(value, Unknown):
        if builder is not None and builder.root and _assume(value, ctx):
            builder.renormalize()
            _renormalize_names(scope, ctx)
            return True
        fact, values = _spelled(value, ctx), _values(part, scope, ctx)
        message = (f"{why}: " if why else "") + f"this cannot be proven: {written}"
        learnt = _assume(value, ctx)  # said once: what follows from it is no further mistake
        hints = [f"state it in the model: `require {fact}`"] if learnt and fact and ctx.facts.sayable(fact) else []
        if value.op in ("!=", "or"):
            hints = ["only `==`, `<`, `<=`, `>` and `>=`, joined by `and`, are facts: give the dims values, or omit it"]
        ctx.error("unproven", message, part.span, scope, label=values, hints=hints)
    else:
        ctx.error("bad-value", f"`require` takes a condition, not {ctx.describe(value)}", part.span, scope)
    return value is not False


def _remember(part: Any, scope: Scope, ctx: Context) -> None:
    """`require dim % heads == 0` about numbers: `heads * (dim // heads)` is dim, in every instance of the class."""
    match part:
        case ast.Binary(op="==", left=ast.Binary(op="%", left=a, right=b), right=ast.Number(value=0)):
            ctx.divided.add(remainder(evaluate(a, scope, ctx), evaluate(b, scope, ctx)))


def _conjuncts(node: Any) -> list[Any]:
    if isinstance(node, ast.Group):
        return _conjuncts(node.value)
    if isinstance(node, ast.Binary) and node.op == "and":
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def _assume(condition: Unknown, ctx: Context) -> bool:
    facts, left, right = ctx.facts, condition.left, condition.right
    if condition.op == "==":
        return facts.assume_equal(left, right)
    margin = {">=": left - right, ">": left - right - 1, "<=": right - left, "<": right - left - 1}.get(condition.op)
    if margin is None or not isinstance(margin, Dim):
        return False
    return facts.assume_at_least(margin, 0)


def _renormalize_names(scope: Scope, ctx: Context) -> None:
    at: Scope | None = scope
    while at is not None:
        for name, value in at.names.items():
            if isinstance(value, Dim):
                at.names[name] = ctx.facts.normalize(value)
        at = at.parent


def _spelled(condition: Unknown, ctx: Context) -> str:
    """With the names on the left, as one says it."""
    if condition.op not in TURNED:
        return ""
    left, op, right = condition.left, condition.op, condition.right
    if isinstance(left, int):
        left, op, right = right, TURNED[op], left
    return f"{ctx.facts.spell(left)} {op} {ctx.facts.spell(right)}"


def _values(part: Any, scope: Scope, ctx: Context) -> str:
    """`D = 768, heads = 7`: what the names of the condition are here."""
    from nndsl.elaborate.combinators import walk
    from nndsl.elaborate.values import is_size

    found: dict[str, str] = {}
    for node in walk(part):
        if isinstance(node, ast.Name):
            value = scope.get(node.id)
            if is_size(value) or isinstance(value, float):
                found[node.id] = ctx.facts.spell(value) if is_size(value) else str(value)
    return ", ".join(f"{name} = {text}" for name, text in sorted(found.items()) if name != text)


# ---------------------------------------------------------------- budgets of the whole model


TOTALS = ("parameters",)


def _mentions_totals(node: Any) -> bool:
    from nndsl.elaborate.combinators import walk

    return any(type(n) is ast.Name and n.id in TOTALS for n in walk(node))


def require_totals(ctx: Context) -> None:
    """`require parameters <= 25e6`."""
    for statement, scope in ctx.totals:
        inner = Scope(scope)
        assert scope.builder is not None
        graph = scope.builder.graph
        inner.names["parameters"] = _parameters(graph)
        if unknown := _unweighed(graph):
            what = f"{', '.join(unknown)} may have weights that are not known here: the parameters cannot be counted"
            ctx.error("unproven", what, statement.condition.span, scope)
            continue
        for part in _conjuncts(statement.condition):
            judge(part, statement, inner, ctx)


def _unweighed(graph: Any) -> list[str]:
    """The layers whose weights are not known."""
    nodes = [node for inner in graph.graphs() for node in inner.nodes if not node.is_call]
    return sorted({node.op.heading for node in nodes if not node.op.weighed})


def _parameters(graph: Any) -> int:
    total = 0
    for _, weight in graph.weights():
        if weight.trained:
            count = 1
            for size in weight.shape:
                count *= size
            total += count
    return total
