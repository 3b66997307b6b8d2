"""The variables of `forward`: what they are called, and when a value becomes one.

A variable's name is given again as soon as its value is not needed any more, so that a chain of layers reads
`x = …`, `x = …`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nndsl.backends.torch.lowering import Lowering
from nndsl.backends.torch.names import GENERIC, RESERVED, fresh, variable
from nndsl.backends.torch.numbers import Numbers
from nndsl.backends.torch.pieces import Code, Line
from nndsl.backends.torch.steps import Cell, reshaped
from nndsl.ops.emit import Text

_OWN = re.compile(r"self\.(\w+)\.\w+\(", re.ASCII)  # a method of the block's own tensor


class Variables:
    """Names in use, values that wait for one, and the statements so far."""

    def __init__(self, numbers: Numbers, taken: Iterable[str]) -> None:
        self.numbers = numbers
        self.lines: list[Line] = []
        self.indent = 0
        self.branching = False
        self.bound: dict[str, Cell] = {}
        self.pending: list[Cell] = []
        self.locked: set[str] = {*RESERVED, *taken}
        self.inputs: list[Cell] = []

    def names(self, wanted: Iterable[str]) -> list[str]:
        """Of parameters."""
        found: list[str] = []
        for name in wanted:
            found.append(fresh(variable(name), {*found, *self.locked}))
        return found

    def settle(self, cell: Cell, taken: Sequence[str] = ()) -> None:
        """Make the cell a variable."""
        if cell.variable or not cell.complex:
            return
        if cell in self.pending:
            older = self.pending[: self.pending.index(cell)]
            self.pending.remove(cell)
            for other in older:
                self.settle(other, taken)
        for read in cell.reads:
            read.uses -= 1
        name = self.pick(cell, cell.reads, taken)
        self.line(name, cell.text, cell, cell.reads)
        self.bind(cell, name)

    def flush(self, taken: Sequence[str] = ()) -> None:
        """What was written down so far happens before the next statement, whose names are `taken`."""
        for cell in list(self.pending):
            self.settle(cell, taken)

    def line(self, target: str, call: Text, of: Cell | None, reads: list[Cell]) -> None:
        changed = of.type if of is not None and reads and reshaped(reads[0], of) else None
        self.lines.append(Line([f"{target} = ", Code(call, self.numbers)], self.indent, changed))

    def bind(self, cell: Cell, name: str) -> None:
        cell.text, cell.variable, cell.reads, cell.conditional = Text(name), name, [], self.branching
        self.bound[name] = cell

    def free(self, name: str, taken: Sequence[str] = ()) -> bool:
        holder = self.bound.get(name)
        return name not in self.locked and name not in taken and (holder is None or holder.uses <= 0)

    def pick(self, cell: Cell, reads: Sequence[Cell], taken: Sequence[str] = ()) -> str:
        """A variable's name: the spec's, or the one that the chain leads to, or the one that falls free."""
        if cell.name:
            wanted = variable(cell.name)
            while not self.free(wanted, taken):
                head, _, tail = wanted.rpartition("_")
                wanted = f"{head}_{int(tail) + 1}" if head and tail.isdigit() else f"{wanted}_2"
            return wanted
        made_of = _OWN.match(cell.text)
        candidates = [variable(made_of[1])] if made_of else []
        candidates += [variable(cell.hint)] if cell.hint else []
        candidates += [r.variable for r in reads[:1] if r.variable in GENERIC or self._passes_on(r, reads, cell)]
        candidates += ["mask"] if cell.type.dtype == "bool" else []
        candidates += GENERIC
        for name in candidates:
            if name and self.free(name, taken):
                return name
        number = 1
        while not self.free(f"x{number}", taken):
            number += 1
        return f"x{number}"

    def _passes_on(self, read: Cell, reads: Sequence[Cell], cell: Cell) -> bool:
        """May a value take over the name of the one that it is made from? What is true or false is something else."""
        alike = (read.type.dtype == "bool") == (cell.type.dtype == "bool")
        return alike and read not in self.inputs and all(r is read for r in reads)

    def local(self, hint: str, taken: Sequence[str]) -> str:
        name = variable(hint)
        number = 2
        while not (name not in self.bound and self.free(name, taken)):
            name, number = f"{variable(hint)}_{number}", number + 1
        return name

    def targets(self, asked: Lowering, count: int) -> tuple[str, ...]:
        """Names for the results of a call."""
        outs = asked.step.outs[len(asked.step.outs) - count :]
        if count > len(asked.step.outs):
            names: list[str] = []
            for i in range(count):
                names.append(self.local(f"part_{i + 1}", names))
            asked.locals += names
            return tuple(names)
        found: list[str] = []
        waiting = [variable(c.name) for c in self.pending if c.name and c not in asked.step.ins]
        dying = [c for c in asked.step.ins if c is not None and c.variable and c.uses == asked.step.ins.count(c)]
        for cell in dying:
            cell.uses -= 1000
        for cell in outs:
            found.append("_" if cell.uses == 0 else self.pick(cell, dying[:1], [*found, *asked.locals, *waiting]))
        for cell in dying:
            cell.uses += 1000
        return tuple(found)
