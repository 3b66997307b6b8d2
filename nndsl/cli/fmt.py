"""`nndsl fmt`: one form for every spec."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from nndsl.cli.check import expand
from nndsl.cli.failures import Failed, say, stop_for
from nndsl.cli.specs import save, show, source_of
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import Unreadable
from nndsl.source import Source


@click.command("fmt")
@click.argument("targets", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option(
    "--diff", "as_diff", is_flag=True, help="Change nothing; show what would change; exit with 1 if anything."
)
def command(targets: tuple[str, ...], only_check: bool, as_diff: bool) -> None:
    """Format specs in place; `-` reads standard input and writes standard output. There are no options of style."""
    failed = changed = 0
    for target in expand(targets):
        try:
            source = source_of(target)
        except Unreadable as problem:
            failed = max(failed, stop_for(str(problem)))
            continue
        formatted = _formatted(source)
        if formatted is None:
            failed = max(failed, 1)
        elif target == "-" and not (only_check or as_diff):
            sys.stdout.write(formatted)
        elif _differs(formatted, source):
            changed += 1
            _changed(source, formatted, target, only_check, as_diff)
    if failed or (changed and (only_check or as_diff)):
        raise Failed(failed or 1)


def _differs(formatted: str, source: Source) -> bool:
    """From the file's bytes: a byte order mark is no part of the text, and not of the one form either."""
    if source.path is None:
        return formatted != source.text
    with open(source.path, "rb") as file:
        return file.read() != formatted.encode()


def _formatted(source: Source) -> str | None:
    from nndsl.syntax.format import format_source

    diagnostics = Diagnostics()
    formatted = format_source(source, diagnostics)
    if formatted is None:
        show(diagnostics.in_order())
    return formatted


def _changed(source: Source, formatted: str, target: str, only_check: bool, as_diff: bool) -> None:
    if as_diff:
        from difflib import unified_diff

        before, after = source.text.splitlines(keepends=True), formatted.splitlines(keepends=True)
        sys.stdout.writelines(_lined(unified_diff(before, after, source.name, source.name)))
    if only_check:
        say(f"would change {target}")
    elif not as_diff:
        save(target, formatted)
        say(f"formatted {target}")


def _lined(lines: Iterable[str]) -> list[str]:
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
