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
    from nndsl.diagnostics import Diagnostic, SpecError
    from nndsl.model import Model, check, format_text, load, loads

__version__ = "0.1.0"

__all__ = ["Diagnostic", "Model", "SpecError", "__version__", "check", "format_text", "load", "loads"]

_HOMES = {
    "Diagnostic": "nndsl.diagnostics",
    "SpecError": "nndsl.diagnostics",
    "Model": "nndsl.model",
    "check": "nndsl.model",
    "load": "nndsl.model",
    "loads": "nndsl.model",
    "format_text": "nndsl.model",
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
