"""The command line. A command's module is imported when the command is called."""

from __future__ import annotations

import gc
import sys
from importlib import import_module

import click

from nndsl import __version__
from nndsl.cli.failures import Failed, bug, stop_for
from nndsl.cli.streams import Interrupts, prepare, silenced

COMMANDS = {
    "check": "find every mistake of a spec",
    "fmt": "put specs into the one form",
    "build": "make everything: PyTorch, ONNX, diagram, summary",
    "compile": "write the PyTorch source",
    "export": "write ONNX, run and compared with PyTorch",
    "draw": "draw the diagram (SVG, PNG, PDF, DOT, TikZ, HTML)",
    "summary": "show shapes, parameters and costs",
    "weights": "list a model's weights, check a file of them",
    "ir": "print the typed IR",
    "ops": "list the operators, or document one",
    "explain": "explain a diagnostic's code",
    "new": "start a spec",
    "completion": "print the shell's completion script",
}


class Commands(click.Group):
    """Help needs the names alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nndsl.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            from nndsl.elaborate.scope import nearest

            close = nearest(args[0], list(COMMANDS))
            if close:
                raise click.UsageError(f"there is no command {args[0]}. Did you mean {close}?", ctx) from problem
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="nndsl", message="%(prog)s %(version)s")
def program() -> None:
    """Describe neural networks in .nn files: check them, compile them to PyTorch and ONNX, draw and cost them.

    FILE is a .nn file, `-` for standard input, or FILE:MODEL where a file has several models; zoo/resnet.nn:ResNet18
    names a shipped one. Exit codes: 0 fine, 1 mistakes in the spec, 2 usage or file trouble, 101 a bug of nndsl.
    """


def run(arguments: list[str] | None = None) -> int:
    """Run the program; returns its exit code."""
    # a compiler makes many objects and drops few: looking for cycles at the usual rate costs a quarter of the time
    gc.set_threshold(500_000, 20, 20)
    code = 0
    interrupts = Interrupts()
    try:
        code = _run(arguments, prepare())
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        return silenced(code)
    except OSError as problem:
        return silenced(stop_for(problem))
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        return stop_for("there is not enough memory for this")
    except Exception as problem:  # the last line of defence: an exception here is a bug, and is reported as one
        return 130 if interrupts.any else bug(problem)
    finally:
        interrupts.forget()


def _run(arguments: list[str] | None, encoding: str) -> int:
    """`encoding` is what commands find as their context's `obj`."""
    given = sys.argv[1:] if arguments is None else arguments
    # `-:MODEL` is a target, and would be read as an option
    arguments = [f"<stdin>{text[1:]}" if text.startswith("-:") else text for text in given]
    try:
        program.main(arguments, prog_name="nndsl", standalone_mode=False, obj=encoding)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.exceptions.NoArgsIsHelpError as problem:
        problem.show()
        return 2
    except click.ClickException as problem:
        problem.show()
        return 2
    except click.Abort:
        return 130
    except Failed as failure:
        return failure.code
    except SystemExit:  # click's answer to a reader that went away
        raise BrokenPipeError from None
    return 0
