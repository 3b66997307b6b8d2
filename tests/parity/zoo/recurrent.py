"""Recurrent classifiers and taggers, sequence to sequence with attention, temporal convolution: in plain PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.parity.zoo.case import Case


def run_packed(rnn: nn.Module, x: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    states, last = rnn(packed)
    states, _ = pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])
    return states, last


class Recurrent(nn.Module):
    def __init__(
        self,
        cell: Callable[..., nn.Module],
        vocab: int,
        dim: int,
        hidden: int,
        outputs: int,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.bidirectional = bidirectional
        self.embedding = nn.Embedding(vocab, dim, padding_idx=0)
        inner = dropout if layers > 1 else 0.0
        self.rnn = cell(dim, hidden, layers, batch_first=True, bidirectional=bidirectional, dropout=inner)
        self.fc = nn.Linear(hidden * (2 if bidirectional else 1), outputs)
        self.dropout = nn.Dropout(dropout)


class Classifier(Recurrent):
    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        _, last = run_packed(self.rnn, self.dropout(self.embedding(tokens)), lengths)
        h = last[0] if isinstance(last, tuple) else last
        final = torch.cat((h[-2], h[-1]), dim=1) if self.bidirectional else h[-1]
        return self.fc(self.dropout(final))


class Tagger(Recurrent):
    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states, _ = run_packed(self.rnn, self.dropout(self.embedding(tokens)), lengths)
        return self.fc(self.dropout(states))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.v = nn.Linear(hidden, 1, bias=False)

    def forward(
        self, query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, padding: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        energy = self.v(torch.tanh(self.query(query).unsqueeze(1) + keys)).squeeze(2)
        weights = F.softmax(energy.masked_fill(padding, float("-inf")), dim=1)
        return torch.bmm(weights.unsqueeze(1), values).squeeze(1), weights


class Bahdanau(nn.Module):
    def __init__(
        self, source: int = 30000, target: int = 30000, dim: int = 620, hidden: int = 1000, maxout: int = 500
    ) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(source, dim)
        self.target_embedding = nn.Embedding(target, dim)
        self.encoder = nn.GRU(dim, hidden, batch_first=True, bidirectional=True)
        self.keys = nn.Linear(2 * hidden, hidden, bias=False)
        self.bridge = nn.Linear(hidden, hidden)
        self.attention = BahdanauAttention(hidden)
        self.cell = nn.GRUCell(dim + 2 * hidden, hidden)
        self.deep = nn.Linear(hidden + dim + 2 * hidden, 2 * maxout)
        self.out = nn.Linear(maxout, target)

    def forward(
        self, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states, last = run_packed(self.encoder, self.source_embedding(source), lengths)
        padding = torch.arange(source.shape[1]).expand_as(source) >= lengths.unsqueeze(1)
        keys = self.keys(states)
        s = torch.tanh(self.bridge(last[1]))
        logits, alignment = [], []
        for word in self.target_embedding(target).unbind(1):
            context, weights = self.attention(s, keys, states, padding)
            t = self.deep(torch.cat([s, word, context], dim=1))
            t = torch.maximum(t[:, 0::2], t[:, 1::2])
            logits.append(self.out(t))
            alignment.append(weights)
            s = self.cell(torch.cat([word, context], dim=1), s)
        return torch.stack(logits, dim=1), torch.stack(alignment, dim=1)


class LuongAttention(nn.Module):
    def __init__(self, hidden: int, score: str) -> None:
        super().__init__()
        self.score = score
        if score != "dot":
            self.keys = nn.Linear(hidden, hidden, bias=False)
        if score == "concat":
            self.query = nn.Linear(hidden, hidden, bias=False)
            self.v = nn.Linear(hidden, 1, bias=False)

    def forward(self, h: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        if self.score == "dot":
            return torch.bmm(h, states.transpose(1, 2))
        if self.score == "general":
            return torch.bmm(h, self.keys(states).transpose(1, 2))
        return self.v(torch.tanh(self.query(h).unsqueeze(2) + self.keys(states).unsqueeze(1))).squeeze(3)


class Luong(nn.Module):
    def __init__(
        self,
        source: int = 50000,
        target: int = 50000,
        dim: int = 1000,
        hidden: int = 1000,
        layers: int = 4,
        score: str = "general",
    ) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(source, dim)
        self.target_embedding = nn.Embedding(target, dim)
        self.encoder = nn.LSTM(dim, hidden, layers, batch_first=True, dropout=0.2)
        self.decoder = nn.LSTM(dim, hidden, layers, batch_first=True, dropout=0.2)
        self.attention = LuongAttention(hidden, score)
        self.attended = nn.Linear(2 * hidden, hidden, bias=False)
        self.out = nn.Linear(hidden, target, bias=False)

    def forward(
        self, source: torch.Tensor, lengths: torch.Tensor, target: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        states, last = run_packed(self.encoder, self.source_embedding(source), lengths)
        h, _ = self.decoder(self.target_embedding(target), last)
        padding = torch.arange(source.shape[1]).expand_as(source) >= lengths.unsqueeze(1)
        energies = self.attention(h, states).masked_fill(padding.unsqueeze(1), float("-inf"))
        alignment = energies.softmax(dim=2)
        context = torch.bmm(alignment, states)
        return self.out(torch.tanh(self.attended(torch.cat([context, h], dim=2)))), alignment


class Chomp(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :, : -self.size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, width_in: int, width_out: int, kernel_size: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = (kernel_size - 1) * dilation
        self.conv1 = weight_norm(nn.Conv1d(width_in, width_out, kernel_size, padding=padding, dilation=dilation))
        self.conv2 = weight_norm(nn.Conv1d(width_out, width_out, kernel_size, padding=padding, dilation=dilation))
        self.chomp = Chomp(padding)
        self.dropout = nn.Dropout(dropout)
        self.downsample = nn.Conv1d(width_in, width_out, 1) if width_in != width_out else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.dropout(F.relu(self.chomp(self.conv1(x))))
        h = self.dropout(F.relu(self.chomp(self.conv2(h))))
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(h + shortcut)


class TCN(nn.Module):
    def __init__(
        self,
        features: int = 1,
        widths: tuple[int, ...] = (25,) * 8,
        kernel_size: int = 7,
        dropout: float = 0.05,
        classes: int = 10,
    ) -> None:
        super().__init__()
        levels = []
        for i, width in enumerate(widths):
            width_in = features if i == 0 else widths[i - 1]
            levels.append(TemporalBlock(width_in, width, kernel_size, 2**i, dropout))
        self.network = nn.Sequential(*levels)
        self.linear = nn.Linear(widths[-1], classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(self.network(x)[:, :, -1])


SIZES = {"B": 3, "T": 5}
LIMITS = {"tokens": 11, "source": 11, "target": 13}
FEEDS = {"lengths": lambda: torch.tensor([5, 2, 4])}
SETTINGS = {"vocab": 11, "dim": 4, "hidden": 6}


def words(spec: str, build: Callable[[], nn.Module], name: str = "", train: bool = True, **settings: object) -> Case:
    """A classifier or a tagger of eleven words."""
    return Case(spec, build, SIZES, {**SETTINGS, **settings}, limits=LIMITS, feeds=FEEDS, train=train, name=name)


def translator(
    spec: str,
    build: Callable[[], nn.Module],
    sizes: dict[str, int],
    train: bool = True,
    name: str = "",
    **settings: object,
) -> Case:
    """From eleven words to thirteen."""
    small = {"source_vocab": 11, "target_vocab": 13, "dim": 4, "hidden": 6}
    return Case(
        spec,
        build,
        {"B": 3, "S": 5, **sizes},
        {**small, **settings},
        limits=LIMITS,
        feeds=FEEDS,
        train=train,
        name=name,
    )


def as_layers(name: str) -> str:
    """The state-dict keys of `Classifier`."""
    return name.replace("lstm.", "rnn.").replace("classifier.", "fc.")


def as_parametrizations(name: str) -> str:
    """The state-dict keys of what PyTorch's weight_norm makes now; ours are those of its first form."""
    return name.replace("weight_g", "parametrizations.weight.original0").replace(
        "weight_v", "parametrizations.weight.original1"
    )


