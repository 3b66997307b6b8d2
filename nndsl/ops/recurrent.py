"""Recurrent layers. PyTorch's, with batches first unless told otherwise; ONNX has one node for each of their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.costing import Saved, Use
from nndsl.ops.domain import Domain
from nndsl.ops.families import RECURRENT
from nndsl.ops.lowering import cut, squeeze, unsqueeze
from nndsl.ops.recurrent_memory import saved
from nndsl.ops.recurrent_projected import projected
from nndsl.ops.schema import Inferred, Op, Weight, param
from nndsl.ops.strided import Strides, ordered
from nndsl.ops.windows import dtype_argument
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Text, TorchWriter
    from nndsl.ops.say import Say


class Recurrent(Op, family=RECURRENT, abstract=True):
    """What the three have in common. `order`: PyTorch's gates as ONNX orders them; `inner`: operations of a unit in a
    step besides the products."""

    inputs: ClassVar[tuple[str, ...]] = ("x", "h_0?", "lengths?")
    outputs: ClassVar[tuple[str, ...]] = ("output", "h_n")
    order: ClassVar[tuple[int, ...]]
    inner: ClassVar[int]
    node: ClassVar[str]
    inferred: ClassVar[tuple[Inferred, ...]] = (Inferred("input_size"),)

    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int = 0
    cell_state: ClassVar[bool] = False

    # ------------------------------------------------------------ shape

    @property
    def directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def width(self) -> int:
        """Of one direction's output."""
        return self.proj_size or self.hidden_size

    def parts(self, inputs: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
        """x, h_0, c_0, lengths."""
        return inputs if self.cell_state else (*inputs[:2], None, inputs[2])

    def shape(self, *inputs: Any, say: Say) -> tuple[TensorType, ...] | None:
        x, h_0, c_0, lengths = self.parts(inputs)
        layout = "[N, T, D] or [T, D]" if self.batch_first else "[T, N, D] or [T, D]"
        if not say.floating(x) or not say.rank(x, 2, 3, layout=layout):
            return None
        if say.known(x.shape[-1], "the size of the last axis") is None:
            return None
        batch = self.batch(x)
        state = TensorType(x.dtype, (self.num_layers * self.directions, *batch, self.width))
        cell = TensorType(x.dtype, (*state.shape[:-1], self.hidden_size))
        if not self._starts(h_0, c_0, state, cell, say) or not self._ends(lengths, x, say):
            return None
        output = TensorType(x.dtype, (*x.shape[:-1], self.directions * self.width))
        return (output, state, cell) if self.cell_state else (output, state)

    def batch(self, x: Any) -> tuple[Size, ...]:
        return () if x.rank == 2 else (x.shape[0 if self.batch_first else 1],)

    def time(self, x: Any) -> Size:
        size: Size = x.shape[1] if x.rank == 3 and self.batch_first else x.shape[0]
        return size

    def _starts(self, h_0: Any, c_0: Any, state: TensorType, cell: TensorType, say: Say) -> bool:
        if self.cell_state and (h_0 is None) != (c_0 is None):
            given, missing = ("h_0", "c_0") if c_0 is None else ("c_0", "h_0")
            say.error(f"{self.name} starts from both states: {given} is given, {missing} is not", code="missing-input")
            return False
        found = [(1, h_0, state, "h_0")] + ([(2, c_0, cell, "c_0")] if self.cell_state else [])
        return all(same_type(say, x, wanted, name, at) for at, x, wanted, name in found if x is not None)

    def _ends(self, lengths: Any, x: TensorType, say: Say) -> bool:
        if lengths is None:
            return True
        at = len(self.inputs) - 1
        if x.rank == 2:
            say.error("lengths are of a batch, and x has none", code="rank-mismatch", at=at)
            return False
        return say.integral(lengths, at=at) and same_type(
            say, lengths, TensorType(lengths.dtype, self.batch(x)), "lengths", at
        )

    def domains(self, *inputs: Any) -> dict[int, Domain]:
        return {len(self.inputs) - 1: Domain(1, self.time(inputs[0]))}

    # ------------------------------------------------------------ weights and costs

    def weights(self, *inputs: Any) -> list[Weight]:
        x = inputs[0]
        made = []
        for layer in range(self.num_layers):
            width = x.shape[-1] if layer == 0 else self.width * self.directions
            for suffix in self.suffixes(layer):
                made += self._cell(suffix, width, x.dtype)
        return made

    def suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]

    def _cell(self, suffix: str, width: Size, dtype: str) -> list[Weight]:
        rows = len(self.order) * self.hidden_size
        made = [
            Weight(f"weight_ih{suffix}", (rows, width), dtype=dtype, init=self.init),
            Weight(f"weight_hh{suffix}", (rows, self.width), dtype=dtype, init=self.init),
        ]
        if self.bias:
            made += [Weight(f"bias_{k}{suffix}", (rows,), dtype=dtype, init=self.bias_init) for k in ("ih", "hh")]
        if self.proj_size:
            made.append(Weight(f"weight_hr{suffix}", (self.proj_size, self.hidden_size), dtype=dtype, init=self.init))
        return made

    def macs(self, *inputs: Any, y: Any) -> Size:
        x = inputs[0]
        later = self.width * self.directions
        step: Size = 0
        for layer in range(self.num_layers):
            width = x.shape[-1] if layer == 0 else later
            step = step + len(self.order) * self.hidden_size * (width + self.width) + self.proj_size * self.hidden_size
        return self._steps(x) * step * self.directions

    def flops(self, *inputs: Any, y: Any) -> Size:
        units = self.num_layers * self.directions * self.hidden_size
        rest = self.inner + 2 * len(self.order) * int(self.bias)
        return self.macs(*inputs, y=y) * 2 + self._steps(inputs[0]) * (units * rest)

    def backward_macs(self, *inputs: Any, y: Any, use: Use) -> Size:
        """The first layer's input and the states before the first step take part only where they need a gradient."""
        x = inputs[0]
        gates = len(self.order) * self.hidden_size * self.directions
        first = self._steps(x) * x.shape[-1] * gates
        before = (self.batch(x) or (1,))[0] * (self.width * gates * self.num_layers)
        given = len(use.needs) > 1 and use.needs[1]
        return self.macs(*inputs, y=y) * 2 - (0 if use.needs[0] else first) - (0 if given else before)

    def saves(self, *inputs: Any, y: Any, use: Use) -> Saved | None:
        return saved(self, inputs, use)

    def strides(self, *inputs: Any, y: Any, use: Use) -> Strides | None:
        """Inside, steps come first."""
        turned = self.batch_first and inputs[0].rank == 3
        return ordered(y[0].shape, (1, 0, 2)) if turned else None

    def scratch(self, *inputs: Any, y: Any, use: Use) -> list[TensorType]:
        """What it reads and what the layer before gives, with steps first."""
        x = inputs[0]
        return [*([x] if self.batch_first and x.rank == 3 else []), *([y[0]] if self.num_layers > 1 else [])]

    def _steps(self, x: Any) -> Size:
        return self.time(x) * (self.batch(x) or (1,))[0]

    # ------------------------------------------------------------ PyTorch

    def module(self, t: TorchWriter, *inputs: Any) -> Text:
        given = self.given(
            *[name for name in self.params if name not in ("hidden_size", "batch_first", "init", "bias_init")]
        )
        first = {"batch_first": True} if self.batch_first else {}
        x = inputs[0]
        return t.new(f"nn.{self.name}", x.shape[-1], self.hidden_size, **given, **first, **dtype_argument(t, x.type))

    def torch(self, t: TorchWriter, *inputs: Any) -> tuple[Text, ...]:
        x, h_0, c_0, lengths = self.parts(inputs)
        start = [] if h_0 is None else [(h_0, c_0) if self.cell_state else h_0]
        states = "({}, {})" if self.cell_state else "{}"
        if lengths is None:
            return t.unpack(t.call(t.me(), x, *start), "{}, " + states)
        first = {"batch_first": True} if self.batch_first else {}
        pack = "nn.utils.rnn.pack_padded_sequence"
        packed = t.let(t.call(pack, x, t.method(lengths, "cpu"), **first, enforce_sorted=False), "packed")
        ends = t.unpack(t.call(t.me(), packed, *start), f"{packed}, {states}")
        unpack = "nn.utils.rnn.pad_packed_sequence"
        padded = t.call(unpack, packed, **first, total_length=self.time(x))
        return (t.index(padded, 0), *ends)

    # ------------------------------------------------------------ ONNX

    def onnx(self, g: OnnxBuilder, *inputs: Any) -> Any:
        x, h_0, c_0, lengths = self.parts(inputs)
        y = self._time_first(g, x)
        ends = None if lengths is None else cast_to(g, lengths, "int32")
        if x.rank == 2:
            h_0, c_0 = (None if s is None else unsqueeze(g, s, 1) for s in (h_0, c_0))
        states: list[list[Any]] = []
        for layer in range(self.num_layers):
            if layer:
                y = self._joined(g, y, time_first=True)
            start = [self._start(g, s, layer) for s in ((h_0, c_0) if self.cell_state else (h_0,))]
            y, *last = self._layer(g, y, layer, x, ends, start)
            states.append(last)
        output = self._joined(g, y, time_first=not (self.batch_first and x.rank == 3))
        finals = [each[0] if len(states) == 1 else g.op("Concat", *each, axis=0) for each in zip(*states, strict=True)]
        if x.rank == 3:
            return (output, *finals)
        return (squeeze(g, output, 1), *[squeeze(g, s, 1) for s in finals])

    def _time_first(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        if x.rank == 2:
            return unsqueeze(g, x, 1)
        return g.op("Transpose", x, perm=[1, 0, 2]) if self.batch_first else x

    def _start(self, g: OnnxBuilder, state: Any, layer: int) -> Any:
        """The part of a first state that is this layer's."""
        if state is None or self.num_layers == 1:
            return state
        return cut(g, state, 0, layer * self.directions, (layer + 1) * self.directions)

    def _joined(self, g: OnnxBuilder, y: Any, time_first: bool) -> Any:
        """[T, directions, N, H] -> [T, N, directions*H], or [N, T, directions*H]."""
        if self.directions == 1:
            flat = squeeze(g, y, 1)
            return flat if time_first else g.op("Transpose", flat, perm=[1, 0, 2])
        turned = g.op("Transpose", y, perm=[0, 2, 1, 3] if time_first else [2, 0, 1, 3])
        return g.op("Reshape", turned, g.const([0, 0, -1]))

    def _layer(self, g: OnnxBuilder, y: Any, layer: int, x: Any, ends: Any, start: list[Any]) -> Any:
        """`x` is what the first layer was given."""
        suffixes = self.suffixes(layer)
        b = onnx_weights(g, "bias", suffixes, self.order, self.bias)
        if self.proj_size:
            return projected(g, y, b, self.hidden_size, suffixes, (self.time(x), x.dtype, ends), start)
        w, r = (onnx_weights(g, kind, suffixes, self.order, self.bias) for kind in ("weight_ih", "weight_hh"))
        outputs = 3 if self.cell_state else 2
        attributes = self.attributes() | ({"direction": "bidirectional"} if self.bidirectional else {})
        return g.op(self.node, y, w, r, b, ends, *start, hidden_size=self.hidden_size, outputs=outputs, **attributes)

    def attributes(self) -> dict[str, Any]:
        return {}

    def blame(self, axis: int, rank: int) -> str | None:
        return "hidden_size" if axis == rank - 1 else None

    def detail(self) -> str:
        layers = f" × {self.num_layers}" if self.num_layers > 1 else ""
        return f"{self.hidden_size}{layers}" + (", bidirectional" if self.bidirectional else "")


def same_type(say: Say, x: TensorType, wanted: TensorType, name: str, at: int) -> bool:
    """Has an input just this type?"""
    layout = say.type(wanted)
    if x.dtype != wanted.dtype:
        say.error(f"{name} is {wanted.dtype}, and this is {x.dtype}", code="dtype-mismatch", at=at)
        return False
    if x.rank != wanted.rank:
        say.error(f"{name} is {layout}, and this is {say.type(x)}", code="rank-mismatch", at=at)
        return False
    pairs = enumerate(zip(x.shape, wanted.shape, strict=True))
    return all(say.same(a, b, f"{name} is {layout}, dim {i}", at=at, axis=i) for i, (a, b) in pairs)


def onnx_weights(g: OnnxBuilder, kind: str, suffixes: list[str], order: tuple[int, ...], bias: bool) -> Any:
    """PyTorch's weights with the gates in ONNX's order, a direction after the other."""
    if kind == "bias":
        if not bias:
            return None
        names = [[f"bias_ih{s}", f"bias_hh{s}"] for s in suffixes]
    else:
        names = [[f"{kind}{s}"] for s in suffixes]

    def make(w: Any) -> Any:
        arrays = [w(name) for each in names for name in each]
        rows = len(arrays[0]) * len(arrays) // len(names)
        return w.joined(
            [gate for array in arrays for gate in _gates(array, order)], (len(names), rows, *arrays[0].shape[1:])
        )

    return g.packed(f"{kind}{suffixes[0]}", make)


def _gates(array: Any, order: tuple[int, ...]) -> list[Any]:
    size = len(array) // len(order)
    return [array[size * i : size * (i + 1)] for i in order]


class RNN(Recurrent):
    """Elman's recurrent layers: [N, T, D] -> [N, T, H], [layers, N, H] (torch.nn.RNN)."""

    order, inner, node = (0,), 2, "RNN"
    source = "Elman 1990, Finding Structure in Time"

    hidden_size: int = param(doc="size of the state", min=1)
    num_layers: int = param(1, doc="layers on top of each other", min=1, max=1000)
    nonlinearity: str = param("tanh", doc="the activation", choices=("tanh", "relu"))
    bias: bool = param(True, doc="add learned offsets")
    batch_first: bool = param(True, doc="[N, T, D]; false: [T, N, D]")
    dropout: float = param(0.0, doc="share zeroed between layers while training", min=0, max=1)
    bidirectional: bool = param(False, doc="a second one runs backwards")

    examples = [
        "[2, 5, 3] -> RNN(4) -> ([2, 5, 4], [1, 2, 4])",
        '[N, T, 3] -> RNN(4, num_layers=2, nonlinearity="relu", bidirectional=true) -> ([N, T, 8], [4, N, 4])',
        "([T, 3], [1, 4]) -> RNN(4, bias=false) -> ([T, 4], [1, 4])",
    ]

    def attributes(self) -> dict[str, Any]:
        return {"activations": [self.nonlinearity.capitalize()] * self.directions}


class GRU(Recurrent):
    """Gated recurrent layers: [N, T, D] -> [N, T, H], [layers, N, H] (torch.nn.GRU)."""

    order, inner, node = (1, 0, 2), 11, "GRU"
    source = "Cho et al. 2014, Learning Phrase Representations using RNN Encoder-Decoder"

    hidden_size: int = param(doc="size of the state", min=1)
    num_layers: int = param(1, doc="layers on top of each other", min=1, max=1000)
    bias: bool = param(True, doc="add learned offsets")
    batch_first: bool = param(True, doc="[N, T, D]; false: [T, N, D]")
    dropout: float = param(0.0, doc="share zeroed between layers while training", min=0, max=1)
    bidirectional: bool = param(False, doc="a second one runs backwards")

    examples = [
        "[2, 5, 3] -> GRU(4) -> ([2, 5, 4], [1, 2, 4])",
        "([T, N, 3], [4, N, 4]) -> GRU(4, num_layers=2, batch_first=false, bidirectional=true)"
        " -> ([T, N, 8], [4, N, 4])",
        "[T, 3] -> GRU(4, num_layers=2, bias=false) -> ([T, 4], [2, 4])",
    ]

    def attributes(self) -> dict[str, Any]:
        """PyTorch resets after the product, which keeps an offset of its own."""
        return {"linear_before_reset": 1}


class LSTM(Recurrent):
    """Long short-term memory: [N, T, D] -> [N, T, H], [layers, N, H], [layers, N, H] (torch.nn.LSTM)."""

    inputs = ("x", "h_0?", "c_0?", "lengths?")
    outputs = ("output", "h_n", "c_n")
    order, inner, node, cell_state = (0, 3, 1, 2), 13, "LSTM", True
    source = "Hochreiter and Schmidhuber 1997, Long Short-Term Memory"

    hidden_size: int = param(doc="size of the state", min=1)
    num_layers: int = param(1, doc="layers on top of each other", min=1, max=1000)
    bias: bool = param(True, doc="add learned offsets")
    batch_first: bool = param(True, doc="[N, T, D]; false: [T, N, D]")
    dropout: float = param(0.0, doc="share zeroed between layers while training", min=0, max=1)
    bidirectional: bool = param(False, doc="a second one runs backwards")
    proj_size: int = param(0, doc="size to which the output is projected; 0: not at all", min=0)

    examples = [
        "[2, 5, 3] -> LSTM(4) -> ([2, 5, 4], [1, 2, 4], [1, 2, 4])",
        "[N, T, 3] -> LSTM(4, num_layers=2, bidirectional=true, dropout=0.5) -> ([N, T, 8], [4, N, 4], [4, N, 4])",
        "([T, 3], [2, 4], [2, 4]) -> LSTM(4, num_layers=2, bias=false) -> ([T, 4], [2, 4], [2, 4])",
    ]

    def check(self, say: Say) -> bool:
        if self.proj_size < self.hidden_size:
            return True
        message = f"the projection ({self.proj_size}) is smaller than the state ({self.hidden_size})"
        say.error(message, at="proj_size")
        return False
