"""What commands share that count: for how many samples, with which optimizer, on which hardware."""

from __future__ import annotations

from typing import Any

import click

from nndsl.backends.summary import Summary
from nndsl.cli.specs import guarded
from nndsl.cost.hardware import HARDWARE
from nndsl.cost.memory import OPTIMIZERS
from nndsl.model import Model

batch_option = click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="How many samples memory and time are told for.",
)
optimizer_option = click.option(
    "--optimizer",
    type=click.Choice(list(OPTIMIZERS), case_sensitive=False),
    default="adamw",
    show_default=True,
    help="What keeps states while training.",
)
device_option = click.option(
    "--device",
    type=click.Choice(list(HARDWARE), case_sensitive=False),
    help="Estimate times on this hardware; memory is then as on it: a GPU keeps other things for the backward pass, "
    "and its optimizers take more.",
)


def counted(model: Model, **setting: Any) -> Summary:
    """The summary; a batch of a model that has none is refused in words."""
    try:
        return guarded(lambda: model.summary(**setting))  # type: ignore[no-any-return]  # of Any
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--batch") from None
