"""Expressions: one function per form. A tensor in hand makes arithmetic add nodes; everything else is computed here."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from nndsl.diagnostics import Edit, Fix
from nndsl.elaborate import arithmetic
from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import MISSING, Scope, nearest
from nndsl.elaborate.values import (
    POISON,
    BlockLayer,
    BuiltinFunction,
    Chain,
    Closure,
    FunctionValue,
    Labelled,
    LayerValue,
    OpLayer,
    Poison,
    RuntimeSwitch,
    Stage,
    TypeName,
    is_layer,
    is_tensor,
)
from nndsl.ir.graph import Value
from nndsl.shapes import DimTooLarge
from nndsl.source import Source
from nndsl.syntax import ast

LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def evaluate(node: Any, scope: Scope, ctx: Context) -> Any:
    """The value of an expression; POISON after a mistake that was reported."""
    ctx.budget.step()
    return _FORMS[type(node)](node, scope, ctx)


def _name(node: ast.Name, scope: Scope, ctx: Context) -> Any:
    value = ctx.project.resolve(node.id, scope, node.span)
    if isinstance(value, BlockLayer) and scope.within and not value.within:
        return _named_within(value, node, scope, ctx)
    if value is not MISSING:
        return value
    if node.id == "training":
        message = "training is only known when the model runs: it stands alone as the condition of an `if`"
        return ctx.poison("not-constant", message, node.span, scope)
    return unknown_name(node, scope, ctx)


def _named_within(layer: BlockLayer, node: ast.Name, scope: Scope, ctx: Context) -> Any:
    """A block of a file, and in whose text it is named here."""
    if any(at == id(layer.definition) for at, _ in scope.within):
        cycle = " -> ".join([*(name for _, name in scope.within), layer.name])
        return ctx.poison("recursion", f"{layer.name} contains itself: {cycle}", node.span, scope)
    return BlockLayer(layer.definition, layer.home, layer.span, layer.given, scope.within)


def unknown_name(node: ast.Name, scope: Scope, ctx: Context) -> Poison:
    what, code = ("layer", "unknown-layer") if node.id[:1].isupper() and len(node.id) > 1 else ("name", "unknown-name")
    found = ctx.error(code, f"there is no {what} {node.id}", node.span, scope)
    symbol = next((s for s, name in arithmetic.TENSOR_OPS.items() if name == node.id), None)
    close = nearest(node.id, ctx.project.candidates(scope))
    if symbol is not None:
        found.hints.append(f"tensors are joined by an operator: `a, b = …`, then `a {symbol} b`")
    elif close:
        found.hints.append(f"did you mean {close}?")
        found.fixes.append(Fix(f"use {close}", [Edit(node.span, close)]))
    return POISON


def _number(node: ast.Number, scope: Scope, ctx: Context) -> Any:
    return node.value


def _text(node: ast.Text, scope: Scope, ctx: Context) -> Any:
    return node.value


def _constant(node: ast.Constant, scope: Scope, ctx: Context) -> Any:
    return node.value


def _ellipsis(node: ast.Ellipsis_, scope: Scope, ctx: Context) -> Any:
    return ctx.poison("syntax", "`...` stands only in an index or a type", node.span, scope)


def _unary(node: ast.Unary, scope: Scope, ctx: Context) -> Any:
    return arithmetic.unary(node, evaluate(node.operand, scope, ctx), scope, ctx)


def _binary(node: ast.Binary, scope: Scope, ctx: Context) -> Any:
    """Left-deep chains (`a + b + c + …`) are walked without recursion."""
    spine: list[ast.Binary] = []
    at: Any = node
    while isinstance(at, ast.Binary):
        spine.append(at)
        at = at.left
    left = evaluate(at, scope, ctx)
    for step in reversed(spine):
        if step.op in ("and", "or") and isinstance(left, bool) and left is (step.op == "or"):
            continue
        right = evaluate(step.right, scope, ctx)
        try:
            left = arithmetic.binary(step, left, right, scope, ctx)
        except DimTooLarge as problem:
            left = ctx.poison("too-big", f"this dim is too large an expression: {problem}", step.span, scope)
    return left


def _range(node: ast.Range, scope: Scope, ctx: Context) -> Any:
    start, stop = evaluate(node.start, scope, ctx), evaluate(node.stop, scope, ctx)
    if isinstance(start, Poison) or isinstance(stop, Poison):
        return POISON
    for value, part in ((start, node.start), (stop, node.stop)):
        if not isinstance(value, int) or isinstance(value, bool):
            return ctx.poison(
                "not-a-number", f"a range needs known whole numbers, not {ctx.describe(value)}", part.span, scope
            )
    ctx.budget.items(stop - start)
    return list(range(start, stop))


def _group(node: ast.Group, scope: Scope, ctx: Context) -> Any:
    return evaluate(node.value, scope, ctx)


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


def label_words(label: ast.Name | ast.Text) -> str:
    """As it was written."""
    return label.id if isinstance(label, ast.Name) else label.value


def _filled(match: re.Match[str], label: ast.Text, scope: Scope, ctx: Context) -> str:
    """The value of what stands in braces: a name, or arithmetic on names; "\\0" after a mistake."""
    from nndsl.diagnostics import Diagnostics
    from nndsl.syntax import parse

    ctx.budget.step(100)
    quiet = Diagnostics()
    file = parse(Source(f"fn _f() = {match[1]}"), quiet)
    if quiet.items or not file.items or not isinstance(file.items[0], ast.Function):
        ctx.error("bad-label", f"{{{match[1]}}} is not an expression", label.span, scope)
        return "\0"
    inner = Context(ctx.project, quiet, ctx.budget)
    value = evaluate(file.items[0].value, scope, inner)
    if quiet.items or not isinstance(value, (int, str)) or isinstance(value, bool):
        why = quiet.items[0].message if quiet.items else f"it is {ctx.describe(value)}"
        ctx.error("bad-label", f"{{{match[1]}}} in a label must be a number or a string: {why}", label.span, scope)
        return "\0"
    return str(value)


def _star(node: ast.Star, scope: Scope, ctx: Context) -> Any:
    return ctx.poison("syntax", "`*` splices a list only inside [ ], ( ) and calls", node.span, scope)


def _items(nodes: list[Any], scope: Scope, ctx: Context) -> list[Any] | None:
    """Members, `*lists` spliced; None if one is a mistake."""
    found: list[Any] = []
    fine = True
    for node in nodes:
        value = evaluate(node.value if isinstance(node, ast.Star) else node, scope, ctx)
        if isinstance(value, Poison):
            fine = False
        elif not isinstance(node, ast.Star):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(value)
        else:
            ctx.error("bad-value", f"`*` splices a list, and this is {ctx.describe(value)}", node.span, scope)
            fine = False
    ctx.budget.items(len(found))
    return found if fine else None


def _list(node: ast.List, scope: Scope, ctx: Context) -> Any:
    found = _items(node.items, scope, ctx)
    return POISON if found is None else found


def _tuple(node: ast.Tuple, scope: Scope, ctx: Context) -> Any:
    found = _items(node.items, scope, ctx)
    if found is None:
        return POISON
    bare = [v.value if isinstance(v, Labelled) else v for v in found]
    tensors = [is_tensor(v) for v in bare]
    layers = [isinstance(v, LayerValue) or (isinstance(v, list) and is_layer(v) and bool(v)) for v in bare]
    if any(tensors) and any(layers):
        index = layers.index(True)
        message = f"a tuple holds tensors or layers, not both: this is {ctx.describe(bare[index])} beside a tensor"
        hint = "apply the layer first: `(x -> Layer, y)`"
        return ctx.poison("not-a-tensor", message, node.items[index].span, scope, hints=[hint])
    return tuple(found)


def _comprehension(node: ast.Comprehension, scope: Scope, ctx: Context) -> Any:
    found: list[Any] = []
    fine = _clauses(node, 0, scope.child(), ctx, found)
    ctx.budget.items(len(found))
    return found if fine else POISON


def _clauses(node: ast.Comprehension, at: int, scope: Scope, ctx: Context, found: list[Any]) -> bool:
    if at == len(node.clauses):
        element = node.element
        if isinstance(element, ast.Star):
            spliced = _items([element], scope, ctx)
            found.extend(spliced or [])
            return spliced is not None
        value = evaluate(element, scope, ctx)
        found.append(value)
        if len(found) > ctx.budget.ITEMS:
            ctx.budget.items(len(found))
        return not isinstance(value, Poison)
    clause = node.clauses[at]
    values = iterate(clause.iterable, scope, ctx)
    if values is None:
        return False
    for value in values:
        ctx.budget.step()
        inner = scope.child()
        if not bind_names(clause.names, value, inner, ctx):
            return False
        tests = [condition(test, inner, ctx) for test in clause.conditions]
        if any(t is None for t in tests):
            return False
        if all(tests) and not _clauses(node, at + 1, inner, ctx, found):
            return False
    return True


def iterate(node: Any, scope: Scope, ctx: Context) -> list[Any] | None:
    """What a loop runs over."""
    value = evaluate(node, scope, ctx)
    if isinstance(value, Poison):
        return None
    if isinstance(value, (list, tuple)):
        return list(value)
    hints = ["write a range: `for i in 0..n`"] if isinstance(value, int) else []
    ctx.error(
        "bad-value",
        f"a loop runs over a list or a range, not {ctx.describe(value)}",
        node.span,
        scope,
        hints=hints,
    )
    return None


def bind_names(names: list[ast.Name], value: Any, scope: Scope, ctx: Context) -> bool:
    """`a, b = value`."""
    if len(names) == 1:
        _bind(names[0], value, scope)
        return True
    if isinstance(value, Poison):
        for name in names:
            _bind(name, POISON, scope)
        return False
    if not isinstance(value, (list, tuple)) or len(value) != len(names):
        count = f"{len(value)} values" if isinstance(value, (list, tuple)) else ctx.describe(value)
        ctx.error(
            "wrong-outputs",
            f"{len(names)} names, and this gives {count}",
            names[0].span.to(names[-1].span),
            scope,
        )
        for name in names:
            _bind(name, POISON, scope)
        return False
    for name, part in zip(names, value, strict=True):
        _bind(name, part, scope)
    return True


def _bind(name: ast.Name, value: Any, scope: Scope) -> None:
    if name.id == "_":
        return
    if isinstance(value, Labelled) and is_tensor(value.value):
        value = value.value
    if isinstance(value, Value) and not value.name:
        value.name = name.id
    scope.names[name.id] = value
    if isinstance(value, int) and not isinstance(value, bool):
        scope.hyper.discard(name.id)


def condition(node: Any, scope: Scope, ctx: Context) -> bool | None:
    """A condition that is decided while compiling; None after a mistake."""
    value = evaluate(node, scope, ctx)
    if isinstance(value, bool):
        return value
    if isinstance(value, Poison):
        return None
    if isinstance(value, arithmetic.Unknown):
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
    return at.id not in assigned and not is_tensor(scope.get(at.id))


def evaluate_body(node: ast.Braces, scope: Scope, ctx: Context) -> Any:
    """The value of `{ … }`: of its last flow. Its assignments are its own."""
    from nndsl.elaborate.statements import run

    return run(node.body, scope.child(), ctx, want_value=True, span=node.span)


def _flow(node: ast.Flow, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.apply import apply_stage

    value = evaluate(node.stages[0], scope, ctx)
    rest = [Stage(_stage(stage, scope, ctx), stage.span) for stage in node.stages[1:]]
    if isinstance(value, Poison):
        return POISON
    if isinstance(value, Labelled) and is_tensor(value.value):
        return ctx.poison("not-a-layer", "a label names a layer, and this is a tensor", node.stages[0].span, scope)
    if not is_tensor(value):
        if is_layer(value):
            poisoned = any(isinstance(s.value, Poison) for s in rest)
            return POISON if poisoned else Chain([Stage(value, node.stages[0].span), *rest], node.span)
        return ctx.poison("not-a-tensor", f"a flow starts with a tensor or a layer, not {ctx.describe(value)}",
                          node.stages[0].span, scope)  # fmt: skip
    for stage in rest:
        if isinstance(stage.value, Poison):
            return POISON
        value = apply_stage(stage.value, value, scope, stage.span, ctx)
        if isinstance(value, Poison):
            return POISON
    return value


def _stage(node: Any, scope: Scope, ctx: Context) -> Any:
    """A stage that is not a layer is said here, once."""
    value = evaluate(node, scope, ctx)
    if isinstance(value, Poison) or is_layer(value):
        return value
    if isinstance(value, (BuiltinFunction, FunctionValue)):
        message = f"{ctx.describe(value)} computes with hyperparameters; only layers stand after `->`"
        return ctx.poison("not-a-layer", message, node.span, scope)
    hints = ["write `y = …` on a line of its own to name a tensor"] if isinstance(value, Value) else []
    return ctx.poison("not-a-layer", f"only a layer can stand after `->`, and this is {ctx.describe(value)}",
                      node.span, scope, hints=hints)  # fmt: skip


def closure(node: ast.Braces, scope: Scope, ctx: Context) -> Closure:
    """`{ … }` as a layer: it sees the names as they are where it is written, whenever it runs."""
    return Closure(node, scope.frozen(ctx.mentioned(node)), node.span)


def _call(node: ast.Call, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate import arguments

    if isinstance(node.callee, ast.Name) and node.callee.id == "Item" and scope.get("Item") is MISSING:
        return arguments.item(node, scope, ctx)
    callee = evaluate(node.callee, scope, ctx)
    if isinstance(callee, FunctionValue):
        return arguments.call_function(node, callee, scope, ctx)
    if isinstance(callee, BuiltinFunction):
        from nndsl.elaborate.functions import call_builtin

        return call_builtin(node, callee.name, scope, ctx)
    if isinstance(callee, TypeName) and isinstance(node.callee, ast.Name) and node.callee.id in ("int", "float"):
        from nndsl.elaborate.functions import call_builtin

        return call_builtin(node, node.callee.id, scope, ctx)  # the names of types convert numbers, as in Python
    return arguments.call(node, callee, scope, ctx)


def _index(node: ast.Index, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.indexing import index

    return index(node, evaluate(node.base, scope, ctx), scope, ctx)


def _attribute(node: ast.Attribute, scope: Scope, ctx: Context) -> Any:
    from nndsl.elaborate.indexing import attribute

    return attribute(node, evaluate(node.base, scope, ctx), scope, ctx)


_FORMS: dict[type, Callable[[Any, Scope, Context], Any]] = {
    ast.Name: _name,
    ast.Number: _number,
    ast.Text: _text,
    ast.Constant: _constant,
    ast.Ellipsis_: _ellipsis,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Range: _range,
    ast.Group: _group,
    ast.Labelled: _labelled,
    ast.Star: _star,
    ast.List: _list,
    ast.Tuple: _tuple,
    ast.Comprehension: _comprehension,
    ast.IfExpr: _if,
    ast.Braces: closure,
    ast.Flow: _flow,
    ast.Call: _call,
    ast.Index: _index,
    ast.Attribute: _attribute,
}
