"""Numbers that remember what they were computed from.

A block is elaborated with numbers, and its PyTorch class is written with names: `nn.Linear(dim, 4 * dim)`. So what a
block is given, its hyperparameters and the sizes of its inputs, are numbers with an *origin*, and arithmetic on them
gives numbers with one. Everything else (equality, hashing, printing, `int(x)`) is that of the plain number: an origin
decides how a number is written, never what it is.

An origin is a tuple, or a plain number where there is nothing to remember:

    ("hyper", owner, name)            a hyperparameter; `owner` numbers the block graph that it belongs to
    ("axis", owner, input, axis)      the size of an input
    ("+", a, b), … ("neg", a)         arithmetic; ("//", a, b, True) is a division without a rest
    ("call", function, *arguments)    `sqrt(a)`, `max(a, b)`
    ("name", label, origin)           what a spec called it: `margin = …`
    ("opaque", owner, number)         too long to write; equal numbers, equal computations

A size that is not known yet has the calculation itself, where a number with an origin takes part: `V * relations`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from nndsl.shapes.dims import Dim
from nndsl.shapes.simplified import FUNCTIONS, IN_MATH, OPERATORS, Origin, joined, negated, owners, stripped, weight_of

Number: TypeAlias = int | float

LONGEST = 40  # numbers, names and operators in one origin


class TracedInt(int):
    """A whole number with an origin; `weight` bounds the length of that."""

    of: tuple[Any, ...]
    weight: int


class TracedFloat(float):
    """Any other number with an origin."""

    __slots__ = ("of", "weight")
    of: tuple[Any, ...]
    weight: int


class TracedDim(Dim):
    """A size that is not known yet, and the operator or function and the operands that gave it."""

    __slots__ = ("made", "weight")
    made: tuple[Any, ...]
    weight: int


class Unwritable(Exception):
    """An origin with an opaque part."""


TRACED = (TracedInt, TracedFloat)
_WITH_WEIGHT = (TracedInt, TracedDim)


def origin(value: Any) -> tuple[Any, ...] | None:
    """What the number was computed from; None for a plain one."""
    return value.of if type(value) in TRACED else None


def plain(value: Any) -> Any:
    """The number alone, or the size."""
    if type(value) is TracedDim:
        return Dim(value.terms)
    return int(value) if type(value) is TracedInt else float(value) if type(value) is TracedFloat else value


def traced(value: Number, of: Origin | None, weight: int = 1) -> Any:
    """The number with this origin."""
    if type(of) is not tuple:
        return value
    made: Any = (TracedFloat if isinstance(value, float) else TracedInt)(value)
    made.of = of
    made.weight = weight
    return made


def sized(size: Any, symbol: str, *operands: Any) -> Any:
    """The size that `a ∘ b` is, with what it was computed from where a number among that has an origin."""
    if not isinstance(size, Dim) or not any(type(x) in _WITH_WEIGHT for x in operands):
        return size
    weight = 1 + sum(x.weight if type(x) in _WITH_WEIGHT else 1 for x in operands)
    if weight > LONGEST:
        return size
    found = TracedDim(size.terms)
    found.made, found.weight = (symbol, *operands), weight
    return found


def calculation(value: Any) -> Any:
    """Equal for equal numbers and sizes that were computed alike; None where nothing is known of that."""
    if type(value) is not TracedDim:
        return origin(value)
    symbol, *operands = value.made
    return symbol, *((plain(each), calculation(each)) for each in operands)


def named(value: Any, label: str) -> Any:
    """A computed number under the name that the spec gives it."""
    of = origin(value)
    if of is None or of[0] in ("hyper", "axis", "name", "opaque"):
        return value
    return traced(value, ("name", label, of), value.weight)


def called(value: Any, function: str, *arguments: Any) -> Any:
    """The result of a function of numbers; `sqrt(5)` says more than its digits."""
    told = function in IN_MATH and isinstance(value, float) and not value.is_integer()
    if not told and not any(type(a) in TRACED for a in arguments):
        return value
    parts = [a.of if type(a) in TRACED else a for a in arguments]
    weight = 1 + sum(a.weight if type(a) in TRACED else 1 for a in arguments)
    return _bounded(plain(value), ("call", function, *parts), weight)


def floored(value: Any, a: Any, b: Any) -> Any:
    """`a // b` where nothing says that it has no rest: another `a` of the same class may leave one."""
    if type(value) not in TRACED or not isinstance(value.of, tuple) or value.of[0] == "opaque":
        return value
    left, right = (x.of if type(x) in TRACED else x for x in (a, b))
    return traced(plain(value), joined("//", left, right), value.weight)


def remainder(a: Any, b: Any) -> Origin:
    """What `a % b` is computed from, as `require a % b == 0` is remembered."""
    return stripped(("%", *(x.of if type(x) in TRACED else x for x in (a, b))))


def like(value: Number, source: Any) -> Any:
    """The number with the origin of the one it was converted from."""
    return traced(value, source.of, source.weight) if type(source) in TRACED else value


def lifted(left: Any, right: Any) -> Any:
    """`right` so that `left ∘ right` keeps its origin: a float does not ask a whole number first."""
    return like(float(right), right) if type(left) is float and type(right) is TracedInt else right


def alike(values: Any) -> bool:
    """One number several times: equal, and computed alike."""
    return len(set(values)) == 1 and len({origin(value) for value in values}) == 1


# ---------------------------------------------------------------- arithmetic


def _result(value: Any, symbol: str, a: Any, b: Any) -> Any:
    """A number made of two others."""
    if type(value) is not int and type(value) is not float:
        return value  # a negative number to a broken power
    weight = 1
    if type(a) in TRACED:
        weight, left = weight + a.weight, a.of
    else:
        left = a
    if type(b) in TRACED:
        weight, right = weight + b.weight, b.of
    else:
        right = b
    of = joined(symbol, left, right, symbol == "//" and int(value) * int(b) == a)
    return _bounded(value, of, weight) if type(of) is tuple else value


def _bounded(value: Number, of: tuple[Any, ...], weight: int) -> Any:
    """With its origin, as long as that can be written."""
    if weight > LONGEST:
        weight = weight_of(of)
        whose = owners(of)
        if weight > LONGEST and not whose:
            return value
        if weight > LONGEST:
            of, weight = ("opaque", max(whose), hash(stripped(of))), 1
    return traced(value, of, weight)


def _forward(symbol: str, whole: Callable[..., Any], real: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def forward(self: Any, other: Any) -> Any:
        value = whole(self, other)
        if value is NotImplemented:
            if not isinstance(other, float):
                return real(int(self), other) if isinstance(other, Dim) else NotImplemented
            value = real(float(self), float(other))
        return _result(value, symbol, self, other)

    return forward


def _backward(symbol: str, whole: Callable[..., Any], real: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def backward(self: Any, other: Any) -> Any:
        value = whole(self, other)
        if value is NotImplemented:
            if not isinstance(other, float):
                return NotImplemented
            value = real(float(other), float(self))
        return _result(value, symbol, other, self)

    return backward


_METHODS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow"}


def _itself(self: Any) -> Any:
    return self


def _negative(self: Any) -> Any:
    of = negated(self.of)
    return _bounded(-plain(self), of, self.weight) if isinstance(of, tuple) else -plain(self)


def _absolute(self: Any) -> Any:
    return self if self >= 0 else -self


for _symbol, _name in _METHODS.items():
    for _base, _class in ((int, TracedInt), (float, TracedFloat)):
        _calculate = OPERATORS[_symbol]
        setattr(_class, f"__{_name}__", _forward(_symbol, getattr(_base, f"__{_name}__"), _calculate))
        setattr(_class, f"__r{_name}__", _backward(_symbol, getattr(_base, f"__r{_name}__"), _calculate))
for _class in TRACED:
    for _name, _method in (("__pos__", _itself), ("__neg__", _negative), ("__abs__", _absolute)):
        setattr(_class, _name, _method)


# ---------------------------------------------------------------- in other words

Known: TypeAlias = Callable[[tuple[Any, ...]], Any]  # the number that a hyperparameter or size is


def computed(of: Origin, known: Known, names: bool = False) -> Any:
    """The same computation over other numbers; raises Unwritable. `names`: keep what the spec calls its parts."""
    if not isinstance(of, tuple):
        return of
    kind = of[0]
    if kind in ("hyper", "axis"):
        return known(of)
    if kind == "opaque":
        raise Unwritable
    if kind == "name":
        inner = computed(of[2], known, names)
        return named(inner, of[1]) if names else inner
    if kind == "neg":
        return -computed(of[1], known, names)
    if kind == "call":
        arguments = [computed(p, known, names) for p in of[2:]]
        return called(FUNCTIONS[of[1]](*map(plain, arguments)), of[1], *arguments)
    left = computed(of[1], known, names)
    return OPERATORS[kind](left, lifted(left, computed(of[2], known, names)))


def rebased(number: Any, owner: int, known: Known, to: int) -> Any:
    """A number of the block `owner`, as the block `to` that calls it computes it."""
    of = origin(number)
    if of is None or owner not in owners(of):
        return number

    def own(variable: tuple[Any, ...]) -> Any:
        if variable[1] != owner:
            raise Unwritable
        return known(variable)

    try:
        found = computed(of, own)
    except Unwritable:
        found = None
    return found if found == number else traced(plain(number), ("opaque", to, hash(stripped(of))))
