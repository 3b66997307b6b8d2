"""What is built before protobuf: values and nodes that refer to each other, so that renaming costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nndsl.ir.graph import Node
from nndsl.shapes import Size, TensorType


@dataclass(frozen=True, slots=True)
class Recipe:
    """Where a weight's numbers come from: layer names below the body it stands in, and what is made of their weights.

    Without `make` it is the weight `name` of `layers[0]` itself. `dtype` is what it has in the file. `shape`, where it
    is given, tells apart what one layer makes of its weight for inputs of different ranks."""

    layers: tuple[str, ...]
    name: str
    dtype: str = field(compare=False)
    make: Callable[[Any], Any] | None = field(default=None, compare=False)
    shape: tuple[Size, ...] | None = None

    @property
    def computed(self) -> bool:
        return self.make is not None

    @property
    def key(self) -> str:
        """A plain weight's state-dict key; a readable name for a computed one."""
        return weight_key(self.layers[0], self.name)

    def identity(self) -> tuple[Any, ...]:
        return (self.layers, self.name, self.computed, self.shape)


def weight_key(layer: str, name: str) -> str:
    return f"{layer}.{name}" if name else layer


Infer = Callable[[], TensorType | None]


class Tensor:
    """A value of the ONNX graph (what operators see as `OnnxValue`). At most one of `step`, `array`, `recipe` is set:
    what computes it, its numbers when it is a constant, where its numbers come from when it is a weight.

    `content`: the sizes it holds, when it is a vector of sizes. `infer` finds the type when somebody asks for it: what
    the IR has a type for never needs it."""

    __slots__ = ("_known", "array", "content", "hint", "infer", "name", "recipe", "step")

    def __init__(self, hint: str, known: TensorType | None = None, infer: Infer | None = None) -> None:
        self.name = ""  # given at the end, when all names are known
        self.hint = hint
        self._known = known
        self.infer = infer
        self.step: Step | None = None
        self.array: Any = None
        self.recipe: Recipe | None = None
        self.content: tuple[Size, ...] | None = None

    @property
    def known(self) -> TensorType | None:
        if self.infer is not None:
            infer, self.infer = self.infer, None
            self._known = infer()
        return self._known

    @known.setter
    def known(self, type: TensorType | None) -> None:
        self._known, self.infer = type, None

    @property
    def is_typed(self) -> bool:
        """Without asking for a type that would have to be inferred."""
        return self._known is not None

    @property
    def type(self) -> TensorType:
        if self.known is None:
            made_by = self.step.op_type if self.step is not None else "a constant"
            raise TypeError(f"the type of a value derived by {made_by} is not known")
        return self.known

    @property
    def shape(self) -> tuple[Size, ...]:
        return self.type.shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)

    @property
    def dtype(self) -> str:
        return self.type.dtype

    def __repr__(self) -> str:
        return f"<{self.name or self.hint}: {self.known}>"


@dataclass(slots=True, eq=False)
class Step:
    """One ONNX node; an output that nobody wants may be None. `path` is the layer it came from (`layer1.0/conv1`),
    `layer` the same as a state-dict name, `origin` that layer's node in the IR."""

    op_type: str
    domain: str
    inputs: list[Tensor | None]
    outputs: list[Tensor | None]
    attributes: dict[str, Any]
    path: str = ""
    blocks: str = ""
    layer: str = ""
    origin: Node | None = None
    name: str = ""
    captures: dict[str, Tensor] = field(default_factory=dict)  # what its subgraphs read of the values around them
    body: Body | None = None  # of one step of a Scan
    foreign: bool = False  # written by PyTorch's exporter: its attributes are protobuf's


@dataclass(slots=True, eq=False)
class Body:
    """The nodes of the model, or of one ONNX function. `weights` by the identity of their recipes, `names` those of the
    outputs."""

    name: str
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    weights: dict[tuple[Any, ...], Tensor] = field(default_factory=dict)
    constants: dict[tuple[Any, ...], Tensor] = field(default_factory=dict)
    is_function: bool = False
    doc: str = ""
    source: str = ""
