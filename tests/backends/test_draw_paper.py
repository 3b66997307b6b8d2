"""PDF and TikZ, themes, fonts, directions and labels: what a paper or a slide needs of a picture."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nndsl.backends import draw
from nndsl.backends.draw import THEMES, Direction
from nndsl.backends.draw.scene import Scene
from nndsl.ops import schema
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


def test_the_legend_tells_only_what_its_colours_tell() -> None:
    words = {s.text.text for s in draw.scene(resnet(), theme=THEMES["paper"]).legend}
    assert "convolution" in words
    assert "activation" not in words


def named() -> Scene:
    b = Builder("Named", "model")
    x = b.input("x", N, 4)
    query = b.op(made("Linear", schema.LINEAR, "4"), x, label="query")
    plain = b.op(made("Linear", schema.LINEAR, "4"), b.relu(query), label="linear")
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
    assert b"DejaVuSerif" in made
    assert b"/Subtype /Image" not in made


@pytest.mark.parametrize("text", HOSTILE)
def test_any_name_can_stand_in_a_pdf(text: str) -> None:
    pytest.importorskip("reportlab")
    made = draw.pdf(hostile(text))
    assert b"/JavaScript" not in made
    assert b"/URI" not in made
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", made, re.DOTALL):
        try:
            zlib.decompress(stream)
        except zlib.error:
            continue


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


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs a LaTeX installation")
def test_tikz_compiles(tmp_path: Path) -> None:
    file = tmp_path / "picture.tex"
    file.write_text(draw.tikz(draw.scene(unet(), theme=THEMES["paper"])))
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
