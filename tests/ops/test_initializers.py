"""Initialisers: what a spec may give, and the PyTorch that comes of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from nndsl.backends.torch.construct import fill
from nndsl.backends.torch.pieces import Line
from nndsl.ops.initializers import INITIALIZERS, Initializer, make_initializer
from nndsl.ops.kinds import Unfit
from nndsl.ops.say import Collect
from tests.ops.support import read_op, read_type

GIVEN: dict[str, tuple[list[Any], str]] = {
    "zeros": ([], "nn.init.zeros_(w)"),
    "ones": ([], "nn.init.ones_(w)"),
    "eye": ([], "nn.init.eye_(w)"),
    "dirac": ([2], "nn.init.dirac_(w, groups=2)"),
    "constant": ([3], "nn.init.constant_(w, 3.0)"),
    "uniform": ([-1], "nn.init.uniform_(w, a=-1.0)"),
    "normal": ([0, 0.02], "nn.init.normal_(w, std=0.02)"),
    "trunc_normal": ([0.5, 1, -1, 1], "nn.init.trunc_normal_(w, mean=0.5, a=-1.0, b=1.0)"),
    "xavier_uniform": ([2], "nn.init.xavier_uniform_(w, gain=2.0)"),
    "xavier_normal": ([], "nn.init.xavier_normal_(w)"),
    "kaiming_uniform": (
        [0, "fan_out", "relu"],
        'nn.init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu")',
    ),
    "kaiming_normal": ([0.2], "nn.init.kaiming_normal_(w, a=0.2)"),
    "orthogonal": ([], "nn.init.orthogonal_(w)"),
    "sparse": ([0.5], "nn.init.sparse_(w, 0.5)"),
}


def written(init: Initializer) -> str:
    """The statement of the generated source that fills `w`."""
    return Line([fill(init, "w")]).text()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_text_runs(name: str) -> None:
    args, text = GIVEN[name]
    made = make_initializer(name, args, {})
    assert written(made) == text
    shape = (4, 3, 3) if name == "dirac" else (4, 4)
    assert made.misfit(shape) is None
    w = nn.Parameter(torch.empty(shape))
    exec(written(made), {"nn": nn, "w": w})
    assert w.isfinite().all()


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "message"),
    [
        ("xavier", [], {}, "there is no initialiser xavier"),
        ("zeros", [1], {}, "zeros takes no arguments, and 1 are given"),
        ("normal", [0, 1, 2], {}, "normal takes at most 2 (mean, std), and 3 are given"),
        ("constant", [], {}, "constant needs val"),
        ("normal", [0], {"mean": 1}, "normal is given mean twice"),
        ("normal", [], {"sdt": 1}, "normal has no argument sdt"),
        ("normal", [], {"std": -1}, "std is at least 0, not -1.0"),
        ("normal", [], {"std": "wide"}, 'std is a number, not "wide"'),
        ("uniform", [1, 0], {}, "uniform draws from a to b, and a = 1.0 is greater than b = 0.0"),
        ("kaiming_normal", [], {"mode": "fan"}, "mode is one of fan_in, fan_out"),
        ("sparse", [2], {}, "sparsity is between 0 and 1, not 2.0"),
        ("dirac", [0], {}, "groups is at least 1, not 0"),
    ],
)
def test_mistakes(name: str, args: list[Any], kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(Unfit) as caught:
        make_initializer(name, args, kwargs)
    assert caught.value.message == message


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("rank", range(7))
def test_ranks_are_those_of_torch(name: str, rank: int) -> None:
    made = make_initializer(name, GIVEN[name][0], {})
    shape = (4,) * rank
    try:
        exec(written(made), {"nn": nn, "w": torch.empty(shape)})
        accepted = True
    except (ValueError, RuntimeError):
        accepted = False
    assert (made.misfit(shape) is None) == accepted


def test_misfit_says_what_would_fit() -> None:
    assert make_initializer("eye", [], {}).misfit((4,)) == "eye is for weights of 2 dims, and this one is [4]"
    said = make_initializer("orthogonal", [], {}).misfit((4,))
    assert said == "orthogonal is for weights of at least 2 dims, and this one is [4]"


def test_spelling_and_equality() -> None:
    made = make_initializer("normal", [], {"std": 0.02, "mean": 0})
    assert str(made) == "normal(std=0.02)"
    assert made == make_initializer("normal", [0.0, 0.02], {})
    assert hash(made) == hash(make_initializer("normal", [0.0, 0.02], {}))
    assert str(make_initializer("zeros", [], {})) == "zeros"


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        ("Linear(4, init=normal)", None),
        ("Linear(4, init=dirac)", "dirac is for weights of 3 to 5 dims, and this one is [4, 8]"),
        (
            "Linear(4, bias_init=xavier_uniform)",
            "xavier_uniform is for weights of at least 2 dims, and this one is [4]",
        ),
        ("LayerNorm(init=eye)", "eye is for weights of 2 dims, and this one is [8]"),
        ("Linear(4, bias=false, bias_init=xavier_uniform)", None),
    ],
)
def test_layers_ask_whether_it_fits(layer: str, problem: str | None) -> None:
    op, say = read_op(layer), Collect()
    assert op.initializable(read_type("[N, 8]"), say=say) == (problem is None)
    assert say.messages == ([] if problem is None else [("bad-value", problem)])
