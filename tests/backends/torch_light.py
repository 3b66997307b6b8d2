"""Writes the source of a zoo model; a test runs it to see what that imports."""

from pathlib import Path

from nndsl.backends.torch import source
from nndsl.diagnostics import Diagnostics
from nndsl.elaborate import elaborate, open_spec
from nndsl.source import Source

text = (Path(__file__).parents[2] / "models" / "resnet.nn").read_text(encoding="utf-8")
spec = open_spec(Source(text, "resnet.nn"), Diagnostics())
graph = elaborate(spec, "ResNet18")
assert graph is not None
written = source(graph)
