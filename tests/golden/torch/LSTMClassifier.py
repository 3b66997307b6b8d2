"""LSTMClassifier in PyTorch, from models/lstm_classifier.nn."""

import torch
from torch import Tensor, nn


class LSTMClassifier(nn.Module):
    """Text classification by a bidirectional LSTM (Graves & Schmidhuber 2005): the
    final states of both directions decide. `lengths` says how many tokens of each
    row are real; what comes after them changes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20000, 128, padding_idx=0)
        self.dropout_1 = nn.Dropout(0.5)
        self.lstm = nn.LSTM(
            128, 256, num_layers=2, batch_first=True, dropout=0.5, bidirectional=True
        )
        self.dropout_2 = nn.Dropout(0.5)
        self.classifier = nn.Linear(512, 2)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        embedded = self.dropout_1(self.embedding(tokens))  # [B, T, 128]
        packed = nn.utils.rnn.pack_padded_sequence(
            embedded, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        _, (h, _) = self.lstm(packed)
        h = self.dropout_2(torch.cat([h[-2], h[-1]], dim=-1))  # [B, 512]
        return self.classifier(h)
