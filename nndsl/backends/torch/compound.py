"""Statements of `forward` that have a body: loops over a list of layers, and `if self.training:`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nndsl.backends.torch.names import member
from nndsl.backends.torch.pieces import Code, Line
from nndsl.backends.torch.steps import Cell, Step, reshaped

if TYPE_CHECKING:
    from nndsl.backends.torch.forward import Body


def loop(body: Body, step: Step) -> None:
    body.flush()
    carried = [step.ins[i] for i in step.feeds]
    rest = [c for i, c in enumerate(step.ins) if c is not None and i not in step.feeds]
    for cell in rest:
        body.settle(cell)
    names: list[str] = []
    for source, out in zip(carried, step.outs, strict=True):
        assert source is not None
        names.append(_carry(body, source, out, names))
    each = body.local(member(step.layer.rsplit(".", 1)[-1].partition("[")[0]), names)
    fed = dict(zip(step.feeds, names, strict=True))
    texts = [fed.get(i) or c.text for i, c in enumerate(step.ins) if c is not None]
    given = ", ".join([*texts, *step.lent])
    body.lines.append(Line([f"for {each} in {step.layer}:"], body.indent))
    call = Code(f"{each}({given})", body.numbers)
    changed = step.outs[0].type if carried[0] and reshaped(carried[0], step.outs[0]) else None
    body.lines.append(Line([f"{', '.join(names)} = ", call], body.indent + 1, changed))
    for cell in rest:
        _drop(cell)
    for cell, name in zip(step.outs, names, strict=True):
        body.bind(cell, name)


def _drop(cell: Cell) -> None:
    if cell.variable:
        cell.uses -= 1
        return
    for read in cell.reads:
        read.uses -= 1


def _carry(body: Body, source: Cell, out: Cell, taken: Sequence[str]) -> str:
    """The variable that a loop updates, with its first value in it."""
    if source.variable and source.uses == 1 and source.variable not in taken:
        source.uses = 0
        return source.variable
    _drop(source)
    name = body.pick(out, [source], taken)
    if source.text != name:
        body.lines.append(Line([f"{name} = ", Code(source.text, body.numbers)], body.indent))
    return name


def switch(body: Body, steps: list[Step], at: int) -> int:
    """`if self.training:` over all neighbouring nodes that run in one mode only, and what merges
    them."""
    end = _switched(steps, at)
    part = steps[at:end]
    body.flush()
    merges = [s for s in part if s.merges]
    _hand_over(part, merges)
    inside: dict[int, int] = {}
    for step in part:
        for cell in step.ins:
            if cell is not None:
                for read in [cell] if cell.variable else cell.reads:
                    inside[id(read)] = inside.get(id(read), 0) + 1
    names: list[str] = []
    for step in merges:
        names.append(_merged(body, step, names, inside if len(merges) == 1 else {}))
    body.locked |= set(names)
    opened = _branch(body, [s for s in part if s.mode == "train"], merges, names, 0, "if self.training:")
    head = "else:" if opened else "if not self.training:"
    _branch(body, [s for s in part if s.mode == "eval"], merges, names, 1, head)
    body.locked -= set(names)
    for step, name in zip(merges, names, strict=True):
        body.bind(step.outs[0], name)
    return end


def _hand_over(part: list[Step], merges: list[Step]) -> None:
    """What a branch makes for the merged value alone bears no other name: `if training { z = … }` is about z."""
    made = {id(cell) for step in part for cell in step.outs}
    for step in merges:
        for cell in step.ins:
            if cell is not None and id(cell) in made and cell.uses == 1:
                step.outs[0].name = step.outs[0].name or cell.name
                cell.name = ""


def _merged(body: Body, step: Step, taken: Sequence[str], inside: dict[int, int]) -> str:
    """The name that both branches assign."""
    lent = [c for c in body.bound.values() if inside.get(id(c), 0) >= c.uses > 0]
    held = [c.uses for c in lent]
    for cell in lent:
        cell.uses = 0
    name = body.pick(step.outs[0], lent[:1], taken)
    for cell, uses in zip(lent, held, strict=True):
        cell.uses = uses
    return name


def _branch(body: Body, steps: list[Step], merges: list[Step], names: list[str], which: int, head: str) -> bool:
    """One side of the switch; False when nothing stands in it."""
    start = len(body.lines)
    body.indent += 1
    body.branching = True
    for step in steps:
        if not step.merges:
            body.take(step)
    chosen = [(step.outs[0], cell, name) for step, name in zip(merges, names, strict=True) if (cell := step.ins[which])]
    for _, cell, _ in chosen:
        if cell in body.pending:
            body.pending.remove(cell)
    body.flush()  # before a name that it reads is given another value
    for merged, cell, name in chosen:
        if cell.text != name:
            body.line(name, cell.text, merged, cell.reads)
        _drop(cell)
    body.indent -= 1
    body.branching = False
    if len(body.lines) == start:
        return False
    body.lines.insert(start, Line([head], body.indent))
    return True


def _switched(steps: list[Step], at: int) -> int:
    """The end of the nodes that one `if self.training:` holds: what uses a merged value comes after it."""
    end, merged = at, set[int]()
    while end < len(steps) and steps[end].switched:
        step = steps[end]
        if merged and (not step.merges or any(id(c) in merged for c in step.ins)):
            break
        if step.merges:
            merged |= {id(c) for c in step.outs}
        end += 1
    return end
