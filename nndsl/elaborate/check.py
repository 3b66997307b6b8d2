"""`check`: every mistake of a file in one run. Models that are complete are elaborated; names and arguments are looked
at everywhere, also in branches that are not taken and in what no model reaches."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate.budget import Budget, Exceeded
from nndsl.elaborate.echoes import Echoes
from nndsl.elaborate.models import Spec, elaborate, open_spec
from nndsl.elaborate.static import check_declaration, check_definition
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
        return _check(spec, model, hyper, dims)
    echoes = Echoes(spec.file, earlier)
    rest = Spec(spec.file, spec.scope, spec.project, Diagnostics())
    _check(rest, model, hyper, dims)
    for found in rest.diagnostics.items:
        if not echoes.has(found):
            spec.diagnostics.add(found)
    return []


def _check(
    spec: Spec, model: str | None, hyper: Mapping[str, Any] | None, dims: Mapping[str, int] | None
) -> list[Graph]:
    graphs: list[Graph] = []
    with suppress(Exceeded):  # there are too many mistakes, and they were said
        for item in spec.file.items:
            check_declaration(item, spec)
    budget = Budget()
    for definition in spec.complete():
        if spec.diagnostics.full or budget.spent:
            return graphs
        if model is not None and definition.name.id != model:
            continue
        graph = _apart(spec, definition.name.id, hyper, dims, budget)
        if graph is not None:
            graphs.append(graph)
    with suppress(Exceeded):
        for item in spec.file.items:
            if isinstance(item, (ast.Definition, ast.Function)):
                check_definition(item, spec)
    for item in spec.file.items if not spec.diagnostics.errors else ():  # beside mistakes it would be noise
        if isinstance(item, ast.Definition) and model in (None, item.name.id):
            warn_unused(item, spec.diagnostics)
    return graphs


def _apart(
    spec: Spec,
    name: str,
    hyper: Mapping[str, Any] | None,
    dims: Mapping[str, int] | None,
    budget: Budget,
) -> Graph | None:
    """One model, with its own list of mistakes: those of one do not hide another's."""
    own = Diagnostics()
    part = Spec(spec.file, spec.scope, spec.project, own)
    graph = elaborate(part, name, hyper=hyper, dims=dims, budget=budget)
    for found in own.items:
        spec.diagnostics.add(found)
    return graph
