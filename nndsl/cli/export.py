"""`nndsl export`: ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nndsl.cli.failures import say
from nndsl.cli.specs import (
    hyper_options,
    open_model,
    opset_option,
    output_option,
    seed_option,
    show,
    target_argument,
    weights_options,
    with_weights,
)
from nndsl.cli.weights import say_left_out


@click.command("export")
@target_argument
@output_option("Where to write; MODEL.onnx when not given.")
@hyper_options
@opset_option
@click.option("--dtype", type=click.Choice(("float16", "bfloat16", "float32", "float64")), default="float32",
              show_default=True, help="What the spec's `float` becomes.")  # fmt: skip
@click.option("--functions", is_flag=True, help="Keep each block as an ONNX function.")
@click.option("--no-optimize", is_flag=True, help="Fold no batch normalisation, remove no dead code.")
@click.option("--no-verify", is_flag=True, help="Do not run the result and compare it with PyTorch.")
@click.option("--allow-extern", is_flag=True, help="Allow `extern` blocks to import and run their Python classes.")
@weights_options
@seed_option
def command(
    target: str,
    output: str | None,
    hyper: tuple[str, ...],
    dims: tuple[str, ...],
    opset: int | None,
    dtype: str,
    functions: bool,
    no_optimize: bool,
    no_verify: bool,
    allow_extern: bool,
    weights: str | None,
    mapping: str | None,
    seed: int,
) -> None:
    """Write the model as ONNX, straight from its IR, and prove it: onnxruntime and PyTorch must agree at two values of
    every dynamic dim."""
    if output == "-":
        raise click.BadParameter("ONNX is written to a file, with its weights beside it where they are large",
                                 param_hint="--output")  # fmt: skip
    model = open_model(target, hyper, dims, output)
    path = output or f"{model.name}.onnx"
    how: dict[str, Any] = {"opset": opset, "dtype": dtype, "functions": functions, "optimize": not no_optimize}
    how |= {"verify": not no_verify, "allow_extern": allow_extern, "weights": weights, "mapping": mapping}
    report = with_weights(weights, mapping, lambda: seeded(seed, lambda: model.export(path, **how)))
    show(report.notes)
    say_left_out(model, weights, mapping)
    say(described(report))


def seeded(seed: int, work: Any) -> Any:
    """Initial weights are the same in every run."""
    from nndsl.packages import need

    need("torch", "onnx", "to export ONNX")
    import torch

    torch.manual_seed(seed)
    return work()


def described(report: Any) -> str:
    size = report.bytes / 1e6
    proof = "runs in onnxruntime as in PyTorch" if report.verified else "not compared with PyTorch"
    data = f" and {Path(report.data).name}" if report.data else ""
    return f"{report.path}{data}: {report.nodes} nodes, opset {report.opset}, {size:.1f} MB; {proof}"
