"""Through which mapping weights are read: one of the spec, or of a file that it imports, or their names as they are."""

from __future__ import annotations

from collections.abc import Iterator

from nndsl.diagnostics import Diagnostic, Diagnostics, SpecError
from nndsl.elaborate import Spec
from nndsl.elaborate.mappings import mappings_of
from nndsl.elaborate.scope import nearest
from nndsl.fit.entries import Entries, whole_of
from nndsl.ir.graph import Graph
from nndsl.source import Span
from nndsl.syntax import ast
from nndsl.weights.plan import Declared, Plan, plan
from nndsl.weights.stock import Stock

PLACES = 16  # layers that are models of an imported file


def planned(
    graph: Graph, spec: Spec, stock: Stock, mapping: str | None, floating: str, more: Entries | None = None
) -> Plan:
    """How weights fit, by names and shapes. `more`: what the model has besides what its graph knows. Raises SpecError
    for mistakes in mappings of imported files, ValueError for a mapping that there is not."""
    known = declared(graph, spec)
    named = [by for by in known if by.mapping.name == mapping]
    if mapping is not None and not named:
        raise ValueError(_unknown(mapping, list(dict.fromkeys(by.mapping.name for by in known))))
    candidates = named if mapping is not None else [None, *known]
    found = min((plan(graph, stock.path, stock.entries, by, floating, more) for by in candidates), key=_distance)
    if mapping is None and found.fit.fits:  # rules for other files of that kind
        found.fit.found.items = [each for each in found.fit.found.items if each.code != "unused-rule"]
    return found


def _distance(found: Plan) -> tuple[bool, int, bool]:
    """Of plans that are equally far from fitting, one is meant that says something of the file's names."""
    mistakes = len(found.fit.found.errors)
    says = mistakes > 0 or any(move.rule is not None for move in found.moves)
    return not found.fit.fits, found.fit.problems + mistakes, not says


def _unknown(mapping: str, names: list[str]) -> str:
    close = nearest(mapping, names)
    hint = f"did you mean {close}?" if close else f"there is {', '.join(names) or 'none'}"
    return f'there is no mapping "{mapping}" in the spec: {hint}'


def declared(graph: Graph, spec: Spec) -> list[Declared]:
    """The spec's mappings, then those of the files that it imports, for the models of these, too, where they are layers
    of this one. SpecError where a rule cannot be read."""
    found: list[Declared] = []
    for file, scope in spec.project.parsed:
        own = Diagnostics()
        part = Spec(file, scope, spec.project, own)
        mappings = mappings_of(file, own)
        if own.errors:
            raise SpecError(own.in_order() if _is_shown(file, spec) else [_mistaken(file)])
        paths = [""] if file is spec.file or not mappings else ["", *_places(graph, file)]
        found += [Declared(mapping, part, path) for path in paths for mapping in mappings]
    return found


def _is_shown(file: ast.File, spec: Spec) -> bool:
    return file is spec.file or spec.project.shows(file.source.path or "")


def _mistaken(file: ast.File) -> Diagnostic:
    """Of a file outside of the spec's project no text is shown."""
    name = file.source.name
    hint = f"they lie outside of this spec's project, and are not shown here: `nndsl check {name}`"
    return Diagnostic("bad-mapping", f"{name}: its mappings have mistakes", whole_of(name), hints=[hint])


def _places(graph: Graph, file: ast.File) -> list[str]:
    """The paths of layers that are models of another file."""
    models = {item.name.span for item in file.items if isinstance(item, ast.Definition) and item.kind == "model"}
    return [path for path, _ in zip(_paths(graph, models, ""), range(PLACES), strict=False)]


def _paths(graph: Graph, models: set[Span], path: str) -> Iterator[str]:
    for label, node in graph.layers().items():
        if isinstance(node.target, Graph):
            below = f"{path}{label}."
            if node.target.span in models:
                yield below
            else:
                yield from _paths(node.target, models, below)
