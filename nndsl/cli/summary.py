"""`nndsl summary`: shapes, parameters and costs."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nndsl.cli.specs import emit, guarded, hyper_options, open_target, output_option, target_argument, use_color, width

if TYPE_CHECKING:
    from nndsl.backends.summary import Summary

FORMATS = ("table", "json", "csv", "md", "html")
FILE_WIDTH = 132


def _columns(ctx: click.Context, param: click.Parameter, given: str | None) -> list[str] | None:
    """`input,macs`: names of columns, or `all`."""
    if given is None:
        return None
    from nndsl.backends.summary.columns import COLUMNS

    names = [name.strip() for name in given.split(",") if name.strip()]
    if not names:
        raise click.BadParameter("no column is named")
    if names == ["all"]:
        return list(COLUMNS)
    for name in names:
        if name not in COLUMNS:
            raise click.BadParameter(_no_column(name, list(COLUMNS)))
    return list(dict.fromkeys(names))


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
    type=click.Choice(FORMATS),
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
@click.pass_obj
def command(
    encoding: str | None,
    target: str,
    output: str | None,
    hyper: tuple[str, ...],
    dims: tuple[str, ...],
    format_: str | None,
    columns: list[str] | None,
    depth: int | None,
) -> None:
    """Show every layer's shape, parameters and costs, and what they add up to."""
    opened = open_target(target, hyper, dims, output)
    summary = guarded(opened.model.summary)
    general = opened.general() if dims else None
    formulas = general.summary() if general is not None else None
    shown: dict[str, Any] = {"columns": columns, "depth": depth, "formulas": formulas}
    emit(_written(summary, format_ or _format_of(output), shown, output, encoding), output)


def _format_of(output: str | None) -> str:
    ending = Path(output).suffix[1:].lower() if output is not None else ""
    return ending if ending in FORMATS else "table"


def _written(summary: Summary, format_: str, shown: dict[str, Any], output: str | None, encoding: str | None) -> str:
    from nndsl.backends import summary as backend

    match format_:
        case "json":
            return as_json(summary)
        case "csv":
            return backend.csv(summary, columns=shown["columns"], depth=shown["depth"])
        case "md":
            return backend.markdown(summary, **shown)
        case "html":
            return backend.html(summary, **shown)
    if output is not None and output != "-":
        return backend.table(summary, FILE_WIDTH, **shown) + "\n"
    ascii = not _unicode(encoding)
    return backend.table(summary, width(sys.stdout), use_color(sys.stdout), ascii=ascii, **shown) + "\n"


def _unicode(encoding: str | None) -> bool:
    """Does who reads our output expect Unicode? Who does not gets signs that mean the same everywhere."""
    return encoding is None or codecs.lookup(encoding).name.startswith("utf")


def as_json(summary: Summary) -> str:
    import json

    from nndsl.backends.summary import to_json

    return json.dumps(to_json(summary), indent=2, ensure_ascii=False) + "\n"
