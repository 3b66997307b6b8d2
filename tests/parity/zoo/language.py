"""Transformers of language against Hugging Face's transformers and torch.nn.Transformer.

transformers takes seconds to import: only those who build a reference do."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import nn

from tests.parity import weights
from tests.parity.zoo.case import Case, Tensors
from tests.parity.zoo.plain import Encoder, Mixture, Translator

SIZES = {"B": 2, "T": 7}


def built(model: str, config: str, **options: Any) -> Callable[[], nn.Module]:
    """A model of the transformers library, with the attention that rounds nothing to float32."""

    def build() -> nn.Module:
        import transformers

        options.setdefault("attn_implementation", "sdpa")
        made: nn.Module = getattr(transformers, model)(getattr(transformers, config)(**options))
        return made

    return build


def visible(*shape: int) -> Callable[[], torch.Tensor]:
    """A mask with holes, in which every row sees something."""

    def build() -> torch.Tensor:
        mask = weights.uniform("visible", shape, -1.0, 1.0) > -0.3
        mask[..., 0] = True
        return mask

    return build


def bert(theirs: nn.Module, inputs: Tensors) -> Any:
    tokens, mask, types = inputs.values()
    said = theirs(tokens, attention_mask=mask, token_type_ids=types, output_hidden_states=True)
    states = said.hidden_states[-1]
    return states, theirs.bert.pooler(states), said.prediction_logits, said.seq_relationship_logits


def masked(theirs: nn.Module, inputs: Tensors) -> Any:
    tokens, mask = inputs.values()
    return theirs(tokens, attention_mask=mask).logits


def to_targets(theirs: nn.Module, inputs: Tensors) -> Any:
    tokens, mask, targets, target_mask = inputs.values()
    return theirs(tokens, attention_mask=mask, decoder_input_ids=targets, decoder_attention_mask=target_mask).logits


def untied(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """T5 1.1 has a head of its own; transformers leaves that to what a checkpoint holds."""

    def built_untied() -> nn.Module:
        module: Any = build()
        module.lm_head = nn.Linear(module.lm_head.in_features, module.lm_head.out_features, bias=False)
        return module

    return built_untied


def exact(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    """Theirs, without the rounding to float32 in norms and gates that would hide what a comparison in float64 shows."""

    def norm(self: nn.Module, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.rms_norm(x, self.weight.shape, self.weight, self.variance_epsilon)

    def route(self: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        scores = nn.functional.linear(x.flatten(0, -2), self.weight)
        best, which = torch.topk(torch.softmax(scores, dim=-1), self.top_k, dim=-1)
        return scores, best / best.sum(dim=-1, keepdim=True), which

    def built_exactly() -> nn.Module:
        module = build()
        for part in module.modules():
            match type(part).__name__:
                case "LlamaRMSNorm" | "MixtralRMSNorm" | "T5LayerNorm":
                    part.forward = MethodType(norm, part)
                case "MixtralTopKRouter":
                    part.forward = MethodType(route, part)
        return module

    return built_exactly


def translator(norm_first: bool) -> Case:
    return Case(
        "transformer:Transformer",
        lambda: Translator(
            12,
            23,
            nhead=3,
            num_encoder_layers=2,
            num_decoder_layers=3,
            dim_feedforward=20,
            dropout=0.0,
            norm_first=norm_first,
            layer_norm_eps=1e-3,
        ),
        {"B": 2, "S": 5, "T": 7},
        {
            "dim": 12,
            "heads": 3,
            "hidden": 20,
            "depth": 2,
            "target_depth": 3,
            "vocab": 23,
            "dropout": 0.0,
            "norm_first": norm_first,
            "eps": 1e-3,
        },
        limits={"source": 23, "target": 23},
        feeds={"source_mask": visible(2, 5), "target_mask": visible(2, 7)},
        names=lambda name: name if name.startswith("embedding") else f"transformer.{name}",
        name=f"Transformer, norm {'first' if norm_first else 'last'}",
    )


TINY_BERT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 20,
    "vocab_size": 23,
    "max_position_embeddings": 40,
    "type_vocab_size": 3,
    "hidden_dropout_prob": 0.2,
    "attention_probs_dropout_prob": 0.0,
    "layer_norm_eps": 1e-3,
}
TINY_GPT2 = {
    "n_embd": 12,
    "n_layer": 2,
    "n_head": 3,
    "n_inner": 20,
    "vocab_size": 23,
    "n_positions": 40,
    "resid_pdrop": 0.2,
    "embd_pdrop": 0.2,
    "attn_pdrop": 0.0,
    "layer_norm_epsilon": 1e-3,
}
TINY_T5 = {
    "d_model": 12,
    "d_kv": 6,
    "d_ff": 20,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 3,
    "vocab_size": 23,
    "relative_attention_num_buckets": 8,
    "relative_attention_max_distance": 12,
    "layer_norm_epsilon": 1e-3,
}
OUR_T5 = {
    "dim": 12,
    "depth": 2,
    "heads": 3,
    "hidden": 20,
    "head_dim": 6,
    "target_depth": 3,
    "vocab": 23,
    "buckets": 8,
    "max_distance": 12,
    "eps": 1e-3,
}
TINY_LLAMA = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 20,
    "vocab_size": 23,
    "rms_norm_eps": 1e-3,
}
STRETCHED = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
OUR_LLAMA = {"dim": 16, "depth": 2, "heads": 4, "key_heads": 2, "hidden": 20, "vocab": 23, "eps": 1e-3}
CASES = [
    Case(
        "transformer_encoder:TransformerEncoder",
        lambda: Encoder(23, 12, 2, 3, 20, 0.0),
        SIZES,
        {"vocab": 23, "dim": 12, "depth": 2, "heads": 3, "hidden": 20, "dropout": 0.0},
        limits={"tokens": 23},
        names=lambda name: name.replace("layers.", "encoder.layers."),
    ),
    translator(False),
    translator(True),
    Case(
        "bert:Bert",
        built("BertForPreTraining", "BertConfig", **TINY_BERT),
        SIZES,
        {
            "dim": 12,
            "depth": 2,
            "heads": 3,
            "hidden": 20,
            "vocab": 23,
            "max_len": 40,
            "types": 3,
            "dropout": 0.2,
            "attention_dropout": 0.0,
            "eps": 1e-3,
        },
        limits={"tokens": 23, "token_types": 3},
        feeds={"mask": visible(2, 7)},
        call=bert,
        ignored=["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"],
    ),
    Case(
        "gpt2:GPT2",
        built("GPT2LMHeadModel", "GPT2Config", **TINY_GPT2),
        SIZES,
        {
            "dim": 12,
            "depth": 2,
            "heads": 3,
            "hidden": 20,
            "vocab": 23,
            "max_len": 40,
            "dropout": 0.2,
            "attention_dropout": 0.0,
            "eps": 1e-3,
        },
        limits={"tokens": 23},
        feeds={"mask": visible(2, 7)},
        call=masked,
        names="transformer.{}".format,
        ignored=["lm_head.weight"],
    ),
    Case(
        "llama:Llama",
        exact(built("LlamaForCausalLM", "LlamaConfig", **TINY_LLAMA, attention_bias=True, mlp_bias=True, head_dim=6)),
        SIZES,
        {**OUR_LLAMA, "head_dim": 6, "attention_bias": True, "mlp_bias": True},
        limits={"tokens": 23},
        feeds={"mask": visible(2, 7)},
        call=masked,
    ),
    Case(
        "llama:Llama",
        exact(
            built("LlamaForCausalLM", "LlamaConfig", **TINY_LLAMA, rope_parameters=STRETCHED, tie_word_embeddings=True)
        ),
        {"B": 2, "T": 17},
        {**OUR_LLAMA, "theta": 500.0, "stretch": [8.0, 1.0, 4.0, 32.0], "tied": True},
        limits={"tokens": 23},
        feeds={"mask": visible(2, 17)},
        call=masked,
        ignored=["lm_head.weight"],
        name="Llama 3",
    ),
    Case(
        "t5:T5",
        exact(built("T5ForConditionalGeneration", "T5Config", **TINY_T5, dropout_rate=0.2)),
        {"B": 2, "S": 17, "T": 15},
        {**OUR_T5, "dropout": 0.2},
        limits={"tokens": 23, "targets": 23},
        feeds={"mask": visible(2, 17), "target_mask": visible(2, 15)},
        call=to_targets,
        ignored=["encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"],
        train=False,
    ),
    Case(
        "t5:FlanT5Small",
        exact(
            untied(
                built(
                    "T5ForConditionalGeneration",
                    "T5Config",
                    **TINY_T5,
                    dropout_rate=0.0,
                    feed_forward_proj="gated-gelu",
                    tie_word_embeddings=False,
                )
            )
        ),
        {"B": 2, "S": 17, "T": 15},
        {**OUR_T5, "dropout": 0.0},
        limits={"tokens": 23, "targets": 23},
        feeds={"mask": visible(2, 17), "target_mask": visible(2, 15)},
        call=to_targets,
        ignored=["encoder.embed_tokens.weight", "decoder.embed_tokens.weight"],
    ),
    Case(
        "mixture:MixtureOfExperts",
        lambda: Mixture(8, 5, 3, 6),
        {"B": 2, "T": 7},
        {"dim": 8, "experts": 5, "chosen": 3, "hidden": 6},
        names=lambda name: name.removeprefix("mlp."),
    ),
    Case(
        "mixture:Mixtral",
        exact(
            built(
                "MixtralForCausalLM",
                "MixtralConfig",
                **{**TINY_LLAMA, "intermediate_size": 6},
                num_local_experts=5,
                num_experts_per_tok=3,
                experts_implementation="eager",
            )
        ),
        SIZES,
        {**OUR_LLAMA, "theta": 1e6},
        limits={"tokens": 23},
        feeds={"mask": visible(2, 7)},
        call=masked,
        text="""
