"""`check`: every mistake of a file in one run. Models that are complete are elaborated; names and arguments are looked
at everywhere, also in branches that are not taken and in what no model reaches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nndsl.diagnostics import Diagnostic, Diagnostics
from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.context import Common
from nndsl.elaborate.counting import check_results
from nndsl.elaborate.echoes import Echoes
from nndsl.elaborate.mappings import check_targets, mappings_of
from nndsl.elaborate.models import Spec, elaborate, open_spec
from nndsl.elaborate.scope import nearest
from nndsl.elaborate.static import check_declaration, check_definition, check_steps
from nndsl.elaborate.unused import warn_unused
from nndsl.ir.graph import Graph
from nndsl.source import Source
from nndsl.syntax import ast


def check_source(
    source: Source,
    diagnostics: Diagnostics,
    *,
    model: str | None = None,
    hyper: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
) -> list[Graph]:
    """Find all mistakes; returns the graphs of the models that are fine."""
    spec = open_spec(source, diagnostics)
    return check_spec(spec, model=model, hyper=hyper, dims=dims)


def check_spec(
    spec: Spec,
    *,
    model: str | None = None,
    hyper: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
) -> list[Graph]:
    earlier = list(spec.diagnostics.errors)
    if not earlier:
        return _check(spec, model, hyper, dims, Budget(), Common())
    echoes = Echoes(spec.file, earlier)
    rest = Spec(spec.file, spec.scope, spec.project, Diagnostics())
    _check(rest, model, hyper, dims, Budget(), Common())
    for found in rest.diagnostics.items:
        if not echoes.has(found):
            spec.diagnostics.add(found)
    return []


def glance(
    spec: Spec,
    *,
    model: str | None = None,
    hyper: Mapping[str, Any] | None = None,
    dims: Mapping[str, int] | None = None,
) -> list[Graph] | None:
    """The graphs of a spec in which `check_spec` would find nothing, None where it would. Their numbers do not know
    what they were computed from: nothing is to be written from them.

    That a spec is too big, and nothing else, is said at once where that took long: so would finding it again."""
    if spec.diagnostics.items:
        return None
    own = Spec(spec.file, spec.scope, spec.project, Diagnostics())
    budget = Budget()
    graphs = _check(own, model, hyper, dims, budget, Common(glance=True))
    found = own.diagnostics.items
    if not found:
        return graphs
    if not budget.worn or any(each.code != "too-big" for each in found):
        return None
    for each in found:
        spec.diagnostics.add(each)
    return []


def _check(
    spec: Spec,
    model: str | None,
    hyper: Mapping[str, Any] | None,
    dims: Mapping[str, int] | None,
    budget: Budget,
    common: Common,
) -> list[Graph]:
    graphs: list[Graph] = []
    with suppress(Exceeded):  # there are too many mistakes, and they were said
        for item in spec.file.items:
            check_declaration(item, spec)
    wanted = _wanted(spec, model, hyper or {})
    absent: list[set[str]] = []
    for name in wanted:
        if spec.diagnostics.full or budget.spent:
            return graphs
        if len(wanted) > 1:
            absent.append(set())
        graph = _apart(spec, name, hyper, dims, budget, absent[-1] if absent else None, common)
        if graph is not None:
            graphs.append(graph)
    mappings = mappings_of(spec.file, spec.diagnostics)
    if len(graphs) == len(wanted):
        for mapping in mappings if model is None else ():
            check_targets(mapping, graphs, spec.diagnostics)
        _absent(spec, set.intersection(*absent) if absent else set(), hyper or {})
    with suppress(Exceeded):
        check_results(mappings, spec)
        for item in spec.file.items:
            if isinstance(item, (ast.Definition, ast.Function)):
                check_definition(item, spec)
            elif isinstance(item, ast.Weights):
                check_steps(item, spec)
    for item in spec.file.items if not spec.diagnostics.errors else ():  # beside mistakes it would be noise
        if isinstance(item, ast.Definition) and model in (None, item.name.id):
            warn_unused(item, spec.diagnostics)
    return graphs


def _wanted(spec: Spec, model: str | None, hyper: Mapping[str, Any]) -> list[str]:
    """The models that are complete, with these hyperparameters, too; the named one in any case where there are some."""
    if model is not None and hyper:
        return [m.name.id for m in spec.models() if m.name.id == model]
    return [m.name.id for m in spec.complete(hyper) if model in (None, m.name.id)]


def _apart(
    spec: Spec,
    name: str,
    hyper: Mapping[str, Any] | None,
    dims: Mapping[str, int] | None,
    budget: Budget,
    absent: set[str] | None,
    common: Common,
) -> Graph | None:
    """One model, with its own list of mistakes: those of one do not hide another's."""
    own = Diagnostics()
    part = Spec(spec.file, spec.scope, spec.project, own)
    graph = elaborate(part, name, hyper=hyper, dims=dims, budget=budget, absent=absent, common=common)
    for found in own.items:
        spec.diagnostics.add(found)
    return graph


def _absent(spec: Spec, names: set[str], hyper: Mapping[str, Any]) -> None:
    """Of several models, one may lack what another has: a name that none has is a mistake."""
    for name in sorted(names):
        models = spec.models()
        if name in hyper:
            code, kind = "unknown-argument", "hyperparameter"
            known = sorted({p.name.id for m in models for p in m.params or []})
        else:
            code, kind = "unknown-dim", "dim"
            known = []
        close = nearest(name, known)
        hints = [f"did you mean {close}?"] if close else []
        message = f"none of the models has a {kind} {name}"
        spec.diagnostics.add(Diagnostic(code, message, models[0].name.span, hints=hints))
