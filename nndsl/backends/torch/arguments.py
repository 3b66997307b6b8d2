"""Which numbers of a class are arguments of its constructor, and what they are called.

Where a number came from decides, not what it is. A literal of the spec stays one. What was computed from the
block's hyperparameters and the sizes of its inputs is written as that computation. What the instances of the
class compute differently, or have no common words for, is an argument of its own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from nndsl.backends.torch.names import dim_name, fresh, is_attribute, number, variable
from nndsl.backends.torch.pieces import Line, New, Number, Slot, calls, slots
from nndsl.backends.torch.terms import Terms
from nndsl.ir.graph import Graph
from nndsl.ops.kinds import exact
from nndsl.shapes.simplified import Origin, leaves, stripped, variables, weight_of
from nndsl.shapes.written import written

_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*\b(?!=)", re.ASCII)  # neither an attribute nor a keyword
SHORT = 8  # characters of a number that is better than a formula: 0.125
LONG = 30  # characters of an expression that is better given a name, where the spec has one
HEAVIEST_SIZE = 9  # parts of an expression for a size that a layer takes from its input: PyTorch checks those anyway


@dataclass(slots=True)
class Argument:
    """`of`: the hyperparameter or size that it is; None for one of its own, which is what `slots` are in each
    instance of the class."""

    name: str
    of: tuple[Any, ...] | None
    values: list[Number]
    slots: list[Slot] = field(default_factory=list)
    default: Number | None = None
    optional: bool = False  # in the spec; a default that no instance has is not written

    @property
    def type(self) -> str:
        if all(isinstance(v, bool) for v in self.values):
            return "bool"
        return "float" if any(isinstance(v, float) for v in self.values) else "int"


@dataclass(slots=True)
class Instance:
    """What one graph brings to the class: its statements of `__init__` and of `forward`. `home`: the block in
    whose text it stands; `inputs`: the parameters of `forward` that are tensors."""

    graph: Graph
    home: Graph
    init: list[Line]
    forward: list[Line]
    inputs: list[str]


@dataclass(slots=True)
class Signature:
    """`locals`: variables of `__init__`; `attributes`: what `forward` needs of it; `sizes`: variables of `forward`;
    all of them name -> expression."""

    arguments: list[Argument] = field(default_factory=list)
    init: dict[int, str] = field(default_factory=dict)  # id(slot) of the first instance -> expression
    forward: dict[int, str] = field(default_factory=dict)
    locals: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    terms: list[Terms] = field(default_factory=list)
    names: dict[Origin, str] = field(default_factory=dict)  # hyperparameters, sizes, and what the spec named


@dataclass(slots=True)
class _Row:
    """The same slot in all instances. `of`: where it comes from in each, as the class sees it. `repeated`: a size that
    the class computes elsewhere too."""

    slots: list[Slot]
    of: list[Origin | None]
    repeated: bool = False

    @property
    def slot(self) -> Slot:
        return self.slots[0]

    @property
    def values(self) -> list[Number]:
        return [slot.value for slot in self.slots]

    @property
    def constant(self) -> bool:
        return len(set(exact(self.values))) == 1

    @property
    def plain(self) -> bool:
        return not any(isinstance(of, tuple) and leaves(of) for of in self.of)

    @property
    def at_default(self) -> bool:
        """Is it a literal, and the default at that?"""
        return self.plain and self.slot.default is not None and {exact(self.slot.default)} == set(exact(self.values))

    @property
    def told(self) -> Origin:
        """The computation that all instances share, if it can be written; else 0."""
        first = self.of[0]
        if not isinstance(first, tuple) or _opaque(first):
            return 0
        if not leaves(first) and not _shorter(first, self.slot):
            return 0
        if self.slot.inferred and not self.repeated and weight_of(first) > HEAVIEST_SIZE:
            return 0
        alike = all(isinstance(of, tuple) and stripped(of) == stripped(first) for of in self.of[1:])
        return first if alike else 0


def infer(instances: Sequence[Instance], dims: dict[Origin, str], taken: Collection[str]) -> Signature:
    """`dims`: what signatures call the sizes of inputs; `taken`: names that nothing else may bear."""
    return _Inference(instances, dims, taken).run()


def _find_repeated(rows: list[_Row]) -> None:
    """A size that a layer takes from its input is no heavier than where the spec computes it."""
    given = {stripped(of) for row in rows if not row.slot.inferred for of in row.of if isinstance(of, tuple)}
    for row in rows:
        row.repeated = row.slot.inferred and all(isinstance(of, tuple) and stripped(of) in given for of in row.of)


class _Inference:
    def __init__(self, instances: Sequence[Instance], dims: dict[Origin, str], taken: Collection[str]) -> None:
        self.instances = instances
        self.home, graph = instances[0].home, instances[0].graph
        fixed = set.intersection(*(i.home.defaulted for i in instances))
        self.result = Signature(terms=[Terms(i.graph, i.home, fixed) for i in instances])
        self.dims = {of: name for of, name in dims.items() if isinstance(of, tuple) and of[1] == graph.owner}
        self.labels = {n.label for n in graph.nodes}
        self.taken = taken
        self._variables = set(_WORD.findall("\n".join(line.text() for line in instances[0].forward)))
        self._variables |= set(instances[0].inputs)
        self.arguments: dict[Any, Argument] = {}  # by origin, or by what an argument of its own stands for

    # ------------------------------------------------------------ the whole

    def run(self) -> Signature:
        init = self._rows([i.init for i in self.instances])
        _find_repeated(init)
        forward = self._rows([i.forward for i in self.instances])
        init = self._unsilenced(init, forward)
        for row in init:
            for leaf in variables(row.told):
                self._argument(leaf)
        for row in forward:
            for leaf in variables(row.told):
                if not self._readable(leaf):
                    self._argument(leaf)
        read = [row for row in forward if self._read(row) or not leaves(row.told)]
        self._name_parts([*init, *(row for row in forward if row not in read)])
        for row in init:
            if text := self._text(row):
                self.result.init[id(row.slot)] = text
        for row in forward:
            self._forward(row)
        self._defaults(init)
        self.result.arguments = self._ordered()
        return self.result

    def _rows(self, several: Sequence[Sequence[Line]]) -> list[_Row]:
        columns = [[s for line in lines for p in line.pieces() for s in slots(p)] for lines in several]
        assert len({len(c) for c in columns}) == 1
        terms = self.result.terms
        return [
            _Row(list(row), [t.of(slot.of) for t, slot in zip(terms, row, strict=True)])
            for row in zip(*columns, strict=True)
        ]

    def _unsilenced(self, init: list[_Row], forward: list[_Row]) -> list[_Row]:
        """The rows that are written. A keyword at its default is not, unless the class has the arguments that it is
        computed from for something else: then it follows them."""
        silent: dict[int, tuple[New, str]] = {}
        default = {id(row.slot) for row in init if row.at_default}
        for call in (c for line in self.instances[0].init for p in line.pieces() for c in calls(p)):
            if not call.cls.startswith("nn."):  # whose defaults are others than the spec's: `batch_first`
                call.given -= {name for name in call.given if id(call.kwargs[name]) in default}
            for name in call.kwargs.keys() - call.given:
                silent |= {id(slot): (call, name) for slot in slots(call.kwargs[name])}
        used = {v for row in (*init, *forward) if id(row.slot) not in silent for v in variables(row.told)}
        for row in init:
            mentioned = set(variables(row.told))
            if id(row.slot) in silent and mentioned and mentioned <= used:
                call, name = silent.pop(id(row.slot))
                call.given.add(name)
        return [row for row in init if id(row.slot) not in silent]

    # ------------------------------------------------------------ what a number is written as

    def _text(self, row: _Row) -> str:
        """An expression; "" for a literal."""
        if row.told:
            return self._written(row.told)
        if row.constant and (row.plain or row.slot.inferred):
            return ""
        return self._own_argument(row).name

    def _written(self, of: Origin) -> str:
        return written(of, lambda part: self.result.names.get(stripped(part), ""), number)

    def _name_parts(self, rows: list[_Row]) -> None:
        """What the spec named is a variable of `__init__` where it is used more than once, or is long."""
        uses: dict[Origin, list[tuple[Any, ...]]] = {}
        for row in rows:
            for part in _named(row.told):
                uses.setdefault(stripped(part), []).append(part)
        for key, parts in uses.items():
            text = self._written(parts[0][2])
            if len(parts) > 1 or len(text) > LONG:
                name = self.result.names[key] = self._free(variable(parts[0][1]))
                self.result.locals[name] = text

    def _forward(self, row: _Row) -> None:
        """`forward` reads its numbers from the module, or from the shapes of what flows in."""
        told = row.told
        if self._read(row):
            self.result.forward[id(row.slot)] = self._size(told)
            return
        sign = ""
        if isinstance(told, tuple) and told[0] == "neg":
            sign, told = "-", told[1]
        if isinstance(told, tuple) and not leaves(told):
            self.result.forward[id(row.slot)] = sign + written(told, lambda part: "", number)
            return
        text = self._written(told) if told else self._text(row)
        if text:
            self.result.forward[id(row.slot)] = f"{sign}self.{self._attribute(told, text)}"

    def _attribute(self, told: Origin, text: str) -> str:
        name = text if text.isidentifier() else _derived(told, text)
        taken = {n for n, value in self.result.attributes.items() if value != text} | self.labels
        name = fresh(name if name not in self.labels else f"{name}_value", taken)
        name = name if is_attribute(name) else f"{name}_value"
        self.result.attributes[name] = text
        return name

    def _readable(self, leaf: tuple[Any, ...]) -> bool:
        """A size of an input that the constructor has no use for."""
        return leaf[0] == "axis" and leaf not in self.arguments and self.home is self.instances[0].graph

    def _read(self, row: _Row) -> bool:
        return any(map(self._readable, variables(row.told)))

    def _size(self, told: Origin) -> str:
        """A variable at the beginning of `forward`."""

        def said(part: tuple[Any, ...]) -> str:
            if part[0] == "name":
                return ""
            if self._readable(part):
                return f"{self.instances[0].inputs[part[2]]}.shape[{part[3]}]"
            name = self.result.names[part]
            return f"self.{self._attribute(part, name)}"

        text = written(told, said, number)
        for name, size in self.result.sizes.items():
            text = re.sub(rf"(?<!\w)\({re.escape(size)}\)", name, text)
        known = next((name for name, size in self.result.sizes.items() if size == text), None)
        if known is not None:
            return known
        wishes = {leaf: self._wishes(leaf)[0] for leaf in variables(told) if leaf not in self.arguments}
        spelled = written(told, lambda part: wishes.get(part) or self.result.names.get(part, ""), number)
        name = fresh(spelled if spelled.isidentifier() else _derived(told, spelled), {*self._variables, *self.taken})
        self._variables.add(name)
        self.result.sizes[name] = text
        return name

    # ------------------------------------------------------------ arguments

    def _argument(self, of: tuple[Any, ...]) -> None:
        """A hyperparameter, or the size of an input."""
        if of not in self.arguments:
            name = self.result.names[of] = self._free(*self._wishes(of))
            self.arguments[of] = Argument(name, of, [terms.value(of) for terms in self.result.terms])

    def _wishes(self, of: tuple[Any, ...]) -> tuple[str, ...]:
        if of[0] == "hyper":
            *path, last = [part for part in of[2].split(".") if not part.isdigit()]
            return variable(last), variable("_".join([*path, last]))
        value = self.home.inputs[of[2]]
        named = self.dims.get((of[0], self.home.owner, *of[2:]), "")
        name = dim_name(named, len(value.shape), of[3], value.name if of[2] else "")
        return name, f"in_{name}"

    def _free(self, *wishes: str) -> str:
        taken = {*self.taken, *self.result.names.values(), *(a.name for a in self.arguments.values())}
        return next((name for name in wishes if name not in taken), None) or fresh(wishes[-1], taken)

    def _own_argument(self, row: _Row) -> Argument:
        """What all instances agree on, and compute alike, is one argument."""
        alike = tuple(stripped(of) if isinstance(of, tuple) else None for of in row.of)
        key = (alike, exact(row.values), row.slot.name if row.plain else "")
        if row.plain and row.slot.inferred:  # what flows into a layer is what came out of another one
            key = next((k for k in self.arguments if k[:2] == key[:2]), key)
        if key not in self.arguments:
            self.arguments[key] = Argument(self._free(*_own_names(row)), None, row.values, row.slots)
        return self.arguments[key]

    # ------------------------------------------------------------ order and defaults

    def _defaults(self, rows: list[_Row]) -> None:
        """Of hyperparameters the spec's; of other arguments PyTorch's, or what all instances agree on."""
        arguments = {argument.name: argument for argument in self.arguments.values()}
        for argument in arguments.values():
            if argument.of is not None:
                default = self.home.defaults.get(argument.of[2])
                argument.optional = default is not None
                argument.default = default if exact(default) in exact(argument.values) else None
            elif len(argument.values) > 1 and len(set(exact(argument.values))) == 1:
                argument.default = argument.values[0]
        for row in rows:
            own = arguments.get(self.result.init.get(id(row.slot), ""))
            if own is not None and own.of is None and row.slot.default is not None:
                own.default = row.slot.default if exact(row.slot.default) in exact(own.values) else own.default

    def _ordered(self) -> list[Argument]:
        """Sizes of the input first, then as the spec has them, defaults last."""
        hyper = list(self.home.hyper)

        def rank(argument: Argument) -> tuple[bool, int, tuple[Any, ...]]:
            of = argument.of
            if of is not None and of[0] == "axis":
                return argument.default is not None, 0, of[2:]
            name = of[2].partition(".")[0] if of is not None else ""
            return argument.default is not None, hyper.index(name) + 1 if name in hyper else len(hyper) + 1, ()

        return sorted(self.arguments.values(), key=rank)


def _own_names(row: _Row) -> list[str]:
    """What the spec calls it in one instance or another; else the parameter, with its layer's label."""
    told = [of for of in row.of if isinstance(of, tuple)]
    found = [variable(of[1]) for of in told if of[0] == "name"]
    found += [variable(of[2].rsplit(".", 1)[-1]) for of in told if of[0] == "hyper"]
    name = variable(row.slot.name or "size")
    return [*found, name, f"{variable(row.slot.label)}_{name}" if row.slot.label else name]


