"""A graph as the flat list of steps that its `forward` takes: lists that are not modules are written out."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from nndsl.backends.torch.names import GENERIC
from nndsl.backends.torch.plan import CHAIN, INLINE, LOOP, Place, Plans, is_list
from nndsl.ir.graph import Graph, Node, Port, Value
from nndsl.ops.arithmetic import Binary
from nndsl.ops.emit import Text
from nndsl.ops.schema import REQUIRED, Op
from nndsl.shapes import TensorType
from nndsl.shapes.origins import alike, origin
from nndsl.shapes.simplified import same

_MEMBER = re.compile(r"\[(\d+)\]$", re.ASCII)
_ATOM = re.compile(r"[\w.]*")  # `self.scale`; an expression costs something each time


@dataclass(slots=True, eq=False)
class Cell:
    """A value on its way through `forward`. `text`: how it is written: a variable's name (`variable`), or
    an expression over the variables `reads`. `uses` counts those that are still to come."""

    type: TensorType
    place: int = -1  # among the cells of its flow
    peers: Peers | None = None
    name: str = ""
    hint: str = ""
    label: str = ""  # of the layer that makes it, where the spec gave one
    uses: int = 0
    text: Text = field(default_factory=lambda: Text(""))
    variable: str = ""
    reads: list[Cell] = field(default_factory=list)
    returned: bool = False  # only used by `return`
    heavy: bool = False  # holds the call of a block
    reshaped: bool = False  # has another shape than what it reads
    conditional: bool = False  # assigned in one branch of `if self.training` only

    @property
    def complex(self) -> bool:
        """Would writing it twice compute it twice?"""
        return not self.variable and _ATOM.fullmatch(self.text) is None


@dataclass(slots=True, eq=False)
class Step:
    """`kind`: "op", "call" of a module, or "loop" over a module list. `lent`: layers that the callee
    borrows."""

    node: Node
    kind: str
    ins: list[Cell | None]
    outs: list[Cell]
    layer: str
    lent: list[str] = field(default_factory=list)
    feeds: list[int] = field(default_factory=lambda: [0])  # which inputs a loop carries from member to member
    mode: str | None = None
    full: list[str] = field(default_factory=list)  # parameters of the operator that are written at their default too

    @property
    def op(self) -> Op:
        """The node's operator; without a default, what is written in any case."""
        op = self.node.op
        if not self.full:
            return op
        made = copy(op)
        params = {n: replace(p, default=REQUIRED) if n in self.full else p for n, p in op.params.items()}
        vars(made)["params"] = params
        return made

    @property
    def merges(self) -> bool:
        return self.kind == "op" and self.node.op.name == "Merge"

    @property
    def heavy(self) -> bool:
        return self.kind == "call"

    @property
    def broadcasts(self) -> bool:
        """Does it repeat an operand as often as the other one has it?"""
        return self.kind == "op" and isinstance(self.node.op, Binary) and self.node.op.name != "MatMul"

    @property
    def switched(self) -> bool:
        return self.mode is not None or self.merges

    @property
    def passes_none(self) -> bool:
        """Does the callee have an input for every one of the node's, given or not?"""
        return isinstance(self.node.target, Graph) and len(self.node.target.inputs) == len(self.node.inputs)


class Peers:
    """Graphs that do the same: where one changes a shape, all are written as if they did. `full`: and the numbers that
    one gives to a function, all give."""

    def __init__(self, flows: Sequence[Flow], full: bool = False) -> None:
        self.flows, self.full = flows, full
        self._cells = [cells_of(flow) for flow in flows]
        self._known: dict[tuple[int, int], bool] = {}

    def join(self, flow: Flow) -> None:
        for place, cell in enumerate(cells_of(flow)):
            cell.place, cell.peers = place, self
        if self.full:
            for step, *others in zip(flow.steps, *(each.steps for each in self.flows), strict=True):
                step.full = _given([other.node.op for other in others]) if step.kind == "op" else []

    def reshaped(self, before: int, after: int) -> bool:
        key = (before, after)
        if key not in self._known:
            self._known[key] = any(_differ(cells[before].type, cells[after].type) for cells in self._cells)
        return self._known[key]


@dataclass(slots=True)
class Flow:
    inputs: list[Cell]
    steps: list[Step]
    outputs: list[tuple[Port, Cell]]


