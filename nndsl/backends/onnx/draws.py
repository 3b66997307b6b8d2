"""Random numbers in a file: what each of its generators drew in a run, and whether they draw what they should.

A file is compared with PyTorch by giving PyTorch the numbers that onnxruntime has drawn: the rest must then be equal.
That the numbers themselves follow their distribution, their moments over a large sample tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

MOMENTS = {  # mean, variance, and the variance of squared deviations
    "RandomNormalLike": (0.0, 1.0, 2.0),
    "RandomUniformLike": (0.5, 1 / 12, 1 / 180),
}
SAMPLE = 20_000  # numbers of each generator
RUNS = 200  # at most
FAR = 6.0  # deviations; by chance once in five hundred million


class Drawn:
    """A file whose draws are further outputs of it. `operators`: what draws, in the order in which it does."""

    def __init__(self, path: str | PathLike[str]) -> None:
        import onnx
        import onnxruntime

        model = onnx.load(str(path), load_external_data=False)
        if any(node.op_type in MOMENTS for function in model.functions for node in function.node):
            from onnx import inliner

            model = inliner.inline_local_functions(model)
        nodes = [node for node in model.graph.node if node.op_type in MOMENTS]
        self.operators = [node.op_type for node in nodes]
        self.results = len(model.graph.output)
        self.wanted = [output.name for output in model.graph.output] + [node.output[0] for node in nodes]
        given = {output.name for output in model.graph.output}
        for node in nodes:
            if node.output[0] not in given:
                model.graph.output.add().name = node.output[0]
        copy = Path(path).with_name(f"{Path(path).name}.draws")  # beside the file, where its weights are
        try:
            onnx.save(model, str(copy))
            self.session = onnxruntime.InferenceSession(str(copy), providers=["CPUExecutionProvider"])
        finally:
            copy.unlink(missing_ok=True)

    def run(self, feed: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """The file's outputs, and what was drawn for them."""
        found = self.session.run(self.wanted, dict(feed))
        return list(found[: self.results]), list(found[self.results :])

    def misfit(self, feed: Mapping[str, Any]) -> str | None:
        """What is wrong with the numbers: their mean, or their variance."""
        samples: list[list[Any]] = [[] for _ in self.operators]
        for _ in range(RUNS):
            for sample, drawn in zip(samples, self.run(feed)[1], strict=True):
                sample.append(np.asarray(drawn, np.float64).reshape(-1))
            if all(sum(map(len, sample)) >= SAMPLE for sample in samples):
                break
        return next(filter(None, map(_misfit, self.operators, samples)), None)


def draws(path: str | PathLike[str]) -> bool:
    """Does the file draw random numbers?"""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    return any(node.op_type in MOMENTS for node in nodes)


def _misfit(operator: str, parts: Sequence[Any]) -> str | None:
    numbers = np.concatenate(parts)
    mean, variance, spread = MOMENTS[operator]
    count = len(numbers)
    if not count:
        return None
    found = float(numbers.mean()), float(((numbers - mean) ** 2).mean())
    if abs(found[0] - mean) <= FAR * (variance / count) ** 0.5 and abs(found[1] - variance) <= FAR * (
        spread / count
    ) ** 0.5 + (FAR**2 * variance / count):
        return None
    return (
        f"{operator} draws {count:,} numbers with mean {found[0]:.3g} and variance {found[1]:.3g}, "
        f"where {mean:.3g} and {variance:.3g} are meant"
    )
