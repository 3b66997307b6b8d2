"""Reductions: many values along some dims become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.arithmetic import cast_to, scalar
from nndsl.ops.costing import BOTH, INPUT, NOTHING
from nndsl.ops.families import REDUCTION
from nndsl.ops.kinds import Ints
from nndsl.ops.lowering import reduce
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Dim, Size, TensorType, is_floating, product, smax

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Reduction(Op, family=REDUCTION, abstract=True):
    """`x.<function>(dim, keepdim)`; all dims when none is given."""

    function: ClassVar[str]
    node: ClassVar[str]
    work: ClassVar[int] = 1  # operations for each value that goes in

    dim: Ints | None
    keepdim: bool

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.examples and "name" in cls.__dict__:
            cls.examples = [
                f"[2, 3, 4] -> {cls.name}(1) -> [2, 4]",
                f"[N, 3, T] -> {cls.name}(dim=-2, keepdim=true) -> [N, 1, T]",
                f"[2, 3, 4] -> {cls.name} -> []",
            ]

    def axes(self, rank: int) -> list[int]:
        return list(range(rank)) if self.dim is None else sorted(d % rank for d in self.dim)

    def check(self, say: Say) -> bool:
        """Of no dims at all, some of PyTorch's functions reduce every dim, some none, and some fail."""
        if self.dim != ():
            return True
        say.error("no dim is named", at="dim", help="leave `dim` out to reduce all dims")
        return False

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if not self.takes(x, say):
            return None
        axes = [say.axis(d, x.rank) for d in self.dim or ()]
        if None in axes:
            return None
        if len(set(axes)) < len(axes):
            say.error("each dim can be reduced once", at="dim")
            return None
        return TensorType(self.gives(x), self._kept(x))

    def _kept(self, x: TensorType) -> tuple[Size, ...]:
        axes = self.axes(x.rank)
        if self.keepdim:
            return tuple(1 if i in axes else s for i, s in enumerate(x.shape))
        return tuple(s for i, s in enumerate(x.shape) if i not in axes)

    def takes(self, x: TensorType, say: Say) -> bool:
        return say.floating(x)

    def gives(self, x: TensorType) -> str:
        return x.dtype

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return same_along(x, self.work)

    def options(self) -> dict[str, Any]:
        dim = {} if self.dim is None else {"dim": self.dim[0] if len(self.dim) == 1 else self.dim}
        return dim | self.given("keepdim")

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        options = self.options()
        if self.dim is None and self.keepdim and x.rank:
            options = {"dim": tuple(range(x.rank))} | options  # PyTorch keeps dims only of those it is told
        return t.method(x, self.function, **options)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.reduced(g, self.node, x, x.rank)

    def reduced(self, g: OnnxBuilder, node: str, x: OnnxValue, rank: int, keepdim: bool | None = None) -> Any:
        axes = self.axes(rank)
        return reduce(g, node, x, axes, self.keepdim if keepdim is None else keepdim) if axes else x

    def count(self, x: Any) -> Size:
        """How many values become one."""
        return product(x.shape[i] for i in self.axes(x.rank))

    def detail(self) -> str:
        return "" if self.dim is None else "dim " + ", ".join(map(str, self.dim))


class Mean(Reduction):
    """The mean: [*, D, *] -> [*, *] (torch.mean)."""

    kept = NOTHING
    function, node = "mean", "ReduceMean"
    dim: Ints | None = param(None, doc="the dims; all when not given")
    keepdim: bool = param(False, doc="keep them, of size 1")

    examples = [
        "[N, C, H, W] -> Mean([2, 3]) -> [N, C]",
        "[N, T, 8] -> Mean(dim=1, keepdim=true) -> [N, 1, 8]",
        "[2, 3] -> Mean -> []",
        "[2, 3] -> Mean(keepdim=true) -> [1, 1]",
        "[] -> Mean -> []",
    ]


