"""One step of a recurrent layer: `RNNCell`, `LSTMCell`, `GRUCell`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import Saved, Use
from nndsl.ops.families import RECURRENT
from nndsl.ops.lowering import squeeze, unsqueeze
from nndsl.ops.recurrent import onnx_weights, same_type
from nndsl.ops.schema import Inferred, Op, Weight, param
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType, product

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, Text, TorchWriter
    from nndsl.ops.say import Say


class Cell(Op, family=RECURRENT, abstract=True):
    """`order`, `inner` and `node` as in `Recurrent`."""

    inputs: ClassVar[tuple[str, ...]] = ("x", "h?")
    outputs: ClassVar[tuple[str, ...]] = ("h",)
    order: ClassVar[tuple[int, ...]]
    inner: ClassVar[int]
    node: ClassVar[str]
    inferred: ClassVar[tuple[Inferred, ...]] = (Inferred("input_size"),)

    hidden_size: int
    bias: bool

    def shape(self, *inputs: Any, say: Say) -> Any:
        x, *states = inputs
        if not say.floating(x) or not say.rank(x, 1, 2, layout="[N, D] or [D]"):
            return None
        if say.known(x.shape[-1], "the size of the last axis") is None:
            return None
        state = TensorType(x.dtype, (*x.shape[:-1], self.hidden_size))
        if len({s is None for s in states}) > 1:
            say.error(f"{self.name} starts from both states, or from none", code="missing-input")
            return None
        for at, given in enumerate(states, start=1):
            if given is not None and not same_type(say, given, state, self.input_names()[at], at):
                return None
        return state if len(states) == 1 else (state, state)

    def weights(self, *inputs: Any) -> list[Weight]:
        x = inputs[0]
        rows = len(self.order) * self.hidden_size
        sizes = (("weight_ih", (rows, x.shape[-1])), ("weight_hh", (rows, self.hidden_size)))
        made = [Weight(name, size, dtype=x.dtype, init=self.init) for name, size in sizes]
        biases = ("bias_ih", "bias_hh") if self.bias else ()
        return made + [Weight(name, (rows,), dtype=x.dtype, init=self.bias_init) for name in biases]

    def macs(self, *inputs: Any, y: Any) -> Size:
        x: TensorType = inputs[0]
        return product(x.shape[:-1]) * (len(self.order) * self.hidden_size * (x.shape[-1] + self.hidden_size))

    def backward_macs(self, *inputs: Any, y: Any, use: Use) -> Size:
        """Each input takes part only where it needs a gradient."""
        x = inputs[0]
        each = product(x.shape[:-1]) * (len(self.order) * self.hidden_size)
        widths = (x.shape[-1], self.hidden_size)
        free = sum(width for width, needs in zip(widths, use.needs, strict=False) if not needs)
        less: Size = each * free
        return self.macs(*inputs, y=y) * 2 - less

    def saves(self, *inputs: Any, y: Any, use: Use) -> Saved:
        """Input and states (zeros where they are not given), gates, and what is made of them."""
        state = TensorType(inputs[0].dtype, (*inputs[0].shape[:-1], self.hidden_size))
        given = tuple(at for at, x in enumerate(inputs) if x is not None)
        zeros = 1 if inputs[1] is None else 0
        work = zeros + {"RNN": 0, "GRU": 6, "LSTM": 5}[self.node]
        return Saved(given, (0,) if self.node == "RNN" else (), (state,) * work)

    def flops(self, *inputs: Any, y: Any) -> Size:
        rest = self.inner + 2 * len(self.order) * int(self.bias)
        return self.macs(*inputs, y=y) * 2 + product(inputs[0].shape[:-1]) * (self.hidden_size * rest)

    def module(self, t: TorchWriter, *inputs: Any) -> Text:
        x = inputs[0]
        given = self.given(*[name for name in self.params if name in ("bias", "nonlinearity")])
        return t.new(f"nn.{self.name}", x.shape[-1], self.hidden_size, **given, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, *inputs: Any) -> Any:
        x, *states = inputs
        given = [] if states[0] is None else [tuple(states) if len(states) > 1 else states[0]]
        call = t.call(t.me(), x, *given)
        return call if len(states) == 1 else t.unpack(call)

    def onnx(self, g: OnnxBuilder, *inputs: Any) -> Any:
        """A sequence of length 1."""
        x, *states = inputs
        axes = (0,) if x.rank == 2 else (0, 1)
        start = [None if s is None else unsqueeze(g, s, *axes) for s in states]
        w, r, b = (onnx_weights(g, kind, [""], self.order, self.bias) for kind in ("weight_ih", "weight_hh", "bias"))
        made = g.op(
            self.node, unsqueeze(g, x, *axes), w, r, b, None, *start,
            hidden_size=self.hidden_size, outputs=1 + len(states), **self.attributes(),
        )  # fmt: skip
        ends = [squeeze(g, s, *axes) for s in made[1:]]
        return ends[0] if len(ends) == 1 else tuple(ends)

    def attributes(self) -> dict[str, Any]:
        return {}

    def blame(self, axis: int, rank: int) -> str | None:
        return "hidden_size" if axis == rank - 1 else None


class RNNCell(Cell):
    """One step of an Elman layer: [N, D], [N, H] -> [N, H] (torch.nn.RNNCell)."""

    order, inner, node = (0,), 2, "RNN"

    hidden_size: int = param(doc="size of the state", min=1)
    bias: bool = param(True, doc="add learned offsets")
    nonlinearity: str = param("tanh", doc="the activation", choices=("tanh", "relu"))

    examples = [
        "([2, 3], [2, 4]) -> RNNCell(4) -> [2, 4]",
        '[N, 3] -> RNNCell(4, bias=false, nonlinearity="relu") -> [N, 4]',
        "([3], [5]) -> RNNCell(5) -> [5]",
    ]

    def attributes(self) -> dict[str, Any]:
        return {"activations": [self.nonlinearity.capitalize()]}


class GRUCell(Cell):
    """One step of a gated recurrent layer: [N, D], [N, H] -> [N, H] (torch.nn.GRUCell)."""

    order, inner, node = (1, 0, 2), 11, "GRU"

    hidden_size: int = param(doc="size of the state", min=1)
    bias: bool = param(True, doc="add learned offsets")

    examples = [
        "([2, 3], [2, 4]) -> GRUCell(4) -> [2, 4]",
        "[N, 3] -> GRUCell(4, bias=false) -> [N, 4]",
        "([3], [5]) -> GRUCell(5) -> [5]",
    ]

    def attributes(self) -> dict[str, Any]:
        return {"linear_before_reset": 1}


class LSTMCell(Cell):
    """One step of long short-term memory: [N, D], [N, H], [N, H] -> [N, H], [N, H] (torch.nn.LSTMCell)."""

    inputs = ("x", "h?", "c?")
    outputs = ("h", "c")
    order, inner, node = (0, 3, 1, 2), 13, "LSTM"

    hidden_size: int = param(doc="size of the state", min=1)
    bias: bool = param(True, doc="add learned offsets")

    examples = [
        "([2, 3], [2, 4], [2, 4]) -> LSTMCell(4) -> ([2, 4], [2, 4])",
        "[N, 3] -> LSTMCell(4, bias=false) -> ([N, 4], [N, 4])",
        "([3], [5], [5]) -> LSTMCell(5) -> ([5], [5])",
    ]
