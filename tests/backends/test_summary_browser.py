"""The summary's page in a real browser: columns stand in line, blocks fold without a script, nothing is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nndsl.backends.summary import html, summarize
from nndsl.backends.summary.walk import size, walk
from nndsl.ir.graph import Graph
from tests.backends.graphs_by_hand import resnet, vit
from tests.backends.test_summary_formats import HOSTILE, hostile

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all

EDGES = """[...document.querySelectorAll('.layers tr')].filter((row) => row.checkVisibility())
  .map((row) => [...row.children].slice(1).map((cell) => Math.round(2 * cell.getBoundingClientRect().right)))"""
CUT = """[...document.querySelectorAll('.layers .number, .layers .count, .facts td')]
  .filter((cell) => cell.checkVisibility() && cell.scrollWidth > cell.clientWidth + 1)
  .map((cell) => cell.textContent)"""
SHOWN = "[...document.querySelectorAll('.layers tr')].filter((row) => row.checkVisibility()).length - 1"
Show = Callable[..., Any]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Opens a summary's page, scripts off; whatever it complains about, or asks for besides itself, fails the test."""
    said: list[str] = []
    contexts = []

    def open_(graph: Graph, width: int = 1280, scheme: str = "light", **options: Any) -> Any:
        file = tmp_path / "page.html"
        file.write_text(html(summarize(graph), **options), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: said.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("width", [700, 1280, 1900])
@pytest.mark.parametrize("graph", [resnet, vit])
def test_columns_stand_in_line_and_no_number_is_cut(show: Show, graph: Callable[[], Graph], width: int) -> None:
    page = show(graph(), width, columns=["input", "output", "parameters", "percent", "macs", "flops"], depth=9)
    edges = page.evaluate(EDGES)
    assert len(edges) == size(summarize(graph())) + 1
    assert len({tuple(row) for row in edges}) == 1
    assert page.evaluate(CUT) == []


def test_blocks_fold_with_clicks_and_keys(show: Show) -> None:
    page = show(resnet(), depth=0)
    summary = summarize(resnet())
    assert page.evaluate(SHOWN) == size(summary, 0)
    page.click("label:has-text('layer1')")
    below = next(row for row in summary.layers if row.name == "layer1").children
    assert page.evaluate(SHOWN) == size(summary, 0) + len(below)
    page.keyboard.press("Space")
    assert page.evaluate(SHOWN) == size(summary, 0)
    assert show(resnet(), depth=99).evaluate(SHOWN) == len(list(walk(summary)))


def test_dark_and_light(show: Show) -> None:
    shades = {}
    for scheme in ("light", "dark"):
        page = show(resnet(), scheme=scheme)
        style = "getComputedStyle(document.body)"
        shades[scheme] = page.evaluate(f"[{style}.backgroundColor, {style}.color]")
    assert shades == {
        "light": ["rgb(255, 255, 255)", "rgb(26, 28, 32)"],
        "dark": ["rgb(22, 24, 28)", "rgb(228, 230, 234)"],
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spec_says_stays_text(show: Show, text: str) -> None:
    page = show(hostile(text))
    tags = set(page.evaluate("[...document.querySelectorAll('body *')].map((e) => e.localName)"))
    assert not tags & {"img", "script", "iframe", "a", "link", "base", "form"}
    handlers = "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => /^on/.test(n))"
    assert page.evaluate(handlers) == []
    if text.isprintable():
        assert page.evaluate("document.querySelector('h1').textContent") == text


def test_what_is_copied_is_a_table_of_what_is_shown(show: Show) -> None:
    page = show(resnet(), depth=0, columns=["parameters", "macs"])
    copied = "(getSelection().selectAllChildren(document.querySelector('.layers table')), getSelection().toString())"
    lines = [line.split("\t") for line in page.evaluate(copied).strip().split("\n")]
    assert lines[0] == ["layer", "type", "parameters", "MACs"]
    assert [line[0].strip() for line in lines[1:]] == [row.path for row in summarize(resnet()).layers]
    assert {len(line) for line in lines} == {4}


def test_blocks_fold_each_in_its_own_table(show: Show) -> None:
    """As several summaries stand in one notebook."""
    page = show(resnet(), depth=0)
    page.evaluate("document.body.append(document.querySelector('section').cloneNode(true))")
    page.click("section:first-child label:has-text('layer1')")
    shown = "[...document.querySelectorAll('.layers')].map((t) => [...t.querySelectorAll('tr')]" \
        ".filter((row) => row.checkVisibility()).length)"  # fmt: skip
    first, second = page.evaluate(shown)
    assert (first > second, second) == (True, size(summarize(resnet()), 0) + 1)
