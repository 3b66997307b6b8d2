"""What operators write their ONNX nodes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from nndsl.backends.onnx.dtypes import Dtypes
from nndsl.backends.onnx.fold import folded
from nndsl.backends.onnx.foreign import Exporter, NoFunction, merge
from nndsl.backends.onnx.infer import infer
from nndsl.backends.onnx.records import Body, Recipe, Step, Tensor
from nndsl.backends.onnx.schemas import checked, inputs_of, refused
from nndsl.backends.onnx.simplify import simplify
from nndsl.backends.onnx.sizes import Sizes
from nndsl.ir.graph import Node
from nndsl.ops.say import bounds
from nndsl.ops.schema import Unsupported, Weight
from nndsl.shapes import Dim, Facts, Size, TensorType

_APART = {  # never the same as another one: what is random, and what its attributes do not tell
    "Scan",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
    "Bernoulli",
    "Multinomial",
}


class Builder:
    """One per export. `body`, `node`, `operands` and `layer` say where it stands; the lowering moves it along."""

    def __init__(self, opset: int, dtypes: Dtypes, facts: Facts, optimize: bool) -> None:
        self.opset = opset
        self.facts = facts
        self.dtypes = dtypes
        self.optimize = optimize
        self.is_narrow = dtypes.floating in ("float16", "bfloat16")
        self.node: Node | None = None
        self.node_weights: dict[str, Weight] | None = None
        self.path = ""
        self.blocks = ""
        self.layer = ""  # the node's weights are below this name
        self.result = ""  # the layer whose result the node's is: not its own where another was folded into it
        self.layer_of: Callable[[str, bool], str] = lambda label, borrowed: label
        self.operands: list[Tensor] = []
        self.exporter: Exporter | None = None  # of layers written in Python
        self.enter(Body(""))

    def enter(self, body: Body) -> None:
        """Work on a body from its beginning."""
        self.body = body
        self.body_sizes = Sizes(self)
        self.made: dict[Any, tuple[Tensor, ...]] = {}

    # ------------------------------------------------------------ nodes

    def op(self, op_type: str, *inputs: Tensor | None, outputs: int = 1, domain: str = "", **attributes: Any) -> Any:
        given = {name: value for name, value in attributes.items() if value is not None}
        if not domain:
            given = checked(op_type, self.opset, given)
        values = list(inputs)
        while values and values[-1] is None:
            values.pop()
        if self.optimize and not domain and outputs == 1:
            instead = simplify(self, op_type, values, given) or self.folded(op_type, values, given)
            if instead is not None:
                return instead
        made = self.widened(op_type, values, given, outputs) if self.is_narrow and not domain else None
        made = made or self.steps(op_type, values, given, outputs, domain)
        return made[0] if outputs == 1 else made

    def widened(
        self, op_type: str, inputs: list[Tensor | None], attributes: dict[str, Any], outputs: int
    ) -> tuple[Tensor, ...] | None:
        """In single precision, where the standard's operator has no other (CELU) or has it later (what is bfloat16)."""
        given, made = refused(op_type, self.opset, f"tensor({self.dtypes.floating})")
        last = inputs_of(op_type, self.opset) - 1
        narrow = [i for i, x in enumerate(inputs) if min(i, last) in given and x is not None and _is_floating(x)]
        if not narrow:
            return None
        wide = [self.cast(x, "float32") if i in narrow and x is not None else x for i, x in enumerate(inputs)]
        results = self.steps(op_type, wide, attributes, outputs, "")
        return tuple(self.cast(y, "float") if i in made else y for i, y in enumerate(results))

    def folded(self, op_type: str, inputs: list[Tensor | None], attributes: dict[str, Any]) -> Tensor | None:
        """The result, where it depends on constants alone: a constant too."""
        array = folded(op_type, inputs, attributes)
        known = infer(op_type, inputs, attributes) if array is not None else None
        return None if array is None else self.constant(array, known and known.with_shape(array.shape))

    def raw(self, op_type: str, inputs: list[Tensor | None], attributes: dict[str, Any]) -> Tensor:
        """A node of one output, as it is."""
        return self.steps(op_type, inputs, attributes, 1, "")[0]

    def steps(
        self, op_type: str, inputs: list[Tensor | None], attributes: dict[str, Any], outputs: int, domain: str
    ) -> tuple[Tensor, ...]:
        """The node, or the equal one that is there already."""
        key = (op_type, domain, outputs, *map(id, inputs), *map(_frozen, attributes.items()))
        if self.optimize and key in self.made and op_type not in _APART:
            return self.made[key]
        values = tuple(
            Tensor("", None, None if domain else partial(infer, op_type, inputs, attributes, outputs, i))
            for i in range(outputs)
        )
        step = Step(op_type, domain, inputs, list(values), attributes, self.path, self.blocks, self.result, self.node)
        for value in values:
            value.step = step
        self.body.steps.append(step)
        self.made[key] = values
        return values

    def foreign(self, title: str, *inputs: Tensor) -> tuple[Tensor, ...]:
        """A layer written in Python."""
        if self.exporter is None:
            raise Unsupported(f"{title} is written in Python, and its ONNX graph is not known")
        if self.body.is_function:
            raise NoFunction
        assert self.node is not None
        return merge(self, self.exporter(self.layer, self.node), inputs)

    # ------------------------------------------------------------ weights

    def weight(self, name: str) -> Tensor:
        found = self.layer_weights()[name]
        return self.recipe(Recipe((self.layer,), name, found.dtype), TensorType(found.dtype, tuple(found.shape)))

    def packed(self, name: str, make: Any, shape: Sequence[Size] | None = None) -> Tensor:
        dtype = self.trained_dtype()
        known = None if shape is None else TensorType(dtype, tuple(shape))
        return self.recipe(Recipe((self.layer,), name, dtype, make, known.shape if known else None), known)

    def computed(self, name: str, make: Any, others: Sequence[tuple[str, bool]], type: TensorType | None) -> Tensor:
        """A weight made from several layers': `make(w)` reads its own by `w(name)`, the others' by `w.of(1)(name)`."""
        layers = tuple(self.layer_of(label, borrowed) for label, borrowed in others)
        return self.recipe(Recipe((self.layer, *layers), name, self.trained_dtype(), make), type)

    def layer_weights(self) -> dict[str, Weight]:
        if self.node_weights is None:
            assert self.node is not None
            self.node_weights = {weight.name: weight for weight in self.node.weights()}
        return self.node_weights

    def trained_dtype(self) -> str:
        """A layer computes in one floating type: what is made of its weights has it too."""
        return next(weight.dtype for weight in self.layer_weights().values() if weight.trained)

    def recipe(self, recipe: Recipe, known: TensorType | None) -> Tensor:
        key = recipe.identity()
        if key not in self.body.weights:
            made = Tensor(recipe.key, known)
            made.recipe = recipe
            self.body.weights[key] = made
        return self.body.weights[key]

    # ------------------------------------------------------------ constants and sizes

    def const(self, value: Any, dtype: str = "int64") -> Tensor:
        with np.errstate(over="ignore"):
            array = np.asarray(value, dtype=self.dtypes.numpy(dtype))
        if isinstance(value, float) and isfinite(value) and not isfinite(array):
            exact = self.dtypes.exact(dtype)
            raise Unsupported(f"{value:g} is more than {exact} holds, ±{bounds(exact)[1]:,g}; inf is in all types")
        return self.constant(array, TensorType(dtype, array.shape))

    def constant(self, array: Any, known: TensorType | None = None) -> Tensor:
        """Equal ones are one."""
        known = known or TensorType(self.dtypes.name_of(array.dtype), array.shape)
        key = (self.dtypes.exact(known.dtype), array.shape, array.tobytes())
        if key not in self.body.constants:
            made = Tensor(_constant_name(array), known)
            made.array = array
            if known.dtype == "int64" and array.ndim == 1:
                made.content = tuple(array.tolist())
            self.body.constants[key] = made
        return self.body.constants[key]

    def sizes(self, sizes: Sequence[Size]) -> Tensor:
        vector = self.body_sizes.vector(sizes)
        if vector.array is None:
            vector.content = tuple(sizes)
        return vector

    def dims(self, sizes: Sequence[Size]) -> Tensor:
        unknown = [i for i, size in enumerate(sizes) if isinstance(size, Dim)]
        if len(unknown) != 1 or -1 in sizes:
            return self.sizes(sizes)
        return self.const([-1 if isinstance(size, Dim) else size for size in sizes])

    def size(self, size: Size) -> Tensor:
        scalar = self.body_sizes.scalar(size)
        if scalar.array is None:
            scalar.content = (size,)
        return scalar

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        if self.optimize and x.array is not None:
            return self.const(x.array, dtype)
        made: Tensor = self.op("Cast", x, to=self.elem_type(dtype))
        if made.known is None and x.known is not None:
            made.known = TensorType(dtype, x.shape)
        return made

    def elem_type(self, dtype: str) -> int:
        return self.dtypes.number(dtype)


def _is_floating(x: Tensor) -> bool:
    dtype = x.recipe.dtype if x.recipe is not None else x.known.dtype if x.known is not None else ""
    return dtype == "float"


def _frozen(item: tuple[str, Any]) -> Any:
    name, value = item
    if isinstance(value, list):
        return name, tuple(value)
    return item if isinstance(value, (int, float, str)) else (name, id(value))


def _constant_name(array: Any) -> str:
    """`const.2`, `const[0,-1,768]`: what it holds, where that is short. Others bear the name of what they came from."""
    if array.size > 6 or array.ndim > 1:
        return ""
    words = [f"{v:g}" if array.dtype.kind == "f" else str(v) for v in array.reshape(-1).tolist()]
    return f"const[{','.join(words)}]" if array.ndim else f"const.{words[0]}"
