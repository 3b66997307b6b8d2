"""`nndsl check`, and what all commands share: targets, `--set`, `--dim`, exit codes, formats."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import BAD, GOOD, TWO, Nndsl

Write = Callable[[str, str | bytes], Path]
KEYS = {
    "code", "severity", "message", "file", "line", "column", "end_line", "end_column", "labels", "trace", "hints",
    "fixes",
}  # fmt: skip


def codes(output: str) -> list[str]:
    return [found["code"] for found in json.loads(output)]


# ---------------------------------------------------------------- results and exit codes


def test_a_fine_spec(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    done = nndsl("check", "net.nn")
    assert (done.code, done.out, done.err) == (0, "", "no mistakes\n")
    assert nndsl("check", "-q", "net.nn").err == ""


def test_mistakes_go_to_standard_error(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", BAD)
    done = nndsl("check", "net.nn")
    assert (done.code, done.out) == (1, "")
    assert "net.nn:3:33" in done.err
    assert "did you mean Linear?" in done.err
    assert done.err.endswith("2 errors\n")
    assert "\x1b" not in done.err


def test_warnings_do_not_fail(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", "model Net {\n  input x: float[N, 64]\n  x -> ReLU\n  output y = x -> Tanh\n}\n")
    done = nndsl("check", "net.nn")
    assert done.code == 0
    assert "warning[unused]" in done.err


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
)
def test_color(
    nndsl: Nndsl, write: Write, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], colored: bool
) -> None:
    write("net.nn", BAD)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in nndsl("check", "net.nn").err) is colored


def test_a_missing_file_is_file_trouble(nndsl: Nndsl) -> None:
    done = nndsl("check", "none.nn")
    assert done.code == 2
    assert done.err == "nndsl: cannot read none.nn: No such file or directory\n"


def test_file_trouble_does_not_hide_mistakes(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", BAD)
    done = nndsl("check", "none.nn", "net.nn")
    assert done.code == 2
    assert "none.nn" in done.err
    assert "unknown-layer" in done.err


@pytest.mark.parametrize("format_", ["json", "sarif", "github"])
def test_programs_are_told_of_file_trouble(nndsl: Nndsl, write: Write, format_: str) -> None:
    write("bad.nn", BAD)
    write("bytes.nn", b"model \xff")
    done = nndsl("check", "missing.nn", "bytes.nn", "bad.nn", "--format", format_)
    assert done.code == 2
    for said in (
        "cannot read missing.nn: No such file or directory",
        "bytes.nn: line 1: byte 0xff is not UTF-8",
        "Linaer",
    ):
        assert said in done.out
    if format_ == "json":
        assert codes(done.out) == ["unreadable", "unreadable", "unknown-layer", "contract"]
        assert [found["file"] for found in json.loads(done.out)] == ["missing.nn", "bytes.nn", "bad.nn", "bad.nn"]


def test_usage(nndsl: Nndsl) -> None:
    assert nndsl("check").code == 2
    assert nndsl().code == 2
    done = nndsl("chekc", "a.nn")
    assert done.code == 2
    assert "Did you mean check?" in done.err
    assert nndsl("check", "--format", "xml", "a.nn").code == 2


def test_help_and_version(nndsl: Nndsl) -> None:
    done = nndsl("--help")
    assert done.code == 0
    assert "Exit codes: 0 fine" in " ".join(done.out.split())
    assert nndsl("--version").out.startswith("nndsl ")


def test_a_bug_is_said_to_be_one(nndsl: Nndsl, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    from nndsl.cli import check

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("within")

    monkeypatch.setattr(check, "find_mistakes", broken)
    write("net.nn", GOOD)
    done = nndsl("check", "net.nn")
    assert done.code == 101
    assert "this is a bug of nndsl: ZeroDivisionError: within" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("NNDSL_TRACEBACK", "1")
    assert "Traceback" in nndsl("check", "net.nn").err


# ---------------------------------------------------------------- targets


def test_standard_input(nndsl: Nndsl) -> None:
    assert nndsl("check", "-", stdin=GOOD).code == 0
    done = nndsl("check", "-", stdin=BAD)
    assert done.code == 1
    assert "<stdin>:3:33" in done.err


def test_folders_and_patterns(nndsl: Nndsl, write: Write) -> None:
    write("a/one.nn", GOOD)
    write("a/b/two.nn", BAD)
    write("a/notes.txt", "nothing")
    done = nndsl("check", "a", "--format", "json")
    assert done.code == 1
    assert {found["file"] for found in json.loads(done.out)} == {"a/b/two.nn"}
    assert "no mistakes in 2 files" in nndsl("check", "a/*.nn", "a/one.nn", "-", stdin=GOOD).err
    assert nndsl("check", "a/*.xx").code == 2


def test_a_folder_without_specs(nndsl: Nndsl, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = nndsl("check", "empty")
    assert (done.code, done.err) == (2, "nndsl: empty is a folder\n")


def test_a_pattern_may_be_a_name(nndsl: Nndsl, write: Write) -> None:
    write("a[1].nn", GOOD)
    assert nndsl("check", "a[1].nn").code == 0


def test_file_and_model(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", TWO)
    assert nndsl("check", "net.nn:Other").code == 0
    done = nndsl("check", "net.nn:Othre", "--format", "json")
    assert (done.code, codes(done.out)) == (1, ["no-model"])
    assert json.loads(done.out)[0]["hints"] == ["did you mean Other?"]


def test_which_model(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", TWO)
    done = nndsl("ir", "net.nn")
    assert (done.code, done.out) == (1, "")
    assert "error[which-model]: net.nn has several models: Net, Other" in done.err
    assert "net.nn:Net" in done.err
    assert nndsl("ir", "net.nn:Net").code == 0


def test_no_model(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", "block A = ReLU\n")
    done = nndsl("ir", "net.nn")
    assert done.code == 1
    assert "no-model" in done.err
    assert nndsl("check", "net.nn").code == 0


@pytest.mark.parametrize(
    ("target", "hint"),
    [("zoo/resnt.nn", "did you mean zoo/resnet.nn?"), ("zoo/vgg", "did you mean zoo/vgg.nn?"),
     ("zoo/qqqqq.nn:Q", "there are alexnet, "), ("zoo/../net.nn", ""), ("zoo/", "")],
)  # fmt: skip
def test_models_that_are_not_shipped(nndsl: Nndsl, target: str, hint: str) -> None:
    for command in ("check", "ir", "fmt"):
        if command != "fmt" or ":" not in target:
            done = nndsl(command, target)
            assert (done.code, done.out) == (2, "")
            assert f"nndsl: {target.partition(':')[0]} is not shipped: {hint}" in done.err


def test_shipped_models(nndsl: Nndsl) -> None:
    assert nndsl("check", "zoo/lenet.nn").code == 0
    assert nndsl("summary", "zoo/resnet.nn:ResNet18", "--format", "json").code == 0


# ---------------------------------------------------------------- formats


def test_json(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", BAD)
    done = nndsl("check", "net.nn", "--format", "json")
    assert (done.code, done.err) == (1, "")
    found = json.loads(done.out)
    assert [KEYS - set(one) for one in found] == [set(), set()]
    first = found[0]
    assert (first["code"], first["severity"], first["file"]) == ("unknown-layer", "error", "net.nn")
    assert [first[k] for k in ("line", "column", "end_line", "end_column")] == [3, 33, 3, 39]
    assert first["fixes"][0]["edits"][0]["replacement"] == "Linear"
    assert done.out.endswith("]\n")
    assert not done.out.endswith("\n\n")


def test_json_of_a_fine_spec_is_an_empty_list(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    assert json.loads(nndsl("check", "net.nn", "--format", "json").out) == []


def test_json_has_the_trace_of_expansions(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", "block B(n: int) {\n  input x: [N, D]\n  x -> Linear(n) -> Conv2d(3, 3)\n}\n"
          "model M {\n  input x: float[N, 8]\n  output y = x -> B(4)\n}\n")  # fmt: skip
    found = json.loads(nndsl("check", "net.nn", "--format", "json").out)
    assert [step["text"] for step in found[0]["trace"]] == ["B(n=4)"]
    assert found[0]["trace"][0]["line"] == 7


def test_sarif(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", BAD)
    done = nndsl("check", "net.nn", "--format", "sarif")
    log = json.loads(done.out)
    assert (done.code, log["version"]) == (1, "2.1.0")
    results = log["runs"][0]["results"]
    assert results[0]["ruleId"] == "unknown-layer"
    assert results[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_github(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", BAD)
    done = nndsl("check", "net.nn", "--format", "github")
    assert done.code == 1
    assert done.out.startswith("::error file=net.nn,line=3,col=33,")
    assert len(done.out.splitlines()) == 2


# ---------------------------------------------------------------- --set and --dim


@pytest.mark.parametrize(
    ("given", "shows"),
    [
        ("classes=7", "[N, 7]"),
        ("classes=2 ** 5 + 1", "[N, 33]"),
        ("hidden=[8, 16]", "[N, 16]"),
        ("hidden=[4 * i for i in 1..4]", "[N, 12]"),
        ("act=Tanh", "Tanh"),
        ("act=Dropout(0.5)", "Dropout"),
        ("act=[GELU, Dropout]", "GELU"),
        ('name="some text"', "Linear"),
        (" classes = 9 ", "[N, 9]"),
    ],
)
def test_set(nndsl: Nndsl, write: Write, given: str, shows: str) -> None:
    write("net.nn", GOOD)
    done = nndsl("ir", "net.nn", "--set", given)
    assert (done.code, done.err) == (0, "")
    assert shows in done.out


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("classes=ten", "unknown-name"),
        ("classes=ReLU", "bad-argument"),
        ("classes=1.5", "bad-argument"),
        ("classes=[1]", "bad-argument"),
        ("hidden=3", "bad-argument"),
        ("act=3", "bad-argument"),
        ("name=3", "bad-argument"),
        ("clases=3", "unknown-argument"),
        ("classes=2 ** 10 ** 9", "too-big"),
        ("hidden=[1] * 10 ** 12", "too-big"),
        ("classes=(", "syntax"),
        ("classes=1\nmodel Evil { }", "bad-argument"),
        ('classes=__import__("os")', "unknown-name"),
        ("classes=Relu", "unknown-layer"),
    ],
)
def test_set_of_what_does_not_fit(nndsl: Nndsl, write: Write, given: str, code: str) -> None:
    write("net.nn", GOOD)
    done = nndsl("check", "net.nn", "--format", "json", "--set", given)
    assert done.code == 1
    assert code in codes(done.out)


SEVERAL = """model A(k: int = 2) {
  input x: float[N, 8]
  output y = x -> Linear(k)
}

