"""Commands that list something, for people or for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def listing_option(function: F) -> F:
    """`--format`: text or JSON."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="How to show it.",
    )(function)


def write_json(record: Any) -> None:
    """To standard output."""
    sys.stdout.write(json.dumps(record, indent=2) + "\n")
