"""The statements of `forward`: values become expressions inside each other, or variables, as a person
would write them.

A value that is used once is written where it is used, as long as the statement stays short and shallow; a
value with a name in the spec, or used more often, becomes a variable. The order of evaluation is the order of
the nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nndsl.backends.torch import sizes
from nndsl.backends.torch.compound import loop, switch
from nndsl.backends.torch.layout import WIDTH
from nndsl.backends.torch.lowering import Lowering, joined, literal
from nndsl.backends.torch.names import variable
from nndsl.backends.torch.numbers import is_mark
from nndsl.backends.torch.pieces import Code, Line
from nndsl.backends.torch.plan import operand, tensor_path
from nndsl.backends.torch.precision import DEFAULT_DTYPE, becomes_float, float_dtype
from nndsl.backends.torch.recurrence import INDEX, recur
from nndsl.backends.torch.steps import Cell, Flow, Peers, Step, flatten, reshaped
from nndsl.backends.torch.variables import Variables
from nndsl.diagnostics import Diagnostic, SpecError
from nndsl.ir.graph import Graph
from nndsl.ops.emit import Operand, Text
from nndsl.shapes import Dim, Size
from nndsl.shapes.origins import TracedDim, calculation

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File

_NOBODYS = re.compile(r"\((_, )+_\)")
DEEPEST = 3  # calls inside of calls that still read well
WORD = 9  # what a number of the class is longer than its mark: `self.heads`


class NeedsPrelude(Exception):
    """A size that no tensor at hand tells any more: it has to be read first thing in `forward`."""

    def __init__(self, size: Dim) -> None:
        self.size = size


@dataclass(slots=True)
class Written:
    """A finished `forward`."""

    arguments: list[str]
    layers: list[str]  # borrowed layers, further arguments
    lines: list[Line] = field(default_factory=list)
    like: str = ""  # an empty buffer that has the model's floating type, where no layer has it


def write(
    module: File, graph: Graph, taken: Iterable[str] = (), inside_init: bool = False, peers: Peers | None = None
) -> Written:
    """`taken`: names that must not be used for variables (classes of the file). `inside_init`: for a
    buffer's value. `peers`: all graphs that do the same, this one among them: they are written alike."""
    prelude: list[Dim] = []
    while True:
        try:
            body = Body(module, graph, prelude, taken, inside_init)
            if peers is not None:
                peers.join(body.flow)
            return body.write()
        except NeedsPrelude as needs:
            if needs.size in prelude:
                raise SpecError([_untold(needs.size, graph)]) from None
            prelude.append(needs.size)


def _untold(size: Dim, graph: Graph) -> Diagnostic:
    message = f"{graph.name} computes with the size {size}, and none of its inputs tells it"
    fixed = " and ".join(sorted(size.symbols()))
    hints = [
        f"give {graph.name} one more input that has this size, or write the expression where the sizes are known",
        f"or fix {fixed} with --dim",
    ]
    return Diagnostic("unknown-dim", message, graph.span, hints=hints)


