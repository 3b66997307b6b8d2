"""What commands share: reading FILE[:MODEL], `--set` and `--dim`, showing diagnostics."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nndsl.cli.failures import Failed, stop_for
from nndsl.cli.streams import standard_input
from nndsl.diagnostics import Diagnostic, Diagnostics, SpecError
from nndsl.elaborate import Expression, Spec, Unreadable, decode, elaborate, open_spec
from nndsl.elaborate.models import variants
from nndsl.elaborate.project import MAX_BYTES
from nndsl.files import CannotWrite
from nndsl.model import Model, choose, file_source, split_target
from nndsl.source import Source

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("text", "json", "sarif", "github")


def target_argument(function: F) -> F:
    """FILE[:MODEL]."""
    return click.argument("target", metavar="FILE[:MODEL]", shell_complete=_complete_files)(function)


def hyper_options(function: F) -> F:
    """`--set` and `--dim`."""
    chosen = click.option(
        "--set",
        "hyper",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a hyperparameter, as in the language: 10, [2, 2], ReLU.",
    )(function)
    return click.option("--dim", "dims", multiple=True, metavar="NAME=SIZE", help="Fix a symbolic dim.")(chosen)


def output_option(help: str = "Where to write; standard output when not given.") -> Callable[[F], F]:
    return click.option("-o", "--output", metavar="PATH", type=click.Path(), callback=named, help=help)


def opset_option(function: F) -> F:
    """`--opset`."""
    return click.option(
        "--opset",
        type=int,
        callback=_supported,
        help="ONNX operator set, 17 to 24; 23 when not given, 21 for models that draw random numbers.",
    )(function)


def weights_options(function: F) -> F:
    """`--weights` and `--mapping`."""
    mapping = click.option("--mapping", metavar="NAME", help="By which `weights from` of the spec --weights are named; "
                           "the one that fits when not given.")  # fmt: skip
    return click.option("--weights", metavar="PATH", type=click.Path(), callback=named,
                        help="A file of weights (.safetensors, .pt), an index of several, or their folder; initial "
                        "ones when not given.")(mapping(function))  # fmt: skip


def seed_option(function: F) -> F:
    """`--seed`."""
    return click.option("--seed", default=0, show_default=True, callback=_sown, help="Seed of the initial weights.")(
        function
    )


def _sown(ctx: click.Context, param: click.Parameter, seed: int) -> int:
    if not -(1 << 63) <= seed < 1 << 64:
        raise click.BadParameter(f"{seed} is no seed of PyTorch: they have 64 bits")
    return seed


def _supported(ctx: click.Context, param: click.Parameter, opset: int | None) -> int | None:
    if opset is not None and opset not in range(17, 25):
        raise click.BadParameter(f"{opset} is not supported: 17 to 24 are")
    return opset


def named(ctx: click.Context, param: click.Parameter, output: str | None) -> str | None:
    """An empty name, as an unset variable of a shell gives, would mean the folder one is in."""
    if output is not None and not output.strip():
        raise click.BadParameter("it is empty")
    return output


def _complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


# ---------------------------------------------------------------- reading


def source_of(path: str) -> Source:
    """A file, standard input for `-`, or a shipped model; raises Unreadable."""
    if path == "-":
        data = standard_input(MAX_BYTES)
        if len(data) > MAX_BYTES:
            raise Unreadable(f"<stdin> is larger than {MAX_BYTES >> 20} MiB")
        return decode(data, "<stdin>")
    return file_source(path)


def parse_hyper(pairs: tuple[str, ...]) -> dict[str, Any]:
    return {name: Expression(text) for name, text in (_pair(p, "--set") for p in pairs)}


def parse_dims(pairs: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for name, text in (_pair(p, "--dim") for p in pairs):
        if not text.isdecimal() or len(text) > 18 or int(text) < 1:
            raise click.BadParameter(f"{name}={text}: a dim is a whole number of at least 1", param_hint="--dim")
        found[name] = int(text)
    return found


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier() or not value.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=option)
    return name.strip(), value.strip()


def open_model(
    target: str, hyper: tuple[str, ...] = (), dims: tuple[str, ...] = (), output: str | None = None
) -> Model:
    """The one model a command works on; ends the command with its diagnostics where there are mistakes. `output`: where
    it is going to write."""
    path, wanted = split_target(target)
    if output is not None and _same(path, output):
        raise click.BadParameter(f"{output} is the spec, and would be lost", param_hint="--output")
    given, fixed = parse_hyper(hyper), parse_dims(dims)
    try:
        source = source_of(path)
    except Unreadable as problem:
        raise Failed(stop_for(str(problem))) from None
    diagnostics = Diagnostics()
    spec: Spec = open_spec(source, diagnostics)
    name = choose(spec, wanted, given)
    graph = elaborate(spec, name, hyper=given, dims=fixed) if name is not None else None
    if diagnostics.items:
        show(diagnostics.in_order())
    if graph is None or name is None:
        raise Failed(1)
    return Model(graph, diagnostics.in_order(), spec, variants(spec, name, given, fixed))


def _same(path: str, output: str) -> bool:
    try:
        return os.path.samefile(path, output)
    except (OSError, ValueError):  # one of them is not there
        return False


# ---------------------------------------------------------------- writing


def emit(text: str, output: str | None) -> None:
    """To the file, whole or not at all, or to standard output."""
    if output is None or output == "-":
        sys.stdout.write(text)
        return
    save(output, text)


def save(path: str | Path, data: str | bytes) -> None:
    from nndsl.files import write

    guarded(lambda: write(path, data))


def use_color(stream: Any) -> bool:
    """NO_COLOR and FORCE_COLOR as everywhere; else a terminal gets colour."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE"):
        return True
    return bool(stream.isatty()) and os.environ.get("TERM") != "dumb"


def show(diagnostics: list[Diagnostic]) -> None:
    """For people, on standard error."""
    from nndsl.render import text

    sys.stderr.write(text.render(diagnostics, color=use_color(sys.stderr), width=width(sys.stderr)))


def width(stream: Any) -> int:
    """`COLUMNS`, where it is set, counts for pipes and files, too."""
    import os
    import shutil

    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told):
        return int(told)
    return min(shutil.get_terminal_size((100, 24)).columns, 140) if stream.isatty() else 100


def with_weights(weights: str | None, mapping: str | None, work: Callable[[], Any]) -> Any:
    """`guarded`, with trouble about a file of weights in words."""
    if mapping is not None and weights is None:
        raise click.BadParameter("it says how the names of --weights are read", param_hint="--mapping")
    try:
        return guarded(work)
    except OSError as problem:
        if weights is None or not str(problem.filename).startswith(weights):
            raise
        raise Failed(stop_for(problem)) from None
    except ValueError as problem:
        if mapping is None or not str(problem).startswith("there is no mapping"):
            raise
        raise click.BadParameter(str(problem), param_hint="--mapping") from None


def guarded(work: Callable[[], Any]) -> Any:
    """Run; what the API raises about a spec, a file or a missing package becomes words and an exit code."""
    try:
        return work()
    except SpecError as problem:
        show(problem.diagnostics)
        raise Failed(1) from None
    except CannotWrite as problem:
        raise Failed(stop_for(str(problem))) from None
    except ImportError as problem:
        if 'pip install "nndsl[' not in str(problem):
            raise
        raise Failed(stop_for(str(problem))) from None
