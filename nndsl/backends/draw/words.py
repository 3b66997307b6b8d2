"""What things are called, and the hyperparameters that are told beside it: in the field's words or the spec's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.backends.draw.formulas import BETWEEN, ORDERED, POWERS, SIGNS, operand
from nndsl.backends.draw.kinds import call_of
from nndsl.backends.draw.metrics import shortened
from nndsl.backends.draw.style import SHOWN_AS, Tone
from nndsl.ir.graph import Graph, Node
from nndsl.ir.loops import repeats
from nndsl.ir.wording import worded
from nndsl.ops.schema import Op, spell_value
from nndsl.ops.tensor import Extern
from nndsl.shapes import Size

if TYPE_CHECKING:
    from nndsl.backends.draw.constants import Constant
    from nndsl.backends.draw.plan import Planner, Thing

ALIKE = {*SIGNS, "Maximum", "Minimum", "CosineSimilarity", "PairwiseDistance", "Merge"}  # nothing to tell of inputs
ROLES = {"attn_mask": "mask", "key_padding_mask": "padding", "per_sample_weights": "weights", "condition": "if"}
MOST_NAME, MOST_DETAIL, MOST_ROLE = 48, 44, 14


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


def counted(parameters: Size) -> str:
    """`256 params`, `9.41K`: a small number of parameters could be taken for a hyperparameter."""
    text = compact(parameters)
    return f"{text} param{'s' * (text != '1')}" if text.isdigit() else text


class Words:
    """The words for the things of one model."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.facts = planner.root.facts

    def operator(self, node: Node) -> Op:
        """With its sizes as the spec writes them."""
        return worded(node.op, self.facts)

    def name(self, thing: Thing) -> str:
        """By its sign where that reads well: `+ pos`, but `Concat class_token`."""
        if thing.node is not None and thing.target is None and _is_signed(thing.node.op, thing.name):
            apart = thing.constants and thing.node.op.name in BETWEEN
            front = _in_front(thing)
            if front is not None:
                return f"{operand(thing.node.op, front.part)} {SIGNS[thing.node.op.name]}"
            return thing.name if apart else _with_number(self.operator(thing.node))
        return thing.name or self.members(thing.target) or thing.label

    def members(self, graph: Graph | None) -> str:
        """What is in a closed list: `Conv2d → BatchNorm2d`, `BasicBlock × 2`."""
        if graph is None or graph.kind != "sequence":
            return ""
        names: list[tuple[str, int]] = []
        for node in graph.nodes[:200]:
            target = node.target
            name = self.planner.name_of(target, node) or "…" if isinstance(target, Graph) else target.heading
            if names and names[-1][0] == name:
                names[-1] = (name, names[-1][1] + 1)
            else:
                names.append((name, 1))
        parts = [f"{name} × {count}" if count > 1 else name for name, count in names]
        return shortened(" → ".join(parts), MOST_NAME)

    def hyper(self, thing: Thing, node: Node) -> str:
        if isinstance(node.target, Op):
            op = self.operator(node)
            told = _number_beside(op) is not None or (op.hidden and op.heading == op.spell())
            return "" if told else shortened(op.detail(), MOST_DETAIL)
        target = thing.target
        assert target is not None
        if target.kind == "sequence":
            return self.members(target) if thing.name else ""
        if target.kind == "loop":
            return shortened(f"for each of {worded(repeats(target), self.facts)}", MOST_DETAIL)
        return self._arguments(target, [each.target for each, _ in thing.alike])

    def _arguments(self, graph: Graph, alike: list[Op | Graph]) -> str:
        """What a closed block was given, by name, as were all told with it; nothing where that is more than a line: its
        shapes tell enough."""
        others = [each.hyper for each in alike if isinstance(each, Graph)]
        given = {n: v for n, v in graph.hyper.items() if n not in graph.defaulted and all(o[n] == v for o in others)}
        said = {name: worded(value, self.facts) for name, value in given.items()}
        words = ", ".join(f"{name}={spell_value(value)}" for name, value in said.items() if _is_short(value))
        return words if len(words) <= MOST_DETAIL else ""

    def constants(self, thing: Thing) -> list[tuple[str, Tone]]:
        """What no input reaches: `pos (151K)`, `↔ embed.weight`, `else p`."""
        op = thing.node.op if thing.target is None and thing.node is not None else None
        unnamed = "constant" if op is not None and op.name in SIGNS else ""
        each = {operand(op, c.part) or unnamed: c.elements for c in thing.constants if not c.shared}
        named = [f"{n} ({compact(elements)})" if elements else n for n, elements in each.items() if n or elements]
        if _in_front(thing) is not None:
            named = [counted(elements) for elements in each.values() if elements]
        tied = dict.fromkeys(c.name for c in thing.constants if c.shared)
        other = "else " if thing.training is not None else ""
        found: list[tuple[str, Tone]] = []
        if named:
            found.append((shortened(other + ", ".join(named), MOST_DETAIL), "constant"))
        if tied:
            found.append((shortened(f"{other}↔ {', '.join(tied)}", MOST_DETAIL), "shared"))
        return found

    def roles(self, thing: Thing) -> dict[int, str]:
        """What each input is to a box that several values enter, by the port: nothing where that is plain, as for a
        layer's own input."""
        node = thing.node
        if node is None or len(thing.takes) != len(thing.feed) or len({feed[:2] for feed in thing.feed}) < 2:
            return {}
        names = _inputs(node, thing.target)
        found: dict[tuple[int, int], tuple[int, list[str]]] = {}
        for port, (take, (tail, tail_port, _)) in enumerate(zip(thing.takes, thing.feed, strict=True)):
            name = names[take] if take < len(names) else ""
            found.setdefault((tail, tail_port), (port, []))[1].append(ROLES.get(name, name))
        return {port: shortened(", ".join(words), MOST_ROLE) for port, words in found.values() if any(words)}

    def call(self, thing: Thing, node: Node) -> str:
        """As the spec could write it: `Conv2d(64, 7, stride=2)`, `BasicBlock(channels=64)`."""
        graph = thing.target
        if graph is None:
            return call_of(self.operator(node))
        given = [f"{name}={worded(value, self.facts)}" for name, value in graph.hyper.items()]
        return f"{graph.name}({', '.join(given)})" if given else graph.name


