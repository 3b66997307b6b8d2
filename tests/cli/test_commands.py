"""Every command once, with its formats and its ways to fail."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nndsl.cli import COMMANDS
from nndsl.cli.new import TEMPLATES
from tests.cli.conftest import BAD, GOOD, TWO, Nndsl

Write = Callable[[str, str | bytes], Path]
EXTERN = """extern block Twice(k: int) = "marked.layers:Twice" {
  input x: float[N, D]
  output y: [N, D]
}
model Net {
  input x: float[N, 4]
  output y = x -> twice: Twice(2) -> Linear(3)
}
"""


def test_each_command_has_help(nndsl: Nndsl) -> None:
    for name in COMMANDS:
        done = nndsl(name, "--help")
        assert done.code == 0
        assert done.out.startswith(f"Usage: nndsl {name}")


def test_the_module_is_the_same_program(tmp_path: Path) -> None:
    (tmp_path / "net.nn").write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "nndsl", "check", "net.nn"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"no mistakes\n")


@pytest.mark.parametrize("command", ["compile", "draw", "summary", "ir", "export", "build"])
def test_mistakes_stop_commands(nndsl: Nndsl, write: Write, tmp_path: Path, command: str) -> None:
    write("net.nn", BAD)
    done = nndsl(command, "net.nn", "-o", "made.svg")
    assert (done.code, done.out) == (1, "")
    assert "unknown-layer" in done.err
    assert [p.name for p in tmp_path.iterdir()] == ["net.nn"]


# ---------------------------------------------------------------- fmt

LOOSE = "model  Net{\n  input x:float[N,64]\n\n\n\n  output y=x->ReLU  # why\n}\n"


def test_fmt_in_place(nndsl: Nndsl, write: Write) -> None:
    path = write("net.nn", LOOSE)
    done = nndsl("fmt", "net.nn")
    assert (done.code, done.out, done.err) == (0, "", "formatted net.nn\n")
    formatted = path.read_text()
    assert "# why" in formatted
    assert nndsl("fmt", "net.nn").err == ""
    assert path.read_text() == formatted


def test_fmt_of_standard_input(nndsl: Nndsl) -> None:
    done = nndsl("fmt", "-", stdin=LOOSE)
    assert (done.code, done.err) == (0, "")
    assert nndsl("fmt", "-", stdin=done.out).out == done.out


def test_fmt_check_changes_nothing(nndsl: Nndsl, write: Write) -> None:
    path = write("net.nn", LOOSE)
    done = nndsl("fmt", "--check", "net.nn")
    assert (done.code, done.out, done.err) == (1, "", "would change net.nn\n")
    assert path.read_text() == LOOSE
    nndsl("fmt", "net.nn")
    assert nndsl("fmt", "--check", "net.nn").code == 0


def test_fmt_diff_can_be_applied(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    path = write("net.nn", LOOSE.rstrip("\n"))  # and its last line has no end
    done = nndsl("fmt", "--diff", "net.nn")
    assert done.code == 1
    assert "\\ No newline at end of file" in done.out
    formatted = nndsl("fmt", "-", stdin=LOOSE).out
    subprocess.run(["patch", "-s", "-p0", "net.nn"], input=done.out, text=True, check=True, cwd=tmp_path)
    assert path.read_text() == formatted


def test_fmt_of_other_line_ends(nndsl: Nndsl, write: Write) -> None:
    neat = nndsl("fmt", "-", stdin=LOOSE).out
    path = write("net.nn", neat.replace("\n", "\r\n").encode())
    assert nndsl("fmt", "--check", "net.nn").code == 1
    assert nndsl("fmt", "--diff", "net.nn").code == 1
    assert nndsl("fmt", "net.nn").code == 0
    assert path.read_bytes() == neat.encode()


def test_fmt_leaves_what_cannot_be_parsed(nndsl: Nndsl, write: Write) -> None:
    path = write("bad.nn", "model {{{")
    write("net.nn", LOOSE)
    done = nndsl("fmt", "bad.nn", "net.nn", "none.nn")
    assert done.code == 2
    assert path.read_text() == "model {{{"
    assert "formatted net.nn" in done.err
    assert nndsl("fmt", "bad.nn").code == 1


def test_fmt_drops_a_byte_order_mark(nndsl: Nndsl, write: Write) -> None:
    neat = nndsl("fmt", "-", stdin=LOOSE).out
    path = write("net.nn", b"\xef\xbb\xbf" + neat.encode())
    assert nndsl("check", "net.nn").code == 0
    assert nndsl("fmt", "--check", "net.nn").code == 1
    assert nndsl("fmt", "net.nn").code == 0
    assert path.read_bytes() == neat.encode()


# ---------------------------------------------------------------- compile, ir, draw, summary


def test_compile(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    done = nndsl("compile", "net.nn")
    assert (done.code, done.err) == (0, "")
    assert "class Net(nn.Module)" in done.out
    ast.parse(done.out)
    assert nndsl("compile", "net.nn", "-o", "net.py").code == 0
    assert (tmp_path / "net.py").read_text() == done.out
    assert nndsl("compile", "net.nn", "-o", "-").out == done.out


def test_ir(nndsl: Nndsl, write: Write) -> None:
    from nndsl.ir.printer import print_graph
    from nndsl.ir.reader import read_graph

    write("net.nn", TWO)
    done = nndsl("ir", "net.nn:Other")
    assert done.code == 0
    assert done.out.endswith("}\n")
    assert print_graph(read_graph(done.out)).rstrip() == done.out.rstrip()


def test_draw(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    done = nndsl("draw", "net.nn", "-o", "-")
    assert done.code == 0
    assert done.out.startswith("<svg")
    assert nndsl("draw", "net.nn").err == "Net.svg\n"
    assert (tmp_path / "Net.svg").read_text() == done.out
    assert nndsl("draw", "net.nn", "-o", "a.dot").code == 0
    assert (tmp_path / "a.dot").read_text().startswith("digraph")
    assert nndsl("draw", "net.nn", "-o", "a.xyz").code == 2


def test_draw_png(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    write("net.nn", GOOD)
    assert nndsl("draw", "net.nn", "-o", "a.png").code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_summary(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    table = nndsl("summary", "net.nn")
    assert table.code == 0
    assert "2,410" in table.out
    facts = json.loads(nndsl("summary", "net.nn", "--format", "json").out)
    wanted = {"model", "inputs", "outputs", "parameters", "trainable_parameters", "macs", "flops", "layers"}
    assert wanted - set(facts) == set()
    assert (facts["model"], facts["parameters"]) == ("Net", 64 * 32 + 32 + 32 * 10 + 10)
    assert len(facts["layers"]) > 1


# ---------------------------------------------------------------- export and build


def test_export(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    done = nndsl("export", "net.nn")
    assert (done.code, done.out) == (0, "")
    assert re.match(r"Net\.onnx: \d+ nodes, opset 23", done.err)
    assert "runs in onnxruntime as in PyTorch" in done.err
    first = (tmp_path / "Net.onnx").read_bytes()
    assert nndsl("export", "net.nn", "-o", "again.onnx").code == 0
    assert (tmp_path / "again.onnx").read_bytes() == first
    assert nndsl("export", "net.nn", "-o", "other.onnx", "--seed", "1").code == 0
    assert (tmp_path / "other.onnx").read_bytes() != first


def test_export_of_an_unknown_opset(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    done = nndsl("export", "net.nn", "--opset", "3")
    assert done.code == 2
    assert "'--opset': 3 is not supported: 17 to 24 are" in done.err
    assert not (tmp_path / "Net.onnx").exists()


@pytest.mark.parametrize("seed", ["-9223372036854775809", "18446744073709551616", "1.5", "x", ""])
def test_seeds_are_whole_numbers_of_64_bits(nndsl: Nndsl, write: Write, tmp_path: Path, seed: str) -> None:
    write("net.nn", GOOD)
    for command in (["export", "net.nn"], ["build", "net.nn", "-o", "out"]):
        done = nndsl(*command, "--seed", seed)
        assert (done.code, done.out) == (2, "")
        assert "Invalid value for '--seed'" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["net.nn"]


@pytest.mark.parametrize("seed", ["-9223372036854775808", "18446744073709551615"])
def test_seeds_at_the_ends(nndsl: Nndsl, write: Write, seed: str) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    assert nndsl("export", "net.nn", "--seed", seed, "--no-verify").code == 0


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_export_in_another_precision(nndsl: Nndsl, write: Write, dtype: str) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    done = nndsl("export", "net.nn", "--dtype", dtype)
    assert (done.code, "runs in onnxruntime as in PyTorch" in done.err) == (0, True)
    assert nndsl("export", "net.nn", "--dtype", "int8").code == 2


def test_why_an_export_is_not_verified(nndsl: Nndsl, write: Write) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", GOOD)
    done = nndsl("export", "net.nn", "--dtype", "bfloat16")
    assert done.code == 0
    assert "warning[onnx-unverified]: onnxruntime has no bfloat16 on the CPU" in done.err
    assert "not compared with PyTorch" in done.err
    done = nndsl("export", "net.nn", "--no-verify")
    assert (done.code, "warning" in done.err, "not compared with PyTorch" in done.err) == (0, False, True)


@pytest.mark.parametrize("command", ["build", "compile", "export", "draw", "summary", "ir"])
def test_an_empty_output_is_refused(nndsl: Nndsl, write: Write, tmp_path: Path, command: str) -> None:
    write("net.nn", GOOD)
    done = nndsl(command, "net.nn", "-o", "")
    assert (done.code, done.out) == (2, "")
    assert "'-o' / '--output': it is empty" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["net.nn"]


def test_onnx_has_no_standard_output(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", GOOD)
    done = nndsl("export", "net.nn", "-o", "-")
    assert (done.code, done.out) == (2, "")
    assert "ONNX is written to a file" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["net.nn"]


def test_a_model_of_standard_input(nndsl: Nndsl) -> None:
    done = nndsl("summary", "-", stdin=TWO)
    assert done.code == 1
    assert "choose one: -:Net" in done.err
    for command in ("check", "compile", "summary", "ir"):
        assert nndsl(command, "-:Other", stdin=TWO).code == 0
    assert "class Other(nn.Module)" in nndsl("compile", "-:Other", stdin=TWO).out
    assert nndsl("check", "-:Third", stdin=TWO).code == 1


def test_build(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    write("net.nn", TWO)
    done = nndsl("build", "net.nn:Other", "-o", "out/deep")
    assert (done.code, done.out) == (0, "")
    made = sorted(p.name for p in (tmp_path / "out/deep").iterdir())
    assert made == ["model.onnx", "model.py", "model.svg", "summary.json", "summary.txt"]
    assert json.loads((tmp_path / "out/deep/summary.json").read_text())["model"] == "Other"
    assert "Linear" in (tmp_path / "out/deep/summary.txt").read_text()
    assert "\x1b" not in (tmp_path / "out/deep/summary.txt").read_text()


def test_build_into_a_file(nndsl: Nndsl, write: Write) -> None:
    write("net.nn", GOOD)
    write("out", "here")
    done = nndsl("build", "net.nn", "-o", "out")
    assert done.code == 2
    assert "out" in done.err


# ---------------------------------------------------------------- extern


@pytest.fixture
def marked(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A module that leaves a mark when it is imported."""
    mark = tmp_path / "imported"
    write("marked/__init__.py", "")
    write(
        "marked/layers.py",
        f"from pathlib import Path\nfrom torch import nn\n\nPath({str(mark)!r}).touch()\n\n\n"
        "class Twice(nn.Module):\n    def __init__(self, k):\n        super().__init__()\n        self.k = k\n\n"
        "    def forward(self, x):\n        return self.k * x\n",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("marked", "marked.layers"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return mark


def test_extern_is_not_imported(nndsl: Nndsl, write: Write, marked: Path) -> None:
    write("net.nn", EXTERN)
    for arguments in (["check"], ["fmt"], ["ir"], ["draw", "-o", "a.svg"], ["summary"], ["compile"]):
        command, *rest = arguments
        assert nndsl(command, "net.nn", *rest).code == 0
        assert not marked.exists()
    assert "from marked.layers import Twice" in nndsl("compile", "net.nn").out
    assert not marked.exists()


@pytest.mark.parametrize("command", ["export", "build"])
def test_extern_runs_when_it_is_allowed(nndsl: Nndsl, write: Write, marked: Path, tmp_path: Path, command: str) -> None:
    write("net.nn", EXTERN)
    done = nndsl(command, "net.nn", "-o", "made")
    assert done.code == 1
    assert "--allow-extern" in done.err
    assert not marked.exists()
    assert not list(tmp_path.rglob("*.onnx"))


@pytest.mark.parametrize("target", ["os", "os:system()", "a-b:C", "..x:C", "x:class", "x:C\n", "x:C; import os"])
def test_extern_names_a_class(nndsl: Nndsl, target: str) -> None:
    spec = EXTERN.replace("marked.layers:Twice", target.replace("\n", "\\n"))
    done = nndsl("check", "-", "--format", "json", stdin=spec)
    assert done.code == 1
    assert "extern" in [found["code"] for found in json.loads(done.out)]


# ---------------------------------------------------------------- ops, explain, new, completion


def test_ops(nndsl: Nndsl) -> None:
    done = nndsl("ops")
    assert done.code == 0
    assert "Conv2d(out_channels, kernel_size" in done.out
    page = nndsl("ops", "Conv2d")
    assert page.code == 0
    assert "stride" in page.out
    record = json.loads(nndsl("ops", "Conv2d", "--format", "json").out)
    assert [one["name"] for one in record] == ["Conv2d"]
    assert {p["name"] for p in record[0]["parameters"]} >= {"out_channels", "stride", "bias"}
    form = nndsl("ops", "Scan")
    assert "Scan(body, states=1, dim=1, reverse=false)" in done.out
    assert "| `reverse` |" in form.out
    assert json.loads(nndsl("ops", "Scan", "--format", "json").out)[0]["parameters"][0]["required"]
    wrong = nndsl("ops", "Conv2D")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Did you mean Conv2d?" in wrong.err
    block = nndsl("ops", "GCNConv")
    assert (block.code, block.out) == (2, "")
    assert "a block of the library" in block.err
    assert "graph.nn" in block.err


def test_explain(nndsl: Nndsl) -> None:
    listed = nndsl("explain")
    assert listed.code == 0
    assert "shape-mismatch" in listed.out.splitlines()
    page = nndsl("explain", "shape-mismatch")
    assert page.code == 0
    assert page.out.startswith("# shape-mismatch\n")
    wrong = nndsl("explain", "shape-missmatch")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Did you mean shape-mismatch?" in wrong.err
    assert nndsl("explain", "../text").code == 2


@pytest.mark.parametrize("template", TEMPLATES)
def test_new(nndsl: Nndsl, tmp_path: Path, template: str) -> None:
    assert nndsl("new", "my net.nn", "--template", template).code == 0
    assert "model MyNet(" in (tmp_path / "my net.nn").read_text()
    done = nndsl("check", "my net.nn")
    assert (done.code, done.err) == (0, "no mistakes\n")
    assert nndsl("fmt", "--check", "my net.nn").code == 0


def test_new_does_not_overwrite(nndsl: Nndsl, write: Write, tmp_path: Path) -> None:
    write("net.nn", "mine")
    done = nndsl("new", "net")
    assert done.code == 2
    assert "--force" in done.err
    assert (tmp_path / "net.nn").read_text() == "mine"
    assert nndsl("new", "net", "--force").code == 0
    assert nndsl("check", "net.nn").code == 0


@pytest.mark.parametrize("name", ["foo.txt", "foo.nn.bak", "", "folder/", "-", ".nn", ".."])
def test_new_makes_specs_only(nndsl: Nndsl, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    done = nndsl("new", "--", name)
    assert done.code == 2
    assert f"a spec's file ends in .nn, and this is {name!r}" in done.err
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


@pytest.mark.parametrize("name", ["linear", "Linear", "conv-norm-act", "3d", "é", "model", "none"])
def test_new_finds_a_name_that_is_free(nndsl: Nndsl, name: str) -> None:
    assert nndsl("new", f"{name}.nn").code == 0
    done = nndsl("check", f"{name}.nn")
    assert (done.code, done.err) == (0, "no mistakes\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(nndsl: Nndsl, shell: str) -> None:
    done = nndsl("completion", shell)
    assert done.code == 0
    assert "_NNDSL_COMPLETE" in done.out


def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    """As bash calls it: the words so far in the environment."""
    program = Path(sys.executable).parent / "nndsl"
    if not program.exists():
        pytest.skip("the program is not installed")

    def offered(words: str, number: int) -> list[str]:
        variables = {"PATH": "/usr/bin:/bin", "_NNDSL_COMPLETE": "bash_complete", "COMP_WORDS": words}
        done = subprocess.run(
            [program],
            env={**variables, "COMP_CWORD": str(number)},
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )
        return [line.split(",")[1] for line in done.stdout.splitlines()]

    assert offered("nndsl che", 1) == ["check"]
    assert offered("nndsl ", 1) == list(COMMANDS)
    assert "--format" in offered("nndsl check --f", 2)
    assert "json" in offered("nndsl check --format ", 3)


def test_bash_accepts_the_completion_script(nndsl: Nndsl, tmp_path: Path) -> None:
    script = nndsl("completion", "bash").out
    program = Path(sys.executable).parent
    ask = f"export PATH={program}:$PATH\n{script}\n" + (
        'COMP_WORDS=(nndsl expl); COMP_CWORD=1; _nndsl_completion nndsl; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.split() == ["explain"], done.stderr
