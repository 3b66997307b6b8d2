"""CSV, Markdown and HTML: every layer, the numbers of the table, and nothing that a spec could say with them."""

from __future__ import annotations

import csv as reader
import io
import re
from html.parser import HTMLParser
from importlib import import_module

import pytest

from nndsl.backends.summary import csv, html, markdown, summarize, table
from nndsl.backends.summary.columns import COLUMNS
from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.walk import size, walk
from nndsl.cost.memory import Memory
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, encoder, lstm, made, resnet, siamese, vit

HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", "a|b", "`x` ``y``", "*bold*_it_",
    "=1+1", "@SUM(A1)", "-2+3", "+4", "\t=5", "\x1b[31mred", "a\nb", "[x](javascript:alert(1))", "&lt;", "${jndi}",
]  # fmt: skip
VOID = {"meta", "br", "input"}


def hostile(text: str) -> object:
    b = Builder(text, "model")
    b.output(text, b.op(made("L", families.LINEAR, text, [("weight", (3, 4))]), b.input(text, N), label=text))
    return b.graph


# ---------------------------------------------------------------- columns and depth


def test_columns_are_chosen_and_ordered() -> None:
    text = table(summarize(resnet()), 140, columns=["macs", "output", "flops"])
    (head,) = [line for line in text.splitlines() if line.startswith("layer")]
    assert head.split() == ["layer", "type", "MACs", "output", "FLOPs"]
    with pytest.raises(KeyError, match="mac"):
        table(summarize(resnet()), columns=["mac"])


def test_numbers_that_were_asked_for_stay() -> None:
    columns = ["input", "percent", "output", "parameters", "macs", "flops"]
    wide = table(summarize(vit()), 300, columns=columns)
    narrow = table(summarize(vit()), 60, columns=columns)
    assert "98.3%" in wide
    assert re.findall(r"\d+\.\d%", narrow) == re.findall(r"\d+\.\d%", wide)
    assert "[N, " not in narrow.split("parameters ")[1]


def test_the_share_goes_before_output_shapes_are_cut() -> None:
    at = {width: table(summarize(resnet()), width) for width in range(70, 140)}
    for text in at.values():
        if "%" in text:
            assert "[N, 512, 7, 7]" in text
    assert any("%" not in text and "[N, 512, 7, 7]" in text for text in at.values())
    assert "71.8%" in at[139]


def test_hyperparameters_of_blocks_take_what_is_left() -> None:
    at_hand, more = table(summarize(resnet()), 86), table(summarize(resnet()), 140)
    assert re.search(r"BasicBlock \w+…", at_hand)
    assert "Conv2d 64, 7×7 / 2 " in at_hand
    assert re.search(r"BasicBlock channels=64, ?\w+", more)


def test_depth() -> None:
    summary = summarize(resnet())
    assert size(summary, 0) == len(summary.layers)
    for depth in range(5):
        steps = list(walk(summary, depth))
        assert len(steps) == size(summary, depth)
        assert max(step.depth for step in steps) <= depth
    assert size(summary, 99) == size(summary) == len(list(walk(summary)))
    assert "conv1" in table(summary, depth=0)
    assert "bn2" not in table(summary, depth=0)
    assert len(markdown(summary, depth=0).splitlines()) < len(markdown(summary).splitlines())
    assert len(csv(summary, depth=0).splitlines()) == 1 + len(summary.layers)


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("name", SAMPLES)
def test_csv_has_a_line_for_each_layer(name: str) -> None:
    summary = summarize(SAMPLES[name]())
    lines = list(reader.DictReader(io.StringIO(csv(summary))))
    assert [line["path"] for line in lines] == [step.path for step in walk(summary)]
    assert [int(line["count"]) for line in lines] == [step.row.count for step in walk(summary)]
    assert {*COLUMNS} < {*lines[0]}


