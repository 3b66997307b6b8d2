"""`nndsl summary`: shapes, parameters and costs."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import Any

import click

from nndsl.backends.summary import ENDINGS, FORMATS, Summary, table, written
from nndsl.backends.summary.columns import COLUMNS
from nndsl.cli.costs import batch_option, counted, device_option, optimizer_option
from nndsl.cli.specs import emit, hyper_options, open_model, output_option, target_argument, use_color, width
from nndsl.cost.memory import DTYPES


def _columns(ctx: click.Context, param: click.Parameter, given: str | None) -> list[str] | None:
    """`input,macs`: names of columns, or `all`."""
    if given is None:
        return None
    names = [name.strip().lower() for name in given.split(",") if name.strip()]
    if not names:
        raise click.BadParameter("no column is named")
    if names == ["all"]:
        return names
    for name in names:
        if name not in COLUMNS:
            raise click.BadParameter(_no_column(name, list(COLUMNS)))
    return list(dict.fromkeys(names))


def _timed(columns: list[str] | None, device: str | None) -> list[str] | None:
    """Times are of a device."""
    if columns == ["all"]:
        return [name for name in COLUMNS if name != "time" or device is not None]
    if columns is not None and "time" in columns and device is None:
        raise click.BadParameter("the column time needs --device", param_hint="--columns")
    return columns


def _no_column(name: str, known: list[str]) -> str:
    from nndsl.elaborate.scope import nearest

    close = nearest(name, known)
    hint = f"did you mean {close}? " if close else ""
    return f"there is no column {name}: {hint}There are {', '.join(known)}".replace(": There", ". There")


@click.command("summary")
@target_argument
@output_option()
@hyper_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS, case_sensitive=False),
    help="How to show it; when not given, what the output's ending says, or a table.",
)
@click.option(
    "--columns",
    metavar="NAME,…",
    callback=_columns,
    help="Which columns follow the layer and its type, in this order; `all` for all of them.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    help="How deep blocks are opened; all when not given. HTML has all, and opens so many at first.",
)
@batch_option
@click.option(
    "--dtype",
    type=click.Choice(DTYPES, case_sensitive=False),
    default="float32",
    show_default=True,
    help="What the spec's `float` stands for.",
)
@optimizer_option
@device_option
@click.pass_obj
def command(
    encoding: str | None,
    /,
    target: str,
    output: str | None,
    hyper: tuple[str, ...],
    dims: tuple[str, ...],
    format_: str | None,
    columns: list[str] | None,
    depth: int | None,
    **setting: Any,
) -> None:
    """Show every layer's shape, parameters and costs, and what a batch takes to run and to train."""
    columns = _timed(columns, setting["device"])
    model = open_model(target, hyper, dims, output)
    format_ = format_ or _format_of(output)
    summary = counted(model, **setting)
    shown: dict[str, Any] = {"columns": columns, "depth": depth}
    emit(_written(summary, format_, shown, output, encoding), output)


def _format_of(output: str | None) -> str:
    """A file whose name has no ending holds a table."""
    ending = Path(output).suffix.lower() if output is not None else ""
    if not ending:
        return "table"
    if ending not in ENDINGS:
        known = ", ".join(ENDINGS)
        raise click.BadParameter(f"a summary's file ends in {known}, or --format says its format", param_hint="-o")
    return ENDINGS[ending]


def _written(summary: Summary, format_: str, shown: dict[str, Any], output: str | None, encoding: str | None) -> str:
    if format_ != "table" or output not in (None, "-"):
        return written(summary, format_, **shown)
    ascii = not _unicode(encoding)
    return table(summary, width(sys.stdout), use_color(sys.stdout), ascii=ascii, **shown) + "\n"


def _unicode(encoding: str | None) -> bool:
    """Does who reads our output expect Unicode? Who does not gets signs that mean the same everywhere."""
    return encoding is None or codecs.lookup(encoding).name.startswith("utf")
