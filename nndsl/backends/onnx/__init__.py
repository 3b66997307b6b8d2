"""The ONNX backend: from the IR to a file, without tracing, and proof that it computes what PyTorch does."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from nndsl.backends.onnx.export import Options, Report, check_options, default_opset, export, written
from nndsl.backends.onnx.foreign import Exporter
from nndsl.backends.onnx.verify import Reference, verify
from nndsl.diagnostics import SpecError
from nndsl.ir.graph import Graph


def export_model(
    graph: Graph,
    weights: Mapping[str, Any],
    path: str | PathLike[str],
    reference: Reference | None = None,
    options: Options | None = None,
    exporter: Exporter | None = None,
) -> Report:
    """Export, and where there is a reference, verify before the file gets its name: a wrong one is never seen.
    `exporter`: of layers written in Python."""
    options = options or Options()
    with written(graph, weights, Path(path), options, exporter) as (out, report):
        if reference is not None:
            found = verify(out.temporary, reference, graph, dtype=options.dtype)
            if any(d.severity == "error" for d in found):
                raise SpecError(found)
            report.notes = found
            report.verified = not found
        out.keep()
    return report


__all__ = ["Options", "Reference", "Report", "check_options", "default_opset", "export", "export_model", "verify"]
