"""PDF and TikZ, themes, fonts, directions and labels: what a paper or a slide needs of a picture."""

from __future__ import annotations

import base64
import itertools
import math
import re
import shutil
import subprocess
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw import THEMES, Direction
from nndsl.backends.draw.letters import latex
from nndsl.backends.draw.scene import Box, Scene
from nndsl.backends.draw.style import LEGEND, PILLS, Outline
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, made, resnet, unet
from tests.backends.test_draw_formats import HOSTILE, hostile

DIRECTIONS: tuple[Direction, ...] = ("up", "down", "right")


def middles(scene: Scene) -> dict[str, tuple[float, float]]:
    return {box.path: (box.x + box.width / 2, box.y + box.height / 2) for box in scene.boxes}


@pytest.mark.parametrize(("direction", "axis", "sign"), [("up", 1, -1), ("down", 1, 1), ("right", 0, 1)])
def test_data_flow_where_they_should(direction: Direction, axis: int, sign: int) -> None:
    for name, build in SAMPLES.items():
        scene = draw.scene(build(), direction=direction)
        places = {box.id: middles(scene)[box.path][axis] for box in scene.boxes}
        for edge in scene.edges:
            assert sign * (places[edge.target] - places[edge.source]) > 0, (name, edge)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_captions_stand_in_the_upper_left_corner(direction: Direction) -> None:
    scene = draw.scene(resnet(), direction=direction)
    assert scene.clusters
    for cluster in scene.clusters:
        first = cluster.texts[0]
        assert cluster.x < first.x < cluster.x + 40
        assert cluster.y < first.y < cluster.y + 24


@pytest.mark.parametrize("theme", THEMES)
def test_only_colours_depend_on_the_theme(theme: str) -> None:
    light, other = draw.scene(unet()), draw.scene(unet(), theme=THEMES[theme])
    assert [(b.x, b.y, b.width) for b in light.boxes] == [(b.x, b.y, b.width) for b in other.boxes]
    assert f'fill="{THEMES[theme].page}"' in draw.svg(other)


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_letters_stand_out_from_what_they_stand_on(theme: draw.Theme) -> None:
    fills = {fill for fill, _ in [*theme.families.values(), theme.other]} | {theme.page, *theme.frames}
    for fill in fills:
        assert contrast(theme.tones["ink"], fill) > 7, fill
        assert contrast(theme.tones["grey"], fill) > 4.5, fill


def test_paper_has_no_colours() -> None:
    colors = set(re.findall("#[0-9a-f]{6}", draw.svg(draw.scene(unet(), theme=THEMES["paper"]))))
    assert colors
    assert all(c[1:3] == c[3:5] == c[5:7] for c in colors)
    assert "stroke-dasharray" in draw.svg(draw.scene(unet(), theme=THEMES["paper"]))


EVERY_FAMILY = """
extern block Measured(k: int) = "package:Class" {
  input x: [N, T, 8]
  output y: [N, T, 8]
}
block Inner = Linear(8)
model M {
  input ids: int[N, T]
  h, state = ids -> Embedding(10, 8) -> Linear(8) -> GRU(8)
  a = h -> MultiheadAttention(2) -> LayerNorm -> Dropout -> ReLU -> Exp -> Measured(3) -> Inner
  output y = a -> Transpose(1, 2) -> Conv1d(8, 3, padding=1) -> MaxPool1d(3, 1, padding=1) -> Mean(2)
  output last = state
}
"""


@pytest.mark.parametrize("theme", THEMES)
def test_every_look_in_the_picture_is_in_the_legend(theme: str) -> None:
    scene = draw.scene(nndsl.loads(EVERY_FAMILY)._graph, depth=0, theme=THEMES[theme])
    seen = {box.family for box in scene.boxes if box.shape not in ("circle", "port")}
    assert seen == set(LEGEND)
    assert [s.text.text for s in scene.legend if isinstance(s.sample, Box)] == list(LEGEND.values())
    for swatch in scene.legend:
        if isinstance(swatch.sample, Box):
            assert {box.shape for box in scene.boxes if box.family == swatch.sample.family} >= {swatch.sample.shape}


