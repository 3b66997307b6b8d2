"""From a file to the graphs of its models: the entry points of elaboration."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate.aliases import aliased
from nndsl.elaborate.arguments import plain
from nndsl.elaborate.arithmetic import MAX_BITS
from nndsl.elaborate.blocks import record_hyper
from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.builder import GraphBuilder
from nndsl.elaborate.context import Common, Context
from nndsl.elaborate.expressions import evaluate
from nndsl.elaborate.facts import require_totals
from nndsl.elaborate.hyperparameters import fill_defaults, fits
from nndsl.elaborate.project import Project
from nndsl.elaborate.recursion import ROOM, roomy
from nndsl.elaborate.scope import Scope, nearest
from nndsl.elaborate.statements import run, unapplied
from nndsl.elaborate.values import BlockLayer, Given, Poison, is_layer, is_tensor
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.shapes import DimTooLarge
from nndsl.source import Source, Span
from nndsl.syntax import ast, parse


@dataclass(slots=True)
class Spec:
    """A parsed file with its names, ready to elaborate any of its models."""

    file: ast.File
    scope: Scope
    project: Project
    diagnostics: Diagnostics

    def models(self) -> list[ast.Definition]:
        return [i for i in self.file.items if isinstance(i, ast.Definition) and i.kind == "model"]

    def complete(self, given: Container[str] = ()) -> list[ast.Definition]:
        """Models that can be built as they are: every hyperparameter has a default."""
        return [m for m in self.models() if not needed(m, given)]


def needed(model: ast.Definition, given: Container[str] = ()) -> list[str]:
    """The hyperparameters that have no default and are not given."""
    params = [p for p in model.params or [] if p.default is None and not (p.type is not None and p.type.optional)]
    return [p.name.id for p in params if p.name.id not in given]


def open_spec(source: Source, diagnostics: Diagnostics) -> Spec:
    """Parse a text and what it imports."""
    project = Project(diagnostics)
    file, scope = project.load(source)
    return Spec(file, scope, project, diagnostics)


def elaborate(
    spec: Spec,
    name: str,
    *,
    hyper: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
    budget: Budget | None = None,
    absent: set[str] | None = None,
    letters: Mapping[str, int] | None = None,
    common: Common | None = None,
) -> Graph | None:
    """The IR of one model, or None after mistakes (they are in `spec.diagnostics`).

    `hyper` sets hyperparameters (plain values, or `.nn` expressions as `Expression`), `dims` fixes symbolic dims. Where
    there is `absent`, names of either that the model has not are put there, and are no mistake. Where there are
    `letters`, numbers know which hyperparameter of the model they come from (else only those of its blocks), and these
    have other values. Models with one `common` share the graphs of equal blocks."""
    ctx = Context(spec.project, spec.diagnostics, budget, common)
    ctx.fixed = dict(dims or {})
    model = next(m for m in spec.models() if m.name.id == name)
    graph = None
    try:
        with ROOM:
            graph = roomy(_elaborate, ctx, spec, model, hyper or {}, absent, letters)
    except (Exceeded, DimTooLarge) as problem:
        spec.diagnostics.error("too-big", f"{name}: {problem}", ctx.at or model.name.span)
    except RecursionError:
        spec.diagnostics.error("too-big", f"{name}: values are nested too deep", ctx.at or model.name.span)
    except MemoryError:
        spec.diagnostics.error("too-big", f"{name}: this takes more memory than there is", ctx.at or model.name.span)
    if graph is not None and dims:
        _unused_dims(ctx, model, dims, absent)
    return graph if not spec.diagnostics.errors else None


Variant = Callable[[Mapping[str, int]], Graph | None]


def variants(spec: Spec, name: str, hyper: Mapping[str, Any], dims: Mapping[str, int]) -> list[Variant]:
    """Make the same model once more, with other values of hyperparameters and with letters: its dims left open, and
    those of `dims` fixed. None where there is no such model; nothing is said about that."""

    def with_dims(fixed: Mapping[str, int]) -> Variant:
        def variant(letters: Mapping[str, int]) -> Graph | None:
            quiet = replace(spec, diagnostics=Diagnostics())
            return elaborate(quiet, name, hyper=hyper, dims=fixed, letters=letters)

        return variant

    return [with_dims({}), *([with_dims(dims)] if dims else [])]


def _unused_dims(ctx: Context, model: ast.Definition, dims: Mapping[str, int], absent: set[str] | None) -> None:
    for name in dims:
        if name not in ctx.used_fixed and absent is not None:
            absent.add(name)
        elif name not in ctx.used_fixed:
            known = sorted(ctx.used_fixed)
            close = nearest(name, known)
            hint = f"did you mean {close}?" if close else f"its dims are: {', '.join(known) or 'none'}"
            ctx.error("unknown-dim", f"{model.name.id} has no dim {name}", model.name.span, hints=[hint])


class Expression(str):
    """A hyperparameter's value as text in `.nn` syntax: what `--set` gives."""

    __slots__ = ()


