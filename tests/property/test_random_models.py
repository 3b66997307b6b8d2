"""Random models: what is checked is what runs. Declared types, PyTorch and onnxruntime agree, whatever is put together.

`RANDOM_MODELS=2000 pytest tests/property/test_random_models.py` tries other models than the few that always run.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import nndsl
from nndsl.backends.onnx import feeds
from nndsl.shapes import Facts, Size

COUNT = int(os.environ.get("RANDOM_MODELS", "12"))

BLOCKS = """
block Cut { input x: [N, C, L]
  x[:, :, :(L + 1) // 2]
}
block Places { input x: [N, C, L]
  x + Arange(L, dtype=float) * 0.01
}
block Few { input x: [N, C, L]
  x -> Mean(2, keepdim=true) -> Expand(N, C, L // 2 + 1)
}
block Narrow(k: int) { input x: [N, C, L]
  x -> Conv1d(C * k, 1) -> ReLU -> Conv1d(C, 1)
}
block Twice(k: float) { input x: [...]
  x * k + (x * k)
}
block Switch { input x: [...]
  if training { x + 1 } else { x * 2 }
}
block Split { input x: [N, C, ...]
  a, b = x -> Chunk(2, 1)
  (b, a) -> Concat(1)
}
"""


@dataclass(frozen=True)
class Family:
    """`steps` are flows of `{v}`, a recent value, and `{w}`, any. What jumps (`jumps`) takes exact values only, since
    a last bit decides there; `smooth` flows make values that differ in the last bits."""

    inputs: tuple[str, ...]
    exact: tuple[str, ...]
    smooth: tuple[str, ...] = ()
    jumps: tuple[str, ...] = ()
    shared: str = ""


SEQUENCES = Family(
    inputs=("a: float[N, 4, H]", "b: float[N, 4, W]", "c: float[N, 4, H]"),
    exact=(
        "{v} -> ReLU", "{v} * 2", "-{v}", "{v} + {w}", "({v}, {w}) -> Maximum", "{v}[:, :, 1:]", "{v}[:, :, ::2]",
        "{v}[:, :, -3:]", "{v}[:, 1:3]", "({v}, {w}) -> Concat(2)", "({v}, {w}) -> Concat(1)", "{v} -> Cut",
        "{v} -> Split", "{v} -> Switch", "{v} -> MaxPool1d(2)", "{v} -> MaxPool1d(3, 2, 1)", "{v} -> Pad([1, 2])",
        "{v} -> MaxPool1d(3, ceil_mode=true)", '{v} -> Pad([1, 1], mode="reflect")', "{v} -> Upsample(scale_factor=2)",
        "{v} -> Upsample(7)", "{v} -> Roll(1, 2)", "{v} -> Flip(2)", "{v} -> Tile(1, 1, 2)", "{v} -> Transpose(1, 2)",
        '{v} -> Rearrange("n c (l k) -> n (c k) l", k=2)', '{v} -> Pad([2, 1], mode="circular")',
        "{v} -> Twice(2)", "{v} -> Twice(0.5)", "{v} -> Stack -> Reshape(N, 4, -1)", "{v} -> AdaptiveMaxPool1d(3)",
    ),
    smooth=(
        "{v} -> Conv1d(4, 3)", "{v} -> Conv1d(4, 3, 2, 1)", '{v} -> Conv1d(4, 2, padding="same")',
        "{v} -> ConvTranspose1d(4, 2, 2)", "{v} -> shared", "{v} -> Narrow(2)", "{v} -> Narrow(3)", "{v} -> Tanh",
        "{v} -> [Narrow(1)] * 3", "{v} -> Softmax(2)", "{v} -> BatchNorm1d", "{v} -> InstanceNorm1d", "{v} -> Few",
        "{v} -> Residual {{ Conv1d(4, 3, padding=1) -> ReLU }}", "{v} - ({v} -> Mean(2, keepdim=true))",
        "{v} -> AvgPool1d(2, ceil_mode=true)", "{v} -> AvgPool1d(3, padding=1)", "{v} -> AdaptiveAvgPool1d(3)",
        "{v} -> CumSum(2)", "{v} -> Places", '{v} -> Rearrange("n c l -> n l c") -> Linear(4) -> Transpose(1, 2)',
        '{v} -> Upsample(5, mode="linear")', "{v} -> LPPool1d(2, 2)", "{v} -> GroupNorm(2)",
    ),
    shared="layer shared = Conv1d(4, 1)",
)  # fmt: skip

NUMBERS = Family(
    inputs=("a: float[N, T]", "b: int[N, T]", "m: bool[N, T]", "c: int32[T]"),
    exact=(
        "{v} * 2", "{v} * 2.0", "{v} + 1", "{v} + 0.5", "-{v}", "{v} + {w}", "{v} - {w}", "{v} * {w}", "{v} / 2",
        "{v} -> Cast(float)", "{v} -> Twice(2)", "{v} -> Twice(2.0)", "{v} -> [Twice(2), Twice(2.0), Twice(0.5)]",
        "{v} -> Switch", "({v}, {w}) -> Minimum", "(m, {v}, {w}) -> Where", "(m, {v}) -> Where(1.5)", "{v}[1:]",
        "({v}, m) -> MaskedFill(0)", "{v} -> Clamp(0, 3)", "{v}[:, -1:]", "{v}[:, none, 0]", "{v} -> Max(1)",
        "{v} -> Reshape(N * T) -> Reshape(N, T)", "{v}[:, b[0] % 1]", "{v}[b[0, 0] % 1]", "({v}, b * 0) -> Gather(1)",
        '{v} -> Repeat("n t -> n (k t)", k=2) -> Chunk(2, 1) -> Item(1)', "{v} -> Transpose(0, 1)", "{v} -> Tril",
        "{v} -> Max(1, keepdim=true)", "({v}, {w}) -> Concat(0)", "({v}, {w}) -> Stack(1)", "{v} -> Squeeze",
        "{v} -> Sort -> Item(0)", "{v} -> TopK(1) -> Item(0)", "b % 3 -> OneHot(3)", "{v} -> Zeros(2)", "{v} ** 2",
        "({v} -> Cast(float)) -> Abs", "{v} -> Roll(1, 0)", "{v}[b[0] % 1, none, b[0] % 1]",
    ),
    smooth=(
        "{v} -> Sum(1, keepdim=true)", "{v} -> Mean(1, keepdim=true)", "{v} -> CumSum(1)", "{v} -> Prod(1)",
        "({v} -> Cast(float)) -> Normalize(dim=1)", "b % 3 -> Embedding(3, 2) -> Sum(2)", "{v} -> Sigmoid",
        '({v} -> Cast(float), {w} -> Cast(float)) -> Einsum("n t, n s -> n t")', "({v} -> Cast(float)) -> Std(1)",
        '({v} -> Cast(float), {w} -> Cast(float)) -> Einsum("... t, ... t -> t")', "({v} -> Cast(float)) -> Norm",
        "({v} -> Cast(float)) @ ({w} -> Cast(float)).T @ ({w} -> Cast(float))", "{v} / ({w} * {w} + 1)",
        "({v} -> Cast(float)) -> LogSumExp(1, keepdim=true)", "({v} -> Cast(float)) -> Softmax(-1)",
    ),
    jumps=(
        "{v} // 3", "{v} % 4", "{v} % -0.5", "{v} // 0.3", "1 // ({v} -> Cast(float))", "{v} > 1", "{v} == {w}",
        "{v} <= {w}", "{v} -> Cast(int)", "{v} -> ArgMax(1, keepdim=true)", "{v} -> Sort(descending=true) -> Item(1)",
        "{v} -> Sign", "{v} -> Round", "{v} != 0", "{v} // 2.5", "{v} -> Cast(bool)", "{v} -> Cast(int8)",
    ),
)  # fmt: skip

IMAGES = Family(
    inputs=("a: float[N, 4, H, W]", "b: float[N, 4, 9, 10]"),
    exact=(
        "{v} -> ReLU", "{v} + {w}", "({v}, {w}) -> Concat(1)", "{v} -> MaxPool2d(2)", "{v} -> MaxPool2d(3, 2, 1)",
        "{v} -> MaxPool2d([3, 2], 2, ceil_mode=true)", "{v} -> Pad([1, 0, 2, 1])", "{v} -> Pad([1, 1])", "-{v}",
        "{v} -> Upsample((7, 10))", '{v} -> Upsample((5, 12), mode="nearest-exact")', "{v} -> Upsample(scale_factor=2)",
        "{v} -> PixelShuffle(2)", "{v} -> PixelUnshuffle(2)", "{v} -> ChannelShuffle(2)", "{v}[:, :, 1:, :-1]",
        "{v} -> Permute(0, 1, 3, 2)", '{v} -> Rearrange("n (g c) h w -> n (c g) h w", g=2)', "{v} -> Split",
        "{v} -> AdaptiveMaxPool2d([2, 3])", "{v} -> Flip(3)", "{v} -> Pad([-1, 2], value=0.5)",
    ),
    smooth=(
        "{v} -> Conv2d(4, 3)", "{v} -> Conv2d(4, 3, 2, 1, bias=false) -> BatchNorm2d -> ReLU", "{v} -> shared",
        '{v} -> Conv2d(8, 3, padding="same", groups=2, dilation=2)', "{v} -> ConvTranspose2d(4, 3, 2, 1, 1)",
        "{v} -> AvgPool2d(2)", "{v} -> AvgPool2d(3, 2, 1, ceil_mode=true)", "{v} -> AdaptiveAvgPool2d([3, 2])",
        "{v} -> AvgPool2d(3, 1, 1, count_include_pad=false)", "{v} -> GroupNorm(2)", "{v} -> InstanceNorm2d",
        "{v} -> LocalResponseNorm(3)", '{v} -> Upsample((7, 10), mode="bilinear")', "{v} -> Mean([2, 3], keepdim=true)",
        '{v} -> Upsample(scale_factor=2, mode="bicubic")', '{v} -> Interpolate((4, 6), mode="area")', "{v} -> SiLU",
        "{v} * ({v} -> AdaptiveAvgPool2d(1) -> Conv2d(4, 1) -> Sigmoid)", "{v} -> Unfold(2) -> Fold([9, 10], 2)",
        "{v} -> Residual {{ Conv2d(4, 3, padding=1) -> ReLU }}", "{v} -> LPPool2d(2, 2)", "{v} -> Softmax2d",
    ),
    shared="layer shared = [Conv2d(4, 1), BatchNorm2d]",
)  # fmt: skip

TOKENS = Family(
    inputs=("a: float[N, T, 8]", "b: float[N, S, 8]", "m: bool[N, T]", "k: int[N, T]"),
    exact=(
        "{v} -> ReLU", "{v} + {w}", "({v}, {w}) -> Concat(1)", "{v}[:, 0]", "{v}[:, none, 0]", "{v}[:, ::2]",
        "{v} -> Expand(N, T, 8)", "(m[:, :, none], {v}) -> Where(0)", "{v} -> Unbind(1) -> Item(0)", "{v} -> Max(1)",
        '{v} -> Rearrange("n t (h d) -> n h t d", h=2)', '{v} -> Rearrange("n h t d -> n t (h d)")', "{v}[..., :4]",
        "{v} -> Transpose(1, 2)", '({v}, {w}) -> Einsum("n t d, n s d -> n t s d")', "{v} -> Flatten(0, 1)",
    ),
    smooth=(
        "{v} -> Linear(8)", "{v} -> LayerNorm", "{v} -> RMSNorm", "{v} -> GELU", "{v} -> MultiheadAttention(2)",
        "({v}, {w}) -> MultiheadAttention(4)", "({v}, {v}, {v}) -> ScaledDotProductAttention(causal=true)",
        "({v}, {w}, {w}) -> ScaledDotProductAttention", "{v} -> GRU(8) -> Item(0)", "{v} -> shared", "{v} -> Mean(1)",
        "{v} -> LSTM(4, bidirectional=true) -> Item(0)", '({v}, {w}) -> Einsum("n t d, n s d -> n t s")',
        '({v}, {w}) -> Einsum("... d, ... d -> ...")', "k % 5 -> Embedding(5, 8)", "{v} @ ({w} -> Transpose(1, 2))",
        "{v} -> Residual {{ LayerNorm -> Linear(16) -> GELU -> Linear(8) }}", "{v} -> Softmax(-1)",
        "{v} -> TransformerEncoderLayer(2, 16)", "{v} * ({v} -> Linear(1) -> Sigmoid)", "{v} -> [Linear(8), Tanh] * 2",
    ),
    shared="layer shared = [LayerNorm, Linear(8)]",
)  # fmt: skip

FAMILIES = {"sequences": SEQUENCES, "numbers": NUMBERS, "images": IMAGES, "tokens": TOKENS}


@dataclass
class Growing:
    """A model that is correct after every step."""

    family: Family
    lines: list[str]
    values: list[str]
    exact: set[str] = field(default_factory=set)

    def text(self, outputs: list[str]) -> str:
        ends = [f"output y{i} = {v}" for i, v in enumerate(outputs)]
        return BLOCKS + "model M {\n" + "".join(f"  {line}\n" for line in [*self.lines, *ends]) + "}\n"

    def grow(self, step: int, v: int, w: int) -> None:
        """Adds a step, unless it does not fit what is there."""
        kinds = (self.family.exact, self.family.smooth, self.family.jumps)
        flow = [flow for kind in kinds for flow in kind][step]
        recent, other = self.values[-4:][v % len(self.values[-4:])], self.values[w % len(self.values)]
        used = {recent, other} if "{w}" in flow else {recent}
        if flow in self.family.jumps and not used <= self.exact:
            return
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {flow.format(v=recent, w=other)}")
        if any(d.severity == "error" for d in nndsl.check(self.text([name]))):
            self.lines.pop()
            return
        self.values.append(name)
        if flow not in self.family.smooth and used <= self.exact:
            self.exact.add(name)


@st.composite
def models(draw: st.DrawFn, family: Family) -> str:
    names = [text.partition(":")[0] for text in family.inputs]
    lines = [f"input {text}" for text in family.inputs] + ([family.shared] if family.shared else [])
    made = Growing(family, lines, list(names), set(names))
    steps = len(family.exact) + len(family.smooth) + len(family.jumps)
    choice = st.tuples(st.integers(0, steps - 1), st.integers(0, 3), st.integers(0, 30))
    for step in draw(st.lists(choice, min_size=2, max_size=12)):
        made.grow(*step)
    other = made.values[draw(st.integers(0, 30)) % len(made.values)]
    return made.text([made.values[-1], *([other] if other != made.values[-1] else [])])


def declared(graph: Any, sizes: dict[str, int]) -> list[tuple[str, list[int]]]:
    facts = graph.facts or Facts()

    def number(size: Size) -> int:
        known = facts.spelled(size)
        return known if isinstance(known, int) else known.evaluate(sizes)

    types = [port.value.type for port in graph.outputs]
    return [({"float": "float32"}.get(t.dtype, t.dtype), [number(s) for s in t.shape]) for t in types]


@pytest.mark.parametrize("name", FAMILIES)
@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize="RANDOM_MODELS" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.data(), st.sampled_from([17, 20, 23]), st.booleans(), st.booleans())
def test_what_is_checked_runs(name: str, data: Any, opset: int, functions: bool, optimize: bool) -> None:
    text = data.draw(models(FAMILIES[name]))
    note(text)
    torch.manual_seed(0)
    model = nndsl.loads(text)
    module = model.module().eval()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        model.export(path, module.state_dict(), verify=False, opset=opset, functions=functions, optimize=optimize)
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path, _quiet(), providers=["CPUExecutionProvider"])
    for which in (0, 1):
        sizes = feeds.sizes(model.ir, which)
        arrays = feeds.inputs(model.ir, sizes, np.float32, which)
        wanted = run(module, arrays)
        assert declared(model.ir, sizes) == [(str(a.dtype), list(a.shape)) for a in wanted]
        names = [v.name for v in model.ir.inputs]
        used = {i.name for i in session.get_inputs()}
        got = session.run(None, {n: a for n, a in zip(names, arrays, strict=True) if n in used})
        for a, b in zip(got, wanted, strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            # What cancels leaves rounding, in proportion to what it is made of: numbers of the order of 1.
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-4 * _scale(b))


def run(module: torch.nn.Module, arrays: list[Any]) -> list[Any]:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        result = module(*[torch.from_numpy(np.asarray(array)) for array in arrays])
    return [t.numpy() for t in (result if isinstance(result, tuple) else (result,))]


def _quiet() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    return options


def _scale(wanted: Any) -> float:
    if wanted.dtype.kind != "f":
        return 0.0
    finite = np.abs(wanted[np.isfinite(wanted)])
    return max(float(finite.max()) if finite.size else 0.0, 1e-2)
