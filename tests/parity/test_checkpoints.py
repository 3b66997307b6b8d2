"""Public checkpoints: what the transformers library writes, and wrote, goes into the zoo through its mappings.

The files are made here, with random weights, by the library itself; only what older versions wrote is made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nndsl.weights.files import entries_in, reader
from tests.parity import weights
from tests.parity.zoo import CASES
from tests.parity.zoo.case import Case
from tests.parity.zoo.language import OUR_LLAMA, TINY_LLAMA, built, exact, masked, visible

safetensors = pytest.importorskip("safetensors.torch")
pytest.importorskip("transformers")
Tensors = dict[str, torch.Tensor]


def logits(theirs: Any, inputs: Tensors) -> Any:
    return theirs(*inputs.values()).logits


VIT = Case(
    "vit:ViT",
    built(
        "ViTForImageClassification",
        "ViTConfig",
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=20,
        image_size=32,
        num_labels=10,
        layer_norm_eps=1e-3,
    ),
    {"N": 2},
    {"patch": 16, "dim": 12, "depth": 2, "heads": 3, "hidden": 20, "size": 32, "classes": 10, "eps": 1e-3},
    call=logits,
)
SIZES: dict[str, Any] = {"dim": 8, "depths": [2, 2], "heads": [1, 2], "window": 4, "mlp_ratio": 2.0, "size": 48}
SWIN = Case(
    "swin:Swin",
    built(
        "SwinForImageClassification",
        "SwinConfig",
        image_size=48,
        embed_dim=8,
        depths=[2, 2],
        num_heads=[1, 2],
        window_size=4,
        mlp_ratio=2.0,
        num_labels=10,
    ),
    {"N": 2},
    {"classes": 10, "drop_path": 0.1, **SIZES},
    call=logits,
)
LLAMA = Case(
    "llama:Llama",
    exact(built("LlamaForCausalLM", "LlamaConfig", **TINY_LLAMA, head_dim=6)),
    {"B": 2, "T": 7},
    {**OUR_LLAMA, "head_dim": 6},
    limits={"tokens": 23},
    feeds={"mask": visible(2, 7)},
    call=masked,
)
RESNET: dict[str, Any] = {"depths": [1, 2, 1, 1], "embedding_size": 64, "num_labels": 10}


def resnet(layer: str, unit: str, wider: int) -> Case:
    """The widths are those of ours, so that only the depth is small."""
    options = {**RESNET, "hidden_sizes": [wider * width for width in (64, 128, 256, 512)], "layer_type": layer}
    return Case(
        "resnet:Net",
        built("ResNetForImageClassification", "ResNetConfig", **options, attn_implementation="eager"),
        {"N": 2, "H": 64, "W": 96},
        {"classes": 10},
        call=logits,
        text=f'from "zoo/resnet.nn" import ResNet\nmodel Net = ResNet({unit}, [1, 2, 1, 1])\n',
        name=unit,
    )


def as_first_published(state: Tensors) -> Tensors:
    """bert-base-uncased: TensorFlow's names of norms, the tied head once more, and a table of positions."""
    old = {n.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t
           for n, t in state.items()}  # fmt: skip
    words = state["bert.embeddings.word_embeddings.weight"].clone()
    more = {"cls.predictions.decoder.weight": words, "bert.embeddings.position_ids": torch.arange(40)[None]}
    return {**old, **more}


def with_places(state: Tensors) -> Tensors:
    """microsoft/swin-tiny-patch4-window7-224: how far the places of a window are apart, in each layer."""
    at = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
    down, across = at[:, :, None] - at[:, None, :] + 3
    tables = [name for name in state if name.endswith("relative_position_bias_table")]
    return {**state, **{name.replace("bias_table", "index"): down * 7 + across for name in tables}}


def with_masks(state: Tensors) -> Tensors:
    """gpt2: without a prefix, with the triangle of each layer."""
    masks = {f"h.{i}.attn.bias": torch.ones(1, 1, 40, 40).tril() for i in range(2)}
    return {**{name.removeprefix("transformer."): tensor for name, tensor in state.items()}, **masks}


META = {
    "model.embed_tokens.": "tok_embeddings.",
    "model.layers.": "layers.",
    "model.norm.": "norm.",
    "lm_head.": "output.",
    "self_attn.": "attention.",
    "q_proj.": "wq.",
    "k_proj.": "wk.",
    "v_proj.": "wv.",
    "o_proj.": "wo.",
    "input_layernorm.": "attention_norm.",
    "post_attention_layernorm.": "ffn_norm.",
    "mlp.": "feed_forward.",
    "gate_proj.": "w1.",
    "down_proj.": "w2.",
    "up_proj.": "w3.",
}


def as_meta_publishes(state: Tensors) -> Tensors:
    """consolidated.00.pth: what transformers' own conversion makes of queries and keys, undone; heads of 6."""
    found: Tensors = {"rope.freqs": torch.ones(3)}
    for ours, tensor in state.items():
        name = ours
        for part, theirs in META.items():
            name = name.replace(part, theirs)
        turned = "wq." in name or "wk." in name
        found[name] = (tensor.view(-1, 2, 3, 16).transpose(1, 2).reshape(tensor.shape) if turned else tensor).clone()
    return found


def as_it_is(state: Tensors) -> Tensors:
    return state


NAMED = {case.id: case for case in CASES}
EACH: list[tuple[Case, str, Callable[[Tensors], Tensors]]] = [
    (VIT, "hf/vit", as_it_is),
    (resnet("basic", "BasicBlock", 1), "hf/resnet", as_it_is),
    (resnet("bottleneck", "Bottleneck", 4), "hf/resnet", as_it_is),
    (SWIN, "hf/swin", as_it_is),
    (SWIN, "hf/swin", with_places),
    (NAMED["DeiT"], "hf/deit", as_it_is),
    (NAMED["Bert"], "hf/bert", as_first_published),
    (NAMED["GPT2"], "hf/gpt2", as_it_is),
    (NAMED["GPT2"], "hf/gpt2", with_masks),
    (LLAMA, "meta/llama", as_meta_publishes),
    (NAMED["Mixtral"], "hf/mixtral", as_it_is),
]


@pytest.mark.parametrize(
    ("case", "mapping", "older"), [pytest.param(*each, id=f"{each[0].id}-{each[2].__name__}") for each in EACH]
)
def test_a_checkpoint_of_transformers(
    case: Case, mapping: str, older: Callable[[Tensors], Tensors], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    """It is found which mapping fits; none of its rules is told to be idle, since others are for other versions."""
    theirs: Any = case.reference()
    weights.fill(theirs)
    theirs.save_pretrained(tmp_path)
    read = reader(str(tmp_path))
    state = {name: read(name).clone() for name in entries_in(str(tmp_path))}
    safetensors.save_file(older(state), tmp_path / "model.safetensors")
    inputs = case.inputs()
    model = case.load(**case.settings)
    recwarn.clear()
    ours = model.module(weights=tmp_path).eval()
    assert not recwarn.list
    with torch.no_grad():
        answer = case.named(ours(*inputs.values()))
        expected = case.answered(case.call(theirs.eval(), inputs), answer)
    for name, value in expected.items():
        torch.testing.assert_close(answer[name], value, atol=1e-5, rtol=1e-5)
    by_name = model.module(weights=tmp_path, mapping=mapping)
    assert all(torch.equal(tensor, by_name.state_dict()[name]) for name, tensor in ours.state_dict().items())
