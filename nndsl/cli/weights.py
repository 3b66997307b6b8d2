"""`nndsl weights`: the names of a model's weights, and whether a file has them."""

from __future__ import annotations

import sys
from functools import partial

import click

from nndsl.cli.failures import Failed, say
from nndsl.cli.listing import listing_option, write_json
from nndsl.cli.specs import hyper_options, open_model, show, target_argument, with_weights
from nndsl.fit.comparison import Fit
from nndsl.fit.entries import Entries, entries_of
from nndsl.fit.report import left_out, mistakes
from nndsl.model import Model
from nndsl.render.columns import visible
from nndsl.weights.choice import planned
from nndsl.weights.files import entries_in, is_weights
from nndsl.weights.plan import Plan
from nndsl.weights.stock import of_file


@click.command("weights")
@target_argument
@click.option("--check", "file", metavar="PATH", type=click.Path(),
              help="Say whether these weights fit: .safetensors, an index of several, or their folder; or .pt, .pth, "
              ".bin, for which torch is needed.")  # fmt: skip
@click.option(
    "--mapping", metavar="NAME", help="By which `weights from` of the spec; the one that fits when not given."
)
@listing_option
@hyper_options
def command(
    target: str, file: str | None, mapping: str | None, format_: str, hyper: tuple[str, ...], dims: tuple[str, ...]
) -> None:
    """List names, shapes and kinds of a model's weights, or of a .safetensors file's (FILE); or check a file against a
    model, by its header alone: exit code 1 says that it does not fit."""
    if mapping is not None and file is None:
        raise click.BadParameter("it says how the names of --check are read", param_hint="--mapping")
    if is_weights(target):
        if file is not None:
            raise click.BadParameter(f"{target} is a file of weights, and no spec", param_hint="FILE[:MODEL]")
        _list(with_weights(target, None, partial(entries_in, target)), format_)
        return
    model = open_model(target, hyper, dims)
    graph = model.ir
    if file is None:
        _list(entries_of(graph), format_)
        return
    plan = with_weights(file, mapping, lambda: planned(graph, model._spec, of_file(file), mapping, "float32"))
    told = mistakes(plan.fit, graph)
    if format_ == "json":
        from nndsl.render.json import as_object

        write_json({**plan.fit.as_object(), "diagnostics": [as_object(found) for found in told]})
    else:
        show(told)
        if plan.fit.fits:
            sys.stdout.write(_fitting(plan))
    if not plan.fit.fits:
        raise Failed(1)


def say_left_out(model: Model, weights: str | None, mapping: str | None) -> None:
    """Of weights that were loaded: what the mapping leaves out of them."""
    if weights is None:
        return
    fit = planned(model.ir, model._spec, of_file(weights), mapping, "float32").fit
    for line in left_out(fit):
        say(f'left out of {weights} by the mapping "{fit.mapping}": {visible(line)}')


def _list(entries: Entries, format_: str) -> None:
    if format_ == "json":
        write_json([{"name": n, "shape": list(e.shape), "dtype": e.dtype} for n, e in entries.items()])
        return
    shown = {visible(name): entry for name, entry in entries.items()}  # a file's names may be anything
    width = max(map(len, shown), default=0)
    for name, entry in shown.items():
        sys.stdout.write(f"{name:{width}}  {entry}\n")
    say(f"{len(entries):,} tensors, {sum(entry.elements for entry in entries.values()):,} numbers")


def _fitting(plan: Plan) -> str:
    fit: Fit = plan.fit
    through = f', by the mapping "{fit.mapping}"' if fit.mapping is not None else ""
    kinds = sorted({f"{theirs.dtype} becomes {ours.dtype}" for theirs, ours in fit.converted.values()})
    more = f"\n{len(fit.converted):,} are converted: {', '.join(kinds)}" if kinds else ""
    left = "".join(f"left out by the mapping: {visible(line)}\n" for line in left_out(fit))
    return f"{fit.path} fits {fit.model}{through}: {fit.fitting:,} tensors{more}\n{left}"
