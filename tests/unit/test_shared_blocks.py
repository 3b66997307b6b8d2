"""The models of one file share the graphs of their equal blocks, where they know the same about their dims."""

from __future__ import annotations

import pytest

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import project
from nndsl.elaborate.check import check_source
from nndsl.ir.graph import Graph
from nndsl.source import Source
from nndsl.syntax.ast import File

BLOCK = """
block Unit(width: int) {
  input x: [N, C, L]
  output y: [N, width, L] = x -> Conv1d(width, 3, padding=1) -> ReLU
}
"""


def checked(text: str) -> tuple[list[Graph], list[str]]:
    diagnostics = Diagnostics()
    graphs = check_source(Source(text, "spec.nn"), diagnostics)
    return graphs, [found.code for found in diagnostics.items]


def blocks(graph: Graph) -> set[int]:
    return {id(inner) for inner in graph.graphs() if inner.name == "Unit"}


def test_equal_blocks_are_built_once() -> None:
    short, long = (
        f"model {name} {{ input x: float[N, 4, L]  output y = x -> a: Unit(8) -> b: Unit(8) {more}}}\n"
        for name, more in [("Short", ""), ("Long", "-> c: Unit(16) ")]
    )
    (first, second), found = checked(short + long + BLOCK)
    assert not found
    assert len(blocks(first)) == 2
    assert blocks(first) < blocks(second)


def test_what_is_known_of_the_dims_makes_a_difference() -> None:
    """Only the first model says that halves of L are exact."""
    text = """
model Even {
  input x: float[N, 4, L]
  require L % 2 == 0
  output y = x -> a: Halves
}
model Odd { input x: float[N, 4, L]  output y = x -> a: Halves }
block Halves {
  input x: [N, C, L]
  require L % 2 == 0
  x -> AvgPool1d(2)
}
"""
    assert checked(text)[1] == ["unproven"]


def test_numbers_of_different_models_are_told_apart() -> None:
    """Each block graph bears a number of its own, also beside those of another model."""
    text = """
model A { input x: float[N, 4, L]  output y = x -> a: Unit(8) -> b: Unit(4) }
model B { input x: float[N, 6, L]  output y = x -> a: Unit(8) -> b: Unit(6) }
"""
    (first, second), found = checked(text + BLOCK)
    assert not found
    units = {id(g): g.owner for graph in (first, second) for g in graph.graphs() if g.name == "Unit"}
    assert len(set(units.values())) == len(units) == 4


def test_a_block_with_a_mistake_is_not_shared() -> None:
    """Neither model is built; the mistake is said once."""
    text = """
model A { input x: float[N, 4, L]  output y = x -> a: Wrong }
model B { input x: float[N, 4, L]  output y = x -> a: Wrong }
block Wrong {
  input x: [N, C, L]
  x -> Conv1d(8, 3, strid=2)
}
"""
    graphs, found = checked(text)
    assert not graphs
    assert found == ["unknown-argument"]


def test_a_shipped_file_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "model A { input x: float[N, 4, 8]  output y = x -> Residual { Linear(8) } }"
    assert not checked(text)[1]
    parsed: list[str] = []
    real = project.parse

    def parse(source: Source, diagnostics: Diagnostics) -> File:
        parsed.append(source.name)
        return real(source, diagnostics)

    monkeypatch.setattr(project, "parse", parse)
    assert not checked(text)[1]
    assert parsed == ["spec.nn"]


def test_each_use_of_a_block_has_shared_layers_of_its_own() -> None:
    """What an earlier use knew of them is not taken for the next one's: its layers may lie where those lay."""
    text = """
block Gate {
  input x: [N, D]
  layer g = Linear(D, bias=false)
  output y = x * (x -> g -> Sigmoid)
}
model M {
  input x: float[N, 8]
  output y = x -> Gate -> Linear(4) -> Gate -> Linear(16) -> Gate
}
"""
    (graph,), found = checked(text)
    assert not found
    assert [w.shape for _, w in graph.weights() if len(w.shape) == 2] == [(8, 8), (4, 8), (4, 4), (16, 4), (16, 16)]
