"""What an operator is: one class that holds its parameters, shape rule, weights, cost, PyTorch text and ONNX nodes.

    class Conv2d(Op, family=CONVOLUTION):
        '''One line: what it does and its shapes (its PyTorch counterpart).'''
        out_channels: int = param(doc="number of filters", min=1)
        kernel_size: Pair = param(doc="height and width of a filter")
        stride: Pair = param(1, doc="step between positions")

Defining the class registers it. The annotation names a `Kind` (see `kinds.py`), which checks and converts what a spec
gives. Instances hold converted values as plain attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.costing import Costed
from nndsl.ops.kinds import KINDS, Kind, Unfit, exact, told
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from nndsl.ops.domain import Domain
    from nndsl.ops.emit import OnnxBuilder, Text, TorchWriter
    from nndsl.ops.families import Family
    from nndsl.ops.say import Say


class Required:
    """Marks a parameter without a default."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()


class Unsupported(Exception):
    """Raised by `Op.onnx` where ONNX cannot say what the operator does; the backend makes a diagnostic of it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(slots=True)
class Param:
    """One declared parameter. `star`: takes all remaining positional arguments (`Reshape(N, -1, 4)`)."""

    default: Any
    doc: str
    min: float | None
    max: float | None
    choices: tuple[Any, ...] | None
    star: bool
    keyword: bool
    name: str = ""
    kind: Kind = None  # type: ignore[assignment]  # set when its class is made

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def convert(self, value: Any) -> Any:
        """The checked value; raises `Unfit` with words for the user."""
        found = self.kind.convert(value)
        if self.choices is not None and found not in self.choices:
            raise Unfit(f"{self.name} is one of {', '.join(map(repr, self.choices))}", choices=self.choices)
        numbers = found if isinstance(found, tuple) else (found,)
        for number in numbers:
            if not isinstance(number, (int, float)) or isinstance(number, bool):
                continue
            if self.min is not None and number < self.min:
                raise Unfit(f"{self.name} is at least {self.min:g}, not {number}")
            if self.max is not None and number > self.max:
                raise Unfit(f"{self.name} is at most {self.max:g}, not {number}")
        return found


def param(
    default: Any = REQUIRED,
    *,
    doc: str,
    min: float | None = None,
    max: float | None = None,
    choices: tuple[Any, ...] | None = None,
    star: bool = False,
    keyword: bool = False,
) -> Any:
    """Declare a parameter of an operator; parameters stand in PyTorch's order."""
    return Param(default, doc, min, max, choices, star, keyword)


@dataclass(frozen=True, slots=True)
class Inferred:
    """A size that PyTorch's constructor takes and that is inferred here: its name there, its place among the arguments,
    and which axis of which input has it. `count`: the parameter that says how many axes it covers (LayerNorm)."""

    name: str
    place: int = 0
    axis: int = -1
    of: int = 0
    count: str = ""


@dataclass(slots=True)
class Weight:
    """One tensor an operator owns. `name` is its state-dict key below the layer (`weight`, `running_mean`).

    `kind`: "parameter" (trained) or "buffer". `init`: an Initializer given by the spec, None for PyTorch's own.
    `zero_row`: the attribute of the PyTorch layer that numbers a row which begins as zeros, whatever fills the rest."""

    name: str
    shape: tuple[Size, ...]
    kind: str = "parameter"
    dtype: str = "float"
    init: Any = None
    zero_row: str = ""

    @property
    def trained(self) -> bool:
        return self.kind == "parameter"


REGISTRY: dict[str, type[Op]] = {}