def test_csv_adds_up() -> None:
    summary = summarize(resnet())
    lines = [line for line in reader.DictReader(io.StringIO(csv(summary))) if line["depth"] == "0"]
    assert sum(int(line["count"]) * int(line["parameters"]) for line in lines) == summary.parameters
    assert sum(int(line["count"]) * int(line["macs"]) for line in lines) == 1_814_073_344
    assert sum(float(line["percent"] or 0) for line in lines) == pytest.approx(100, abs=0.01)
    shared = [line for line in reader.DictReader(io.StringIO(csv(summarize(siamese())))) if line["shared"]]
    assert {line["parameters"] for line in shared} == {"0"}


def test_csv_of_what_is_open_or_unknown() -> None:
    (line,) = [x for x in reader.DictReader(io.StringIO(csv(summarize(lstm())))) if x["type"] == "LSTM"]
    assert (line["macs"], line["flops"]) == ("393216*T", "?")
    symbolic = [line["macs"] for line in reader.DictReader(io.StringIO(csv(summarize(encoder()))))]
    assert "6144*T**2 + 18874368*T" in symbolic


@pytest.mark.parametrize("name", HOSTILE)
def test_no_cell_of_csv_is_a_formula(name: str) -> None:
    text = csv(summarize(hostile(name)))  # type: ignore[arg-type]
    rows = list(reader.reader(io.StringIO(text)))
    assert len(rows) == 2
    for cell in rows[1]:
        assert not cell.strip().startswith(("=", "+", "-", "@"))
        assert all(letter.isprintable() for letter in cell)


# ---------------------------------------------------------------- Markdown


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line)[1:-1]


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_rows_hold_their_columns(name: str) -> None:
    """A pipe would end a cell; backticks, the code span that keeps all else from being markup."""
    text = markdown(summarize(hostile(name)))  # type: ignore[arg-type]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    for line in rows[:3]:
        assert len(cells(line)) == 7
    assert all(len(cells(line)) == 3 for line in rows[3:])
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert "script" not in outside
    assert "img" not in outside
    assert "javascript" not in outside


def test_markdown_tells_the_same_numbers() -> None:
    text = markdown(summarize(vit()))
    assert "| `" in text
    assert "12 × 7,087,872" in text
    assert "&emsp;" in text
    assert "| --- | --- | --- | --- | ---: | ---: | ---: |" in text
    assert "- FLOPs: all arithmetic, a multiply-accumulate counts 2" in text


# ---------------------------------------------------------------- HTML


