"""Runs one operator through everything it says about itself: shape rule, weights, costs, PyTorch text and ONNX nodes.

`check(op, "[N, 3, H, W]", at=[{"N": 2, "H": 9, "W": 7}, …])` builds the PyTorch module that the operator's text
describes and compares shapes, state-dict and values, then the ONNX model at several opsets, run by onnxruntime.
`flow("[2, 3] -> Linear(4) -> [2, 4]")` does the same for an operator's example.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from nndsl.ops import everything
from nndsl.ops.emit import Operand, Text
from nndsl.ops.initializers import INITIALIZERS, make_initializer
from nndsl.ops.say import Collect
from nndsl.ops.schema import REGISTRY, Op, inputs_of
from nndsl.shapes import Dim, Size, TensorType, smax, smin, symbol
from tests.ops.onnx_support import run_onnx

OPSETS = (17, 20, 23)


# --- reading types and flows ---


def _evaluated(text: str, words: dict[str, Any]) -> Any:
    """The value of an expression; a name that is not known otherwise is a symbol."""
    tree = ast.parse(text.strip(), mode="eval")
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    known = {name: words[name] if name in words else _meaning(name, name in called) for name in names}
    return eval(compile(tree, "<test>", "eval"), {"__builtins__": {}}, known)


def _meaning(name: str, called: bool) -> Any:
    if name in INITIALIZERS:
        return (
            (lambda *args, **kwargs: make_initializer(name, args, kwargs)) if called else make_initializer(name, (), {})
        )
    return symbol(name)


_WORDS = {"true": True, "false": False, "none": None, "min": smin, "max": smax, "inf": float("inf")}
_DTYPES = (
    "float",
    "int",
    "bool",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
)


def read_type(text: str | TensorType) -> TensorType:
    """`int[N, 5]`; without a word: float."""
    if isinstance(text, TensorType):
        return text
    found = re.fullmatch(r"\s*(\w*)\s*\[(.*)\]\s*", text)
    assert found, text
    dtype = {"": "float", "int": "int64"}.get(found[1], found[1])
    sizes = _evaluated(f"({found[2]},)" if found[2].strip() else "()", _WORDS)
    return TensorType(dtype, tuple(sizes))


def read_types(text: str) -> list[TensorType]:
    """One type, or several in parentheses."""
    return [read_type(found) for found in re.findall(r"\w*\s*\[[^\]]*\]", text)]


def read_op(text: str) -> Op:
    """`Conv2d(4, 3, padding=1)` as a spec writes it."""
    name, _, rest = text.strip().partition("(")
    cls = REGISTRY.get(name) or everything()[name]
    if not rest:
        return cls()
    made = _evaluated(f"{name}({rest}", _WORDS | {d: d for d in _DTYPES} | {name: cls})
    assert isinstance(made, Op)
    return made


_SCOPE: dict[str, Any] = {"torch": torch, "nn": nn, "F": functional, "Tensor": torch.Tensor, "math": math}

# --- PyTorch ---


class Writer:
    """The least TorchWriter that runs."""

    def __init__(self, op: Op, types: Sequence[TensorType | None], outputs: int) -> None:
        self.op, self.outputs = op, outputs
        names = op.input_names()
        if op.variadic():
            names = names[:-1] + [f"{names[-1]}{i}" for i in range(len(types) - len(names) + 1)]
        self.operands = [_operand(n, t) for n, t in zip(names, types, strict=True)]
        self.inits: dict[str, str] = {}
        self.lines: list[str] = []
        self.definitions: dict[str, str] = {}

    def me(self) -> Text:
        if "layer" not in self.inits:
            made = self.op.module(self, *self.operands)
            assert made is not None, f"{self.op} asks for its module and has none"
            self.inits["layer"] = made
        return Text("self.layer")

    def new(self, cls: str, *args: Any, **kwargs: Any) -> Text:
        short = [_once(a) for a in args], {k: _once(v) for k, v in kwargs.items()}
        return self.call(cls, *short[0], **short[1])

    def call(self, callee: str, *args: Any, **kwargs: Any) -> Text:
        parts = [self.value(a) for a in args] + [f"{k}={self.value(v)}" for k, v in kwargs.items()]
        return Text(f"{callee}({', '.join(parts)})")

    def method(self, x: str, name: str, *args: Any, **kwargs: Any) -> Text:
        return self.call(f"{_inside(x, 100)}.{name}", *args, **kwargs)

    def attribute(self, x: str, name: str) -> Text:
        return Text(f"{_inside(x, 100)}.{name}")

    def binary(self, operator: str, a: Any, b: Any) -> Text:
        level = {"**": 90, "*": 70, "/": 70, "@": 70, "//": 70, "%": 70, "+": 60, "-": 60}.get(operator, 50)
        left, right = self.value(a), self.value(b)
        tight = level + 1
        first = _inside(left, tight if operator == "**" or level == 50 else level)
        return Text(f"{first} {operator} {_inside(right, tight)}", level)

    def unary(self, operator: str, a: Any) -> Text:
        return Text(f"{operator}{_inside(self.value(a), 80)}", 80)

    def index(self, x: str, *items: Any) -> Text:
        return Text(f"{_inside(x, 100)}[{', '.join(map(self._item, items))}]")

    def _item(self, item: Any) -> str:
        if isinstance(item, slice):
            ends = ["" if end is None else self.value(end) for end in (item.start, item.stop)]
            return ":".join(ends) + ("" if item.step is None else f":{self.value(item.step)}")
        return "..." if item is Ellipsis else self.value(item)

    def value(self, value: Any) -> Text:
        if isinstance(value, Text):
            return value
        if isinstance(value, Dim):
            return Text(f"({value})")
        if isinstance(value, float) and value in (float("inf"), -float("inf")):
            return Text(f'float("{value}")')
        if isinstance(value, (list, tuple)):
            inside = ", ".join(map(self.value, value))
            return Text(f"[{inside}]") if isinstance(value, list) else Text(f"({inside}{',' * (len(value) == 1)})")
        return Text(repr(value), 80 if isinstance(value, (int, float)) and value < 0 else 100)

    def dtype(self, name: str) -> Text:
        floating = next((o for o in self.operands if o is not None and o.dtype == "float"), None)
        if name == "float":
            return Text(f"{floating}.dtype" if floating is not None else "torch.get_default_dtype()")
        return Text(f"torch.{name}")

    def device(self) -> Text | None:
        at_hand = next((o for o in self.operands if o is not None), None)
        return None if at_hand is None else Text(f"{at_hand}.device")

    def unpack(self, call: Text, pattern: str = "") -> tuple[Text, ...]:
        names = tuple(Text(f"out{i}") for i in range(pattern.count("{}") or self.outputs))
        left = pattern.format(*names) if pattern else ", ".join(names)
        self.lines.append(f"{left} = {call}")
        return names

    def let(self, expression: Text, hint: str) -> Text:
        name = f"{hint}_{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return Text(name)

    def define(self, name: str, source: str) -> Text:
        assert self.definitions.setdefault(name, source) == source
        return Text(name)

    def parameter(
        self, name: str, shape: Sequence[Size], init: Any, trained: bool = True, dtype: str = "float"
    ) -> Text:
        self.inits[name] = f"nn.Parameter(torch.zeros({tuple(shape)}), requires_grad={trained})"
        return Text(f"self.{name}")


def _operand(name: str, type: TensorType | None) -> Operand | None:
    if type is None:
        return None
    made = Operand(name)
    made.type = type
    return made


def _once(value: Any) -> Any:
    """Pairs of equal numbers are written once (a list is left alone)."""
    equal = isinstance(value, tuple) and len(value) > 1 and len(set(value)) == 1 and isinstance(value[0], (int, float))
    return value[0] if equal else value


def _inside(text: str, level: int) -> str:
    return f"({text})" if getattr(text, "level", 100) < level else text


def symbols_of(operands: Sequence[Operand | None]) -> dict[str, str]:
    """How each symbol can be read in `forward`."""
    found: dict[str, str] = {}
    for x in operands:
        for axis, size in enumerate(x.shape if x is not None else ()):
            lone = size.lone_atom() if isinstance(size, Dim) else None
            if lone is not None and not lone[0].operands:
                read = f"({x}.shape[{axis}] - {lone[2]}) // {lone[1]}" if lone[1:] != (1, 0) else f"{x}.shape[{axis}]"
                found.setdefault(str(lone[0]), read)
    return found


def build_module(op: Op, types: Sequence[TensorType | None], outputs: int = 1) -> nn.Module:
    """The module that the operator's PyTorch text describes."""
    writer = Writer(op, types, outputs)
    result = op.torch(writer, *writer.operands)
    returned = ", ".join(result) if isinstance(result, tuple) else result
    names = [str(o) for o in writer.operands if o is not None]
    sizes = [f"{name} = {read}" for name, read in symbols_of(writer.operands).items()]
    init = [f"self.{n} = {text}" for n, text in writer.inits.items()]
    source = "\n".join(
        [
            *writer.definitions.values(),
            "class Made(nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
        ]
        + [f"        {line}" for line in init]
        + [f"    def forward(self, {', '.join(names)}):"]
        + [f"        {line}" for line in (*sizes, *writer.lines, f"return {returned}")]
    )
    scope = dict(_SCOPE)
    try:
        exec(source, scope)
        made = scope["Made"]()
    except Exception as problem:
        raise AssertionError(f"{problem}\n{source}") from problem
    assert isinstance(made, nn.Module)
    made.source = source
    return made


