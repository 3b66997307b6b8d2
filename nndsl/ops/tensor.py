"""What stands behind `param`, `buffer`, `embed.weight`, `if training` and `extern`, and conversions of a tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.costing import NOTHING
from nndsl.ops.domain import Domain, indices
from nndsl.ops.families import SHAPE, TENSOR
from nndsl.ops.initializers import Initializer
from nndsl.ops.kinds import DType, Sizes
from nndsl.ops.schema import Op, Weight, param
from nndsl.shapes import Size, TensorType, is_floating

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Parameter(Op, family=TENSOR):
    """A trained tensor of the model itself: `param p: float[1, D] = zeros` (torch.nn.Parameter)."""

    kept = NOTHING
    inputs = ()
    hidden = True

    sizes: Sizes = param(doc="its shape")
    dtype: DType = param("float", doc="its type")
    init: Initializer | None = param(None, doc="how it is initialised")

    def check(self, say: Say) -> bool:
        if is_floating(self.dtype):
            return True
        help = "declare it with `buffer`, or as `float[…]`"
        say.error(
            f"a param is trained, so it is floating-point, not {self.dtype}",
            code="dtype-mismatch",
            at="dtype",
            help=help,
        )
        return False

    def shape(self, say: Say) -> TensorType | None:
        for size in self.sizes:
            if say.known(size, "every size of a parameter", at="sizes") is None:
                return None
        return TensorType(self.dtype, self.sizes)

    def weights(self) -> list[Weight]:
        return [Weight("", self.sizes, "parameter", self.dtype, self.init)]

    def flops(self, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter) -> Text:
        return t.parameter("", self.sizes, self.init, **_unless_float(self.dtype))

    def onnx(self, g: OnnxBuilder) -> Any:
        return g.weight("")


class Buffer(Op, family=TENSOR):
    """A constant tensor of the model itself: `buffer b: float[D] = expression` (torch.nn.Module.register_buffer)."""

    kept = NOTHING
    inputs = ()
    hidden = True

    sizes: Sizes = param(doc="its shape")
    dtype: DType = param("float", doc="its type")
    value: Any = param(None, doc="an initialiser, or a graph without inputs that computes it")
    fillers = ("value",)

    def shape(self, say: Say) -> TensorType | None:
        for size in self.sizes:
            if say.known(size, "every size of a buffer", at="sizes") is None:
                return None
        return TensorType(self.dtype, self.sizes)

    def weights(self) -> list[Weight]:
        return [Weight("", self.sizes, "buffer", self.dtype, self.value)]

    def flops(self, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter) -> Text:
        return t.parameter("", self.sizes, self.value, trained=False, **_unless_float(self.dtype))

    def onnx(self, g: OnnxBuilder) -> Any:
        return g.weight("")


def _unless_float(dtype: str) -> dict[str, Any]:
    return {} if dtype == "float" else {"dtype": dtype}


class WeightOf(Op, family=TENSOR):
    """A layer's own weight as a tensor: `embed.weight`. Its node bears the layer's label: both are one layer."""

    kept = NOTHING
    inputs = ()
    hidden = True

    owner: Any = param(doc="the operator that owns it")
    types: Any = param(doc="the types of the owner's inputs")
    weight: Any = param(doc="the weight's name")

    def found(self) -> Weight | None:
        return next((w for w in self.weights() if w.name == self.weight), None)

    def shape(self, say: Say) -> TensorType | None:
        found = self.found()
        if found is not None:
            return TensorType(found.dtype, tuple(found.shape))
        names = ", ".join(w.name for w in self.weights())
        has = f"it has {names}" if names else "it has none"
        say.error(f"{self.owner.name} has no weight named {self.weight}: {has}", code="unknown-name", at="weight")
        return None

    def weights(self) -> list[Weight]:
        made: list[Weight] = self.owner.weights(*self.types)
        return made

    def flops(self, y: TensorType) -> Size:
        return 0

    def module(self, t: TorchWriter) -> Text | None:
        made: Text | None = self.owner.module(t, *[None if x is None else _operand(x) for x in self.types])
        return made

    def torch(self, t: TorchWriter) -> Text:
        return t.attribute(t.me(), self.weight)

    def onnx(self, g: OnnxBuilder) -> Any:
        return g.weight(self.weight)

    def key(self) -> tuple[Any, ...]:
        return (self.name, self.owner.key(), tuple(self.types), self.weight)

    def spell(self) -> str:
        return f"{self.owner.spell()}.{self.weight}"

    @property
    def heading(self) -> str:
        return f"{self.owner.heading}.{self.weight}"

    def detail(self) -> str:
        return str(self.owner.detail())


def _operand(type: TensorType) -> Operand:
    """The owner's constructor only asks for types."""
    from nndsl.ops.emit import Operand

    made = Operand("")
    made.type = type
    return made


