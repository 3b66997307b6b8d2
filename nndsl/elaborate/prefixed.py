"""Names behind a module of another framework: `nn.Linear(8)`, `F.relu(x)`, `math.sqrt(2)`. They are taken for what they
are called here, so that what is done with them is checked, too."""

from __future__ import annotations

from typing import Any

from nndsl import ops
from nndsl.diagnostics import Diagnostic, Edit, Fix
from nndsl.elaborate import foreign
from nndsl.elaborate.context import Context
from nndsl.elaborate.scope import MISSING, Scope
from nndsl.elaborate.values import POISON
from nndsl.syntax import ast


def module(node: ast.Attribute, scope: Scope, ctx: Context) -> str | None:
    """`torch` of `torch.nn.Linear`, where nothing here bears that name."""
    root: Any = node
    while isinstance(root, ast.Attribute):
        root = root.base
    if not isinstance(root, ast.Name) or root.id not in foreign.PREFIXES:
        return None
    return root.id if ctx.project.resolve(root.id, scope, root.span) is MISSING else None


def meant(node: ast.Attribute, prefix: str, scope: Scope, ctx: Context) -> Any:
    """What the name stands for without its module, which is told."""
    found = ctx.error("unknown-name", f"there is no module {prefix}", node.span, scope)
    name = counterpart(node.name.id, scope, ctx, node)
    if name is not None and name.isidentifier():
        found.fixes.append(Fix(f"write `{name}`", [Edit(node.span, name)]))
        return ctx.project.resolve(name, scope, node.span)
    found.hints.append(name or "layers and functions stand for themselves: `x -> ReLU`, `x -> Linear(8)`")
    return POISON


def counterpart(name: str, scope: Scope, ctx: Context, node: ast.Attribute) -> str | None:
    """Its name here, or what to do without it."""
    if ctx.project.resolve(name, scope, node.span) is not MISSING:
        return name
    plain = name.replace("_", "").lower()
    alike = [found for found, op in ops.everything().items() if not op.hidden and found.lower() == plain]
    return foreign.layer(name) or (alike[0] if alike else foreign.method(name))


def told(node: ast.Call, ctx: Context) -> Diagnostic | None:
    """What was said of the module that the called name stands behind."""
    if not isinstance(node.callee, ast.Attribute):
        return None
    return next((d for d in ctx.diagnostics.items if d.code == "unknown-name" and d.span == node.callee.span), None)