class Sum(Mean):
    """The sum; of whole numbers and bool it is int: [*, D, *] -> [*, *] (torch.sum)."""

    function, node = "sum", "ReduceSum"
    examples = [
        "[N, C, H, W] -> Sum([2, 3]) -> [N, C]",
        "bool[N, T] -> Sum(dim=1, keepdim=true) -> int[N, 1]",
        "int32[2, 3] -> Sum -> int[]",
        "[2, 3] -> Sum(keepdim=true) -> [1, 1]",
    ]

    def takes(self, x: TensorType, say: Say) -> bool:
        return True

    def gives(self, x: TensorType) -> str:
        return x.dtype if is_floating(x.dtype) else "int64"

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.reduced(g, self.node, cast_to(g, x, self.gives(x.type)), x.rank)


class Prod(Sum):
    """The product: [*, D, *] -> [*, *] (torch.prod)."""

    kept = BOTH
    function, node = "prod", "ReduceProd"
    examples = [
        "[N, 3] -> Prod(1) -> [N]",
        "int[N, T] -> Prod(dim=1, keepdim=true) -> int[N, 1]",
        "[2, 3] -> Prod -> []",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if self.dim is None or len(self.dim) == 1:
            return super().shape(x, say)
        say.error("Prod takes one dim, or all of them", at="dim")
        return None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        if self.dim is not None or not self.keepdim:
            return t.method(x, "prod", **self.options())
        return t.method(t.method(x, "prod"), "reshape", *[1] * x.rank)


class Max(Mean):
    """The largest value (where it stands: `ArgMax`): [*, D, *] -> [*, *] (torch.amax)."""

    kept = BOTH
    function, node = "amax", "ReduceMax"
    examples = [
        "[N, C, H, W] -> Max([2, 3]) -> [N, C]",
        "int[N, T] -> Max(dim=1, keepdim=true) -> int[N, 1]",
        "[2, 3] -> Max -> []",
    ]

    def takes(self, x: TensorType, say: Say) -> bool:
        if x.dtype != "bool":
            return True
        say.error(f"{self.name} takes numbers, and this is bool", code="dtype-mismatch", at=0, help="`Any` or `All`")
        return False


class Min(Max):
    """The smallest value (where it stands: `ArgMin`): [*, D, *] -> [*, *] (torch.amin)."""

    function, node = "amin", "ReduceMin"
    examples = [e.replace("Max", "Min") for e in Max.examples]


class AMax(Max):
    """The largest value, as `Max`: [*, D, *] -> [*, *] (torch.amax)."""

    examples = [e.replace("Max", "AMax") for e in Max.examples]


class AMin(Min):
    """The smallest value, as `Min`: [*, D, *] -> [*, *] (torch.amin)."""

    examples = [e.replace("Max", "AMin") for e in Max.examples]


class Var(Reduction):
    """The variance: [*, D, *] -> [*, *] (torch.var)."""

    kept = INPUT
    function, work = "var", 4
    dim: Ints | None = param(None, doc="the dims; all when not given")
    correction: int = param(
        1, doc="taken from the number of values: 1 for a sample, 0 for all there are", min=0, keyword=True
    )
    keepdim: bool = param(False, doc="keep them, of size 1", keyword=True)

    examples = [
        "[N, C, 4, 5] -> Var([2, 3]) -> [N, C]",
        "[2, T, 8] -> Var(dim=-1, correction=0, keepdim=true) -> [2, T, 1]",
        "[N, 3] -> Var -> []",
        "[5, T] -> Var(1) -> [5]",
    ]

    def options(self) -> dict[str, Any]:
        return super().options() | self.given("correction")

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, self.function, **self.options())

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        axes = self.axes(x.rank)
        away = g.op("Sub", x, reduce(g, "ReduceMean", x, axes))
        squares = g.op("Mul", away, away)
        if not self.correction:
            return self.reduced(g, "ReduceMean", squares, x.rank)
        count = self.count(x)
        less = smax(count - self.correction, 0) if isinstance(count, Dim) else float(max(count - self.correction, 0))
        return g.op("Div", self.reduced(g, "ReduceSum", squares, x.rank), scalar(g, less, x.dtype))


