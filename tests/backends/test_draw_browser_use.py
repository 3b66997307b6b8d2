"""The page in a real browser: links to layers, the saved picture, a phone, high contrast, long prints, far views."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.ir.graph import Graph
from tests.backends.browser import MODELS, Open, settle
from tests.backends.graphs_by_hand import SAMPLES, chain, resnet
from tests.backends.test_draw_browser_page import large
from tests.backends.test_draw_html import EVIL, hostile

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all

SVG = "{http://www.w3.org/2000/svg}"
SELECTED = "diagram.selected === null ? null : diagram.blocks.path(diagram.selected)"
IN_VIEW = """() => {
  const [box, seen] = [diagram.places.get(diagram.selected), diagram.camera.seen()];
  const [right, bottom] = [seen.x + seen.width, seen.y + seen.height];
  return box.x > seen.x && box.x + box.width < right && box.y > seen.y && box.y + box.height < bottom;
}"""


def zoo(target: str) -> Graph:
    return nndsl.load(MODELS / target)._graph


@pytest.mark.parametrize(
    ("target", "address", "path"),
    [
        ("resnet.nn:ResNet18", "#layer3.1.conv2", "layer3.1.conv2"),
        ("resnet.nn:ResNet18", "#layer3.1.conv2&base=0", "layer3.1.conv2"),
        ("resnet.nn:ResNet18", "#layer2", "layer2"),
        ("transformer_encoder.nn", "#layers.4.self_attn", "layers.0.self_attn"),
        ("vit.nn:ViTB16", "#encoder.layers.encoder_layer_11.ln_2", "encoder.layers.encoder_layer_0.ln_2"),
        ("vit.nn:ViTB16", "#encoder.layers.encoder_layer_12.ln_2", None),
        ("resnet.nn:ResNet18", "#no.such.layer", None),
        ("resnet.nn:ResNet18", "#%E0%A4%A", None),
    ],
)
def test_an_address_may_name_a_layer(open_page: Open, target: str, address: str, path: str | None) -> None:
    """Also one of the equal layers that are drawn once."""
    page = open_page(zoo(target), address, depth=0)
    assert page.evaluate(SELECTED) == path
    if path is None:
        return
    assert page.evaluate(IN_VIEW)
    assert page.evaluate("location.hash").startswith(f"#{path}"), "which is what the page calls it"
    page.evaluate("location.hash = '#base=0'")
    page.wait_for_function("() => diagram.selected === null")
    page.evaluate(f"location.hash = '{address}'")
    page.wait_for_function("() => diagram.selected !== null")
    settle(page)
    assert page.evaluate(SELECTED) == path and page.evaluate(IN_VIEW)


@pytest.mark.parametrize("name", ["resnet", "seq2seq"])
def test_every_thing_has_an_address(open_page: Open, name: str) -> None:
    page = open_page(SAMPLES[name]())
    page.click("#expand-all")
    ways = page.evaluate("[...diagram.scene.boxes, ...diagram.scene.frames].map(({ id }) => id)")
    for way in ways:
        page.evaluate("(id) => diagram.select(id)", way)
        page.evaluate("diagram.readAddress(false)")
        assert page.evaluate("diagram.selected") == way


def saved(page: Any, tmp_path: Path) -> tuple[str, ET.Element]:
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "saved.svg")
    return download.value.suggested_filename, ET.fromstring((tmp_path / "saved.svg").read_text("utf-8"))


@pytest.mark.parametrize(("name", "theme"), [("resnet", "light"), ("cell", "dark"), ("seq2seq", "paper")])
def test_the_saved_picture_is_that_of_draw(open_page: Open, tmp_path: Path, name: str, theme: str) -> None:
    """The same boxes, frames, texts and colours, without a style sheet; what is selected is not marked."""
    graph, colors = SAMPLES[name](), draw.THEMES[theme]
    page = open_page(graph, theme=colors)
    page.keyboard.press("Home")
    file, root = saved(page, tmp_path)
    scene = draw.scene(graph, theme=colors)
    theirs = ET.fromstring(draw.svg(scene))
    assert file == f"{graph.name}.svg"
    assert float(root.get("width", "0")) == pytest.approx(scene.width, abs=25)
    assert float(root.get("height", "0")) == pytest.approx(scene.height, abs=2)
    told = {
        *page.evaluate("Object.values(diagram.atlas.legend.words)"),
        *page.locator("#legend").inner_text().split("\n"),
    }
    texts = [["".join(text.itertext()).strip() for text in tree.iter(f"{SVG}text")] for tree in (root, theirs)]
    assert sorted(set(texts[0]) - told) == sorted(set(texts[1]) - told)
    for box in scene.boxes:
        for text in box.texts:
            assert texts[0].count(text.text.strip()) >= 1
    for tag in ("rect", "circle", "path"):
        looks = [
            {(e.get("fill"), e.get("stroke", "none")) for e in tree.iter(f"{SVG}{tag}")} for tree in (root, theirs)
        ]
        assert looks[0] == looks[1], tag
    attributes = {key for element in root.iter() for key in element.keys()}  # noqa: SIM118
    assert not attributes & {"class", "style", "data-id", "aria-label"}
    assert page.locator(".saved").count() == 0


@pytest.mark.parametrize("text", [*EVIL, "\x01\x7f\ud800"])
def test_a_saved_picture_holds_names_as_text(open_page: Open, tmp_path: Path, text: str) -> None:
    page = open_page(hostile(text))
    file, root = saved(page, tmp_path)
    assert file.endswith(".svg") and not set(file) & set("/\\<>:\"|?*'") and not file.startswith(".")
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "g", "title", "rect", "circle", "path", "text"}
    assert not [key for element in root.iter() for key in element.keys() if key.startswith("on")]  # noqa: SIM118


def test_from_far_away_marks_are_seen(open_page: Open) -> None:
    page = open_page(large())
    page.click("#expand-all")
    page.fill("#search", "layernorm")
    page.keyboard.press("Enter")
    page.evaluate("diagram.camera.set(0.02, 300, 10)")
    settle(page)
    page.wait_for_timeout(250)
    assert page.locator("#picture .far").count() >= 3
    dashes = """() => {
      const far = document.querySelector(".box.far");
      far.setAttribute("class", "box f-regularization far");
      return getComputedStyle(far.querySelector(".body")).strokeDasharray;
    }"""
    assert page.evaluate(dashes) == "none", "dots around thousands of boxes take a tenth of a second"
    assert page.locator(".spot.selected").count() == 1
    assert page.locator(".spot.hit").count() == 500
    page.evaluate("diagram.camera.set(1, 300, -50000)")
    settle(page)
    assert page.locator(".spot").count() == 0


def test_what_is_drawn_in_slices_is_drawn_in_the_end(open_page: Open) -> None:
    page = open_page(large())
    page.click("#expand-all")
    wanted = """() => {
      const { region, items } = diagram.canvas;
      const [right, bottom] = [region.x + region.width, region.y + region.height];
      const isIn = (item) => item.x <= right && item.x + item.width >= region.x
        && item.y <= bottom && item.y + item.height >= region.y;
      return items.filter(isIn).length;
    }"""
    for scale in (1, 0.5, 0.3, 0.8):
        page.evaluate("(scale) => diagram.camera.set(scale, 300, -50000 * scale)", scale)
        page.wait_for_function("() => !diagram.camera.waiting && diagram.canvas.missing.length === 0")
        page.wait_for_timeout(200)
        page.wait_for_function("() => diagram.canvas.missing.length === 0")
        assert page.evaluate("diagram.canvas.drawn.size") == page.evaluate(wanted) > 50


def test_a_double_click_opens_once(open_page: Open) -> None:
    page = open_page(zoo("resnet.nn:ResNet18"), depth=0)
    page.keyboard.press("f")
    block = page.evaluate("diagram.blocks.wayTo('layer2')")
    page.locator(f'[data-id="{block}"] > .body').dblclick()
    settle(page)
    assert page.evaluate("diagram.scene.frames.map(({ id }) => id)") == [block]


def test_escape_closes_the_keys_and_nothing_else(open_page: Open) -> None:
    page = open_page(resnet())
    page.keyboard.press("Home")
    chosen = page.evaluate("diagram.selected")
    page.keyboard.press("?")
    assert page.evaluate("diagram.help.open")
    assert "Save as SVG".lower()[:4] in page.locator("#help").inner_text().lower()
    page.keyboard.press("Escape")
    assert not page.evaluate("diagram.help.open")
    assert page.evaluate("diagram.selected") == chosen
    page.keyboard.press("Escape")
    assert page.evaluate("diagram.selected") is None


def on(browser: Any, tmp_path: Path, graph: Graph, **context: Any) -> Any:
    file = tmp_path / "page.html"
    file.write_text(draw.html(graph), encoding="utf-8")
    page = browser.new_context(**context).new_page()
    page.goto(file.as_uri())
    return page


def test_a_phone_shows_the_picture(browser: Any, tmp_path: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = on(browser, tmp_path, zoo("resnet.nn:ResNet18"), **phone)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator("#area").bounding_box()["height"] > 0.75 * 844
    assert not page.locator("#panel").is_visible()
    for button in page.locator(".tools button").all():
        assert button.bounding_box()["height"] >= 32
    page.locator("button", has_text="Details").tap()
    assert page.locator("#panel").is_visible()
    assert page.locator("#area").bounding_box()["height"] > 0.35 * 844
    page.context.close()


def test_two_fingers_zoom(browser: Any, tmp_path: Path) -> None:
    page = on(browser, tmp_path, resnet(), viewport={"width": 390, "height": 844}, has_touch=True)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    scale = page.evaluate("diagram.camera.scale")
    fingers("touchStart", (150, 400), (250, 400))
    for spread in (10, 20, 30, 40, 50):
        fingers("touchMove", (150 - spread, 400), (250 + spread, 400))
    fingers("touchEnd")
    settle(page)
    assert page.evaluate("diagram.camera.scale") == pytest.approx(2 * scale, rel=0.1)
    assert page.evaluate("diagram.selected") is None
    page.context.close()


def test_forced_colours_keep_the_picture_readable(browser: Any, tmp_path: Path) -> None:
    """The picture has its own background: its texts are not in the colours that a reader forces on pages."""
    page = on(browser, tmp_path, resnet(), forced_colors="active", color_scheme="dark")
    page.evaluate("diagram.chosenTheme = 'paper'; diagram.paintTheme()")
    seen = page.evaluate(
        """() => [
          getComputedStyle(diagram.area).backgroundColor,
          getComputedStyle(document.querySelector('#picture .box text')).fill,
          getComputedStyle(document.querySelector('.swatch .body')).fill,
        ]"""
    )
    assert seen[0] == "rgb(255, 255, 255)" and seen[1] == "rgb(0, 0, 0)"
    assert seen[2] != page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.context.close()


def test_more_contrast_where_the_reader_asks_for_it(browser: Any, tmp_path: Path) -> None:
    page = on(browser, tmp_path, resnet(), contrast="more")
    colors = "['.tone-grey', '.tone-ink'].map((name) => getComputedStyle(document.querySelector(name)).fill)"
    grey, ink = page.evaluate(colors)
    assert grey == ink
    page.context.close()


@pytest.mark.parametrize(("layers", "pages"), [(8, 1), (120, 8)])
def test_a_long_picture_is_printed_on_several_pages(browser: Any, tmp_path: Path, layers: int, pages: int) -> None:
    page = on(browser, tmp_path, chain(layers))
    page.keyboard.press("e")
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == pytest.approx(pages, abs=pages // 4)
    page.context.close()
