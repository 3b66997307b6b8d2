"""What a picture is not, though it was asked for, is said."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import nndsl
from nndsl.backends import draw
from nndsl.backends.draw.scene import Direction
from nndsl.cli import run
from tests.backends.graphs_by_hand import chain

WIDE = "\n".join(
    [
        "model Wide {",
        *(f"  input in{i}: float[N, 8]" for i in range(120)),
        f"  output y = ({', '.join(f'in{i}' for i in range(120))}) -> Concat(dim=-1)",
        "}",
    ]
)


def test_a_png_that_is_shrunk_says_so(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    model = nndsl.loads(WIDE)
    with pytest.warns(draw.PictureWarning, match=r"shrunk to 16000 × \d+ pixels, \d+% of its size.*SVG and PDF.*wrap"):
        model.draw(tmp_path / "wide.png")
    width = int.from_bytes((tmp_path / "wide.png").read_bytes()[16:20], "big")
    assert width == 16_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.draw(tmp_path / "wide.svg")
        nndsl.loads("model Small { input x: float[N, 3]\n output y = x -> ReLU }").draw(tmp_path / "small.png")


@pytest.mark.parametrize(("direction", "strips"), [("up", "columns"), ("right", "rows")])
def test_a_wrap_that_does_nothing_says_so(direction: Direction, strips: str) -> None:
    wide, small = nndsl.loads(WIDE)._graph, chain(1)
    for graph in (wide, small):
        (told,) = draw.remarks(draw.scene(graph, wrap=3, direction=direction), ".svg", 3)
        assert told.startswith("wrap 3 does nothing here") and strips in told
    long = chain(40)
    assert draw.remarks(draw.scene(long, wrap=2, direction=direction), ".svg", 2) == []
    assert draw.scene(long, wrap=2, direction=direction).strips == 2
    (told,) = draw.remarks(draw.scene(chain(14), wrap=40, direction=direction), ".pdf", 40)
    assert told.startswith("the picture is broken into ") and f"{strips}, not 40" in told
    for ending in (".dot", ".html"):
        (told,) = draw.remarks(draw.scene(long, direction=direction), ending, 2)
        assert told.startswith(f"wrap 2 does nothing in a {ending} file")


def test_the_command_says_it_beside_the_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "small.nn").write_text("model Small { input x: float[N, 3]\n output y = x -> ReLU }")
    assert run(["draw", str(tmp_path / "small.nn"), "--wrap", "2", "-o", "-"]) == 0
    out, said = capsys.readouterr()
    assert out.startswith("<svg") and said.startswith("warning: wrap 2 does nothing here")
