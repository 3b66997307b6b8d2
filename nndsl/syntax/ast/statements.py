"""Nodes of statements and of the types in them."""

from __future__ import annotations

from dataclasses import dataclass

from nndsl.source import Span
from nndsl.syntax.ast.expressions import Braces, Expr, Name, Text


@dataclass(slots=True, eq=False)
class AnyDims:
    """`...` in a type: any number of dims. `[B, ..., D]`."""

    span: Span


@dataclass(slots=True, eq=False)
class TensorTypeExpr:
    """`float[N, 3, H, W]`, `[N, C]`, `int[B, T]`, `bool[]`; a dim is an expression, Name("_"), or AnyDims. `dims` is
    None when only a dtype is written (`buffer n: int = 0` is a scalar: dims None)."""

    span: Span
    dtype: Name | None
    dims: list[Expr | AnyDims] | None


@dataclass(slots=True, eq=False)
class ParamTypeExpr:
    """A hyperparameter's type: `int`, `float`, `bool`, `str`, `layer`, `list[int]`, `int?` (optional)."""

    span: Span
    name: Name
    element: ParamTypeExpr | None = None
    optional: bool = False


@dataclass(slots=True, eq=False)
class Input:
    """`input x: float[N, C]`; `optional` for `input mask?: [B, T]`."""

    span: Span
    name: Name
    type: TensorTypeExpr | None
    optional: bool = False
    doc: str = ""


@dataclass(slots=True, eq=False)
class Output:
    """`output y: [N, classes] = flow`; in an `extern` block there is no flow."""

    span: Span
    name: Name
    type: TensorTypeExpr | None
    value: Expr | None
    doc: str = ""


@dataclass(slots=True, eq=False)
class Tensor:
    """`param p: float[1, D] = zeros` (`trained`) or `buffer b: … = expression`."""

    span: Span
    trained: bool
    name: Name
    type: TensorTypeExpr | None
    value: Expr | None
    doc: str = ""


@dataclass(slots=True, eq=False)
class Layer:
    """`layer e = Embedding(V, D)`: one instance; `layer blocks = [Block(…)] * n`: a list of them."""

    span: Span
    name: Name
    value: Expr
    doc: str = ""


@dataclass(slots=True, eq=False)
class Init:
    """`init = xavier_uniform`, `init Conv2d = kaiming_normal(mode="fan_out")`, `init Linear.bias = zeros`: the model-
    wide default for every layer (of one type), of the weight (or of the weight so named)."""

    span: Span
    layer: Name | None
    weight: Name | None
    value: Expr


@dataclass(slots=True, eq=False)
class Assign:
    """`name = expression`, `a, b = expression`, `_` allowed."""

    span: Span
    targets: list[Name]
    value: Expr


@dataclass(slots=True, eq=False)
class If:
    """As a statement: assignments inside are seen outside."""

    span: Span
    condition: Expr
    then: Braces
    orelse: Braces | If | None


@dataclass(slots=True, eq=False)
class For:
    span: Span
    names: list[Expr]  # Name, or a Tuple of these
    iterable: Expr
    body: Braces


@dataclass(slots=True, eq=False)
class Require:
    span: Span
    condition: Expr
    message: Text | None


@dataclass(slots=True, eq=False)
class Express:
    """A flow that stands alone; the last one of a block is its output."""

    span: Span
    value: Expr


Statement = Input | Output | Tensor | Layer | Init | Assign | If | For | Require | Express
