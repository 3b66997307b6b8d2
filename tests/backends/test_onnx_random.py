"""Random models of operators that only move, cut and combine values: what the backend makes less of stays right."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import nndsl

pytest.importorskip("onnxruntime")

Sizes = list[int | str]
Step = Callable[["Spec", str, Sizes], "tuple[str, Sizes] | None"]
SEEDS = range(40)


class Spec:
    """Lines of a model, and its values so far with their sizes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.values: list[tuple[str, Sizes]] = [(name, ["B", "T", 4, 6]) for name in "xz"] + [("w", ["B", 4])]
        self.lines = [f"input {name}: float[{', '.join(map(str, sizes))}]" for name, sizes in self.values]

    def grow(self) -> None:
        name, sizes = self.random.choice(self.values[-5:])
        made = self.random.choice(STEPS)(self, name, sizes)
        if made is not None:
            self.lines.append(f"v{len(self.values)} = {made[0]}")
            self.values.append((f"v{len(self.values)}", made[1]))

    def text(self) -> str:
        made = self.values[3:] or self.values
        outputs = self.random.sample(made, min(len(made), 3))
        lines = [*self.lines, *(f"output y{i} = {name}" for i, (name, _) in enumerate(outputs))]
        return "model M {\n  " + "\n  ".join(lines) + "\n}\n"

    def axis(self, sizes: Sizes, fits: Callable[[int | str], bool] = lambda size: True) -> int | None:
        found = [i for i, size in enumerate(sizes) if fits(size)]
        return self.random.choice(found) if found else None

    def alike(self, sizes: Sizes) -> str:
        return self.random.choice([name for name, others in self.values if others == sizes])


def known(size: int | str) -> bool:
    return isinstance(size, int)


def unsqueeze(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.random.randrange(len(sizes) + 1)
    return (f"{x} -> Unsqueeze({at})", [*sizes[:at], 1, *sizes[at:]]) if len(sizes) < 6 else None


def squeeze(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.axis(sizes, lambda size: size == 1)
    return None if at is None or len(sizes) < 2 else (f"{x} -> Squeeze({at})", sizes[:at] + sizes[at + 1 :])


def permute(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    order = spec.random.sample(range(len(sizes)), len(sizes))
    return f"{x} -> Permute({', '.join(map(str, order))})", [sizes[i] for i in order]


def concat(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.axis(sizes, known)
    if at is None:
        return None
    return f"({x}, {spec.alike(sizes)}) -> Concat(dim={at})", [*sizes[:at], 2 * sizes[at], *sizes[at + 1 :]]  # type: ignore[list-item]


def stack(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.random.randrange(len(sizes) + 1)
    made = f"({x}, {spec.alike(sizes)}) -> Stack(dim={at})"
    return (made, [*sizes[:at], 2, *sizes[at:]]) if len(sizes) < 6 else None


def entry(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.axis(sizes, known)
    if at is None or len(sizes) < 2:
        return None
    index = spec.random.randrange(-int(sizes[at]), int(sizes[at]))
    return f"{x}[{', '.join([':'] * at + [str(index)])}]", sizes[:at] + sizes[at + 1 :]


def cut(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.axis(sizes, lambda size: known(size) and size != 1)
    if at is None:
        return None
    first = spec.random.randrange(int(sizes[at]))
    last = spec.random.randrange(first + 1, int(sizes[at]) + 1)
    return f"{x}[{', '.join([':'] * at + [f'{first}:{last}'])}]", [*sizes[:at], last - first, *sizes[at + 1 :]]


def new_axes(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    return (f"{x}[none, ..., none]", [1, *sizes, 1]) if len(sizes) < 5 else None


def turn(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.random.randrange(len(sizes))
    return f"{x} -> {spec.random.choice([f'Roll({spec.random.randint(-3, 3)}, {at})', f'Flip({at})'])}", sizes


def flatten(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.random.randrange(max(len(sizes) - 1, 1))
    if len(sizes) < 3 or not (known(sizes[at]) and known(sizes[at + 1])):
        return None
    return f"{x} -> Flatten({at}, {at + 1})", [*sizes[:at], sizes[at] * sizes[at + 1], *sizes[at + 2 :]]  # type: ignore[operator]


def arithmetic(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    return f"{x} {spec.random.choice('+-*')} {spec.random.choice([spec.alike(sizes), '2'])}", sizes


def mean(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    at = spec.random.randrange(len(sizes))
    return (f"{x} -> Mean(dim={at})", sizes[:at] + sizes[at + 1 :]) if len(sizes) > 1 else None


def einsum(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    letters = "abcdef"[: len(sizes)]
    kept = spec.random.sample(letters, len(letters) - spec.random.randint(0, min(1, len(letters) - 1)))
    made = f'({x}, {spec.alike(sizes)}) -> Einsum("{letters},{letters}->{"".join(kept)}")'
    return made, [sizes[letters.index(letter)] for letter in kept]


def products(spec: Spec, x: str, sizes: Sizes) -> tuple[str, Sizes] | None:
    made = f'({x}, {spec.alike(sizes)}) -> Einsum("...ij,...kj->...{spec.random.choice(["ik", "ki"])}")'
    return (made, [*sizes[:-1], sizes[-2]]) if 1 < len(sizes) < 5 else None


STEPS: list[Step] = [
    unsqueeze, squeeze, permute, concat, stack, entry, cut, new_axes, turn, flatten, arithmetic, mean, einsum, products
]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_model(seed: int, tmp_path: Path) -> None:
    spec = Spec(seed)
    while len(spec.lines) < 11:
        spec.grow()
    options = [{}, {}, {"opset": 17}, {"optimize": False}][seed % 4]
    assert nndsl.loads(spec.text()).export(tmp_path / "m.onnx", **options).verified, spec.text()  # type: ignore[arg-type]
