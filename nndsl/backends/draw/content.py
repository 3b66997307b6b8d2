"""What is written in a box: name in bold, hyperparameters, parameters; small where nothing is learned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from nndsl.backends.draw.metrics import shortened, text_width
from nndsl.backends.draw.pins import AT_CIRCLE, PIN
from nndsl.backends.draw.plan import Planner, Thing
from nndsl.backends.draw.scene import Direction
from nndsl.backends.draw.style import PILLS, Font, Tone
from nndsl.backends.draw.words import MOST_DETAIL, MOST_NAME, Words, compact, counted, family_of, is_ordered, sign
from nndsl.ir.graph import Node, Value
from nndsl.shapes import Size

MOST_TITLE = 400
WIDEST_LINE, WIDEST_ALONG = 290.0, 120.0  # of a name with its details; where the flow goes along the line
WIDE, WORTH = 214.0, 0.88  # beside others: wider, details get a line of their own, if it becomes so narrow
ROLE, ROLE_LINE, ROLE_GAP = 8.0, 11.0, 6.0  # the names of inputs, inside of a box
NAME, DETAIL, SMALL_NAME, SMALL_DETAIL, SIGN, DOT, SHAPE = 13.0, 10.5, 10.5, 9.5, 15.0, 20.0, 9.5


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
    roles: dict[int, Run] = field(default_factory=dict)  # what its inputs are, by the port
    pin: float = PIN  # from where one enters to where the next does
    numbers: list[Run] = field(default_factory=list)  # of the operands, where their order matters


def line_width(runs: list[Run]) -> float:
    return sum(run.width for run in runs)


def _letters(name: str) -> str:
    """What makes one name another: `flow_head` as a label names the same as `FlowHead`."""
    return name.replace("_", "").casefold()


def _mode(thing: Thing) -> str:
    """Said once for all that follow each other."""
    if thing.mode is None or thing.follows:
        return ""
    return "training only" if thing.mode == "train" else "evaluation only"


class Writer:
    """Writes the contents for one model."""

    def __init__(
        self, planner: Planner, direction: Direction = "up", font: Font = "sans", *, labels: bool = True
    ) -> None:
        self.planner = planner
        self.facts = planner.root.facts
        self.words = Words(planner)
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
        if thing.target is None and not thing.constants and sign(node):
            found = sign(node)
            signed = [[self.run(found, DOT if found == "·" else SIGN, found == "·")]]
            made = Content(signed, 24.0, 24.0, "circle", "arithmetic", self.title(thing, path))
            made.dashed, made.pin = node.mode is not None, AT_CIRCLE
            if is_ordered(node):
                made.numbers = [self.run(number, ROLE, False, "grey") for number in "12"]
            return made
        family = "block" if thing.target is not None else family_of(node.op)
        small = family in PILLS
        lines = self._lines(thing, node, small)
        width = max(line_width(line) for line in lines) + (18.0 if small else 26.0)
        height = (20.0 if small else 30.0) + (len(lines) - 1) * (12.0 if small else 15.0)
        made = Content(lines, width, height, "pill" if small else "box", family, self.title(thing, path))
        made.dashed = not thing.counted or node.mode is not None
        made.stacked = thing.target is not None
        self._room_for_roles(made, thing)
        return made

    def _room_for_roles(self, made: Content, thing: Thing) -> None:
        """Along the side where the flow enters: the name of each input above its arrow."""
        made.roles = {port: self.run(word, ROLE, False, "grey") for port, word in self.words.roles(thing).items()}
        if not made.roles:
            return
        steps = len({feed[:2] for feed in thing.feed}) - 1
        widest = max(run.width for run in made.roles.values())
        if self.direction == "right":
            made.pin = max(PIN, ROLE + 3.0)
            made.width += widest + ROLE_GAP
            made.height = max(made.height, 2 * (steps * made.pin + ROLE))
        else:
            made.pin = max(PIN, widest + ROLE_GAP)
            made.height += ROLE_LINE
            made.width = max(made.width, 2 * (steps * made.pin + widest / 2 + ROLE_GAP))

    def _port(self, thing: Thing) -> Content:
        assert thing.value is not None
        runs = [
            self.run(shortened(thing.name, MOST_NAME) or "·", NAME, True),
            self.run("  " + self.shape(thing.value), DETAIL, False, "grey"),
        ]
        if mode := _mode(thing):
            runs.append(self.run(f" · {mode}", DETAIL, False, "grey"))
        lines = self._filled(runs[:1], runs[1:]) if self.direction == "right" else [runs]
        dtype = thing.value.dtype
        title = f"{thing.kind} {shortened(thing.name, MOST_NAME)}: {dtype}{self.shape(thing.value)}"
        width, height = max(map(line_width, lines)) + 28.0, 15.0 + 15.0 * len(lines)
        made = Content(lines, width, height, "port", thing.kind, title)
        made.dashed = thing.port is not None and thing.port.mode is not None
        return made

    def _lines(self, thing: Thing, node: Node, small: bool) -> list[list[Run]]:
        name_size, size = (SMALL_NAME, SMALL_DETAIL) if small else (NAME, DETAIL)
        first = [self.run(shortened(self.words.name(thing), MOST_NAME), name_size, not small)]
        if thing.count > 1:
            beside = " in parallel" if thing.beside else ""
            first.append(self.run(f" × {thing.count}{beside}", name_size, True, "count"))
        label = self.label(thing, first[0].text)
        if label:
            first.append(self.run("  " + label, size))
        detail = [self.run(text, size, False, tone) for text, tone in self._details(thing, node)]
        for i, run in enumerate(detail):
            run.text = ("  " if i == 0 else " · ") + run.text
        if not detail or self._fits(thing, first, detail):
            return [first + detail]
        if self.direction == "right":
            names = len(first) - bool(label)
            return self._filled(first[:names], first[names:] + detail)
        detail[0].text = detail[0].text.strip()
        return [first, detail]

    def _fits(self, thing: Thing, first: list[Run], detail: list[Run]) -> bool:
        """Do both stand well in one line? Beside other boxes that is shorter."""
        whole = line_width(first) + line_width(detail)
        alone = thing.beside or id(thing.node) not in self.planner.neighbours
        if self.direction == "right" or whole > self.widest or alone:
            return whole <= self.widest
        return whole <= WIDE or max(line_width(first), line_width(detail)) > WORTH * whole

    def _filled(self, line: list[Run], rest: list[Run]) -> list[list[Run]]:
        """Where the flow goes along the lines: as many as keep the box short."""
        lines = [line]
        for run in rest:
            if line_width(lines[-1]) + run.width > self.widest:
                lines.append([replace(run, text=run.text.removeprefix(" · ").strip())])
            else:
                lines[-1].append(run)
        return lines

    def _details(self, thing: Thing, node: Node) -> list[tuple[str, Tone]]:
        found = self.words.constants(thing)
        words = self.words.hyper(thing, node)
        if words:
            found.append((words, "grey"))
        if thing.shared:
            found.append((shortened(f"↔ {thing.shared}", MOST_DETAIL), "shared"))
        if mode := _mode(thing):
            found.append((mode, "grey"))
        count = self.count(thing)
        if count != 0 and thing.counted and not thing.again:
            found.append((counted(count), "grey"))
        return found

    def label(self, thing: Thing, name: str) -> str:
        """The name that the text gives a layer, where it says more than the layer's type."""
        node = thing.node
        if not self.labels or node is None or not node.labelled or thing.shared:
            return ""
        if thing.count > 1 and not thing.member:
            return ""  # each of them has its own
        label = shortened(node.label, MOST_NAME)
        return "" if label.isdigit() or _letters(label) == _letters(name) else label

    def count(self, thing: Thing) -> Size:
        """Parameters of all that a thing stands for."""
        assert thing.node is not None
        costs = self.planner.costs
        if thing.alike:
            return sum(costs.of_node(node).parameters * count for node, count in thing.alike) + thing.lent_parameters
        own: Size = costs.of_node(thing.node).parameters
        looked_through = thing.target is not None and thing.target is not thing.node.target
        if thing.count > 1 and not looked_through and not thing.shared:
            own = own * thing.count
        return own + thing.lent_parameters

    def exit_label(self, thing: Thing, port: int) -> list[Run]:
        """The shape that leaves, where it is not the one that came."""
        if thing.kind != "node" or thing.node is None or port >= len(thing.node.outputs):
            return []
        came = next((v for v in thing.node.inputs if v is not None), None)
        left = (thing.alike[-1][0] if thing.alike else thing.node).outputs[thing.gives[port] if thing.gives else port]
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
        if mode := _mode(thing):
            parts.append((mode, "grey"))
        if thing.target.kind == "loop":
            parts.append((self.words.hyper(thing, thing.node), "grey"))
        total = self.count(thing)
        each = self.planner.costs.of(thing.target).parameters
        if total != 0 and thing.counted and not thing.again:
            if thing.count > 1 and each != total:
                parts.append((f"{compact(each)} each", "grey"))
            parts.append((counted(total), "grey"))
        runs = [self.run(text, DETAIL, False, tone) for text, tone in parts]
        for run in runs[1:]:
            run.text = " · " + run.text
        return runs

    # ------------------------------------------------------------ what is shown on pointing

    def title(self, thing: Thing, path: str) -> str:
        node = thing.node
        assert node is not None
        graph = thing.target
        what = self.words.call(thing, node)
        times = (f" × {thing.count}" if thing.count > 1 else "") + (" in parallel" if thing.beside else "")
        came = ", ".join(self.shape(v) for v in node.inputs if v is not None)
        left = ", ".join(self.shape(v) for v in node.outputs)
        lines = [f"{shortened(path, 120)}: {what}{times}", f"{came} → {left}"]
        cost = self.planner.costs.of(graph) if graph is not None else self.planner.costs.of_node(node)
        if cost.parameters or cost.buffers or thing.lent_parameters:
            lines.append(
                f"{cost.parameters + thing.lent_parameters} parameters"
                + (f", {cost.buffers} in buffers" if cost.buffers else "")
            )
        if cost.macs != 0:
            macs = self.facts.spell(cost.macs) if self.facts is not None else str(cost.macs)
            lines.append(f"{macs} MACs")
        return "\n".join(shortened(line, MOST_TITLE) for line in lines)
