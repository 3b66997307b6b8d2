"""`nndsl summary`: shapes, parameters and costs."""

from __future__ import annotations

import sys

import click

from nndsl.cli.specs import emit, guarded, hyper_options, open_model, output_option, target_argument, use_color, width


@click.command("summary")
@target_argument
@output_option()
@hyper_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="How to show it.",
)
def command(target: str, output: str | None, hyper: tuple[str, ...], dims: tuple[str, ...], format_: str) -> None:
    """Show every layer's shape, parameters and multiply-accumulates."""
    summary = guarded(open_model(target, hyper, dims, output).summary)
    if format_ == "json":
        emit(as_json(summary), output)
        return
    from nndsl.backends.summary import table

    color = output is None and use_color(sys.stdout)
    emit(table(summary, width=width(sys.stdout) if output is None else 132, color=color) + "\n", output)


def as_json(summary: object) -> str:
    import json

    from nndsl.backends.summary import to_json

    return json.dumps(to_json(summary), indent=2, ensure_ascii=False) + "\n"  # type: ignore[arg-type]
