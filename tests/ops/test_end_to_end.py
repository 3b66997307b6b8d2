"""Every operator's last example as a spec of its own: parsed, elaborated, written as PyTorch, exported and compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import nndsl
from nndsl.ops import everything
from nndsl.ops.schema import Op
from tests.ops.support import split_flow

SHOWN = [cls for cls in everything().values() if cls.examples and not cls.hidden]


def spec(example: str) -> str:
    """`model M { input x0: float[2, 3]  y0 = x0 -> ReLU  output out0: [2, 3] = y0 }`."""
    first, middle, last = split_flow(example)
    types = re.findall(r"(\w*)\s*(\[[^\]]*\])", first)
    lines = [f"input x{i}: {word or 'float'}{shape}" for i, (word, shape) in enumerate(types)]
    names = ", ".join(f"x{i}" for i in range(len(types)))
    start = f"{names} -> " if len(types) == 1 else f"({names}) -> " if types else ""
    if not types:  # a model has an input
        lines += ["input other: [2]", "output more: [2] = other -> ReLU"]
    results = re.findall(r"\w*\s*\[[^\]]*\]", last)
    targets = ", ".join(f"y{i}" for i in range(len(results)))
    lines.append(f"{targets} = {start}{middle}")
    lines += [f"output out{i}: {type} = y{i}" for i, type in enumerate(results)]
    return "model M {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def sayable(example: str) -> bool:
    """A signature binds names: an example with `[N * T, N]` needs an input before it."""
    return not re.search(r"[*+/]", split_flow(example)[0])


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.name)
def test_last_example(cls: type[Op], tmp_path: Path) -> None:
    model = nndsl.loads(spec([e for e in cls.examples if sayable(e)][-1]))
    model.export(tmp_path / "m.onnx")