class Merge(Op, family=TENSOR):
    """`if training { … } else { … }`: the first while training, else the second: [*], [*] -> [*]."""

    pointwise = True
    kept = NOTHING
    inputs = ("then", "otherwise")
    hidden = True
    shown = "if training"

    def shape(self, then: TensorType, otherwise: TensorType, say: Say) -> TensorType | None:
        if then.dtype != otherwise.dtype:
            message = f"both branches of `if training` give one type: {then.dtype} ≠ {otherwise.dtype}"
            say.error(message, code="dtype-mismatch", at=1, help=f"convert one of them: `Cast({then.dtype})`")
            return None
        what = f"both branches of `if training` give one shape: {say.type(then)} and {say.type(otherwise)}"
        if then.rank != otherwise.rank:
            say.error(what, code="shape-mismatch", at=1)
            return None
        if not all(
            say.same(a, b, f"{what}, dim {i}", at=1)
            for i, (a, b) in enumerate(zip(then.shape, otherwise.shape, strict=True))
        ):
            return None
        return then

    def flops(self, then: TensorType, otherwise: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, then: Operand, otherwise: Operand) -> Text:
        """Where nothing else is to be run in the branches; the backend writes a statement otherwise."""
        from nndsl.ops.emit import Text

        return Text(f"{then} if self.training else {otherwise}", 10)

    def onnx(self, g: OnnxBuilder, then: OnnxValue, otherwise: OnnxValue) -> OnnxValue:
        """What is exported is the model at work, not in training."""
        return otherwise


class Extern(Op, family=TENSOR):
    """A layer written in Python, known by its signature: `extern block F(k: int) = "package.module:Class"`."""

    inputs = ("*xs",)
    hidden = True
    weighed = False

    target: Any = param(doc="package.module:Class")
    title: Any = param(doc="its name in the spec")
    arguments: Any = param(doc="the constructor's arguments")
    results: Any = param(doc="the types of its outputs")

    def shape(self, *xs: TensorType, say: Say) -> TensorType | tuple[TensorType, ...]:
        first: TensorType = self.results[0]
        return first if len(self.results) == 1 else tuple(self.results)

    def macs(self, *xs: TensorType, y: Any) -> Size | None:
        return None

    def flops(self, *xs: TensorType, y: Any) -> Size | None:
        return None

    def module(self, t: TorchWriter, *xs: Operand) -> Text:
        return t.new(self.target, **self.arguments)

    def torch(self, t: TorchWriter, *xs: Operand) -> Any:
        made = t.call(t.me(), *xs)
        return made if len(self.results) == 1 else t.unpack(made)

    def onnx(self, g: OnnxBuilder, *xs: OnnxValue) -> Any:
        return g.foreign(self.title, *xs)

    def key(self) -> tuple[Any, ...]:
        arguments = tuple((name, str(value)) for name, value in sorted(self.arguments.items()))
        return (self.name, self.target, arguments, tuple(self.results))

    def spell(self) -> str:
        inside = self.detail()
        return f"{self.title}({inside})" if inside else str(self.title)

    @property
    def heading(self) -> str:
        return str(self.title)

    def detail(self) -> str:
        from nndsl.ops.schema import spell_value

        return ", ".join(f"{name}={spell_value(value)}" for name, value in self.arguments.items())