def _given(ctx: Context, spec: Spec, hyper: Mapping[str, Any], model: ast.Definition) -> dict[str, Given] | None:
    found: dict[str, Given] = {}
    for name, value in hyper.items():
        span = model.name.span
        if isinstance(value, Expression):
            parsed = _parsed(ctx, spec, name, value)
            if isinstance(parsed, Poison):
                return None
            found[name] = Given(*parsed)
        elif _endless(value):
            ctx.error("too-big", f"{model.name.id}: {name} is too large a number", span)
            return None
        else:
            read = partial(_read, ctx, spec, name)
            found[name] = Given(list(value) if isinstance(value, tuple) else value, span, read=read)
    return found


def _endless(value: Any, depth: int = 8) -> bool:
    """A whole number, or one in lists, beyond what arithmetic would give."""
    if isinstance(value, (list, tuple)) and depth:
        return any(_endless(member, depth - 1) for member in value)
    return isinstance(value, int) and value.bit_length() > MAX_BITS


@lru_cache(maxsize=32)
def _setting(name: str, text: str, shown: str) -> Source:
    """One for all models of a file, so that what is wrong with it is said once."""
    before = f"fn {name}_() = "
    return Source(before + text, shown, hidden=len(before))


def _read(ctx: Context, spec: Spec, name: str, text: str) -> Any:
    """`load(…, name="text")`, where a layer is wanted."""
    parsed = _parsed(ctx, spec, name, text, name)
    return parsed if isinstance(parsed, Poison) else parsed[0]


def _parsed(ctx: Context, spec: Spec, name: str, text: str, shown: str = "") -> Any:
    """`--set name=text`; the value, and where it stands."""
    shown = shown or f"--set {name}"
    source = _setting(name, text, shown)
    already = len(ctx.diagnostics.errors)
    file = parse(source, ctx.diagnostics)
    if len(ctx.diagnostics.errors) > already:
        return Poison()
    item = file.items[0] if file.items else None
    if not isinstance(item, ast.Function) or len(file.items) != 1:
        return ctx.poison("bad-argument", f"{shown}: this is not a value: {text}", Span(source, 0, len(source.text)))
    value = evaluate(item.value, spec.scope, ctx)
    return value if isinstance(value, Poison) else (value, item.value.span)


def _elaborate(
    ctx: Context,
    spec: Spec,
    model: ast.Definition,
    hyper: Mapping[str, Any],
    absent: set[str] | None,
    letters: Mapping[str, int] | None,
) -> Graph | None:
    given = _given(ctx, spec, hyper, model)
    if given is None:
        return None
    name = model.name.id
    layer = aliased(BlockLayer(model, spec.scope, model.name.span, given), model.name.span, None, ctx)
    if isinstance(layer, Poison):
        return None
    target = layer.definition
    assert isinstance(target, ast.Definition)
    if absent is not None:
        absent |= hyper.keys() - {p.name.id for p in target.params or []}
        layer = replace(layer, given={name: value for name, value in layer.given.items() if name not in absent})
    if not _known(ctx, name, target, layer.given):
        return None
    if letters is not None:
        changed = {each: Given(value, model.name.span) for each, value in letters.items()}
        layer = replace(layer, given=layer.given | changed)
    return _root(ctx, layer, target, name, model.doc or target.doc, traced=letters is not None)


