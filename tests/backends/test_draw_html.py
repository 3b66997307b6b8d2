"""The page by itself: safe against what a spec may hold, closed to everything outside, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.html import SCRIPTS, WEB, embedded
from nndsl.ir.graph import Graph
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, chain, made, seq2seq
from tests.backends.test_draw_formats import HOSTILE

EVIL = [*HOSTILE, "</script><script>alert(1)</script>", "<!--<script>", "\u2028\u2029", "<img src=x onerror=alert(1)>"]


def hostile(text: str) -> Graph:
    b = Builder(text, "model")
    x = b.input(text, N, 3)
    inner = Builder(text, hyper=text)
    inner.graph.doc = text
    y = inner.like(text, x)
    inner.output(text, inner.op(made("Layer", families.LINEAR, text, [(text, (3, 3))]), y, label=text))
    b.output(text, b.call(inner.graph, x, label=text))
    return b.graph


class Elements(HTMLParser):
    """The elements of a page, and what stands in each script and style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[len(self.found)] = self.texts.get(len(self.found), "") + data

    def text_of(self, tag: str, **attributes: str) -> str:
        (at,) = [i for i, (t, a) in enumerate(self.found) if t == tag and attributes.items() <= a.items()]
        return self.texts[at + 1]


def atlas_of(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Elements(page).text_of("script", id="atlas"))
    return found


@pytest.mark.parametrize("text", EVIL)
def test_no_label_becomes_markup(text: str) -> None:
    page = draw.html(hostile(text))
    page.encode()
    elements = Elements(page)
    tags = [tag for tag, _ in elements.found]
    assert tags == [tag for tag, _ in Elements(draw.html(hostile("harmless"))).found]
    between = page.partition('id="atlas">')[2].partition("</script>")[0]
    assert not set("<>&\u2028\u2029") & set(between)
    assert json.loads(between)["model"]["name"].startswith(
        text[:1] if text[:1].isprintable() else "\N{REPLACEMENT CHARACTER}"
    )


def test_json_cannot_end_its_element() -> None:
    assert embedded("</script>&\u2028\ud800") == '"\\u003c/script\\u003e\\u0026\\u2028\\ud800"'


