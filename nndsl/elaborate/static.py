"""What can be said about a block that no model reaches: unknown names and wrong arguments, without any shape."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate import prefixed
from nndsl.elaborate.aliases import is_alias
from nndsl.elaborate.arguments import convert
from nndsl.elaborate.context import Context
from nndsl.elaborate.extern import check_target
from nndsl.elaborate.hyperparameters import KNOWN_TYPES
from nndsl.elaborate.models import Spec
from nndsl.elaborate.names import unknown_name, unknown_type
from nndsl.elaborate.pasted import UNKNOWN, told
from nndsl.elaborate.ports import declared_inputs, named_once
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.slots import Signature, missing, signature_of, too_many, unknown
from nndsl.elaborate.values import BlockLayer, Given, OpLayer, TypeName
from nndsl.ops.forms import FORMS
from nndsl.source import Span
from nndsl.syntax import ast


def check_declaration(item: Any, spec: Spec) -> None:
    """Signatures: types that exist, parameters and inputs named once."""
    ctx = Context(spec.project, spec.diagnostics)
    seen: set[str] = set()
    for param in getattr(item, "params", None) or []:
        name = param.name.id
        if name in seen:
            ctx.error("duplicate-name", f"two parameters are named {name}", param.name.span)
        seen.add(name)
        _type(param.type, ctx)
    body = getattr(item, "body", None)
    if isinstance(body, ast.Braces):
        named_once(declared_inputs(body), ctx)
    if isinstance(item, ast.Extern):
        check_target(item, ctx)
        _signature(item, ctx)


def _signature(item: ast.Extern, ctx: Context) -> None:
    """An extern block says what goes in and what comes out; what happens between is Python's."""
    for statement in item.body.body:
        value = statement.value if isinstance(statement, ast.Output) else None
        if not isinstance(statement, (ast.Input, ast.Output)) or value is not None:
            message = f"{item.name.id} is written in Python: its body is `input` and `output` with their types"
            ctx.error("extern", message, value.span if value is not None else statement.span)


def _type(type_: ast.ParamTypeExpr | None, ctx: Context) -> None:
    if type_ is None:
        return
    if type_.name.id not in KNOWN_TYPES:
        found = ctx.error("unknown-name", f"there is no hyperparameter type {type_.name.id}", type_.name.span)
        close = nearest(type_.name.id, list(KNOWN_TYPES))
        found.hints.append(f"did you mean {close}?" if close else f"types are {', '.join(KNOWN_TYPES)}")
    _type(type_.element, ctx)


def check_definition(item: ast.Definition | ast.Function, spec: Spec) -> None:
    ctx = Context(spec.project, spec.diagnostics)
    scope = Scope(spec.scope)
    for param in item.params or []:
        if param.default is not None:
            _walk(param.default, scope, ctx)
        scope.names[param.name.id] = None
    if isinstance(item, ast.Function):
        _walk(item.value, scope, ctx)
    elif item.body is not None:
        for port in declared_inputs(item.body):
            _names_of_dims(port.type, scope)
        _walk(item.body, scope, ctx)
    else:
        _walk(item.flow, scope, ctx)


def check_steps(item: ast.Weights, spec: Spec) -> None:
    """The layers through which a foreign file's tensors go. Their arguments may name the models' hyperparameters."""
    ctx = Context(spec.project, spec.diagnostics)
    for rule in item.body:
        if len(rule.stages) > 2:
            scope = Scope(spec.scope)
            scope.names.update({param.name.id: None for model in spec.models() for param in model.params or []})
            _flow(ast.Flow(rule.span, rule.stages[1:-1]), scope, ctx)


