"""The library's Transformer blocks against torch.nn's: weights load by name, answers are equal."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import nn

import nndsl
from tests.parity import weights

BATCH, LENGTH, SOURCE, WIDTH = 2, 7, 5, 16
CAUSAL = torch.triu(torch.ones(LENGTH, LENGTH, dtype=torch.bool), diagonal=1)
PADDED = torch.arange(LENGTH)[None, :] >= torch.tensor([[LENGTH], [LENGTH - 2]])
PADDED_SOURCE = torch.arange(SOURCE)[None, :] >= torch.tensor([[SOURCE - 1], [SOURCE]])
ACTIVATIONS = {"ReLU": torch.relu, "GELU": nn.functional.gelu}


def loaded(text: str, reference: nn.Module, prefix: str = "f.") -> nn.Module:
    """The model of `text`, with the reference's weights."""
    module = nndsl.loads(text).module()
    weights.fill(reference)
    module.load_state_dict({prefix + key: value for key, value in reference.state_dict().items()})
    return module


def agree(ours: nn.Module, theirs: nn.Module, inputs: list[torch.Tensor], **masks: torch.Tensor) -> None:
    """Equal answers in eval mode and, with equal seeds, in train mode; equal gradients of the inputs."""
    doubled = [x.double().requires_grad_() for x in inputs]
    for training in (False, True):
        answers = []
        for module, positional, named in ((ours, list(masks.values()), {}), (theirs, [], masks)):
            torch.manual_seed(7)
            y = module.double().train(training)(*doubled, *positional, **named)
            torch.sum(y * weights.uniform("cotangent", tuple(y.shape), -1, 1)).backward()
            answers.append([y.detach(), *[x.grad for x in doubled]])
            for x in doubled:
                x.grad = None
        torch.testing.assert_close(answers[0], answers[1], rtol=1e-9, atol=1e-10)


def sequence(name: str, length: int) -> torch.Tensor:
    return weights.uniform(name, (BATCH, length, WIDTH), -1, 1)


@pytest.mark.parametrize("masked", [(), ("src_mask",), ("src_key_padding_mask",), ("src_mask", "src_key_padding_mask")])
@pytest.mark.parametrize(
    ("norm_first", "activation", "bias"), list(itertools.product((False, True), ACTIVATIONS, (True, False)))
)
def test_encoder_layer(masked: tuple[str, ...], norm_first: bool, activation: str, bias: bool) -> None:
    masks = {"src_mask": CAUSAL, "src_key_padding_mask": PADDED}
    types = {"src_mask": "bool[T, T]", "src_key_padding_mask": "bool[B, T]"}
    inputs = "".join(f"input {name}: {types[name]}\n" for name in masked)
    given = "".join(f", {name}: {name}" for name in masked)
    first = str(norm_first).lower()
    text = f"""
    model M {{
      input src: float[B, T, {WIDTH}]
      {inputs}
      output y = (src{given},) -> f: TransformerEncoderLayer(
        4, 32, activation={activation}, layer_norm_eps=1e-3, norm_first={first}, bias={str(bias).lower()})
    }}"""
    options: dict[str, Any] = {"norm_first": norm_first, "activation": ACTIVATIONS[activation], "bias": bias}
    reference = nn.TransformerEncoderLayer(WIDTH, 4, 32, batch_first=True, layer_norm_eps=1e-3, **options)
    agree(
        loaded(text, reference),
        reference,
        [sequence("src", LENGTH)],
        **{name: masks[name] for name in masked},
    )


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
def test_decoder_layer(masked: bool, norm_first: bool) -> None:
    masks = {"tgt_mask": CAUSAL, "tgt_key_padding_mask": PADDED, "memory_key_padding_mask": PADDED_SOURCE}
    masks = masks if masked else {}
    types = {
        "tgt_mask": "bool[T, T]",
        "tgt_key_padding_mask": "bool[B, T]",
        "memory_key_padding_mask": "bool[B, S]",
    }
    inputs = "".join(f"input {name}: {types[name]}\n" for name in masks)
    given = "".join(f", {name}: {name}" for name in masks)
    text = f"""
    model M {{
      input tgt: float[B, T, {WIDTH}]
      input memory: float[B, S, {WIDTH}]
      {inputs}
      output y = (tgt, memory{given})
        -> f: TransformerDecoderLayer(4, 32, norm_first={str(norm_first).lower()})
    }}"""
    reference = nn.TransformerDecoderLayer(WIDTH, 4, 32, batch_first=True, norm_first=norm_first)
    agree(loaded(text, reference), reference, [sequence("tgt", LENGTH), sequence("memory", SOURCE)], **masks)


@pytest.mark.parametrize("masked", [False, True])
def test_encoder_stack(masked: bool) -> None:
    inputs, given = ("input mask: bool[T, T]", ", mask: mask") if masked else ("", "")
    text = f"""
    model M {{
      input src: float[B, T, {WIDTH}]
      {inputs}
      output y = (src{given},) -> f: TransformerEncoder(TransformerEncoderLayer(4, 32), 3, norm=LayerNorm)
    }}"""
    layer = nn.TransformerEncoderLayer(WIDTH, 4, 32, batch_first=True)
    reference = nn.TransformerEncoder(layer, 3, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
    agree(loaded(text, reference), reference, [sequence("src", LENGTH)], **({"mask": CAUSAL} if masked else {}))


def test_decoder_stack() -> None:
    text = f"""
    model M {{
      input tgt: float[B, T, {WIDTH}]
      input memory: float[B, S, {WIDTH}]
      input tgt_mask: bool[T, T]
      output y = (tgt, memory, tgt_mask: tgt_mask)
        -> f: TransformerDecoder(TransformerDecoderLayer(4, 32), 2, norm=LayerNorm)
    }}"""
    layer = nn.TransformerDecoderLayer(WIDTH, 4, 32, batch_first=True)
    reference = nn.TransformerDecoder(layer, 2, norm=nn.LayerNorm(WIDTH))
    inputs = [sequence("tgt", LENGTH), sequence("memory", SOURCE)]
    agree(loaded(text, reference), reference, inputs, tgt_mask=CAUSAL)