model B(wide: int = 2) {
  input x: float[M, 8]
  output y = x -> Linear(wide)
}

model C(q: int) {
  input x: float[M, 8]
  output y = x -> Linear(q)
}
"""


@pytest.mark.parametrize("given", ["k=3", "wide=3", "q=3", "k=3 wide=4 q=5"])
def test_set_reaches_the_models_that_have_it(nndsl: Nndsl, write: Write, given: str) -> None:
    write("net.nn", SEVERAL)
    done = nndsl("check", "net.nn", *(word for pair in given.split() for word in ("--set", pair)))
    assert (done.code, done.err) == (0, "no mistakes\n")


def test_dim_reaches_the_models_that_have_it(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", SEVERAL)
    for given, code in (("N=2", 0), ("M=2", 0), ("Q=2", 1)):
        done = nndsl("check", "net.nn", "--dim", given)
        assert done.code == code
    assert "unknown-dim" in done.err
    assert "none of the models has a dim Q" in done.err


@pytest.mark.parametrize(
    ("target", "given", "said"),
    [
        ("net.nn", "wid=3", "none of the models has a hyperparameter wid\n|did you mean wide?"),
        ("net.nn", "q=-1", "Linear: out_features is at least"),
        ("net.nn:C", "qq=3", "C has no hyperparameter qq"),
        ("net.nn:A", "wide=3", "A has no hyperparameter wide"),
        ("net.nn:C", 'q="x"', "C: q is a whole number"),
        ("net.nn", "k=foo", "there is no name foo"),
    ],
)
def test_set_that_no_model_takes(nndsl: Nndsl, write: Write, target: str, given: str, said: str) -> None:
    write("net.nn", SEVERAL)
    done = nndsl("check", target, "--set", given)
    assert done.code == 1
    for part in said.split("|"):
        assert part in done.err
    assert done.err.endswith("\n1 error\n")


def test_set_of_an_unknown_name_has_a_suggestion(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    assert "did you mean classes?" in nndsl("check", "net.nn", "--set", "clases=3").err


def test_a_mistake_in_set_is_shown_at_its_place(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    done = nndsl("check", "net.nn", "--set", "classes=2 + ten")
    assert "--set classes:1:5" in done.err
    assert "fn " not in done.err


def test_set_goes_through_names_of_models(nndsl: Nndsl) -> None:
    done = nndsl("summary", "zoo/resnet.nn:ResNet18", "--set", "classes=3", "--format", "json")
    assert done.code == 0
    assert json.loads(done.out)["parameters"] == 11_689_512 - 513 * 997


@pytest.mark.parametrize("given", ["classes", "=3", "classes=", "1x=3", "a b=3"])
def test_set_without_a_name_or_a_value(nndsl: Nndsl, write: Write, given: str) -> None:
    write("net.nn", GOOD)
    assert nndsl("check", "net.nn", "--set", given).code == 2


def test_dim(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    assert "float[5, 64]" in nndsl("ir", "net.nn", "--dim", "N=5").out
    done = nndsl("check", "net.nn", "--dim", "M=5", "--format", "json")
    assert (done.code, codes(done.out)) == (1, ["unknown-dim"])


@pytest.mark.parametrize("given", ["N=0", "N=-1", "N=x", "N=1.5", "N=²", "N", "N=" + "9" * 5000])
def test_dims_are_whole_numbers(nndsl: Nndsl, write: Write, given: str) -> None:
    write("net.nn", GOOD)
    done = nndsl("check", "net.nn", "--dim", given)
    assert done.code == 2
    assert "--dim" in done.err


# ---------------------------------------------------------------- imports


def test_imports_and_their_mistakes(nndsl: Nndsl, write: Write) -> None:
    write("blocks.nn", "block Body(n: int) = [Linear(n), ReLU]\n")
    write("net.nn", 'from "blocks.nn" import Body\nmodel M {\n  input x: float[N, 4]\n  output y = x -> Body(3)\n}\n')
    assert nndsl("check", "net.nn").code == 0
    write("net.nn", 'from "block.nn" import Body\n')
    done = nndsl("check", "net.nn", "--format", "json")
    assert codes(done.out) == ["import-not-found"]
    assert json.loads(done.out)[0]["hints"] == ['did you mean "blocks.nn"?']
    write("net.nn", 'from "blocks.nn" import Bodi\n')
    assert codes(nndsl("check", "net.nn", "--format", "json").out) == ["import-missing-name"]


def test_a_mistake_in_an_imported_file_is_told_once(nndsl: Nndsl, write: Write) -> None:
    write("blocks.nn", "block Body(n: int) = [Linaer(n), ReLU]\n")
    uses = 'import "blocks.nn"\nmodel M {\n  input x: float[N, 4]\n  output y = x -> Body(3) -> Body(3)\n}\n'
    write("net.nn", uses)
    found = json.loads(nndsl("check", "net.nn", "--format", "json").out)
    assert [(one["code"], one["file"]) for one in found] == [("unknown-layer", "blocks.nn")]
