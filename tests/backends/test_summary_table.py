"""The table: fitted to its width, numbers whole, nothing in it that steers a terminal."""

from __future__ import annotations

import re
from functools import cache

import pytest

import nndsl
from nndsl.backends.summary import Summary, summarize, table
from nndsl.backends.summary.columns import COLUMNS
from nndsl.backends.summary.walk import walk
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, encoder, lstm, made, resnet, siamese, vit

WIDTHS = [60, 80, 100, 140, 200]


def body(text: str, at: int = 0) -> list[str]:
    """The rows; of the table `at`, where they stand in several."""
    lines = text.splitlines()
    rules = [i for i, line in enumerate(lines) if line and set(line) == {"─"}]
    pairs = list(zip(rules[::2], rules[1::2], strict=True))
    return lines[pairs[at][0] + 1 : pairs[at][1]]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", [n for n in SAMPLES if n not in ("encoder", "seq2seq", "seq2seq_unfolded", "masked")])
def test_it_fits_the_width(name: str, width: int) -> None:
    for line in body(table(summarize(SAMPLES[name]()), width)):
        assert len(line) <= width


@pytest.mark.parametrize("width", [20, *WIDTHS])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_number_is_cut(name: str, width: int) -> None:
    texts = [table(summarize(SAMPLES[name]()), room) for room in (400, width)]
    wide, narrow = ([re.findall(r"[\d,.]+ ?[KMGT]?$|\?$|–$", line) for line in body(text, -1)] for text in texts)
    assert wide == narrow
    wide, narrow = ([re.findall(r" × \d+", line)[:1] for line in body(text)] for text in texts)
    assert wide == narrow


def columns(text: str) -> dict[str, list[str]]:
    """The cells of each column of numbers, by its heading: they stand below it, to the right, in whichever table."""
    lines = text.splitlines()
    rules = [i for i, line in enumerate(lines) if line and set(line) == {"─"}]
    found: dict[str, list[str]] = {}
    for first, last in zip(rules[::2], rules[1::2], strict=True):
        head = lines[first - 1]
        for name in re.finditer(r"\S+(?: \S+)*", head):
            if name[0] not in ("layer", "type", "input", "output", "sees"):
                cells = [re.split(r"  +", line[: name.end()])[-1].strip() for line in lines[first + 1 : last]]
                assert all(line[name.end() : name.end() + 2].strip() == "" for line in lines[first + 1 : last])
                found[name[0]] = cells
    return found


@pytest.mark.parametrize("width", [44, 60, 80, 132])
@pytest.mark.parametrize("name", ["resnet", "vit", "googlenet"])
def test_no_number_of_any_column_is_cut(name: str, width: int) -> None:
    summary = summarize(SAMPLES[name](), device="h100")
    every = [n for n, column in COLUMNS.items() if not column.shape and "formula" not in n]
    wide, narrow = (columns(table(summary, room, columns=every)) for room in (600, width))
    assert len(wide) == len(every) - ("receptive-field" in every)
    assert narrow == wide
    assert any(re.search(r"\d [MG]$", cell) for cell in wide["MACs"])


def test_shapes_give_way_first() -> None:
    wide, middle, narrow = (table(summarize(resnet()), width) for width in (160, 110, 75))
    assert " input " in wide
    assert " input " not in middle
    assert "[N, 64, 112, 112]" in "".join(body(middle))
    assert " output " not in narrow
    assert "BasicBlock" in "".join(body(narrow))


def test_equal_members_are_told_once() -> None:
    lines = body(table(summarize(vit()), 120))
    (folded,) = [line for line in lines if "× 12" in line and "EncoderLayer" in line]
    assert "0…11 × 12" in folded
    assert "12 × 7,087,872" in folded
    assert sum("norm1" in line for line in lines) == 1


def test_totals_and_conventions() -> None:
    text = re.sub(" +", " ", table(summarize(resnet()), 100))
    assert "parameters 11,689,512 (all trainable)" in text
    assert "MACs 1.814 G (1,814,073,344) for N = 1" in text
    assert "a multiply-accumulate counts 2" in text