def family_of(op: Op) -> str:
    """Whose look it has."""
    if isinstance(op, Extern):
        return "python"
    return "shape" if op.name == "Identity" else SHOWN_AS.get(op.family.name, op.family.name)


def sign(node: Node) -> str:
    """Of two tensors with a sign between them: that sign, when it is as short as signs are."""
    found = SIGNS.get(node.op.name, "")
    return found if len(found) <= 2 and not found.isalpha() and len(node.inputs) > 1 and None not in node.inputs else ""


def is_ordered(node: Node) -> bool:
    """Does it matter which operand of its sign is the first? What is put together in another order is alike."""
    return node.op.name in SIGNS and node.op.name not in {*ORDERED, "Concat"}


def _inputs(node: Node, graph: Graph | None) -> list[str]:
    """Their names, as an operator or a block has them; that of a layer's own input says nothing."""
    if graph is not None:
        return [value.name for value in graph.inputs]
    op = node.op
    if op.name in ALIKE or any(name.startswith("*") for name in op.inputs):
        return []
    return ["" if name == "x" else name.strip("?") for name in op.inputs]


def _is_signed(op: Op, name: str) -> bool:
    """Is it called by its sign? Of a constant that is an output, its own name is told."""
    return op.name in SIGNS and name == op.heading


def _in_front(thing: Thing) -> Constant | None:
    """Of `mu - x`: the constant, where that is not `x - mu`."""
    assert thing.node is not None
    is_left = thing.target is None and is_ordered(thing.node) and thing.takes == [1] and len(thing.constants) == 1
    return thing.constants[0] if is_left and thing.node.op.name not in BETWEEN else None


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


def _with_number(op: Op) -> str:
    """`× 0.5`, `1 −`; the sign alone where both sides are tensors."""
    found, number = SIGNS[op.name], _number_beside(op)
    if number is None:
        return found
    if op.name == "Power" and not getattr(op, "reverse", False) and number in POWERS:
        return f"x{POWERS[number]}"
    text = f"{number:.4g}" if isinstance(number, float) else str(number)
    swapped = getattr(op, "reverse", False) and op.name not in ORDERED
    return f"{text} {found}" if swapped else f"{found} {text}"
