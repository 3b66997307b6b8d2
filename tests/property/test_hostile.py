"""Whatever a spec asks for: an answer, within seconds, in bounded memory; and never an exception."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, glance, open_spec, zoo
from nndsl.elaborate.project import PACKAGE
from nndsl.ir.graph import Graph
from nndsl.render import json as render_json
from nndsl.render import text as render_text
from nndsl.source import Source
from nndsl.syntax import tables
from nndsl.syntax.lexing import Lexer
from tests.property.bombs import BOMBS, flow, statements

MEMORY = 500 << 20
SECONDS = 10
LIMITED = (
    "import resource, sys\n"
    f"resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))\n"
    f"resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))\n"
    "from nndsl.cli import run\n"
    "sys.exit(run())\n"
)
unix = pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")


def limited(*arguments: str, stdin: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, *arguments],
        input=stdin, capture_output=True, text=True, check=False, cwd=folder, timeout=20 * SECONDS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


# ---------------------------------------------------------------- bombs


@unix
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_in_a_diagnostic(name: str) -> None:
    spec, code = BOMBS[name]
    done = limited("check", "-", "--format", "json", stdin=spec)
    assert done.returncode == (0 if code is None else 1), done.stderr[-1000:]
    found = json.loads(done.stdout)
    assert {one["code"] for one in found} == ({code} if code is not None else set())
    assert len(done.stdout) < 500_000
    assert all("memory" not in one["message"] for one in found), "only the limit stopped it"


@unix
@pytest.mark.parametrize("name", ["repeated repetition", "lists as layers", "a long name", "many mistakes", "signs"])
def test_bombs_are_shown_in_bounded_text(name: str) -> None:
    done = limited("check", "-", stdin=BOMBS[name][0])
    assert done.returncode == 1
    assert len(done.stderr) < 100_000
    assert max(map(len, done.stderr.splitlines())) < 2000


LARGE = {
    "a hundred thousand layers": flow("[" * 17 + "Linear(64)" + "] * 2" * 17),
    "many layers, few different": flow("[" * 12 + "Linear(64)" + "] * 2" * 12),
    "many different layers": flow("[Linear(i + 1) for i in 0..2500]"),
    "a long flow": flow(" -> ".join(["Linear(64)"] * 2500)),
    "a loop": statements("h = x\nfor i in 0..2500 { h = h -> Linear(i + 1)\n}", "h"),
    "a wide tuple": flow("(" + "ReLU, " * 2000 + ") -> Concat(dim=1)"),
    "a huge layer": flow("Linear(10 ** 12) -> Linear(10 ** 12)"),
    "a huge parameter": statements("param p: float[10 ** 12, 10 ** 12] = zeros"),
    "a long label": flow("a" * 100_000 + ": Linear(3)"),
    "a long comment": "# " + "x" * 1_000_000 + "\n" + flow("ReLU"),
    "many dims": f"model M {{\n  input x: float[{'2, ' * 50}3]\n  output y = x -> ReLU -> Flatten -> Linear(3)\n}}\n",
}


@unix
@pytest.mark.parametrize("command", ["fmt -", "summary -", "ir -", "compile -", "draw - -o -"])
@pytest.mark.parametrize("name", LARGE)
def test_all_commands_bear_what_check_lets_through(name: str, command: str) -> None:
    done = limited(*command.split(), stdin=LARGE[name])
    assert done.returncode in (0, 1), done.stderr[-1000:]
    assert "bug" not in done.stderr
    assert done.returncode == 0 or "error[too-big]" in done.stderr


# ---------------------------------------------------------------- imports


@unix
def test_imports_of_what_is_no_spec(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nn")
    (tmp_path / "folder.nn").mkdir()
    (tmp_path / "zero.nn").symlink_to("/dev/zero")
    (tmp_path / "dangling.nn").symlink_to("nowhere")
    (tmp_path / "around.nn").symlink_to("around.nn")
    with open(tmp_path / "large.nn", "wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "binary.nn").write_bytes(bytes(range(256)))
    for name in ("pipe", "folder", "zero", "dangling", "around", "large", "binary", "missing"):
        done = limited("check", "-", "--format", "json", stdin=f'import "{name}.nn"\n', folder=tmp_path)
        assert done.returncode == 1, (name, done.stderr)
        assert [one["code"] for one in json.loads(done.stdout)] == ["import-not-found"], name


@pytest.mark.parametrize(
    "written", ["/etc/passwd", "/dev/zero", "../x", "a\\0b.nn", "", ".nn", "C:\\\\x.nn", "http://x/y.nn"]
)
def test_imports_of_odd_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert {found.code for found in checked(f'import "{written}"\n')[0].items} <= {"import-not-found", "bad-string"}


def test_files_that_import_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    count = 50
    for at in range(count):
        (tmp_path / f"f{at}.nn").write_text(f'import "f{(at + 1) % count}.nn"\nimport "f{at}.nn"\n')
    done = limited("check", "f0.nn", "--format", "json", folder=tmp_path)
    assert done.returncode == 1
    assert {one["code"] for one in json.loads(done.stdout)} == {"import-cycle"}


def test_a_long_chain_of_imports(tmp_path: Path) -> None:
    for at in range(3000):
        (tmp_path / f"f{at}.nn").write_text(f'import "f{at + 1}.nn"\n')
    (tmp_path / "f3000.nn").write_text("fn f() = 1\n")
    done = limited("check", "f0.nn", "--format", "json", folder=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert {one["code"] for one in json.loads(done.stdout)} <= {"too-deep"}


# ---------------------------------------------------------------- random mutations


def checked(text: str) -> tuple[Diagnostics, list[Graph]]:
    """Everything that `check` does, what it shows included. An exception is a failure of the test."""
    diagnostics = Diagnostics()
    graphs = check_spec(open_spec(Source(text, "spec.nn"), diagnostics))
    found = diagnostics.in_order()
    assert not found or glance(open_spec(Source(text, "spec.nn"), Diagnostics())) is None
    assert len(render_text.render(found, color=True)) < 1_000_000
    json.loads(render_json.render(found))
    for one in found:
        assert one.message.strip()
        assert 0 <= one.span.start <= one.span.end <= len(one.span.source.text)
    return diagnostics, graphs


SPECS = {
    **{path.stem: path.read_text("utf-8") for path in sorted(zoo().glob("*.nn"))},
    **{f"library/{path.stem}": path.read_text("utf-8") for path in sorted((PACKAGE / "library").glob("*.nn"))},
}
SMALL = {name: text for name, text in SPECS.items() if len(text) < 6000}
LEXER = Lexer(tables.load())
TOKENS = {
    name: [(t.start, t.end) for t in LEXER.lex(Source(text), Diagnostics()).tokens if t.end > t.start]
    for name, text in SMALL.items()
}
WORDS = sorted({text[start:end] for name, text in SMALL.items() for start, end in TOKENS[name]})
ODD = [
    "0", "-1", "1e9", "10 ** 12", "inf", "none", "true", "training", "x", "N", "_", "...", "Item(0)", "(x, x)", "[]",
    "()", "[ReLU]", "ReLU", "Linear", "Residual { ReLU }", "LSTM(3)", "zeros", '"s"', '"{i}"', "i", "*", "layer",
    "if training { ReLU } else { Tanh }", "for i in 0..3 {", "}", "N // 0", "H % 2", "2 ** N", "1.5", ".T", "[0]",
    "[:, 0]", "[None]", "Concat(dim=1)", "Reshape(-1, 3)", "MultiheadAttention(2)", "len(x)", "max(N, 3)", "W",
]  # fmt: skip
RANDOM = settings(
    max_examples=int(os.environ.get("NNDSL_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real spec in which a few tokens are dropped, doubled, swapped, or replaced by others or by odd values."""
    name = draw(st.sampled_from(sorted(SMALL)))
    pieces = [SMALL[name][start:end] for start, end in TOKENS[name]]
    gaps = [SMALL[name][end:after] for (_, end), (after, _) in zip(TOKENS[name], TOKENS[name][1:], strict=False)]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces) - 1))
        kind = draw(st.sampled_from(["word", "odd", "drop", "double", "swap"]))
        if kind == "word":
            pieces[at] = draw(st.sampled_from(WORDS))
        elif kind == "odd":
            pieces[at] = draw(st.sampled_from(ODD))
        elif kind == "drop":
            pieces[at] = ""
        elif kind == "double":
            pieces[at] = f"{pieces[at]} {pieces[at]}"
        else:
            other = draw(st.integers(0, len(pieces) - 1))
            pieces[at], pieces[other] = pieces[other], pieces[at]
    return "".join(piece + gap for piece, gap in zip(pieces, [*gaps, "\n"], strict=True))


