"""SVG, PNG and DOT: well formed, safe against what a spec may hold, the same bytes each time."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from nndsl.backends import draw
from nndsl.backends.draw.metrics import text_width
from nndsl.backends.draw.scene import Wire
from nndsl.backends.draw.style import Font
from nndsl.backends.draw.words import compact
from nndsl.ops import families
from tests.backends.graphs_by_hand import SAMPLES, Builder, N, made, resnet

HOSTILE = [
    '<script>alert("1")</script>',
    "a & b",
    "]]>",
    "\x00\x1b[31m\ud800",
    '"; evil="',
    "--><!--",
    "x" * 5000,
    "名前",
    "\\",
    "%\n\\end{document}\\input{x}",
    "\u202ertl \U0001f600 {{ $(id) `id`",
    "'d8 &lt;!-- %%EOF (",
]


def hostile(text: str) -> draw.Scene:
    b = Builder(text, "model")
    x = b.input(text, N, 3)
    inner = Builder(text, hyper=1)
    y = inner.like(text, x)
    inner.output(text, inner.op(made("Layer", families.LINEAR, text, [("weight", (3, 3))]), y, label=text))
    b.output(text, b.call(inner.graph, x, label=text))
    return draw.scene(b.graph)


@pytest.mark.parametrize("name", SAMPLES)
def test_svg_is_well_formed_and_tells_every_box(name: str) -> None:
    scene = draw.scene(SAMPLES[name]())
    root = ElementTree.fromstring(draw.svg(scene))
    ids = [g.get("id") for g in root.iter("{http://www.w3.org/2000/svg}g")]
    assert len(ids) == len(set(ids)) == len(scene.boxes) + len(scene.clusters)
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        title = group.find("{http://www.w3.org/2000/svg}title")
        assert title is not None and title.text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_label_becomes_markup(text: str) -> None:
    svg = draw.svg(hostile(text))
    svg.encode()
    root = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {"svg", "title", "rect", "g", "text", "path", "circle"}
    attributes = {key for element in root.iter() for key in element.attrib}
    assert "evil" not in attributes
    assert not any(key.startswith("on") for key in attributes)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_label_ends_a_dot_string(text: str) -> None:
    tokens = dot_tokens(draw.dot(hostile(text)))
    assert tokens[:1] == ["digraph"]
    assert tokens.count("{") == tokens.count("}") == 3  # with the frame, and that of the legend


def dot_tokens(text: str) -> list[str]:
    """Raises where the text is not made of DOT's tokens."""
    pattern = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|->|[{}\[\]=,;]|[A-Za-z_0-9.]+', re.DOTALL)
    found, at = [], 0
    while at < len(text):
        match = pattern.match(text, at)
        assert match is not None, text[at : at + 40]
        found.append(match[0])
        at = match.end()
    return [token for token in found if token.strip()]


def test_dot_tells_the_shapes_whatever_the_direction() -> None:
    up, right = (draw.dot(draw.scene(resnet(), depth=0, direction=direction)) for direction in ("up", "right"))
    edges = [line for line in right.splitlines() if "->" in line]
    assert edges == [line for line in up.splitlines() if "->" in line]
    assert sum("label=" in line for line in edges) > 3


@pytest.mark.parametrize("name", SAMPLES)
def test_dot_has_the_boxes_frames_and_edges_of_the_scene(name: str) -> None:
    scene = draw.scene(SAMPLES[name]())
    tokens = dot_tokens(draw.dot(scene))
    assert tokens.count("subgraph") == len(scene.clusters) + bool(scene.legend)
    assert tokens.count("->") == len(scene.edges)
    assert tokens.count("{") == tokens.count("}")
    declared = {a for a, b in itertools.pairwise(tokens) if b == "[" and a.startswith("n")}
    assert {box.id for box in scene.boxes} <= declared
    assert {f'"{swatch.text.text}"' for swatch in scene.legend if not isinstance(swatch.sample, Wire)} <= set(tokens)


@pytest.mark.parametrize("name", ["resnet", "cell", "seq2seq"])
def test_equal_graphs_equal_bytes(name: str) -> None:
    first, second = draw.scene(SAMPLES[name]()), draw.scene(SAMPLES[name]())
    assert draw.svg(first) == draw.svg(second)
    assert draw.dot(first) == draw.dot(second)


def test_png_has_the_size_that_was_asked_for() -> None:
    pytest.importorskip("resvg_py")
    scene = draw.scene(resnet())
    png = draw.png(scene, dpi=96)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    assert abs(width - scene.width) <= 1
    assert abs(height - scene.height) <= 1
    double = draw.png(scene, dpi=192)
    assert abs(int.from_bytes(double[16:20], "big") - 2 * scene.width) <= 2


def test_png_draws_letters_without_fonts_of_the_system() -> None:
    pytest.importorskip("resvg_py")
    scene = draw.scene(resnet())
    with_text = len(draw.png(scene))
    for box in scene.boxes:
        box.texts = []
    assert with_text > len(draw.png(scene)) * 1.2


def test_widths_are_those_of_the_fonts_beside_them() -> None:
    pil = pytest.importorskip("PIL.ImageFont")
    from pathlib import Path

    fonts = Path(draw.__file__).parent / "fonts"
    faces: dict[Font, str] = {"sans": "DejaVuSans", "serif": "DejaVuSerif"}
    for (name, face), bold in itertools.product(faces.items(), (False, True)):
        file = fonts / f"{face}{'-Bold' if bold else ''}.ttf"
        font = pil.truetype(str(file), 2048, layout_engine=pil.Layout.BASIC)
        for text in ("LayerNorm 1.02K", "512→2048 · × ©", "αβγ √ ÷"):
            assert text_width(text, 2048, bold, name) == pytest.approx(font.getlength(text), rel=0.002)


def test_fonts_are_small_and_licensed() -> None:
    from pathlib import Path

    fonts = Path(draw.__file__).parent / "fonts"
    assert sum(font.stat().st_size for font in fonts.glob("*.ttf")) < 220_000
    assert "DejaVu" in (fonts / "LICENSE").read_text()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1000, "1.00K"),
        (1024, "1.02K"),
        (9999, "10.0K"),
        (16384000, "16.4M"),
        (999600, "1.00M"),
        (175_000_000_000, "175G"),
    ],
)
def test_numbers_have_three_digits(number: int, text: str) -> None:
    assert compact(number) == text


def test_drawing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from tests.backends.graphs_by_hand import resnet; from nndsl.backends import draw, summary;"
        "s = draw.scene(resnet()); draw.svg(s); draw.dot(s); summary.table(summary.summarize(resnet()));"
        "print([m for m in ('torch', 'onnx', 'onnxruntime', 'numpy', 'resvg_py', 'rich') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
