"""`nndsl draw`: the diagram."""

from __future__ import annotations

from pathlib import Path

import click

from nndsl.cli.failures import say
from nndsl.cli.specs import guarded, hyper_options, open_model, output_option, target_argument
from nndsl.model import DRAWN


@click.command("draw")
@target_argument
@output_option("Where to write (.svg, .png or .dot); MODEL.svg when not given, `-` for SVG on standard output.")
@hyper_options
@click.option("--depth", type=click.IntRange(min=0), help="How deep blocks are opened; all when not given.")
def command(target: str, output: str | None, hyper: tuple[str, ...], dims: tuple[str, ...], depth: int | None) -> None:
    """Draw the model."""
    if output not in (None, "-") and Path(output).suffix not in DRAWN:
        raise click.BadParameter(f"a diagram's file ends in {', '.join(DRAWN)}", param_hint="--output")
    model = open_model(target, hyper, dims)
    if output == "-":
        click.echo(guarded(lambda: model.draw(depth=depth)), nl=False)
        return
    path = output or f"{model.name}.svg"
    guarded(lambda: model.draw(path, depth=depth))
    say(path)
