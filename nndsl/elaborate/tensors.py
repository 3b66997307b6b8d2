"""`param p: float[1, D] = zeros` and `buffer b: float[D] = expression`: tensors that a model has itself."""

from __future__ import annotations

from typing import Any

from nndsl.elaborate.apply import apply, operator_node
from nndsl.elaborate.arguments import plain
from nndsl.elaborate.blocks import close
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.constants import NotConstant, copied
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.operands import Operands
from nndsl.elaborate.ports import dtype_of, match
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import POISON, Given, OpLayer, Poison, is_size, is_tensor
from nndsl.ir.graph import Graph, Value
from nndsl.ops import lookup
from nndsl.ops.initializers import INITIALIZERS
from nndsl.ops.kinds import KINDS, Unfit
from nndsl.shapes import Dim
from nndsl.syntax import ast


def declare_tensor(statement: ast.Tensor, scope: Scope, ctx: Context) -> None:
    scope.names[statement.name.id] = _made(statement, scope, ctx)


def _made(statement: ast.Tensor, scope: Scope, ctx: Context) -> Any:
    builder = scope.builder
    assert builder is not None
    type_ = statement.type
    if type_ is None:
        return ctx.poison("contract", f"{statement.name.id} needs a type, such as float[1, D]", statement.span, scope)
    dtype = dtype_of(type_.dtype, scope, ctx) if type_.dtype is not None else "float"
    sizes = [_size(dim, scope, ctx) for dim in type_.dims or []]
    value = _initial(statement, scope, ctx)
    if dtype is None or any(isinstance(s, Poison) for s in sizes) or isinstance(value, Poison):
        return POISON
    if not _all_known(statement, sizes, scope, ctx):
        return POISON
    key = "init" if statement.trained else "value"
    op = lookup("Parameter" if statement.trained else "Buffer")
    assert op is not None
    values = {"sizes": tuple(sizes), "dtype": dtype, key: value}
    given = {"sizes": Given(values["sizes"], type_.span), "dtype": Given(dtype, type_.span)}
    node = operator_node(op.of(values), given, Operands([], {}), builder, statement.span, statement.name.id, ctx)
    if node is None:
        return POISON
    node.outputs[0].name = statement.name.id
    return node.outputs[0]


def _all_known(statement: ast.Tensor, sizes: list[Any], scope: Scope, ctx: Context) -> bool:
    assert statement.type is not None
    for dim, size in zip(statement.type.dims or [], sizes, strict=True):
        if isinstance(size, Dim):
            shown = ctx.facts.spell(size)
            message = f"every size of {statement.name.id} must be known while compiling, and this is {shown}"
            hints = [f"give {shown} a value in the type of the input, or fix it with --dim"]
            ctx.error("unknown-dim", message, dim.span, scope, hints=hints)
            return False
        if isinstance(size, int) and size < 1:
            ctx.error("bad-value", f"a dim is at least 1, and this is {size}", dim.span, scope)
            return False
    return True


def _size(dim: Any, scope: Scope, ctx: Context) -> Any:
    if isinstance(dim, ast.AnyDims):
        return ctx.poison("unknown-dim", "every size of a param or buffer must be written", dim.span, scope)
    value = evaluate(dim, scope, ctx)
    if isinstance(value, Poison) or is_size(value):
        return value
    return ctx.poison("bad-value", f"a dim is a whole number, not {ctx.describe(value)}", dim.span, scope)


def _initial(statement: ast.Tensor, scope: Scope, ctx: Context) -> Any:
    """An initialiser, or for a buffer a graph that computes its value."""
    if statement.value is None:
        return None
    value = evaluate(statement.value, scope, ctx) if statement.trained else _computed(statement, scope, ctx)
    if isinstance(value, (Poison, Graph)):
        return value
    try:
        return KINDS["Initializer"].convert(plain(value))
    except Unfit as problem:
        message = problem.about(statement.name.id)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            message = f"{statement.name.id} cannot be filled with {ctx.describe(value)}"
        return ctx.poison("bad-argument", message, statement.value.span, scope, hints=[_otherwise(statement, value)])


def _otherwise(statement: ast.Tensor, value: Any) -> str:
    """What to write in place of what cannot fill a tensor."""
    if isinstance(value, str) and value in INITIALIZERS:
        return f"write {value} without quotes"
    if is_tensor(value) and statement.trained:
        return "a constant tensor that is computed is a `buffer`"
    if isinstance(value, bool):
        return f"`{'Ones' if value else 'Zeros'}(…, dtype=bool)` is a tensor of {str(value).lower()}"
    computed = "" if statement.trained else ", or a tensor computed from constants"
    return f"it takes a number, or an initialiser such as zeros or normal(std=0.02){computed}"


def _computed(statement: ast.Tensor, scope: Scope, ctx: Context) -> Any:
    """A buffer's expression: a number, an initialiser, or a graph of its own without inputs."""
    outer = scope.builder
    assert outer is not None and statement.type is not None and statement.value is not None
    builder = GraphBuilder(ctx, Graph(statement.name.id, "block", statement.span), outer.frame, outer)
    inner = Scope(scope, builder)
    value = evaluate(statement.value, inner, ctx)
    if isinstance(value, OpLayer):  # a generator without arguments
        value = apply(value, (), builder, statement.value.span, None, ctx)
    if not isinstance(value, Value):
        return value
    what = f"buffer {statement.name.id}"
    final = GraphBuilder(ctx, Graph(statement.name.id, "block", statement.span), outer.frame, outer)
    try:
        value = copied(value, {id(local): given for given, local in builder.captured.values()}, final)
    except NotConstant as problem:
        message = f"{what} is computed once, before the model runs: it cannot depend on {problem.what}"
        hints = [f"`{statement.name.id} = …` names a value that is computed in each run"]
        return ctx.poison("not-constant", message, statement.value.span, scope, hints=hints)
    if not match(statement.type, value, Scope(scope, final), statement.name.span, what, ctx):
        return POISON
    built = close(final, value, statement.span, ctx)
    return POISON if built.failed else built.graph
