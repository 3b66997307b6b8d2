"""The live module: the generated source, executed as it stands."""

from __future__ import annotations

import hashlib
import linecache
import sys
import threading
import weakref
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


class Window(ModuleType):
    """What `sys.modules` has of a generated module: it does not keep the module, and ends with it."""

    def __init__(self, module: ModuleType, filename: str) -> None:
        super().__init__(module.__name__)
        self.__file__ = filename
        self.__dict__["__module__"] = weakref.ref(module)

    def __getattr__(self, name: str) -> Any:
        module = self.__dict__["__module__"]()
        if module is None or name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name}")
        return getattr(module, name)


_loaded: weakref.WeakValueDictionary[str, ModuleType] = weakref.WeakValueDictionary()
_lock = threading.RLock()  # a module may end whenever memory is collected, also in here


def loaded(source: str, name: str) -> ModuleType:
    """The source as a Python module, one for equal sources as long as anything of it is in use. Pickling finds its
    classes in `sys.modules`, tracebacks its text in `linecache`."""
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    key = f"nndsl_generated_{digest}"
    found = _loaded.get(key)
    if found is not None:
        return found
    filename = f"<{class_name(name)} {digest}>"
    made = ModuleType(key)
    made.__file__ = filename
    made.__dict__["__generated__"] = made  # its classes keep their globals, and so this
    exec(compile(source, filename, "exec"), made.__dict__)
    with _lock:  # only what is whole is seen by others; of several threads that made it, one is first
        found = _loaded.get(key)
        if found is not None:
            return found
        _loaded[key] = made
        window = sys.modules[key] = Window(made, filename)
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        weakref.finalize(made, _forget, window, filename).atexit = False
    return made


def _forget(window: Window, filename: str) -> None:
    with _lock:
        if sys.modules.get(window.__name__) is window:  # and not that of another module with the same source
            del sys.modules[window.__name__]
            linecache.cache.pop(filename, None)