def lightness(color: str) -> float:
    """L* of CIELAB, in which equal steps look equal."""
    y = luminance(color)
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def apart(a: str, b: str) -> float:
    """CIE76: the distance of two colours in CIELAB."""
    return math.dist(lab(a), lab(b))


def lab(color: str) -> tuple[float, float, float]:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    x, y, z = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
    )
    fx, fy, fz = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def look(theme: draw.Theme, family: str) -> tuple[bool, bool, Outline]:
    """What beside its colour tells a family: round, with two outlines, with which outline."""
    return family in PILLS, family == "block", theme.outline(family)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_families_are_told_apart_and_on_paper_without_colours(theme: draw.Theme) -> None:
    for a, b in itertools.combinations(LEGEND, 2):
        fills = theme.colors(a)[0], theme.colors(b)[0]
        if theme.name == "paper":
            steps = abs(lightness(fills[0]) - lightness(fills[1]))
            assert look(theme, a) != look(theme, b) or steps > 7, (a, b)
        else:
            assert look(theme, a)[:2] != look(theme, b)[:2] or apart(*fills) > 6, (a, b, apart(*fills))


def test_paper_has_few_greys() -> None:
    assert len({fill for fill, _ in THEMES["paper"].families.values()}) <= 5


def named() -> Scene:
    b = Builder("Named", "model")
    x = b.input("x", N, 4)
    query = b.op(made("Linear", families.LINEAR, "4"), x, label="query")
    plain = b.op(made("Linear", families.LINEAR, "4"), b.relu(query), label="linear")
    b.output("y", plain)
    for node in b.graph.nodes:
        node.labelled = True
    return draw.scene(b.graph)


def test_boxes_bear_the_labels_of_the_text_where_they_say_more_than_the_type() -> None:
    words = {box.path: [text.text.strip() for text in box.texts] for box in named().boxes}
    assert words["query"] == ["Linear", "query", "4"]
    assert words["linear"] == ["Linear", "4"]


def test_labels_can_be_left_out() -> None:
    with_labels, without = (draw.scene(resnet(), labels=labels) for labels in (True, False))
    assert with_labels.width >= without.width
    words = {text.text.strip() for box in without.boxes for text in box.texts}
    assert "conv1" not in words


@pytest.mark.parametrize("name", ["resnet", "unet", "vit"])
def test_a_pdf_is_one_page_of_the_scene_with_its_fonts_inside(name: str) -> None:
    pytest.importorskip("reportlab")
    scene = draw.scene(SAMPLES[name](), font="serif")
    made = draw.pdf(scene)
    assert made == draw.pdf(draw.scene(SAMPLES[name](), font="serif"))
    assert made.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b", made)) == 1
    box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", made)
    assert box is not None
    assert float(box[1]) == pytest.approx(scene.width * 0.75, abs=0.01)
    assert float(box[2]) == pytest.approx(scene.height * 0.75, abs=0.01)
    assert b"/FontFile2" in made
    named = set(re.findall(rb"/BaseFont /([^ \n]+)", made))
    assert {name.partition(b"+")[2] for name in named} == {b"DejaVuSerif", b"DejaVuSerif-Bold"}, "parts of fonts inside"
    assert b"/Subtype /Image" not in made


@pytest.mark.parametrize("text", HOSTILE)
def test_any_name_can_stand_in_a_pdf(text: str) -> None:
    pytest.importorskip("reportlab")
    made = draw.pdf(hostile(text))
    assert b"/JavaScript" not in made
    assert b"/URI" not in made
    (page,) = [stream for stream in streams(made) if b" Tf" in stream]
    (usual,) = [stream for stream in streams(draw.pdf(hostile("harmless"))) if b" Tf" in stream]
    assert operators(page) == operators(usual)


def streams(file: bytes) -> list[bytes]:
    """What stands in a PDF compressed."""
    found = re.findall(rb"/Filter \[ /ASCII85Decode /FlateDecode \].*?stream\r?\n(.*?)endstream", file, re.DOTALL)
    return [zlib.decompress(base64.a85decode(text.strip().removesuffix(b"~>"))) for text in found]


def operators(stream: bytes) -> set[bytes]:
    """The commands of a page; what stands in strings is none."""
    return set(re.findall(rb"(?<![/\w])[A-Za-z*]+", re.sub(rb"\((?:[^()\\]|\\.)*\)", b"", stream, flags=re.DOTALL)))


