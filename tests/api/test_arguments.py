"""What the Python API takes, and what it says to arguments that are none."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

import nndsl
from tests.api.conftest import TEXT, WRONG

TWO = TEXT + "\nmodel Other = Net(3)\n"


def refusal(wanted: str, *arguments: Any, **options: Any) -> nndsl.Diagnostic:
    """The one mistake that `loads` finds."""
    with pytest.raises(nndsl.SpecError) as refused:
        nndsl.loads(*arguments, **options)
    (found,) = refused.value.diagnostics
    assert found.code == wanted
    return found


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("kind", [str, Path, lambda path: bytes(Path(path))])
def test_paths_of_every_kind(tmp_path: Path, kind: Any) -> None:
    (tmp_path / "net.nn").write_text(TWO)
    assert nndsl.load(kind(f"{tmp_path}/net.nn:Other")).outputs == {"logits": "float[N, 3]"}
    (tmp_path / "net.nn").write_text(TEXT)
    assert nndsl.load(kind(f"{tmp_path}/net.nn")).name == "Net"


def test_shipped_models_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert nndsl.load("zoo/lenet.nn").name == "LeNet5"
    assert nndsl.load(PurePosixPath("zoo/resnet.nn:ResNet18"), classes=7).outputs == {"logits": "float[N, 7]"}
    assert nndsl.loads('from "zoo/lenet.nn" import LeNet5\nmodel Mine = LeNet5(3)').name == "Mine"


@pytest.mark.parametrize("target", ["none.nn", "none.nn:Net", "zoo/none.nn", "", ".", "a\0b.nn"])
def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match=r"none\.nn|is a folder|null byte|is not shipped|is empty"):
        nndsl.load(target)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_bytes(b"model \xff")
    with pytest.raises(OSError, match=r"net\.nn: line 1: byte 0xff"):
        nndsl.load(tmp_path / "net.nn")


def test_a_text_is_a_string(tmp_path: Path) -> None:
    for call in (nndsl.loads, nndsl.check, nndsl.format_text):
        for wrong in (tmp_path, TEXT.encode(), None):
            with pytest.raises(TypeError, match="a spec's text is a str, and not"):
                call(wrong)  # type: ignore[operator]


def test_imports_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "body.nn").write_text("block Body(n: int) = [Linear(n), ReLU]\n")
    uses = 'from "{}" import Body\nmodel Net {{\n  input x: float[N, 4]\n  output y = x -> Body(3)\n}}\n'
    (tmp_path / "net.nn").write_text(uses.format("blocks/body.nn"))
    assert nndsl.load(tmp_path / "net.nn").outputs == {"y": "float[N, 3]"}
    monkeypatch.chdir(tmp_path / "blocks")
    assert nndsl.loads(uses.format("body.nn")).outputs == {"y": "float[N, 3]"}


# ---------------------------------------------------------------- models


def test_which_model() -> None:
    assert nndsl.loads(TWO, "Other").name == nndsl.loads(TWO, model="Other").name == "Other"
    found = refusal("which-model", TWO)
    assert found.message == "<string> has several models: Net, Other"
    assert found.hints == ["choose one: Net"]
    assert refusal("no-model", TWO, "Othre").hints == ["did you mean Other?"]
    assert refusal("no-model", "block A = ReLU").message == "<string> has no model"
    needs = refusal("no-model", "model M(k: int) { input x: float[N, 4]\n output y = x -> Linear(k) }")
    assert needs.message == "<string> has no model that is complete"


def test_names_are_strings() -> None:
    with pytest.raises(TypeError, match=r"^model is a str, not 3$"):
        nndsl.loads(TEXT, 3)  # type: ignore[arg-type]
    for call in (nndsl.check, nndsl.format_text):
        with pytest.raises(TypeError, match=r"^name is a str, not 3$"):
            call(TEXT, name=3)  # type: ignore[arg-type]


# ---------------------------------------------------------------- hyperparameters


@pytest.mark.parametrize(
    ("given", "outputs"),
    [
        ({"classes": 3}, "float[N, 3]"),
        ({"classes": np.int64(3)}, "float[N, 3]"),
        ({"classes": np.array(3)}, "float[N, 3]"),
        ({"hidden": [8, 16]}, "float[N, 10]"),
        ({"hidden": (8, 16)}, "float[N, 10]"),
        ({"hidden": range(3, 5)}, "float[N, 10]"),
        ({"hidden": np.arange(3, 5)}, "float[N, 10]"),
        ({"hidden": [np.int32(3)]}, "float[N, 10]"),
        ({"hidden": []}, "float[N, 10]"),
        ({"rate": 0}, "float[N, 10]"),
        ({"rate": np.float32(0.5)}, "float[N, 10]"),
        ({"name": "", "classes": 2}, "float[N, 2]"),
        ({"name": "n"}, "float[N, 10]"),
    ],
)
def test_hyperparameters(given: dict[str, Any], outputs: str) -> None:
    assert nndsl.loads(TEXT, **given).outputs == {"logits": outputs}
    assert nndsl.check(TEXT, **{"name": "<string>"} | given) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"classes": "3"}, 'Net: classes is a whole number, not the string "3"'),
        ({"classes": 3.5}, "Net: classes is a whole number, not the number 3.5"),
        ({"classes": np.float32(3.5)}, "Net: classes is a whole number, not the number 3.5"),
        ({"classes": True}, "Net: classes is a whole number, not true"),
        ({"classes": None}, "Net: classes is a whole number, not none"),
        ({"hidden": 3}, "Net: hidden is a list, not the number 3"),
        ({"hidden": {3}}, "Net: hidden is a list, not a set"),
        ({"hidden": [[3]]}, "Net: hidden is a list in which each member is a whole number, not [[3]]"),
        ({"act": 3}, "Net: act is a layer, not the number 3"),
        ({"act": "3"}, "Net: act is a layer, not the number 3"),
        ({"act": "ReLU\nblock B = ReLU"}, "act: this is not a value: ReLU\nblock B = ReLU"),
        ({"rate": "x"}, 'Net: rate is a number, not the string "x"'),
        ({"name": 3}, "Net: name is a string, not the number 3"),
    ],
)
def test_hyperparameters_of_another_kind(given: dict[str, Any], message: str) -> None:
    assert refusal("bad-argument", TEXT, **given).message == message


def test_a_layer_is_a_string_in_the_language() -> None:
    """Alone, with arguments, of the file, in lists, through another name; a string stays one where one is wanted."""
    text = """block Wide(k: int) = Linear(k) -> Tanh