def _known(ctx: Context, name: str, model: ast.Definition, given: dict[str, Given]) -> bool:
    known = {p.name.id: p for p in model.params or []}
    for key, value in given.items():
        if key not in known:
            close = nearest(key, list(known))
            hints = [f"did you mean {close}?"] if close else [f"it has: {', '.join(known) or 'none'}"]
            ctx.error("unknown-argument", f"{name} has no hyperparameter {key}", value.span, hints=hints)
            return False
        value.value = plain(value.value) if not isinstance(value.value, str) else value.value
        if not fits(known[key].type, key, value, name, None, ctx):
            return False
    return True


def _root(ctx: Context, layer: BlockLayer, model: ast.Definition, name: str, doc: str, traced: bool) -> Graph | None:
    graph = Graph(name, "model", model.name.span, facts=ctx.facts, doc=doc)
    builder = GraphBuilder(ctx, graph, None)
    if traced:
        builder.owner = graph.owner = ctx.owner()
    builder.root, builder.modal, builder.definition = True, True, model
    scope = Scope(layer.home, builder)
    scope.within = ((id(model), name),)
    block = graph if traced else None
    if not fill_defaults(model.params or [], layer.given, scope, name, model.name.span, None, ctx, block):
        return None
    record_hyper(builder, scope, model, ctx)
    ctx.expanding.append((id(model), name))
    assert model.body is not None
    result = run(model.body.body, scope, ctx, want_value=True, span=model.name.span)
    ctx.expanding.pop()
    ports = builder.ports or _implicit(result, builder, model, ctx)
    if ctx.diagnostics.errors or not ports or any(not isinstance(p.value, Value) for p in ports):
        return None
    graph.outputs = ports
    if not graph.inputs:
        ctx.error("empty-model", f"{name} has no input", model.name.span)
    if all(p.mode == "train" for p in ports):
        ctx.error("empty-model", f"{name} has no output outside `if training`", model.name.span)
    require_totals(ctx)
    _rules_reach(graph, ctx)
    return graph


def _rules_reach(graph: Graph, ctx: Context) -> None:
    """`init Linear.weigth = …` names no weight. `init Linear.bias = …` does, also where no layer here has one."""
    for model in graph.graphs():
        for rule in model.inits:
            nodes = (n for g in model.graphs() for n in g.nodes) if rule.weight is not None else ()
            names = {name for n in nodes if not n.is_call and n.op.name == rule.layer for name in _possible(n)}
            if names and rule.weight not in names:
                close = nearest(rule.weight or "", list(names))
                hints = [f"did you mean {close}?" if close else f"its weights are: {', '.join(sorted(names))}"]
                ctx.error("unknown-name", f"{rule.layer} has no weight {rule.weight}", rule.span, hints=hints)


def _possible(node: Node) -> set[str]:
    """The weights that a layer has, or has with other switches."""
    values = node.op.values()
    switched = node.op.of({name: True if isinstance(value, bool) else value for name, value in values.items()})
    types = [None if v is None else v.type for v in node.inputs]
    return {weight.name for weight in (*node.weights(), *switched.weights(*types))}


def _implicit(result: Any, builder: GraphBuilder, model: ast.Definition, ctx: Context) -> list[Port]:
    """A model without `output`: its last flow is its output."""
    from nndsl.elaborate.operands import gather

    if isinstance(result, Poison):
        return []
    assert model.body is not None
    if is_layer(result) and not is_tensor(result):
        unapplied(result, model.body, None, ctx)
        return []
    operands = gather(result, builder, model.body.body[-1].span, ctx)
    if operands is None:
        return []
    values = [v for v in [*operands.positional, *operands.named.values()] if v is not None]
    single = len(values) == 1
    return [Port(v.name or ("y" if single else f"y{i}"), v) for i, v in enumerate(values)]
