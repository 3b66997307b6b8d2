"""Vision Transformers, and models of images or speech with text, against torchvision and transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import SwinTransformer

from tests.parity.zoo import coattention
from tests.parity.zoo.case import Case, Tensors
from tests.parity.zoo.language import TINY_BERT, built, visible


def tiny_swin() -> nn.Module:
    """Sides of 17, 9, 5 and 3 patches: margins to the windows at each, and to an even side."""
    return SwinTransformer(
        [4, 4], 8, [2, 2, 2, 2], [1, 2, 2, 4], [4, 4], mlp_ratio=2.5, stochastic_depth_prob=0.0, num_classes=10
    )


def deit(theirs: nn.Module, inputs: Tensors) -> Any:
    said = theirs(inputs["image"])
    return said.logits, said.cls_logits, said.distillation_logits


def clip(theirs: nn.Module, inputs: Tensors) -> Any:
    said = theirs(inputs["tokens"], inputs["image"], attention_mask=inputs["mask"])
    return said.logits_per_image, said.logits_per_text, said.text_embeds, said.image_embeds


def clip_of(dim: int, text: dict[str, Any], vision: dict[str, Any]) -> Callable[[], nn.Module]:
    return built("CLIPModel", "CLIPConfig", text_config=text, vision_config=vision, projection_dim=dim)


def whisper(theirs: nn.Module, inputs: Tensors) -> Any:
    sound, tokens, mask = inputs.values()
    return theirs(sound, decoder_input_ids=tokens, decoder_attention_mask=mask, use_cache=False).logits


def fixed(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Whisper's table of waves as what it is, a constant: theirs is a parameter that is not trained."""

    def built_fixed() -> nn.Module:
        module = build()
        positions: Any = module.get_submodule("model.encoder.embed_positions")
        table = positions.weight.detach()
        del positions.weight
        positions.register_buffer("weight", table)
        return module

    return built_fixed


def vilbert(text: dict[str, Any], image: dict[str, Any], *sizes: int) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        from transformers import BertConfig

        streams = [BertConfig(**options, attn_implementation="sdpa") for options in (text, image)]
        return coattention.ViLBert(*streams, *sizes)

    return build


def ended() -> torch.Tensor:
    """Texts of eight tokens, some of which go on after their end."""
    return torch.tensor([[3, 1, 4, 22, 5, 9, 2, 6], [5, 3, 5, 8, 9, 7, 9, 22], [22, 1, 22, 8, 1, 8, 2, 22]])


