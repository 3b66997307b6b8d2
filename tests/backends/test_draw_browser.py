"""The page in a real browser: clicks, keys, search, the address, pan and zoom."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.figures import planned
from nndsl.backends.draw.opening import Opening
from nndsl.backends.draw.picture import picture
from tests.backends.browser import MODELS, Open, settle
from tests.backends.graphs_by_hand import SAMPLES, resnet

pytestmark = pytest.mark.xdist_group("browser")  # one browser for all

EDGES = "[...new Set(diagram.scene.edges.map(({ source, target }) => `${source} ${target}`))].sort()"


def shown(page: Any) -> tuple[list[str], list[str]]:
    """Paths of boxes and of frames."""
    boxes, frames = page.evaluate(
        "[diagram.scene.boxes, diagram.scene.frames].map((items) => items.map(({ path }) => path))"
    )
    return boxes, frames


def way_of(page: Any, path: str) -> str:
    found: str = page.evaluate(
        "(path) => [...diagram.scene.boxes, ...diagram.scene.frames].find((item) => item.path === path).id", path
    )
    return found


def click(page: Any, path: str, part: str = ".body") -> None:
    page.evaluate("(id) => diagram.camera.reveal(diagram.places.get(id), true, false)", way_of(page, path))
    settle(page)
    page.wait_for_timeout(200)
    page.locator(f'[data-id="{way_of(page, path)}"] {part}').first.click(position={"x": 12, "y": 8})
    settle(page)


def test_a_click_opens_and_a_click_on_the_caption_closes(open_page: Open) -> None:
    page = open_page(resnet(), depth=0)
    before = shown(page)
    assert before[1] == []
    block = next(path for path in before[0] if page.evaluate("(id) => diagram.blocks.canOpen(id)", way_of(page, path)))
    click(page, block)
    boxes, frames = shown(page)
    assert frames == [block]
    assert {path for path in boxes if path.startswith(f"{block}.")}
    element = page.locator(f'[data-id="{way_of(page, block)}"]')
    assert element.get_attribute("aria-expanded") == "true"
    assert page.locator("#panel h2").inner_text()
    click(page, block, ".caption .hit")
    assert shown(page) == before
    assert page.locator(f'[data-id="{way_of(page, block)}"]').get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("name", SAMPLES)
def test_buttons_show_what_python_shows(open_page: Open, name: str) -> None:
    """But for closed blocks of different sizes in a row: here each can be opened, so that they are not one."""
    page = open_page(SAMPLES[name]())
    for button, depth in (("#expand-all", 99), ("#collapse-all", 0)):
        page.click(button)
        plan = planned(SAMPLES[name](), Opening(depth, (), (), None))
        scene = picture(plan, "up", "sans", draw.THEMES["light"], labels=True)
        assert shown(page) == ([box.path for box in scene.boxes], [frame.path for frame in scene.clusters])
        ids = dict(
            zip((box.id for box in scene.boxes), page.evaluate("diagram.scene.boxes.map(({ id }) => id)"), strict=True)
        )
        assert page.evaluate(EDGES) == sorted({f"{ids[edge.source]} {ids[edge.target]}" for edge in scene.edges})
        page.click("#fit")
        settle(page)
        drawn = page.evaluate("[...document.querySelectorAll('#picture .box')].length")
        assert drawn == len(scene.boxes)


@pytest.mark.parametrize("target", ["resnet.nn:ResNet18", "googlenet.nn:GoogLeNet", "vit.nn:ViTB16"])
def test_folding_loses_no_edge_and_invents_none(open_page: Open, target: str) -> None:
    """Every edge of the open picture is one of the folded pictures, between what its ends are folded into."""
    page = open_page(nndsl.load(MODELS / target)._graph)
    page.click("#expand-all")
    everything = page.evaluate(EDGES)
    blocks = page.evaluate("[...diagram.blocks.open]")
    for chosen in range(4):
        opened = [way for k, way in enumerate(blocks) if (k * 7 + chosen) % 4]
        page.evaluate("(ways) => { diagram.blocks.open = new Set(ways); diagram.relayout({ still: true }); }", opened)
        pairs = page.evaluate(
            "(pairs) => pairs.map((pair) => pair.split(' ').map((id) => diagram.blocks.seen(id)))", everything
        )
        assert page.evaluate(EDGES) == sorted({f"{tail} {head}" for tail, head in pairs if tail != head})


def test_search_goes_to_hits_in_closed_blocks(open_page: Open) -> None:
    page = open_page(resnet(), depth=0)
    wanted = [box.path for box in draw.scene(resnet(), depth=99).boxes if "conv" in box.path.lower()]
    page.keyboard.press("/")
    page.keyboard.type("conv")
    hits = page.evaluate("diagram.search.hits.map(({ path }) => path)")
    assert set(wanted) <= set(hits)
    count = int(page.locator("#hit-count").inner_text().split()[0])
    assert count == len(hits) > 1
    for i in range(3):
        page.keyboard.press("Enter")
        assert page.locator("#hit-count").inner_text() == f"{i + 1} of {count}"
        selected = page.evaluate("diagram.selected")
        assert page.evaluate("(id) => diagram.blocks.path(id)", selected) == hits[i]
        assert page.evaluate("(id) => diagram.places.has(id)", selected), "what is around it is open"
        settle(page)
        box = page.locator(f'[data-id="{selected}"]').bounding_box()
        assert 0 < box["x"] < 1000 and 0 < box["y"] < 850
    page.keyboard.press("Shift+Enter")
    assert page.locator("#hit-count").inner_text() == f"2 of {count}"
    page.keyboard.press("Escape")
    assert page.locator("#search").input_value() == ""
    assert page.evaluate("diagram.selected") is None


def test_search_knows_shapes_and_types(open_page: Open) -> None:
    page = open_page(nndsl.load(MODELS / "resnet.nn:ResNet18")._graph)
    for query, path in (
        ("BatchNorm2d layer2.1.bn2", "layer2.1.bn2"),
        ("1000) fc", "fc"),
        ("N,512 flatten", "flatten_1"),
    ):
        page.fill("#search", query)
        assert page.evaluate("diagram.search.hits.map(({ path }) => path)") == [path]
    page.fill("#search", "no such layer")
    assert page.locator("#hit-count").inner_text() == "0 hits"


def test_keys_move_along_edges(open_page: Open) -> None:
    page = open_page(resnet())
    page.locator("#area").focus()
    page.keyboard.press("Home")
    seen = [page.evaluate("diagram.selected")]
    for _ in range(6):
        page.keyboard.press("ArrowUp")
        seen.append(page.evaluate("diagram.selected"))
    edges = page.evaluate(EDGES)
    assert all(f"{a} {b}" in edges for a, b in itertools.pairwise(seen))
    page.keyboard.press("ArrowDown")
    assert page.evaluate("diagram.selected") == seen[-2]
    assert page.locator("#area").get_attribute("aria-activedescendant") == f"i-{seen[-2]}"
    assert page.locator("#live").inner_text()
    page.keyboard.press("c")
    assert shown(page)[1] == []
    block = page.evaluate("diagram.scene.boxes.find((box) => box.thing.inside !== undefined).id")
    page.evaluate("(id) => diagram.select(id)", block)
    page.keyboard.press("Enter")
    assert page.evaluate("diagram.scene.frames.map(({ id }) => id)") == [block]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("diagram.selected").startswith(f"{block}.")
    page.keyboard.press("Backspace")
    assert page.evaluate("diagram.selected") == block
    page.keyboard.press("Enter")
    assert shown(page)[1] == []


def test_the_address_keeps_the_state(open_page: Open) -> None:
    page = open_page(nndsl.load(MODELS / "resnet.nn:ResNet18")._graph)
    page.keyboard.press("1")
    block = page.evaluate("diagram.scene.boxes.find((box) => box.thing.inside !== undefined).id")
    page.evaluate("(id) => diagram.toggle(id)", block)
    page.keyboard.press("t")
    state = "[diagram.selected, diagram.theme, diagram.scene.boxes.map(({ id }) => id), location.hash]"
    before = page.evaluate(state)
    assert before[3].startswith(f"#{page.evaluate('(id) => diagram.blocks.path(id)', block)}&base=1&open=")
    again = open_page(nndsl.load(MODELS / "resnet.nn:ResNet18")._graph, before[3])
    assert again.evaluate(state) == before
    broken = open_page(resnet(), "#base=%E0%A4%A&open=99.9~x~1e9&at=7.7.7&theme=evil")
    assert broken.evaluate("diagram.selected") is None
    assert shown(broken)[0] == [box.path for box in draw.scene(resnet()).boxes]


def test_pan_and_zoom(open_page: Open) -> None:
    page = open_page(resnet())
    camera = "[diagram.camera.scale, diagram.camera.x, diagram.camera.y]"
    scale, x, y = page.evaluate(camera)
    page.mouse.move(40, 300)
    page.mouse.down()
    page.mouse.move(140, 350, steps=4)
    page.mouse.up()
    assert page.evaluate(camera) == pytest.approx([scale, x + 100, y + 50])
    assert page.evaluate("diagram.selected") is None, "a drag is no click"
    page.mouse.wheel(0, 60)
    settle(page)
    assert page.evaluate(camera) == pytest.approx([scale, x + 100, y - 10])
    under = "() => [(140 - diagram.camera.x) / diagram.camera.scale]"
    point = page.evaluate(under)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    page.keyboard.up("Control")
    settle(page)
    assert page.evaluate("diagram.camera.scale") > scale * 1.2
    assert page.evaluate(under) == pytest.approx(point), "what is under the pointer stays there"
    page.keyboard.press("f")
    settle(page)
    box = page.locator("#area").bounding_box()
    for item in page.locator("#picture .box").all():
        place = item.bounding_box()
        assert box["x"] <= place["x"] and place["x"] + place["width"] <= box["x"] + box["width"]
        assert box["y"] <= place["y"] and place["y"] + place["height"] <= box["y"] + box["height"]


def test_what_is_drawn_is_where_the_layout_says(open_page: Open) -> None:
    page = open_page(resnet())
    page.evaluate("diagram.camera.set(1, 30, 40)")
    settle(page)
    area = page.locator("#area").bounding_box()
    for box in page.evaluate("diagram.scene.boxes.map(({ id, x, y, width, height }) => [id, x, y, width, height])"):
        locator = page.locator(f'[data-id="{box[0]}"] > .body')
        if locator.count():
            place = locator.bounding_box()
            assert place["x"] - area["x"] == pytest.approx(box[1] + 30, abs=1.5)
            assert place["y"] - area["y"] == pytest.approx(box[2] + 40, abs=1.5)
            assert place["width"] == pytest.approx(box[3] + 1.2, abs=1.5)


def test_texts_fit_their_boxes(open_page: Open) -> None:
    page = open_page(SAMPLES["encoder"]())
    for box in page.locator("#picture .box").all():
        outer = box.locator(".body").bounding_box()
        for text in box.locator("text").all():
            inner = text.bounding_box()
            assert outer["x"] <= inner["x"] and inner["x"] + inner["width"] <= outer["x"] + outer["width"]


def test_hovering_shows_the_edges_of_a_box(open_page: Open) -> None:
    page = open_page(resnet())
    page.keyboard.press("f")
    settle(page)
    page.wait_for_timeout(200)
    plus = page.evaluate("diagram.scene.boxes.find((box) => box.face.shape === 'circle').id")
    page.locator(f'[data-id="{plus}"] .body').hover()
    into = page.evaluate("(id) => diagram.moves.around(id).into.flatMap(({ wires }) => wires).length", plus)
    assert page.locator(".light.into").count() == into >= 2
    assert page.locator(".beside").count() >= 3
    page.mouse.move(5, 400)
    assert page.locator(".light").count() == 0


def test_opening_all_shows_where_the_flow_begins(open_page: Open) -> None:
    """What would be too small to read is shown from its inputs, or around what is selected; F shows all of it."""
    page = open_page(nndsl.load(MODELS / "resnet.nn:ResNet50")._graph, depth=0)
    inside = """(id) => {
      const [box, seen] = [diagram.places.get(id), diagram.camera.seen()];
      const [right, bottom] = [seen.x + seen.width, seen.y + seen.height];
      return box.x > seen.x && box.x + box.width < right && box.y > seen.y && box.y + box.height < bottom;
    }"""
    ends = [
        page.evaluate(f"diagram.scene.boxes.find((box) => box.thing.kind === '{kind}').id")
        for kind in ("input", "output")
    ]
    page.keyboard.press("e")
    settle(page)
    assert page.evaluate("diagram.camera.scale") >= 0.4
    assert [page.evaluate(inside, end) for end in ends] == [True, False]
    page.keyboard.press("f")
    settle(page)
    assert [page.evaluate(inside, end) for end in ends] == [True, True]
    page.evaluate("(id) => diagram.select(id)", ends[1])
    page.keyboard.press("c")
    page.keyboard.press("e")
    settle(page)
    assert [page.evaluate(inside, end) for end in ends] == [False, True]
