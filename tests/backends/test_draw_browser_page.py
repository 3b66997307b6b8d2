"""The page in a real browser: colours, safety, large models, the panel, print, screen readers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.ir.graph import Graph
from nndsl.ops import families
from tests.backends.browser import MODELS, Open, settle
from tests.backends.graphs_by_hand import Builder, N, made, resnet
from tests.backends.test_draw_html import EVIL, hostile

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all


@pytest.mark.parametrize(
    ("scheme", "given", "seen"), [("dark", "light", "dark"), ("light", "light", "light"), ("dark", "paper", "paper")]
)
def test_the_reader_s_colours_are_taken_at_first(
    browser: Any, tmp_path: Path, scheme: str, given: str, seen: str
) -> None:
    (tmp_path / "page.html").write_text(draw.html(resnet(), theme=draw.THEMES[given]), encoding="utf-8")
    page = browser.new_page(color_scheme=scheme)
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("document.documentElement.dataset.theme") == seen
    theme = draw.THEMES[seen]
    wanted = tuple(int(theme.page[i : i + 2], 16) for i in (1, 3, 5))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb{wanted}"
    fill, _ = theme.colors("convolution")
    drawn = page.evaluate("getComputedStyle(document.querySelector('.f-convolution .body')).fill")
    assert drawn == f"rgb{tuple(int(fill[i : i + 2], 16) for i in (1, 3, 5))}"
    page.close()


@pytest.mark.parametrize("text", EVIL)
def test_what_a_spec_says_stays_text(open_page: Open, text: str) -> None:
    page = open_page(hostile(text))
    page.click("#expand-all")
    page.fill("#search", text[:20])
    page.keyboard.press("Enter")
    tags = set(page.evaluate("[...document.querySelectorAll('body *')].map((e) => e.localName)"))
    assert not tags & {"img", "iframe", "object", "embed", "a", "link", "base", "form"}
    assert page.locator("script").count() == 2
    handlers = (
        "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on'))"
    )
    assert page.evaluate(handlers) == []
    if text.isascii() and text.isprintable():
        assert page.evaluate("document.querySelector('h1').textContent")[:5] == text[:5]


def test_the_policy_holds(browser: Any, tmp_path: Path) -> None:
    """Even a script that did get into the page could neither run nor load anything."""
    (tmp_path / "page.html").write_text(draw.html(resnet()), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    asked: list[Any] = []

    def note(request: Any) -> None:
        asked.append(request)

    page.on("request", note)
    page.evaluate(
        """() => {
          const image = document.createElement("img");
          image.src = "https://example.invalid/x.png";
          const style = document.createElement("link");
          [style.rel, style.href] = ["stylesheet", "https://example.invalid/x.css"];
          document.body.append(image, style);
        }"""
    )
    assert page.evaluate("fetch('https://example.invalid/').then(() => 'loaded', () => 'refused')") == "refused"
    with pytest.raises(Exception, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")
    page.wait_for_timeout(200)
    assert {request.failure for request in asked} == {"csp"}, "the browser refused before anything was sent"
    page.close()


def large(blocks: int = 100, layers: int = 24) -> Graph:
    """No two boxes are equal."""
    model = Builder("Large", "model")
    h = model.input("x", N, 64)
    for i in range(blocks):
        block = Builder(f"Block{i}", index=i)
        y = x = block.input("x", N, 64)
        for j in range(layers):
            y = block.op(made("Linear", families.LINEAR, f"{i}, {j}", [("weight", (64, 64))]), y)
            y = block.op(made("LayerNorm", families.NORMALIZATION, f"{i}, {j}"), y)
        block.output("y", block.plus(x, y))
        h = model.call(block.graph, h)
    model.output("y", h)
    return model.graph


# How many boxes a fold adds, and how often it asks for what makes a browser lay out the page there and then.
ASKED = """(id) => {
  let asked = 0;
  const known = ["clientWidth", "clientHeight", "scrollTop"].map((name) => {
    const property = Object.getOwnPropertyDescriptor(Element.prototype, name);
    const noted = (act) => act && function (...given) { asked += 1; return act.apply(this, given); };
    Object.defineProperty(Element.prototype, name, { ...property, get: noted(property.get), set: noted(property.set) });
    return [name, property];
  });
  const before = diagram.scene.boxes.length;
  diagram.toggle(id);
  for (const [name, property] of known) Object.defineProperty(Element.prototype, name, property);
  return { boxes: diagram.scene.boxes.length - before, asked };
}"""


def test_five_thousand_boxes_are_fluid(open_page: Open) -> None:
    """Far away few elements stand for all boxes; near only what is in view is drawn; a small pan draws nothing."""
    page = open_page(large())
    page.click("#expand-all")
    settle(page)
    assert page.evaluate("diagram.scene.boxes.length") > 4900
    page.evaluate("diagram.fit()")
    settle(page)
    everywhere = "document.querySelectorAll('#picture *').length"
    page.evaluate("diagram.camera.set(0.02, 300, 10)")
    settle(page)
    page.wait_for_timeout(250)
    assert page.evaluate(everywhere) < 100
    assert page.evaluate("document.querySelectorAll('#picture .far').length") >= 3
    page.evaluate("diagram.camera.set(1, 300, -50000)")
    settle(page)
    assert 20 < page.evaluate(everywhere) < 1500
    page.evaluate(
        """() => {
          window.changes = 0;
          const watch = new MutationObserver((records) => (window.changes += records.length));
          watch.observe(document.getElementById("picture"), { childList: true, attributes: true, subtree: true });
        }"""
    )
    page.evaluate("diagram.camera.pan(-40, -60)")
    settle(page)
    assert page.evaluate("window.changes") == 0
    page.evaluate("diagram.camera.pan(0, -5000)")
    settle(page)
    assert page.evaluate("window.changes") > 0
    assert 20 < page.evaluate(everywhere) < 1500
    assert page.evaluate(ASKED, page.evaluate("diagram.scene.frames[60].id")) == {"boxes": -48, "asked": 0}


def test_more_than_can_be_shown_is_said(open_page: Open) -> None:
    """Thirty blocks, each of which applies the one before twice: a thousand million boxes."""
    inner = Builder("Block0")
    inner.output("y", inner.op(made("Layer", families.LINEAR), inner.input("x", N, 4)))
    for i in range(1, 31):
        outer = Builder(f"Block{i}")
        x = outer.input("x", N, 4)
        y = outer.op(made("Layer", families.LINEAR), outer.call(inner.graph, x))
        outer.output("y", outer.call(inner.graph, y))
        inner = outer
    model = Builder("Huge", "model")
    model.output("y", model.call(inner.graph, model.input("x", N, 4)))
    page = open_page(model.graph)
    page.click("#expand-all")
    assert 1000 < page.evaluate("diagram.scene.boxes.length") <= 20_000
    assert "Not all is open" in page.locator("#notice").inner_text()
    page.fill("#search", "layer")
    assert "first" in page.locator("#hit-count").get_attribute("title")
    page.click("#collapse-all")
    assert page.locator("#notice").is_hidden()


def test_the_panel_tells_about_a_layer(open_page: Open) -> None:
    page = open_page(nndsl.load(MODELS / "resnet.nn:ResNet18")._graph)
    page.fill("#search", "layer2.0.conv1")
    page.keyboard.press("Enter")
    words = re.sub(r"\s+", " ", page.locator("#panel").inner_text())
    for part in ("Conv2d", "(N, 64, H // 4, W // 4)", "(128, 64, 3, 3)", "73,728", "stride 2", "0.6 %", "resnet.nn:"):
        assert part in words, part
    page.locator(".way button", has_text="layer2").click()
    assert page.evaluate("diagram.blocks.path(diagram.selected)") == "layer2"
    page.locator(".parts button").first.click()
    assert page.evaluate("diagram.blocks.path(diagram.selected)") == "layer2.0"


def test_folded_layers_say_their_range(open_page: Open) -> None:
    page = open_page(nndsl.load(MODELS / "vit.nn:ViTB16")._graph)
    folded = page.evaluate(
        "[...diagram.scene.frames, ...diagram.scene.boxes].find(({ thing }) => thing.count === 12).id"
    )
    page.evaluate("(id) => diagram.select(id)", folded)
    assert "12 equal ones in a row" in page.locator("#panel").inner_text()
    assert re.search(r"\b11\b|_11\b", page.locator("#panel .sub").first.inner_text())


def test_print_shows_everything(open_page: Open) -> None:
    page = open_page(resnet())
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    width, height = page.evaluate("[diagram.scene.width, diagram.scene.height]")
    box = [float(number) for number in page.locator("#sheet").get_attribute("viewBox").split()]
    assert box == pytest.approx([0, 0, width + 8, height + 8], abs=0.01)
    assert page.locator("#picture .box").count() == len(draw.scene(resnet()).boxes)
    assert not page.locator("#panel").is_visible() and not page.locator(".tools").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("#sheet").get_attribute("viewBox") is None


def test_everything_can_be_named_by_a_screen_reader(open_page: Open) -> None:
    page = open_page(resnet())
    for role in ("button", "searchbox", "tree", "treeitem", "toolbar", "complementary"):
        found = page.get_by_role(role).all()
        assert found, role
        for element in found:
            assert element.get_attribute("aria-label") or element.inner_text(), role
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "focus is visible"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_moves_are_short_and_can_be_left_out(browser: Any, tmp_path: Path, motion: str) -> None:
    (tmp_path / "page.html").write_text(draw.html(resnet(), depth=0), encoding="utf-8")
    page = browser.new_page(reduced_motion=motion)
    page.goto((tmp_path / "page.html").as_uri())
    block = page.evaluate("diagram.scene.boxes.find((box) => box.thing.inside !== undefined).id")
    times = page.evaluate(
        """(id) => {
          diagram.toggle(id);
          return document.getAnimations().map((each) => each.effect.getTiming().duration);
        }""",
        block,
    )
    if motion == "reduce":
        assert times == []
    else:
        assert times and max(times) <= 250
    page.close()
