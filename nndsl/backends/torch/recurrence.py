"""`for t in range(…):` over the steps of a recurrence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.backends.torch.pieces import Code, Line
from nndsl.backends.torch.steps import Cell, Step
from nndsl.ir import loops
from nndsl.ops.emit import Text

if TYPE_CHECKING:
    from nndsl.backends.torch.forward import Body

INDEX = "t"  # what `StepOf` writes


def recur(body: Body, steps: list[Step]) -> None:
    """All of `forward` but its `return`: the loop, and what its results are called."""
    joined = [step for step in steps if _is(step, "Steps")]
    made = {id(step.outs[0]) for step in joined}
    states = [cell for _, cell in body.flow.outputs if id(cell) not in made]
    names = body.arguments[: len(states)]
    for cell, name in zip(states, names, strict=True):
        cell.name = cell.name or name
    body.locked |= {*body.arguments[len(states) :]}
    lists: list[str] = []
    for step in joined:
        lists.append(body.local(_plural(step.ins[0]), lists))
    body.locked |= set(lists)
    for name in lists:
        body.lines.append(Line([f"{name} = []"], body.indent))
    body.lines.append(Line([f"for {INDEX} in {_range(body)}:"], body.indent))
    body.indent += 1
    body.run([step for step in steps if not _is(step, "Steps")])
    body.flush()
    for step, name in zip(joined, lists, strict=True):
        each = step.ins[0]
        assert each is not None
        body.lines.append(Line([f"{name}.append(", Code(each.text, body.numbers), ")"], body.indent))
        each.uses -= 1
    _hand_on(body, states, names)
    body.indent -= 1
    for cell, name in zip(states, names, strict=True):
        body.bind(cell, name)
    for step, name in zip(joined, lists, strict=True):
        op = step.node.op.values()
        step.outs[0].text = Text(f"torch.stack({name}{'[::-1]' if op['reverse'] else ''}, dim={op['dim']})")


def _plural(cell: Cell | None) -> str:
    name = cell.name if cell is not None else ""
    return f"all_{name}" if name.endswith("s") else f"{name or 'y'}s"


def _is(step: Step, name: str) -> bool:
    return step.kind == "op" and step.node.op.name == name


def _range(body: Body) -> str:
    """Of the first sequence's steps."""
    first = loops.starts(body.graph)[0]
    place = next(i for i, value in enumerate(body.graph.inputs) if value is loops.given(first))
    op = first.op.values()
    steps = f"range({body.arguments[place]}.shape[{op['dim']}])"
    return f"reversed({steps})" if op["reverse"] else steps


def _hand_on(body: Body, states: list[Cell], names: list[str]) -> None:
    """The next step's states, all at once: one may be made of another."""
    changed = [(name, cell) for name, cell in zip(names, states, strict=True) if cell.text != name]
    if changed:
        left, right = ", ".join(name for name, _ in changed), ", ".join(cell.text for _, cell in changed)
        body.lines.append(Line([f"{left} = ", Code(Text(right), body.numbers)], body.indent))
