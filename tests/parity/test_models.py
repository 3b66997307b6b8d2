"""Every model of the zoo against somebody else's implementation of it: names and shapes of the weights, answers,
gradients and statistics, in float64 where a wrong constant shows; ONNX at two sizes; the picture."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
import torch
from torch import nn

import nndsl
from tests.parity import weights
from tests.parity.zoo import CASES, COUNTED
from tests.parity.zoo.case import MODELS, Case, Tensors

# One worker builds each pair once.
EACH = [pytest.param(case, id=case.id, marks=pytest.mark.xdist_group(case.id)) for case in CASES]


@lru_cache(maxsize=2)
def pair(case: Case) -> tuple[nn.Module, nn.Module]:
    """Ours, with the weights of the reference; and the reference."""
    theirs = case.reference()
    weights.fill(theirs)
    ours = case.load(**case.settings).module()
    ours.load_state_dict(case.renamed(theirs, ours))
    return ours, theirs


def compared(ours: torch.Tensor | None, theirs: torch.Tensor | None, tolerance: float, what: str) -> None:
    assert (ours is None) == (theirs is None), what
    if ours is not None and theirs is not None:
        assert ours.shape == theirs.shape, what
        scale = float(theirs.detach().abs().max()) if theirs.numel() else 0.0
        assert float((ours - theirs).detach().abs().max()) <= tolerance * max(scale, 1e-3), what


def both(case: Case, inputs: Tensors) -> tuple[Tensors, Tensors]:
    """What is drawn at random is the same for both."""
    ours, theirs = pair(case)
    torch.manual_seed(0)
    with weights.portable_dropout():
        answer = case.named(ours(*inputs.values()))
    torch.manual_seed(0)
    with weights.portable_dropout():
        expected = case.answered(case.call(theirs, inputs), answer)
    assert sorted(answer) == sorted(expected)
    return answer, expected


def objective(answers: Tensors) -> torch.Tensor:
    """One number that depends on every entry of every answer."""
    floating = {name: value for name, value in answers.items() if value.is_floating_point()}
    parts = [torch.sum(v * weights.uniform(f"cotangent {n}", tuple(v.shape), -1, 1)) for n, v in floating.items()]
    return torch.stack(parts).sum()


@pytest.mark.parametrize("case", EACH)
def test_answers_in_single_precision(case: Case) -> None:
    for module in pair(case):
        module.float().eval()
    with torch.no_grad():
        answer, expected = both(case, case.inputs())
    for name, tensor in expected.items():
        compared(answer[name], tensor, 1e-5, name)


@pytest.mark.parametrize("case", EACH)
def test_a_training_step_in_double_precision(case: Case) -> None:
    """Answers, gradients of all parameters, and running statistics; in eval mode where training is random."""
    ours, theirs = pair(case)
    for module in (ours, theirs):
        module.double().train(case.train)
        module.zero_grad()
    inputs = {name: x.double() if x.is_floating_point() else x for name, x in case.inputs().items()}
    answer, expected = both(case, inputs)
    for name, tensor in expected.items():
        compared(answer[name], tensor, 1e-9, name)
    for answers in (answer, expected):
        objective(answers).backward()
    gradients = dict(theirs.named_parameters())
    for name, parameter in ours.named_parameters():
        compared(parameter.grad, case.counterpart(name, gradients).grad, 1e-8, f"gradient of {name}")
    statistics = dict(theirs.named_buffers())
    for name, buffer in ours.named_buffers():
        if buffer.is_floating_point() and case.their_name(name) in statistics:
            compared(buffer, case.counterpart(name, statistics), 1e-9, name)


@pytest.mark.parametrize("case", EACH)
def test_onnx_agrees_at_two_sizes(case: Case, tmp_path: Path) -> None:
    report = case.load(**case.settings).export(tmp_path / "m.onnx")
    assert report.verified


@pytest.mark.parametrize("spec", COUNTED)
def test_counts_the_parameters_of_the_full_model(spec: str) -> None:
    expected = COUNTED[spec]
    if not isinstance(expected, int):
        with torch.device("meta"):
            expected = sum(parameter.numel() for parameter in expected().parameters())
    file, model = spec.split(":")
    assert nndsl.load(f"{MODELS / file}.nn:{model}").summary().parameters == expected


@pytest.mark.parametrize("case", EACH)
def test_draws(case: Case) -> None:
    assert case.load(**case.settings).draw().startswith("<svg")
