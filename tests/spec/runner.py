"""Literate cases: prose with fenced `nn` blocks, each followed by fenced blocks of what must come of them.

    ```nn            the spec
    ```nn unit.nn    a file that the specs of this section can import
    ```error         its diagnostics as people see them (nothing follows an `nn` block that must be fine)
    ```check         `code line:column message`, one line per diagnostic
    ```ir            its IR
    ```torch         its PyTorch source
    ```keys          its state dict: names and sizes, `shared` first where several names are one tensor
    ```run           shapes of inputs and outputs when its PyTorch module runs, at two values of every free dim
    ```export        what its ONNX file takes and gives, once it has been run and compared with PyTorch
    ```fmt           its formatted text

What is said of a spec is said of its last model. `python -m tests.spec.runner --update` rewrites what must come of
each case.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nndsl.backends.torch.refused import find_mistakes
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import check_spec, open_spec
from nndsl.ir.graph import Graph
from nndsl.source import Source

FOLDER = Path(__file__).parent
FENCE = re.compile(r"^(?:```(\w+)(?: ([\w./-]+))?\n(.*?)^```|#+ ([^\n]+))$", re.M | re.S)
MISTAKES = ("error", "check")
KINDS = (*MISTAKES, "ir", "torch", "keys", "run", "export", "fmt")


@dataclass
class Case:
    """One `nn` block and its expectations: kind -> (text, start, end) in the file. `files` lie beside it."""

    path: Path
    number: int
    title: str
    text: str
    files: dict[str, str]
    expected: dict[str, tuple[str, int, int]] = field(default_factory=dict)


def cases(path: Path) -> list[Case]:
    found: list[Case] = []
    title, files = "", dict[str, str]()
    for match in FENCE.finditer(path.read_text("utf-8")):
        kind, name, body, heading = match.groups()
        if heading is not None:
            title, files = heading, {}
        elif kind == "nn" and name:
            files = {**files, name: body}
        elif kind == "nn":
            found.append(Case(path, len(found) + 1, title, body, files))
        elif found:
            assert kind in KINDS, f"{path.name}: there is no kind {kind}"
            found[-1].expected[kind] = (body, match.start(3), match.end(3))
    return found


@contextmanager
def beside(files: dict[str, str]) -> Iterator[None]:
    """A folder of its own, so that paths in messages are the same everywhere."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def produced(case: Case, kind: str) -> str:
    """What comes of the spec now."""
    with beside(case.files):
        return _produced(Source(case.text, "spec.nn", os.path.abspath("spec.nn")), kind)


def _produced(source: Source, kind: str) -> str:
    diagnostics = Diagnostics()
    if kind == "fmt":
        from nndsl.syntax.format import format_source

        return format_source(source, diagnostics) or ""
    spec = open_spec(source, diagnostics)
    if kind in MISTAKES:
        find_mistakes(spec)
    else:
        graphs = check_spec(spec)
    if kind == "error":
        from nndsl.render import text

        return text.render(diagnostics.in_order(), color=False).rstrip("\n") + "\n"
    if kind == "check":
        return "".join(
            f"{d.code} {_where(d.span.source, source)}{line}:{column} {d.message}\n"
            for d in diagnostics.in_order()
            for line, column in [d.span.source.position(d.span.start)]
        )
    assert not diagnostics.errors, [d.message for d in diagnostics.items]
    return _MADE[kind](graphs[-1])


def _where(at: Source, main: Source) -> str:
    return "" if at is main else f"{at.name}:"


# ---------------------------------------------------------------- what is made of a graph


def _ir(graph: Graph) -> str:
    from nndsl.ir.printer import print_graph
    from nndsl.ir.reader import read_graph
    from nndsl.ir.verifier import verify

    text = print_graph(graph)
    assert verify(graph) == []
    assert print_graph(read_graph(text)) == text
    return text.rstrip("\n") + "\n"


