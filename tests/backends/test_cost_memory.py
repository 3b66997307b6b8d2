"""Memory as it is told, against the memory that PyTorch takes: networks of four kinds, in training and at work."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import nndsl
from nndsl.cost.memory import memory
from tests.cost_support import allocated, rise
from tests.ops.saved_support import saved_bytes

GPT = """
block Attention(heads: int, dropout: float) {
  input x: [B, T, D]
  q, k, v = x -> qkv: Linear(3 * D) -> Rearrange("b t (three h d) -> three b h t d", three=3, h=heads) -> Unbind(0)
  (q, k, v) -> ScaledDotProductAttention(causal=true) -> Rearrange("b h t d -> b t (h d)") -> proj: Linear(D)
    -> Dropout(dropout)
}
block Layer(heads: int, dropout: float) {
  input x: [B, T, D]
  x -> Residual { norm1: LayerNorm -> attn: Attention(heads, dropout) }
    -> Residual { norm2: LayerNorm -> mlp: [Linear(4 * D), GELU, Linear(D), Dropout(dropout)] }
}
model GPT(vocab: int = 500, dim: int = 64, depth: int = 12, heads: int = 4, context: int = 64, dropout: float = 0.1) {
  input tokens: int[B, context]
  layer embed = Embedding(vocab, dim)
  param pos: float[context, dim] = normal(std=0.02)
  h = (tokens -> embed) + pos -> Dropout(dropout)
  h = h -> blocks: [Layer(heads, dropout)] * depth -> norm: LayerNorm
  output logits: [B, context, vocab] = h @ embed.weight.T
}
"""
LSTM = """
model Tagger {
  input tokens: int[N, 40]
  h, _, _ = tokens -> Embedding(500, 64) -> lstm: LSTM(96, num_layers=2, dropout=0.2)
  output y: [N, 40, 10] = h -> Linear(10)
}
"""
CASES = ["resnet18", "resnet18-small", "vit", "gpt", "lstm"]


def made(name: str) -> tuple[nndsl.Model, int, tuple[int, ...]]:
    """The model, a batch, and the shape of its input."""
    match name:
        case "resnet18":
            return nndsl.load("models/resnet.nn:ResNet18", dims={"H": 96, "W": 64}), 4, (3, 96, 64)
        case "resnet18-small":
            return nndsl.load("models/resnet.nn:ResNet18", dims={"H": 32, "W": 32}, classes=10), 2, (3, 32, 32)
        case "vit":
            # A quarter of its width, all its layers and patches.
            narrow: dict[str, Any] = {"dim": 192, "heads": 3, "hidden": 768}
            return nndsl.load("models/vit.nn:ViTB16", dropout=0.1, **narrow), 1, (3, 224, 224)
        case "vit-full":
            return nndsl.load("models/vit.nn:ViTB16", dropout=0.1), 1, (3, 224, 224)
        case "gpt":
            return nndsl.loads(GPT), 4, (64,)
    return nndsl.loads(LSTM), 8, (40,)


def live(model: nndsl.Model, shape: tuple[int, ...], batch: int) -> tuple[nn.Module, torch.Tensor]:
    """The module, with weights that cost no time to draw."""
    module = model.module(device="meta").to_empty(device="cpu")
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            tensor.zero_()
    floating = len(shape) > 1
    return module, torch.randn(batch, *shape) if floating else torch.randint(0, 500, (batch, *shape))


@pytest.mark.parametrize("name", [*CASES, "vit-full"])
def test_saved_activations(name: str) -> None:
    model, batch, shape = made(name)
    module, x = live(model, shape, batch)
    told = memory(model.ir, samples=batch)
    assert told.unknown == {}
    pages = 0.01 if name == "lstm" else 0  # oneDNN rounds up to whole pages, which is told where the batch is fixed
    assert told.saved == pytest.approx(saved_bytes(module.train(), lambda: module(x)), rel=pages)


@pytest.mark.parametrize(
    ("name", "optimizer"), [*((name, "sgd") for name in [*CASES, "vit-full"]), ("gpt", "adam"), ("lstm", "adam")]
)
def test_peak_of_training(name: str, optimizer: str) -> None:
    model, batch, shape = made(name)
    module, x = live(model, shape, batch)
    makes: dict[str, Any] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimize = makes[optimizer](module.parameters(), lr=0.0)

    def step() -> None:
        y = module(x)
        torch.autograd.backward([y], [torch.ones_like(y)])
        optimize.step()

    module.train()
    if optimizer != "sgd":  # which has states from its first step on
        step()
        optimize.zero_grad()
    there = [*module.parameters(), *module.buffers(), x]
    there += [t for state in optimize.state.values() for t in state.values()]
    measured = rise(step) + sum(t.untyped_storage().nbytes() for t in there)
    told = memory(model.ir, samples=batch, optimizer=optimizer).training_peak
    assert told == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("name", CASES)
def test_peak_of_inference(name: str) -> None:
    model, batch, shape = made(name)
    module, x = live(model, shape, batch)
    with torch.no_grad():
        measured = rise(lambda: module.eval()(x))
    measured += sum(t.untyped_storage().nbytes() for t in (*module.parameters(), *module.buffers(), x))
    assert memory(model.ir, samples=batch).inference_peak == pytest.approx(measured, rel=0.1)


STEPS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, {}),
    "sgd+momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "adamax": (torch.optim.Adamax, {}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
}
DEEP = "model Deep {\n  input x: float[N, 256]\n  output y = x -> [Linear(256)] * 24\n}\n"


@pytest.mark.parametrize("cuda", [False, True], ids=["one weight after the other", "all at once"])
@pytest.mark.parametrize("optimizer", STEPS)
def test_peak_of_an_optimizer(optimizer: str, cuda: bool) -> None:
    """Many equal weights and a small batch: the optimizer's step takes the most. On a GPU, PyTorch updates all weights
    at once, which `foreach` asks for here."""
    model = nndsl.loads(DEEP)
    module, _ = live(model, (256,), 4)
    x = torch.randn(4, 256)
    make, more = STEPS[optimizer]
    optimize = make(module.parameters(), lr=0.0, foreach=cuda, **more)

    def step() -> None:
        y = module(x)
        torch.autograd.backward([y], [torch.ones_like(y)])
        optimize.step()

    step()
    optimize.zero_grad()
    states = [t for state in optimize.state.values() for t in state.values() if isinstance(t, torch.Tensor)]
    measured = rise(step) + sum(t.untyped_storage().nbytes() for t in (*module.parameters(), *states, x))
    told = memory(model.ir, samples=4, optimizer=optimizer, cuda=cuda).training_peak
    assert told == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("given", ["", ", add_bias_kv=true", ", dropout=0.1", ", need_weights=true"])
@pytest.mark.parametrize(("batch", "steps"), [(64, 100), (16, 50), (4, 200)])
def test_peak_of_attention(given: str, batch: int, steps: int, threads: int) -> None:
    """Nothing but one layer: what its backward pass makes on the way is half of the peak, or more."""
    result = "y, w" if "need_weights" in given else "y"
    text = f"input x: float[N, {steps}, 64]; {result} = x -> MultiheadAttention(4{given}); output z = y"
    model = nndsl.loads("model M { " + text.replace(";", "\n") + " }")
    module, x = live(model, (steps, 64), batch)
    measured = backward_peak(module.train(), x, threads)
    told = memory(model.ir, samples=batch, optimizer="sgd").training_peak
    assert told == pytest.approx(measured, rel=0.03)


def test_each_thread_of_attention_has_a_tile() -> None:
    """What a summary's reader adds for each further one."""
    text = "model M { input x: float[N, 200, 64]  output y = x -> MultiheadAttention(4) }"
    module, x = live(nndsl.loads(text), (200, 64), 4)
    one, two = (backward_peak(module.train(), x, threads) for threads in (1, 2))
    assert two - one == 2 * 64 * 200 * 4


def backward_peak(module: nn.Module, x: torch.Tensor, threads: int) -> int:
    def step() -> None:
        y = module(x)
        torch.autograd.backward([y], [torch.ones_like(y)])

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        step()
        module.zero_grad()
        made = allocated(step)
    finally:
        torch.set_num_threads(before)
    there: int = sum(t.untyped_storage().nbytes() for t in (*module.parameters(), x))
    return made + there
