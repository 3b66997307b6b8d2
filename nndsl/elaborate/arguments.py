"""Arguments of calls: to operators, blocks, functions and initialisers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.flows import closure
from nndsl.elaborate.hyperparameters import fits
from nndsl.elaborate.scope import Scope, nearest
from nndsl.elaborate.texts import text_of
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    Given,
    InitializerName,
    Item,
    Labelled,
    OpLayer,
    Poison,
    TypeName,
    extent,
    is_layer,
    spelled,
)
from nndsl.ops.initializers import make_initializer
from nndsl.ops.kinds import Unfit
from nndsl.shapes import Dim
from nndsl.syntax import ast

Bound = list[tuple[str | None, Given]]


def collect(node: ast.Call, scope: Scope, ctx: Context) -> Bound | None:
    """Evaluate what is between the parentheses, `*lists` spliced, the trailing braces last; None after a mistake."""
    bound: Bound = []
    poisoned = False
    for argument in node.arguments or []:
        value = evaluate(argument.value, scope, ctx)
        poisoned |= isinstance(value, Poison)
        if isinstance(value, (list, tuple)):
            ctx.budget.written(*extent(value))
        if argument.star and isinstance(value, (list, tuple)):
            bound.extend((None, Given(v, argument.span)) for v in value)
            continue
        name = argument.name
        given = Given(value, argument.value.span, name.span if name else None, text_of(argument.value, scope), scope)
        bound.append((name.id if name else None, given))
    if node.braces is not None:
        bound.append(("{}", Given(closure(node.braces, scope, ctx), node.braces.span)))
    return None if poisoned else bound


# ---------------------------------------------------------------- calls


def call(node: ast.Call, callee: Any, scope: Scope, ctx: Context) -> Any:
    """`callee(…)`: more parameters for a layer, or the value of a function."""
    if isinstance(callee, Poison):
        collect(node, scope, ctx)
        return POISON
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    if isinstance(callee, OpLayer):
        return _op(callee, bound, node, scope, ctx)
    if isinstance(callee, BlockLayer):
        return _block(callee, bound, node, scope, ctx)
    if isinstance(callee, InitializerName):
        return _initializer(callee, bound, node, scope, ctx)
    if isinstance(callee, Labelled):
        return Labelled(callee.label, call(node, callee.value, scope, ctx), callee.span, callee.label_span)
    hints = ["a layer that was made by `layer` is applied with `->`, without parentheses"] if is_layer(callee) else []
    return ctx.poison("not-callable", f"{ctx.describe(callee)} takes no arguments", node.span, scope, hints=hints)


def _op(layer: OpLayer, bound: Bound, node: ast.Call, scope: Scope, ctx: Context) -> Any:
    params = layer.op.params
    order = [p.name for p in params.values() if not p.keyword]
    star = next((p.name for p in params.values() if p.star), None)
    extra = getattr(layer.op, "extra", None)
    given = dict(layer.given)
    positional = [g for name, g in bound if name is None]
    keywords = {name: g for name, g in bound if name is not None}
    if "{}" in keywords:
        return ctx.poison("too-many-arguments", f"{layer.op.name} takes no {{ … }}", keywords["{}"].span, scope)
    if star is not None and len(positional) > order.index(star):
        at = order.index(star)
        rest = positional[at:]
        positional = positional[:at]
        values = (
            rest[0].value if len(rest) == 1 and isinstance(rest[0].value, (list, tuple)) else [g.value for g in rest]
        )
        keywords.setdefault(star, Given(values, rest[0].span.to(rest[-1].span)))
    if not place(layer.op.name, order, positional, keywords, set(params), given, scope, ctx, open_=extra is not None):
        return POISON
    fine = _collect_extra(layer, extra, given) and all(
        [
            _convert(params[name], name, g, layer.op.name, scope, ctx)
            for name, g in given.items()
            if name not in layer.given
        ]
    )
    if not fine:
        return POISON
    made = OpLayer(layer.op, node.span, given)
    if layer.op.inputs or scope.builder is None:
        return made
    from nndsl.elaborate.apply import apply_operator  # a layer without inputs is a tensor: `Arange(T)`

    return apply_operator(made, (), scope.builder, node.span, None, ctx)


def _collect_extra(layer: OpLayer, extra: str | None, given: dict[str, Given]) -> bool:
    """Keywords that are no parameters become one parameter, a dict (`Rearrange(…, h=heads)`)."""
    if extra is None:
        return True
    loose = {name: given.pop(name) for name in list(given) if name not in layer.op.params}
    if loose:
        first = next(iter(loose.values()))
        earlier = given[extra].value if extra in given else {}
        given[extra] = Given({**earlier, **{name: g.value for name, g in loose.items()}}, first.span)
    return True


def _convert(param: Any, name: str, given: Given, who: str, scope: Scope, ctx: Context) -> bool:
    try:
        given.value = param.convert(plain(given.value))
    except Unfit as problem:
        message = _without_hidden(param, given.value, problem.message, ctx)
        message = f"{who}: {message}" if message.startswith(f"{name} ") else f"{who}: {name}: {message}"
        found = ctx.error("bad-argument", message, given.span, scope)
        written = given.value
        if isinstance(written, str) and (close := nearest(written, [str(c) for c in problem.choices])):
            found.hints.append(f'did you mean "{close}"?')
            found.fixes.append(Fix(f'use "{close}"', [Edit(given.span, f'"{close}"')]))
        return False
    return True


def _without_hidden(param: Any, value: Any, message: str, ctx: Context) -> str:
    """The same message about the dim as it was written."""
    try:
        param.convert(spelled(value, ctx.facts))
    except Unfit as problem:
        return problem.message
    return message


def plain(value: Any) -> Any:
    """Names that stand for values of their own: types, and initialisers without arguments."""
    if isinstance(value, TypeName):
        return value.name
    if isinstance(value, InitializerName):
        try:
            return make_initializer(value.name, [], {})
        except Unfit:
            return value
    return value


def _block(layer: BlockLayer, bound: Bound, node: ast.Call, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.aliases import aliased, is_alias

    if is_alias(layer) and not layer.definition.params:  # its arguments are the other model's
        found = aliased(layer, node.span, scope, ctx)
        if isinstance(found, Poison):
            return POISON
        layer = found
    declared = layer.definition.params or []
    order = [p.name.id for p in declared]
    given = dict(layer.given)
    positional = [g for name, g in bound if name is None]
    keywords = {name: g for name, g in bound if name is not None}
    braces = keywords.pop("{}", None)
    if braces is not None:
        free = [p.name.id for p in declared if _wants_layer(p.type) and p.name.id not in keywords][::-1]
        taken = set(order[: len(positional)]) | set(given)
        target = next((name for name in free if name not in taken), None)
        if target is None:
            return ctx.poison("too-many-arguments", f"{layer.name} takes no {{ … }}", braces.span, scope)
        keywords[target] = braces
    if not place(layer.name, order, positional, keywords, set(order), given, scope, ctx):
        return POISON
    types = {p.name.id: p.type for p in declared}
    fresh = [(n, g) for n, g in given.items() if n not in layer.given]
    fine = all([fits(types[name], name, g, layer.name, scope, ctx) for name, g in fresh])
    return replace(layer, span=node.span, given=given) if fine else POISON


def _wants_layer(type_: ast.ParamTypeExpr | None) -> bool:
    return type_ is not None and type_.name.id == "layer"


def place(
    who: str,
    order: Sequence[str],
    positional: list[Given],
    keywords: dict[str, Given],
    known: set[str],
    given: dict[str, Given],
    scope: Scope,
    ctx: Context,
    open_: bool = False,
) -> bool:
    """Positional arguments fill what is not given yet, in order; keywords fill by name."""
    slots = [name for name in order if name not in given or name in keywords] if given else list(order)
    fine = True
    if len(positional) > len(slots):
        extra = positional[len(slots)]
        takes = f"at most {len(slots)}" if slots else "no"
        listed = f": {', '.join(slots)}" if slots else ""
        message = f"{who} takes {takes} argument{'s' if len(slots) != 1 else ''}{listed}"
        ctx.error("too-many-arguments", message, extra.span, scope)
        fine = False
    for name, value in zip(slots, positional, strict=False):
        if name in keywords:
            ctx.error(
                "bad-argument",
                f"{who}: {name} is given twice",
                keywords[name].name_span or keywords[name].span,
                scope,
            )
            fine = False
        given[name] = value
    for name, value in keywords.items():
        if name not in known and not open_:
            _unknown(who, name, value, sorted(known), scope, ctx)
            fine = False
        else:
            given[name] = value
    return fine


def _unknown(who: str, name: str, given: Given, known: list[str], scope: Scope, ctx: Context) -> None:
    span = given.name_span or given.span
    found = ctx.error("unknown-argument", f"{who} has no argument {name}", span, scope)
    close = nearest(name, known)
    if close:
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"rename it to {close}", [Edit(span, close)]))
    elif known:
        found.hints.append(f"it takes {', '.join(known)}")
    if name in ("in_features", "in_channels", "input_size", "num_features", "normalized_shape", "embed_dim"):
        found.hints = ["input sizes are inferred: leave it out"]


# ---------------------------------------------------------------- initialisers, elements of tuples


def _initializer(callee: InitializerName, bound: Bound, node: ast.Call, scope: Scope, ctx: Context) -> Any:
    arguments = [g.value for name, g in bound if name is None]
    keywords = {name: g.value for name, g in bound if name is not None}
    try:
        return make_initializer(callee.name, arguments, keywords)
    except Unfit as problem:
        return ctx.poison("bad-argument", f"{callee.name}: {problem.message}", node.span, scope)


def item(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    """`Item(0)`."""
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    if len(bound) != 1 or not isinstance(bound[0][1].value, int) or isinstance(bound[0][1].value, (bool, Dim)):
        return ctx.poison("bad-argument", "Item takes one whole number: which element of the tuple", node.span, scope)
    return Item(bound[0][1].value, node.span)
