"""`nndsl ir`: the typed IR as text."""

from __future__ import annotations

import click

from nndsl.cli.specs import emit, hyper_options, open_model, output_option, target_argument


@click.command("ir")
@target_argument
@output_option()
@hyper_options
def command(target: str, output: str | None, hyper: tuple[str, ...], dims: tuple[str, ...]) -> None:
    """Print the typed IR: every block once, with the type of every value."""
    from nndsl.ir.printer import print_graph

    emit(print_graph(open_model(target, hyper, dims, output).ir), output)