class Std(Var):
    """The standard deviation: [*, D, *] -> [*, *] (torch.std)."""

    kept = BOTH
    function = "std"
    examples = [e.replace("Var", "Std") for e in Var.examples]

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Sqrt", super().onnx(g, x))


class LogSumExp(Mean):
    """log(sum(exp(x))), without overflow: [*, D, *] -> [*, *] (torch.logsumexp)."""

    kept = BOTH
    function, node, work = "logsumexp", "ReduceLogSumExp", 3
    examples = [
        "[2, 3, 4] -> LogSumExp(1) -> [2, 4]",
        "[N, 3, T] -> LogSumExp(dim=[0, -2], keepdim=true) -> [1, 1, T]",
        "[2, N] -> LogSumExp -> []",
    ]

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        """PyTorch's wants its dims told."""
        dim = tuple(self.axes(x.rank)) if self.dim is None else self.options()["dim"]
        return t.method(x, "logsumexp", dim=dim, **self.given("keepdim"))


class Norm(Reduction):
    """The vector norm: [*, D, *] -> [*, *] (torch.linalg.vector_norm)."""

    kept = BOTH
    work = 2
    p: float = param(2, doc="which norm; inf: the largest absolute value")
    dim: Ints | None = param(None, doc="the dims; all when not given")
    keepdim: bool = param(False, doc="keep them, of size 1")

    examples = [
        "[2, 3, 4] -> Norm(dim=1) -> [2, 4]",
        "[N, 3, T] -> Norm(1, dim=[0, 2], keepdim=true) -> [1, 3, 1]",
        "[N, 3] -> Norm(inf, 1) -> [N]",
        "[N, 3] -> Norm(p=3, dim=-1) -> [N]",
        "[N, 3] -> Norm -> []",
    ]

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        given = {"ord": int(self.p) if self.p.is_integer() else self.p} if self.p != 2 else {}
        return t.call("torch.linalg.vector_norm", x, **given, **self.options())

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return p_norm(g, x, self.p, lambda node, y: self.reduced(g, node, y, x.rank), x.dtype)


def p_norm(g: OnnxBuilder, x: OnnxValue, p: float, reduced: Any, dtype: str) -> Any:
    """`reduced(node, y)` reduces along the dims in question."""
    if p in (1.0, 2.0):
        return reduced(f"ReduceL{int(p)}", x)
    size = g.op("Abs", x)
    if p in (float("inf"), -float("inf")):
        return reduced("ReduceMax" if p > 0 else "ReduceMin", size)
    if p == 0:
        return reduced("ReduceSum", g.op("Sign", size))
    return g.op("Pow", reduced("ReduceSum", g.op("Pow", size, g.const(p, dtype))), g.const(1 / p, dtype))


class All(Mean):
    """Are all true? bool[*, D, *] -> bool[*, *] (torch.all)."""

    kept = NOTHING
    function, node = "all", "ReduceMin"
    examples = [
        "bool[2, 3, 4] -> All(1) -> bool[2, 4]",
        "bool[N, 3, T] -> All(dim=[0, -2], keepdim=true) -> bool[1, 1, T]",
        "bool[2, N] -> All -> bool[]",
    ]

    def takes(self, x: TensorType, say: Say) -> bool:
        return say.boolean(x)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.cast(self.reduced(g, self.node, g.cast(x, "int32"), x.rank), "bool")


class Any_(All, name="Any"):
    """Is any true? bool[*, D, *] -> bool[*, *] (torch.any)."""

    function, node = "any", "ReduceMax"
    examples = [e.replace("All", "Any") for e in All.examples]
