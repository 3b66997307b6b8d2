"""Positions are PyTorch's: a call that is copied from there means the same here, or is a mistake."""

from __future__ import annotations

import inspect

import pytest
import torch

from nndsl.elaborate.pasted import torch_order
from nndsl.ops import everything
from nndsl.ops.schema import Op

SHOWN = [cls for cls in everything().values() if not cls.hidden and hasattr(torch.nn, cls.name)]
IGNORED = {"inplace", "device", "dtype", "_weight", "_freeze", "recompute_scale_factor", "return_indices"}
RECURRENT = {"RNN", "LSTM", "GRU"}  # their signatures are `*args`


def theirs(cls: type[Op]) -> list[str]:
    if cls.name in RECURRENT:
        base = list(inspect.signature(torch.nn.modules.rnn.RNNBase.__init__).parameters)
        names = [n for n in base if n not in ("self", "mode")]
        return [*names[:3], "nonlinearity", *names[3:]] if cls.name == "RNN" else names
    found = inspect.signature(getattr(torch.nn, cls.name).__init__).parameters.values()
    return [p.name for p in found if p.name != "self" and p.kind is p.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize("cls", SHOWN, ids=lambda cls: cls.name)
def test_positions(cls: type[Op]) -> None:
    """What can be given without a name has PyTorch's place, or another place that only sizes have."""
    order = theirs(cls)
    ours = [p.name for p in cls.params.values() if not p.keyword]
    if cls.inferred:
        assert ours == [n for n in order if n in ours]
        assert torch_order(cls)[: len(ours) + len(cls.inferred)] == order[: len(ours) + len(cls.inferred)]
    else:
        assert ours == order[: len(ours)]


@pytest.mark.parametrize("cls", [c for c in SHOWN if c.inferred], ids=lambda cls: cls.name)
def test_sizes_alone_are_positional(cls: type[Op]) -> None:
    for declared in cls.params.values():
        assert declared.required or declared.keyword or declared.name == "stride", declared.name


def test_layers_that_infer_a_size_say_so() -> None:
    """Every layer whose PyTorch constructor asks for a size that this one does not have."""
    for cls in SHOWN:
        missing = [n for n in theirs(cls) if n not in cls.params and n not in IGNORED]
        sizes = [n for n in missing if n.startswith(("in", "num_", "embed_dim", "normalized", "kdim", "vdim"))]
        assert sizes == [size.name for size in cls.inferred], cls.name
