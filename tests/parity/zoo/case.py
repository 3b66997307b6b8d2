"""A model of the zoo beside somebody else's implementation of it: what both are built with, and what they are fed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

import nndsl
from nndsl.ir.graph import Value, returned
from tests.parity import weights

MODELS = Path(__file__).parents[3] / "models"
Tensors = dict[str, torch.Tensor]


def positional(module: nn.Module, inputs: Tensors) -> Any:
    return module(*inputs.values())


@dataclass(frozen=True, eq=False)
class Case:
    """`spec`: FILE:MODEL in `models/`. `reference` builds the other implementation at the size that `settings` (our
    hyperparameters) say, small enough to run in a test.

    `sizes`: every dim that the inputs leave open, for the comparison. `limits`: the largest whole number of an integer
    input, exclusive. `feeds`: inputs that are not plain noise. `call`: how the reference takes them. `answers`: what it
    returns, by the names of our outputs. `names`: the reference's state-dict key for each of ours, where they differ;
    `ignored`: keys of the reference that are no weights (counters, constant tables). `train`: whether a training step
    is determined by its input, so that it can be compared. `text`: a spec that imports `spec`'s file and chooses what
    `settings` cannot say, such as a layer; its model is the one named in `spec`."""

    spec: str
    reference: Callable[[], nn.Module]
    sizes: Mapping[str, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    feeds: Mapping[str, Callable[[], torch.Tensor]] = field(default_factory=dict)
    call: Callable[[nn.Module, Tensors], Any] = positional
    answers: Callable[[Any], Tensors] | None = None
    names: Callable[[str], str] | None = None
    ignored: Sequence[str] = ()
    train: bool = True
    text: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        return self.name or self.spec.split(":")[1]

    def load(self, **settings: Any) -> nndsl.Model:
        file, model = self.spec.split(":")
        if self.text:
            return nndsl.loads(self.text, model, **settings)
        return nndsl.load(f"{MODELS / file}.nn:{model}", **settings)

    def inputs(self) -> Tensors:
        """Noise between -1 and 1, or whole numbers below the limit: the same in every run."""
        return {port.name: self.fed(port) for port in self.load(dims=self.sizes, **self.settings).ir.inputs}

    def fed(self, port: Value) -> torch.Tensor:
        if port.name in self.feeds:
            return self.feeds[port.name]()
        noise = weights.uniform(port.name, tuple(int(size) for size in port.shape), -1.0, 1.0)
        match port.dtype:
            case "bool":
                return noise > 0
            case "int64" | "int":
                return ((noise + 1) / 2 * self.limits[port.name]).long()
        return noise

    def named(self, result: Any) -> Tensors:
        """Our outputs by their names, whatever form a module gives them in."""
        names = [port.name for port in returned(self.load(**self.settings).ir)]
        if isinstance(result, torch.Tensor):
            return {names[0]: result}
        return {name: value for name, value in result._asdict().items() if value is not None}

    def answered(self, result: Any, ours: Tensors) -> Tensors:
        """The reference's outputs by the names of ours."""
        if self.answers is not None:
            return self.answers(result)
        if isinstance(result, torch.Tensor):
            return {next(iter(ours)): result}
        return dict(zip(ours, result, strict=True))

    def their_name(self, name: str) -> str:
        return self.names(name) if self.names is not None else name

    def counterpart(self, name: str, theirs: Mapping[str, Any]) -> Any:
        """What the reference has for our weight `name`."""
        return theirs[self.their_name(name)]

    def renamed(self, theirs: nn.Module, ours: nn.Module) -> Tensors:
        """The reference's weights by our names: all of them, each once."""
        state = {key: value for key, value in theirs.state_dict().items() if key not in self.ignored}
        wanted = {key: self.their_name(key) for key in ours.state_dict()}
        left = set(state) - set(wanted.values())
        assert not left, f"weights of the reference that nothing here corresponds to: {sorted(left)}"
        return {key: state[name] for key, name in wanted.items()}
