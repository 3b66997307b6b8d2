"""What is written in a box: name in bold, hyperparameters, parameters; small where nothing is learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from nndsl.backends.draw.metrics import shortened, text_width
from nndsl.backends.draw.plan import Planner, Thing
from nndsl.backends.draw.scene import Direction
from nndsl.backends.draw.style import Font, Tone
from nndsl.ir.graph import Graph, Node, Value
from nndsl.ir.loops import repeats
from nndsl.ops.schema import Op, spell_value
from nndsl.shapes import Size

SMALL = {"activation", "regularization", "shape", "tensor", "reduction", "arithmetic"}
SIGNS = {"Add": "+", "Subtract": "−", "Multiply": "×", "Divide": "÷", "MatMul": "·", "Concat": "©"}
MOST_NAME, MOST_DETAIL, MOST_TITLE = 48, 44, 400
WIDEST_LINE, WIDEST_ALONG = 290.0, 120.0  # of a name with its details; where the flow goes along the line
NAME, DETAIL, SMALL_NAME, SMALL_DETAIL, SIGN, SHAPE = 13.0, 10.5, 10.5, 9.5, 15.0, 9.5


@dataclass(slots=True)
class Run:
    """Some letters of one style."""

    text: str
    size: float
    bold: bool = False
    tone: Tone = "ink"
    font: Font = "sans"

    @property
    def width(self) -> float:
        return text_width(self.text, self.size, self.bold, self.font)


@dataclass(slots=True)
class Content:
    """Lines of runs in a box of this size."""

    lines: list[list[Run]]
    width: float
    height: float
    shape: Literal["box", "pill", "circle", "port"]
    family: str
    title: str
    dashed: bool = False
    stacked: bool = False
    label: list[Run] = field(default_factory=list)


def compact(number: Size) -> str:
    """Three digits: 512, 1.02K, 16.4M, 1.23e+35; a symbolic size as it is."""
    if not isinstance(number, int):
        return str(number)
    if number >= 10**18:
        digits = str(number)
        return f"{digits[0]}.{digits[1:3]}e+{len(digits) - 1}"
    value, units = float(number), ["", "K", "M", "G", "T", "P"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    if units[0] == "" and value == int(value):
        return str(int(value))
    return f"{value:.{max(0, 2 - (value >= 9.995) - (value >= 99.95))}f}{units[0]}"


def line_width(runs: list[Run]) -> float:
    return sum(run.width for run in runs)


class Writer:
    """Writes the contents for one model."""

    def __init__(
        self, planner: Planner, direction: Direction = "up", font: Font = "sans", *, labels: bool = True
    ) -> None:
        self.planner = planner
        self.facts = planner.root.facts
        self.direction = direction
        self.font = font
        self.labels = labels
        self.widest = WIDEST_ALONG if direction == "right" else WIDEST_LINE

    def run(self, text: str, size: float, bold: bool = False, tone: Tone = "ink") -> Run:
        return Run(text, size, bold, tone, self.font)

    def extent(self, content: Content) -> tuple[float, float]:
        """How wide it is across the flow, and how long along it."""
        along_the_line = self.direction == "right"
        return (content.height, content.width) if along_the_line else (content.width, content.height)

    def shape(self, value: Value) -> str:
        spell = self.facts.spell if self.facts is not None else str
        return "(" + ", ".join(spell(size) for size in value.shape) + ")"

    # ------------------------------------------------------------ boxes

    def content(self, thing: Thing, path: str) -> Content:
        if thing.kind != "node":
            return self._port(thing)
        assert thing.node is not None
        node = thing.node
        if thing.target is None and self._is_sign(thing, node):
            sign = self.run(SIGNS[node.op.name], SIGN)
            made = Content([[sign]], 24.0, 24.0, "circle", node.op.family.name, self.title(thing, path))
            made.dashed = node.mode is not None
            return made
        small = thing.target is None and node.op.family.name in SMALL
        family = "block" if thing.target is not None else node.op.family.name
        lines = self._lines(thing, node, small)
        width = max(line_width(line) for line in lines) + (18.0 if small else 26.0)
        height = (20.0 if small else 30.0) + (len(lines) - 1) * (12.0 if small else 15.0)
        made = Content(lines, width, height, "pill" if small else "box", family, self.title(thing, path))
        made.dashed = not thing.counted or node.mode is not None
        made.stacked = thing.target is not None
        return made

    def _is_sign(self, thing: Thing, node: Node) -> bool:
        return node.op.name in SIGNS and not thing.constants and len(node.inputs) > 1 and None not in node.inputs

    def _port(self, thing: Thing) -> Content:
        assert thing.value is not None
        runs = [
            self.run(shortened(thing.name, MOST_NAME) or "·", NAME, True),
            self.run("  " + self.shape(thing.value), DETAIL, False, "grey"),
        ]
        if thing.port is not None and thing.port.mode is not None:
            mode = " · training only" if thing.port.mode == "train" else " · evaluation only"
            runs.append(self.run(mode, DETAIL, False, "grey"))
        dtype = thing.value.dtype
        title = f"{thing.kind} {shortened(thing.name, MOST_NAME)}: {dtype}{self.shape(thing.value)}"
        made = Content([runs], line_width(runs) + 28.0, 30.0, "port", thing.kind, title)
        made.dashed = thing.port is not None and thing.port.mode is not None
        return made

    def _lines(self, thing: Thing, node: Node, small: bool) -> list[list[Run]]:
        name_size, size = (SMALL_NAME, SMALL_DETAIL) if small else (NAME, DETAIL)
        first = [self.run(shortened(self._name(thing), MOST_NAME), name_size, not small)]
        if thing.count > 1:
            first.append(self.run(f" × {thing.count}", name_size, True, "count"))
        label = self.label(thing, first[0].text)
        if label:
            first.append(self.run("  " + label, size))
        detail = [self.run(text, size, False, tone) for text, tone in self._details(thing, node)]
        for i, run in enumerate(detail):
            run.text = ("  " if i == 0 else " · ") + run.text
        if not detail or line_width(first) + line_width(detail) <= self.widest:
            return [first + detail]
        detail[0].text = detail[0].text.strip()
        return [first, detail]

    def _name(self, thing: Thing) -> str:
        if thing.target is None and thing.name in SIGNS:
            return _with_number(thing.node)
        return thing.name or self._members(thing.target) or thing.label

    def _members(self, graph: Graph | None) -> str:
        """What is in a closed list: `Conv2d → BatchNorm2d`, `BasicBlock × 2`."""
        if graph is None or graph.kind != "sequence":
            return ""
        names: list[tuple[str, int]] = []
        for node in graph.nodes[:200]:
            target = node.target
            name = self.planner.name_of(target, node) or "…" if isinstance(target, Graph) else target.name
            if names and names[-1][0] == name:
                names[-1] = (name, names[-1][1] + 1)
            else:
                names.append((name, 1))
        parts = [f"{name} × {count}" if count > 1 else name for name, count in names]
        return shortened(" → ".join(parts), MOST_NAME)

    def _details(self, thing: Thing, node: Node) -> list[tuple[str, Tone]]:
        found: list[tuple[str, Tone]] = []
        if thing.constants:
            unnamed = "constant" if thing.target is None and node.op.name in SIGNS else ""
            each = {c.name or unnamed: c.elements for c in thing.constants}
            named = [f"{n} ({compact(elements)})" if elements else n for n, elements in each.items() if n or elements]
            if named:
                found.append((shortened(", ".join(named), MOST_DETAIL), "constant"))
        words = self.hyper(thing, node)
        if words:
            found.append((words, "grey"))
        if thing.shared:
            found.append((shortened(f"↔ {thing.shared}", MOST_DETAIL), "shared"))
        if node.mode is not None:
            found.append(("training only" if node.mode == "train" else "evaluation only", "grey"))
        count = self.count(thing)
        if count != 0 and thing.counted:
            found.append((compact(count), "grey"))
        return found

    def hyper(self, thing: Thing, node: Node) -> str:
        if isinstance(node.target, Op):
            words = node.op.detail() if _number_beside(node.target) is None else ""
            return shortened(words or self._width(node), MOST_DETAIL)
        target = thing.target
        assert target is not None
        if target.kind == "sequence":
            return shortened(self._members(target), MOST_DETAIL) if thing.name else ""
        if target.kind == "loop":
            return shortened(f"for each of {repeats(target)}", MOST_DETAIL)
        said = {name: value for name, value in target.hyper.items() if name not in target.defaulted}
        given = {name: spell_value(value) for name, value in said.items() if _is_short(value)}
        words = ", ".join(f"{name}={value}" for name, value in given.items())
        return words if len(words) <= MOST_DETAIL else shortened(", ".join(given.values()), MOST_DETAIL)

    def _width(self, node: Node) -> str:
        """Of a normalization: how many features it scales, which otherwise its parameters would be taken for."""
        weight = next(iter(node.weights()), None) if node.op.family.name == "normalization" else None
        return "×".join(map(str, weight.shape)) if weight is not None else ""

    def label(self, thing: Thing, name: str) -> str:
        """The name that the text gives a layer, where it says more than the layer's type."""
        node = thing.node
        if not self.labels or node is None or not node.labelled or thing.shared:
            return ""
        if thing.count > 1 and not thing.member:
            return ""  # each of them has its own
        label = shortened(node.label, MOST_NAME)
        return "" if label.isdigit() or label.replace("_", "").casefold() == name.casefold() else label

    def count(self, thing: Thing) -> Size:
        """Parameters of all that a thing stands for."""
        assert thing.node is not None
        costs = self.planner.costs
        own: Size = costs.of_node(thing.node).parameters
        looked_through = thing.target is not None and thing.target is not thing.node.target
        if thing.count > 1 and not looked_through and not thing.shared:
            own = own * thing.count
        return own

    def exit_label(self, thing: Thing, port: int) -> list[Run]:
        """The shape that leaves, where it is not the one that came."""
        if thing.kind != "node" or thing.node is None or port >= len(thing.node.outputs):
            return []
        came = next((v for v in thing.node.inputs if v is not None), None)
        left = thing.node.outputs[port]
        if came is not None and came.shape == left.shape:
            return []
        return [self.run(shortened(self.shape(left), 60), SHAPE, False, "grey")]

    # ------------------------------------------------------------ frames

    def caption(self, thing: Thing) -> list[Run]:
        """`EncoderLayer × 12 · 7.1M each · 85M`, as a first and a second part."""
        assert thing.node is not None and thing.target is not None
        runs = [self.run(shortened(thing.name or thing.label, MOST_NAME), 12.0, True)]
        if thing.count > 1:
            runs.append(self.run(f" × {thing.count}", 12.0, True, "count"))
        label = self.label(thing, runs[0].text)
        if label:
            runs.append(self.run("  " + label, DETAIL))
        return runs

    def caption_detail(self, thing: Thing) -> list[Run]:
        assert thing.node is not None and thing.target is not None
        parts: list[tuple[str, Tone]] = []
        if thing.shared:
            parts.append((shortened(f"↔ {thing.shared}", MOST_DETAIL), "shared"))
        if thing.node.mode is not None:
            parts.append(("training only" if thing.node.mode == "train" else "evaluation only", "grey"))
        total = self.count(thing)
        each = self.planner.costs.of(thing.target).parameters
        if total != 0 and thing.counted:
            if thing.count > 1 and each != total:
                parts.append((f"{compact(each)} each", "grey"))
            parts.append((compact(total), "grey"))
        runs = [self.run(text, DETAIL, False, tone) for text, tone in parts]
        for run in runs[1:]:
            run.text = " · " + run.text
        return runs

    # ------------------------------------------------------------ what is shown on pointing

    def title(self, thing: Thing, path: str) -> str:
        node = thing.node
        assert node is not None
        graph = thing.target
        what = node.op.spell() if graph is None else _call(graph)
        times = f" × {thing.count}" if thing.count > 1 else ""
        came = ", ".join(self.shape(v) for v in node.inputs if v is not None)
        left = ", ".join(self.shape(v) for v in node.outputs)
        lines = [f"{shortened(path, 120)}: {what}{times}", f"{came} → {left}"]
        cost = self.planner.costs.of(graph) if graph is not None else self.planner.costs.of_node(node)
        if cost.parameters or cost.buffers:
            lines.append(f"{cost.parameters} parameters" + (f", {cost.buffers} in buffers" if cost.buffers else ""))
        if cost.macs != 0:
            macs = self.facts.spell(cost.macs) if self.facts is not None else str(cost.macs)
            lines.append(f"{macs} MACs")
        return "\n".join(shortened(line, MOST_TITLE) for line in lines)


def _is_short(value: Any) -> bool:
    return (
        value is not None
        and value is not False
        and not isinstance(value, (list, tuple, dict, str))
        and len(str(value)) < 16
    )


def _number_beside(op: Op) -> Any:
    """Of `x * 0.5`: the number."""
    return getattr(op, "other", None) if op.name in SIGNS else None


def _with_number(node: Node | None) -> str:
    """`× 0.5`, `1 −`; the sign alone where both sides are tensors."""
    assert node is not None
    sign, number = SIGNS[node.op.name], _number_beside(node.op)
    if number is None:
        return sign
    text = f"{number:.4g}" if isinstance(number, float) else str(number)
    swapped = getattr(node.op, "reverse", False) and sign in "−÷"
    return f"{text} {sign}" if swapped else f"{sign} {text}"


def _call(graph: Graph) -> str:
    if not graph.hyper:
        return graph.name
    return f"{graph.name}({', '.join(f'{k}={v}' for k, v in graph.hyper.items())})"
