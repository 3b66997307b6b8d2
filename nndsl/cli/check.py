"""`nndsl check`: every mistake, in every file, in one run."""

from __future__ import annotations

import glob
import os
import sys
from functools import partial
from typing import Any

import click

from nndsl.backends.torch.refused import find_mistakes
from nndsl.cli import crew
from nndsl.cli.failures import Failed, stop_for
from nndsl.cli.specs import FORMATS, hyper_options, parse_dims, parse_hyper, show, source_of
from nndsl.cli.streams import silenced
from nndsl.diagnostics import Diagnostic, Diagnostics
from nndsl.elaborate import Unreadable, open_spec
from nndsl.model import split_target
from nndsl.source import Source, Span

Checked = tuple[list[Diagnostic], str | None]


@click.command("check")
@click.argument("targets", nargs=-1, required=True, metavar="FILE[:MODEL]...")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="How to show them."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is fine.")
@hyper_options
def command(targets: tuple[str, ...], format_: str, quiet: bool, hyper: tuple[str, ...], dims: tuple[str, ...]) -> None:
    """Find every mistake of the given specs, without running anything.

    FILE may be a folder (all .nn files below it), a pattern, or `-`.
    """
    found: list[Diagnostic] = []
    unreadable = False
    files = expand(targets)
    for target, (mistakes, reason) in zip(files, _all(files, parse_hyper(hyper), parse_dims(dims)), strict=True):
        found.extend(mistakes)
        if reason is not None:
            unreadable = bool(stop_for(reason))
            if format_ != "text":  # a program reads only what is on standard output
                found.append(Diagnostic("unreadable", reason, Span(Source("", split_target(target)[0]), 0, 0)))
    code = 2 if unreadable else int(any(d.severity == "error" for d in found))
    try:
        report(found, format_, quiet or unreadable, len(files))
    except BrokenPipeError:  # who read a part of it is told nonetheless
        silenced(code)
    if code:
        raise Failed(code)


def _all(files: list[str], hyper: dict[str, Any], dims: dict[str, int]) -> list[Checked]:
    work = partial(checked, hyper=hyper, dims=dims)
    if any(split_target(target)[1] is not None or target == "-" for target in files):
        return [work(target) for target in files]
    return crew.each(work, files, lambda path: os.path.getsize(path) if os.path.isfile(path) else 0)


def checked(target: str, hyper: dict[str, Any], dims: dict[str, int]) -> Checked:
    """The mistakes of one file, and why it cannot be read."""
    path, model = split_target(target)
    diagnostics = Diagnostics()
    try:
        spec = open_spec(source_of(path), diagnostics)
    except Unreadable as problem:
        return [], str(problem)
    if model is not None and model not in [m.name.id for m in spec.models()]:
        from nndsl.model import choose

        choose(spec, model)
    else:
        find_mistakes(spec, model=model, hyper=hyper, dims=dims)
    return diagnostics.in_order(), None


def expand(targets: tuple[str, ...]) -> list[str]:
    """Folders and patterns become files."""
    found: list[str] = []
    for target in targets:
        if os.path.isdir(target):
            below = sorted(glob.glob(os.path.join(glob.escape(target), "**", "*.nn"), recursive=True))
            found.extend(below or [target])  # a folder without specs is read as a file, which says what is wrong
        elif any(c in target for c in "*?[") and not os.path.exists(target):
            found.extend(sorted(glob.glob(target, recursive=True)) or [target])
        else:
            found.append(target)
    return list(dict.fromkeys(found))


def report(found: list[Diagnostic], format_: str, quiet: bool, files: int) -> None:
    if format_ == "text":
        if found:
            show(found)
        elif not quiet:
            print("no mistakes" if files == 1 else f"no mistakes in {files} files", file=sys.stderr)
        return
    from importlib import import_module

    sys.stdout.write(import_module(f"nndsl.render.{format_}").render(found))
