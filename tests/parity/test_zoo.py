"""The zoo against torchvision, held by recorded fixtures (see `generate.py`): names, shapes, first values,
answers, gradients and running statistics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import nndsl
from tests.parity import weights

MODELS = Path(__file__).parents[2] / "models"
FIXTURES = {path.stem: path for path in sorted((Path(__file__).parent / "fixtures").glob("*.json"))}


def fixture(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FIXTURES[name].read_text())
    return loaded


def load(recorded: dict[str, Any]) -> nndsl.Model:
    file, model = recorded["spec"].split(":")
    return nndsl.load(f"{MODELS / file}.nn:{model}", **recorded["settings"])


def built(recorded: dict[str, Any], device: str) -> nn.Module:
    torch.manual_seed(0)
    with torch.device(device):
        return load(recorded).module()


def having(key: str) -> list[str]:
    return [name for name, path in FIXTURES.items() if f'\n"{key}": ' in path.read_text()]


def compare_outlines(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> None:
    assert sorted(ours) == sorted(theirs)
    for name, expected in theirs.items():
        assert ours[name]["shape"] == expected["shape"], name
        assert ours[name]["norm"] == pytest.approx(expected["norm"], rel=tolerance), name
        scale = expected["norm"]
        for part in ("projections", "head"):
            assert ours[name][part] == pytest.approx(expected[part], abs=tolerance * scale), (name, part)


def compare_measures(ours: dict[str, list[float]], theirs: dict[str, list[float]], tolerance: float) -> None:
    assert sorted(ours) == sorted(theirs)
    for name, (norm, projection) in theirs.items():
        assert ours[name] == pytest.approx([norm, projection], abs=tolerance * max(norm, 1e-3)), name


@pytest.mark.parametrize("name", FIXTURES)
def test_state_dict_has_the_reference_keys_shapes_and_types(name: str) -> None:
    recorded = fixture(name)
    module = built(recorded, "meta")
    assert weights.signature(module) == recorded["state"]
    assert sum(p.numel() for p in module.parameters()) == recorded["parameters"]


@pytest.mark.parametrize("name", having("gmacs"))
def test_counts_the_published_multiply_accumulates(name: str) -> None:
    recorded = fixture(name)
    sides = {"H": 224, "W": 224} if recorded["spec"].startswith(("resnet", "googlenet")) else {}
    file, model = recorded["spec"].split(":")
    summary = nndsl.load(f"{MODELS / file}.nn:{model}", dims={"N": 1} | sides).summary()
    assert summary.parameters == recorded["parameters"]
    assert isinstance(summary.macs, int)
    assert round(summary.macs / 1e9, 3) == recorded["gmacs"]


@pytest.mark.parametrize("name", having("eval"))
def test_answers_equal_the_reference(name: str) -> None:
    """In float64, where a wrong eps or a missing rounding mode shows, and in float32."""
    recorded = fixture(name)
    module = built(recorded, "meta").to_empty(device="cpu")
    weights.fill(module)
    image = weights.picture(*recorded["input"])
    with torch.no_grad():
        single = weights.outputs_of(module.eval()(image))
    outlines = {key: weights.outline(key, value) for key, value in single.items()}
    compare_outlines(outlines, recorded["eval"]["outputs"], 1e-5)
    double = weights.observe(module, [image], train=False)
    compare_outlines(double["outputs"], recorded["eval"]["outputs"], 1e-9)


@pytest.mark.parametrize("name", having("train"))
def test_a_training_step_equals_the_reference(name: str) -> None:
    recorded = fixture(name)
    module = built(recorded, "meta").to_empty(device="cpu")
    weights.fill(module)
    seen = weights.observe(module, [weights.picture(*recorded["input"])], train=True)
    compare_outlines(seen["outputs"], recorded["train"]["outputs"], 1e-9)
    compare_measures(seen["gradients"], recorded["train"]["gradients"], 1e-8)
    compare_measures(seen["buffers"], recorded["train"]["buffers"], 1e-9)


@pytest.mark.parametrize("name", [n for n in having("first_values") if not n.startswith(("VGG", "ViTB"))])
def test_initial_values_follow_the_reference_distribution(name: str) -> None:
    """Two draws from one distribution: means and deviations agree within sampling error."""
    recorded = fixture(name)
    ours = weights.first_values(built(recorded, "cpu"))
    sizes = {key: tensor.numel() for key, tensor in built(recorded, "meta").state_dict().items()}
    assert sorted(ours) == sorted(recorded["first_values"])
    for key, (mean, deviation, largest) in recorded["first_values"].items():
        slack = 6 / sizes[key] ** 0.5
        assert ours[key][0] == pytest.approx(mean, abs=1.5 * slack * deviation + 1e-7), key
        assert ours[key][1] == pytest.approx(deviation, rel=slack, abs=1e-7), key
        if largest == 0:
            assert ours[key][2] == 0, key


def test_every_image_model_of_the_zoo_has_a_fixture() -> None:
    covered = {fixture(name)["spec"] for name in FIXTURES}
    for file in ("alexnet", "vgg", "googlenet", "resnet", "vit"):
        text = (MODELS / f"{file}.nn").read_text()
        names = {line.split()[1].split("(")[0] for line in text.splitlines() if line.startswith("model ")}
        missing = {f"{file}:{name}" for name in names} - covered - {"vgg:VGG", "resnet:ResNet"}
        assert not missing
