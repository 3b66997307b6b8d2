"""The syntax tree. Every node has a `span`; nothing here knows what a name means."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.source import Source, Span

# ---------------------------------------------------------------- expressions


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
    """`for names in iterable if condition`: one clause of a comprehension."""

    span: Span
    names: list[Name]
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

# ---------------------------------------------------------------- types


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


# ---------------------------------------------------------------- statements


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
    """`layer e = Embedding(V, D)`: one instance. The name may be a Text that interpolates: `layer "block_{i}" = …`?
    No: a Name only; lists of instances are `layer blocks = [Block(…)] * n`."""

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
    names: list[Name]
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

# ---------------------------------------------------------------- items


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
    """`"theirs" -> "ours"` in `weights from`; the value may be an expression (`fuse(…)`, `split(…)`,
    `transpose(…)`)."""

    span: Span
    source: Expr
    target: Expr
    doc: str = ""


@dataclass(slots=True, eq=False)
class Weights:
    """`weights from "…" { … }`: parsed, kept and formatted."""

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
