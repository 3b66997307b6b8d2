"""Proof that a file computes what PyTorch does: checked, run by onnxruntime at different sizes, and compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Protocol

import numpy as np

from nndsl.backends.onnx import draws, feeds
from nndsl.backends.onnx.bisect import first_difference
from nndsl.backends.onnx.rounding import agrees, is_telling, roughness
from nndsl.diagnostics import Diagnostic
from nndsl.ir.graph import Graph

# Rounding of a float32 sum of k products grows as sqrt(k) * 6e-8, which is 3e-6 for k = 2,500; a hundred layers in
# another order of summation stay below 2e-4 of the largest output, and a wrong weight, axis or constant does not.
# ONNX's attributes (an epsilon, a slope, a scale) are float32 also in a float64 model.
TOLERANCES = {"float64": 1e-6, "float32": 2e-4, "float16": 3e-2}
LAST_DIGITS = {"float64": 5e-7, "float32": 5e-7, "float16": 4e-3}  # what inputs may differ by and be the same
LEAST_SCALES = {"float16": 6e-5}  # below, numbers lose their digits
LEAST_SCALE = 1e-30
# What onnxruntime says of a kernel that it has not.
LACKING = ("NOT_IMPLEMENTED", "does not support double", "data type is not supported")


class Reference(Protocol):
    """The model in eval mode, as numpy sees it. It may also have `layers(inputs)`: each layer's result by its
    state-dict name, with which the first layer that differs is found; `variants(epsilon)`: references for the same
    function that round elsewhere, which tell what rounding alone explains; and `replaying(draws)`: a reference that
    takes random numbers from there."""

    def __call__(self, inputs: Sequence[Any]) -> Sequence[Any]: ...


@dataclass(slots=True)
class Run:
    """One run of the file, what PyTorch makes of the same inputs, and what may part the two."""

    path: str | PathLike[str]
    reference: Reference
    graph: Graph
    tolerance: float
    dtype: str
    feed: dict[str, Any]
    given: list[Any]
    wanted: Sequence[Any]
    at: str
    doubts: dict[bool, Any] = field(default_factory=dict)

    def doubt(self, layers: bool = False) -> dict[Any, Any]:
        """How far the numbers of outputs, or of layers, go astray by rounding alone; empty where nobody knows."""
        if layers not in self.doubts:
            variants = getattr(self.reference, "variants", None)
            wanted = self._results(self.reference, layers) if variants is not None else {}
            runs = variants(LAST_DIGITS[self.dtype]) if variants is not None else ()
            self.doubts[layers] = roughness(wanted, (self._results(each, layers) for each in runs))
        found: dict[Any, Any] = self.doubts[layers]
        return found

    def _results(self, reference: Any, layers: bool) -> Mapping[Any, Any]:
        """Nothing where a model cannot be run like this: exact types do not mix with double precision."""
        try:
            return reference.layers(self.given) if layers else dict(enumerate(reference(self.given)))
        except Exception:  # of PyTorch: whatever a layer raises in this precision
            return {}

    def differs(self, name: int | str, got: Any, wanted: Any) -> bool:
        """An output, or a layer by its name."""
        if difference(got, wanted, LEAST_SCALES.get(self.dtype, LEAST_SCALE)) <= self.tolerance:
            return False
        rough = self.doubt(isinstance(name, str)).get(name)
        return rough is None or not agrees(got, wanted, rough, self.tolerance)

    def is_told(self) -> bool:
        """Do the outputs say anything of the layers before them? Those that are the same everywhere do not: a head that
        begins with zeros. Neither do those that are nothing but rounding."""
        rough = self.doubts.get(False, {})
        found = enumerate(self.wanted)
        return any(_telling(y, self.tolerance) and (i not in rough or is_telling(y, rough[i])) for i, y in found)


def verify(
    path: str | PathLike[str], reference: Reference, graph: Graph, *, dtype: str = "float32", runs: int = 2
) -> list[Diagnostic]:
    """What is wrong with the file; empty where nothing is."""
    found = _invalid(path, graph)
    if found:
        return found
    values = [v for each in graph.graphs() for v in (*each.inputs, *(v for node in each.nodes for v in node.outputs))]
    computed = {value.dtype for value in values} | {dtype}
    if "bfloat16" in computed:
        message = "onnxruntime has no bfloat16 on the CPU: the file was checked, and not run"
        return [_diagnostic("onnx-unverified", message, graph, "warning")]
    session = _session(path, graph)
    if isinstance(session, Diagnostic):
        return [session]
    if draws.draws(path):
        if not hasattr(reference, "replaying"):
            message = "the file draws random numbers, which this reference cannot be given: it was checked, and not run"
            return [_diagnostic("onnx-unverified", message, graph, "warning")]
        session = draws.Drawn(path)
    tolerance = max(TOLERANCES[name] for name in computed & TOLERANCES.keys())
    for which in range(runs):
        found = _compare(session, path, reference, graph, dtype, tolerance, which)
        if found:
            return found
    return []


def difference(got: Any, wanted: Any, least: float = LEAST_SCALE) -> float:
    """The largest difference, relative to the largest number that is wanted; infinite where they cannot be compared."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    if got.shape != wanted.shape:
        return float("inf")
    if got.size == 0:
        return 0.0
    if got.dtype.kind in "biu":
        return 0.0 if np.array_equal(got, wanted) else float("inf")
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    finite = np.isfinite(wanted)
    if not np.array_equal(got[~finite], wanted[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
        return float("inf")
    if not finite.any():
        return 0.0
    scale = max(float(np.abs(wanted[finite]).max()), least)
    return float(np.abs(got[finite] - wanted[finite]).max()) / scale


def _invalid(path: str | PathLike[str], graph: Graph) -> list[Diagnostic]:
    import onnx

    try:
        onnx.checker.check_model(str(path), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as problem:
        return [_diagnostic("onnx-invalid", f"onnx.checker refuses the file: {_first_line(problem)}", graph)]
    return []


def _session(path: str | PathLike[str], graph: Graph) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # its errors are exceptions too
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        found = _diagnostic("onnx-invalid", f"onnxruntime cannot load the file: {_first_line(problem)}", graph)
        return _lacking(found, problem)


def _lacking(found: Diagnostic, problem: Exception) -> Diagnostic:
    """What onnxruntime says of a valid file that asks for a kernel it has not: when it loads it, or when it runs it."""
    if any(words in str(problem) for words in LACKING):
        found.hints.append("the file is valid, and onnxruntime cannot run it on the CPU: --no-verify keeps it")
        if any(f" {operator}(" in str(problem) for operator in draws.MOMENTS):
            found.hints.append("onnxruntime draws random numbers up to opset 21: --opset 21")
    return found


def _compare(
    session: Any,
    path: str | PathLike[str],
    reference: Reference,
    graph: Graph,
    dtype: str,
    tolerance: float,
    which: int,
) -> list[Diagnostic]:
    try:
        values = feeds.sizes(graph, which)
    except LookupError as problem:
        return [_diagnostic("onnx-unverified", str(problem), graph, "warning")]
    at = ", ".join(f"{name} = {value}" for name, value in values.items())
    at = f" at {at}" if at else ""
    tried = _tried(reference, graph, values, dtype, which)
    if isinstance(tried, Exception):
        return [_diagnostic("onnx-unverified", f"PyTorch cannot run the model{at}: {_first_line(tried)}", graph)]
    given, exact, wanted = tried
    drawn = session if isinstance(session, draws.Drawn) else None
    session = drawn.session if drawn is not None else session
    names = [i.name for i in session.get_inputs()]
    feed = {name: array for name, array in zip(names, given, strict=True) if name}
    try:
        got, numbers = drawn.run(feed) if drawn is not None else (session.run(None, feed), [])
    except Exception as problem:
        message = f"onnxruntime cannot run the file{at}: {_first_line(problem)}"
        return [_lacking(_diagnostic("onnx-invalid", message, graph), problem)]
    if drawn is not None:
        if misfit := drawn.misfit(feed):
            return [_diagnostic("onnx-mismatch", f"{misfit}{at}", graph)]
        replayed = _replayed(reference, numbers, exact, graph, at)
        if isinstance(replayed, Diagnostic):
            return [replayed]
        reference, wanted = replayed
    found = _mistyped(graph, got, wanted, dtype) or _meaningless(graph, reference, wanted, at)
    if found:
        return found
    run = Run(path, reference, graph, tolerance, dtype, feed, exact, wanted, at)
    found = _mismatches(run, got)
    if drawn is not None:  # another run, which shows the layers, draws other numbers
        return found
    if not found and which == 0 and not run.is_told():
        found = [_diagnostic("onnx-mismatch", f"ONNX and PyTorch do not compute the same{at}", graph)]
        return found if _blame(found[0], run) else []
    if found:
        _blame(found[0], run)
    return found


def _replayed(
    reference: Any, numbers: Sequence[Any], given: list[Any], graph: Graph, at: str
) -> tuple[Reference, Sequence[Any]] | Diagnostic:
    """A reference that draws what the file has drawn, and its results."""
    found = reference.replaying(numbers)
    try:
        return found, found(given)
    except LookupError as problem:
        return _diagnostic("onnx-mismatch", f"ONNX and PyTorch do not draw the same numbers{at}: {problem}", graph)


def _tried(
    reference: Reference, graph: Graph, values: Mapping[str, int], dtype: str, which: int
) -> tuple[list[Any], list[Any], Sequence[Any]] | Exception:
    """Inputs that the model runs with, best such that its results are numbers, and those results. What PyTorch has
    against sizes or numbers, it says in exceptions of every kind."""
    found: Any = None
    problem: Exception | None = None
    for attempt in range(feeds.ATTEMPTS):
        given = feeds.inputs(graph, values, np.dtype(dtype), which, attempt)
        exact = [_exact(array, dtype) for array in given]
        try:
            wanted = reference(exact)
        except Exception as said:
            problem = problem or said
            continue
        found = found or (given, exact, wanted)
        if all(np.isfinite(array).any() or not np.size(array) for array in wanted):
            return given, exact, wanted
    return found or problem or LookupError("there is nothing to try")


def _mistyped(graph: Graph, got: Any, wanted: Any, dtype: str) -> list[Diagnostic]:
    """Outputs that are not of the type that the spec gives them. PyTorch computes half precision in single."""
    ports = [port for port in graph.outputs if port.mode != "train"]
    found = []
    for port, file, module in zip(ports, got, wanted, strict=True):
        declared = dtype if port.value.dtype == "float" else port.value.dtype
        types = [declared, str(np.asarray(file).dtype), str(np.asarray(module).dtype)]
        if dtype == declared == "float16" and types[2] == "float32":
            types[2] = declared
        if len(set(types)) > 1:
            message = f"the output {port.name} is {types[0]} in the spec, {types[1]} in ONNX and {types[2]} in PyTorch"
            found.append(_diagnostic("onnx-mismatch", message, graph))
    return found


def _meaningless(graph: Graph, reference: Any, wanted: Sequence[Any], at: str) -> list[Diagnostic]:
    """Weights that are no numbers make results of which equality says nothing."""
    given = [array for array in map(np.asarray, wanted) if array.size]
    if not given or any(np.isfinite(array).any() for array in given):
        return []
    weights = getattr(reference, "weights", {}).items()
    spoilt = next((name for name, array in weights if not np.isfinite(np.asarray(array)).all()), None)
    if spoilt is None:
        return []
    message = f"PyTorch computes nothing but NaN and infinity{at}: the file was run, and there is nothing to compare"
    found = _diagnostic("onnx-unverified", message, graph, "warning")
    found.hints.append(f"{spoilt} has numbers that are not finite")
    return [found]


def _mismatches(run: Run, got: Sequence[Any]) -> list[Diagnostic]:
    ports = [port for port in run.graph.outputs if port.mode != "train"]
    found = enumerate(zip(ports, got, run.wanted, strict=True))
    return [_mismatch(run, port.name, a, b) for i, (port, a, b) in found if run.differs(i, a, b)]


def _exact(array: Any, dtype: str) -> Any:
    """What PyTorch is given where the file computes in half precision: the same numbers, in float32."""
    return array.astype(np.float32) if dtype == "float16" and array.dtype == np.float16 else array


def _telling(wanted: Any, tolerance: float) -> bool:
    """An output that is the same everywhere, as far as is looked, says nothing of the layers before."""
    numbers = np.asarray(wanted)[np.isfinite(wanted)]
    if numbers.dtype.kind in "biu":
        return bool(np.any(numbers != numbers[:1]))
    numbers = numbers.astype(np.float64)
    return bool(numbers.size and np.ptp(numbers) > tolerance * np.abs(numbers).max())


def _mismatch(run: Run, name: str, got: Any, wanted: Any) -> Diagnostic:
    gap = difference(got, wanted)
    if np.shape(got) != np.shape(wanted):
        what = f"it is {list(np.shape(got))} in onnxruntime and {list(np.shape(wanted))} in PyTorch"
    elif gap == float("inf"):
        what = "they differ in numbers that are no measure of rounding (whole numbers, infinities, NaN)"
    else:
        most = np.abs(np.asarray(got, np.float64) - np.asarray(wanted, np.float64))
        what = f"they differ by up to {np.nanmax(most):.3g}, {gap:.2g} of the largest value"
    message = f"the output {name} is not the same in ONNX and in PyTorch{run.at}: {what}"
    return _diagnostic("onnx-mismatch", message, run.graph)


def _blame(found: Diagnostic, run: Run) -> bool:
    """Names the first layer that differs, where there is one and it can be found."""
    layers = getattr(run.reference, "layers", None)
    if layers is None:
        return False
    first = first_difference(run.path, run.feed, layers(run.given), run.differs)
    if first is None:
        return False
    found.hints.append(f"the first layer that differs is {first}")
    node = locate(run.graph, first)
    if node is not None:
        found.span = node.span
        found.trace = node.trace.chain() if node.trace is not None else []
    return True


def locate(graph: Graph, layer: str) -> Any:
    """The node of a layer, by its state-dict name."""
    for node in graph.nodes:
        if node.label == layer:
            return node
        if isinstance(node.target, Graph) and layer.startswith(f"{node.label}."):
            return locate(node.target, layer[len(node.label) + 1 :]) or node
    return None


def _diagnostic(code: str, message: str, graph: Graph, severity: Any = "error") -> Diagnostic:
    return Diagnostic(code, message, graph.span, severity=severity)


def _first_line(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(problem).__name__