def _given(ops: Sequence[Op]) -> list[str]:
    """Parameters that are a number in each, at its default in some and not in others."""
    found = []
    for name, declared in ops[0].params.items():
        values = [getattr(op, name) for op in ops]
        numbers = all(isinstance(v, (int, float)) or (isinstance(v, tuple) and alike(v)) for v in values)
        if numbers and 0 < sum(v == declared.default for v in values) < len(values):
            found.append(name)
    return found


def flatten(plans: Plans, graph: Graph, borrowed: dict[str, str]) -> Flow:
    cells: dict[int, Cell] = {}
    inputs = [_cell(v, cells) for v in graph.inputs]
    steps: list[Step] = []
    _walk(plans, graph, Place(), borrowed, cells, steps, None)
    outputs = [(port, cells[id(port.value)]) for port in graph.outputs]
    layers = [step.layer for step in steps]
    steps = _live(steps, outputs)
    _count(steps, outputs)
    steps = _loops(steps, layers)
    _unname(steps)
    _hint(steps, outputs)
    return Flow(inputs, steps, outputs)


def cells_of(flow: Flow) -> list[Cell]:
    return [*flow.inputs, *(cell for step in flow.steps for cell in step.outs)]


def outline(flow: Flow) -> Hashable:
    """Equal for graphs that do the same steps, whatever their numbers and shapes."""
    places = {id(cell): i for i, cell in enumerate(cells_of(flow))}
    steps = [
        (
            step.kind,
            step.layer,
            "" if step.node.is_call else step.node.op.name,
            tuple(None if c is None else places[id(c)] for c in step.ins),
            tuple(cell.name for cell in step.outs),
            tuple(step.lent),
            tuple(step.feeds),
            step.mode,
        )
        for step in flow.steps
    ]
    ends = [(port.name, port.mode, places[id(cell)]) for port, cell in flow.outputs]
    return tuple(cell.name for cell in flow.inputs), tuple(steps), tuple(ends)


def _cell(value: Value, cells: dict[int, Cell]) -> Cell:
    made = cells[id(value)] = Cell(value.type, name=value.name)
    return made


def reshaped(before: Cell, after: Cell) -> bool:
    """Does the value change its shape, here or in another graph that does the same?"""
    if before.peers is None:
        return _differ(before.type, after.type)
    return before.peers.reshaped(before.place, after.place)


def _differ(before: TensorType, after: TensorType) -> bool:
    """Sizes that are only equal by chance are different ones."""
    if before.shape != after.shape:
        return True
    pairs = [(origin(a), origin(b)) for a, b in zip(before.shape, after.shape, strict=True)]
    return any(a is not None and b is not None and not same(a, b) for a, b in pairs)


def _walk(
    plans: Plans,
    graph: Graph,
    place: Place,
    borrowed: dict[str, str],
    cells: dict[int, Cell],
    steps: list[Step],
    mode: str | None,
) -> None:
    for node in graph.nodes:
        ins = [None if v is None else cells[id(v)] for v in node.inputs]
        layer = borrowed[node.label] if node.borrowed else place.path(node.label)
        lends = node.lends
        if isinstance(node.target, Graph):
            lends = {name: node.lends.get(name, name) for name in node.target.borrows}
        lent = {theirs: borrowed.get(ours) or place.path(ours) for theirs, ours in lends.items()}
        runs = node.mode or mode
        if isinstance(node.target, Graph) and is_list(node.target):
            plan = plans.of(node.target)
            if plan.kind == INLINE:
                _inline(plans, node, ins, plan.place(layer), lent, cells, steps, runs)
                continue
            kind = "call" if plan.kind == CHAIN else "loop"
            through = _through(node.target, lent) if plan.kind == LOOP else []
        else:
            kind = "call" if node.is_call else "op"
            plan, through = None, list(lent.values())
        outs = [_cell(v, cells) for v in node.outputs]
        if len(outs) == 1 and node.labelled and not node.label.isdigit():
            outs[0].label = node.label
        steps.append(Step(node, kind, ins, outs, layer, through, list(range(plan.carried if plan else 1)), runs))


def _through(graph: Graph, lent: dict[str, str]) -> list[str]:
    """What each member of a list is lent."""
    first = graph.nodes[0]
    assert isinstance(first.target, Graph)
    return [lent[first.lends.get(name, name)] for name in first.target.borrows]


