"""Nodes of expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nndsl.source import Span

if TYPE_CHECKING:
    from nndsl.syntax.ast.statements import Statement


@dataclass(slots=True, eq=False)
class Name:
    span: Span
    id: str


@dataclass(slots=True, eq=False)
class Number:
    """`value` is an int or a float; `text` is how it was written (`1e-3`, `0x10`, `1_000`)."""

    span: Span
    value: int | float
    text: str


@dataclass(slots=True, eq=False)
class Text:
    """A string literal, decoded. `"layer_{i}"` is kept as it stands: interpolation is the elaborator's."""

    span: Span
    value: str


@dataclass(slots=True, eq=False)
class Constant:
    """`true`, `false`, `none`."""

    span: Span
    value: bool | None


@dataclass(slots=True, eq=False)
class Ellipsis_:
    """`...` as an index: `x[..., 0]`."""

    span: Span


@dataclass(slots=True, eq=False)
class Unary:
    """`op` is `-`, `+`, or `not`."""

    span: Span
    op: str
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary:
    """`op` is one of `+ - * / // % @ ** and or == != < <= > >= in`, and `not in`."""

    span: Span
    op: str
    op_span: Span
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Range:
    """`start..stop`, half-open."""

    span: Span
    start: Expr
    stop: Expr


@dataclass(slots=True, eq=False)
class Slice:
    """`start:stop:step` inside an index; each may be missing."""

    span: Span
    start: Expr | None
    stop: Expr | None
    step: Expr | None


@dataclass(slots=True, eq=False)
class Index:
    """`base[items]`; one item is still a list of one."""

    span: Span
    base: Expr
    items: list[Expr]


@dataclass(slots=True, eq=False)
class Attribute:
    """`base.name`: `w.T`, `embed.weight`."""

    span: Span
    base: Expr
    name: Name


@dataclass(slots=True, eq=False)
class Argument:
    """`value` or `name=value` in a call; `*value` when `star`."""

    span: Span
    name: Name | None
    value: Expr
    star: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """`Conv2d(64, 3)`, `Residual { … }`, `Residual(drop=0.1) { … }`: `arguments` is None when there are no
    parentheses; `braces` is the trailing layer argument, else None."""

    span: Span
    callee: Expr
    arguments: list[Argument] | None
    braces: Braces | None = None


@dataclass(slots=True, eq=False)
class Braces:
    """`{ … }`: statements. As a layer argument its last flow is usually point-free; as a branch of `if` its last flow
    is the value."""

    span: Span
    body: list[Statement]


@dataclass(slots=True, eq=False)
class Labelled:
    """`label: expression`. The label is a Name, or a Text (which may interpolate: `"layer_{i}"`)."""

    span: Span
    label: Name | Text
    value: Expr


@dataclass(slots=True, eq=False)
class Star:
    """`*items` inside a list or a tuple: its members, spliced."""

    span: Span
    value: Expr


@dataclass(slots=True, eq=False)
class List:
    """`[a, b: c, *d]`: data, or layers in sequence."""

    span: Span
    items: list[Expr]


@dataclass(slots=True, eq=False)
class Tuple:
    """`(a, b)`, `(a,)`: values side by side, or layers in parallel. Parentheses around one expression leave no node,
    but see `Group`."""

    span: Span
    items: list[Expr]


@dataclass(slots=True, eq=False)
class Group:
    """`(expression)`."""

    span: Span
    value: Expr


@dataclass(slots=True, eq=False)
class Clause:
    """`for names in iterable if condition`: one clause of a comprehension. `i, (a, b)` takes a pair in it apart."""

    span: Span
    names: list[Expr]  # Name, or a Tuple of these
    iterable: Expr
    conditions: list[Expr]


@dataclass(slots=True, eq=False)
class Comprehension:
    """`[element for a in xs if c for b in ys]`."""

    span: Span
    element: Expr
    clauses: list[Clause]


@dataclass(slots=True, eq=False)
class IfExpr:
    """`if condition { … } else { … }` where a value is wanted; `orelse` may be another IfExpr (`else if`)."""

    span: Span
    condition: Expr
    then: Braces
    orelse: Braces | IfExpr | None


@dataclass(slots=True, eq=False)
class Flow:
    """`a -> b -> c`: two or more stages."""

    span: Span
    stages: list[Expr]


Expr = (
    Name | Number | Text | Constant | Ellipsis_ | Unary | Binary | Range | Slice | Index | Attribute | Call |
    Braces | Labelled | Star | List | Tuple | Group | Comprehension | IfExpr | Flow
)  # fmt: skip


def plain_names(targets: Sequence[Expr]) -> list[tuple[Name, int]]:
    """The names in `i, (a, (b, c))`, each with how many brackets stand around it."""
    found: list[tuple[Name, int]] = []
    for target in targets:
        if isinstance(target, Tuple):
            found += [(name, depth + 1) for name, depth in plain_names(target.items)]
        elif isinstance(target, Name):
            found.append((target, 0))
    return found
