"""Transformers of language against Hugging Face's transformers and torch.nn.Transformer.

transformers takes seconds to import: only those who build a reference do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.parity import weights
from tests.parity.zoo.case import Case, Tensors

SIZES = {"B": 2, "T": 7}


def built(model: str, config: str, **options: Any) -> Callable[[], nn.Module]:
    """A model of the transformers library; its attention is written out, so that its dropout can be compared."""

    def build() -> nn.Module:
        import transformers

        options.setdefault("attn_implementation", "eager")
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
CASES = [
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
    )
]
COUNTED: dict[str, Callable[[], nn.Module]] = {
    "bert:BertBase": built("BertForPreTraining", "BertConfig"),
    "bert:BertLarge": built(
        "BertForPreTraining",
        "BertConfig",
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
    ),
}
