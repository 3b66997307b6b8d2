"""How layers written in Python come into an ONNX file: run inside their model, held to their declared signature, and
exported by PyTorch, each for itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nndsl.backends.torch.foreign import failure
from nndsl.backends.torch.traced import Traced, trace
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph, Node
from nndsl.shapes import Dim, Facts, Size, TensorType

# How torch.export says that a size did not stay open: "You marked L['inputs'][0].size()[1] as dynamic but your code
# specialized it to be a constant (3)".
SPECIALIZED = re.compile(r"L\['inputs'\]\[(\d+)\]\.size\(\)\[(\d+)\] as dynamic but your code specialized it")
PROBES = 5  # runs of the model with different sizes


@dataclass(slots=True)
class Call:
    """One call of a layer, in a run of the model with these sizes."""

    sizes: Mapping[str, int]
    inputs: Sequence[Any]
    result: Any


class Raised(Exception):
    """A layer's own error, on its way through the layers around it."""

    def __init__(self, layer: str, problem: Exception) -> None:
        super().__init__(layer)
        self.layer = layer
        self.problem = problem


class ForeignLayers:
    """`module` is the model, `run` runs it. `floating`: what it computes in; `dtype`: what the file does."""

    def __init__(
        self,
        graph: Graph,
        module: Any,
        run: Callable[[Sequence[Any]], Any],
        *,
        floating: str,
        dtype: str,
        opset: int,
    ) -> None:
        self.graph = graph
        self.facts = graph.facts or Facts()
        self.module = module
        self.run = run
        self.floating = floating
        self.dtype = dtype
        self.opset = opset
        self.layers = dict(_layers(graph))  # by their names in the state dict
        self._runs: dict[int, dict[str, list[Call]]] = {}

    def __call__(self, layer: str, node: Node) -> Traced:
        """The ONNX graph of one use of a layer. SpecError where its class does not do what the spec says of it, or
        PyTorch cannot export it."""
        said = self.layers[layer]
        call = self._fitting(layer, node, said)
        dynamic = [[i for i, size in enumerate(type_.shape) if isinstance(size, Dim)] for type_ in _types(node)]
        try:
            found = trace(self.module.get_submodule(layer), call.inputs, dynamic, self.opset, self.dtype)
        except Exception as problem:
            raise SpecError([self._unwritten(node, said, _root(problem))]) from problem
        self._check_opset(found, said)
        self._check_sizes(found, node, said)
        if any(dynamic):
            self._check_paths(found, layer, node, said)
        return found

    # ------------------------------------------------------------ runs

    def calls(self, layer: str, which: int) -> list[Call]:
        """What the layer got and gave in a run of the model, with other sizes for another `which`."""
        if which not in self._runs:
            self._runs[which] = self._recorded(which)
        return self._runs[which][layer]

    def _recorded(self, which: int) -> dict[str, list[Call]]:
        """The model is run with inputs that suit it; where some do not, with tamer ones."""
        import numpy as np

        from nndsl.backends.onnx import feeds

        try:
            sizes = feeds.sizes(self.graph, which)
        except LookupError as problem:
            raise SpecError([self._cannot(str(problem))]) from None
        first: Exception | None = None
        for attempt in range(feeds.ATTEMPTS):
            given = feeds.inputs(self.graph, sizes, np.dtype(self.floating), abs(which), attempt)
            made: dict[str, list[Call]] = {name: [] for name in self.layers}
            try:
                with self._watched(sizes, made):
                    self.run(given)
            except SpecError:
                raise
            except Exception as problem:
                first = first or problem
                continue
            return made
        assert first is not None
        at = ", ".join(f"{name} = {size}" for name, size in sizes.items())
        if isinstance(first, Raised):
            node = self.layers[first.layer]
            raise SpecError([failure(node, f"{_title(node)} cannot be run at {at}", first.problem)]) from first.problem
        raise SpecError([self._cannot(f"PyTorch cannot run the model at {at}: {first}")]) from first

    def _cannot(self, message: str) -> Diagnostic:
        return Diagnostic("onnx-unverified", message, self.graph.span)

    @contextmanager
    def _watched(self, sizes: Mapping[str, int], made: dict[str, list[Call]]) -> Iterator[None]:
        layers = {name: self.module.get_submodule(name) for name in made}
        for name, layer in layers.items():
            layer.forward = self._watching(name, layer.forward, sizes, made[name])
        try:
            yield
        finally:
            for layer in layers.values():
                del layer.forward

    def _watching(self, name: str, forward: Any, sizes: Mapping[str, int], calls: list[Call]) -> Any:
        said = self.layers[name]

        def watched(*inputs: Any) -> Any:
            before = [x.clone() for x in inputs]  # it may change them
            try:
                call = Call(sizes, before, forward(*inputs))
            except Exception as problem:
                raise Raised(name, problem) from problem
            if self._are(before, _types(said), sizes):  # at once: what comes after may not survive it
                self._check_result(call, said, said)
            calls.append(call)
            return call.result

        return watched

    # ------------------------------------------------------------ promises

    def _fitting(self, layer: str, node: Node, said: Node) -> Call:
        """A call with this node's types, of which no size is 0 or 1: PyTorch would take those for fixed."""
        types = _types(node)
        calls = [call for which in range(2) for call in self.calls(layer, which)]
        fitting = [call for call in calls if self._are(call.inputs, types, call.sizes)]
        if not fitting:
            inputs = ", ".join(map(self._spelled, types))
            raise SpecError([failure(said, f"{_title(said)} was never called with {inputs}")])
        for call in fitting:
            self._check_result(call, node, said)
        free = [i for i, type_ in enumerate(types) for size in type_.shape if isinstance(size, Dim)]
        return max(fitting, key=lambda call: min((min(call.inputs[i].shape) for i in free), default=0))

    def _are(self, tensors: Sequence[Any], types: Sequence[TensorType], sizes: Mapping[str, int]) -> bool:
        return len(tensors) == len(types) and all(self._is(x, t, sizes) for x, t in zip(tensors, types, strict=True))

    def _is(self, tensor: Any, type_: TensorType, sizes: Mapping[str, int]) -> bool:
        dtype = self.floating if type_.dtype == "float" else type_.dtype
        return str(tensor.dtype) == f"torch.{dtype}" and tuple(tensor.shape) == self._numbers(type_.shape, sizes)

    def _numbers(self, shape: Sequence[Size], sizes: Mapping[str, int]) -> tuple[int, ...]:
        known = [self.facts.spelled(size) for size in shape]
        return tuple(size.evaluate(sizes) if isinstance(size, Dim) else size for size in known)

    def _check_result(self, call: Call, node: Node, said: Node) -> None:
        import torch

        types = [value.type for value in node.outputs]
        title = _title(said)
        got = [call.result] if isinstance(call.result, torch.Tensor) else call.result
        if not isinstance(got, (list, tuple)) or not all(isinstance(x, torch.Tensor) for x in got):
            kind = type(call.result).__name__
            raise SpecError([failure(said, f"{title} returned no tensor, or tuple of tensors, but {kind}")])
        if len(got) != len(types) or (len(types) == 1 and got is call.result):
            declared = f"{len(types)} output{'s' if len(types) > 1 else ''}"
            shape = f"{len(got)} tensor{'s' if len(got) > 1 else ''}" if got is not call.result else "a tuple"
            raise SpecError([failure(said, f"{title} returned {shape}, and its block declares {declared}")])
        for i, (tensor, type_) in enumerate(zip(got, types, strict=True), 1):
            if not self._is(tensor, type_, call.sizes):
                which = f"output {i} of {title}" if len(types) > 1 else f"what {title} returned"
                at = ", ".join(f"{name} = {size}" for name, size in call.sizes.items())
                message = f"{which} is {_shown(tensor)}, and its block declares {self._spelled(type_)}"
                raise SpecError([failure(said, f"{message}{f' with {at}' if at else ''}")])

    def _spelled(self, type_: TensorType) -> str:
        return str(type_.spell(self.facts))

    def _check_opset(self, found: Traced, said: Node) -> None:
        version = next(entry.version for entry in found.model.opset_import if entry.domain in ("", "ai.onnx"))
        if version != self.opset:
            message = f"{_title(said)} cannot be written as ONNX of opset {self.opset}"
            problem = failure(said, message)
            problem.hints.append(f"PyTorch writes it as opset {version}: `--opset {version}`")
            raise SpecError([problem])

    def _check_sizes(self, found: Traced, node: Node, said: Node) -> None:
        """What the spec leaves open is open in what was exported."""
        for port, type_ in zip(found.model.graph.input, _types(node), strict=True):
            for dim, size in zip(port.type.tensor_type.shape.dim, type_.shape, strict=True):
                if isinstance(size, Dim) and not dim.dim_param:
                    raise SpecError([self._fixed(said, size)])

    def _unwritten(self, node: Node, said: Node, problem: BaseException) -> Diagnostic:
        fixed = SPECIALIZED.search(str(problem))
        size = _types(node)[int(fixed[1])].shape[int(fixed[2])] if fixed else None
        if isinstance(size, Dim):
            return self._fixed(said, size)
        return failure(said, f"{_title(said)} cannot be written as ONNX by PyTorch", problem)

    def _fixed(self, said: Node, size: Dim) -> Diagnostic:
        spelled = self.facts.spelled(size)
        message = f"{_title(said)} cannot be written as ONNX: its Python code needs {spelled} as a number"
        problem = failure(said, message)
        names = sorted(spelled.symbols()) if isinstance(spelled, Dim) else []
        problem.hints.append(f"give it one: `{' '.join(f'--dim {name}=…' for name in names)}`")
        return problem

    def _check_paths(self, found: Traced, layer: str, node: Node, said: Node) -> None:
        """PyTorch exports one path through a layer's Python, and believes that no size is 1: where another size might
        take another path, its graph is run and compared."""
        for which in range(-1, PROBES):
            try:
                calls = self.calls(layer, which)
            except SpecError:
                continue  # the model itself cannot be run with such sizes
            for call in calls:
                if not self._are(call.inputs, _types(node), call.sizes):
                    continue
                if (which < 0 or not found.holds_for(call.inputs)) and not self._agrees(found, call):
                    at = ", ".join(f"{name} = {size}" for name, size in call.sizes.items())
                    message = f"{_title(said)}, as PyTorch exports it, computes something else at {at}"
                    problem = failure(said, message)
                    problem.hints.append("its Python code decides by a size: `--dim` fixes a size")
                    raise SpecError([problem])

    def _agrees(self, found: Traced, call: Call) -> bool:
        import onnxruntime

        from nndsl.backends.onnx.verify import TOLERANCES, difference

        if self.dtype == "bfloat16":  # onnxruntime has none on the CPU
            return True
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        names = [port.name for port in found.model.graph.input]
        arrays = [x.numpy().astype(self.dtype) if str(x.dtype) == f"torch.{self.floating}" else x.numpy()
                  for x in call.inputs]  # fmt: skip
        try:
            session = onnxruntime.InferenceSession(found.model.SerializeToString(), options)
            got = session.run(None, dict(zip(names, arrays, strict=True)))
        except Exception:
            return False
        wanted = call.result if isinstance(call.result, (list, tuple)) else [call.result]
        return all(difference(a, b.numpy()) <= TOLERANCES[self.dtype] for a, b in zip(got, wanted, strict=True))


def _types(node: Node) -> list[TensorType]:
    return [value.type for value in node.inputs if value is not None]


def _layers(graph: Graph, prefix: str = "") -> Iterator[tuple[str, Node]]:
    for label, node in graph.layers().items():
        if isinstance(node.target, Graph):
            yield from _layers(node.target, f"{prefix}{label}.")
        elif node.op.name == "Extern":
            yield prefix + label, node


def _title(node: Node) -> str:
    return node.op.heading


def _shown(tensor: Any) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


def _root(problem: BaseException) -> BaseException:
    """The exporter wraps what happened in advice about itself."""
    while problem.__cause__ is not None:
        problem = problem.__cause__
    return problem
