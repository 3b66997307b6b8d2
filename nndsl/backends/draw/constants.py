"""What no input reaches: weights, constants, and what is computed from them alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.backends.draw import formulas
from nndsl.backends.draw.kinds import elements_of
from nndsl.ir.graph import Node
from nndsl.ir.wording import worded
from nndsl.ops.schema import Op
from nndsl.ops.tensor import WeightOf
from nndsl.shapes import Facts


@dataclass(slots=True)
class Constant:
    """A value that no input reaches: it is told at what uses it, never drawn. `elements`: of parameters;
    `shared`: another layer's weight; `node`: what makes it, where it stands; `owned`: elements by their parameter;
    `made`: the names in its formula, where it has no name of its own; `strength`: how firmly that holds together."""

    name: str
    elements: int = 0
    shared: bool = False
    node: Node | None = None
    owned: dict[int, int] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    strength: int = formulas.ATOM

    @property
    def part(self) -> formulas.Part:
        return self.name, self.strength


def constant_of(node: Node, given: list[Constant], facts: Facts | None) -> Constant:
    """What a node makes of the constants that it is given. A parameter is called by its label, what has no name as the
    spec writes it: `Eye(8)`."""
    assert isinstance(node.target, Op)
    if isinstance(node.target, WeightOf):
        return Constant(f"{node.label}.{node.target.weight}", shared=True, node=node)
    if given:
        return _computed(node, worded(node.target, facts), given)
    own = node.outputs[0].name if node.outputs else ""
    elements = sum(elements_of(w.shape) for w in node.weights() if w.trained)
    label = node.label if node.labelled or elements else ""
    name = own or label or worded(node.op, facts).spell()
    return Constant(name, elements, False, node, {id(node): elements} if elements else {})


def _computed(node: Node, op: Op, given: list[Constant]) -> Constant:
    """By a short formula where that tells parameters, else by its own name; `f(mu, sigma)` where it has none."""
    own = node.outputs[0].name if len(node.outputs) == 1 else ""
    parts = [c.part if c.made else formulas.inside(c.part) for c in given]
    names = tuple(dict.fromkeys(n for c, (name, _) in zip(given, parts, strict=True) for n in c.made or (name,) if n))
    owned = {at: size for c in given if c.elements for at, size in c.owned.items()}
    made = Constant(own, sum(owned.values()), any(c.shared for c in given), node, owned)
    found = formulas.formula(op, parts)
    learned = made.shared or any(c.owned for c in given)
    if found is not None and (learned or not own):
        made.name, made.strength = found
        made.made = names
    elif not own or own in names:
        made.name, made.made = formulas.of_some(names), names
    return made
