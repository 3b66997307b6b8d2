"""What a `Model` gives: names and types, source, a live module, a diagram, a summary, its IR."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import nndsl
from nndsl.ir.reader import read_graph
from tests.api.conftest import TEXT

ROOT = Path(__file__).resolve().parents[2]
torch = pytest.importorskip("torch")
EXTERN = """extern block Twice(k: int) = "nowhere.layers:Twice" {
  input x: float[N, D]
  output y: [N, D]
}
model Net { input x: float[N, 4]
  output y = x -> Twice(2)
}
"""


# ---------------------------------------------------------------- the package


def test_a_dozen_names() -> None:
    assert nndsl.__all__ == sorted(nndsl.__all__)
    assert len(nndsl.__all__) == 12
    assert dir(nndsl) == sorted(nndsl.__all__)
    for name in nndsl.__all__:
        value = getattr(nndsl, name)
        assert isinstance(value, str) or inspect.getdoc(value), name
    with pytest.raises(AttributeError, match="module 'nndsl' has no attribute 'laod'"):
        nndsl.laod  # type: ignore[attr-defined]  # noqa: B018


def test_every_name_is_documented() -> None:
    page = (ROOT / "docs" / "python-api.md").read_text("utf-8")
    spans = " ".join(re.findall(r"`[^`\n]+`", page))
    words = set(re.findall(r"\w+", spans))
    members = [name for name in vars(nndsl.Model) if not name.startswith("_") or name == "_repr_svg_"]
    assert {*nndsl.__all__, *members, "diagnostics"} - words == set()
    for call in (nndsl.load, nndsl.loads, nndsl.check, nndsl.format_text, nndsl.Model.module, nndsl.Model.export,
                 nndsl.Model.draw):  # fmt: skip
        taken = {name for name, p in inspect.signature(call).parameters.items() if p.kind is not p.VAR_KEYWORD}
        assert taken - words - {"self"} == set(), call


def test_what_nobody_asks_for_is_not_imported() -> None:
    """Each step imports what it needs, and no more."""
    script = f"""
import sys
def loaded(): return {{"torch", "onnx", "onnxruntime", "numpy"}} & set(sys.modules)
import nndsl
assert "nndsl.model" not in sys.modules
model = nndsl.loads({TEXT!r})
model.source(), model.summary(), model.draw(), str(model.ir), repr(model), nndsl.check("")
assert not loaded(), loaded()
model.module()
assert loaded() <= {{"torch", "numpy"}}, loaded()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


def test_type_checkers_find_every_name() -> None:
    """They read the imports that stand for types alone: the same names, from the same places."""
    tree = ast.parse((ROOT / "nndsl" / "__init__.py").read_text("utf-8"))
    (guard,) = [node for node in tree.body if isinstance(node, ast.If)]
    found = {name.name: node.module for node in guard.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert found == nndsl._HOMES
    assert set(found) == set(nndsl.__all__) - {"__version__"}
    assert (ROOT / "nndsl" / "py.typed").exists()


# ---------------------------------------------------------------- names, types, text


def test_names_and_types(model: nndsl.Model) -> None:
    assert model.name == "Net"
    assert model.inputs == {"x": "float[N, 64]"}
    assert model.outputs == {"logits": "float[N, 10]"}
    assert repr(model) == "<Net(x: float[N, 64]) -> logits: float[N, 10]>"


def test_sizes_are_spelled_as_in_the_spec() -> None:
    model = nndsl.loads("model M {\n input x: float[N, H]\n require H % 4 == 0\n output y = x -> AvgPool1d(4)\n}")
    assert (model.inputs, model.outputs) == ({"x": "float[N, H]"}, {"y": "float[N, H // 4]"})


def test_source(model: nndsl.Model) -> None:
    text = model.source()
    assert model.source() is text
    assert "nndsl" not in text
    made: dict[str, Any] = {"__name__": "made"}
    exec(compile(text, "net.py", "exec"), made)
    assert list(made["Net"]().state_dict()) == list(model.module().state_dict())


def test_ir(model: nndsl.Model) -> None:
    assert isinstance(model.ir, nndsl.Graph)
    text = str(model.ir)
    assert "output logits" in text
    assert str(read_graph(text)) == text


# ---------------------------------------------------------------- module


def test_module(model: nndsl.Model) -> None:
    module = model.module()
    assert isinstance(module, torch.nn.Module)
    assert type(module).__name__ == "Net"
    assert module.training
    assert module(torch.zeros(3, 64)).shape == (3, 10)
    assert model.module() is not module
    assert type(model.module()) is type(module)


@pytest.mark.parametrize("device", ["meta", torch.device("meta")])
def test_module_on_a_device(model: nndsl.Model, device: Any) -> None:
    module = model.module(device=device)
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"meta"}
    assert {tensor.device.type for tensor in model.module().state_dict().values()} == {"cpu"}
    with pytest.raises(RuntimeError, match="nowhere"):
        model.module(device="nowhere")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_module_on_an_accelerator(model: nndsl.Model, tmp_path: Path) -> None:
    module = model.module(device="cuda").eval()
    assert module(torch.zeros(3, 64, device="cuda")).device.type == "cuda"
    assert model.export(tmp_path / "net.onnx", weights=module.state_dict()).verified


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16"])
def test_module_in_another_precision(model: nndsl.Model, name: str) -> None:
    dtype = getattr(torch, name)
    module = model.module().to(dtype).eval()
    assert {tensor.dtype for tensor in module.state_dict().values()} == {dtype}
    assert module(torch.zeros(3, 64, dtype=dtype)).dtype == dtype
    torch.set_default_dtype(dtype)
    try:
        module = model.module()
    finally:
        torch.set_default_dtype(torch.float32)
    assert {tensor.dtype for tensor in module.state_dict().values()} == {dtype}


