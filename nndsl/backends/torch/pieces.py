"""Generated code whose numbers are still open.

Two instances of a block are one class when their code differs in numbers alone. So code is kept as pieces
in which every number is a `Slot`; what a slot is written as (a literal, an argument of the class, an
expression over arguments) is decided when all instances are known, by where the numbers came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from nndsl.backends.torch.layout import BREAK
from nndsl.backends.torch.names import is_attribute, number, quote
from nndsl.backends.torch.numbers import MARKS, Numbers
from nndsl.shapes import TensorType
from nndsl.shapes.origins import origin
from nndsl.shapes.simplified import INDEX, Origin, leaves

Number: TypeAlias = int | float | bool


@dataclass(slots=True, eq=False)
class Slot:
    """A number. `name`: the parameter it is for, where that is known, `label`: the layer; `inferred`: a size
    that the layer takes from its input. `told`: an origin that the value does not have itself: which
    hyperparameter a true or false is, or how the numbers of many layers follow from their positions."""

    value: Number
    name: str = ""
    label: str = ""
    inferred: bool = False
    default: Number | None = None
    told: Origin | None = None

    @property
    def of(self) -> Origin | None:
        return self.told if self.told is not None else origin(self.value)

    def __str__(self) -> str:
        return number(self.value) if not isinstance(self.value, bool) else repr(self.value)


@dataclass(slots=True, eq=False)
class Code:
    """Text; `parts` alternate text and slots once `opened`. `numbers` has those that stand as marks."""

    text: str
    numbers: Numbers | None = None
    parts: list[str | Slot] | None = None

    def opened(self) -> list[str | Slot]:
        if self.parts is None:
            self.parts = list(_opened(self.text, self.numbers))
        return self.parts


@dataclass(slots=True, eq=False)
class Group:
    """A tuple or list."""

    items: list[Piece]
    bracket: str = "("


@dataclass(slots=True, eq=False)
class New:
    """A constructor call. `given` are the keywords that are written out; the others are at their
    defaults, and are here because another instance may give them."""

    cls: str
    args: list[Piece]
    kwargs: dict[str, Piece]
    given: set[str]


@dataclass(slots=True, eq=False)
class Entry:
    """`count` equal members; `stem` and `first` when they are named `stem0`, `stem1`, … `times`: what counts
    them, where they are written once."""

    label: str
    piece: Piece
    count: int = 1
    stem: str = ""
    first: int = 0
    times: Slot | None = None

    @property
    def repeated(self) -> bool:
        return self.count > 1 or self.times is not None


@dataclass(slots=True, eq=False)
class Box:
    """`nn.Sequential`, `nn.ModuleList` or `nn.ModuleDict`."""

    cls: str
    entries: list[Entry]
    numbered: bool


Piece: TypeAlias = Slot | Code | Group | New | Box
Shown = Callable[[Slot], str]

_TOKEN = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*)|(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)"""
    rf"|([{MARKS}])",
    re.ASCII,
)


def _opened(text: str, numbers: Numbers | None) -> Iterator[str | Slot]:
    at = 0
    for found in _TOKEN.finditer(text):
        word = found[1]
        if word is not None and word not in ("True", "False"):
            continue
        yield text[at : found.start()]
        if found[3] is not None:
            assert numbers is not None
            yield Slot(numbers.number(found[3]))
        else:
            yield Slot(word == "True" if word is not None else _literal(found[2]))
        at = found.end()
    yield text[at:]


def _literal(text: str) -> Number:
    return int(text) if text.isdigit() else float(text)


def piece(value: Any, level: Callable[[Any], str]) -> Piece:
    """An argument of a constructor; `level` writes what is neither number nor collection."""
    made = getattr(value, "piece", None)
    if made is not None:
        return made  # type: ignore[no-any-return]  # of Any
    if isinstance(value, (bool, int, float)):
        return Slot(value)
    if isinstance(value, (list, tuple)):
        return Group([piece(v, level) for v in value], "(" if isinstance(value, tuple) else "[")
    return Code(level(value))


# ---------------------------------------------------------------- what differs and what does not


def key(it: Piece) -> Any:
    """Equal for pieces that differ in numbers alone."""
    if isinstance(it, Slot):
        return 0
    if isinstance(it, Code):
        return tuple(p if isinstance(p, str) else 0 for p in it.opened())
    if isinstance(it, Group):
        return (it.bracket, *map(key, it.items))
    if isinstance(it, New):
        return (it.cls, *map(key, it.args), *((k, key(v)) for k, v in it.kwargs.items()))
    return (it.cls, *((e.label, e.repeated, key(e.piece)) for e in it.entries))


def slots(it: Piece) -> Iterator[Slot]:
    """In an order that equal keys share."""
    if isinstance(it, Slot):
        yield it
    elif isinstance(it, Code):
        yield from (p for p in it.opened() if isinstance(p, Slot))
    elif isinstance(it, Group):
        for item in it.items:
            yield from slots(item)
    elif isinstance(it, New):
        for item in (*it.args, *it.kwargs.values()):
            yield from slots(item)
    else:
        for entry in it.entries:
            yield from slots(entry.piece)
            if entry.times is not None:
                yield entry.times


def calls(it: Piece) -> Iterator[New]:
    """Every constructor call inside, in an order that equal keys share."""
    if isinstance(it, Group):
        for item in it.items:
            yield from calls(item)
    elif isinstance(it, New):
        yield it
        for item in (*it.args, *it.kwargs.values()):
            yield from calls(item)
    elif isinstance(it, Box):
        for entry in it.entries:
            yield from calls(entry.piece)


