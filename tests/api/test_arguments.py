"""What the Python API says to arguments that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nndsl

TEXT = """
model A { input x: float[N, 4]
  output y = x -> Linear(2) }
"""


@pytest.mark.parametrize("size", ["x", 0, -3, True, 2.0, None])
def test_a_dim_is_a_size(size: Any) -> None:
    with pytest.raises(ValueError, match=r"dims: N is .*, and a dim is a whole number of at least 1"):
        nndsl.loads(TEXT, dims={"N": size})


@pytest.mark.parametrize("name", ["net.jpg", "net", "net.SVG.bak"])
def test_a_diagram_has_a_known_ending(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"a diagram's file ends in \.svg, \.png, \.dot"):
        nndsl.loads(TEXT).draw(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_which_model_of_a_text() -> None:
    with pytest.raises(nndsl.SpecError) as refused:
        nndsl.loads(TEXT + TEXT.replace("model A", "model B"))
    assert refused.value.diagnostics[0].hints == ["choose one: A"]
