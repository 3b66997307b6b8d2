"""The live module: what PyTorch users do with a module works on it."""

from __future__ import annotations

import copy
import io
import subprocess
import sys
import time
import traceback
import types

import pytest
import torch
from torch import nn

from nndsl.backends.torch import module, source
from nndsl.backends.torch.names import MODULE_ATTRIBUTES
from nndsl.diagnostics import SpecError
from tests.backends.torch_support import check, complaints, graph_of, inputs_of, values_at, zoo

TRANSFORMER = """
block Layer(heads: int, hidden: int) { input x: [B, T, D]
  require D % heads == 0
  x -> Residual { norm1: LayerNorm -> attn: SelfAttention(heads, causal=true) }
    -> Residual { norm2: LayerNorm -> mlp: [Linear(hidden), GELU, Linear(D)] } }
model Small { input x: float[B, T, 32]
  param pos: float[1, 1, 32] = normal(std=0.02)
  t = Arange(T) -> Cast(float) -> Reshape(T, 1)
  output y = x + pos + t -> layers: [Layer(4, 64)] * 3 -> norm: LayerNorm }
"""
CONVNET = """
model Conv { input image: float[N, 3, H, W]
  require H % 4 == 0 and W % 4 == 0
  h = image -> conv: Conv2d(8, 3, stride=2, padding=1) -> bn: BatchNorm2d -> ReLU -> MaxPool2d(2)
  output logits = h -> Flatten(2) -> Mean(dim=2) -> fc: Linear(5) }
"""


@pytest.fixture(params=[TRANSFORMER, CONVNET], ids=["transformer", "convnet"])
def small(request: pytest.FixtureRequest) -> tuple[nn.Module, list[torch.Tensor]]:
    graph = graph_of(request.param)
    return module(graph).eval(), inputs_of(graph, values_at(graph))


def test_compile(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    made, inputs = small
    torch._dynamo.reset()
    compiled = torch.compile(made, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*inputs), made(*inputs))


