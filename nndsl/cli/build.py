"""`nndsl build`: everything that can be made of a model, in one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from nndsl.backends.summary import Summary
from nndsl.cli.costs import batch_option, counted, device_option, optimizer_option
from nndsl.cli.export import described, seeded
from nndsl.cli.failures import Failed, say
from nndsl.cli.specs import (
    guarded,
    hyper_options,
    named,
    open_model,
    opset_option,
    seed_option,
    show,
    target_argument,
    weights_options,
    with_weights,
)
from nndsl.cli.weights import say_left_out
from nndsl.files import write
from nndsl.folders import filled
from nndsl.model import Model
from nndsl.packages import need
from nndsl.weights.files import entries_in

MADE = ("model.py", "model.svg", "summary.txt", "summary.json", "model.onnx", "model.onnx.data")


@click.command("build")
@target_argument
@click.option("-o", "--output", required=True, metavar="DIR", type=click.Path(), callback=named,
              help="The folder to fill.")  # fmt: skip
@hyper_options
@opset_option
@click.option("--allow-extern", is_flag=True, help="Allow `extern` blocks to import and run their Python classes.")
@weights_options
@seed_option
@batch_option
@optimizer_option
@device_option
def command(
    target: str,
    output: str,
    hyper: tuple[str, ...],
    dims: tuple[str, ...],
    opset: int | None,
    allow_extern: bool,
    weights: str | None,
    mapping: str | None,
    seed: int,
    **setting: Any,
) -> None:
    """Make model.py, model.onnx (verified), model.svg, summary.txt and summary.json in DIR: all of them, or none."""
    model = open_model(target, hyper, dims)
    summary = counted(model, **setting)
    for package in ("torch", "onnx", "onnxruntime"):
        guarded(partial(need, package, "onnx", "to build ONNX"))
    if weights is not None:
        with_weights(weights, mapping, partial(entries_in, weights))
    try:
        how = {"opset": opset, "allow_extern": allow_extern, "weights": weights, "mapping": mapping}
        with_weights(weights, mapping, lambda: _build(Path(output), model, summary, how, seed))
        say_left_out(model, weights, mapping)
    except Failed:
        say(f"{output} is as it was" if os.path.lexists(output) else f"{output} was not made")
        raise


def _build(output: Path, model: Model, summary: Summary, how: dict[str, Any], seed: int) -> None:
    """What was made is told when it is where it belongs."""
    with filled(output, MADE) as folder:
        results = _fill(folder, model, summary, how, seed)
    for result in results:
        result()


def _fill(folder: Path, model: Model, summary: Summary, how: dict[str, Any], seed: int) -> list[Callable[[], None]]:
    steps: list[tuple[str, Callable[[], str]]] = [
        ("model.py", lambda: _source(model, folder / "model.py")),
        ("model.svg", lambda: _diagram(model, folder / "model.svg")),
        ("summary.txt, summary.json", lambda: _summary(summary, folder)),
        ("model.onnx", lambda: _onnx(model, folder / "model.onnx", how, seed)),
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


def _summary(summary: Summary, folder: Path) -> str:
    summary.save(folder / "summary.txt")
    summary.save(folder / "summary.json")
    return f"{summary.parameters:,} parameters" if isinstance(summary.parameters, int) else "shapes and costs"


def _onnx(model: Model, path: Path, how: dict[str, Any], seed: int) -> str:
    report = seeded(seed, lambda: model.export(path, **how))
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