from "zoo/llama.nn" import Llama
from "zoo/mixture.nn" import Mixture

model Mixtral = Llama(mlp=Mixture(5, 3, 6))
""",
    ),
]
COUNTED: dict[str, Callable[[], nn.Module]] = {
    "transformer_encoder:TransformerEncoder": Encoder,
    "transformer:TransformerBase": lambda: Translator(512, 37000, dim_feedforward=2048),
    "transformer:TransformerBig": lambda: Translator(1024, 37000, nhead=16, dim_feedforward=4096),
    "bert:BertBase": built("BertForPreTraining", "BertConfig"),
    "bert:BertLarge": built(
        "BertForPreTraining",
        "BertConfig",
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
    ),
    **{
        f"gpt2:GPT2{size}": built("GPT2LMHeadModel", "GPT2Config", n_embd=dim, n_layer=depth, n_head=heads)
        for size, dim, depth, heads in [
            ("Small", 768, 12, 12),
            ("Medium", 1024, 24, 16),
            ("Large", 1280, 36, 20),
            ("XL", 1600, 48, 25),
        ]
    },
    "t5:T5Small": built("T5ForConditionalGeneration", "T5Config"),
    "t5:T5_11B": built(
        "T5ForConditionalGeneration", "T5Config", d_model=1024, d_kv=128, d_ff=65536, num_layers=24, num_heads=128
    ),
    "t5:FlanT5Small": untied(
        built(
            "T5ForConditionalGeneration",
            "T5Config",
            d_model=512,
            d_ff=1024,
            num_layers=8,
            num_heads=6,
            feed_forward_proj="gated-gelu",
        )
    ),
    "mixture:Mixtral8x7B": built("MixtralForCausalLM", "MixtralConfig"),
    "llama:Llama2_7B": built("LlamaForCausalLM", "LlamaConfig"),
    "llama:Llama2_70B": built(
        "LlamaForCausalLM",
        "LlamaConfig",
        hidden_size=8192,
        num_hidden_layers=80,
        num_attention_heads=64,
        num_key_value_heads=8,
        intermediate_size=28672,
    ),
    "llama:Llama31_8B": built(
        "LlamaForCausalLM",
        "LlamaConfig",
        num_key_value_heads=8,
        intermediate_size=14336,
        vocab_size=128256,
    ),
    "llama:Llama32_1B": built(
        "LlamaForCausalLM",
        "LlamaConfig",
        hidden_size=2048,
        num_hidden_layers=16,
        num_key_value_heads=8,
        intermediate_size=8192,
        vocab_size=128256,
        tie_word_embeddings=True,
    ),
}
