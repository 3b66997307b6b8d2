"""`export`: from the IR to an ONNX file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from nndsl.arguments import shown
from nndsl.backends.onnx import wire
from nndsl.backends.onnx.builder import Builder
from nndsl.backends.onnx.dtypes import FLOATING, Dtypes
from nndsl.backends.onnx.files import Output, output
from nndsl.backends.onnx.foreign import Exporter
from nndsl.backends.onnx.lower import Lowering
from nndsl.backends.onnx.proto import Writer
from nndsl.backends.onnx.records import Body, Tensor
from nndsl.backends.onnx.schemas import IR_VERSIONS, OPSETS
from nndsl.backends.onnx.weights import bytes_of, entries_of, stored
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.fit.tensors import entry_of, misfits
from nndsl.ir.graph import Graph
from nndsl.passes import for_inference
from nndsl.shapes import Facts

SINGLE_FILE_LIMIT = 2_000_000_000  # a protobuf message ends at 2 GiB; the graph itself needs some of that


@dataclass(slots=True)
class Options:
    """`external`: None decides by size. `threshold`: from how many bytes of weights on they are external."""

    opset: int = 23
    functions: bool = False
    optimize: bool = True
    dtype: str = "float32"
    external: bool | None = None
    threshold: int = SINGLE_FILE_LIMIT


@dataclass(slots=True)
class Report:
    """What was written. `nodes` counts those of the graph and of functions, each once."""

    path: Path
    opset: int
    ir_version: int
    nodes: int
    functions: list[str]
    weights: int
    bytes: int
    data: Path | None = None
    verified: bool = False
    notes: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class Lowered:
    """A graph in memory: `model` without its weights, `tensors` which weights it has."""

    graph: Graph
    model: Any
    dtypes: Dtypes
    bodies: list[Body]

    def tensors(self) -> list[Tensor]:
        return list(self.bodies[-1].weights.values())

    def constants(self) -> list[Tensor]:
        return list(self.bodies[-1].constants.values())


def lower(graph: Graph, options: Options, exporter: Exporter | None = None) -> Lowered:
    """The graph's nodes as ONNX; SpecError for what ONNX cannot say. `exporter`: of layers written in Python."""
    check_options(graph, options)
    graph = for_inference(graph, optimize=options.optimize)
    dtypes = Dtypes(options.dtype)
    builder = Builder(options.opset, dtypes, graph.facts or Facts(), options.optimize)
    builder.exporter = exporter
    lowering = Lowering(graph, builder, options.functions)
    body = lowering.run()
    functions = lowering.bodies()
    model = Writer(graph, dtypes, options.opset, IR_VERSIONS[options.opset]).model(body, functions)
    return Lowered(graph, model, dtypes, [*functions, body])


@contextmanager
def written(
    graph: Graph, weights: Mapping[str, Any], path: Path, options: Options, exporter: Exporter | None = None
) -> Iterator[tuple[Output, Report]]:
    """The files under temporary names: whoever calls decides whether to keep them."""
    lowered = lower(graph, options, exporter)
    layers = tuple(f"{name}." for name in exporter.layers) if exporter is not None else ()
    foreign = {key: weights[key] for key in weights if str(key).startswith(layers)}  # only Python knows which there are
    held = dict(graph.weights())
    if problems := misfits(graph, entries_of(held) | {key: entry_of(w) for key, w in foreign.items()}, weights):
        raise SpecError(problems)
    size = bytes_of(held, lowered.dtypes) + sum(weight.nbytes for weight in foreign.values())
    external = options.external if options.external is not None else size >= options.threshold
    with output(path, external) as out:
        _write(lowered, weights, out)
        yield out, _report(lowered, out, options)


def export(
    graph: Graph,
    weights: Mapping[str, Any],
    path: str | PathLike[str],
    *,
    opset: int = 23,
    functions: bool = False,
    optimize: bool = True,
    dtype: str = "float32",
    external: bool | None = None,
) -> Report:
    """Write `graph` with `weights` (numpy arrays by state-dict key) to `path`. SpecError or CannotWrite where
    that cannot be done; then nothing is left behind."""
    options = Options(opset, functions, optimize, dtype, external)
    with written(graph, weights, Path(path), options) as (out, report):
        out.keep()
    return report


def default_opset(graph: Graph) -> int:
    """23, and where random numbers are drawn the last whose generators onnxruntime has."""
    nodes = [node for each in for_inference(graph).graphs() for node in each.nodes]
    return 21 if any(not node.is_call and node.op.random for node in nodes) else 23


def check_options(graph: Graph, options: Options) -> None:
    """SpecError for what cannot be written."""
    if options.opset not in OPSETS:
        message = f"opset {shown(options.opset)} is not supported: {OPSETS[0]} to {OPSETS[-1]} are"
        raise SpecError([Diagnostic("onnx-opset", message, graph.span)])
    if options.dtype not in FLOATING:
        message = f"{options.dtype} is no floating type: there are {', '.join(FLOATING)}"
        raise SpecError([Diagnostic("onnx-dtype", message, graph.span)])


def _write(lowered: Lowered, weights: Mapping[str, Any], out: Output) -> None:
    model = lowered.model
    for tensor in lowered.constants():
        number = lowered.dtypes.number(tensor.dtype)
        model.graph.initializer.append(wire.tensor_proto(tensor.name, number, tensor.array))
    parts = stored(lowered.tensors(), weights, lowered.dtypes)
    if out.data:
        with out.open(out.data) as file:
            model.graph.initializer.extend(wire.write_external(file, out.data, parts))
        parts = []
    with out.open() as file:
        wire.write_single(file, model, parts)


def _report(lowered: Lowered, out: Output, options: Options) -> Report:
    return Report(
        path=out.shown,
        opset=options.opset,
        ir_version=lowered.model.ir_version,
        nodes=sum(len(body.steps) for body in lowered.bodies),
        functions=[body.name for body in lowered.bodies[:-1]],
        weights=len(lowered.tensors()),
        bytes=out.size(),
        data=out.shown.with_name(out.data) if out.data else None,
    )
