"""How a spec wrote a parameter (`4 * channels`), as Python over a class's arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nndsl.backends.torch.pieces import Number

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_LARGEST = 1 << 64


@dataclass(frozen=True, slots=True)
class Formula:
    text: str
    names: tuple[str, ...]


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    if len(text) > 200:
        return None
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def formula(text: str, names: Mapping[str, str]) -> Formula | None:
    """`names`: what the spec's names are called in the class. None for what is more than arithmetic on
    them."""
    tree = _parsed(text)
    if tree is None or not all(_allowed(node, names) for node in ast.walk(tree)):
        return None
    used = tuple(dict.fromkeys(names[n.id] for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names))
    return Formula(ast.unparse(_renamed(tree, names)), used) if used else None


def _allowed(node: ast.AST, names: Mapping[str, str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, _OPERATORS)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub)
    return isinstance(node, (ast.operator, ast.unaryop, ast.expr_context))


def _renamed(tree: ast.expr, names: Mapping[str, str]) -> ast.expr:
    class Renamer(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            return ast.Name(names[node.id], node.ctx)

    return Renamer().visit(ast.parse(ast.unparse(tree), mode="eval").body)  # type: ignore[no-any-return]


def evaluated(found: Formula, values: Mapping[str, Sequence[Number]], count: int) -> tuple[Number, ...] | None:
    """The formula's value in each of `count` instances."""
    tree = _parsed(found.text)
    assert tree is not None
    results: list[Number] = []
    for i in range(count):
        value = _value(tree, {name: values[name][i] for name in found.names})
        if value is None:
            return None
        results.append(value)
    return tuple(results)


def _value(tree: ast.expr, at: Mapping[str, Number]) -> Number | None:
    if isinstance(tree, ast.Name):
        return at[tree.id]
    if isinstance(tree, ast.Constant):
        return tree.value  # type: ignore[return-value]
    if isinstance(tree, ast.UnaryOp):
        operand = _value(tree.operand, at)
        return None if operand is None else -operand
    assert isinstance(tree, ast.BinOp)
    left, right = _value(tree.left, at), _value(tree.right, at)
    if left is None or right is None or max(abs(left), abs(right)) > _LARGEST:
        return None
    return _applied(tree.op, left, right)


def _applied(operator: ast.operator, a: Number, b: Number) -> Number | None:
    if isinstance(operator, ast.Add):
        return a + b
    if isinstance(operator, ast.Sub):
        return a - b
    if isinstance(operator, ast.Mult):
        return a * b
    if isinstance(operator, ast.Pow):
        result = a**b if abs(b) <= 16 else None
        return result if isinstance(result, (int, float)) else None
    if b == 0:
        return None
    if isinstance(operator, ast.Div):
        return a / b
    return a // b if isinstance(operator, ast.FloorDiv) else a % b


def simple(names: Sequence[str], values: Mapping[str, Sequence[Number]]) -> Iterator[Formula]:
    """Small formulas over whole numbers, for sizes that no text explains: a quotient, a product, a sum."""
    whole = [n for n in names if all(isinstance(v, int) and not isinstance(v, bool) for v in values[n])]
    for a in whole:
        for k in (2, 3, 4, 8):
            yield Formula(f"{k} * {a}", (a,))
            yield Formula(f"{a} // {k}", (a,))
    for a in whole:
        for b in whole:
            if a != b:
                yield Formula(f"{a} // {b}", (a, b))
                if a < b:
                    yield Formula(f"{a} * {b}", (a, b))
                    yield Formula(f"{a} + {b}", (a, b))
