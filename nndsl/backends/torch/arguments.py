"""Which numbers of a class are arguments of its constructor, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from nndsl.backends.torch.formulas import Formula, evaluated, formula, simple
from nndsl.backends.torch.names import dim_name, fresh, is_attribute, variable
from nndsl.backends.torch.pieces import Line, Number, Slot, silent, slots
from nndsl.ir.graph import Graph
from nndsl.ops.kinds import exact

Vector = tuple[Number, ...]
UNMISTAKABLE = 20  # a size that is not equal to another by chance
DEPTHS = ("depth", "layers", "num_layers", "n_layers", "repeats", "blocks", "n")
BIG = 4  # smaller numbers in `forward` are axes and exponents, not sizes


@dataclass(slots=True)
class Argument:
    """`spec`: the hyperparameter that it is, if it is one."""

    name: str
    vector: Vector
    default: Number | None = None
    spec: str = ""

    @property
    def type(self) -> str:
        if all(isinstance(v, bool) for v in self.vector):
            return "bool"
        return "float" if any(isinstance(v, float) for v in self.vector) else "int"

    def equals(self, vector: Vector) -> bool:
        return exact(self.vector) == exact(vector)  # type: ignore[no-any-return]


@dataclass(slots=True)
class Instance:
    """What one graph brings to the class: its statements of `__init__` and of `forward`."""

    graph: Graph
    init: list[Line]
    forward: list[Line]


@dataclass(slots=True)
class Signature:
    arguments: list[Argument] = field(default_factory=list)
    init: dict[int, str] = field(default_factory=dict)  # id(slot) of the first instance -> expression
    forward: dict[int, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)  # what `forward` needs: name -> expression


def infer(instances: Sequence[Instance]) -> Signature:
    return _Inference(instances).run()


class _Inference:
    def __init__(self, instances: Sequence[Instance]) -> None:
        self.instances = instances
        self.count = len(instances)
        self.known: dict[str, Argument] = {}  # by name, candidates and used ones
        self.used: dict[str, Argument] = {}
        self.spec: dict[str, str] = {}  # a name in the spec -> its argument
        self.formulas: list[Formula] = []
        self.labels = {n.label for n in instances[0].graph.nodes}
        self.result = Signature()
        self._sources()

    # ------------------------------------------------------------ what the spec names

    def _sources(self) -> None:
        graphs = [i.graph for i in self.instances]
        for name in graphs[0].hyper:
            self._source(name, variable(name), [g.hyper.get(name) for g in graphs])
        for name in graphs[0].dims:
            self._source(name, dim_name(name), [g.dims.get(name) for g in graphs])
        first = graphs[0].inputs[:1]
        for axis in range(len(first[0].shape) if first else 0):
            name = "in_channels" if axis == 1 and len(first[0].shape) > 2 else "dim"
            self._source("", name, [g.inputs[0].shape[axis] for g in graphs if len(g.inputs[0].shape) > axis])

    def _source(self, spec: str, name: str, values: Sequence[object]) -> None:
        vector = tuple(v for v in values if isinstance(v, (bool, int, float)))
        if len(vector) != self.count:
            return
        same = next((a for a in self.known.values() if a.equals(vector) and not isinstance(vector[0], bool)), None)
        if same is not None and (not spec or spec in self.instances[0].graph.dims):
            if spec:
                self.spec.setdefault(spec, same.name)
            return
        name = fresh(name, self.known)
        self.known[name] = Argument(name, vector, None, spec)
        if spec:
            self.spec.setdefault(spec, name)

    # ------------------------------------------------------------ every slot

    def run(self) -> Signature:
        init = self._vectors([i.init for i in self.instances])
        forward = self._vectors([i.forward for i in self.instances])
        quiet = {id(s) for line in self.instances[0].init for p in line.pieces() for s in silent(p)}
        init = [(slot, vector) for slot, vector in init if id(slot) not in quiet]
        self._written(init)
        for slot, vector in init:
            if id(slot) not in self.result.init:
                text = self._unwritten(slot, vector)
                if text is not None:
                    self.result.init[id(slot)] = text
        for slot, vector in forward:
            self._forward(slot, vector)
        self._defaults(init)
        self.result.arguments = self._ordered()
        return self.result

    def _vectors(self, several: Sequence[Sequence[Line]]) -> list[tuple[Slot, Vector]]:
        columns = [[s for line in lines for p in line.pieces() for s in slots(p)] for lines in several]
        assert len({len(c) for c in columns}) == 1
        return [(row[0], tuple(s.value for s in row)) for row in zip(*columns, strict=True)]

    def _written(self, rows: list[tuple[Slot, Vector]]) -> None:
        """Numbers that the spec wrote over its own names."""
        for slot, vector in rows:
            text = slot.texts.get(slot.name, "")
            found = formula(text, self.spec) if text else None
            if found is not None and self._equals(found, vector):
                self.result.init[id(slot)] = self._use(found)

    def _unwritten(self, slot: Slot, vector: Vector) -> str | None:
        """Numbers that come from elsewhere: the input's sizes, literals, other blocks."""
        constant = _constant(vector)
        for word in DEPTHS if slot.name == "depth" else (slot.name,):
            same = self.known.get(self.spec.get(word, ""))
            if same is not None and same.equals(vector):
                return self._use(Formula(same.name, (same.name,)))
        if constant and type(vector[0]) is float:
            rates = [a for a in self.known.values() if a.equals(vector) and a.spec and a.type == "float"]
            return self._use(Formula(rates[0].name, (rates[0].name,))) if len(rates) == 1 else None
        if constant and not (slot.inferred and vector[0] > 1):
            return self._recognized(vector)
        for name, argument in self.known.items():
            named = name in self.used or argument.spec in self.instances[0].graph.dims or not constant
            if argument.equals(vector) and named and argument.type != "bool":
                return self._use(Formula(name, (name,)))
        for found in self.formulas:
            if self._equals(found, vector):
                return self._use(found)
        return None if constant else self._invented(slot, vector)

    def _recognized(self, vector: Vector) -> str | None:
        """A size that is the value of one hyperparameter or dim, though it was written otherwise."""
        if not isinstance(vector[0], int) or vector[0] < UNMISTAKABLE:
            return None
        same = [a for a in self.known.values() if a.equals(vector) and a.spec]
        return self._use(Formula(same[0].name, (same[0].name,))) if len(same) == 1 else None

    def _invented(self, slot: Slot, vector: Vector) -> str:
        """An argument for what differs and has no name: as a formula over other arguments, else one of
        its own."""
        values = {n: a.vector for n, a in self.known.items()}
        if all(isinstance(v, int) and not isinstance(v, bool) for v in vector):
            for found in simple([n for n in self.known if n in self.used], values):
                if self.count > 1 and self._equals(found, vector):
                    return self._use(found)
        for name, argument in self.known.items():
            if argument.equals(vector):
                return self._use(Formula(name, (name,)))
        name = fresh(variable(slot.name or "size"), self.known)
        self.known[name] = Argument(name, vector)
        return self._use(Formula(name, (name,)))

    def _forward(self, slot: Slot, vector: Vector) -> None:
        constant = _constant(vector)
        found = None
        for text in slot.texts.values():
            candidate = formula(text, self.spec)
            if candidate is not None and self._equals(candidate, vector) and (not constant or vector[0] > BIG):
                found = candidate
                break
        if found is None and constant:
            return
        text = self._use(found) if found is not None else self._unwritten(slot, vector) or ""
        assert text, f"{slot} differs and has no name"
        name = text if text.isidentifier() else _derived(text)
        taken = {n for n, value in self.result.attributes.items() if value != text} | self.labels
        name = fresh(name if name not in self.labels else f"{name}_value", taken)
        name = name if is_attribute(name) else f"{name}_value"
        self.result.attributes[name] = text
        self.result.forward[id(slot)] = f"self.{name}"

    def _equals(self, found: Formula, vector: Vector) -> bool:
        values = {n: self.known[n].vector for n in found.names}
        made = evaluated(found, values, self.count)
        return made is not None and exact(made) == exact(vector)

    def _use(self, found: Formula) -> str:
        for name in found.names:
            self.used.setdefault(name, self.known[name])
        if found not in self.formulas:
            self.formulas.append(found)
        return found.text

    # ------------------------------------------------------------ order and defaults

    def _defaults(self, rows: list[tuple[Slot, Vector]]) -> None:
        """What all instances agree on, or what PyTorch's own default is."""
        for slot, vector in rows:
            argument = self.used.get(self.result.init.get(id(slot), ""))
            if argument is not None and slot.default is not None and exact(slot.default) in exact(vector):
                argument.default = slot.default
        for argument in self.used.values():
            if self.count > 1 and _constant(argument.vector):
                argument.default = argument.vector[0]

    def _ordered(self) -> list[Argument]:
        """Sizes of the input first, then as the spec has them, defaults last."""
        hyper = list(self.instances[0].graph.hyper)

        def rank(argument: Argument) -> tuple[bool, int]:
            at = hyper.index(argument.spec) + 1 if argument.spec in hyper else 0
            return argument.default is not None, at

        return sorted(self.used.values(), key=rank)


def _constant(vector: Vector) -> bool:
    return len(set(exact(vector))) == 1


def _derived(text: str) -> str:
    """A name for a quotient or product: `dim // heads` is `head_dim`."""
    left, _, right = text.partition(" // ")
    if right.endswith("heads"):
        return right[:-1] + "_dim"
    if right.isidentifier():
        return f"{left.rsplit(' ', 1)[-1].strip('()')}_per_{right.removesuffix('s')}"
    words = [w for w in text.replace("(", " ").replace(")", " ").split() if w.isidentifier()]
    return "_".join(["inner", *words[:1]])
