"""`nndsl build`: everything that can be made of a model, in one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import click

from nndsl.cli.export import described, seeded
from nndsl.cli.failures import Failed, say
from nndsl.cli.specs import guarded, hyper_options, named, open_model, opset_option, seed_option, show, target_argument
from nndsl.files import write
from nndsl.folders import filled
from nndsl.model import Model, need

MADE = ("model.py", "model.svg", "summary.txt", "summary.json", "model.onnx", "model.onnx.data")


@click.command("build")
@target_argument
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(), callback=named,
              help="The folder to fill.")  # fmt: skip
@hyper_options
@opset_option
@click.option("--allow-extern", is_flag=True, help="Allow `extern` blocks to import and run their Python classes.")
@seed_option
def command(
    target: str,
    output: str,
    hyper: tuple[str, ...],
    dims: tuple[str, ...],
    opset: int | None,
    allow_extern: bool,
    seed: int,
) -> None:
    """Make model.py, model.onnx (verified), model.svg, summary.txt and summary.json in DIR: all of them, or none."""
    model = open_model(target, hyper, dims)
    for package in ("torch", "onnx", "onnxruntime"):
        guarded(partial(need, package, "onnx", "to build ONNX"))
    try:
        guarded(lambda: _build(Path(output), model, opset, allow_extern, seed))
    except Failed:
        say(f"{output} is as it was" if os.path.lexists(output) else f"{output} was not made")
        raise


def _build(output: Path, model: Model, opset: int | None, allow_extern: bool, seed: int) -> None:
    """What was made is told when it is where it belongs."""
    with filled(output, MADE) as folder:
        results = _fill(folder, model, opset, allow_extern, seed)
    for result in results:
        result()


def _fill(folder: Path, model: Model, opset: int | None, allow_extern: bool, seed: int) -> list[Callable[[], None]]:
    steps: list[tuple[str, Callable[[], str]]] = [
        ("model.py", lambda: _source(model, folder / "model.py")),
        ("model.svg", lambda: _diagram(model, folder / "model.svg")),
        ("summary.txt, summary.json", lambda: _summary(model, folder)),
        ("model.onnx", lambda: _onnx(model, folder / "model.onnx", opset, allow_extern, seed)),
    ]
    step = _progress(model.name)
    return [step(name, work) for name, work in steps]


def _source(model: Model, path: Path) -> str:
    text = model.source()
    write(path, text)
    return f"{text.count(chr(10))} lines of PyTorch"


def _diagram(model: Model, path: Path) -> str:
    write(path, model.draw())
    return "diagram"


def _summary(model: Model, folder: Path) -> str:
    summary = model.summary()
    summary.save(folder / "summary.txt")
    summary.save(folder / "summary.json")
    return f"{summary.parameters:,} parameters" if isinstance(summary.parameters, int) else "shapes and costs"


def _onnx(model: Model, path: Path, opset: int | None, allow_extern: bool, seed: int) -> str:
    report = seeded(seed, lambda: model.export(path, opset=opset, allow_extern=allow_extern))
    show(report.notes)
    return described(report).split(": ", 1)[1]


def _progress(name: str) -> Callable[[str, Callable[[], str]], Callable[[], None]]:
    """Does one step, and gives what tells its result; on a terminal, what is being made is shown while it is made."""
    if not sys.stderr.isatty():
        return lambda made, work: partial(say, f"{made}: {work()}")
    from rich.console import Console

    console = Console(stderr=True, highlight=False)

    def step(made: str, work: Callable[[], str]) -> Callable[[], None]:
        begun = perf_counter()
        with console.status(f"{name}: {made}"):
            what = work()
        seconds = perf_counter() - begun
        line = f"[green]✓[/green] {made}: {what} [dim]{seconds:.1f} s[/dim]"
        return partial(console.print, line, soft_wrap=True)

    return step