model Net(act: layer = ReLU, more: list[layer] = [], last: layer? = none, note: str = "") {
  input x: float[N, 4]
  output y = x -> act -> more -> if last == none { Softplus } else { last }
}
model Mine(f: layer, k: int = 1) = Net(act=f)
"""
    for name, given, wanted in [
        ("Net", {"act": "Tanh"}, "softplus tanh"),
        ("Net", {"act": "LeakyReLU(0.25)", "last": "GELU"}, "gelu leaky_relu 0.25"),
        (
            "Net",
            {"act": "Wide(7)", "more": ["Sigmoid", "Dropout(0.5)"]},
            "Wide(4, 7) nn.Sigmoid(), nn.Dropout(0.5)",
        ),
        ("Mine", {"f": "GELU", "note": "Tanh"}, "gelu"),
    ]:
        made = nndsl.loads(text, name, **given).source()
        assert [part for part in wanted.split() if part not in made] == [], made
    assert [d.message for d in nndsl.check(text, act="Tahn")] == ["there is no layer Tahn"]
    found = refusal("unknown-name", text, "Mine", f="gelu")
    assert (found.hints, found.span.source.name, found.span.text) == (["did you mean GELU?"], "f", "gelu")


def test_a_rate_that_is_no_number() -> None:
    text = "model M(rate: float) {\n  input x: float[N]\n  output y = x -> Dropout(rate)\n}"
    assert refusal("bad-argument", text, "M", rate=float("nan")).message == "Dropout: p is a number, not nan"


@pytest.mark.parametrize("given", [{"classes": 10**5000}, {"hidden": [8, -(10**5000)]}, {"rate": 10**5000}])
def test_a_hyperparameter_of_thousands_of_digits(given: dict[str, Any]) -> None:
    (name,) = given
    assert refusal("too-big", TEXT, **given).message == f"Net: {name} is too large a number"
    assert [found.code for found in nndsl.check(TEXT, **given)] == ["too-big"]


def test_a_hyperparameter_that_there_is_not() -> None:
    assert refusal("unknown-argument", TEXT, clases=3).hints == ["did you mean classes?"]


def test_a_list_that_holds_itself() -> None:
    endless: list[Any] = []
    endless.append(endless)
    refusal("bad-argument", TEXT, hidden=endless)


def test_hyperparameters_may_be_called_as_arguments_are(tmp_path: Path) -> None:
    text = TEXT.replace("classes", "text").replace("hidden", "target")
    (tmp_path / "net.nn").write_text(text)
    assert nndsl.loads(text, text=4, target=[2]).outputs == {"logits": "float[N, 4]"}
    assert nndsl.load(tmp_path / "net.nn", text=4, target=[2]).outputs == {"logits": "float[N, 4]"}
    assert nndsl.check(text, text=4, target=[2]) == []


# ---------------------------------------------------------------- dims


def test_dims_are_fixed() -> None:
    assert nndsl.loads(TEXT, dims={"N": 3}).inputs == {"x": "float[3, 64]"}
    assert nndsl.loads(TEXT, dims={"N": np.int64(3)}).inputs == {"x": "float[3, 64]"}
    assert nndsl.loads(TEXT, dims={}).inputs == {"x": "float[N, 64]"}
    found = refusal("unknown-dim", TEXT, dims={"M": 3})
    assert (found.message, found.hints) == ("Net has no dim M", ["its dims are: N"])


def test_dims_keep_what_is_required() -> None:
    text = "model M {\n input x: float[N, H]\n require H % 4 == 0\n output y = x -> ReLU\n}"
    assert nndsl.loads(text, dims={"H": 8}).inputs == {"x": "float[N, 8]"}
    refusal("require-failed", text, dims={"H": 7})


@pytest.mark.parametrize("size", ["x", 0, -3, True, 2.0, None, [3], pytest.param(-(10**5000), id="long")])
def test_a_dim_is_a_size(size: Any) -> None:
    with pytest.raises(ValueError, match=r"dims: N is .*, and a dim is a whole number of at least 1"):
        nndsl.loads(TEXT, dims={"N": size})


@pytest.mark.parametrize("dims", [3, "N=3", [("N", 3)], {3: 3}])
def test_dims_are_a_mapping(dims: Any) -> None:
    with pytest.raises(TypeError, match=r'dims maps names of dims to sizes, as \{"N": 1\}, and is not'):
        nndsl.loads(TEXT, dims=dims)


# ---------------------------------------------------------------- what a model is asked for


@pytest.mark.parametrize(
    ("call", "options", "message"),
    [
        ("draw", {"depth": "a"}, "depth is a whole number, not 'a'"),
        ("draw", {"depth": 1.5}, "depth is a whole number, not 1.5"),
        ("draw", {"depth": True}, "depth is a whole number, not True"),
        ("draw", {"max_nodes": "a"}, "max_nodes is a whole number, not 'a'"),
        ("draw", {"wrap": None}, "wrap is a whole number, not None"),
        ("draw", {"expand": 3}, "expand is a str, or a sequence of them, not 3"),
        ("draw", {"collapse": ["a", 3]}, "collapse is a str, or a sequence of them, not ['a', 3]"),
        ("summary", {"batch": 1.5}, "batch is a whole number, not 1.5"),
        ("summary", {"optimizer": ["sgd"]}, "optimizer is a str, not ['sgd']"),
        ("export", {"path": "net.onnx", "opset": 17.0}, "opset is a whole number, not 17.0"),
        ("export", {"path": "net.onnx", "opset": "17"}, "opset is a whole number, not '17'"),
    ],
)
def test_arguments_of_another_type(call: str, options: dict[str, Any], message: str) -> None:
    if call == "export":
        pytest.importorskip("onnx")
    with pytest.raises(TypeError) as refused:
        getattr(nndsl.loads(TEXT), call)(**options)
    assert str(refused.value) == message


@pytest.mark.parametrize(("option", "least"), [("depth", 0), ("max_nodes", 1), ("wrap", 1)])
def test_numbers_of_a_drawing_that_are_too_small(option: str, least: int) -> None:
    given: dict[str, Any] = {option: least - 1}
    with pytest.raises(ValueError, match=f"^{option} is at least {least}, not {least - 1}$"):
        nndsl.loads(TEXT).draw(**given)


def test_numbers_and_globs_of_every_kind() -> None:
    model = nndsl.loads(TEXT)
    assert model.draw(depth=np.int64(0)) == model.draw(depth=0)  # type: ignore[arg-type]
    assert model.draw(expand=iter(["body"]), depth=0) == model.draw(depth=1)  # type: ignore[arg-type]
    assert str(model.summary(batch=np.int32(2))) == str(model.summary(batch=2))  # type: ignore[arg-type]


def test_an_opset_of_thousands_of_digits() -> None:
    pytest.importorskip("onnx")
    with pytest.raises(nndsl.SpecError, match=r"opset a number of thousands of digits is not supported: 17 to 24 are"):
        nndsl.loads(TEXT).export("net.onnx", opset=10**5000)


# ---------------------------------------------------------------- mistakes


def test_mistakes_are_raised_as_they_are_checked() -> None:
    found = nndsl.check(WRONG)
    assert [(one.code, one.severity) for one in found] == [("unknown-layer", "error"), ("contract", "error")]
    with pytest.raises(nndsl.SpecError) as refused:
        nndsl.loads(WRONG)
    assert [one.message for one in refused.value.diagnostics] == [one.message for one in found]
    shown = str(refused.value)
    assert "error[unknown-layer]: there is no layer Linaer" in shown
    assert shown.endswith("2 errors\n")
    assert "\x1b" not in shown


def test_a_diagnostic_says_where(tmp_path: Path) -> None:
    first = nndsl.check(WRONG, name="net.nn")[0]
    assert isinstance(first, nndsl.Diagnostic)
    assert isinstance(first.span, nndsl.Span)
    assert first.span.text == "Linaer"
    assert str(first.span) == "net.nn:3:33"
    (edit,) = first.fixes[0].edits
    assert (edit.span.text, edit.replacement) == ("Linaer", "Linear")


def test_check_of_what_is_fine_and_of_what_is_not() -> None:
    assert nndsl.check(TEXT) == []
    assert nndsl.check("") == []
    assert [found.code for found in nndsl.check("model {")] == ["syntax"]
    assert [found.code for found in nndsl.check(TEXT, clases=3)] == ["unknown-argument"]


def test_warnings_stay_with_the_model() -> None:
    model = nndsl.loads("model Net {\n  input x: float[N, 64]\n  x -> ReLU\n  output y = x -> Tanh\n}\n")
    assert [(found.code, found.severity) for found in model.diagnostics] == [("unused", "warning")]
    assert nndsl.loads(TEXT).diagnostics == []


def test_format_text() -> None:
    loose = TEXT.replace("  ", "    ").replace(": int", " : int")
    assert nndsl.format_text(loose) == nndsl.format_text(nndsl.format_text(loose)) == TEXT
    with pytest.raises(nndsl.SpecError) as refused:
        nndsl.format_text("model {", "net.nn")
    assert str(refused.value.diagnostics[0].span).startswith("net.nn:1:")


def test_a_model_is_complete_with_what_is_given() -> None:
    text = "model M(rate: float, width: int) { input x: float[N, 4]  output y = x -> Linear(width) -> Dropout(rate) }"
    assert nndsl.loads(text, rate=0.1, width=3).outputs == {"y": "float[N, 3]"}
    with pytest.raises(nndsl.SpecError, match="M needs width: `--set width=VALUE`"):
        nndsl.loads(text, rate=0.1)
