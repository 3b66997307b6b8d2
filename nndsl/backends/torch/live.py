"""The live module: the generated source, executed as it stands."""

from __future__ import annotations

import hashlib
import linecache
import sys
import threading
import weakref
from collections.abc import Iterable
from contextlib import nullcontext
from types import ModuleType
from typing import Any

from nndsl.backends.torch.foreign import classes, constructing, externs, first_uses, refusal
from nndsl.backends.torch.names import class_name
from nndsl.diagnostics import SpecError
from nndsl.ir.graph import Graph


def build(graph: Graph, source: str, device: Any, allow_extern: bool) -> Any:
    """An instance of the model's class. `device`: where its tensors are made; "meta" allocates none."""
    import torch

    foreign = externs(graph)
    if foreign and not allow_extern:
        raise SpecError([refusal(node) for node in first_uses(foreign)])
    known = classes(foreign)
    made = loaded(source, graph.name, known.values())
    cls = getattr(made, class_name(graph.name))
    with constructing(made, foreign, known), torch.device(device) if device is not None else nullcontext():
        return cls()


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


def loaded(source: str, name: str, known: Iterable[type] = ()) -> ModuleType:
    """The source as a Python module, one for equal sources as long as anything of it is in use. Pickling finds its
    classes in `sys.modules`, tracebacks its text in `linecache`. `known`: the classes of others that it imports; when
    their module was reloaded, it is no longer the same."""
    digest = hashlib.sha256("\0".join([source, *(str(id(cls)) for cls in known)]).encode()).hexdigest()[:16]
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