CASES = [
    Case(
        "lstm_classifier:LSTMClassifier",
        lambda: Classifier(nn.LSTM, 11, 4, 6, 3, 2, True, 0.5),
        SIZES,
        {**SETTINGS, "classes": 3},
        limits=LIMITS,
        feeds=FEEDS,
        names=as_layers,
        train=False,  # dropout between the layers has no seed of its own
    ),
    words("recurrent:RNNClassifier", lambda: Classifier(nn.RNN, 11, 4, 6, 3), classes=3),
    words("recurrent:GRUClassifier", lambda: Classifier(nn.GRU, 11, 4, 6, 3, dropout=0.3), dropout=0.3, classes=3),
    words("recurrent:BiGRUClassifier", lambda: Classifier(nn.GRU, 11, 4, 6, 3, 2, True), depth=2, classes=3),
    words(
        "recurrent:RecurrentClassifier",
        lambda: Classifier(nn.LSTM, 11, 4, 6, 3, 2, True, 0.5),
        train=False,  # dropout between the layers has no seed of its own
        depth=2,
        bidirectional=True,
        dropout=0.5,
        classes=3,
    ),
    words("recurrent:RNNTagger", lambda: Tagger(nn.RNN, 11, 4, 6, 5, 2), depth=2, tags=5),
    words("recurrent:GRUTagger", lambda: Tagger(nn.GRU, 11, 4, 6, 5), tags=5),
    words("recurrent:RecurrentTagger", lambda: Tagger(nn.LSTM, 11, 4, 6, 5), tags=5),
    words("recurrent:BiLSTMTagger", lambda: Tagger(nn.LSTM, 11, 4, 6, 5, 2, True), depth=2, tags=5),
    translator("seq2seq:BahdanauSeq2Seq", lambda: Bahdanau(11, 13, 4, 6, 5), {"T": 4}, maxout=5),
    *[
        translator(
            "seq2seq:LuongSeq2Seq",
            lambda score=score: Luong(11, 13, 4, 6, 2, score),
            {"T": 4},
            train=False,
            name=f"Luong-{score}",
            depth=2,
            score=score,
        )
        for score in ("dot", "general", "concat")
    ],
    Case(
        "tcn:TCN",
        lambda: TCN(2, (4, 6, 6), 3, 0.3, 5),
        {"N": 3, "T": 12},
        {"features": 2, "widths": [4, 6, 6], "kernel_size": 3, "dropout": 0.3, "classes": 5},
        names=as_parametrizations,
    ),
]
COUNTED = {
    "lstm_classifier:LSTMClassifier": lambda: Classifier(nn.LSTM, 20000, 128, 256, 2, 2, True),
    "recurrent:RecurrentClassifier": lambda: Classifier(nn.LSTM, 20000, 128, 256, 2),
    "recurrent:BiLSTMTagger": lambda: Tagger(nn.LSTM, 20000, 128, 256, 17, bidirectional=True),
    "seq2seq:BahdanauSeq2Seq": Bahdanau,
    "seq2seq:LuongSeq2Seq": Luong,
    "tcn:TCN": TCN,
}
