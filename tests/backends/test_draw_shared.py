"""Layers that are used twice are counted once: in boxes, in captions, and beside the page."""

from __future__ import annotations

import re
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from tests.backends.browser import Open
from tests.backends.test_draw_html import atlas_of

SIAMESE = """
block Tower {
  input x: [N, 8]
  param p: float[8] = zeros
  x + p -> a: Linear(16) -> ReLU -> inner: [Residual { Linear(16) -> Tanh }] * 2 -> b: Linear(4)
}
model Siamese {
  input left: float[N, 8]
  input right: float[N, 8]
  layer tower = Tower
  output same = (left -> tower) - (right -> tower)
}
"""
TIED = """
model Translate {
  input source: int[B, S]
  input target: int[B, T]
  layer embed = Embedding(50, 8)
  output a = source -> embed -> enc: Linear(8)
  output b = target -> embed -> dec: Linear(8)
}
"""
COUNT = re.compile(r"· (\d+) params|\((\d+)\)")


def parts(atlas: dict[str, Any], number: int) -> list[int]:
    """What the page counts of each part of a figure."""
    facts = [atlas["facts"][thing["facts"]] for thing in atlas["figures"][number]["things"]]
    return [about.get("parameters", 0) for about in facts if not about.get("again")]


def test_the_parts_add_up_to_the_model() -> None:
    for source, total in ((SIAMESE, 764), (TIED, 544)):
        atlas = atlas_of(draw.html(nndsl.loads(source)._graph))
        assert sum(parts(atlas, 0)) == atlas["model"]["parameters"] == total


def test_in_a_copy_nothing_is_counted() -> None:
    """Neither in a picture nor beside the page, however deep."""
    scene = draw.scene(nndsl.loads(SIAMESE)._graph, depth=9)
    outer, inner, copy, inner_copy = scene.clusters
    counts = {frame.id: "".join(text.text for text in frame.texts) for frame in scene.clusters}
    for box in scene.boxes:
        counts[box.cluster or ""] = counts.get(box.cluster or "", "") + "".join(text.text for text in box.texts)
    assert COUNT.findall(counts[outer.id]) == [("764", ""), ("", "8"), ("144", ""), ("68", "")]
    assert COUNT.findall(counts[inner.id]) == [("544", ""), ("272", "")]
    assert COUNT.findall(counts[copy.id] + counts[inner_copy.id]) == []
    atlas = atlas_of(draw.html(nndsl.loads(SIAMESE)._graph))
    first, second = [thing["inside"] for thing in atlas["figures"][0]["things"] if thing["label"] == "tower"]
    assert sum(parts(atlas, first)) == 756 and sum(parts(atlas, second)) == 0


@pytest.mark.xdist_group("browser")
def test_the_page_marks_what_is_shared(open_page: Open) -> None:
    page = open_page(nndsl.loads(TIED)._graph)
    told = [re.sub(r"\s+", " ", row).strip() for row in page.locator("#panel .parts li").all_inner_texts()]
    assert told == ["embed 400", "enc 72", "embed ↔ shared", "dec 72"]


STEP = """
block Step(cell: layer, out: layer) {
  input h: [N, 16]
  input x: [N, 8]
  n = (x, h) -> cell
  output m = n
  output o = n -> out
}
"""
LENT = """
model M {
  input xs: float[B, T, 8]
  layer cell = GRUCell(16)
  layer out = Linear(4)
  h, o = (Zeros(B, 16), xs) -> Scan(Step(cell, out))
  output y = h
  output z = o
}
"""


def told(text: str, **asked: int) -> str:
    made = draw.scene(nndsl.loads(text)._graph, **asked)  # type: ignore[arg-type]
    groups = [frame.texts for frame in made.clusters] + [box.texts for box in made.boxes]
    return "; ".join("".join(text.text for text in texts) for texts in groups)


def test_a_layer_that_one_loop_alone_is_lent_counts_as_its_own() -> None:
    opened, closed = told(STEP + LENT, depth=9), told(STEP + LENT, depth=0)
    assert "↔" not in opened
    assert "GRUCell  cell  16 · 1.25K" in opened and "Linear  out  4 · 68 params" in opened
    assert "1.32K" in opened.partition(";")[0]
    assert "Scan  for each of T · 1.32K" in closed


def test_the_parts_of_a_page_count_what_is_lent_once() -> None:
    atlas = atlas_of(draw.html(nndsl.loads(STEP + LENT)._graph))
    assert sum(parts(atlas, 0)) == sum(parts(atlas, 1)) == atlas["model"]["parameters"] == 1316


def test_a_layer_that_is_lent_and_used_elsewhere_is_shared() -> None:
    text = told(STEP + LENT.replace("output z = o", "output z = o + (h -> out)[:, none]"), depth=9)
    assert text.count("↔ out") == 2 and text.count("68 params") == 1 and "↔ cell" not in text


def test_a_weight_that_nothing_needs_is_no_use() -> None:
    text = "model M { input t: int[N, T]\n layer e = Embedding(9, 4)\n h = t -> e\n w = e.weight\n"
    used, unused = "output y = h @ w.T", "output y = h -> out: Linear(9)"
    assert "↔ e" in told(f"{text} {used} }}")
    assert "↔" not in told(f"{text} {unused} }}")
