"""`nndsl build`: everything, or nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import GOOD, Nndsl

Write = Callable[[str, str | bytes], Path]

EXTERN = """extern block Twice(k: int) = "bystander:Twice" {
  input x: [N, D]
  output y: [N, D]
}
model Net {
  input x: float[N, 4]
  output y = x -> Linear(4) -> Twice(2)
}
"""


def state(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture
def earlier(nndsl: Nndsl, write: Write, tmp_path: Path) -> dict[str, bytes]:
    """A folder that an earlier run filled, with a file of another program in it."""
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    assert nndsl("build", "net.nn", "-o", "out").code == 0
    write("out/notes.txt", "mine")
    return state(tmp_path / "out")


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_folder_as_it_was(
    nndsl: Nndsl, write: Write, tmp_path: Path, earlier: dict[str, bytes], monkeypatch: pytest.MonkeyPatch,
    problem: BaseException,
) -> None:  # fmt: skip
    from nndsl.backends.onnx import wire

    def write_single(*_: object) -> None:
        raise problem

    monkeypatch.setattr(wire, "write_single", write_single)
    for folder in ("out", "new/deep"):
        done = nndsl("build", "net.nn", "--set", "classes=3", "-o", folder)
        if isinstance(problem, OSError):
            assert done.code == 2
            assert f"nndsl: cannot write {folder}/model.onnx: No space left on device" in done.err
            assert done.err.endswith(f"\n{folder} is as it was\n" if folder == "out" else f"\n{folder} was not made\n")
            assert "model.py" not in done.err
        else:
            assert done.code == 130
    assert state(tmp_path / "out") == earlier
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net.nn", "out"]


def test_what_an_earlier_model_had_besides_goes(
    nndsl: Nndsl, write: Write, tmp_path: Path, earlier: dict[str, bytes]
) -> None:
    write("out/model.onnx.data", "large weights")
    assert nndsl("build", "net.nn", "--set", "classes=3", "-o", "out").code == 0
    now = state(tmp_path / "out")
    assert now.keys() == earlier.keys()
    assert {name for name in now if now[name] == earlier[name]} == {"notes.txt"}


def test_extern_blocks(nndsl: Nndsl, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without permission and with a class that fails there is nothing; else there is everything."""
    pytest.importorskip("onnxscript")
    write("net.nn", EXTERN)
    write("bystander.py", "import torch\n\nclass Twice(torch.nn.Module):\n"
          "    def __init__(self, k):\n        super().__init__()\n        self.k = k\n\n"
          "    def forward(self, x):\n        return self.k * x\n")  # fmt: skip
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "bystander", raising=False)
    done = nndsl("build", "net.nn", "-o", "out")
    assert done.code == 1
    assert "--allow-extern" in done.err
    assert done.err.endswith("\nout was not made\n")
    assert "model.py" not in done.err + done.out
    assert not (tmp_path / "out").exists()
    done = nndsl("build", "net.nn", "-o", "out", "--allow-extern")
    assert done.code == 0, done.err
    assert "runs in onnxruntime as in PyTorch" in done.err
    write("other.nn", EXTERN.replace(":Twice", ":Thrice"))
    before = state(tmp_path / "out")
    done = nndsl("build", "other.nn", "-o", "out", "--allow-extern")
    assert done.code == 1
    assert "the Python module bystander has no Thrice" in done.err
    assert "did you mean Twice?" in done.err
    assert state(tmp_path / "out") == before


def test_summaries_are_for_the_batch_that_is_asked_for(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    options = ("--batch", "32", "--optimizer", "sgd", "--device", "l4")
    assert nndsl("build", "net.nn", "-o", "out", *options).code == 0
    text = (tmp_path / "out" / "summary.txt").read_text("utf-8")
    assert "memory for 32 samples, float32, sgd" in text
    assert "roofline estimate for NVIDIA L4, 32 samples" in text
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["memory"]["samples"] == 32
    refused = nndsl("build", "net.nn", "-o", "other", "--dim", "N=2", "--batch", "3")
    assert (refused.code, (tmp_path / "other").exists()) == (2, False)
    assert "--batch: Net has no batch" in refused.err
