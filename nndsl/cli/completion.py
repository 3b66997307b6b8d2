"""`nndsl completion SHELL`."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> None:
    """Print the completion script: `eval "$(nndsl completion bash)"`."""
    from click.shell_completion import get_completion_class

    from nndsl.cli import program

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(program, {}, "nndsl", "_NNDSL_COMPLETE").source())