class Cast(Op, family=TENSOR):
    """Convert to another type: [*] -> dtype[*] (torch.Tensor.to)."""

    pointwise = True
    kept = NOTHING
    dtype: DType = param(doc="the new type: float, int, bool, float16 …")

    examples = [
        "int[2, 3] -> Cast(float) -> [2, 3]",
        "[N] -> Cast(int) -> int[N]",
        "bool[N, T] -> Cast(int32) -> int32[N, T]",
        "[2] -> Cast(bool) -> bool[2]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType:
        return TensorType(self.dtype, x.shape)

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return x if x.dtype == self.dtype else t.method(x, "to", t.dtype(self.dtype))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return x if x.dtype == self.dtype else g.cast(x, self.dtype)


class StopGradient(Op, family=TENSOR):
    """The same values, through which no gradient flows: [*] -> [*] (torch.Tensor.detach)."""

    detached = True
    pointwise = True
    kept = NOTHING
    examples = [
        "[2, 3] -> StopGradient -> [2, 3]",
        "[N, T] -> StopGradient -> [N, T]",
        "[] -> StopGradient -> []",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType:
        return x

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "detach")

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> OnnxValue:
        return x


class OneHot(Op, family=TENSOR):
    """Indices to vectors with one 1: int[*] -> int[*, num_classes] (torch.nn.functional.one_hot).

    An index outside 0 … num_classes - 1 is an error in PyTorch, and in an ONNX file a vector of zeros."""

    kept = NOTHING
    num_classes: int = param(doc="length of the vectors", min=1)

    examples = [
        "int[2, 3] -> OneHot(4) -> int[2, 3, 4]",
        "int[N] -> OneHot(10) -> int[N, 10]",
        "int[] -> OneHot(2) -> int[2]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if x.dtype == "int64":
            return TensorType("int64", (*x.shape, self.num_classes))
        say.error(
            f"OneHot takes indices (int), and this is {x.dtype}",
            code="dtype-mismatch",
            at=0,
            help="`Cast(int)`",
        )
        return None

    def domains(self, x: TensorType) -> dict[int, Domain]:
        return {0: indices(self.num_classes)}

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.call("F.one_hot", x, self.num_classes)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """ONNX's OneHot wants at least one dim."""
        flat = x if x.rank else g.op("Unsqueeze", x, g.const([0]))
        y = g.op("OneHot", flat, g.const(self.num_classes), g.const([0, 1]))
        return y if x.rank else g.op("Squeeze", y, g.const([0]))

    def blame(self, axis: int, rank: int) -> str | None:
        return "num_classes" if axis == rank - 1 else None


class Tril(Op, family=SHAPE):
    """Keep the lower triangle of matrices, zeros elsewhere: [*, M, N] -> [*, M, N] (torch.tril)."""

    kept = NOTHING
    diagonal: int = param(0, doc="the last diagonal that is kept")

    examples = [
        "[4, 4] -> Tril -> [4, 4]",
        "[B, T, T] -> Tril(-1) -> [B, T, T]",
        "bool[3, 5] -> Tril(diagonal=1) -> bool[3, 5]",
        "int[N, 3] -> Tril -> int[N, 3]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if say.rank_at_least(x, 2, layout="[*, M, N]") else None

    def flops(self, x: TensorType, y: TensorType) -> Size:
        return 0

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, self.name.lower(), **self.given("diagonal"))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        """onnxruntime's Trilu knows float, double and int64 only."""
        kind = (
            x.dtype
            if x.dtype in ("float", "float32", "float64", "int64")
            else "float"
            if is_floating(x.dtype)
            else "int64"
        )
        inside = x if kind == x.dtype else g.cast(x, kind)
        y = g.op("Trilu", inside, g.const(self.diagonal) if self.diagonal else None, upper=int(self.name == "Triu"))
        return y if kind == x.dtype else g.cast(y, x.dtype)


class Triu(Tril):
    """Keep the upper triangle of matrices, zeros elsewhere: [*, M, N] -> [*, M, N] (torch.triu)."""

    examples = [
        "[4, 4] -> Triu -> [4, 4]",
        "[B, T, T] -> Triu(1) -> [B, T, T]",
        "bool[3, 5] -> Triu(diagonal=-1) -> bool[3, 5]",
    ]