def test_the_policy_allows_this_script_and_this_style_alone() -> None:
    elements = Elements(draw.html(SAMPLES["resnet"]()))
    (policy,) = [a["content"] for tag, a in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("script-src") == f"'{digest(elements.text_of('script', type='module'))}'"
    assert rules.pop("style-src") == f"'{digest(elements.text_of('style'))}'"
    assert rules == {"base-uri": "'none'", "form-action": "'none'", "require-trusted-types-for": "'script'"}
    assert [tag for tag, _ in elements.found].index("meta") < [tag for tag, _ in elements.found].index("script")


def digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_the_page_names_no_other_file() -> None:
    elements = Elements(draw.html(SAMPLES["resnet"]()))
    attributes = {key for _, attributes in elements.found for key in attributes}
    assert attributes == {"lang", "data-theme", "charset", "http-equiv", "content", "name", "type", "id"}
    assert "url(" not in elements.text_of("style") and "@import" not in elements.text_of("style")
    script = elements.text_of("script", type="module")
    assert not re.search(
        r"\bimport\b|\bfetch\b|XMLHttpRequest|innerHTML|\beval\b|insertAdjacent|document\.write", script
    )
    assert re.findall(r"https?://[^\"]*", script) == ["http://www.w3.org/2000/svg"]


def test_every_module_is_in_the_page() -> None:
    assert set(SCRIPTS) == {path.name for path in WEB.glob("*.js")}


def test_modules_stand_after_those_they_need() -> None:
    """Classes that extend others are made when the script starts."""
    for name in SCRIPTS:
        for base in re.findall(r"class \w+ extends (\w+)", (WEB / name).read_text()):
            (home,) = [path.name for path in WEB.glob("*.js") if f"class {base} " in path.read_text()]
            assert SCRIPTS.index(home) <= SCRIPTS.index(name)


def test_equal_models_equal_bytes() -> None:
    """Also in another process, where objects lie elsewhere and strings hash to other numbers."""
    code = (
        "import hashlib; from nndsl.backends import draw; from tests.backends.graphs_by_hand import SAMPLES\n"
        "pages = [draw.html(SAMPLES[name]()) for name in ('resnet', 'cell', 'seq2seq')]\n"
        "for page in pages: print(hashlib.sha256(page.encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].split()) == 3


def test_equal_blocks_are_written_once() -> None:
    """Each decoder of `unfolded` stands by itself, so that nothing is folded to × N."""
    few, many = (draw.html(seq2seq(depth, unfolded=True)) for depth in (4, 96))
    assert len(atlas_of(few)["figures"]) == len(atlas_of(many)["figures"])
    assert (len(many) - len(few)) / 92 < 2 * 600, "two boxes more for each decoder"


def test_the_size_grows_with_the_model() -> None:
    small, large = len(draw.html(chain(100))), len(draw.html(chain(1100)))
    assert (large - small) / 1000 < 900


def test_what_is_open_at_first_is_what_the_picture_shows() -> None:
    for name, build in SAMPLES.items():
        for depth in (None, 0, 1):
            atlas = atlas_of(draw.html(build(), depth=depth))
            frames = len(draw.scene(build(), depth=depth).clusters)
            plain = sum(is_plain(atlas, way) for way in atlas["start"])
            assert len(atlas["start"]) - plain == frames, name


def is_plain(atlas: dict[str, Any], way: str) -> bool:
    number = 0
    for part in way.split("."):
        thing = atlas["figures"][number]["things"][int(part)]
        number = thing.get("inside", 0)
    return bool(thing.get("plain"))


def test_a_thing_is_told_in_full(tmp_path: Path) -> None:
    spec = """# Says what it is.
model Net {
  input image: float[N, 3, 8, 8]
  output y = image -> stem: Conv2d(4, 3, bias=false) -> [BatchNorm2d(), ReLU()] * 2
}
"""
    (tmp_path / "net.nn").write_text(spec)
    model = nndsl.load(tmp_path / "net.nn")
    model.draw(tmp_path / "net.html")
    atlas = atlas_of((tmp_path / "net.html").read_text())
    stem = next(thing for thing in atlas["figures"][0]["things"] if thing["label"] == "stem")
    facts = atlas["facts"][stem["facts"]]
    assert facts["takes"] == [["x", "float", "N, 3, 8, 8"]]
    assert facts["gives"] == [["y", "float", "N, 4, 6, 6"]]
    assert facts["weights"] == [["weight", "4, 3, 3, 3", 108, True]]
    assert (facts["parameters"], facts["macs"], facts["sample"]) == (108, 108 * 36, "N")
    assert ["out_channels", "4", True] in facts["hyper"] and ["stride", "1", False] in facts["hyper"]
    assert (facts["file"], facts["line"]) == (str(tmp_path / "net.nn"), 4)
    assert facts["text"] == spec.splitlines()[3].strip()
    assert atlas["kinds"]["Conv2d"].startswith("Slide learned filters")


@pytest.mark.parametrize(("theme", "direction"), [("dark", "right"), ("paper", "down")])
def test_options_reach_the_page(theme: str, direction: draw.Direction) -> None:
    page = draw.html(SAMPLES["vit"](), theme=draw.THEMES[theme], direction=direction, font="serif", labels=False)
    atlas = atlas_of(page)
    assert (atlas["theme"], atlas["direction"]) == (theme, direction)
    assert "DejaVu Serif" in Elements(page).text_of("style")
    with_labels = atlas_of(draw.html(SAMPLES["vit"](), font="serif"))
    assert atlas["faces"] != with_labels["faces"]
