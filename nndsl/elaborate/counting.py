"""How many tensors the layers of a mapping give, as far as their arguments say it: before there is a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nndsl.diagnostics import Diagnostics, Label
from nndsl.elaborate.context import Context
from nndsl.elaborate.evaluation import evaluate
from nndsl.elaborate.mappings import Mapping, Rule
from nndsl.elaborate.models import Spec
from nndsl.elaborate.scope import Scope
from nndsl.elaborate.values import BlockLayer, Chain, Labelled, OpLayer, Stage
from nndsl.shapes.origins import plain
from nndsl.syntax import ast


def check_results(mappings: Sequence[Mapping], spec: Spec) -> None:
    """The layers of each rule give as many tensors as are named on its right."""
    for mapping in mappings:
        for rule in mapping.rules:
            if rule.steps and rule.spread is None:
                _check(rule, spec)


def _check(rule: Rule, spec: Spec) -> None:
    step = rule.steps[-1]
    found = evaluate(step, Scope(spec.scope), Context(spec.project, Diagnostics()))  # its own mistakes are told already
    count, named = _count(found), len(rule.targets)
    if count is None or count == named:
        return
    message = f"this gives {tensors(count)}, and the rule names {tensors(named)}"
    diagnostic = spec.diagnostics.error("bad-mapping", message, step.span)
    span = rule.targets[0].span.to(rule.targets[-1].span)
    diagnostic.labels.append(Label(span, tensors(named)))
    if count > named:
        diagnostic.hints.append('each of them has a name of its own: `-> ("a", "b")`, in their order')
    else:
        diagnostic.hints.append(f"`Chunk({named})` gives {named} of one size, `Split` those of a list of sizes")


def tensors(count: int) -> str:
    """In words."""
    return "one tensor" if count == 1 else f"{count:,} tensors"


def _count(value: Any) -> int | None:
    """None where it depends on the shapes."""
    if isinstance(value, (Labelled, Stage)):
        return _count(value.value)
    if isinstance(value, Chain):
        return _count(value.stages[-1])
    if isinstance(value, list):  # one after another
        return _count(value[-1]) if value else None
    if isinstance(value, tuple):  # side by side
        counts = [_count(each) for each in value]
        return sum(each or 0 for each in counts) if all(each is not None for each in counts) else None
    if isinstance(value, OpLayer):
        return _of_operator(value)
    if isinstance(value, BlockLayer):
        return _of_block(value.definition)
    return None


def _of_operator(layer: OpLayer) -> int | None:
    if not layer.op.outputs[0].startswith("*"):
        return 1 if len(layer.op.outputs) == 1 else None
    from nndsl.ops.cutting import Pieces

    given = {name: plain(each.value) for name, each in layer.given.items()}
    return layer.op.counted(given) if issubclass(layer.op, Pieces) else None


def _of_block(definition: ast.Definition | ast.Extern) -> int | None:
    """A body's outputs, where none depends on a condition."""
    body = definition.body
    statements = body.body if isinstance(body, ast.Braces) else []
    outputs = sum(isinstance(statement, ast.Output) for statement in statements)
    return None if any(isinstance(each, (ast.If, ast.For)) for each in statements) else outputs or None