def _walk(node: Any, scope: Scope, ctx: Context) -> None:
    """Depth first, binding names as they come; a name bound in any branch counts."""
    if isinstance(node, list):
        for member in node:
            _walk(member, scope, ctx)
    elif isinstance(node, ast.Name):
        _name(node, scope, ctx)
    elif type(node) in _SPECIAL:
        _SPECIAL[type(node)](node, scope, ctx)
    elif hasattr(node, "__dataclass_fields__"):
        for field in node.__dataclass_fields__:
            if field not in ("span", "op_span"):
                _walk(getattr(node, field), scope, ctx)


def _name(node: ast.Name, scope: Scope, ctx: Context) -> None:
    if (
        node.id in ("_", "training", "parameters", *FORMS)
        or ctx.project.resolve(node.id, scope, node.span) is not MISSING
    ):
        return
    unknown_name(node, scope, ctx)


def _call(node: ast.Call, scope: Scope, ctx: Context) -> None:
    _walk(node.callee, scope, ctx)
    _walk([a.value for a in node.arguments or []], scope, ctx)
    if node.braces is not None:
        _walk(node.braces, scope, ctx)
    if isinstance(node.callee, ast.Name):
        callee = ctx.project.resolve(node.callee.id, scope, node.callee.span)
        if isinstance(callee, (OpLayer, BlockLayer)):
            _arguments(node, callee, scope, ctx)


def _arguments(node: ast.Call, callee: OpLayer | BlockLayer, scope: Scope, ctx: Context) -> None:
    if isinstance(callee, BlockLayer) and is_alias(callee) and not callee.definition.params:
        return  # they are the other model's
    signature = signature_of(callee.op) if isinstance(callee, OpLayer) else Signature.of(callee.definition)
    given = node.arguments or []
    for argument in given:
        if argument.name is not None and argument.name.id not in signature.known and not signature.open:
            unknown(signature, argument.name.id, argument.name.span, scope, ctx)
    positional = [a for a in given if a.name is None]
    room = len(signature.order)
    starred = isinstance(callee, OpLayer) and any(p.star for p in callee.op.params.values())
    said = any(found.span.source is node.span.source and node.span.start <= found.span.start < node.span.end
               for found in ctx.diagnostics.errors)  # fmt: skip
    if starred or any(a.star for a in positional) or said:
        return
    if len(positional) <= room:
        if isinstance(callee, OpLayer):
            _literals(callee, given, scope, ctx)
        return
    if not isinstance(callee, OpLayer) or told(callee.op, *_unread(given), node, scope, ctx) is None:
        too_many(signature, signature.order, positional[room].value.span, scope, ctx)


def _literals(callee: OpLayer, given: list[ast.Argument], scope: Scope, ctx: Context) -> None:
    """What is written out must fit its parameter, whatever the rest is."""
    order = iter(signature_of(callee.op).order)
    for argument in given:
        name = argument.name.id if argument.name is not None else next(order)
        declared = callee.op.params.get(name)
        if declared is not None and isinstance(argument.value, (ast.Number, ast.Text)):
            convert(declared, name, Given(argument.value.value, argument.value.span), callee.op.name, scope, ctx)


def _unread(arguments: list[ast.Argument]) -> tuple[list[Given], dict[str, Given]]:
    """Arguments of which only the numbers are known."""
    values = [Given(a.value.value if isinstance(a.value, ast.Number) else UNKNOWN, a.value.span,
                    a.name.span if a.name is not None else None) for a in arguments]  # fmt: skip
    named = {a.name.id: g for a, g in zip(arguments, values, strict=True) if a.name is not None}
    return [g for a, g in zip(arguments, values, strict=True) if a.name is None], named


def _flow(node: ast.Flow, scope: Scope, ctx: Context) -> None:
    """What stands in a flow is applied: it must have all its arguments."""
    for stage in node.stages:
        _walk(stage, scope, ctx)
        inner = stage.value if isinstance(stage, ast.Labelled) else stage
        name = inner.callee if isinstance(inner, ast.Call) else inner
        given = (inner.arguments or []) if isinstance(inner, ast.Call) else []
        if isinstance(name, ast.Name) and not any(a.star for a in given):
            callee = ctx.project.resolve(name.id, scope, name.span)
            if isinstance(callee, OpLayer):
                _complete(callee, given, stage.span, scope, ctx)


