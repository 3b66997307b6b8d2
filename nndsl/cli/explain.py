"""`nndsl explain CODE`."""

from __future__ import annotations

import sys

import click

from nndsl.cli.failures import Failed, say
from nndsl.cli.specs import use_color


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a diagnostic's code, with an example; without CODE, list them."""
    from nndsl.render import explanations

    codes = explanations.codes()
    if code is None:
        sys.stdout.write("\n".join(codes) + "\n")
        return
    page = explanations.page(code)
    if page is None:
        from nndsl.elaborate.scope import nearest

        close = nearest(code, codes)
        say(
            f"nndsl: there is no code {code}."
            + (f" Did you mean {close}?" if close else " `nndsl explain` lists them.")
        )
        raise Failed(2)
    if use_color(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=100, soft_wrap=False).print(Markdown(page))
        return
    sys.stdout.write(page if page.endswith("\n") else page + "\n")
