"""The live module with weights of a file, or in memory: made without memory of its own, then given each tensor once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.elaborate import Spec
from nndsl.fit.entries import Entry
from nndsl.fit.report import mistakes
from nndsl.ir.graph import Graph
from nndsl.weights.choice import planned
from nndsl.weights.plan import Move, Plan
from nndsl.weights.stock import Stock


def loaded(
    graph: Graph,
    source: str,
    spec: Spec,
    stock: Stock,
    mapping: str | None,
    strict: bool,
    device: Any,
    allow_extern: bool,
) -> Any:
    """The module. Strict: SpecError where anything is missing, left over, or of another shape or kind; else what fits
    is loaded, and the rest is told as a warning."""
    import torch

    from nndsl.backends.torch import module

    made = module(graph, source, device="meta", allow_extern=allow_extern)
    state = made.state_dict()
    floating = str(torch.get_default_dtype()).removeprefix("torch.")
    more = {name: Entry(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for name, x in state.items()}
    plan = planned(graph, spec, stock, mapping, floating, more)
    if plan.fit.found.errors or (strict and not plan.fit.fits):
        raise SpecError(mistakes(plan.fit, graph))
    read = stock.open()
    _compared(plan, read)
    told = mistakes(plan.fit, graph)
    if strict and not plan.fit.fits:
        raise SpecError(told)
    if told:
        warnings.warn(_text(told), stacklevel=3)
    left = {*plan.fit.reshaped, *plan.fit.retyped}
    names = {name for name in state if name in plan.given and name not in left}
    if names != set(state) or any(name not in state for name, _ in made.named_buffers()):
        made = module(graph, source, device=device, allow_extern=allow_extern)  # what the file lacks is made as ever
        state = made.state_dict()
    place = torch.get_default_device() if device is None else torch.device(device)
    found = {
        name: tensor.to(place, state[name].dtype, copy=True, memory_format=torch.contiguous_format)
        for name, tensor in _moved(plan.moves, read)
        if name in names
    }
    made.load_state_dict(found, strict=False, assign=True)
    return made


def _compared(plan: Plan, read: Callable[[str], Any]) -> None:
    """What is left out as a copy holds the numbers of the tensor that it copies."""
    left = plan.fit.left_out
    copies = {name: its.copied for name, its in left.items() if its.copied in plan.given}
    same = {name: copied for name, copied in copies.items() if name not in plan.fit.differing}
    moves = [move for move in plan.moves if not set(move.targets).isdisjoint(same.values())]
    taken = dict(_moved(moves, read)) if same else {}
    for name, copied in same.items():
        if copied is not None and not (read(name).to(taken[copied].dtype) == taken[copied]).all():
            plan.fit.differing.add(name)


def _moved(moves: list[Move], read: Callable[[str], Any]) -> Iterator[tuple[str, Any]]:
    for move in moves:
        if move.targets:
            tensors = [read(name) for name in move.sources]
            yield from zip(move.targets, move.steps(tensors) if move.steps is not None else tensors, strict=True)


def _text(told: list[Diagnostic]) -> str:
    from nndsl.render import text

    return "\n" + text.render(told, color=False)
