"""Inputs and outputs: declared types against actual ones, and the names of dims that this binds."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

from nndsl.diagnostics import Label
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.operands import gather, match_inputs
from nndsl.elaborate.provenance import explain
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import Poison, TypeName, is_size
from nndsl.ir.graph import Value
from nndsl.shapes import Dim, Facts, Size, is_floating, spell_shape, symbol
from nndsl.source import Span
from nndsl.syntax import ast


def declared_inputs(body: ast.Braces) -> list[ast.Input]:
    return [s for s in body.body if isinstance(s, ast.Input)]


def bind_inputs(inputs: list[ast.Input], value: Any, scope: Scope, span: Span, ctx: Context) -> bool:
    """Match what came in with the declared inputs, and their types with the declared types."""
    builder = scope.builder
    assert builder is not None
    operands = gather(value, builder, span, ctx)
    if operands is None or not named_once(inputs, ctx):
        return False
    names = [i.name.id + ("?" if i.optional else "") for i in inputs]
    found = match_inputs(builder.called, names, operands, builder, span, ctx)
    if found is None:
        return False
    given = [(i, v) for i, v in zip(inputs, found, strict=True) if v is not None]
    for declared, present in given:  # all names first: `input x: [B, 2*T]` may stand before `input y: [B, T]`
        bind_dims(declared.type, present, scope)
    fine = True
    for declared, actual in zip(inputs, found, strict=True):
        name = declared.name.id
        scope.names[name] = actual
        if actual is None:
            continue
        if not actual.name and actual.producer is None:
            actual.name = name
        if declared.type is not None:
            fine &= match(declared.type, actual, scope, span, f"{builder.called}'s input {name}", ctx)
    return fine


def named_once(inputs: list[ast.Input], ctx: Context) -> bool:
    first: dict[str, ast.Input] = {}
    for each in inputs:
        if first.setdefault(each.name.id, each) is not each:
            _twice(each, first[each.name.id], ctx)
    return len(first) == len(inputs)


def _twice(again: ast.Input, first: ast.Input, ctx: Context) -> None:
    hints = ["each input has a name of its own"] if again is not first else ["an input stands outside of loops"]
    labels = [Label(first.name.span, "first here")] if again is not first else []
    message = f"there are two inputs named {again.name.id}"
    ctx.error("duplicate-name", message, again.name.span, labels=labels, hints=hints)


def bind_dims(type_: ast.TensorTypeExpr | None, value: Value, scope: Scope) -> None:
    """Bind the dims that are plain names and not known yet, where the number of dims fits."""
    dims = type_.dims if type_ is not None else None
    for dim, size, _ in _aligned(dims, value) or [] if dims is not None else []:
        if _is_new(dim, scope):
            _bind(dim.id, size, scope)


def _is_new(dim: Any, scope: Scope) -> bool:
    return isinstance(dim, ast.Name) and dim.id != "_" and not scope.holds(dim.id)


def match(type_: ast.TensorTypeExpr, value: Value, scope: Scope, span: Span, what: str, ctx: Context) -> bool:
    """Is the value of the declared type? Names of dims seen first are bound to the actual sizes."""
    if not _dtype_fits(type_, value, scope, span, what, ctx):
        return False
    if type_.dims is None:
        return True
    pairs = _aligned(type_.dims, value)
    if pairs is None:
        spelled = spell_shape(value.shape, ctx.facts)
        message = f"{what} is {type_.span.text}, and this has {len(value.shape)} dims: {spelled}"
        hints = _fewer_dims(len(type_.dims), value)
        ctx.error("rank-mismatch", message, span, scope, labels=[Label(type_.span, "declared here")], hints=hints)
        return False
    later: list[tuple[Any, Size, int]] = []
    sizes = list(value.shape)
    for dim, size, axis in pairs:
        if isinstance(dim, ast.Name) and dim.id == "_":
            continue
        if _is_new(dim, scope):
            _bind(dim.id, size, scope)
            continue
        later.append((dim, size, axis))
    fine = True
    apart: list[_Apart] = []
    for dim, size, axis in later:
        declared = _declared(dim, scope, ctx)
        equal = None if declared is None else ctx.facts.equal(declared, size)
        if equal and isinstance(size, int) and declared is not None:
            sizes[axis] = declared
        elif declared is not None and not equal:
            apart.append(_Apart(dim, axis, declared, size))
        fine &= bool(equal)
    if apart:
        _different(apart, value, scope, span, what, ctx)
    if fine and scope.builder is not None and scope.builder.owner:  # a contract says what the sizes are made of
        value.type = value.type.with_shape(sizes)
    return fine


def _fewer_dims(wanted: int, value: Value) -> list[str]:
    """Features where an image, or a sequence, still has its other dims."""
    rank = len(value.shape)
    node = value.producer
    if wanted != 2 or not 3 <= rank <= 5 or node is None:
        return []
    if not node.is_call and node.op.name == "Linear":
        return [f"put `Flatten` before the `Linear`: this one works on the last of {rank} dims alone"]
    return [f"`AdaptiveAvgPool{rank - 2}d(1) -> Flatten`, or `Flatten` alone, makes two dims of it"]


def _bind(name: str, size: Size, scope: Scope) -> None:
    scope.names[name] = size
    if scope.builder is not None:
        scope.builder.graph.dims[name] = size


def _dtype_fits(type_: ast.TensorTypeExpr, value: Value, scope: Scope, span: Span, what: str, ctx: Context) -> bool:
    if type_.dtype is None:
        return True
    wanted = dtype_of(type_.dtype, scope, ctx)
    if wanted is None or wanted == value.dtype:
        return wanted is not None
    if wanted == "float" and is_floating(value.dtype):
        return True
    ctx.error("dtype-mismatch", f"{what} is {wanted}, and this is {value.dtype}", span, scope,
              labels=[Label(type_.span, "declared here")], hints=[f"convert it with `Cast({wanted})`"])  # fmt: skip
    return False


def dtype_of(name: ast.Name, scope: Scope, ctx: Context) -> str | None:
    found = scope.get(name.id)
    if isinstance(found, TypeName):
        return found.name
    from nndsl.elaborate.names import unknown_type

    unknown_type(name, scope, ctx)
    return None


def _aligned(dims: list[Any], value: Value) -> list[tuple[Any, Size, int]] | None:
    """Each declared dim with its size and axis; `...` takes what is left over. None where there are too few or many."""
    shape = value.shape
    open_at = next((i for i, d in enumerate(dims) if isinstance(d, ast.AnyDims)), None)
    if open_at is None:
        if len(dims) == len(shape):
            return [(d, s, i) for i, (d, s) in enumerate(zip(dims, shape, strict=True))]
    elif len(shape) >= len(dims) - 1:
        tail = len(dims) - open_at - 1
        head = [(d, s, i) for i, (d, s) in enumerate(zip(dims[:open_at], shape, strict=False))]
        rest = len(shape) - tail
        return head + [(d, s, rest + i) for i, (d, s) in enumerate(zip(dims[open_at + 1 :], shape[rest:], strict=True))]
    return None


class _Apart(NamedTuple):
    """A dim that is not provably what is declared."""

    dim: Any
    axis: int
    wanted: Size
    size: Size

    def shown(self, facts: Facts) -> str:
        written, spelled = self.dim.span.text, facts.spell(self.wanted)
        same = written.replace(" ", "") == spelled.replace(" ", "")
        return f"dim {self.axis} should be {written if same else f'{written} = {spelled}'}"


def _declared(dim: Any, scope: Scope, ctx: Context) -> Size | None:
    """The size that a type gives, where there is one."""
    wanted: Any = evaluate(dim, scope, ctx)
    if isinstance(wanted, Poison):
        return None
    if not is_size(wanted):
        found = ctx.error("bad-value", f"a dim is a whole number, not {ctx.describe(wanted)}", dim.span, scope)
        if isinstance(wanted, Value) and isinstance(dim, ast.Name):
            found.hints.append(f"here {dim.id} is a tensor: give the tensor another name than the size")
        return None
    return wanted  # type: ignore[no-any-return]  # a size, as asked above


def _different(apart: list[_Apart], value: Value, scope: Scope, span: Span, what: str, ctx: Context) -> None:
    """All that differs, or else all that is not proven, is one mistake."""
    facts = ctx.facts
    wrong = [each for each in apart if facts.equal(each.wanted, each.size) is False]
    said = wrong or apart
    labels = [Label(each.dim.span, "declared here") for each in said]
    labels += explain(value, [each.axis for each in said], facts)
    if wrong:
        message = "; ".join(f"{each.shown(facts)}, and it is {facts.spell(each.size)}" for each in wrong)
        ctx.error("contract", f"{what}: {message}", span, scope, labels=labels)
        return
    needed = [facts.missing_fact(each.wanted, each.size) for each in said if each.size != 1]
    stated = " and ".join(dict.fromkeys(fact for fact in needed if fact))
    hints = [f"state it in the model: `require {stated}`"] if stated else []
    for each in said:
        if each.size == 1:
            hints += _spread(facts.spell(each.wanted), each.axis, len(value.shape), each.dim.span, ctx)
    parts = (f"{each.shown(facts)}, and {facts.spell(each.size)} is not provably that" for each in said)
    ctx.error("unproven", f"{what}: {'; '.join(parts)}", span, scope, labels=labels, hints=hints)


def _spread(wanted: str, axis: int, rank: int, declared: Span, ctx: Context) -> list[str]:
    """A size of 1 that is meant for all of a dim."""
    sizes = ", ".join(wanted if i == axis else "-1" for i in range(rank))
    hints = [f"`Expand({sizes})` repeats it along dim {axis}"] if wanted.isidentifier() else []
    return hints if ctx.project.is_shipped(declared.source) else [*hints, f"or declare dim {axis} as `_`: of any size"]


# ---------------------------------------------------------------- inputs of a model


def model_input(statement: ast.Input, scope: Scope, ctx: Context) -> bool:
    """A fresh input: its dim names become symbols, unless they are hyperparameters or fixed with --dim."""
    builder = scope.builder
    assert builder is not None
    type_ = statement.type
    name = statement.name.id
    if any(earlier.name == name for earlier in builder.graph.inputs):
        body = builder.definition.body if builder.definition is not None else None
        declared = declared_inputs(body) if body is not None else []
        _twice(statement, next((i for i in declared if i.name.id == name), statement), ctx)
        return False
    if type_ is None or type_.dims is None:
        hints = [f"for example `input {name}: float[N, 3, H, W]`"]
        ctx.error(
            "contract",
            f"a model's input needs a type with its dims, and {name} has none",
            statement.span,
            scope,
            hints=hints,
        )
        return False
    dtype = dtype_of(type_.dtype, scope, ctx) if type_.dtype is not None else "float"
    for dim in [*type_.dims, *_ahead(type_, scope)]:
        if isinstance(dim, ast.Name) and dim.id != "_":
            _declared_size(dim, scope, ctx)  # names first: `[N * T, N, T]`
    sizes = [_declared_size(dim, scope, ctx) for dim in type_.dims]
    if dtype is None or any(s is None for s in sizes):
        return False
    from nndsl.shapes import TensorType

    if statement.optional:
        hints = ["declare two models, or a hyperparameter that decides: `if masked { … }`"]
        ctx.error("contract", "a model's inputs are never optional", statement.span, scope, hints=hints)
        return False
    from nndsl.elaborate.apply import possible

    made = TensorType(dtype, tuple(s for s in sizes if s is not None))
    if not possible((made,), f"input {name}", type_.span, builder, ctx):
        return False
    scope.names[name] = builder.input(made, name)
    return True


def _ahead(type_: ast.TensorTypeExpr, scope: Scope) -> list[ast.Name]:
    """Names of dims that this type computes with, and another input of the model declares: `[2 * T]` before `[T]`."""
    from nndsl.elaborate.combinators import names_in

    assert scope.builder is not None and scope.builder.definition is not None
    body = scope.builder.definition.body
    declared = [d for i in (declared_inputs(body) if body is not None else []) if i.type for d in i.type.dims or []]
    mentioned = {n for d in type_.dims or [] if not isinstance(d, ast.Name) for n in names_in(d)}
    return [d for d in declared if isinstance(d, ast.Name) and d.id in mentioned and not scope.holds(d.id)]


def _declared_size(dim: Any, scope: Scope, ctx: Context) -> Size | None:
    if isinstance(dim, ast.AnyDims):
        ctx.error("contract", "a model's input has a known number of dims: `...` is for blocks", dim.span, scope)
        return None
    if isinstance(dim, ast.Name) and dim.id == "_":
        return _unnamed(scope, ctx)
    if _is_new(dim, scope):
        size: Size = ctx.fixed.get(dim.id, symbol(dim.id))
        ctx.used_fixed.add(dim.id)
        _bind(dim.id, size, scope)
        return size
    value = evaluate(dim, scope, ctx)
    if isinstance(value, Poison):
        return None
    if not is_size(value):
        ctx.error("bad-value", f"a dim is a whole number or a name, not {ctx.describe(value)}", dim.span, scope)
        return None
    if not isinstance(value, Dim) and value < 1:
        hints = ["a size that is not known yet has a name, for example `N` for the batch"] if value < 0 else []
        ctx.error("bad-value", f"a dim is at least 1, and this is {value}", dim.span, scope, hints=hints)
        return None
    return value  # type: ignore[no-any-return]  # a size, as asked above


def _unnamed(scope: Scope, ctx: Context) -> Dim:
    """A dim of its own for `_`. Messages call it `_1`; the spec has no name for it."""
    assert scope.builder is not None and scope.builder.definition is not None
    dims, body = scope.builder.graph.dims, scope.builder.definition.body
    taken = {*dims, *(ctx.mentioned(body) if body is not None else ())}
    name = next(name for n in count(1) if (name := f"_{n}") not in taken and not scope.holds(name))
    dims[name] = made = symbol(name)
    ctx.facts.unnamed.add(name)
    return made