def test_open_dims_stay_in_the_costs() -> None:
    text = table(summarize(encoder()), 100)
    assert re.search(r"MACs +6,144·T² \+ 35,258,368·T  for N = 1", text)
    assert "6 × (1.024K·T² + 3.146M·T)" in text


def test_unknown_shows_a_question_mark() -> None:
    text = table(summarize(lstm()), 100)
    assert "? no formula: LSTM" in text
    assert "≥ " in text
    b = Builder("Odd", "model")
    b.output("y", b.op(made("Odd", families.TENSOR, macs=None), b.input("x", N, 4)))
    assert body(table(summarize(b.graph), 80))[0].endswith("?")


def test_shared_layers_say_so() -> None:
    lines = [line for line in body(table(summarize(siamese()), 120)) if "encoder" in line]
    assert "27,616" in lines[0]
    assert " shared " in lines[1]


def test_color_only_when_asked_for() -> None:
    plain, colored = table(summarize(resnet()), 100), table(summarize(resnet()), 100, color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain


def test_labels_cannot_steer_a_terminal() -> None:
    b = Builder("Bad\x1b[2J", "model")
    b.output("y\x07", b.op(made("L", families.LINEAR, "\x1b]0;x\x07"), b.input("x\r\n", N), label="\x1b[31mred\n"))
    text = table(summarize(b.graph), 100)
    assert not {c for c in text if c != "\n" and not c.isprintable()}
    assert len(body(text)) == 1


def test_long_names_do_not_hang_or_overflow() -> None:
    b = Builder("Long", "model")
    b.output("y", b.op(made("L", families.LINEAR, "d" * 100_000), b.input("x", N), label="n" * 1_000_000))
    (line,) = body(table(summarize(b.graph), 100))
    assert len(line) <= 100


LONG = """
block ABlockWithANameThatNobodyWouldWriteButSomebodyDoes(hidden_features_of_the_layer: int, rate: float = 0.1) {
  input x: [B, T, D]
  x -> the_first_projection_with_a_very_long_label: Linear(hidden_features_of_the_layer) -> GELU -> Linear(D)
}
model AModelWithANameThatIsLongerThanATerminalIsWide(d: int = 4096, depth: int = 1000) {
  input tokens_of_the_encoder_and_more_words: float[BatchOfManySamples, TokensOfText, d]
  output y = tokens_of_the_encoder_and_more_words
    -> layers: [ABlockWithANameThatNobodyWouldWriteButSomebodyDoes(4 * d)] * depth
}
"""


@cache
def long_and_usual() -> tuple[Summary, Summary]:
    return nndsl.loads(LONG).summary(device="h100"), nndsl.load("zoo/googlenet.nn").summary(device="h100")


@pytest.mark.parametrize("columns", [None, ["macs", "formula"], ["input", "output", "saved"], list(COLUMNS)])
@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("depth", [0, 1, 9])
def test_no_line_wraps_in_a_terminal(width: int, depth: int, columns: list[str] | None) -> None:
    """What has not the room stands in another table, and no number is lost."""
    for summary in long_and_usual():
        text = table(summary, width, columns=columns, depth=depth)
        assert [line for line in text.splitlines() if len(line) > width] == []
        heads = [line for line in text.splitlines() if line.startswith("layer ")]
        said = " ".join(heads)
        numbers = [COLUMNS[name] for name in columns or ("parameters", "macs")]
        assert all(column.shape or column.heading in said for column in numbers)
        assert all(len(body(text, i)) == len(list(walk(summary, depth))) for i in range(len(heads)))


def test_forty_columns_do() -> None:
    text = table(long_and_usual()[0], 40)
    assert [line for line in text.splitlines() if len(line) > 40] == []
    assert "MACs\n  134,217,728,000·TokensOfText  =\n" in text
    assert re.search(r"^gradients +500.1 GiB$", text, re.MULTILINE)
    assert "1000 × 134,238,208" in text
