"""`x[:, 0]`, `depths[1]`, `(a, b)[0]`, and attributes: `w.T`, `x.shape`, `embed.weight`."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate import foreign
from nndsl.elaborate.arithmetic import Unknown
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.operands import apart, named_parts
from nndsl.elaborate.scope import Scope, nearest
from nndsl.elaborate.values import POISON, Given, Instance, Labelled, OpLayer, Poison, is_layer, is_size
from nndsl.ir.graph import Value
from nndsl.ops import lookup
from nndsl.syntax import ast


def index(node: ast.Index, base: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(base, Labelled) and isinstance(base.value, (Value, tuple)):
        base = base.value
    if isinstance(base, Value):
        return _tensor(node, base, scope, ctx)
    if isinstance(base, Poison):
        return POISON
    if not isinstance(base, (list, tuple, str)):
        taken = f"one of its results is taken by a layer: `{node.base.span.text} -> Item(0)`"
        hints = [taken] if is_layer(base) else []
        return ctx.poison("bad-value", f"{ctx.describe(base)} cannot be indexed", node.span, scope, hints=hints)
    if len(node.items) != 1 and isinstance(base, tuple):
        message = f"a tensor takes several indices, and this is {ctx.describe(base)}{named_parts(base)}"
        return ctx.poison("bad-value", message, node.span, scope, hints=[apart(base)])
    if len(node.items) != 1:
        return ctx.poison("bad-value", "a list takes one index", node.span, scope)
    return _member(node, base, node.items[0], scope, ctx)


def _member(node: ast.Index, base: Any, item: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(item, ast.Slice):
        ends = [None if e is None else evaluate(e, scope, ctx) for e in (item.start, item.stop, item.step)]
        if any(isinstance(e, Poison) for e in ends):
            return POISON
        if not all(e is None or isinstance(e, int) for e in ends) or ends[2] == 0:
            return ctx.poison("bad-value", "a slice of a list needs known whole numbers", item.span, scope)
        return base[ends[0] : ends[1] : ends[2]]
    at = evaluate(item, scope, ctx)
    if isinstance(at, Poison):
        return POISON
    if not isinstance(at, int) or isinstance(at, bool):
        return ctx.poison(
            "bad-value", f"an index of a list is a known whole number, not {ctx.describe(at)}", item.span, scope
        )
    if not -len(base) <= at < len(base):
        plural = "s" if len(base) != 1 else ""
        return ctx.poison("bad-value", f"there is no [{at}] in a list of {len(base)} member{plural}", item.span, scope)
    found = base[at]
    return found.value if isinstance(found, Labelled) and isinstance(base, tuple) else found


def _tensor(node: ast.Index, base: Value, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import apply_operator

    items: list[Any] = []
    tensors = [base]
    for item in node.items:
        found = _item(item, tensors, scope, ctx)
        if isinstance(found, Poison):
            return POISON
        items.append(found)
    op = lookup("Index")
    assert op is not None and scope.builder is not None
    given = {"items": Given(tuple(items), node.span)}
    return apply_operator(OpLayer(op, node.span, given), tuple(tensors), scope.builder, node.span, None, ctx)


def _item(item: Any, tensors: list[Value], scope: Scope, ctx: Context) -> Any:
    """As the operator `Index` wants it: an int, ("slice", a, b, c), "...", None, or ("input", k) for a tensor."""
    if isinstance(item, ast.Ellipsis_):
        return "..."
    if isinstance(item, ast.Slice):
        ends = [None if e is None else evaluate(e, scope, ctx) for e in (item.start, item.stop, item.step)]
        for end in ends:
            if isinstance(end, Poison):
                return POISON
            if end is not None and not is_size(end):
                return ctx.poison(
                    "bad-value", f"a slice takes whole numbers or dims, not {ctx.describe(end)}", item.span, scope
                )
        return ("slice", *ends)
    value = evaluate(item, scope, ctx)
    if isinstance(value, Value):
        tensors.append(value)
        return ("input", len(tensors) - 1)
    if isinstance(value, Poison) or value is None or is_size(value):
        return value
    shown = "a condition" if isinstance(value, Unknown) else ctx.describe(value)
    return ctx.poison("bad-value", f"an index is a whole number, a slice or a tensor, not {shown}", item.span, scope)


# ---------------------------------------------------------------- attributes


def attribute(node: ast.Attribute, base: Any, scope: Scope, ctx: Context) -> Any:
    name = node.name.id
    if isinstance(base, Labelled) and isinstance(base.value, Value):
        base = base.value
    if isinstance(base, Value):
        return _of_tensor(node, base, scope, ctx)
    if isinstance(base, Instance):
        return _of_layer(node, base, scope, ctx)
    if isinstance(base, Poison):
        return POISON
    hints = []
    if isinstance(base, OpLayer):
        hints = ["a layer's weights can be named once `layer name = …` made one instance of it"]
    elif isinstance(base, tuple) and base:
        hints = [apart(base)]
    return ctx.poison("unknown-name", f"{ctx.describe(base)} has no .{name}", node.name.span, scope, hints=hints)


def _of_tensor(node: ast.Attribute, base: Value, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import apply_operator

    name = node.name.id
    if name == "shape":
        return list(base.shape)
    if name == "ndim":
        return len(base.shape)
    if name in ("T", "mT"):
        op = lookup("Transposed")
        assert op is not None and scope.builder is not None
        if name == "T" and len(base.shape) > 2:
            message = f".T reverses two dims, and this has {len(base.shape)}: {base.type.spell(ctx.facts)}"
            hint = "`.mT` swaps the last two; `x -> Permute(…)` orders any number"
            return ctx.poison("rank-mismatch", message, node.span, scope, hints=[hint])
        given = {"batched": Given(True, node.span)} if name == "mT" else {}
        return apply_operator(OpLayer(op, node.span, given), (base,), scope.builder, node.span, None, ctx)
    meant = foreign.method(name)
    close = nearest(name, ["T", "mT", "shape", "ndim"])
    hints = [meant] if meant else [f"did you mean .{close}?"] if close else []
    hints = hints or ["a tensor has .T, .mT, .shape and .ndim; every other operation is a layer: `x -> Layer`"]
    return ctx.poison("unknown-name", f"a tensor has no .{name}", node.name.span, scope, hints=hints)


def _of_layer(node: ast.Attribute, base: Instance, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import weight_of

    assert scope.builder is not None
    return weight_of(base, node.name, scope.builder, node.span, ctx)