def prune(graphs: list[Graph]) -> list[Graph]:
    """Those that are compiled within a test's time."""
    return [graph for graph in graphs if sum(1 for _ in graph.nodes) < 200][:2]


@RANDOM
@given(mutated())
def test_spoilt_specs_are_checked(text: str) -> None:
    diagnostics, graphs = checked(text)
    if diagnostics.errors:
        return
    from nndsl.backends.summary import csv, html, markdown, summarize, table, to_json
    from nndsl.backends.torch import source
    from nndsl.ir.printer import print_graph
    from nndsl.ir.reader import read_graph

    for graph in prune(graphs):
        compile(source(graph), "made.py", "exec")
        printed = print_graph(graph)
        assert print_graph(read_graph(printed)) == printed
        summary = summarize(graph)
        for write in (table, csv, markdown, html, to_json):
            write(summary)


@RANDOM
@given(st.lists(st.sampled_from([*WORDS, *ODD]), max_size=25))
def test_words_in_a_model_are_checked(words: list[str]) -> None:
    checked(f"model M {{\n  input x: float[N, 3, H, W]\n  h = {' '.join(words)}\n  output y = x -> ReLU\n}}\n")


VALUES = [
    "0", "1", "-1", "3", "2.5", "true", "none", '"same"', "[1, 2]", "[]", "ReLU", "N", "N // 2", "10 ** 12", "-3",
    "inf", '"a b -> b a"', "xavier_uniform", "float", "[[1]]", "(1, 2)", "1e-5", "H", "x",
]  # fmt: skip
ARGUMENTS = st.sampled_from(VALUES)
TYPES = ["float[N, 3, H, W]", "float[2, 8, 16]", "int[N, T]", "bool[4]", "float[N, 64]", "float[N, T, 0 + 8]"]


