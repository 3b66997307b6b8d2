"""`nndsl draw`: the diagram."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import click

from nndsl.cli.failures import say
from nndsl.cli.specs import guarded, hyper_options, open_model, output_option, target_argument
from nndsl.model import DIRECTIONS, DRAWN, FONTS, THEMES


@click.command("draw")
@target_argument
@output_option(
    "Where to write (.svg, .png, .pdf, .dot, .tex, .html); MODEL.svg when not given, `-` for SVG on standard output."
)
@hyper_options
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    help="How deep blocks are opened; when not given, small models in full, of larger ones each structure once. Closed "
    "blocks of one kind in a row are one box.",
)
@click.option(
    "--expand",
    multiple=True,
    metavar="GLOB",
    help="Open the blocks with this path, label or name at any depth: `layers.0`, attn, EncoderLayer, `*.attn`.",
)
@click.option("--collapse", multiple=True, metavar="GLOB", help="Keep these blocks closed.")
@click.option(
    "--max-nodes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Open as many levels as give at most N boxes, and of the next what fits.",
)
@click.option(
    "--wrap",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="Break a long picture into N columns, or rows when data flow to the right; not for .dot and .html.",
)
@click.option("--direction", type=click.Choice(DIRECTIONS), default="up", show_default=True, help="Where data flow.")
@click.option(
    "--theme", type=click.Choice(THEMES), default="light", show_default=True, help="Colours; paper: black on white."
)
@click.option("--font", type=click.Choice(FONTS), default="sans", show_default=True, help="Letters.")
@click.option("--labels/--no-labels", default=True, help="Whether boxes bear the names of their layers.")
def command(target: str, output: str | None, hyper: tuple[str, ...], dims: tuple[str, ...], **options: Any) -> None:
    """Draw the model."""
    from nndsl.backends.draw import CannotOpen

    if output not in (None, "-") and Path(output).suffix not in DRAWN:
        raise click.BadParameter(f"a diagram's file ends in {', '.join(DRAWN)}", param_hint="--output")
    model = open_model(target, hyper, dims, output)
    path = None if output == "-" else output or f"{model.name}.svg"
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            svg = guarded(lambda: model.draw(path, **options))
    except CannotOpen as problem:
        raise click.BadParameter(str(problem), param_hint=problem.option) from None
    for warning in told:
        say(f"warning: {warning.message}")
    if path is None:
        click.echo(svg, nl=False)
    else:
        say(path)
