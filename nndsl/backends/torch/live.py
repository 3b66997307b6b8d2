"""The live module: the generated source, executed as it stands."""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType
from typing import Any

from nndsl.backends.torch.names import class_name
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph, Node


def build(graph: Graph, source: str, device: Any, allow_extern: bool) -> Any:
    """An instance of the model's class. `device`: where its tensors are made; "meta" allocates none."""
    import torch

    foreign = externs(graph)
    if foreign and not allow_extern:
        raise SpecError([_refusal(node) for node in foreign])
    cls = getattr(loaded(source, graph.name), class_name(graph.name))
    if device is None:
        return cls()
    with torch.device(device):
        return cls()


def externs(graph: Graph) -> list[Node]:
    """Where layers written in Python are used."""
    found: dict[str, Node] = {}
    for each in graph.graphs():
        for node in each.nodes:
            if not node.is_call and node.op.name == "Extern":
                found.setdefault(node.op.target, node)  # type: ignore[attr-defined]
    return list(found.values())


def _refusal(node: Node) -> Diagnostic:
    target: str = node.op.target  # type: ignore[attr-defined]
    return Diagnostic(
        "extern",
        f"{node.op.detail()} is written in Python ({target}), and running it needs your permission",
        node.span,
        label="runs code from outside this spec",
        trace=node.trace.chain() if node.trace is not None else [],
        hints=["if you trust that package: `--allow-extern`, or `allow_extern=True` in Python"],
    )


def loaded(source: str, name: str) -> ModuleType:
    """The source as a Python module, once for equal sources; `linecache` knows its text, so tracebacks
    show it."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    key = f"nndsl_generated_{digest}"
    found = sys.modules.get(key)
    if found is not None:
        return found
    filename = f"<{class_name(name)} {digest}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    made = ModuleType(key)
    made.__file__ = filename
    sys.modules[key] = made
    try:
        exec(compile(source, filename, "exec"), made.__dict__)
    except BaseException:
        del sys.modules[key]
        raise
    return made