def randomize(module: nn.Module, seed: int = 0) -> None:
    """Weights that differ everywhere; variances stay positive, counters zero."""
    made = torch.Generator().manual_seed(seed)
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            fresh = torch.randn(tensor.shape, generator=made) * 0.5
            tensor.copy_(fresh.abs() + 0.5 if key.endswith("running_var") else fresh)


# --- the check ---


def size_at(size: Size, at: dict[str, int]) -> int:
    return size.evaluate(at) if isinstance(size, Dim) else size


def type_at(type: TensorType | None, at: dict[str, int]) -> TensorType | None:
    return None if type is None else TensorType(type.dtype, tuple(size_at(s, at) for s in type.shape))


def op_at(op: Op, at: dict[str, int]) -> Op:
    """The operator with the dims in its parameters known: `Expand(N, 4)`."""

    def known(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(map(known, value))
        if isinstance(value, dict):
            return {name: known(part) for name, part in value.items()}
        return size_at(value, at) if isinstance(value, Dim) else value

    return op.of({name: known(value) for name, value in op.values().items()})


def random_tensor(type: TensorType, high: int, seed: int) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    shape = [size_at(s, {}) for s in type.shape]
    if type.dtype == "bool":
        return torch.rand(shape, generator=made) < 0.6
    if "int" in type.dtype:
        return torch.randint(0, high, shape, generator=made).to(getattr(torch, type.dtype))
    tensor = torch.randn(shape, generator=made) * 2
    return tensor if type.dtype == "float" else tensor.to(getattr(torch, type.dtype))


def fitting(op: Op, tensor: torch.Tensor) -> torch.Tensor:
    """What the operator takes: probabilities, where it draws with them."""
    return tensor.sigmoid() if op.name == "Bernoulli" else tensor


def infer(op: Op, *types: str | TensorType | None) -> tuple[Any, list[tuple[str, str]]]:
    """What the shape rule gives, and the messages it says."""
    say = Collect(op.name)
    if not op.check(say):
        return None, say.messages
    padded = inputs_of(type(op), [read_type(t) if t is not None else None for t in types])
    return op.shape(*padded, say=say), say.messages


def complaint(op: Op | str, *types: str | TensorType | None) -> tuple[str, str]:
    """The one mistake that is said of these inputs."""
    result, messages = infer(read_op(op) if isinstance(op, str) else op, *types)
    assert result is None, f"accepted: {result}"
    assert len(messages) == 1, messages
    return messages[0]


def typed(op: Op, types: Sequence[TensorType | None]) -> list[TensorType]:
    result, messages = infer(op, *types)
    assert not messages, messages
    assert result is not None
    return list(result) if isinstance(result, tuple) else [result]


def check(
    op: Op | str,
    *types: str | TensorType | None,
    at: Sequence[dict[str, int]] = ({},),
    high: int = 2,
    data: dict[int, Callable[[TensorType], torch.Tensor]] | None = None,
    opsets: Sequence[int] = OPSETS,
    tolerance: float = 2e-5,
    macs: bool = False,
) -> nn.Module:
    """Everything the operator says, against PyTorch and onnxruntime; returns the module made.

    `at` gives values of the symbols in the types, `high` bounds random whole numbers, `data` makes an input otherwise,
    `macs` compares multiply-accumulates with PyTorch's own counter; no opsets, no ONNX.
    """
    op = read_op(op) if isinstance(op, str) else op
    padded = inputs_of(type(op), [read_type(t) if t is not None else None for t in types])
    outputs = typed(op, padded)
    module = build_module(op, padded, len(outputs)).eval()
    _check_weights(op, padded, module)
    randomize(module)
    case = _Case(op, padded, outputs, module, high, data or {}, macs)
    runs = [case.run(values) for values in at]
    if op.random:  # whether it draws the right numbers, see test_sampling
        return module
    for opset in opsets:
        run_onnx(op, padded, outputs, module, runs=runs, opset=opset, tolerance=tolerance)
    return module


def _check_weights(op: Op, types: Sequence[TensorType | None], module: nn.Module) -> None:
    declared = {w.name: w for w in op.weights(*types)}
    prefix = "layer."
    state = {k.removeprefix(prefix): v for k, v in module.state_dict().items()}
    assert list(declared) == list(state), f"{list(declared)} declared, PyTorch has {list(state)}"
    trained = {k.removeprefix(prefix) for k, v in module.named_parameters() if v.requires_grad}
    assert trained == {n for n, w in declared.items() if w.trained}
    for name, weight in declared.items():
        assert tuple(weight.shape) == tuple(state[name].shape), name
        dtype = str(torch.get_default_dtype()) if weight.dtype == "float" else f"torch.{weight.dtype}"
        assert dtype == str(state[name].dtype), f"{name} is {weight.dtype}, PyTorch has {state[name].dtype}"


Run = tuple[list[Any], list[torch.Tensor]]


@dataclass
class _Case:
    """One operator over symbolic types, to be run at several sizes."""

    op: Op
    types: Sequence[TensorType | None]
    outputs: Sequence[TensorType]
    module: nn.Module
    high: int
    data: dict[int, Callable[[TensorType], torch.Tensor]]
    macs: bool

    def run(self, at: dict[str, int]) -> Run:
        known = [type_at(t, at) for t in self.types]
        tensors = [None if t is None else self._made(i, t) for i, t in enumerate(known)]
        present = [t for t in tensors if t is not None]
        before = [t.clone() for t in present]
        with torch.no_grad():
            result = self.module(*present)
        for old, new in zip(before, present, strict=True):
            assert torch.equal(old, new) or old.isnan().any(), "an input was overwritten"
        got = list(result) if isinstance(result, (tuple, list)) else [result]
        exact_op = op_at(self.op, at)
        exact = typed(exact_op, known)
        self._compare_types(got, exact, at)
        self._compare_module(known, present, got)
        self._compare_costs(exact_op, known, exact, at)
        if self.macs:
            self._count(exact_op, known, exact, present)
        return tensors, got

    def _made(self, index: int, type: TensorType) -> torch.Tensor:
        make = self.data.get(index)
        return make(type) if make is not None else fitting(self.op, random_tensor(type, self.high, index))

    def _compare_types(self, got: list[torch.Tensor], exact: list[TensorType], at: dict[str, int]) -> None:
        for tensor, symbolic, type in zip(got, self.outputs, exact, strict=True):
            shape = tuple(tensor.shape)
            assert shape == tuple(type.shape), f"{self.op}: PyTorch gives {shape}, the rule {type}"
            there = tuple(size_at(s, at) for s in symbolic.shape)
            assert shape == there, f"{self.op}: {symbolic} at {at} is {there}, PyTorch gives {shape}"
            dtype = "float32" if type.dtype == "float" else type.dtype
            assert str(tensor.dtype) == f"torch.{dtype}", f"{self.op}: {tensor.dtype}, the rule {type}"

    def _compare_module(self, known: Any, present: list[torch.Tensor], got: list[torch.Tensor]) -> None:
        """`module` alone (as in nn.Sequential) computes what `torch` computes."""
        writer = Writer(self.op, known, len(got))
        text = self.op.module(writer, *writer.operands)
        if text is None or self.op.random or hasattr(self.module, "layer"):
            return
        scope = dict(_SCOPE)
        for source in writer.definitions.values():
            exec(source, scope)
        made = eval(text, scope).eval()
        randomize(made)
        result = made(*present)
        for a, b in zip(list(result) if isinstance(result, tuple) else [result], got, strict=True):
            torch.testing.assert_close(a, b, equal_nan=True)

    def _compare_costs(self, exact_op: Op, known: Any, exact: list[TensorType], at: dict[str, int]) -> None:
        """Symbolic costs at these sizes equal the costs of these sizes; both are whole and not negative."""
        y = self.outputs[0] if len(self.outputs) == 1 else tuple(self.outputs)
        exact_y = exact[0] if len(exact) == 1 else tuple(exact)
        for name in ("macs", "flops"):
            symbolic = getattr(self.op, name)(*self.types, y=y)
            if symbolic is None:  # not known, which is an answer
                continue
            number = getattr(exact_op, name)(*known, y=exact_y)
            assert isinstance(number, int), f"{self.op}: {name} are {number!r}"
            assert number >= 0
            assert size_at(symbolic, at) == number, f"{self.op}: {symbolic} {name} at {at}, not {number}"

    def _count(self, exact_op: Op, known: Any, exact: list[TensorType], present: list[torch.Tensor]) -> None:
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter, torch.no_grad():
            self.module(*present)
        macs = exact_op.macs(*known, y=exact[0] if len(exact) == 1 else tuple(exact))
        assert isinstance(macs, int)
        assert macs * 2 == counter.get_total_flops()


def flow(text: str, **options: Any) -> nn.Module:
    """Check an operator's example: `"([2, 3], [2, 4]) -> Concat(dim=1) -> [2, 7]"`."""
    first, middle, last = split_flow(text)
    op = read_op(middle)
    types = read_types(first)
    wanted = read_types(last)
    padded = inputs_of(type(op), types)
    assert typed(op, padded) == wanted, f"{text}: {typed(op, padded)}"
    if any(isinstance(s, Dim) for t in types for s in t.shape) and "at" not in options:
        symbols = sorted({name for t in types for s in t.shape if isinstance(s, Dim) for name in s.symbols()})
        options["at"] = [
            {s: 6 + i for i, s in enumerate(symbols)},
            {s: 11 - i for i, s in enumerate(symbols)},
        ]
    return check(op, *types, **options)


def split_flow(text: str) -> tuple[str, str, str]:
    """Patterns of `Rearrange` and `Einsum` hold arrows of their own."""
    outside = re.sub(r'"[^"]*"', lambda found: "_" * len(found[0]), text)
    ends = [m.span() for m in re.finditer(r"\s*->\s*", outside)]
    assert len(ends) == 2, text
    return text[: ends[0][0]], text[ends[0][1] : ends[1][0]], text[ends[1][1] :]


def examples(*modules: str) -> list[Any]:
    """All examples of the operators in these modules of nndsl.ops, for parametrize."""
    names = {import_module(f"nndsl.ops.{module}").__name__ for module in modules}
    found = [cls for cls in REGISTRY.values() if cls.__module__ in names]
    return [pytest.param(e, id=f"{cls.name}-{i}") for cls in found for i, e in enumerate(cls.examples)]


def least_examples(*modules: str) -> dict[str, int]:
    """How many examples each operator in these modules has."""
    names = {import_module(f"nndsl.ops.{module}").__name__ for module in modules}
    return {cls.name: len(cls.examples) for cls in REGISTRY.values() if cls.__module__ in names}