def _torch(graph: Graph) -> str:
    from nndsl.backends.torch import source

    return source(graph)


def _keys(graph: Graph) -> str:
    made = _module(graph)
    state, trained = made.state_dict(), dict(made.named_parameters())
    weights = dict(graph.weights())
    assert {k: tuple(w.shape) for k, w in weights.items()} == {k: tuple(t.shape) for k, t in state.items()}
    assert {k for k, w in weights.items() if w.trained} == set(trained)
    return "".join(f"{key}{'' if key in trained else ' (buffer)'} {list(t.shape)}\n" for key, t in state.items())


def _module(graph: Graph) -> Any:
    from nndsl.backends.torch import module

    return module(graph)


def _run(graph: Graph) -> str:
    """In both modes: the shapes that come out are those of the IR."""
    import torch

    made = _module(graph)
    lines: dict[str, None] = {}
    for which in (0, 1):
        values, inputs = _inputs(graph, which)
        for mode in ("train", "eval"):
            ports = sorted((p for p in graph.outputs if p.mode in (None, mode)), key=lambda p: p.mode is not None)
            made.train(mode == "train")
            with torch.no_grad():
                result = made(*map(torch.from_numpy, inputs))
            results = [r for r in result if r is not None] if isinstance(result, tuple) else [result]
            wanted = [tuple(_number(graph, s, values) for s in p.value.shape) for p in ports]
            assert [tuple(r.shape) for r in results] == wanted, (mode, wanted, [r.shape for r in results])
            only = f"{mode}: " if any(p.mode for p in graph.outputs) else ""
            taken = ", ".join(f"{v.name} {list(a.shape)}" for v, a in zip(graph.inputs, inputs, strict=True))
            given = ", ".join(f"{p.name} {list(r.shape)}" for p, r in zip(ports, results, strict=True))
            lines[f"{only}{taken} -> {given}\n"] = None
    return "".join(lines)


def _inputs(graph: Graph, which: int) -> tuple[dict[str, int], list[Any]]:
    import numpy as np

    from nndsl.backends.onnx import feeds

    values = feeds.sizes(graph, which)
    return values, feeds.inputs(graph, values, np.dtype("float32"), which)


def _number(graph: Graph, size: Any, values: dict[str, int]) -> int:
    assert graph.facts is not None
    known = graph.facts.spelled(size)
    return known if isinstance(known, int) else known.evaluate(values)


def _export(graph: Graph) -> str:
    from nndsl.model import Model

    report = Model(graph, [], open_spec(Source(""), Diagnostics())).export("model.onnx")
    assert report.verified, report.notes
    import onnx

    made = onnx.load("model.onnx").graph
    return "".join(f"{word} {_port(port)}\n" for word, ports in (("input", made.input), ("output", made.output))
                   for port in ports)  # fmt: skip


def _port(port: Any) -> str:
    dims = [d.dim_param or str(d.dim_value) for d in port.type.tensor_type.shape.dim]
    return f"{port.name} [{', '.join(dims)}]"


_MADE = {"ir": _ir, "torch": _torch, "keys": _keys, "run": _run, "export": _export}


# ---------------------------------------------------------------- the command


def update(path: Path) -> int:
    """Rewrite the expectations of a file; returns how many changed."""
    text = path.read_text("utf-8")
    edits = []
    for case in cases(path):
        for kind, (old, start, end) in case.expected.items():
            new = produced(case, kind)
            if new != old:
                edits.append((start, end, new))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    path.write_text(text, "utf-8")
    return len(edits)


def main() -> None:
    """`--update [FILE]`."""
    if sys.argv[1:2] != ["--update"]:
        sys.exit("usage: python -m tests.spec.runner --update [NAME.md …]")
    for path in [FOLDER / name for name in sys.argv[2:]] or sorted(FOLDER.glob("*.md")):
        print(f"{path.name}: {update(path)} changed")


if __name__ == "__main__":
    main()