class Page(HTMLParser):
    """Tags, in balance, and the texts of the rows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def rows(self) -> int:
        return sum("row" in (attrs.get("class") or "").split() for _, attrs in self.tags)


@pytest.mark.parametrize("name", SAMPLES)
def test_html_has_a_row_for_each_layer_and_folds_blocks(name: str) -> None:
    summary = summarize(SAMPLES[name]())
    page = Page(html(summary))
    assert page.rows() == size(summary)
    blocks = [attrs for tag, attrs in page.tags if tag == "input"]
    assert len(blocks) == sum(bool(step.row.children) for step in walk(summary))
    closed = Page(html(summary, depth=0))
    assert not [attrs for tag, attrs in closed.tags if tag == "input" and "checked" in attrs]
    assert closed.rows() == page.rows()


def test_html_says_which_blocks_do_not_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = summarize(resnet())
    blocks = sum(step.open for step in walk(summary))
    assert "stay open" not in html(summary)
    monkeypatch.setattr(import_module("nndsl.backends.summary.html"), "MOST_FOLDS", 3)
    text = html(summary)
    assert f"3 blocks fold; the {blocks - 3} behind them or deeper in them stay open" in text
    assert sum(tag == "input" for tag, _ in Page(text).tags) == 3
    assert ".in2 {" in text
    assert ".in3 {" not in text


def test_html_needs_nothing_else() -> None:
    text = html(summarize(resnet()))
    assert "default-src 'none'" in text
    tags = {tag for tag, _ in Page(text).tags}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not re.search(r"https?:|url\(|@import", text)
    assert html(summarize(resnet())) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_labels_are_no_markup(name: str) -> None:
    usual = Page(html(summarize(hostile("x"))))  # type: ignore[arg-type]
    page = Page(html(summarize(hostile(name))))  # type: ignore[arg-type]
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in usual.tags]
    assert [{*attrs} for _, attrs in page.tags] == [{*attrs} for _, attrs in usual.tags]
    styles = [re.sub(r"\d+", "0", attrs["style"] or "") for _, attrs in page.tags if "style" in attrs]
    assert all(re.fullmatch(r"[-\w:%.;()/, ]*", style) for style in styles)


def test_a_notebook_gets_a_part_of_a_page() -> None:
    text = summarize(vit())._repr_html_()
    Page(text)
    assert text.startswith('<section class="nndsl-summary">')
    assert "<body" not in text
    rules = re.findall(
        r"([^{}]+)\{", re.sub(r"@media[^{]*\{", "", text[text.index("<style>") + 7 : text.index("</style>")])
    )
    assert all(".nndsl-summary" in selector for rule in rules for selector in rule.split(","))


# ---------------------------------------------------------------- what a batch needs


def with_memory() -> Summary:
    summary = summarize(resnet())
    summary.memory = Memory(32, "bfloat16", "AdamW", 46758048, 38480, 46758048, 93516096, 711524352, 943718400, None)
    summary.unknown_saved, summary.device, summary.seconds = ["Odd"], "h100", 0.000351
    return summary


def test_memory_is_told_in_one_unit() -> None:
    text = table(with_memory())
    assert "memory for 32 samples, bfloat16, AdamW\n" in text
    assert "saved activations  678.6 MiB\npeak, training     900.0 MiB\n" in text
    assert "buffers             <0.1 MiB" in text
    summary = with_memory()
    assert summary.memory is not None
    summary.memory.saved = 300 << 30
    assert "saved activations  300.0 GiB" in table(summary)
    summary.memory = Memory(1, "float32", "SGD", 40, 0, 40, 0, 1 << 19, 1 << 19, 1 << 19)
    assert "memory for 1 sample, float32, SGD\n" in table(summary)
    assert "saved activations  512.0 KiB" in table(summary)


def test_what_is_not_known_of_memory_says_why() -> None:
    assert re.search(r"peak, inference +\?  no formula: Odd", table(with_memory()))
    open_ = summarize(encoder())
    open_.memory = Memory(1, "float32", "SGD", 4, 0, 4, 0, None, None, None)
    open_.unknown_saved = []
    assert re.search(r"peak, training +\?  T open: --dim T=SIZE", table(open_))


def test_an_estimate_is_called_one() -> None:
    text = table(with_memory())
    assert "roofline estimate for NVIDIA H100 SXM, 32 samples\n" in text
    assert re.search(r"\ninference +≈ 351 µs\n", text)
    assert re.search(r"training step +\?", text)
    summary = with_memory()
    summary.device, summary.seconds, summary.dtype = "m2", None, "bfloat16"
    assert re.search(r"inference +\?  how fast it is in bfloat16 is not told", table(summary))


def test_every_format_has_the_memory() -> None:
    assert "| saved activations | 678.6 MiB |" in markdown(with_memory())
    page = Page(html(with_memory()))
    assert "678.6 MiB" in page.texts
    assert page.texts.count("900.0 MiB") == 2  # at the top, and in the list
    assert [attrs["style"] for tag, attrs in page.tags if tag == "td" and "style" in attrs][-2:] == [
        "--share:75.4%", "--share:100.0%"
    ]  # fmt: skip


def test_equal_members_have_short_names() -> None:
    b = Builder("Many", "model")
    x = b.input("x", N, 4)
    for i in range(12):
        x = b.op(made("L", families.LINEAR, "", [("weight", (4, 4))]), x, label=f"encoder_layer_{i}")
    b.output("y", x)
    text = table(summarize(b.graph))
    assert "encoder_layer_0…11 × 12" in text
    assert "encoder_layer_0…encoder_layer_11" in csv(summarize(b.graph))
