"""nndsl: describe a neural network in a `.nn` file; get PyTorch, ONNX, a diagram and a cost table of it.

>>> import nndsl
>>> model = nndsl.load("zoo/resnet.nn:ResNet18", classes=10)
>>> model.source()  # readable PyTorch, no import of nndsl in it
>>> model.module()  # the same source, alive
>>> model.export("resnet.onnx")  # checked, run and compared
>>> model.draw("resnet.svg")
>>> print(model.summary())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nndsl.backends.onnx.export import Report
    from nndsl.backends.summary import Summary
    from nndsl.diagnostics import Diagnostic, SpecError
    from nndsl.ir.graph import Graph
    from nndsl.model import Model, check, format_text, load, loads
    from nndsl.source import Span

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "Graph",
    "Model",
    "Report",
    "Span",
    "SpecError",
    "Summary",
    "__version__",
    "check",
    "format_text",
    "load",
    "loads",
]

_HOMES = {
    "Diagnostic": "nndsl.diagnostics",
    "Graph": "nndsl.ir.graph",
    "Model": "nndsl.model",
    "Report": "nndsl.backends.onnx.export",
    "Span": "nndsl.source",
    "SpecError": "nndsl.diagnostics",
    "Summary": "nndsl.backends.summary",
    "check": "nndsl.model",
    "format_text": "nndsl.model",
    "load": "nndsl.model",
    "loads": "nndsl.model",
}


def __getattr__(name: str) -> Any:
    """Names are imported when they are first used: `import nndsl` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nndsl' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
