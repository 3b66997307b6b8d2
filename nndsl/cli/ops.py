"""`nndsl ops`: the operators, from their own declarations."""

from __future__ import annotations

import sys
from typing import Any

import click

from nndsl.cli.failures import Failed, say
from nndsl.cli.listing import listing_option, write_json
from nndsl.ops.forms import Form
from nndsl.ops.reference import families, known, page, signature


@click.command("ops")
@click.argument("name", required=False)
@listing_option
def command(name: str | None, format_: str) -> None:
    """List all operators, or document one: `nndsl ops Conv2d`."""
    chosen = known()
    if name is not None:
        if name not in chosen:
            _unknown(name, list(chosen))
        chosen = {name: chosen[name]}
        sys.stdout.write(page(chosen[name]) if format_ == "text" else "")
    elif format_ == "text":
        _list()
    if format_ == "json":
        write_json([_record(op) for op in chosen.values()])


def _list() -> None:
    for family, operators in families():
        sys.stdout.write(f"{family.title}\n")
        for op in operators:
            sys.stdout.write(f"  {signature(op)}\n")
        sys.stdout.write("\n")


def _unknown(name: str, known: list[str]) -> None:
    from nndsl.diagnostics import Diagnostics
    from nndsl.elaborate.project import Project
    from nndsl.elaborate.scope import nearest

    home = Project(Diagnostics()).library().get(name)
    if home is not None:
        say(f"nndsl: {name} is a block of the library, written in the language: {home}")
        raise Failed(2)
    close = nearest(name, known)
    say(f"nndsl: there is no operator {name}." + (f" Did you mean {close}?" if close else " `nndsl ops` lists them."))
    raise Failed(2)


def _record(op: Any) -> dict[str, Any]:
    from nndsl.ops.schema import REQUIRED, spell_value

    if isinstance(op, Form):
        return op.record()
    return {
        "name": op.name,
        "family": op.family.name,
        "signature": signature(op),
        "documentation": (op.__doc__ or "").strip(),
        "inputs": list(op.inputs),
        "outputs": list(op.outputs),
        "parameters": [
            {
                "name": p.name,
                "type": p.kind.title,
                "default": None if p.default is REQUIRED else spell_value(p.default),
                "required": p.required,
                "documentation": p.doc,
            }
            for p in op.params.values()
        ],
        "examples": list(op.examples),
        "source": op.source,
    }