class Op(Costed):
    """Base of all operators.

    Class attributes a subclass may set:
      inputs    names of its inputs: `("x",)`; `"mask?"` may be missing (None is passed), `"*xs"` takes all the rest.
      outputs   names of its outputs, for documentation: `("output", "h_n", "c_n")`.
      examples  flows that the tests run: `"[2, 8, 16, 16] -> Conv2d(4, 3) -> [2, 4, 14, 14]"`, `"int[2, 5] -> …"`,
                `"([2, 3], [2, 4]) -> Concat(dim=1) -> [2, 7]"`.
      source    where its definition comes from (a paper, a specification), for documentation.
      hidden    true for what has syntax of its own (`+`, `x[:, 0]`, `param`), not to be called by name.
      shown     what tables and diagrams call it, where that is not its name.
      random    true for what draws random numbers, in training and at inference.
      weighed   false for what may have weights that are not known here.
      extra     name of the parameter (a SizeMap) that takes all keywords which are no parameters: `Rearrange(…, h=8)`.
      inferred  sizes that PyTorch's constructor takes and this one does not. Its other arguments stand elsewhere than
                in PyTorch, so that only what is required, and what `positional` names, is taken without a name.
    """

    name: ClassVar[str]
    shown: ClassVar[str] = ""
    family: ClassVar[Family]
    params: ClassVar[dict[str, Param]] = {}
    inputs: ClassVar[tuple[str, ...]] = ("x",)
    outputs: ClassVar[tuple[str, ...]] = ("y",)
    examples: ClassVar[list[str]] = []
    source: ClassVar[str] = ""
    hidden: ClassVar[bool] = False
    random: ClassVar[bool] = False
    weighed: ClassVar[bool] = True
    extra: ClassVar[str | None] = None
    inferred: ClassVar[tuple[Inferred, ...]] = ()
    positional: ClassVar[tuple[str, ...]] = ()
    fillers: ClassVar[tuple[str, ...]] = ("init", "bias_init")  # the parameters that say what weights begin with
    has_weights: ClassVar[bool] = False  # set from whether `weights` is overridden

    init: Any  # Initializer | None, accepted by every operator with weights
    bias_init: Any

    def __init_subclass__(
        cls, *, family: Family | None = None, name: str | None = None, abstract: bool = False
    ) -> None:
        if family is not None:
            cls.family = family
        cls.params = dict(cls.params)
        for key, annotation in cls.__annotations__.items():
            declared = cls.__dict__.get(key)
            if isinstance(declared, Param):
                declared.name = key
                declared.kind = KINDS[annotation.replace(" ", "")]
                if declared.default is not REQUIRED and declared.default is not None:
                    declared.default = declared.kind.convert(declared.default)
                cls.params[key] = declared
                delattr(cls, key)
        if cls.inferred:
            cls.params = {name: _named(declared, cls.positional) for name, declared in cls.params.items()}
        cls.has_weights = cls.weights is not Op.weights
        if abstract:
            return
        cls.name = name or cls.__name__
        if cls.has_weights and "init" not in cls.params:
            cls.params |= _INIT_PARAMS
        REGISTRY[cls.name] = cls

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """From unconverted values, as a spec gives them; raises `Unfit` (the elaborator binds with spans instead)."""
        names = [p.name for p in self.params.values() if not p.keyword]
        star = next((p.name for p in self.params.values() if p.star), None)
        if star is not None and star not in kwargs:
            at = names.index(star)
            args, rest = args[:at], args[at:]
            if rest:
                kwargs[star] = rest[0] if len(rest) == 1 and isinstance(rest[0], (list, tuple)) else list(rest)
        if self.extra is not None:
            loose = {name: kwargs.pop(name) for name in list(kwargs) if name not in self.params}
            kwargs[self.extra] = kwargs.get(self.extra, {}) | loose
        if len(args) > len(names):
            raise Unfit(f"{self.name} takes {', '.join(names) or 'nothing'} by position, and here are {len(args)}")
        values = dict(zip(names, args, strict=False)) | kwargs
        self.fill({name: self.params[name].convert(value) for name, value in values.items()})

    @classmethod
    def of(cls, values: dict[str, Any]) -> Op:
        """An instance from converted values."""
        made = cls.__new__(cls)
        made.fill(values)
        return made

    def fill(self, values: dict[str, Any]) -> None:
        if not self.needed().issubset(values):
            left = next(name for name in self.params if name in self.needed() and name not in values)
            raise Unfit(f"{self.name} needs {left}")
        self.__dict__.update(self._defaults())
        self.__dict__.update(values)

    @classmethod
    @cache
    def needed(cls) -> frozenset[str]:
        """The parameters without a default."""
        return frozenset(name for name, declared in cls.params.items() if declared.required)

    @classmethod
    @cache
    def _defaults(cls) -> dict[str, Any]:
        return {name: declared.default for name, declared in cls.params.items() if not declared.required}

    def seems_misread(self, *inputs: Any) -> bool:
        """Would nobody write this with its first argument as it is read here, when that equals the inferred size? Then
        PyTorch's arguments were probably meant."""
        return False

    # ------------------------------------------------------------ facets, overridden by operators
    # `*inputs: Any, **more: Any` lets an operator name its own inputs: `shape(self, x, say)`, `macs(self, q, k, y)`.

    def check(self, say: Say) -> bool:
        """Do the parameters fit each other? Said once, before any shape is known. False stops."""
        return True

    def shape(self, *inputs: Any, **say: Any) -> Any:
        """TensorTypes of the inputs -> TensorType, or a tuple of them; None after an error was said."""
        raise NotImplementedError(self.name)

    def demands(self, *inputs: Any) -> list[Size]:
        """Sizes that must be at least 1 for it to run, besides those of its results: `N - 5` where `x[5]` is taken."""
        return []

    def domains(self, *inputs: Any, **more: Any) -> dict[int, Domain]:
        """Which whole numbers it takes, by the position of the input; with others PyTorch fails, or the result means
        nothing. Models are tried out with numbers from here."""
        return {}

    def weights(self, *inputs: Any, **more: Any) -> list[Weight]:
        """The one list from which parameter counts, state-dict keys and initialisers come; called after `shape`."""
        return []

    def initializable(self, *inputs: Any, say: Say) -> bool:
        """Do the initialisers that the spec gives fit the weights? Asked after `shape` succeeded."""
        if all(getattr(self, name, None) is None for name in self.fillers):
            return True
        for weight in self.weights(*inputs):
            # A buffer's value may be a graph that computes it, which has its shape by then.
            problem = weight.init.misfit(weight.shape) if hasattr(weight.init, "misfit") else None
            if problem is not None:
                say.error(problem, at="init" if weight.init is self.init else "bias_init")
                return False
        return True

    # `macs`, `flops`, `saves` and their kin: see `Costed`.

    def module(self, t: TorchWriter, *inputs: Any, **more: Any) -> Text | None:
        """Constructor of its `nn.Module` (`nn.Conv2d(3, 64, 7)`), None where PyTorch has none."""
        return None

    def torch(self, t: TorchWriter, *inputs: Any, **more: Any) -> Any:
        """The expression in `forward`: a Text, or a tuple of Texts. Default: call what `module` constructs."""
        return t.call(t.me(), *[x for x in inputs if x is not None])

    def onnx(self, g: OnnxBuilder, *inputs: Any, **more: Any) -> Any:
        """Add nodes; the output value, or a tuple of them."""
        raise NotImplementedError(self.name)

    def blame(self, axis: int, rank: int) -> str | None:
        """The parameter that decides the size of this output axis, for the provenance in messages."""
        return None

    @property
    def heading(self) -> str:
        """What a table or a diagram calls it: a layer written in Python by the name that the spec gives it."""
        return self.shown or self.name

    def detail(self) -> str:
        """The few words a diagram shows under the name: `64, 7×7 / 2`. Default: the required parameters' values."""
        names = [p.name for p in self.params.values() if p.required]
        words = [told(getattr(self, name), alone=len(names) == 1) for name in names]
        return ", ".join(f"dim {word}" if name == "dim" else word for name, word in zip(names, words, strict=True))

    # ------------------------------------------------------------ conveniences

    def given(self, *names: str) -> dict[str, Any]:
        """Those of the parameters that are not at their default: keyword arguments of a constructor."""
        return {n: getattr(self, n) for n in names if getattr(self, n) != self.params[n].default}

    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.params}

    def key(self) -> tuple[Any, ...]:
        """Equal keys, equal operators."""
        return (self.name, *(exact(getattr(self, name)) for name in self.params))

    def spell(self) -> str:
        """As in a spec: `Conv2d(64, 7, stride=2)`."""
        parts = []
        for declared in self.params.values():
            value = getattr(self, declared.name)
            if declared.required and not declared.keyword and not declared.star:
                parts.append(declared.kind.spell(value))
            elif declared.star and declared.required:
                parts.extend(spell_value(v) for v in value)
            elif declared.name == self.extra:
                parts.extend(f"{name}={spell_value(size)}" for name, size in (value or {}).items())
            elif value != declared.default:
                parts.append(f"{declared.name}={declared.kind.spell(value)}")
        name = self.shown or self.name
        return f"{name}({', '.join(parts)})" if parts else name

    def __repr__(self) -> str:
        return f"<{self.spell()}>"

    @classmethod
    def variadic(cls) -> bool:
        return any(name.startswith("*") for name in cls.inputs)

    @classmethod
    def input_names(cls) -> list[str]:
        return [name.strip("*?") for name in cls.inputs]

    @classmethod
    def required_inputs(cls) -> int:
        return sum(not (n.endswith("?") or n.startswith("*")) for n in cls.inputs)


def _named(declared: Param, positional: tuple[str, ...]) -> Param:
    return declared if declared.required or declared.name in positional else replace(declared, keyword=True)


def spell_value(value: Any) -> str:
    """A value in `.nn` syntax."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(spell_value, value)) + "]"
    return str(value)


def same_along(y: TensorType, elements: int = 1) -> Size:
    """`elements` operations for each element of y: the cost of elementwise work."""
    total: Size = elements
    for size in y.shape:
        total = total * size
    return total


def _init_param(name: str, doc: str) -> Param:
    made = Param(None, doc, None, None, None, False, True)
    made.name, made.kind = name, KINDS["Initializer|None"]
    return made


_INIT_PARAMS = {
    "init": _init_param("init", "how its weights are initialised; PyTorch's default when not given"),
    "bias_init": _init_param("bias_init", "how its biases are initialised"),
}


def inputs_of(cls: type[Op], values: Sequence[Any]) -> list[Any]:
    """Pad with None what is optional and missing."""
    if cls.variadic():
        return list(values)
    return [*values, *[None] * (len(cls.inputs) - len(values))]