def _inline(
    plans: Plans,
    node: Node,
    ins: list[Cell | None],
    place: Place,
    lent: dict[str, str],
    cells: dict[int, Cell],
    steps: list[Step],
    mode: str | None,
) -> None:
    target = node.target
    assert isinstance(target, Graph)
    inner = {id(v): c for v, c in zip(target.inputs, ins, strict=True) if c is not None}
    _walk(plans, target, place, lent, inner, steps, mode)
    for value, port in zip(node.outputs, target.outputs, strict=True):
        cell = cells[id(value)] = inner[id(port.value)]
        cell.name = cell.name or value.name


def _live(steps: list[Step], outputs: list[tuple[Port, Cell]]) -> list[Step]:
    """What the outputs need; layers whose results nobody uses are still made, but not called."""
    needed = {id(cell) for _, cell in outputs}
    found: list[Step] = []
    for step in reversed(steps):
        if any(id(cell) in needed for cell in step.outs):
            needed |= {id(cell) for cell in step.ins if cell is not None}
            found.append(step)
    return found[::-1]


def _count(steps: list[Step], outputs: list[tuple[Port, Cell]]) -> None:
    for step in steps:
        for cell in step.ins:
            if cell is not None:
                cell.uses += 1
    for _, cell in outputs:
        cell.uses += 1
        cell.returned = cell.uses == 1


def _unname(steps: list[Step]) -> None:
    """`y = f(x)`, `return x + y` is one statement, if it fits: what has no better name needs none."""
    for step in steps:
        if step.broadcasts and step.outs[0].returned:
            for cell in step.ins:
                if cell is not None and cell.uses == 1 and cell.name in GENERIC:
                    cell.name, cell.hint = "", cell.name


def _hint(steps: list[Step], outputs: list[tuple[Port, Cell]]) -> None:
    """A step on the way to a named value may bear that name already."""
    last = {id(cell) for _, cell in outputs}
    for step in reversed(steps):
        if len({id(c) for c in step.ins}) > 2:
            for cell in step.ins:
                if cell is not None and cell.label and not cell.hint:
                    cell.hint = cell.label
        if len(step.outs) != 1 or id(step.outs[0]) in last:
            continue
        out = step.outs[0]
        for cell in step.ins:
            if cell is not None and cell.uses == 1 and not cell.name and not cell.hint:
                cell.hint = out.name or out.hint


def _loops(steps: list[Step], layers: list[str]) -> list[Step]:
    """`self.layers[1](…)`, `self.layers[2](…)`, … of a list of layers is a loop."""
    found: list[Step] = []
    at = 0
    while at < len(steps):
        count, feeds = _run(steps, at)
        if count < 3:
            found.append(steps[at])
            at += 1
            continue
        first, last = steps[at], steps[at + count - 1]
        for i, cell in enumerate(first.ins):
            if cell is not None and i not in feeds:
                cell.uses -= count - 1
        layer = _slice(first.layer, count, layers)
        found.append(Step(first.node, "loop", first.ins, last.outs, layer, first.lent, feeds, first.mode))
        at += count
    return found


def _slice(first: str, count: int, layers: list[str]) -> str:
    """That many members of a list, from the first one's on."""
    stem, begin = first[:-1].rsplit("[", 1)
    start, end = int(begin), int(begin) + count
    if any(layer.startswith(f"{stem}[{end}]") for layer in layers):
        return f"{stem}[{start or ''}:{end}]"
    return f"{stem}[{start}:]" if start else stem


def _run(steps: list[Step], at: int) -> tuple[int, list[int]]:
    """How many calls of one member after another start here, each fed by the one before it alone; and which inputs take
    its results, one after another."""
    first = steps[at]
    member = _MEMBER.search(first.layer)
    if first.kind != "call" or member is None or at + 1 == len(steps):
        return 1, []
    stem, start = first.layer[: member.start()], int(member[1])
    feeds = [i for out in first.outs for i, cell in enumerate(steps[at + 1].ins) if cell is out]
    if len(feeds) != len(first.outs) or any(i >= len(first.ins) or first.ins[i] is None for i in feeds):
        return 1, []
    if first.passes_none and None in first.ins:
        return 1, []
    count = 1
    for step in steps[at + 1 :]:
        before = steps[at + count - 1]
        wanted = list(first.ins)
        for i, cell in zip(feeds, before.outs, strict=False):
            wanted[i] = cell
        alike = step.kind == "call" and step.layer == f"{stem}[{start + count}]" and step.lent == first.lent
        wired = step.ins == wanted and len(step.outs) == len(feeds) and all(c.uses == 1 for c in before.outs)
        if not alike or not wired or step.mode != first.mode:
            break
        count += 1
    return count, feeds
