"""ONNX: ours from the IR, theirs by `torch.onnx.export(dynamo=True)` of the same module."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from benchmarks.measure import Pair, Row, in_turn, ms
from benchmarks.models import EXPORTED, inputs, load
from nndsl.backends.onnx import Options, export_model
from nndsl.backends.onnx.export import lower


def rows() -> list[Row]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in EXPORTED:
            found += _compare(name, Path(folder))
    return found


def _compare(name: str, folder: Path) -> list[Row]:
    model = load(name)
    torch.manual_seed(0)
    module = _trained(model.module()).eval()
    weights = {key: value.numpy() for key, value in module.state_dict().items()}
    ours, theirs = folder / f"{name}.onnx", folder / f"{name}_dynamo.onnx"
    example = inputs(name)

    made: list[Any] = []

    def dynamo() -> None:
        made[:] = [_dynamo(module, example)]

    graph = in_turn(lambda: lower(model.ir, Options()), dynamo, rounds=1)  # theirs takes seconds
    made.pop().save(str(theirs), external_data=False)

    blob = b"".join(np.ascontiguousarray(value).tobytes() for value in weights.values())

    def promised() -> None:
        lower(model.ir, Options())
        for _ in range(2):
            _write_raw(folder / "raw", blob)

    file = in_turn(lambda: export_model(model.ir, weights, ours), promised, rounds=5)
    nodes = [len(onnx.load(str(path), load_external_data=False).graph.node) for path in (ours, theirs)]
    loading = in_turn(lambda: _session(ours), lambda: _session(theirs), rounds=5)
    latency = _latency(ours, theirs, example)
    speed = 1 / graph.ratio
    return [
        Row(f"{name}: graph", ms(graph.ours), ms(graph.theirs), f"{speed:.0f} × faster", "≥ 50 ×", speed >= 50),
        Row(f"{name}: file, against its graph and writing the bare weight bytes twice", ms(file.ours), ms(file.theirs),
            f"{file.ratio:.2f}", "≤ 1.00", file.ratio <= 1),
        Row(f"{name}: nodes", str(nodes[0]), str(nodes[1]), f"{nodes[0] / nodes[1]:.2f}", "≤ 1.00",
            nodes[0] <= nodes[1]),
        Row(f"{name}: onnxruntime load", ms(loading.ours), ms(loading.theirs), f"{loading.ratio:.2f}",
            "≤ 1.00 within noise (5 %)", loading.ratio <= 1.05),
        Row(f"{name}: onnxruntime latency", ms(latency.ours), ms(latency.theirs), f"{latency.ratio:.2f}",
            "≤ 1.00 within noise (5 %)", latency.ratio <= 1.05),
    ]  # fmt: skip


def _trained(module: torch.nn.Module) -> torch.nn.Module:
    """No bias and no statistic is zero, as after training: an exporter may drop what adds nothing."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.ndim == 1 and tensor.is_floating_point():
                tensor.copy_(
                    torch.rand_like(tensor) + 0.5 if name.endswith("var") else tensor + 0.1 * torch.randn_like(tensor)
                )
    return module


def _dynamo(module: torch.nn.Module, example: tuple[Any, ...]) -> Any:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        batch = tuple({0: torch.export.Dim.AUTO} for _ in example)
        return torch.onnx.export(module, example, dynamo=True, verbose=False, dynamic_shapes=batch)


def _write_raw(path: Path, blob: bytes) -> None:
    with open(path, "wb") as file:
        file.write(blob)
    os.replace(path, path.with_suffix(".bin"))


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _latency(ours: Path, theirs: Path, example: tuple[Any, ...]) -> Pair:
    runs = []
    for path in (ours, theirs):
        session = _session(path)
        feed = {port.name: value.numpy() for port, value in zip(session.get_inputs(), example, strict=True)}
        runs.append(lambda session=session, feed=feed: session.run(None, feed))
    for a, b in zip(runs[0](), runs[1](), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * float(abs(b).max()))
    return in_turn(runs[0], runs[1], rounds=11)
