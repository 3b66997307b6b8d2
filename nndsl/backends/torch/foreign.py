"""Layers written in Python: found, constructed, and their mistakes told at the `extern` block that brought them in."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

from nndsl.diagnostics import Diagnostic, Label, SpecError
from nndsl.elaborate.scope import nearest
from nndsl.ir.graph import Graph, Node

_MOST = 300  # characters of a Python error that are shown


def externs(graph: Graph) -> list[Node]:
    """Where layers written in Python are used."""
    return [node for each in graph.graphs() for node in each.nodes if not node.is_call and node.op.name == "Extern"]


def first_uses(nodes: Sequence[Node]) -> list[Node]:
    """One for each class."""
    found: dict[str, Node] = {}
    for node in nodes:
        found.setdefault(_target(node), node)
    return list(found.values())


def refusal(node: Node) -> Diagnostic:
    return Diagnostic(
        "extern",
        f"{node.op.heading} is written in Python ({_target(node)}), and running it needs your permission",
        node.span,
        label="runs code from outside this spec",
        trace=_trace(node),
        hints=["if you trust that package: `--allow-extern`, or `allow_extern=True` in Python"],
    )


def failure(node: Node, message: str, problem: BaseException | None = None) -> Diagnostic:
    """What Python said of a layer, at its `extern` block."""
    span = node.places.get("target", node.span)
    found = Diagnostic("extern", message, span, labels=[Label(node.span, "used here")], trace=_trace(node))
    if span == node.span:
        found.labels = []
    if problem is not None:
        place = _place(problem)
        found.message = f"{message}: {words(problem)}{f' ({place})' if place else ''}"
    return found


def words(problem: BaseException) -> str:
    """`ValueError: k is odd`: the first line of an error."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    text = lines[0] if lines else ""
    text = text if len(text) <= _MOST else f"{text[:_MOST]} …"
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def classes(nodes: Sequence[Node]) -> dict[str, type]:
    """The class of each target. SpecError that lists those which are missing, or are no `nn.Module`."""
    found: dict[str, type] = {}
    problems: list[Diagnostic] = []
    causes: list[BaseException] = []
    for node in first_uses(nodes):
        try:
            found[_target(node)] = _class(node)
        except SpecError as problem:
            problems += problem.diagnostics
            causes += [problem.__cause__] if problem.__cause__ is not None else []
    if problems:
        raise SpecError(problems) from (causes[0] if causes else None)
    return found


def _class(node: Node) -> type:
    from torch import nn

    where, _, name = _target(node).partition(":")
    module = _imported(node, where)
    made = getattr(module, name, None)
    if made is None:
        there = [key for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)]
        close = nearest(name, there)
        found = failure(node, f"the Python module {where} has no {name}")
        found.hints += [f"did you mean {close}?"] if close else []
        raise SpecError([found])
    if not isinstance(made, type) or not issubclass(made, nn.Module):
        raise SpecError([failure(node, f"{where}:{name} is no subclass of torch.nn.Module")])
    return made


def _imported(node: Node, where: str) -> ModuleType:
    try:
        return import_module(where)
    except ModuleNotFoundError as problem:
        if problem.name is None or not f"{where}.".startswith(f"{problem.name}."):
            raise SpecError([failure(node, f"{where} cannot be imported", problem)]) from problem
        found = failure(node, f"there is no Python module {problem.name}")
        found.hints.append("install its package; where it is a file, `PYTHONPATH=FOLDER` says in which folder")
        raise SpecError([found]) from problem
    except (Exception, SystemExit) as problem:
        raise SpecError([failure(node, f"{where} cannot be imported", problem)]) from problem


@contextmanager
def constructing(generated: ModuleType, nodes: Sequence[Node], known: dict[str, type]) -> Iterator[None]:
    """What the constructors of these layers raise becomes SpecError."""
    names = {name: cls for name, cls in vars(generated).items() if cls in known.values()}
    for name, cls in names.items():
        vars(generated)[name] = _guarded(cls, [node for node in nodes if known[_target(node)] is cls])
    try:
        yield
    finally:
        vars(generated).update(names)


def _guarded(cls: type, nodes: list[Node]) -> Any:
    def make(**arguments: Any) -> Any:
        try:
            return cls(**arguments)
        except SpecError:
            raise
        except Exception as problem:
            node = next((n for n in nodes if n.op.values()["arguments"] == arguments), nodes[0])
            given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            found = failure(node, f"{cls.__name__}({given}) cannot be constructed", problem)
            if isinstance(problem, TypeError):
                found.hints.append("the block's hyperparameters go to the constructor, by name")
            raise SpecError([found]) from problem

    return make


def _place(problem: BaseException) -> str:
    """The innermost line of somebody's own code that an error went through."""
    import torch

    import nndsl

    skipped = (*torch.__path__, *nndsl.__path__, "<")
    own = [f for f in traceback.extract_tb(problem.__traceback__) if not f.filename.startswith(skipped)]
    return f"{os.path.basename(own[-1].filename)}:{own[-1].lineno}" if own else ""


def _target(node: Node) -> str:
    target: str = node.op.target  # type: ignore[attr-defined]  # of Extern
    return target


def _trace(node: Node) -> Any:
    return node.trace.chain() if node.trace is not None else []
