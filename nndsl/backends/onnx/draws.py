"""Random numbers in a file: what each of its generators drew in a run, and whether they draw what they should.

A file is compared with PyTorch by giving PyTorch the numbers that onnxruntime has drawn: the rest must then be equal.
That the numbers themselves follow their distribution, their moments over a large sample tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

MOMENTS = {  # mean, variance, and the variance of squared deviations
    "RandomNormalLike": (0.0, 1.0, 2.0),
    "RandomUniformLike": (0.5, 1 / 12, 1 / 180),
}
SAMPLE = 20_000  # numbers of each generator
RUNS = 200  # at most
FAR = 6.0  # deviations; by chance once in five hundred million


Order: TypeAlias = "list[int | Order]"  # numbers of generators, as they draw; in a list what each step of a Scan does


class Drawn:
    """A file whose draws are further outputs of it, those of a Scan's steps stacked. `operators`: what draws."""

    def __init__(self, path: str | PathLike[str]) -> None:
        import onnx
        import onnxruntime

        model = onnx.load(str(path), load_external_data=False)
        if any(True for function in model.functions for _ in _generators(function.node)):
            from onnx import inliner

            model = inliner.inline_local_functions(model)
        self.operators: list[str] = []
        self.results = len(model.graph.output)
        self.wanted = [output.name for output in model.graph.output]
        self.order = self._collect(model.graph)
        copy = Path(path).with_name(f"{Path(path).name}.draws")  # beside the file, where its weights are
        try:
            onnx.save(model, str(copy))
            self.session = onnxruntime.InferenceSession(str(copy), providers=["CPUExecutionProvider"])
        finally:
            copy.unlink(missing_ok=True)

    def _collect(self, graph: Any) -> Order:
        """Makes the draws outputs of the graph; those of a Scan are first made outputs of its steps."""
        order: Order = []
        given = {output.name for output in graph.output}
        for node in graph.node:
            names = [node.output[0]] if node.op_type in MOMENTS else []
            if names:
                order.append(len(self.operators))
                self.operators.append(node.op_type)
                self.wanted.append(names[0])
            elif body := _body(node):
                before = len(self.operators)
                inside = self._collect(body)
                names = [f"{each}/steps" for each in self.wanted[self.results + before :]]
                self.wanted[self.results + before :] = names
                node.output.extend(names)
                for attribute in node.attribute:
                    if attribute.name in ("scan_output_axes", "scan_output_directions"):
                        attribute.ints.extend([0] * len(names))
                order.extend([inside] if names else [])
            for name in names:
                if name not in given:
                    graph.output.add().name = name
        return order

    def run(self, feed: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
        """The file's outputs, and what was drawn for them, in the order in which it was."""
        found = self._run(feed)
        return found[: self.results], list(_in_order(self.order, dict(enumerate(found[self.results :]))))

    def _run(self, feed: Mapping[str, Any]) -> list[Any]:
        return list(self.session.run(self.wanted, dict(feed)))

    def misfit(self, feed: Mapping[str, Any]) -> str | None:
        """What is wrong with the numbers: their mean, or their variance."""
        samples: list[list[Any]] = [[] for _ in self.operators]
        for _ in range(RUNS):
            for sample, drawn in zip(samples, self._run(feed)[self.results :], strict=True):
                sample.append(np.asarray(drawn, np.float64).reshape(-1))
            if all(sum(map(len, sample)) >= SAMPLE for sample in samples):
                break
        return next(filter(None, map(_misfit, self.operators, samples)), None)


def draws(path: str | PathLike[str]) -> bool:
    """Does the file draw random numbers?"""
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    return any(True for each in (model.graph, *model.functions) for _ in _generators(each.node))


def _body(node: Any) -> Any:
    """The graph of one step of a Scan."""
    return next((each.g for each in node.attribute if each.name == "body"), None) if node.op_type == "Scan" else None


def _generators(nodes: Iterable[Any]) -> Iterator[Any]:
    for node in nodes:
        if node.op_type in MOMENTS:
            yield node
        elif body := _body(node):
            yield from _generators(body.node)


def _in_order(order: Order, drawn: Mapping[int, Any]) -> Iterator[Any]:
    """All that the first step draws, then all that the second does."""
    for each in order:
        if isinstance(each, int):
            yield drawn[each]
        else:
            numbers = list(_numbers(each))
            for parts in zip(*(drawn[number] for number in numbers), strict=True):
                yield from _in_order(each, dict(zip(numbers, parts, strict=True)))


def _numbers(order: Order) -> Iterator[int]:
    for each in order:
        yield from [each] if isinstance(each, int) else _numbers(each)


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
