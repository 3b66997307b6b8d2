"""Model-wide initialisers: `init Conv2d = kaiming_normal(…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nndsl.backends.torch.construct import fill
from nndsl.backends.torch.pieces import Line
from nndsl.ir.graph import Graph, InitRule, Node
from nndsl.ops.initializers import Initializer
from nndsl.ops.schema import Weight

if TYPE_CHECKING:
    from nndsl.backends.torch.file import File


class Rules:
    """Which rule a weight falls under, and whether all is said by one loop over the model's modules.

    Layers of a type where some bring an initialiser of their own or keep a row of zeros, and linear layers beside
    attention (whose own projection is an `nn.Linear` too), are initialised one by one instead, right where they are
    made."""

    def __init__(self, model: Graph) -> None:
        self.rules: list[InitRule] = model.inits
        self.nodes = [n for g in model.graphs() for n in g.nodes if not n.is_call] if self.rules else []
        self.reached = set(map(id, self.nodes))
        self.single: set[str] = {n.op.name for n in self.nodes if any(self._overrides(n, w) for w in n.weights())}
        if any(n.op.name == "MultiheadAttention" for n in self.nodes):
            self.single.add("Linear")

    def _overrides(self, node: Node, weight: Weight) -> bool:
        return bool(weight.init is not None or weight.zero_row) and self._found(node, weight) is not None

    def _found(self, node: Node, weight: Weight) -> Initializer | None:
        """The rule that says most about this weight; of equals the last."""
        if not weight.trained or not weight.name:
            return None
        fitting = [r for r in self.rules if self._fits(r, node, weight)]
        if not fitting:
            return None
        best = max(enumerate(fitting), key=lambda p: (p[1].layer is not None, p[1].weight is not None, p[0]))[1]
        init: Initializer = best.init
        return init

    @staticmethod
    def _fits(rule: InitRule, node: Node, weight: Weight) -> bool:
        if rule.layer not in (None, node.op.name):
            return False
        if rule.weight is not None:
            return rule.weight == weight.name
        # A default for every layer is for matrices and filters: a norm keeps its ones.
        matrix = len(weight.shape) >= 2 if rule.layer is None else True
        return "bias" not in weight.name and matrix and rule.init.misfit(weight.shape) is None

    def local(self, node: Node, weight: Weight) -> Initializer | None:
        reached = id(node) in self.reached and node.op.name in self.single
        return self._found(node, weight) if reached else None

    def loop(self, module: File) -> list[Line]:
        """`for module in self.modules(): if isinstance(module, nn.Conv2d): …`"""
        wanted: dict[str, dict[str, Initializer]] = {}
        missing: set[tuple[str, str]] = set()
        first: dict[str, int] = {}
        for node in self.nodes:
            if node.op.name in self.single or not node.op.has_weights:
                continue
            for weight in node.weights():
                init = self._found(node, weight)
                if init is not None:
                    cls = module.class_of(node)
                    wanted.setdefault(cls, {}).setdefault(weight.name, init)
                    first.setdefault(cls, next(i for i, r in enumerate(self.rules) if self._fits(r, node, weight)))
        for node in self.nodes if wanted else []:
            cls = module.class_of(node) if node.op.has_weights else ""
            names = {w.name for w in node.weights()} if cls in wanted else set()
            missing |= {(cls, name) for name in wanted.get(cls, {}) if name not in names}
        wanted = dict(sorted(wanted.items(), key=lambda item: first[item[0]]))
        return _written(wanted, missing)


class Rulebook:
    """The rules of a model and of the models that it is made of. An outer model's come last: where both say something
    of a weight, they win."""

    def __init__(self, root: Graph) -> None:
        self.models = {id(graph): Rules(graph) for graph in root.graphs() if graph.inits}
        single = {name for rules in self.models.values() for name in rules.single}
        for rules in self.models.values():  # or the loop of an inner model would come after what an outer one says
            rules.single = single

    def local(self, node: Node, weight: Weight) -> Initializer | None:
        found = [init for rules in self.models.values() if (init := rules.local(node, weight)) is not None]
        return found[-1] if found else None

    def loop(self, graph: Graph, module: File) -> list[Line]:
        return self.models[id(graph)].loop(module) if id(graph) in self.models else []


def _written(wanted: dict[str, dict[str, Initializer]], missing: set[tuple[str, str]]) -> list[Line]:
    if not wanted:
        return []
    lines = [Line(["for module in self.modules():"])]
    alike: dict[str, list[str]] = {}
    bodies: dict[str, list[Line]] = {}
    for cls, inits in wanted.items():
        body = [line for weight, init in inits.items() for line in _filled(weight, init, (cls, weight) in missing)]
        text = "\n".join(line.text() for line in body)
        alike.setdefault(text, []).append(cls)
        bodies[text] = body
    for i, (text, classes) in enumerate(alike.items()):
        which = classes[0] if len(classes) == 1 else f"({', '.join(classes)})"
        lines.append(Line([f"{'elif' if i else 'if'} isinstance(module, {which}):"], 1))
        lines += bodies[text]
    return lines


def _filled(weight: str, init: Initializer, optional: bool) -> list[Line]:
    """The statement for one weight, guarded where some layers lack it."""
    guard = [Line([f"if module.{weight} is not None:"], 2)] if optional else []
    return [*guard, Line([fill(init, f"module.{weight}")], 2 + len(guard))]
