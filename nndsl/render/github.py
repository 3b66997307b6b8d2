"""Diagnostics as GitHub workflow commands: annotations on the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from nndsl.diagnostics import Diagnostic
from nndsl.render.places import place

COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(diagnostics: Sequence[Diagnostic]) -> str:
    return "".join(_command(found) + "\n" for found in diagnostics)


def _command(found: Diagnostic) -> str:
    where = place(found.span)
    properties = {
        "file": where["file"],
        "line": where["line"],
        "col": where["column"],
        "endLine": where["end_line"],
        "endColumn": where["end_column"],
        "title": f"nndsl {found.code}",
    }
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{COMMANDS[found.severity]} {listed}::{_data(_words(found))}"


def _words(found: Diagnostic) -> str:
    """All that is said, since an annotation shows one place only."""
    others = [f"{label.span}: {label.text}" for label in found.labels if label.text]
    frames = [f"in {frame.text}, {frame.span}" for frame in found.trace]
    parts = [found.message, found.label, *others, *frames, *(f"help: {hint}" for hint in found.hints)]
    return "\n".join(part for part in parts if part)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
