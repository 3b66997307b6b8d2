"""Arguments of calls: to operators, blocks, functions and initialisers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate.context import Context
from nndsl.elaborate.expressions import closure, evaluate, evaluate_body
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
    is_size,
    spelled,
)
from nndsl.ops.initializers import make_initializer
from nndsl.ops.kinds import Unfit
from nndsl.shapes import Dim
from nndsl.source import Span
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
    if not _place(layer.op.name, order, positional, keywords, set(params), given, scope, ctx, open_=extra is not None):
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
    if not _place(layer.name, order, positional, keywords, set(order), given, scope, ctx):
        return POISON
    types = {p.name.id: p.type for p in declared}
    fresh = [(n, g) for n, g in given.items() if n not in layer.given]
    fine = all([fits(types[name], name, g, layer.name, scope, ctx) for name, g in fresh])
    return replace(layer, span=node.span, given=given) if fine else POISON


def _wants_layer(type_: ast.ParamTypeExpr | None) -> bool:
    return type_ is not None and type_.name.id == "layer"


def _place(
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


# ---------------------------------------------------------------- hyperparameters' types

_SIMPLE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "int": (
        "a whole number",
        lambda v: is_size(v) or (isinstance(v, float) and _finite(v) and v == int(v)),
    ),
    "float": ("a number", lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)),
    "bool": ("true or false", lambda v: isinstance(v, bool)),
    "str": ("a string", lambda v: isinstance(v, str)),
    "layer": ("a layer", is_layer),
}


def _finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def fits(type_: ast.ParamTypeExpr | None, name: str, given: Given, who: str, scope: Scope | None, ctx: Context) -> bool:
    """Does the value fit the declared type? Whole floats become ints."""
    problem = misfit(type_, given.value)
    if problem is None:
        if type_ is not None and type_.name.id == "int" and isinstance(given.value, float):
            given.value = int(given.value)
        return True
    ctx.error("bad-argument", f"{who}: {name} is {problem}, not {ctx.describe(given.value)}", given.span, scope)
    return False


def misfit(type_: ast.ParamTypeExpr | None, value: Any) -> str | None:
    """What the type wants, when the value is not that."""
    if type_ is None or (type_.optional and value is None) or isinstance(value, Poison):
        return None
    kind = type_.name.id
    if kind == "list":
        if not isinstance(value, list):
            return "a list"
        distinct = {id(v): v for v in value}.values()
        inner = next((found for v in distinct if (found := misfit(type_.element, v))), None)
        return f"a list in which each member is {inner}" if inner else None
    if kind not in _SIMPLE:
        return None  # an unknown type was reported where it stands
    wanted, test = _SIMPLE[kind]
    return None if test(value) else wanted


KNOWN_TYPES = (*_SIMPLE, "list")


# ---------------------------------------------------------------- initialisers, functions


def _initializer(callee: InitializerName, bound: Bound, node: ast.Call, scope: Scope, ctx: Context) -> Any:
    arguments = [g.value for name, g in bound if name is None]
    keywords = {name: g.value for name, g in bound if name is not None}
    try:
        return make_initializer(callee.name, arguments, keywords)
    except Unfit as problem:
        return ctx.poison("bad-argument", f"{callee.name}: {problem.message}", node.span, scope)


def call_function(node: ast.Call, callee: Any, scope: Scope, ctx: Context) -> Any:
    """A `fn` of the spec: its body, in the scope of its file."""
    definition: ast.Function = callee.definition
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    name = definition.name.id
    if any(at == id(definition) for at, _ in ctx.expanding):
        return ctx.poison("recursion", f"{name} calls itself, and functions may not", node.span, scope)
    given: dict[str, Given] = {}
    positional = [g for n, g in bound if n is None]
    keywords = {n: g for n, g in bound if n is not None}
    order = [p.name.id for p in definition.params]
    if not _place(name, order, positional, keywords, set(order), given, scope, ctx):
        return POISON
    inner = Scope(callee.home, scope.builder)
    inner.within = scope.within
    ctx.expanding.append((id(definition), name))
    try:
        if not fill_defaults(definition.params, given, inner, name, node.span, scope, ctx):
            return POISON
        return evaluate(definition.value, inner, ctx)
    finally:
        ctx.expanding.pop()


def fill_defaults(
    declared: list[ast.Param],
    given: dict[str, Given],
    inner: Scope,
    who: str,
    span: Span,
    scope: Scope | None,
    ctx: Context,
) -> bool:
    """Bind each parameter in `inner`: as given, or its default, which may mention earlier ones."""
    ctx.budget.step(10 + 4 * len(declared))
    missing = [p.name.id for p in declared if p.name.id not in given and p.default is None and not _optional(p)]
    if missing:
        plural = "s" if len(missing) > 1 else ""
        signature = ", ".join(p.name.id for p in declared)
        message = f"{who} needs its argument{plural} {', '.join(missing)}"
        ctx.error("missing-argument", message, span, scope, hints=[f"its arguments are ({signature})"])
        return False
    fine = True
    for param in declared:
        name = param.name.id
        if name in given:
            value = given[name].value
            fine &= fits(param.type, name, given[name], who, scope, ctx) if param.type is not None else True
            value = given[name].value
        elif param.default is not None:
            value = evaluate(param.default, inner, ctx)
            ctx.budget.written(*extent(value))
            default = Given(value, param.default.span)
            fine &= fits(param.type, name, default, who, inner, ctx)
            value = default.value
        else:
            value = None
        fine &= not isinstance(value, Poison)
        inner.names[name] = value
        if is_size(value):
            inner.hyper.add(name)
    return fine


def _optional(param: ast.Param) -> bool:
    return param.type is not None and param.type.optional


def item(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    """`Item(0)`."""
    bound = collect(node, scope, ctx)
    if bound is None:
        return POISON
    if len(bound) != 1 or not isinstance(bound[0][1].value, int) or isinstance(bound[0][1].value, (bool, Dim)):
        return ctx.poison("bad-argument", "Item takes one whole number: which element of the tuple", node.span, scope)
    return Item(bound[0][1].value, node.span)


__all__ = [
    "call",
    "call_function",
    "collect",
    "evaluate_body",
    "fill_defaults",
    "fits",
    "item",
    "misfit",
    "plain",
]
