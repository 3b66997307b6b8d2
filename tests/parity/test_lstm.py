"""The LSTM classifier against torch.nn.LSTM over packed sequences."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import nndsl
from tests.parity import weights
from tests.parity.test_zoo import MODELS

SIZES: dict[str, Any] = {"vocab": 30, "dim": 12, "hidden": 10, "classes": 3, "dropout": 0.5}


class Reference(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 12, padding_idx=0)
        self.lstm = nn.LSTM(12, 10, num_layers=2, bidirectional=True, dropout=0.5, batch_first=True)
        self.classifier = nn.Linear(20, 3)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        x = nn.functional.dropout(self.embedding(tokens), 0.5, self.training)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.lstm(packed)
        last = nn.functional.dropout(torch.cat((h[-2], h[-1]), dim=-1), 0.5, self.training)
        return self.classifier(last)


def pair() -> tuple[nn.Module, nn.Module]:
    ours = nndsl.load(f"{MODELS / 'lstm_classifier.nn'}:LSTMClassifier", **SIZES).module()
    theirs = Reference()
    weights.fill(theirs)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


TOKENS = torch.arange(24).reshape(3, 8) % 29 + 1
LENGTHS = torch.tensor([3, 8, 5])


def test_answers_and_gradients() -> None:
    ours, theirs = pair()
    for training in (False, True):
        for module in (ours.double().train(training), theirs.double().train(training)):
            torch.manual_seed(3)
            module(TOKENS, LENGTHS).square().sum().backward()
        torch.manual_seed(3)
        answer = ours(TOKENS, LENGTHS)
        torch.manual_seed(3)
        torch.testing.assert_close(answer, theirs(TOKENS, LENGTHS), rtol=1e-9, atol=1e-10)
        gradients = dict(theirs.named_parameters())
        for name, parameter in ours.named_parameters():
            torch.testing.assert_close(parameter.grad, gradients[name].grad, rtol=1e-8, atol=1e-10, msg=name)


def test_what_comes_after_the_end_changes_nothing() -> None:
    ours, _ = pair()
    changed = TOKENS.clone()
    changed[0, 3:] = 7
    ours.eval()
    torch.testing.assert_close(ours(TOKENS, LENGTHS), ours(changed, LENGTHS))
