"""Recurrent layers and cells."""

from __future__ import annotations

import pytest
import torch

from nndsl.ops import everything
from tests.ops.support import check, complaint, examples, flow, infer, read_type

AT = [{"N": 3, "T": 5}, {"N": 1, "T": 2}]


@pytest.mark.parametrize("example", examples("recurrent", "recurrent_cells"))
def test_examples(example: str) -> None:
    flow(example, at=AT, opsets=(17, 23), tolerance=1e-4)


@pytest.mark.parametrize(
    "op",
    [
        "RNN(4)",
        "GRU(4, num_layers=2, bidirectional=True)",
        "LSTM(4, num_layers=2)",
        "LSTM(4, bidirectional=True)",
        "GRU(4, batch_first=False)",
    ],
)
@pytest.mark.parametrize("started", [False, True])
def test_lengths(op: str, started: bool) -> None:
    """What stands beyond a sequence's end has no influence, and gives zeros."""
    made = everything()[op.partition("(")[0]]
    layer = eval(op, {made.name: made})
    x = "[N, T, 3]" if layer.batch_first else "[T, N, 3]"
    state = f"[{layer.num_layers * layer.directions}, N, 4]"
    states = [state if started else None] * (2 if made.name == "LSTM" else 1)
    lengths = {1 + len(states): lambda t: torch.tensor([2, 5, 1][: int(t.shape[0])])}
    check(
        layer,
        x,
        *states,
        "int[N]",
        at=[{"N": 3, "T": 5}, {"N": 1, "T": 2}],
        data=lengths,
        opsets=(17, 23),
        tolerance=1e-4,
    )


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("ended", [False, True])
def test_projection(layers: int, both: bool, started: bool, ended: bool) -> None:
    count = layers * (1 + both)
    states = [f"[{count}, N, 4]", f"[{count}, N, 6]"] if started else [None, None]
    op = f"LSTM(6, num_layers={layers}, proj_size=4, bidirectional={both})"
    lengths = {3: lambda t: torch.tensor([2, 5, 1][: int(t.shape[0])])} if ended else {}
    at = [{"N": 3, "T": 5}, {"N": 1, "T": 2}]
    check(op, "[N, T, 3]", *states, "int[N]" if ended else None, at=at, data=lengths, opsets=(17, 23), tolerance=1e-4)


def test_projection_of_one_sequence() -> None:
    for states in ([None, None], ["[2, 4]", "[2, 6]"]):
        op = "LSTM(6, proj_size=4, bidirectional=True, bias=False)"
        check(op, "[T, 3]", *states, None, at=[{"T": 5}, {"T": 1}], opsets=(17, 23), tolerance=1e-4)


def test_mistakes() -> None:
    assert complaint("LSTM(4)", "[N, T, D]", None, None, None)[0] == "unknown-dim"
    assert complaint("LSTM(4)", "[2, 5, 3]", "[1, 2, 4]", None, None)[1].endswith("h_0 is given, c_0 is not")
    assert complaint("GRU(4, num_layers=2)", "[2, 5, 3]", "[1, 2, 4]", None)[1] == "h_0 is [2, 2, 4], dim 0: 1 ≠ 2"
    assert complaint("GRU(4)", "[2, 5, 3]", "[2, 4]", None)[1] == "h_0 is [1, 2, 4], and this is [2, 4]"
    assert complaint("GRU(4)", "[5, 3]", None, "int[5]")[1] == "lengths are of a batch, and x has none"
    assert complaint("GRU(4)", "[2, 5, 3]", None, "int[5]")[1] == "lengths is [2], dim 0: 5 ≠ 2"
    assert complaint("GRU(4)", "int[2, 5, 3]", None, None)[0] == "dtype-mismatch"
    assert (
        complaint("LSTM(4, proj_size=4)", "[2, 5, 3]", None, None, None)[1]
        == "the projection (4) is smaller than the state (4)"
    )
    assert complaint("LSTMCell(4)", "[2, 3]", "[2, 4]", None)[0] == "missing-input"


def test_costs() -> None:
    """By hand: each layer and direction multiplies its input and its state with all gates."""
    op = everything()["LSTM"](8, num_layers=2, bidirectional=True)
    x = read_type("[N, T, 3]")
    y = infer(op, x, None, None, None)[0]
    assert op.macs(x, None, None, None, y=y) == read_type("[N]").shape[0] * read_type("[T]").shape[0] * 2 * 4 * 8 * (
        3 + 8 + 16 + 8
    )
