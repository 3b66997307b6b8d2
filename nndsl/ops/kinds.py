"""Kinds of parameters: what a spec may give, and what the operator then holds. Looked up by the annotation's text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

from nndsl.shapes import Dim, Size
from nndsl.shapes.origins import like

Single = tuple[int]
Pair = tuple[int, int]
Triple = tuple[int, int, int]
Ints = tuple[int, ...]
PerAxis = tuple[int, ...]
PerAxisPadding = tuple[int, ...] | str
PerAxisPartial = tuple[int | None, ...]
Sizes = tuple[Size, ...]
DType = str
Scalar = int | float
Floats = tuple[float, ...]
SizeMap = dict[str, Size]

WIDEST_INT = (1 << 63) - 1  # both backends hold whole numbers in int64, and
WIDEST_FLOAT = (2 - 2**-23) * 2.0**127  # every other number in float32


class Unfit(Exception):
    """A value that does not fit its parameter. The message is for the user; that of a kind says what the parameter is
    ("is a whole number, not 2.5"). `choices` feed did-you-mean."""

    def __init__(self, message: str, choices: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.choices = choices

    def about(self, name: str) -> str:
        """The message as a sentence whose subject is the parameter."""
        return self.message if self.message.startswith(f"{name} ") else f"{name} {self.message}"


@dataclass(frozen=True, slots=True)
class Kind:
    """`title` as documentation says it; `convert` raises Unfit."""

    title: str
    convert: Callable[[Any], Any]

    def spell(self, value: Any) -> str:
        """Shortest form in a spec: equal pairs are written once."""
        from nndsl.ops.schema import spell_value

        if isinstance(value, tuple) and len(value) == 1 and self.title.startswith("a whole number"):
            return spell_value(value[0])
        if (
            isinstance(value, tuple)
            and len(value) > 1
            and len(set(map(str, value))) == 1
            and self.title.startswith("one or")
        ):
            return spell_value(value[0])
        return spell_value(value)


def told(value: Any, *, alone: bool = True) -> str:
    """A value in the few words of a diagram: `0.5`, `2, 3`; among others a tuple keeps its brackets."""
    from nndsl.ops.schema import spell_value

    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        words = ", ".join(told(item, alone=False) for item in value)
        return words if alone or len(value) == 1 else f"({words})"
    return value if isinstance(value, str) else spell_value(value)


def exact(value: Any) -> Any:
    """Equal for what is the same in every use: 2, 2.0 and true differ, and so do 0.0 and -0.0. It can be hashed."""
    if isinstance(value, (bool, float)):
        return "bool" if isinstance(value, bool) else "float", repr(value)
    if isinstance(value, dict):
        return tuple(sorted((name, exact(part)) for name, part in value.items()))
    return tuple(map(exact, value)) if isinstance(value, (list, tuple)) else value


def describe(value: Any) -> str:
    """How messages name a value that did not fit."""
    from nndsl.ops.schema import spell_value

    if isinstance(value, (list, tuple)) and not all(isinstance(v, (int, float, str, Dim)) or v is None for v in value):
        return "a list" if isinstance(value, list) else "a tuple"
    if isinstance(value, (int, float, bool, str, list, tuple, Dim)) or value is None:
        text = spell_value(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return getattr(value, "described", None) or f"a {type(value).__name__.lower()}"


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _whole(value):
        if isinstance(value, Dim):
            raise Unfit(f"is a number that is known while compiling, and {value} is only known when the model runs")
        raise Unfit(f"is a whole number, not {describe(value)}")
    return like(_within(int(value), WIDEST_INT), value)  # type: ignore[no-any-return]  # of Any


def _whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()


def _is_nan(value: float) -> bool:
    return isinstance(value, float) and isnan(value)


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or _is_nan(value):
        raise Unfit(f"is a number, not {describe(value)}")
    return like(float(_within(value, WIDEST_FLOAT)), value)  # type: ignore[no-any-return]  # of Any


def _within(value: Any, widest: float) -> Any:
    """Infinities are numbers of their own."""
    if abs(value) > widest and value not in (inf, -inf):
        raise Unfit(f"is between -{widest:.3g} and {widest:.3g}, not {describe(value)}")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit(f"is true or false, not {describe(value)}")
    return value


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit(f"is a string, not {describe(value)}")
    return value


def _size(value: Any) -> Size:
    return value if isinstance(value, Dim) else _int(value)


def _several(count: int) -> Callable[[Any], tuple[int, ...]]:
    def convert(value: Any) -> tuple[int, ...]:
        if isinstance(value, (list, tuple)):
            if len(value) != count:
                raise Unfit(f"is one number or {count}, not {len(value)} numbers")
            return tuple(_int(v) for v in value)
        return (_int(value),) * count

    return convert


def _padding(count: int) -> Callable[[Any], Any]:
    several = _several(count)

    def convert(value: Any) -> Any:
        if isinstance(value, str):
            if value not in ("same", "valid"):
                raise Unfit(f'is a number, "same" or "valid", not {describe(value)}', choices=("same", "valid"))
            return value
        return several(value)

    return convert


def _partial(count: int) -> Callable[[Any], Any]:
    """One number or `count`, each of which may be none (adaptive pooling keeps that side)."""

    def convert(value: Any) -> Any:
        values = list(value) if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count:
            raise Unfit(f"is one number or {count}, not {len(values)} numbers")
        return tuple(None if v is None else _int(v) for v in values)

    return convert


def _ints(value: Any) -> tuple[int, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_int(v) for v in values)


def _floats(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_float(v) for v in values)


def _sizes(value: Any) -> tuple[Size, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_size(v) for v in values)


def _size_map(value: Any) -> dict[str, Size]:
    if not isinstance(value, dict):
        raise Unfit(f"takes sizes by name, such as h=8, not {describe(value)}")
    return {name: _size(size) for name, size in value.items()}


def _dtype(value: Any) -> str:
    from nndsl.shapes import FLOATING, INTEGRAL

    name = getattr(value, "name", value)
    if name == "int":
        return "int64"
    known = (*sorted(FLOATING), *sorted(INTEGRAL), "bool")
    if name not in known:
        raise Unfit(f"is a type ({', '.join(known)}), not {describe(value)}", choices=known)
    return str(name)


def _scalar(value: Any) -> Any:
    if not isinstance(value, (int, float, bool)):
        raise Unfit(f"is a number, not {describe(value)}")
    return _within(value, WIDEST_FLOAT if isinstance(value, float) else WIDEST_INT)


def _initializer(value: Any) -> Any:
    from nndsl.ops.initializers import Initializer

    if isinstance(value, Initializer):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Initializer("constant", {"val": _float(value)})
    raise Unfit(f"is an initialiser, such as xavier_uniform or normal(std=0.02), not {describe(value)}")


def _optional(kind: Kind) -> Kind:
    return Kind(f"{kind.title} or none", lambda value: None if value is None else kind.convert(value))


KINDS: dict[str, Kind] = {
    "int": Kind("a whole number", _int),
    "float": Kind("a number", _float),
    "bool": Kind("true or false", _bool),
    "str": Kind("a string", _str),
    "Scalar": Kind("a number", _scalar),
    "Size": Kind("a whole number or a dim", _size),
    "Single": Kind("a whole number", _several(1)),
    "Pair": Kind("one or two whole numbers", _several(2)),
    "Triple": Kind("one or three whole numbers", _several(3)),
    "Padding1": Kind("a whole number, or 'same' or 'valid'", _padding(1)),
    "Padding2": Kind("one or two whole numbers, or 'same' or 'valid'", _padding(2)),
    "Padding3": Kind("one or three whole numbers, or 'same' or 'valid'", _padding(3)),
    "PartialSingle": Kind("a whole number or none", _partial(1)),
    "PartialPair": Kind("one or two whole numbers, each may be none", _partial(2)),
    "PartialTriple": Kind("one or three whole numbers, each may be none", _partial(3)),
    # Written in bases that serve 1, 2 and 3 axes; `windows.Spatial` puts Single, Pair or Triple there.
    "PerAxis": Kind("a whole number for each axis", lambda value: value),
    "PerAxisPadding": Kind("a whole number for each axis, or 'same' or 'valid'", lambda value: value),
    "PerAxisPartial": Kind("a whole number or none for each axis", lambda value: value),
    "Ints": Kind("whole numbers", _ints),
    "Floats": Kind("numbers", _floats),
    "Sizes": Kind("whole numbers or dims", _sizes),
    "SizeMap": Kind("sizes by name", _size_map),
    "DType": Kind("a type", _dtype),
    "Initializer": Kind("an initialiser", _initializer),
    "Any": Kind("anything", lambda value: value),
}
KINDS |= {f"{name}|None": _optional(kind) for name, kind in list(KINDS.items())}
