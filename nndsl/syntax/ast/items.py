"""Nodes of items, and the file that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.source import Source, Span
from nndsl.syntax.ast.expressions import Braces, Expr, Name, Text
from nndsl.syntax.ast.statements import ParamTypeExpr


@dataclass(slots=True, eq=False)
class Param:
    """A declared hyperparameter: `channels: int`, `act: layer = ReLU`."""

    span: Span
    name: Name
    type: ParamTypeExpr | None
    default: Expr | None


@dataclass(slots=True, eq=False)
class Import:
    """`import "path.nn"`, or with `names`: `from "path.nn" import A, B`. `import "x.nn"` brings every item of the
    file."""

    span: Span
    path: Text
    names: list[Name] | None
    doc: str = ""


@dataclass(slots=True, eq=False)
class Definition:
    """`block`/`model`. Exactly one of `body` (braces) and `flow` (`= flow`) is set. `params` is None without
    parentheses."""

    span: Span
    kind: str  # "block" | "model"
    name: Name
    params: list[Param] | None
    body: Braces | None
    flow: Expr | None
    doc: str = ""


@dataclass(slots=True, eq=False)
class Extern:
    """`extern block F(k: int) = "package.module:Class" { input … output … }`."""

    span: Span
    name: Name
    params: list[Param] | None
    target: Text
    body: Braces
    doc: str = ""


@dataclass(slots=True, eq=False)
class Function:
    """`fn name(x, y) = expression`; parameters may have types and defaults."""

    span: Span
    name: Name
    params: list[Param]
    value: Expr
    doc: str = ""


@dataclass(slots=True, eq=False)
class Setting:
    """`name = expression` inside `train`, a `step` or `search`: also `optimizer.lr in log(1e-5, 1e-2)` (op `in`)."""

    span: Span
    path: list[Name]
    op: str  # "=" | "in"
    value: Expr
    doc: str = ""


@dataclass(slots=True, eq=False)
class Section:
    """`search { … }`, `step discriminator { … }` inside `train`."""

    span: Span
    kind: Name
    name: Name | None
    body: list[Setting | Section]
    doc: str = ""


@dataclass(slots=True, eq=False)
class Train:
    """`train NAME { … }`: parsed, kept and formatted; typed when training is built."""

    span: Span
    name: Name
    body: list[Setting | Section]
    doc: str = ""


@dataclass(slots=True, eq=False)
class Mapping:
    """`"theirs" -> "ours"` in `weights from`: names of tensors, perhaps layers, names again. Two stages or more."""

    span: Span
    stages: list[Expr]
    doc: str = ""


@dataclass(slots=True, eq=False)
class Weights:
    """`weights from "…" { … }`: how names of a foreign file become the model's."""

    span: Span
    origin: Text
    body: list[Mapping]
    doc: str = ""


Item = Import | Definition | Extern | Function | Train | Weights


@dataclass(slots=True, eq=False)
class Comment:
    """`# text`, `own_line` when nothing stands before it on its line."""

    span: Span
    own_line: bool


@dataclass(slots=True, eq=False)
class File:
    source: Source
    items: list[Item] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    doc: str = ""
