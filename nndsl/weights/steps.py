"""Layers between names: each rule is a small model of its own, elaborated for the shapes at hand and run by PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nndsl.diagnostics import Diagnostics, Label
from nndsl.elaborate import Spec, elaborate
from nndsl.elaborate.counting import tensors
from nndsl.elaborate.mappings import Rule
from nndsl.elaborate.scope import Scope
from nndsl.fit.entries import Entry, kind_of
from nndsl.ir.graph import Graph
from nndsl.shapes import FLOATING, INTEGRAL
from nndsl.source import Span
from nndsl.syntax import ast

NAME = "Mapping"
KINDS = FLOATING | INTEGRAL | {"bool"}


@dataclass(slots=True)
class Steps:
    """What a rule does with tensors of certain shapes. `results`: what it gives."""

    graph: Graph
    results: list[Entry]
    module: Any = None

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        import torch

        if self.module is None:
            from nndsl.backends.torch import module

            self.module = module(self.graph).eval()
        with torch.no_grad():
            found = self.module(*tensors)
        return list(found) if isinstance(found, tuple) else [found]


def steps_of(
    rule: Rule, given: Sequence[Entry], spec: Spec, hyper: Mapping[str, Any], diagnostics: Diagnostics
) -> Steps | None:
    """None where the shapes do not go through; that is told at the layer that refuses them. `hyper`: the model's
    hyperparameters, which the layers' arguments may name."""
    odd = next((e for e in given if 0 in e.shape or e.dtype not in KINDS), None)
    if odd is not None:
        message = f"{odd} goes through no layer: it is empty, or of a kind that the language does not have"
        diagnostics.error("bad-mapping", message, rule.span)
        return None
    own = Diagnostics()
    scope = Scope(spec.scope)
    scope.names.update({name: value for name, value in hyper.items() if not isinstance(value, str)})  # layers are texts
    part = Spec(ast.File(spec.file.source, [_model(rule, given)]), scope, spec.project, own)
    graph = elaborate(part, NAME)
    for found in own.errors:
        if len(rule.sources) == len(given):
            found.labels += [Label(p.span, f"{e}") for p, e in zip(rule.sources, given, strict=True)]
        diagnostics.add(found)
    if graph is None or not _pure(graph, rule, diagnostics):
        return None
    if rule.spread is None and len(graph.outputs) != len(rule.targets):
        message = f"this gives {tensors(len(graph.outputs))}, and the rule names {tensors(len(rule.targets))}"
        diagnostics.error("bad-mapping", message, rule.span)
        return None
    kinds = {kind_of(entry.dtype): entry.dtype for entry in given}
    return Steps(graph, [_entry(port.value.type, kinds) for port in graph.outputs])


def _pure(graph: Graph, rule: Rule, diagnostics: Diagnostics) -> bool:
    nodes = [node for each in graph.graphs() for node in each.nodes if not node.is_call]
    if all(node.op.weighed for node in nodes) and not any(True for _ in graph.weights()):
        return True
    diagnostics.error("bad-mapping", "layers between names have no weights, and are not written in Python", rule.span)
    return False


def _entry(type_: Any, kinds: dict[str, str]) -> Entry:
    """Floats keep their precision: the model's `float` is here that of the file."""
    dtype = kinds.get("float", "float32") if type_.dtype == "float" else type_.dtype
    return Entry(cast("tuple[int, ...]", tuple(type_.shape)), dtype)


def _model(rule: Rule, given: Sequence[Entry]) -> ast.Definition:
    """`input x0: float[…]  output y0, … = (x0, …) -> step -> …`, at the places of the rule's own text."""
    names = [ast.Name(span, f"x{n}") for n, span in enumerate(_spans(rule, len(given)))]
    body: list[ast.Statement] = [
        ast.Input(name.span, name, _type(entry, name.span)) for name, entry in zip(names, given, strict=True)
    ]
    alone = len(names) == 1 and not rule.gathered
    start: ast.Expr = names[0] if alone else ast.Tuple(names[0].span.to(names[-1].span), list(names))
    body.append(ast.Express(rule.span, ast.Flow(rule.span, [start, *rule.steps])))
    return ast.Definition(rule.span, "model", ast.Name(rule.span, NAME), None, ast.Braces(rule.span, body), None)


def _spans(rule: Rule, count: int) -> list[Span]:
    return [rule.sources[min(n, len(rule.sources) - 1)].span for n in range(count)]


def _type(entry: Entry, span: Span) -> ast.TensorTypeExpr:
    dtype = "float" if kind_of(entry.dtype) == "float" else entry.dtype
    return ast.TensorTypeExpr(span, ast.Name(span, dtype), [ast.Number(span, n, str(n)) for n in entry.shape])
