"""Arguments of calls: to operators, blocks, functions and initialisers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate.applied import tensors_given
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.flows import closure
from nndsl.elaborate.hyperparameters import fits, instead
from nndsl.elaborate.names import hidden_layer
from nndsl.elaborate.pasted import suspicious, told
from nndsl.elaborate.scope import Scope, nearest
from nndsl.elaborate.slots import Signature, place, signature_of
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
from nndsl.shapes.simplified import Origin
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
        given = Given(value, argument.value.span, name.span if name else None, _flag(argument.value, value, scope))
        bound.append((name.id if name else None, given))
    if node.braces is not None:
        bound.append(("{}", Given(closure(node.braces, scope, ctx), node.braces.span)))
    return None if poisoned else bound


def _flag(node: ast.Expr, value: Any, scope: Scope) -> Origin | None:
    """The hyperparameter that a true or false is."""
    return scope.flag(node.id) if isinstance(value, bool) and isinstance(node, ast.Name) else None


# ---------------------------------------------------------------- calls


def call(node: ast.Call, callee: Any, scope: Scope, ctx: Context) -> Any:
    """`callee(…)`: more parameters for a layer, or the value of a function."""
    if isinstance(callee, Poison):
        collect(node, scope, ctx)
        return POISON
    bound = collect(node, scope, ctx)
    if bound is None or tensors_given(node, callee, bound, scope, ctx):
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
    hints = hidden_layer(node.callee, scope, ctx) or hints
    return ctx.poison("not-callable", f"{ctx.describe(callee)} takes no arguments", node.span, scope, hints=hints)


def _op(layer: OpLayer, bound: Bound, node: ast.Call, scope: Scope, ctx: Context) -> Any:
    params = layer.op.params
    signature = signature_of(layer.op)
    given = dict(layer.given)
    positional = [g for name, g in bound if name is None]
    keywords = {name: g for name, g in bound if name is not None}
    if "{}" in keywords:
        return ctx.poison("too-many-arguments", f"{layer.op.name} takes no {{ … }}", keywords["{}"].span, scope)
    positional = _starred(signature, positional, keywords)
    if not layer.given and suspicious(layer.op, positional, keywords):
        written = {name: replace(g, value=plain(g.value)) for name, g in keywords.items()}
        meant = told(layer.op, [replace(g, value=plain(g.value)) for g in positional], written, node, scope, ctx)
        if meant is not None:
            return meant
    if not place(signature, positional, keywords, given, scope, ctx):
        return POISON
    fresh = [(n, g) for n, g in given.items() if n in params and n not in layer.given]
    fine = all([convert(params[n], n, g, layer.op.name, scope, ctx) for n, g in fresh])
    if not fine or not _convert_extra(layer, given, scope, ctx):
        return POISON
    made = OpLayer(layer.op, node.span, given)
    if layer.op.inputs or scope.builder is None:
        return made
    from nndsl.elaborate.apply import apply_operator  # a layer without inputs is a tensor: `Arange(T)`

    return apply_operator(made, (), scope.builder, node.span, None, ctx)


def _starred(signature: Signature, positional: list[Given], keywords: dict[str, Given]) -> list[Given]:
    """The positional arguments less those that one parameter takes all of (`Reshape(N, -1, 4)`)."""
    star = signature.star
    if star is None or len(positional) <= signature.order.index(star):
        return positional
    at = signature.order.index(star)
    rest = positional[at:]
    alone = len(rest) == 1 and isinstance(rest[0].value, (list, tuple))
    values = rest[0].value if alone else [g.value for g in rest]
    keywords.setdefault(star, Given(values, rest[0].span.to(rest[-1].span)))
    return positional[:at]


def _convert_extra(layer: OpLayer, given: dict[str, Given], scope: Scope, ctx: Context) -> bool:
    """Keywords that are no parameters become one parameter, a dict (`Rearrange(…, h=heads)`)."""
    extra = layer.op.extra
    if extra is None:
        return True
    loose = {name: given.pop(name) for name in list(given) if name not in layer.op.params}
    if not loose:
        return True
    first = next(iter(loose.values()))
    earlier = given[extra].value if extra in given else {}
    given[extra] = Given({**earlier, **{name: g.value for name, g in loose.items()}}, first.span)
    return convert(layer.op.params[extra], extra, given[extra], layer.op.name, scope, ctx)


def convert(param: Any, name: str, given: Given, who: str, scope: Scope, ctx: Context) -> bool:
    """Puts the checked value in the place of the written one; false where it does not fit, which is told."""
    written = given.value
    try:
        given.value = param.convert(plain(written))
    except Unfit as problem:
        message = f"{who}: {_without_hidden(param, written, problem, ctx).about(name)}"
        found = ctx.error("bad-argument", message, given.span, scope)
        if isinstance(written, str) and (close := nearest(written, [str(c) for c in problem.choices])):
            found.hints.append(f'did you mean "{close}"?')
            found.fixes.append(Fix(f'use "{close}"', [Edit(given.span, f'"{close}"')]))
        elif hint := instead(given, ctx):
            found.hints.append(hint)
        return False
    return True


def _without_hidden(param: Any, value: Any, problem: Unfit, ctx: Context) -> Unfit:
    """The same message about the dim as it was written."""
    try:
        param.convert(spelled(value, ctx.facts))
    except Unfit as found:
        return found
    return problem


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
    signature = Signature.of(layer.definition)
    order = signature.order
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
    if not place(signature, positional, keywords, given, scope, ctx):
        return POISON
    types = {p.name.id: p.type for p in declared}
    fresh = [(n, g) for n, g in given.items() if n not in layer.given]
    fine = all([fits(types[name], name, g, layer.name, scope, ctx) for name, g in fresh])
    return BlockLayer(layer.definition, layer.home, node.span, given, layer.within, layer.alias) if fine else POISON


def _wants_layer(type_: ast.ParamTypeExpr | None) -> bool:
    return type_ is not None and type_.name.id == "layer"


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
