"""What the backends hand to an operator. Protocols only: no backend and no heavy library is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from nndsl.shapes import Size, TensorType


class Text(str):
    """Python source of an expression. `level` is its precedence: what binds weaker than its surroundings is put in
    parentheses by the writer (call/atom 100, ** 90, unary 80, * / @ // % 70, + - 60, comparison 50)."""

    __slots__ = ("level",)
    level: int

    def __new__(cls, text: str, level: int = 100) -> Text:
        made = super().__new__(cls, text)
        made.level = level
        return made


class Operand(Text):
    """A tensor in `forward`: its text is a variable or an expression, its type is known."""

    __slots__ = ("type",)
    type: TensorType

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)

    @property
    def dtype(self) -> str:
        return self.type.dtype


class TorchWriter(Protocol):
    """Builds Python text. Arguments may be Operands, Texts, Sizes (symbolic ones become an expression such as
    `x.shape[0]`), and plain Python values (strings are repr-quoted, floats written shortest). Never build text from a
    spec's strings yourself: pass them as values."""

    def me(self) -> Text:
        """`self.conv1`: the layer that `Op.module` constructs; asking for it is what puts it into `__init__`."""

    def new(self, cls: str, *args: Any, **kwargs: Any) -> Text:
        """A constructor call for `Op.module`: `t.new("nn.Conv2d", 3, 64, 7, stride=2)`. Pairs of equal numbers are
        written once."""

    def call(self, callee: str, *args: Any, **kwargs: Any) -> Text:
        """`callee(args)`: `t.call("torch.cat", [a, b], dim=1)`, `t.call(t.me(), x)`."""

    def method(self, x: str, name: str, *args: Any, **kwargs: Any) -> Text:
        """`x.name(args)`, x in parentheses where needed."""

    def attribute(self, x: str, name: str) -> Text:
        """`x.name`."""

    def binary(self, operator: str, a: Any, b: Any) -> Text:
        """`a + b` with parentheses where needed; numbers may stand on either side."""

    def unary(self, operator: str, a: Any) -> Text:
        """`-a`, `~a`."""

    def index(self, x: str, *items: Any) -> Text:
        """`x[:, 0]`: items are ints, Sizes, Texts, Operands, `slice` objects, None, Ellipsis."""

    def value(self, value: Any) -> Text:
        """A plain value or Size as an expression."""

    def dtype(self, name: str) -> Text:
        """`torch.int64`; the model's floating type "float" is `torch.get_default_dtype()`-independent: the dtype of an
        operand at hand (`x.dtype`), or of a parameter."""

    def device(self) -> Text | None:
        """`x.device` of a tensor at hand: where `torch.arange(…)` and its kin must put what they make. None: there is
        none (in `__init__`), and the argument is left out."""

    def unpack(self, call: Text, pattern: str = "") -> tuple[Text, ...]:
        """An expression with several results: assigned as `pattern` says, one `{}` for each output:
        `t.unpack(t.call(t.me(), x), "{}, ({}, {})")`. Without a pattern: `a, b, c = …`, one per output of the node."""

    def let(self, expression: Text, hint: str) -> Text:
        """Assign to a fresh local variable (named after `hint`) and return it: for what is used twice."""

    def define(self, name: str, source: str) -> Text:
        """Put a class or function (its full source text) at the top of the file, once, and return its name. For layers
        that PyTorch lacks (`DropPath`). The source may use torch, nn, F, Tensor, math."""

    def parameter(
        self, name: str, shape: Sequence[Size], init: Any, trained: bool = True, dtype: str = "float"
    ) -> Text:
        """`self.<name> = nn.Parameter(…)` (or a buffer) owned by the block itself; returns `self.<name>`. The name ""
        is the node's label. `init`: an Initializer, None, or for a buffer a Graph that computes it."""


class OnnxValue(Protocol):
    """A value in the ONNX graph under construction. `name` is its ONNX name; `type` its dtype and symbolic shape
    (derived values made inside one lowering may have no type)."""

    name: str
    type: TensorType

    @property
    def shape(self) -> tuple[Size, ...]: ...
    @property
    def rank(self) -> int: ...
    @property
    def dtype(self) -> str: ...


class OnnxBuilder(Protocol):
    """Adds nodes. Names, types of the graph's values and metadata are the builder's business."""

    opset: int

    def op(self, op_type: str, *inputs: OnnxValue | None, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        """One node; trailing None inputs are dropped, inner ones become "". Attributes that are None are left out.
        Returns the value, or a tuple when `outputs` > 1."""

    def weight(self, name: str) -> OnnxValue:
        """The initializer of this node's weight, by its name in `Op.weights`, in its PyTorch layout."""

    def packed(self, name: str, make: Any, shape: Sequence[Size] | None = None) -> OnnxValue:
        """An initializer computed from this node's weights while exporting: `make(w)` gets a function from weight name
        to numpy array, numpy itself as `w.np`, and `w.joined(arrays, shape)`, one array of several; for layouts that
        differ from PyTorch's (LSTM gates). `shape`: what `make` gives, where that helps to know the shapes of what is
        computed with it."""

    def const(self, value: Any, dtype: str = "int64") -> OnnxValue:
        """A constant from nested lists or a number; equal ones are shared. "float" is the model's floating type."""

    def sizes(self, sizes: Sequence[Size]) -> OnnxValue:
        """A 1-D int64 vector: a constant where all are known, else computed from the shapes of values at hand. Pass -1
        for at most one entry to leave it to Reshape."""

    def dims(self, sizes: Sequence[Size]) -> OnnxValue:
        """As `sizes`, but writes a single unknown size as -1: the right vector for Reshape."""

    def size(self, size: Size) -> OnnxValue:
        """A scalar int64."""

    def foreign(self, title: str, *inputs: OnnxValue) -> Any:
        """What this node's layer, which is written in Python, makes of them: a tuple."""

    def cast(self, x: OnnxValue, dtype: str) -> OnnxValue: ...

    def elem_type(self, dtype: str) -> int:
        """onnx.TensorProto's number of a dtype."""