@st.composite
def layers(draw: st.DrawFn) -> str:
    """Any operator or library block with any arguments."""
    from nndsl import ops
    from nndsl.elaborate.project import Project

    names = sorted([n for n, op in ops.everything().items() if not op.hidden] + list(Project(Diagnostics()).library()))
    name = draw(st.sampled_from(names))
    op = ops.lookup(name)
    positional = draw(st.lists(ARGUMENTS, max_size=4))
    known = list(op.params) if op is not None else ["heads", "dim", "channels"]
    named = draw(st.dictionaries(st.sampled_from(known), ARGUMENTS, max_size=3)) if known else {}
    return f"{name}({', '.join([*positional, *(f'{k}={v}' for k, v in named.items())])})"


@settings(RANDOM, max_examples=5 * RANDOM.max_examples)
@given(
    st.lists(layers(), min_size=1, max_size=3),
    st.sampled_from(TYPES),
    st.sampled_from(["x", "(x, x)", "(x, x, x)"]),
)
def test_operators_bear_all_arguments(chain: list[str], type_: str, start: str) -> None:
    text = f"model M {{\n  input x: {type_}\n  output y = {start} -> {' -> '.join(chain)}\n}}\n"
    diagnostics, graphs = checked(text)
    if diagnostics.errors:
        return
    from nndsl.backends.torch import source

    for graph in graphs:
        compile(source(graph), "made.py", "exec")