def _complete(callee: OpLayer, given: list[ast.Argument], span: Span, scope: Scope, ctx: Context) -> None:
    order = [p.name for p in callee.op.params.values() if not p.keyword]
    names = {a.name.id for a in given if a.name is not None} | set(order[: sum(a.name is None for a in given)])
    left = [p.name for p in callee.op.params.values() if p.required and p.name not in names]
    if left and all(a.name is None or a.name.id in callee.op.params for a in given):  # a misspelt one is meant for it
        missing(callee.op, left, span, scope, ctx)


def _bind(names: list[ast.Name], scope: Scope) -> None:
    for name in names:
        scope.names[name.id] = None


def _assign(node: ast.Assign, scope: Scope, ctx: Context) -> None:
    _walk(node.value, scope, ctx)
    _bind(node.targets, scope)


def _declare(node: Any, scope: Scope, ctx: Context) -> None:
    """input, output, param, buffer, layer: a type, perhaps a value, and a name."""
    type_ = getattr(node, "type", None)
    if type_ is not None:
        _dims(type_, scope, ctx)
    _walk(getattr(node, "value", None), scope, ctx)
    _bind([node.name], scope)


def _dims(type_: ast.TensorTypeExpr, scope: Scope, ctx: Context) -> None:
    if type_.dtype is not None and not isinstance(scope.get(type_.dtype.id), TypeName):
        unknown_type(type_.dtype, scope, ctx)
    _names_of_dims(type_, scope)
    for dim in type_.dims or []:
        if not isinstance(dim, ast.AnyDims):
            _walk(dim, scope, ctx)


def _names_of_dims(type_: ast.TensorTypeExpr | None, scope: Scope) -> None:
    """Where a dim is a plain name, it binds it: `[2 * T]` may stand before `[T]`."""
    for dim in (type_.dims if type_ is not None else None) or []:
        if isinstance(dim, ast.Name):
            scope.names.setdefault(dim.id, None)


def _for(node: ast.For, scope: Scope, ctx: Context) -> None:
    _walk(node.iterable, scope, ctx)
    _bind([name for name, _ in ast.plain_names(node.names)], scope)
    _walk(node.body, scope, ctx)


def _comprehension(node: ast.Comprehension, scope: Scope, ctx: Context) -> None:
    inner = scope.child()
    for clause in node.clauses:
        _walk(clause.iterable, inner, ctx)
        _bind([name for name, _ in ast.plain_names(clause.names)], inner)
        _walk(clause.conditions, inner, ctx)
    _walk(node.element, inner, ctx)


def _labelled(node: ast.Labelled, scope: Scope, ctx: Context) -> None:
    _walk(node.value, scope, ctx)


def _attribute(node: ast.Attribute, scope: Scope, ctx: Context) -> None:
    prefix = prefixed.module(node, scope, ctx)
    if prefix is None:
        _walk(node.base, scope, ctx)
    else:
        prefixed.meant(node, prefix, scope, ctx)


def _init(node: ast.Init, scope: Scope, ctx: Context) -> None:
    if node.layer is not None:
        _walk(node.layer, scope, ctx)
    _walk(node.value, scope, ctx)


_SPECIAL: dict[type, Any] = {
    ast.Call: _call,
    ast.Flow: _flow,
    ast.Assign: _assign,
    ast.Input: _declare,
    ast.Output: _declare,
    ast.Tensor: _declare,
    ast.Layer: _declare,
    ast.For: _for,
    ast.Comprehension: _comprehension,
    ast.Labelled: _labelled,
    ast.Attribute: _attribute,
    ast.Init: _init,
    ast.TensorTypeExpr: _dims,
}
