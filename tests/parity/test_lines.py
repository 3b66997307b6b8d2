"""docs/zoo.md says how long the references are."""

from __future__ import annotations

import json

from torch import nn

from tests.parity.zoo.lines import RECORD, counted, length


class Described(nn.Module):
    """Three lines with code,

    and others."""

    # a comment
    def forward(self, x: str) -> str:
        """Not counted."""

        return f"{x}"  # counted once


def test_only_code_is_counted() -> None:
    assert length(Described) == 3


def test_the_recorded_lengths_are_those_of_the_references() -> None:
    assert json.loads(RECORD.read_text("utf-8")) == counted(), "run `python -m tests.parity.zoo.lines`"
