"""How an argument was written, when it is arithmetic on the block's hyperparameters and dims: `4 * channels`.

The PyTorch backend turns these into constructor arguments, so the generated class reads like the spec."""

from __future__ import annotations

from nndsl.elaborate.scope import Scope
from nndsl.syntax import ast

_LEVEL = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2}


def text_of(node: ast.Expr, scope: Scope) -> str:
    """The spelling in Python's syntax, or "" when it is anything else, or mentions no hyperparameter."""
    if isinstance(node, ast.Number) or scope.builder is None:
        return ""
    found = _spell(node, scope)
    return found[0] if found is not None and found[2] else ""


def _spell(node: ast.Expr, scope: Scope) -> tuple[str, int, bool] | None:
    """(text, precedence, mentions a name)."""
    if isinstance(node, ast.Name):
        return (node.id, 9, True) if scope.is_hyper(node.id) else None
    if isinstance(node, ast.Number) and isinstance(node.value, int):
        return (str(node.value), 9, False)
    if isinstance(node, ast.Group):
        return _spell(node.value, scope)
    if not isinstance(node, ast.Binary) or node.op not in _LEVEL:
        return None
    left, right = _spell(node.left, scope), _spell(node.right, scope)
    if left is None or right is None:
        return None
    level = _LEVEL[node.op]
    before = f"({left[0]})" if left[1] < level else left[0]
    after = f"({right[0]})" if right[1] <= level else right[0]
    return (f"{before} {node.op} {after}", level, left[2] or right[2])
