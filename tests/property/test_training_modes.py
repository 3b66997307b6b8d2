"""Random models that do other things while training, against the same statements run by hand in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

import nndsl

FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "ReLU": torch.relu,
    "Tanh": torch.tanh,
    "Sigmoid": torch.sigmoid,
    "Sin": torch.sin,
    "Abs": torch.abs,
}
NAMES = ("a", "b", "c", "h")


class Writer:
    """The same statements twice: as a spec, and as Python that keeps the training outputs in `kept`."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.known = ["x"]
        self.kept = 0
        self.spec = ["model M {", "  input x: float[N, 3]"]
        self.python = ["def f(x, training):", "    kept = []"]
        for _ in range(random.randint(4, 9)):
            random.choice((self.plain, self.chosen, self.training))()
        for name in ("y", "z"):
            spec, python = self.value()
            self.spec.append(f"  output {name} = {spec}")
            self.python.append(f"    {name} = {python}")
        self.spec.append("}")
        self.python.append("    return y, z, kept")

    def value(self) -> tuple[str, str]:
        a, b = self.random.choice(self.known), self.random.choice(self.known)
        function = self.random.choice(list(FUNCTIONS))
        return self.random.choice(
            [
                (f"({a} -> {function})", f"FUNCTIONS['{function}']({a})"),
                *[(text, text) for text in (f"{a} + {b}", f"{a} * {b}", f"{a} - 0.5 * {b}", f"{a} * 2")],
            ]
        )

    def learn(self, name: str) -> None:
        if name not in self.known:
            self.known.append(name)

    def plain(self) -> None:
        spec, python = self.value()
        name = self.random.choice(NAMES)
        self.spec.append(f"  {name} = {spec}")
        self.python.append(f"    {name} = {python}")
        self.learn(name)

    def chosen(self) -> None:
        (spec, python), (other, others) = self.value(), self.value()
        name = self.random.choice(NAMES)
        self.spec.append(f"  {name} = if training {{ {spec} }} else {{ {other} }}")
        self.python.append(f"    {name} = ({python}) if training else ({others})")
        self.learn(name)

    def training(self) -> None:
        self.spec.append("  if training {")
        self.python.append("    if training:")
        for _ in range(self.random.randint(1, 3)):
            spec, python = self.value()
            if self.random.random() < 0.4 or len(self.known) == 1:
                self.spec.append(f"    output o{self.kept} = {spec}")
                self.python.append(f"        kept.append({python})")
                self.kept += 1
            else:
                name = self.random.choice(self.known[1:])
                self.spec.append(f"    {name} = {spec}")
                self.python.append(f"        {name} = {python}")
        self.spec.append("  }")


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_both_modes_do_what_is_written(first: int) -> None:
    for seed in range(first, first + 20):
        torch.manual_seed(seed)
        written = Writer(Random(seed))
        module = nndsl.loads("\n".join(written.spec) + "\n").module()
        scope: dict[str, Any] = {"FUNCTIONS": FUNCTIONS}
        exec("\n".join(written.python), scope)
        x = torch.rand(2, 3) + 0.1
        for training in (True, False):
            y, z, kept = scope["f"](x, training)
            given = module.train(training)(x)
            wanted = {"y": y, "z": z} | {f"o{i}": value for i, value in enumerate(kept)}
            assert set(given._fields) == set(wanted) if training else not kept
            for name, value in wanted.items():
                torch.testing.assert_close(getattr(given, name), value)