def test_export_keeps_its_dims(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    """Exported at one size, run at another."""
    made, (x,) = small
    auto = torch.export.Dim.AUTO
    first = torch.cat([x, x]) if x.dim() == 3 else torch.randn(2, 3, 16, 24)
    x = first
    dynamic = {0: auto, 1: auto} if x.dim() == 3 else {0: auto, 2: auto, 3: auto}
    exported = torch.export.export(made, (first,), dynamic_shapes=(dynamic,))
    other = torch.cat([x, x, x], dim=0)
    other = torch.cat([other, other], dim=1) if x.dim() == 3 else torch.cat([other, other], dim=2)
    torch.testing.assert_close(exported.module()(other), made(other))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_to_dtype(small: tuple[nn.Module, list[torch.Tensor]], dtype: torch.dtype) -> None:
    made, inputs = small
    made = made.to(dtype)
    assert made(*[x.to(dtype) for x in inputs]).dtype == dtype


def test_autocast(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    made, inputs = small
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert made(*inputs).isfinite().all()


def test_deepcopy_and_state(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    made, inputs = small
    twin = copy.deepcopy(made)
    torch.testing.assert_close(twin(*inputs), made(*inputs))
    kept = io.BytesIO()
    torch.save(made.state_dict(), kept)
    kept.seek(0)
    for parameter in twin.parameters():
        nn.init.zeros_(parameter)
    twin.load_state_dict(torch.load(kept, weights_only=True))
    torch.testing.assert_close(twin(*inputs), made(*inputs))


def test_pickled_whole(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    made, inputs = small
    kept = io.BytesIO()
    torch.save(made, kept)
    kept.seek(0)
    torch.testing.assert_close(torch.load(kept, weights_only=False)(*inputs), made(*inputs))


def test_meta_allocates_nothing() -> None:
    """A model that no machine here could hold."""
    text = "model Huge { input x: float[N, 100000]\n  output y = x -> layers: [Linear(100000)] * 1000 }"
    made = module(graph_of(text), device="meta")
    assert sum(p.numel() for p in made.parameters()) == 1000 * (100000 * 100000 + 100000)
    assert all(p.device.type == "meta" for p in made.parameters())


@pytest.mark.parametrize("name", ["VGG11", "ResNet18", "GoogLeNet"])
def test_meta_zoo(name: str) -> None:
    graph = zoo({"VGG11": "vgg.nn", "ResNet18": "resnet.nn", "GoogLeNet": "googlenet.nn"}[name], name)
    assert all(t.is_meta for t in module(graph, device="meta").state_dict().values())


def test_tracebacks_show_the_source(small: tuple[nn.Module, list[torch.Tensor]]) -> None:
    made, (x,) = small
    try:
        made(x[:, :2, :5])
    except RuntimeError:
        shown = traceback.format_exc()
        assert "self." in shown or "x + self.pos" in shown
        return
    pytest.fail("a wrong shape was accepted")


def test_equal_sources_are_one_class() -> None:
    graph = graph_of(CONVNET)
    assert type(module(graph)) is type(module(graph))
    assert type(module(graph)).__name__ == "Conv"


def test_reserved_attributes_are_all_of_them() -> None:
    """Asked of an interpreter of its own: libraries that other tests import give every module more."""
    asked = "from torch import nn; print(*(n for n in dir(nn.Module()) if not n.startswith('_')))"
    told = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()
    assert {*told} <= MODULE_ATTRIBUTES


# Names that `nn.Module`, `nn.Sequential` and `nn.ModuleDict` mean something else by, in every place for a name.
TAKEN = {
    "label": "output y = x -> NAME: Linear(4)",
    "list": "output y = x -> stem: [NAME: Linear(4, init=zeros), NAME_2: ReLU, Linear(4)] -> [[NAME: Linear(4)]] * 2",
    "combinator": "output y = x -> Residual([NAME: Linear(4), ReLU])",
    "instances": "layer xs = [NAME: Linear(4), ok: Linear(4)]\n  output y = x -> xs[0] -> xs[1] -> xs[0]",
    "only instance": "layer xs = [NAME: Linear(4, init=ones)]\n  output y = x -> xs[0] -> xs[0]",
    "tensor": "param NAME: float[4] = ones\n  output y = x * NAME",
    "buffer": "buffer NAME: float[4] = ones\n  output y = x * NAME",
}


@pytest.mark.parametrize("statement", TAKEN.values(), ids=list(TAKEN))
def test_any_name_but_training_is_a_name(statement: str) -> None:
    for name in ("forward", "to", "type", "keys", "pop", "_modules", "__init__", "__class__", "_own"):
        text = f"model M {{\n  input x: float[N, 4]\n  {statement.replace('NAME', name)}\n}}"
        assert complaints(source(graph_of(text))) == ""
        check(graph_of(text))
        made = module(graph_of(text))
        other = module(graph_of(text)).eval()
        other.load_state_dict(made.state_dict())
        assert any(name in key.split(".") for key in made.state_dict())
        copy.deepcopy(made).train().to(torch.float64)


def test_outputs_of_any_name() -> None:
    outputs = "\n".join(
        f"  output {name} = x * {i}" for i, name in enumerate(["_y", "y", "__init__", "class", "class_"])
    )
    graph = graph_of(f"model M {{\n  input x: float[N, 4]\n{outputs}\n}}")
    assert complaints(source(graph)) == ""
    x = torch.ones(2, 4)
    for i, value in enumerate(module(graph)(x)):
        torch.testing.assert_close(value, x * i)


def test_repeated_signs() -> None:
    graph = graph_of("""model M {
      input x: float[N, 4]
      output a = -(-x)
      output b = - - -x
      output c = -(-x ** 2)
      output d = 1 - -(-x) * 2
    }""")
    assert complaints(source(graph)) == ""
    x = torch.randn(2, 4)
    for found, wanted in zip(module(graph)(x), (x, -x, x**2, 1 - 2 * x), strict=True):
        torch.testing.assert_close(found, wanted)


EXTERN = """
extern block Deform(k: int, name: str = "plain") = "foreign_layers.shapes:Deform" {
  input x: [N, C, H, W]
  output y: [N, C, H, W]
}
model Ext { input x: float[N, 3, 8, 8]
  output y = x -> d: Deform(3) -> Conv2d(4, 1) -> Deform(5, name="a\\"b") }
"""


def test_extern_is_refused() -> None:
    with pytest.raises(SpecError) as refused:
        module(graph_of(EXTERN))
    assert [d.code for d in refused.value.diagnostics] == ["extern"]
    assert "foreign_layers" not in sys.modules


def test_extern_runs_when_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deform(nn.Module):
        def __init__(self, k: int, name: str) -> None:
            super().__init__()
            self.k, self.name = k, name

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.k

    package, shapes = types.ModuleType("foreign_layers"), types.ModuleType("foreign_layers.shapes")
    shapes.Deform = Deform  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "foreign_layers", package)
    monkeypatch.setitem(sys.modules, "foreign_layers.shapes", shapes)
    text = source(graph_of(EXTERN))
    assert complaints(text) == ""
    assert "from foreign_layers.shapes import Deform\n" in text
    made = module(graph_of(EXTERN), text, allow_extern=True)
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(made(x), made.conv2d_1(x * 3) * 5)


# ---------------------------------------------------------------- scale


def _chain(count: int) -> str:
    return (
        "model Chain { input x: float[N, 8]\n  h = x\n"
        f"  for i in 0..{count} {{ h = h -> Linear(8 + i % 7) -> ReLU }}\n  output y = h }}"
    )


def _seconds(text: str) -> float:
    graph = graph_of(text)
    started = time.process_time()
    source(graph)
    return time.process_time() - started


def test_time_grows_with_the_model() -> None:
    """Ten times the layers, ten times the time (a factor of two for noise)."""
    _seconds(_chain(100))
    assert _seconds(_chain(2000)) < 20 * max(_seconds(_chain(200)), 0.02)


def test_ten_thousand_layers_in_a_list() -> None:
    text = "model Long { input x: float[N, 8]\n  output y = x -> layers: [Linear(8 + i % 7) for i in 0..10000] }"
    started = time.process_time()
    written = source(graph_of(text))
    assert time.process_time() - started < 40
    assert written.count("nn.Linear(") == 10000
    compile(written, "long.py", "exec")


def test_ninety_six_equal_blocks_are_written_once() -> None:
    graph = graph_of(TRANSFORMER.replace("* 3", "* 96"))
    text = source(graph)
    assert "*[Layer(32, 4, 64) for _ in range(96)]" in text
    assert len(text.splitlines()) < 100
    check(graph, text)