@pytest.mark.parametrize("text", [*HOSTILE, r"\input{/etc/passwd}", "%", "$x$", "a_b^c~d", "{", "}", "#1", r"\\"])
def test_no_name_becomes_a_command_of_latex(text: str) -> None:
    """Outside comments, every command is one that the writer uses, and braces are balanced."""
    tex = draw.tikz(hostile(text))
    lines = [line for line in tex.splitlines() if not line.startswith("% ")]
    body = "\n".join(lines)
    known = {
        *("documentclass", "usepackage", "begin", "end", "definecolor", "fill", "draw", "node", "fontsize"),
        *("selectfont", "color", "textbf", "sffamily", "rmfamily", "textbackslash", "textless", "textgreater"),
        *("textquotedbl", "textquotesingle", "textasciicircum", "textasciitilde", "textasciigrave", "textbar"),
        *("times", "cdot", "dots", "rightarrow", "leftrightarrow", "textcopyright", "div", "textsuperscript"),
        *("def", "ifdefined", "Umathchar", "iffontchar", "font", "else", "fi", "nnletter"),
    }
    commands = set(re.findall(r"\\([A-Za-z]+)", body))
    assert commands <= known, commands - known
    unescaped = re.sub(r"\\[{}$&#%_\\ ]", "", body)
    assert unescaped.count("{") == unescaped.count("}")
    assert "%" not in unescaped
    assert "$x$" not in unescaped


def test_tikz_draws_everything_of_the_scene() -> None:
    scene = draw.scene(resnet())
    tex = draw.tikz(scene)
    assert tex == draw.tikz(draw.scene(resnet()))
    for box in scene.boxes:
        assert f"% {box.path}\n" in tex
    assert tex.count(r"\begin{tikzpicture}") == tex.count(r"\end{tikzpicture}") == 1
    assert r"\rmfamily" in draw.tikz(draw.scene(resnet(), font="serif"))


LETTERS = "éā½µ αωΓΩ ∑≤∞→ 漢🎉ħЖ\u0301"


def test_letters_without_a_font_are_set_where_there_is_one() -> None:
    assert latex("αΓΑ≤²₂") == r"$\alpha$$\Gamma$A$\leq$\textsuperscript{2}\textsubscript{2}"
    assert latex("é漢e\u0301ħ") == r"é\nnletter{28450}{漢}é\nnletter{295}{ħ}"
    inside = draw.tikz(hostile(LETTERS)).partition(r"\begin{tikzpicture}")[2]
    assert inside.count(r"\def\nnletter") == 1
    shown = [re.sub(r"\\nnletter\{\d+\}\{.\}", "", line) for line in inside.splitlines() if not line.startswith("%")]
    assert {letter for letter in "".join(shown) if ord(letter) > 0x7E} == set("éā½")
    assert "nnletter" not in draw.tikz(hostile("é"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a LaTeX installation")
@pytest.mark.parametrize("text", ["", LETTERS])
def test_tikz_compiles(tmp_path: Path, text: str) -> None:
    file = tmp_path / "picture.tex"
    file.write_text(draw.tikz(hostile(text) if text else draw.scene(unet(), theme=THEMES["paper"])), encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", file.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "picture.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_graphviz_draws_the_dot_file(direction: Direction) -> None:
    for name in ("resnet", "seq2seq", "cell"):
        text = draw.dot(draw.scene(SAMPLES[name](), direction=direction))
        done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0
        assert not done.stderr, done.stderr
        ElementTree.fromstring(done.stdout)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_dot_file_tells_what_the_scene_does(direction: Direction) -> None:
    """The title with its totals, the shapes beside lines, the legend."""
    scene = draw.scene(unet(), direction=direction)
    text = draw.dot(scene)
    assert all(f"{words.text}" in text for words in scene.header)
    edges = [line for line in text.splitlines() if " -> " in line and "tooltip" not in line]
    if direction != "right":
        assert {label.text for label in scene.labels} == set(re.findall(r'label="([^"]*)"', "\n".join(edges)))
    assert all(swatch.text.text in text.partition("cluster_legend")[2] for swatch in scene.legend)
