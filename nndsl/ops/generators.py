"""Tensors made from nothing: `Arange(T)`, `Zeros(N, D)`, `Eye(4)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops import lowering
from nndsl.ops.arithmetic import scalar
from nndsl.ops.costing import NOTHING
from nndsl.ops.families import TENSOR
from nndsl.ops.kinds import DType, Scalar, Sizes, told
from nndsl.ops.schema import Op, param, same_along
from nndsl.shapes import Size, TensorType, ceil_div, is_floating, smax

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Text, TorchWriter
    from nndsl.ops.say import Say


class Generator(Op, family=TENSOR, abstract=True):
    """No inputs; what it makes stands where the other tensors stand."""

    kept = NOTHING
    inputs = ()

    def flops(self, y: TensorType) -> Size:
        return 0

    def placed(self, t: TorchWriter, dtype: str | None) -> dict[str, Any]:
        """`dtype=…, device=…`, as far as they have to be said."""
        given = {"dtype": None if dtype is None else t.dtype(dtype), "device": t.device()}
        return {name: text for name, text in given.items() if text is not None}


class Arange(Generator):
    """Whole numbers in order: -> int[stop - start] (torch.arange)."""

    start: Size = param(doc="the first, or the number of them when it stands alone")
    stop: Size | None = param(None, doc="the first that is left out")
    step: int = param(1, doc="difference between neighbours")
    dtype: DType = param("int64", doc="type of the result")

    examples = [
        "() -> Arange(5) -> int[5]",
        "() -> Arange(2, 9, 3) -> int[3]",
        "() -> Arange(9, 2, -3) -> int[3]",
        "() -> Arange(4, dtype=float) -> [4]",
    ]

    def ends(self) -> tuple[Size, Size]:
        return (0, self.start) if self.stop is None else (self.start, self.stop)

    def check(self, say: Say) -> bool:
        if self.step == 0:
            say.error("a step of 0 never arrives", at="step")
        elif self.dtype == "bool":
            say.error("Arange makes numbers, not bool", code="dtype-mismatch", at="dtype")
        return self.step != 0 and self.dtype != "bool"

    def shape(self, say: Say) -> TensorType | None:
        start, stop = self.ends()
        size = ceil_div(stop - start, self.step) if self.step > 0 else ceil_div(start - stop, -self.step)
        if not say.positive(size, "the number of values", at="start" if self.stop is None else "stop"):
            return None
        return TensorType(self.dtype, (smax(size, 0),))

    def torch(self, t: TorchWriter) -> Text:
        ends = [self.start] if self.stop is None else [self.start, self.stop]
        step = [] if self.step == 1 else [self.step]
        if step and self.stop is None:
            ends = [0, self.start]
        return t.call("torch.arange", *ends, *step, **self.placed(t, None if self.dtype == "int64" else self.dtype))

    def onnx(self, g: OnnxBuilder) -> Any:
        start, stop = self.ends()
        y = g.op("Range", g.size(start), g.size(stop), g.const(self.step))
        return y if self.dtype == "int64" else g.cast(y, self.dtype)

    def detail(self) -> str:
        return ", ".join(str(v) for v in self.ends())


class Filled(Generator, abstract=True):
    """One value everywhere."""

    function: ClassVar[str]

    def torch(self, t: TorchWriter) -> Text:
        return t.call(f"torch.{self.function}", *self.sizes, **self.placed(t, self.dtype))

    sizes: Sizes
    dtype: DType

    def filling(self) -> Any:
        """The number that fills it: each operator gives its own."""
        raise NotImplementedError(self.name)

    def shape(self, say: Say) -> TensorType | None:
        return (
            TensorType(self.dtype, self.sizes)
            if all(say.positive(s, "a size", at="sizes") for s in self.sizes)
            else None
        )

    def onnx(self, g: OnnxBuilder) -> Any:
        value = g.const(self.filling(), self.dtype)
        return g.op("Expand", value, g.sizes(self.sizes)) if self.sizes else value

    def detail(self) -> str:
        return told(self.sizes)


class Zeros(Filled):
    """Zeros everywhere: -> [*sizes] (torch.zeros)."""

    function = "zeros"
    sizes: Sizes = param(doc="its shape", star=True)
    dtype: DType = param("float", doc="its type", keyword=True)

    examples = [
        "() -> Zeros(2, 3) -> [2, 3]",
        "() -> Zeros(4, dtype=int) -> int[4]",
        "() -> Zeros(1, 1, dtype=bool) -> bool[1, 1]",
    ]

    def filling(self) -> Any:
        return 0


class Ones(Filled):
    """Ones everywhere: -> [*sizes] (torch.ones)."""

    function = "ones"
    sizes: Sizes = param(doc="its shape", star=True)
    dtype: DType = param("float", doc="its type", keyword=True)

    examples = [
        "() -> Ones(2, 3) -> [2, 3]",
        "() -> Ones(4, dtype=int) -> int[4]",
        "() -> Ones(2, 2, dtype=bool) -> bool[2, 2]",
    ]

    def filling(self) -> Any:
        return 1


class Full(Filled):
    """One number everywhere: -> [*sizes] (torch.full)."""

    sizes: Sizes = param(doc="its shape")
    fill_value: Scalar = param(doc="the number")
    dtype: DType = param("float", doc="its type", keyword=True)

    examples = [
        "() -> Full([2, 3], 0.5) -> [2, 3]",
        "() -> Full(4, 7, dtype=int) -> int[4]",
        "() -> Full([2], -inf) -> [2]",
    ]

    def check(self, say: Say) -> bool:
        return say.holds(self.dtype, self.fill_value, at="fill_value")

    def torch(self, t: TorchWriter) -> Text:
        return t.call("torch.full", self.sizes, self.fill_value, **self.placed(t, self.dtype))

    def filling(self) -> Any:
        return self.fill_value


class Constant(Generator):
    """Given numbers, nested lists of any depth: -> [*] (torch.tensor)."""

    value: Any = param(doc="a number, or lists of numbers")
    dtype: DType | None = param(None, doc="its type; float for numbers with a point, int for whole ones", keyword=True)

    examples = [
        "() -> Constant([0.485, 0.456, 0.406]) -> [3]",
        "() -> Constant([[1, 2], [3, 4]]) -> int[2, 2]",
        "() -> Constant(3, dtype=float) -> []",
        "() -> Constant([true, false]) -> bool[2]",
    ]

    def check(self, say: Say) -> bool:
        try:
            _lists(self.value)
        except ValueError as problem:
            say.error(str(problem), at="value")
            return False
        return all(say.holds(self.type(), leaf, at="value") for leaf in _leaves(self.value))

    def type(self) -> str:
        return self._natural() if self.dtype is None else self.dtype

    def _natural(self) -> str:
        leaves = _leaves(self.value)
        if all(isinstance(v, bool) for v in leaves):
            return "bool"
        return "float" if any(isinstance(v, float) for v in leaves) else "int64"

    def shape(self, say: Say) -> TensorType:
        return TensorType(self.type(), _lists(self.value))

    def torch(self, t: TorchWriter) -> Text:
        return t.call(
            "torch.tensor",
            self.value,
            **self.placed(t, None if self.type() == self._natural() != "float" else self.type()),
        )

    def onnx(self, g: OnnxBuilder) -> Any:
        return g.const(self.value, self.type())

    def key(self) -> tuple[Any, ...]:
        return (self.name, repr(self.value), self.dtype)


def _leaves(value: Any) -> list[Any]:
    return [leaf for part in value for leaf in _leaves(part)] if isinstance(value, (list, tuple)) else [value]


def _lists(value: Any) -> tuple[int, ...]:
    """The shape of nested lists; ValueError where they are ragged or hold anything but numbers."""
    if not isinstance(value, (list, tuple)):
        if not isinstance(value, (bool, int, float)):
            raise ValueError("Constant takes a number, or lists of numbers")
        return ()
    if not value:
        raise ValueError("Constant takes at least one number")
    inner = {_lists(part) for part in value}
    if len(inner) > 1:
        raise ValueError("the lists of a Constant are of equal lengths")
    return (len(value), *inner.pop())


class Eye(Generator):
    """Ones on the diagonal, zeros elsewhere: -> [n, m] (torch.eye)."""

    n: Size = param(doc="number of rows")
    m: Size | None = param(None, doc="number of columns; as many as rows when not given")
    dtype: DType = param("float", doc="its type", keyword=True)

    examples = ["() -> Eye(3) -> [3, 3]", "() -> Eye(2, 4) -> [2, 4]", "() -> Eye(3, dtype=int) -> int[3, 3]"]

    def shape(self, say: Say) -> TensorType | None:
        columns = self.n if self.m is None else self.m
        if not say.positive(self.n, "the number of rows", at="n"):
            return None
        return (
            TensorType(self.dtype, (self.n, columns))
            if say.positive(columns, "the number of columns", at="m")
            else None
        )

    def torch(self, t: TorchWriter) -> Text:
        sizes = [self.n] if self.m is None else [self.n, self.m]
        return t.call("torch.eye", *sizes, **self.placed(t, self.dtype))

    def onnx(self, g: OnnxBuilder) -> Any:
        like = g.op("Expand", g.const(0), g.sizes([self.n, self.n if self.m is None else self.m]))
        y = g.op("EyeLike", like)
        return y if self.dtype == "int64" else g.cast(y, self.dtype)


class Linspace(Generator):
    """Evenly spaced numbers, both ends included: -> [steps] (torch.linspace)."""

    start: Scalar = param(doc="the first")
    end: Scalar = param(doc="the last")
    steps: Size = param(doc="how many")
    dtype: DType = param("float", doc="its type", keyword=True)

    examples = [
        "() -> Linspace(0, 1, 5) -> [5]",
        "() -> Linspace(2, -2, 4) -> [4]",
        "() -> Linspace(3, 9, 1) -> [1]",
    ]

    def check(self, say: Say) -> bool:
        if is_floating(self.dtype):
            return True
        say.error(
            "Linspace makes floating-point numbers",
            code="dtype-mismatch",
            at="dtype",
            help="whole numbers: `Arange`",
        )
        return False

    def shape(self, say: Say) -> TensorType | None:
        return (
            TensorType(self.dtype, (self.steps,))
            if say.positive(self.steps, "the number of values", at="steps")
            else None
        )

    def flops(self, y: TensorType) -> Size:
        return same_along(y, 2)

    def torch(self, t: TorchWriter) -> Text:
        return t.call("torch.linspace", self.start, self.end, self.steps, **self.placed(t, self.dtype))

    def onnx(self, g: OnnxBuilder) -> Any:
        if not isinstance(self.steps, int) or not lowering.few(self.steps):
            return self._counted(g, self.steps)
        last = max(self.steps - 1, 1)
        return g.const([self.start + (self.end - self.start) * i / last for i in range(self.steps)], self.dtype)

    def _counted(self, g: OnnxBuilder, steps: Size) -> OnnxValue:
        places = g.cast(g.op("Range", g.const(0), g.size(steps), g.const(1)), self.dtype)
        gap = g.op("Div", g.const(self.end - self.start, self.dtype), scalar(g, smax(steps - 1, 1), self.dtype))
        made: OnnxValue = g.op("Add", g.op("Mul", places, gap), g.const(self.start, self.dtype))
        return made