def test_a_seed_decides_the_weights(model: nndsl.Model) -> None:
    def weights(seed: int) -> list[Any]:
        torch.manual_seed(seed)
        return [tensor.clone() for tensor in model.module().state_dict().values()]

    first, again, other = weights(1), weights(1), weights(2)
    assert all(map(torch.equal, first, again))
    assert not any(map(torch.equal, first, other))


def test_training_differs_from_evaluation() -> None:
    module = nndsl.loads(TEXT, rate=0.5).module()
    x = torch.ones(4, 64)
    torch.manual_seed(0)
    assert not torch.equal(module(x), module(x))
    module.eval()
    assert torch.equal(module(x), module(x))


def test_foreign_code_needs_permission() -> None:
    model = nndsl.loads(EXTERN)
    assert "from nowhere.layers import Twice" in model.source()
    for run in (model.module, lambda: model.export("never.onnx")):
        with pytest.raises(nndsl.SpecError) as refused:
            run()
        assert [found.code for found in refused.value.diagnostics] == ["extern"]
    with pytest.raises(nndsl.SpecError, match="there is no Python module nowhere") as missing:
        model.module(allow_extern=True)
    assert isinstance(missing.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [("torch", "module", "torch"), ("onnx", "export", "onnx"), ("resvg_py", "draw", "png")],
)
def test_what_is_not_installed_is_said(
    model: nndsl.Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, call: str, extra: str
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else find(name))
    arguments = {"module": [], "export": [tmp_path / "a.onnx"], "draw": [tmp_path / "a.png"]}[call]
    with pytest.raises(ImportError, match=rf'{package} is needed: pip install "nndsl\[{extra}\]"'):
        getattr(model, call)(*arguments)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- diagram and summary


def test_draw(model: nndsl.Model, tmp_path: Path) -> None:
    svg = model.draw()
    assert svg.startswith("<svg")
    assert model._repr_svg_() == svg
    assert model.draw(tmp_path / "net.svg") == model.draw(str(tmp_path / "again.svg")) == svg
    assert (tmp_path / "net.svg").read_text("utf-8") == (tmp_path / "again.svg").read_text("utf-8") == svg
    assert model.draw(tmp_path / "net.dot") == svg
    assert (tmp_path / "net.dot").read_text("utf-8").startswith("digraph")
    assert len(model.draw(depth=0)) < len(svg)


def test_draw_png(model: nndsl.Model, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    model.draw(tmp_path / "net.png")
    assert (tmp_path / "net.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["net.jpg", "net", "net.SVG.bak", ""])
def test_a_diagram_has_a_known_ending(model: nndsl.Model, tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"a diagram's file ends in \.svg, \.png, \.pdf, \.dot, \.tex"):
        model.draw(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_diagram_that_cannot_be_written(model: nndsl.Model, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot write .*net\.svg: No such file or directory"):
        model.draw(tmp_path / "none" / "net.svg")


def test_summary(model: nndsl.Model) -> None:
    summary = model.summary()
    assert isinstance(summary, nndsl.Summary)
    assert summary.parameters == 64 * 32 + 32 + 32 * 10 + 10
    module = model.module()
    assert summary.parameters == sum(p.numel() for p in module.parameters())
    assert str(summary.macs).replace(" ", "") in ("2368*N", "2368N")
    assert nndsl.loads(TEXT, dims={"N": 2}).summary().macs == 2 * (64 * 32 + 32 * 10)
    assert "2,410" in str(summary)


def test_everything_is_the_same_each_time() -> None:
    """Two processes, whose hashes of strings differ."""
    script = f"""
import json, nndsl
m = nndsl.loads({TEXT!r}, hidden=[3, 4, 5])
print(json.dumps([m.source(), m.draw(), str(m.summary()), str(m.ir)]))
"""
    texts = [
        subprocess.run(
            [sys.executable, "-c", script], check=True, timeout=120, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert texts[0] == texts[1]
    assert len(json.loads(texts[0])) == 4


def test_a_model_is_shown_in_a_notebook(model: nndsl.Model) -> None:
    assert isinstance(nndsl.Model._repr_svg_, types.FunctionType)
    assert model._repr_svg_().count("</svg>") == 1


@pytest.mark.parametrize("ending", [".txt", ".json", ".csv", ".md", ".html", ".HTML"])
def test_a_summary_is_saved_as_its_ending_says(model: nndsl.Model, tmp_path: Path, ending: str) -> None:
    model.summary().save(tmp_path / f"costs{ending}")
    text = (tmp_path / f"costs{ending}").read_text("utf-8")
    begins = {".txt": "Net\n", ".json": "{", ".csv": "path,", ".md": "### `Net`\n"}
    assert text.startswith(begins.get(ending, "<!DOCTYPE html>"))
    assert "2410" in text.replace(",", "") or ending == ".csv"


def test_summaries_that_cannot_be_saved(model: nndsl.Model, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.txt, \.json, \.csv, \.md, \.html, and this is .*costs\.xlsx"):
        model.summary().save(tmp_path / "costs.xlsx")
    with pytest.raises(ValueError, match="there is no column 'mac': there are input, output"):
        model.summary().save(tmp_path / "costs.csv", columns=["mac"])
    with pytest.raises(OSError, match="No such file or directory"):
        model.summary().save(tmp_path / "none" / "costs.csv")
    assert list(tmp_path.iterdir()) == []