def _named(of: Origin) -> Iterator[tuple[Any, ...]]:
    """Its named parts, inner ones first."""
    if isinstance(of, tuple):
        for part in of[1:]:
            if isinstance(part, tuple):
                yield from _named(part)
        if of[0] == "name":
            yield of


def _shorter(of: Origin, slot: Slot) -> bool:
    """Does the computation say more than the digits, as `sqrt(5)` does?"""
    parts = [number(part) for part in _numbers(of)]
    return len(str(slot)) > SHORT and all(len(part) <= SHORT for part in parts)


def _numbers(of: Origin) -> Iterator[Number]:
    if isinstance(of, tuple):
        for part in of[1:]:
            yield from () if isinstance(part, (str, bool)) else _numbers(part)
    else:
        yield of


def _opaque(of: Origin) -> bool:
    return isinstance(of, tuple) and (of[0] == "opaque" or any(map(_opaque, of[1:])))


def _derived(of: Origin, text: str) -> str:
    """A name for a computed number: `dim // heads` is `head_dim`, `dim**-0.5` a scale."""
    if isinstance(of, tuple) and of[0] == "name":
        return variable(of[1])
    if isinstance(of, tuple) and of[0] in ("**", "/", "call"):
        return "scale"
    left, _, right = text.partition(" // ")
    if right.endswith("heads"):
        return right[:-1] + "_dim"
    if right == "2" and left.isidentifier():
        return f"half_{left}"
    if right.isidentifier():
        return f"{left.rsplit(' ', 1)[-1].strip('()')}_per_{right.removesuffix('s')}"
    sides = text.replace(" + ", " plus ").replace(" - ", " minus ").split()
    if len(sides) == 3 and sides[1] in ("plus", "minus") and all(re.fullmatch(r"\w+", side) for side in sides):
        return "_".join(sides)
    words = [w for w in text.replace("(", " ").replace(")", " ").split() if w.isidentifier()]
    return "_".join(["inner", *words[:1]])
