"""Costs beside the numbers, in the model's hyperparameters and open dims: `12·T·d² + 2·T²·d`.

A formula is shown if it holds. What a model tells in letters (`cost/letters.py`) is compared with the same model built
once more, all letters twice as large; those that do not hold there, as the side of a patch which decides how many
tokens there are, stay numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nndsl.backends.summary.data import Formulas, Row, Summary
from nndsl.backends.summary.training import Training
from nndsl.backends.summary.walk import walk
from nndsl.cost.letters import Letters, Said, Spelled
from nndsl.elaborate.models import Variant
from nndsl.ir.cost import Costs, batch_symbol
from nndsl.ir.graph import Graph, Node
from nndsl.ops.schema import Op
from nndsl.shapes import DimTooLarge, Facts

LARGEST = 1 << 40


def tell(summary: Summary, variants: Sequence[Variant], dtype: str) -> None:
    """Gives a summary its formulas, where there are any; of the first variant that can be built."""
    variant, graph = next(((each, made) for each in variants if (made := each({})) is not None), (None, None))
    if variant is None or graph is None:
        return
    try:
        letters = Letters(graph)
        said = letters.said(_broken(letters, variant))
        whole = letters.total(said)
    except DimTooLarge:
        return
    summary.formulas = Formulas(whole.macs, whole.flops, _facts(graph), batch_symbol(graph))
    _rows(summary, letters, said)
    fixed = len(variants) > 1 and variant is variants[0]
    open_ = Training(graph, letters.costs, 1, dtype, None, "sgd").totals() if fixed else None
    _training(summary.formulas, _training_of(summary) if open_ is None else open_)


def _training_of(summary: Summary) -> dict[str, Any]:
    return {name: getattr(summary, name) for name in ("training_macs", "training_flops", "saved", "unknown_saved")}


def _training(formulas: Formulas, totals: Mapping[str, Any]) -> None:
    """In open dims alone."""
    formulas.training_macs, formulas.training_flops = totals["training_macs"], totals["training_flops"]
    formulas.saved = None if totals["unknown_saved"] else totals["saved"]


def _broken(letters: Letters, variant: Variant) -> set[str]:
    """The letters that do not hold for other values."""
    names = letters.names()
    if not names or _holds(letters, names, variant):
        return set()
    alone = {name for name in names if _holds(letters, {name: names[name]}, variant)}
    together = {name: names[name] for name in alone}
    return set(names) - alone if _holds(letters, together, variant) else set(names)


def _holds(letters: Letters, names: Mapping[str, int], variant: Variant) -> bool:
    doubled = {name: 2 * value for name, value in names.items()}
    graph = variant(doubled) if all(value < LARGEST for value in names.values()) else None
    if graph is None:
        return False
    others = letters.said(letters.names().keys() - names.keys())
    told, found = letters.total(others).substituted(dict(doubled)), Costs(graph).of(graph)
    facts, those = _facts(letters.root), _facts(graph)
    pairs = ((told.macs, found.macs), (told.flops, found.flops))
    return all(facts.spelled(here) == those.spelled(there) for here, there in pairs)


def _facts(graph: Graph) -> Facts:
    return graph.facts if graph.facts is not None else Facts()


# ---------------------------------------------------------------- rows


def _rows(summary: Summary, letters: Letters, said: Said) -> None:
    """Rows that are shown several times are told as they stand first."""
    homes: dict[str, tuple[Graph, Said]] = {"": (letters.root, said)}
    nodes: dict[int, dict[str, Node]] = {}
    told: set[int] = set()
    for step in walk(summary):
        row = step.row
        if id(row) in told or step.prefix not in homes:
            continue
        told.add(id(row))
        graph, words = homes[step.prefix]
        if id(graph) not in nodes:
            nodes[id(graph)] = {_key(node): node for node in reversed(graph.nodes)}
        node = nodes[id(graph)].get(f"{row.name} {row.type}")
        if node is None:
            continue
        try:
            _tell(row, letters.of(node, graph, words))
            if step.open and isinstance(node.target, Graph):
                homes[f"{step.prefix}{row.name}."] = node.target, letters.inside(node, graph, words)
        except DimTooLarge:
            continue


def _key(node: Node) -> str:
    if isinstance(node.target, Op):
        return f"{node.label} {node.target.heading}"
    return f"{node.label} {'' if node.target.kind == 'sequence' else node.target.name}"


def _tell(row: Row, told: Spelled) -> None:
    row.macs_formula = None if row.macs is None else told.macs
    row.flops_formula = None if row.flops is None else told.flops
