"""Multiply-accumulates: what each tool counts, divided by what is counted by hand here."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import nndsl
from benchmarks import handwritten
from benchmarks.highlights import add

LENGTH, WIDTH, HIDDEN, HEADS = 128, 512, 2048, 8

ENCODER = f"""\
model Encoder {{
  input x: float[N, {LENGTH}, {WIDTH}]
  output y: [N, {LENGTH}, {WIDTH}] = x -> TransformerEncoderLayer({HEADS}, dim_feedforward={HIDDEN})
}}
"""
ATTENTION = f"""\
model Attention {{
  input x: float[N, {LENGTH}, {WIDTH}]
  output y: [N, {LENGTH}, {WIDTH}] = x -> SelfAttention({HEADS})
}}
"""
RECURRENT = f"""\
model Recurrent {{
  input x: float[N, {LENGTH}, 64]
  output y = x -> LSTM(128, num_layers=2, bidirectional=true) -> Item(0)
}}
"""
FUNCTIONAL = f"""\
model Functional {{
  param w: float[{WIDTH}, {HIDDEN}] = normal(std=0.02)
  input x: float[N, {LENGTH}, {WIDTH}]
  output y = x @ w
}}
"""


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        return self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2))


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(HIDDEN, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w)


def resnet18() -> int:
    """Table 1 of He et al. 2015, for an image of 224 × 224."""
    total, width = 3 * 64 * 7 * 7 * 112 * 112, 64
    for stage, filters in enumerate((64, 128, 256, 512)):
        area = (56 >> stage) ** 2
        total += (width * filters + 3 * filters * filters) * 9 * area
        total += width * filters * area if width != filters else 0  # the projection
        width = filters
    return total + 512 * 1000


def encoder() -> int:
    return attention() + 2 * LENGTH * WIDTH * HIDDEN


def attention() -> int:
    return 4 * LENGTH * WIDTH**2 + 2 * LENGTH**2 * WIDTH


def recurrent() -> int:
    return sum(2 * LENGTH * 4 * 128 * (inner + 128) for inner in (64, 2 * 128))


def functional() -> int:
    return LENGTH * WIDTH * HIDDEN


ONE = {"N": 1}
SHOWN = "self-attention (`F.scaled_dot_product_attention`)"
CASES: dict[str, tuple[Callable[[], nndsl.Model], Callable[[], nn.Module], Any, Callable[[], int]]] = {
    "ResNet-18": (
        lambda: nndsl.load("zoo/resnet.nn:ResNet18", dims={"N": 1, "H": 224, "W": 224}),
        handwritten.ResNet18,
        ((1, 3, 224, 224),),
        resnet18,
    ),
    "encoder layer": (
        lambda: nndsl.loads(ENCODER, dims=ONE),
        lambda: nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True),
        ((1, LENGTH, WIDTH),),
        encoder,
    ),
    SHOWN: (
        lambda: nndsl.loads(ATTENTION, dims=ONE),
        Attention,
        ((1, LENGTH, WIDTH),),
        attention,
    ),
    "LSTM, two layers, bidirectional": (
        lambda: nndsl.loads(RECURRENT, dims=ONE),
        lambda: nn.LSTM(64, 128, num_layers=2, bidirectional=True, batch_first=True),
        ((1, LENGTH, 64),),
        recurrent,
    ),
    "`x @ w`": (lambda: nndsl.loads(FUNCTIONAL, dims=ONE), Functional, ((1, LENGTH, WIDTH),), functional),
}


def lines() -> list[str]:
    tools = [_torchinfo, _torch, _fvcore, _calflops]
    found = [
        "| network | nndsl | torchinfo | torch's FlopCounterMode / 2 | fvcore | calflops |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, (ours, theirs, shapes, by_hand) in CASES.items():
        wanted = by_hand()
        counted: list[Any] = [ours().summary().macs]
        for tool in tools:
            torch.manual_seed(0)
            counted.append(_quietly(tool, theirs(), tuple(torch.randn(shape) for shape in shapes)))
        own, *peers = counted
        if name == SHOWN:
            names = ("torchinfo", "FlopCounterMode", "fvcore", "calflops")
            told = ", ".join(f"{tool}: {_ratio(count, wanted)}" for tool, count in zip(names, peers, strict=True))
            add("MACs of a self-attention layer, counted ÷ true", _ratio(own, wanted), told)
        found.append(f"| {name} | {' | '.join(_ratio(count, wanted) for count in counted)} |")
    return found


def _ratio(count: Any, wanted: int) -> str:
    return count if isinstance(count, str) else f"{float(count) / wanted:.3f}" if count else "0"


def _quietly(
    tool: Callable[[nn.Module, tuple[Tensor, ...]], float], module: nn.Module, inputs: tuple[Tensor, ...]
) -> Any:
    """What it counts, or the name of what it raises."""
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return tool(module, inputs)
    except Exception as problem:  # a peer that fails is a result
        return type(problem).__name__
    finally:
        logging.disable(logging.NOTSET)


def _torchinfo(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from torchinfo import summary

    return float(summary(module, input_data=list(inputs), verbose=0).total_mult_adds)


def _torch(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        module(*inputs)
    return counter.get_total_flops() / 2


def _fvcore(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from fvcore.nn import FlopCountAnalysis

    return float(FlopCountAnalysis(module, inputs).unsupported_ops_warnings(False).total())


def _calflops(module: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    from calflops import calculate_flops

    counted = calculate_flops(
        module, args=list(inputs), print_results=False, print_detailed=False, output_as_string=False
    )
    return float(counted[1])
