"""`nndsl compile`: PyTorch source."""

from __future__ import annotations

import click

from nndsl.cli.specs import emit, guarded, hyper_options, open_model, output_option, target_argument


@click.command("compile")
@target_argument
@output_option()
@hyper_options
def command(target: str, output: str | None, hyper: tuple[str, ...], dims: tuple[str, ...]) -> None:
    """Write the model as PyTorch source: a file of its own that needs only torch."""
    model = open_model(target, hyper, dims, output)
    emit(guarded(model.source), output)