TINY_DEIT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "image_size": 12,
    "patch_size": 4,
    "hidden_dropout_prob": 0.2,
    "layer_norm_eps": 1e-3,
    "qkv_bias": False,
    "num_labels": 10,
}
TINY_TEXT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
    "vocab_size": 23,
    "max_position_embeddings": 40,
    "layer_norm_eps": 1e-3,
    "bos_token_id": 0,
    "eos_token_id": 22,
}
TINY_VISION = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "image_size": 12,
    "patch_size": 4,
    "layer_norm_eps": 1e-3,
}
TINY_WHISPER = {
    "d_model": 12,
    "encoder_layers": 2,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 20,
    "decoder_layers": 3,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 28,
    "vocab_size": 23,
    "num_mel_bins": 5,
    "max_source_positions": 9,
    "max_target_positions": 40,
    "pad_token_id": 2,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "decoder_start_token_id": 0,
    "dropout": 0.2,
    "activation_dropout": 0.1,
}
TINY_REGIONS = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 28,
    "hidden_dropout_prob": 0.2,
    "attention_probs_dropout_prob": 0.0,
    "layer_norm_eps": 1e-3,
}
LARGE_REGIONS = {
    "hidden_size": 1024,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "intermediate_size": 1024,
}
CASES = [
    Case(
        "swin:Swin",
        tiny_swin,
        {"N": 2},
        {
            "dim": 8,
            "depths": [2, 2, 2, 2],
            "heads": [1, 2, 2, 4],
            "drop_path": 0.0,
            "size": 68,
            "window": 4,
            "mlp_ratio": 2.5,
            "classes": 10,
        },
    ),
    Case(
        "deit:DeiT",
        built("DeiTForImageClassificationWithTeacher", "DeiTConfig", **TINY_DEIT),
        {"N": 2},
        {
            "dim": 12,
            "heads": 3,
            "depth": 2,
            "hidden": 20,
            "size": 12,
            "patch": 4,
            "dropout": 0.2,
            "qkv_bias": False,
            "eps": 1e-3,
            "classes": 10,
        },
        call=deit,
    ),
    Case(
        "clip:Clip",
        clip_of(6, TINY_TEXT, TINY_VISION),
        {"N": 2, "B": 3, "T": 8},
        {
            "dim": 6,
            "image_dim": 16,
            "image_depth": 3,
            "image_heads": 4,
            "patch": 4,
            "text_dim": 12,
            "text_depth": 2,
            "text_heads": 3,
            "size": 12,
            "vocab": 23,
            "max_len": 40,
            "end": 22,
            "eps": 1e-3,
        },
        limits={"tokens": 23},
        feeds={"tokens": ended, "mask": visible(3, 8)},
        call=clip,
    ),
    Case(
        "whisper:Whisper",
        fixed(built("WhisperForConditionalGeneration", "WhisperConfig", **TINY_WHISPER)),
        {"B": 2, "T": 7},
        {
            "dim": 12,
            "depth": 2,
            "heads": 3,
            "hidden": 20,
            "target_depth": 3,
            "target_heads": 2,
            "target_hidden": 28,
            "vocab": 23,
            "mels": 5,
            "frames": 9,
            "max_len": 40,
            "padding": 2,
            "dropout": 0.2,
            "activation_dropout": 0.1,
        },
        limits={"tokens": 23},
        feeds={"mask": visible(2, 7)},
        call=whisper,
        ignored=["proj_out.weight"],
    ),
    Case(
        "vilbert:ViLBert",
        vilbert({**TINY_BERT, "num_hidden_layers": 3}, TINY_REGIONS, 24, 2, 11, 5, 9),
        {"B": 2, "T": 7, "R": 6},
        {
            "dim": 12,
            "depth": 3,
            "heads": 3,
            "hidden": 20,
            "image_dim": 16,
            "image_depth": 2,
            "image_heads": 4,
            "image_hidden": 28,
            "shared_dim": 24,
            "shared_heads": 2,
            "features": 11,
            "classes": 9,
            "vocab": 23,
            "max_len": 40,
            "types": 3,
            "dropout": 0.2,
            "attention_dropout": 0.0,
            "eps": 1e-3,
        },
        limits={"tokens": 23, "token_types": 3},
        feeds={"mask": visible(2, 7), "region_mask": visible(2, 6)},
        names=coattention.their_name,
    ),
]
COUNTED: dict[str, Callable[[], nn.Module]] = {
    "vilbert:ViLBert": vilbert({}, LARGE_REGIONS, 1024, 8, 2048, 5, 1601),
    **{
        f"deit:DeiT{size}": built(
            "DeiTForImageClassificationWithTeacher",
            "DeiTConfig",
            hidden_size=dim,
            num_attention_heads=dim // 64,
            intermediate_size=4 * dim,
            num_labels=1000,
        )
        for size, dim in [("Tiny", 192), ("Small", 384), ("Base", 768)]
    },
    "clip:ClipViTB32": clip_of(512, {}, {}),
    "clip:ClipViTL14": clip_of(
        768,
        {"hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
        {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
            "patch_size": 14,
        },
    ),
    **{
        f"whisper:Whisper{size}": fixed(
            built(
                "WhisperForConditionalGeneration",
                "WhisperConfig",
                d_model=dim,
                encoder_layers=depth,
                decoder_layers=depth,
                encoder_attention_heads=dim // 64,
                decoder_attention_heads=dim // 64,
                encoder_ffn_dim=4 * dim,
                decoder_ffn_dim=4 * dim,
                **more,
            )
        )
        for size, dim, depth, more in [
            ("Tiny", 384, 4, {}),
            ("Small", 768, 12, {}),
            ("LargeV3", 1280, 32, {"vocab_size": 51866, "num_mel_bins": 128}),
        ]
    },
    "swin:SwinT": models.swin_t,
    "swin:SwinS": models.swin_s,
    "swin:SwinB": models.swin_b,
}
