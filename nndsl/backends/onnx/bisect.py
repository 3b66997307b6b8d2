"""Where two backends part: the first layer whose result differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

_LAYER = "nndsl.layer"


def first_difference(
    path: str | PathLike[str],
    feed: Mapping[str, Any],
    layers: Mapping[str, Any],
    differs: Callable[[str, Any, Any], bool],
) -> str | None:
    """The file is run again with the results of all layers as outputs; `layers` holds what they should be."""
    names = _results(path, layers)
    if not names:  # onnxruntime would take an empty list for all outputs
        return None
    for layer, got in zip(names, _run(path, list(names.values()), feed), strict=True):
        wanted = np.asarray(layers[layer])
        if got.shape == wanted.shape and differs(layer, got, wanted):
            return layer
    return None


def _results(path: str | PathLike[str], layers: Mapping[str, Any]) -> dict[str, str]:
    """The value that holds each layer's result: what the last of its nodes gives."""
    import onnx

    found: dict[str, str] = {}
    for node in onnx.load(str(path), load_external_data=False).graph.node:
        layer = next((p.value for p in node.metadata_props if p.key == _LAYER), "")
        if layer in layers:
            found.pop(layer, None)
            found[layer] = next(filter(None, node.output))
    return found


def _run(path: str | PathLike[str], names: list[str], feed: Mapping[str, Any]) -> list[Any]:
    import onnx
    import onnxruntime

    model = onnx.load(str(path), load_external_data=False)
    outputs = {output.name for output in model.graph.output}
    for name in names:
        if name not in outputs:
            model.graph.output.add().name = name
    copy = Path(path).with_name(f"{Path(path).name}.layers")
    try:
        onnx.save(model, str(copy))
        session = onnxruntime.InferenceSession(str(copy), providers=["CPUExecutionProvider"])
        return list(session.run(names, dict(feed)))
    finally:
        copy.unlink(missing_ok=True)