def twin(it: Piece) -> Any:
    """Equal for pieces that are the same, and come from the same."""
    return show(it), [slot.of for slot in slots(it)]


# ---------------------------------------------------------------- writing


def show(it: Piece, shown: Shown = str) -> str:
    if isinstance(it, Slot):
        return shown(it)
    if isinstance(it, Code):
        return _joined(it.opened(), shown)
    if isinstance(it, Group):
        return _group([show(item, shown) for item in it.items], it.bracket)
    if isinstance(it, New):
        args = [show(item, shown) for item in it.args]
        args += [f"{name}={show(value, shown)}" for name, value in it.kwargs.items() if name in it.given]
        return f"{it.cls}({', '.join(args)})"
    return _box(it, shown)


def _joined(parts: list[str | Slot], shown: Shown) -> str:
    """A number that becomes a sum, a product or a power is in parentheses, unless what is around it is enough."""
    texts = [part if isinstance(part, str) else shown(part) for part in parts]
    for i, part in enumerate(parts):
        if isinstance(part, Slot):
            before = parts[i - 1] if i > 0 else ""
            after = parts[i + 1] if i + 1 < len(parts) else ""
            alone = _enclosed(before if isinstance(before, str) else " ", after if isinstance(after, str) else " ")
            if not alone and _operated(texts[i]):
                texts[i] = f"({texts[i]})"
            if not _WORD.fullmatch(texts[i]):
                _space(texts, i)
    return "".join(texts)


def _space(texts: list[str], at: int) -> None:
    """Only a power and a slice of names and numbers are written without spaces."""
    before, after = texts[at - 1] if at else "", texts[at + 1] if at + 1 < len(texts) else ""
    if "(" in texts[at] and before.endswith("**"):
        texts[at - 1] = f"{before[:-2]} ** "
    if "(" in texts[at] and after.startswith("**"):
        texts[at + 1] = f" ** {after[2:]}"
    if before.endswith(":"):
        rest = before.rstrip(":")
        texts[at - 1] = f"{rest}{'' if rest[-1:] in ('[', ' ') else ' '}{before[len(rest) :]} "
    if after.startswith(":"):
        rest = after.lstrip(":")
        texts[at + 1] = f" {after[: -len(rest) or None]}{'' if rest[:1] in (']', ',') else ' '}{rest}"


_WORD = re.compile(r"-?\w+|\d+\.\d+", re.ASCII)
_BRACKETED = re.compile(r"[(\[][^()\[\]]*[)\]]")


def _operated(text: str) -> bool:
    """Is there an operator outside of all brackets?"""
    removed = 1
    while removed:
        text, removed = _BRACKETED.subn("", text)
    return " " in text or "**" in text


def _enclosed(before: str, after: str) -> bool:
    return (before[-1:] in ("", "(", "[", "=") or before.endswith(", ")) and after[:1] in ("", ")", "]", ",")


def _group(items: list[str], bracket: str) -> str:
    if bracket == "[":
        return f"[{', '.join(items)}]"
    return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"


def _box(it: Box, shown: Shown) -> str:
    if it.cls == "nn.ModuleDict":
        inside = ", ".join(f"{quote(e.label)}: {show(e.piece, shown)}" for e in it.entries)
        return f"nn.ModuleDict({{{inside}}})"
    if not it.numbered:
        return f"{it.cls}({_ordered(it, shown)})"
    members = [_member(e, shown) for e in it.entries]
    if it.cls == "nn.ModuleList":
        alone = len(members) == 1 and it.entries[0].repeated
        return f"nn.ModuleList({members[0][1:]})" if alone else f"nn.ModuleList([{_column(members)}])"
    return f"{it.cls}({_column(members)})"


def _ordered(it: Box, shown: Shown) -> str:
    """Members by name."""
    if len(it.entries) == 1 and it.entries[0].repeated:
        entry = it.entries[0]
        ends = _times(entry, shown) if not entry.first else f"{entry.first}, {entry.first + entry.count}"
        return f'OrderedDict([(f"{entry.stem}{{i}}", {show(entry.piece, shown)}) for i in range({ends})])'
    if all(is_attribute(e.label) and e.label not in ("self", "cls") for e in it.entries):
        return f"OrderedDict({_column([f'{e.label}={show(e.piece, shown)}' for e in it.entries])})"
    pairs = [f"({quote(e.label)}, {show(e.piece, shown)})" for e in it.entries]
    return f"OrderedDict([{_column(pairs)}])"


def _times(entry: Entry, shown: Shown) -> str:
    return shown(entry.times) if entry.times is not None else str(entry.count)


def _member(entry: Entry, shown: Shown) -> str:
    made = show(entry.piece, shown)
    if not entry.repeated:
        return made
    index = "i" if any(INDEX in leaves(slot.told or 0) for slot in slots(entry.piece)) else "_"
    return f"*[{made} for {index} in range({_times(entry, shown)})]"


def _column(members: list[str]) -> str:
    """More than two members stand one per line."""
    return ", ".join(members) + ("," + BREAK if len(members) > 2 else "")


# ---------------------------------------------------------------- statements


@dataclass(slots=True, eq=False)
class Line:
    """A statement: fixed text and pieces. `of`: the tensor whose shape it changes, for the comment."""

    parts: list[str | Piece]
    indent: int = 0
    of: TensorType | None = None

    def pieces(self) -> Iterator[Piece]:
        return (p for p in self.parts if not isinstance(p, str))

    def key(self) -> Any:
        return (self.indent, *(p if isinstance(p, str) else key(p) for p in self.parts))

    def text(self, shown: Shown = str) -> str:
        return "".join(p if isinstance(p, str) else show(p, shown) for p in self.parts)