class Body(Variables):
    """One attempt at a `forward`."""

    def __init__(
        self, module: File, graph: Graph, prelude: Sequence[Dim], taken: Iterable[str], inside_init: bool
    ) -> None:
        super().__init__(module.numbers, taken)
        self.module, self.graph, self.inside_init = module, graph, inside_init
        self.locked |= {INDEX} if graph.kind == "loop" else set()
        self.like = ""
        self.early_sizes: list[sizes.At] = []
        self.arguments = self.names(v.name or "x" for v in graph.inputs)
        self.layers = self.names(graph.borrows)
        self.locked |= set(self.layers)
        self.flow: Flow = flatten(module.plans, graph, dict(zip(graph.borrows, self.layers, strict=True)))
        self.inputs = self.flow.inputs
        for name, cell in zip(self.arguments, self.inputs, strict=True):
            self.bind(cell, name)
        self._prelude(prelude)

    def _prelude(self, wanted: Sequence[Dim]) -> None:
        known = self._known([])
        dims = {str(size): name for name, size in self.graph.dims.items()}
        for size in wanted:
            hint = variable(dims.get(str(size), f"size_{len(self.early_sizes) + 1}").lower())
            name = self.local(hint, ())
            try:
                text = self._said(size, known)
            except sizes.Absent:
                raise NeedsPrelude(size) from None
            self.lines.append(Line([f"{name} = ", Code(text, self.numbers)]))
            self.locked.add(name)
            self.early_sizes.append((Text(name), size))

    # ------------------------------------------------------------ the whole

    def write(self) -> Written:
        if self.graph.kind == "loop":
            recur(self, self.flow.steps)
        else:
            self.run(self.flow.steps)
        self._return()
        return Written(self.arguments, self.layers, self.lines, self.like)

    def run(self, steps: list[Step]) -> None:
        at = 0
        while at < len(steps):
            if steps[at].switched:
                at = switch(self, steps, at)
            else:
                self.take(steps[at])
                at += 1

    def take(self, step: Step) -> None:
        if step.kind == "loop":
            loop(self, step)
        elif step.kind == "call":
            self._lower(step, self._call)
        else:
            self._lower(step, self._operator)

    def _operator(self, asked: Lowering, operands: Sequence[Operand | None]) -> Any:
        made = asked.step.op.torch(asked, *operands)
        if not becomes_float(asked.step) or (dtype := self.float_dtype(asked)) == DEFAULT_DTYPE:
            return made
        return asked.method(made, "to", dtype)

    def _call(self, asked: Lowering, operands: Sequence[Operand | None]) -> Any:
        step = asked.step
        given = [Text("None") if x is None else x for x in operands if x is not None or step.passes_none]
        made = asked.call(step.layer, *given, *map(Text, step.lent))
        return made if len(step.outs) == 1 else asked.unpack(made)

    def _return(self) -> None:
        ports = sorted(self.flow.outputs, key=lambda p: p[0].mode is not None)
        always = [cell for port, cell in ports if port.mode is None]
        if len(always) < len(ports):
            for port, cell in ports:
                if port.mode is None:
                    cell.name = cell.name or port.name
                    self.settle(cell)
            self._give([cell for _, cell in ports if cell.text], "if self.training:")
        self._give(always, "")

    def _give(self, cells: list[Cell], condition: str) -> None:
        texts: list[str] = [cell.text for cell in cells]
        several = len(cells) > 1
        name = self.module.output_name(self.graph) if several else None
        text = texts[0] if not several else f"{name}({', '.join(texts)})" if name else ", ".join(texts)
        if len(text) + 15 > WIDTH and several and not condition:
            for cell in cells:
                self.settle(cell)
            text = f"{name}({', '.join(c.text for c in cells)})" if name else ", ".join(c.text for c in cells)
        if condition:
            self.lines.append(Line([condition]))
        elif several and not name and self.lines and self.lines[-1].parts[0] == f"{text} = ":  # what a call gave
            self.lines[-1] = Line(["return ", *self.lines[-1].parts[1:]])
            return
        self.lines.append(Line(["return ", Code(text, self.numbers)], indent=1 if condition else 0))

    # ------------------------------------------------------------ one node

    def _lower(self, step: Step, lower: Any) -> None:
        """Try with operands written in place; those that must not be become variables, and again."""
        while True:
            operands = [None if c is None else operand(c.text, c.type, c.text.level) for c in step.ins]
            asked = Lowering(self, step, operands)
            result = lower(asked, operands)
            results = list(result) if isinstance(result, tuple) else [result]
            early = asked.early | self._repeated(step, asked, results)
            early = early or self._crowded(step, results) or self._unwieldy(step, asked, results)
            if not early:
                break
            for cell in [step.ins[i] for i in sorted(early)]:
                assert cell is not None
                self.settle(cell)
        self._accept(step, asked, [r if isinstance(r, Text) else Text(r) for r in results])

    def _repeated(self, step: Step, asked: Lowering, results: list[Text]) -> set[int]:
        """Operands that would be computed twice."""
        texts = [*results, *(call for _, call in asked.lines)]
        return {
            i
            for i, c in enumerate(step.ins)
            if c is not None and c.complex and (sum(t.count(c.text) for t in texts) > 1 or step.ins.count(c) > 1)
        }

    def _crowded(self, step: Step, results: list[Text]) -> set[int]:
        """One statement changes the shape once, and calls one block: what does so already stands alone."""
        if len(step.outs) != 1:
            return set()
        found: set[int] = set()
        for i, cell in enumerate(step.ins):
            if cell is None or not cell.complex:
                continue
            shapes = cell.reshaped and not step.broadcasts and reshaped(cell, step.outs[0])
            layers = "self." in cell.text or "self." in results[0]
            if (shapes and layers) or (step.heavy and (cell.heavy or cell.reshaped)):
                found.add(i)
        return found

    def _unwieldy(self, step: Step, asked: Lowering, results: list[Text]) -> set[int]:
        """What makes the statement too long or too deep: all that is not yet a variable."""
        inside = {i for i, c in enumerate(step.ins) if c is not None and c.complex}
        texts = [*results, *(f"{name} = {call}" for name, call in asked.lines)]
        room = WIDTH - 8 - 4 * self.indent - 8
        if not inside or all(_length(t) <= room and _depth(t) <= DEEPEST for t in texts):
            return set()
        return inside

    def _accept(self, step: Step, asked: Lowering, results: list[Text]) -> None:
        reads = list(asked.reads)
        for cell in step.ins:
            if cell is not None:
                reads += self._consumed(cell)
        for extra in asked.reads:
            extra.uses += 1
        if asked.lines:
            self._state(step, asked, reads, results)
        for cell in reads:
            cell.uses -= 1
        for cell, name in self._named(step, asked):
            self.bind(cell, name)
        for cell, text in zip(step.outs, results, strict=True):
            if not cell.variable:
                own = [r for r in {id(r): r for r in reads}.values() if _mentions(text, r.variable)]
                for read in own:
                    read.uses += 1
                self._result(step, cell, text, own)

    def _consumed(self, cell: Cell) -> list[Cell]:
        """The variables that a use of the cell reads."""
        if cell.variable:
            return [cell]
        cell.uses -= 1
        if cell in self.pending:
            self.pending.remove(cell)
        return list(cell.reads)

    def _state(self, step: Step, asked: Lowering, reads: list[Cell], results: list[Text]) -> None:
        """The statements that the operator asked for."""
        self.flush([*asked.bound, *asked.locals])
        needed = [text for cell, text in zip(step.outs, results, strict=True) if cell.uses > 0]
        for i, (target, call) in enumerate(asked.lines):
            later = [*needed, *(text for _, text in asked.lines[i + 1 :])]
            unused = [n for n in asked.locals if n != target and not any(_mentions(t, n) for t in later)]
            left = re.sub(rf"\b({'|'.join(unused)})\b", "_", target) if unused else target
            left = _NOBODYS.sub("_", left)
            one = len(step.outs) == 1 and any(_mentions(left, n) for n in asked.bound)
            self.line(left, call, step.outs[0] if one else None, reads)
        self.locked |= set(asked.locals)

    def _named(self, step: Step, asked: Lowering) -> list[tuple[Cell, str]]:
        """Results that are variables already."""
        places = self._places(step, asked.bound)
        return [(step.outs[i], n) for i, n in zip(places, asked.bound, strict=True) if n != "_"] if places else []

    @staticmethod
    def _places(step: Step, bound: Sequence[str]) -> list[int]:
        """Which results the parts of a call are: all of them, or the last ones."""
        return list(range(len(step.outs)))[len(step.outs) - len(bound) :] if len(bound) <= len(step.outs) else []

    def _result(self, step: Step, cell: Cell, text: Text, reads: list[Cell]) -> None:
        cell.text, cell.reads = text, reads
        cell.heavy = step.heavy or any(c is not None and c.heavy and not c.variable for c in step.ins)
        cell.reshaped = any(reshaped(read, cell) for read in reads[:1])
        if not cell.complex:
            for read in reads:
                read.uses += cell.uses - 1
            return
        if cell.uses == 0:
            for read in reads:
                read.uses -= 1
            return
        self.pending.append(cell)
        named = cell.name and not cell.returned
        if cell.uses > 1 or named:
            self.settle(cell)

    # ------------------------------------------------------------ what operators ask for

    def layer(self, step: Step, asked: Lowering) -> Text:
        made = step.node.op.module(asked, *asked.operands) if self.inside_init else None
        return made if made is not None else Text(step.layer)

    def tensor(self, step: Step, name: str, shape: Sequence[Size], init: Any, trained: bool, dtype: str) -> Text:
        return Text(tensor_path(step.node.label, trained))

    def size(self, size: Size, asked: Lowering) -> Text:
        try:
            text = self._said(size, self._known(asked.operands))
        except sizes.Absent:
            assert isinstance(size, Dim)
            raise NeedsPrelude(size) from None
        self.note(asked, text)
        return text

    def _said(self, size: Size, known: list[sizes.At]) -> Text:
        """As the spec computes it, its numbers those of the class; else by what is at hand; raises Absent."""
        if isinstance(size, int):
            return literal(size, self.numbers)
        if type(size) is not TracedDim:  # a size that only is the same here is a last resort
            return sizes.said(size, sorted(known, key=lambda at: type(at[1]) is TracedDim))
        for text, other in known:
            if calculation(other) == calculation(size):
                return text
        operator, *operands = size.made
        try:
            parts = [self._said(each, known) for each in operands]
        except sizes.Absent:
            return sizes.said(size, known)
        return Text(f"{operator}({', '.join(parts)})") if operator.isidentifier() else joined(operator, *parts)

    def _known(self, operands: Sequence[Operand | None]) -> list[sizes.At]:
        near = [(str(x), x.shape) for x in operands if x is not None and x.isidentifier()]
        far = [(name, cell.type.shape) for name, cell in self.bound.items() if not cell.conditional]
        return [*sizes.at_hand(near), *self.early_sizes, *sizes.at_hand(far)]

    def note(self, asked: Lowering, text: Text) -> None:
        """Reading `x.shape` keeps x from being overwritten before."""
        for name, cell in self.bound.items():
            if text.startswith(f"{name}.") or f" {name}." in text or f"({name}." in text:
                asked.reads.append(cell)

    def float_dtype(self, asked: Lowering) -> Text:
        return DEFAULT_DTYPE if self.inside_init else float_dtype(self, asked)

    def device(self, asked: Lowering) -> Text | None:
        if self.inside_init:
            return None
        near = [str(x) for x in asked.operands if x is not None and x.isidentifier()]
        found = near or [name for name, cell in self.bound.items() if not cell.conditional]
        if not found:
            return None
        text = Text(f"{found[0]}.device")
        self.note(asked, text)
        return text


def _mentions(text: str, name: str) -> bool:
    return bool(name) and name in text and re.search(rf"(?<![\w.]){re.escape(name)}\b", text) is not None


def _length(text: str) -> int:
    """With a word for each number that is one of the class's."""
    return len(text) + WORD * sum(map(is_mark, text))


def _depth(text: str) -> int:
    depth = deepest = 0
    for c in text:
        if c == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif c == ")":
            depth -= 1
    return deepest
