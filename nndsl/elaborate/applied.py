"""Layers called with tensors, as one writes it in Python: `Conv2d(8, 3)(x)`, `fc(x)`, `F.relu(x)`."""

from __future__ import annotations

import re
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate import prefixed
from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import BlockLayer, Given, OpLayer, is_layer, members
from nndsl.ir.graph import Value
from nndsl.source import Span
from nndsl.syntax import ast

_STARTS = re.compile(r"(?:[^=!<>]=|[{}])[ \t]*$|\n[ \t]*$")
_GOES_ON = re.compile(r"(?:[-+*/@%<>,(\[:]|\b(?:and|or|not|in|if))$")
_ENDS = re.compile(r"[ \t]*(?:->|\n|#|\}|$)")


def tensors_given(
    node: ast.Call, callee: Any, bound: list[tuple[str | None, Given]], scope: Scope, ctx: Context
) -> bool:
    """Says it, with the flow to write."""
    given = [g for name, g in bound if name is None and not isinstance(g.value, (int, float, str))]
    tensors = [g for g in given if any(isinstance(v, Value) for v in members(g.value))]
    if not tensors or not is_layer(callee):
        return False
    if isinstance(callee, BlockLayer) and any(p.type is None for p in callee.definition.params or []):
        return False  # it may be meant for a parameter that takes anything
    said = prefixed.told(node, ctx)
    if said is None:
        message = f"tensors flow into {ctx.describe(callee)} by `->`, not as arguments"
        code = "bad-argument" if isinstance(callee, (OpLayer, BlockLayer)) else "not-callable"
        said = ctx.error(code, message, tensors[0].span.to(tensors[-1].span), scope)
    if node.braces is None and "\n" not in node.span.text:
        said.fixes[:] = [_fix(node, callee, tensors)]
    return True


def _fix(node: ast.Call, callee: Any, tensors: list[Given]) -> Fix:
    """What stands between the tensors' two places is left to other fixes."""
    texts = [_members(g) for g in tensors]
    value = texts[0] if len(texts) == 1 and not isinstance(tensors[0].value, (list, tuple)) else f"({', '.join(texts)})"
    places = {g.span for g in tensors}
    rest = ", ".join(a.span.text for a in node.arguments or [] if a.value.span not in places)
    after = f"({rest})" if rest else ""
    called, left, right = node.callee.span, "(", ")"
    if _stands_alone(node.span):
        left = right = ""
    if isinstance(node.callee, ast.Attribute) and isinstance(callee, (OpLayer, BlockLayer)):
        name = callee.op.name if isinstance(callee, OpLayer) else callee.name
        edits = [Edit(node.span, f"{left}{value} -> {name}{after}{right}")]
    else:
        name = called.text
        edits = [
            Edit(Span(called.source, called.start, called.start), f"{left}{value} -> "),
            Edit(Span(called.source, called.end, node.span.end), after + right),
        ]
    return Fix(f"write `{value} -> {name}{after}`", edits)


def _members(given: Given) -> str:
    """`x, y` of `[x, y]`."""
    text = given.span.text
    written_out = isinstance(given.value, (list, tuple)) and text[:1] in "[("
    return text[1:-1].strip().rstrip(",") if written_out else text


def _stands_alone(span: Span) -> bool:
    """`->` binds loosest: in the midst of an expression a flow needs parentheses."""
    before, after = span.source.text[: span.start], span.source.text[span.end :]
    starts = _STARTS.search(before[-200:] or "\n")
    if starts is None or not _ENDS.match(after):
        return False
    return "\n" not in starts[0] or _GOES_ON.search(before.rstrip()[-4:]) is None
