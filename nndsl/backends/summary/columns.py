"""The columns of a summary: one registry that every format shows.

A cell is spelled for people (`text`) and for programs (`value`): both are of one of the equal members that a row stands
for, and None is what has no formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nndsl.backends.summary.data import Row, Summary
from nndsl.backends.summary.formula import exact
from nndsl.backends.summary.walk import walk
from nndsl.backends.summary.words import (
    LONGEST_FORMULA,
    assumptions,
    at_one_sample,
    brief,
    brief_memory,
    compact,
    depends,
    duration,
    grouped,
    in_letters,
    in_mode,
    three_digits,
)
from nndsl.shapes import Size

NOTHING, UNKNOWN, SUM = "–", "?", "Σ"
Value: TypeAlias = int | float | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """`gives`: when the room is short, the columns with the lowest number go first; 0: never. A shape's column is left
    out where it would be narrower than `least` (None: where it is not whole); a number is never cut. `short`: where a
    formula has not the room, what it depends on. `sums`: equal members may differ, and are then told together: which
    field of a row says of how many it is the sum."""

    name: str
    heading: str
    doc: str
    text: Callable[[Summary, Row], str]
    value: Callable[[Summary, Row], Value]
    gives: int = 0
    least: int | None = None
    short: Callable[[Summary, Row], str] | None = None
    sums: str = ""

    @property
    def shape(self) -> bool:
        return self.name in ("input", "output")


def chosen(names: Sequence[str]) -> list[Column]:
    """The columns of these names, in their order. KeyError: the first name that there is not."""
    return [COLUMNS[name] for name in names]


def label(row: Row) -> str:
    """`encoder_layer_0…11`: of equal members, the first and the number of the last."""
    last = row.path[len(row.name) + 1 :]
    stem = row.name.rstrip("0123456789")
    if row.count == 1 or not stem or not last.startswith(stem) or not last[len(stem) :].isdecimal():
        return row.path
    return f"{row.name}…{last[len(stem) :]}"


# ---------------------------------------------------------------- shapes


def _shape_column(
    name: str, doc: str, gives: int, least: int | None, of: Callable[[Row], list[list[int | str]]]
) -> Column:
    return Column(name, name, doc, lambda _, row: shapes(of(row)), lambda _, row: shapes(of(row)), gives, least)


def shapes(found: list[list[int | str]]) -> str:
    """`[N, 64, H//2, W//2]`: in a column, room matters."""
    return ", ".join("[" + ", ".join(str(size).replace(" // ", "//") for size in shape) + "]" for shape in found)


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the model as it is shown: `in`, its name, `float[N, 3]`, and ` (training only)`."""

    word: str
    name: str
    type: str
    mode: str


def ports(summary: Summary) -> list[Port]:
    return [
        Port(word, tensor.name, f"{tensor.dtype}{shapes([tensor.shape])}", in_mode(tensor.mode))
        for word, tensors in (("in", summary.inputs), ("out", summary.outputs))
        for tensor in tensors
    ]


# ---------------------------------------------------------------- numbers


def _number_column(
    name: str,
    heading: str,
    doc: str,
    of: Callable[[Row], Size | None],
    spelled: Callable[[Summary, Size], str],
    trained: bool = False,
) -> Column:
    """Something counted. `trained`: something that equal members may differ in, in training; then people see their
    sum, and programs their mean, which is right times `count`."""

    def text(summary: Summary, row: Row) -> str:
        size = of(row)
        if size is None:
            return UNKNOWN
        size = at_one_sample(summary, size)
        if size == 0:
            return NOTHING
        together = trained and row.together > 1
        return f"{SUM} {spelled(summary, size)}" if together else times(row, spelled(summary, size))

    def value(summary: Summary, row: Row) -> Value:
        size = of(row)
        if size is None:
            return UNKNOWN
        return mean(summary, size, row.together if trained else 1)

    return Column(name, heading, doc, text, value, sums="together" if trained else "")


def mean(summary: Summary, size: Size, parts: int) -> int | float | str:
    """Of one sample; whole where it is whole."""
    size = at_one_sample(summary, size)
    if not isinstance(size, int):
        return summary.spell(size) if parts == 1 else f"({summary.spell(size)})/{parts}"
    return size // parts if size % parts == 0 else size / parts


def _weights_column(name: str, doc: str, of: Callable[[Row], Size]) -> Column:
    """Weights count where they are used first."""
    counted = _number_column(name, name, doc, of, grouped)

    def text(summary: Summary, row: Row) -> str:
        if not row.weighed and not row.shared:
            return UNKNOWN if of(row) == 0 else f"≥ {counted.text(summary, row)}"
        return "shared" if row.shared and of(row) != 0 else counted.text(summary, row)

    def value(summary: Summary, row: Row) -> Value:
        if row.shared:
            return 0
        return counted.value(summary, row) if row.weighed or of(row) != 0 else UNKNOWN

    return Column(name, name, doc, text, value)


def _formula_column(name: str, heading: str, doc: str, of: Callable[[Row], Size | None]) -> Column:
    """Where there is none, nothing; where a column has not the room, what it depends on."""

    def text(summary: Summary, row: Row) -> str:
        told = in_letters(summary, of(row), compact)
        if len(told) > LONGEST_FORMULA:
            told = depends(summary, of(row))
        return times(row, told) if told not in ("", "0") else NOTHING

    def short(summary: Summary, row: Row) -> str:
        told = depends(summary, of(row))
        return times(row, told) if told not in ("", "0") else NOTHING

    def value(summary: Summary, row: Row) -> Value:
        return in_letters(summary, of(row), exact) or None

    return Column(name, heading, doc, text, value, short=short)


def times(row: Row, number: str) -> str:
    if row.count == 1:
        return number
    bare = not number.startswith("(") and (" + " in number or " - " in number)
    return f"{row.count} × ({number})" if bare else f"{row.count} × {number}"


def share(summary: Summary, row: Row) -> float | None:
    """Of all parameters, those of this row and its equals, in percent."""
    own, total = row.parameters, summary.parameters
    if summary.unknown_parameters or row.shared or not isinstance(own, int) or not isinstance(total, int) or not total:
        return None
    return 100 * own * row.count / total


def _percent(summary: Summary, row: Row) -> str:
    percent = share(summary, row)
    if not percent:
        return NOTHING
    return f"{percent:.1f}%" if percent >= 0.05 else "<0.1%"


def _field(row: Row) -> str:
    return "×".join(map(str, row.receptive_field)) if row.receptive_field else NOTHING


def _intensity(_: Summary, row: Row) -> str:
    if row.intensity is None:
        return UNKNOWN if row.flops is None else NOTHING
    return three_digits(row.intensity) if row.intensity else NOTHING


def _time(_: Summary, row: Row) -> str:
    if not row.seconds:
        return NOTHING
    return f"{SUM} {duration(row.seconds)}" if row.timed > 1 else times(row, duration(row.seconds))


def _seconds(_: Summary, row: Row) -> Value:
    return None if row.seconds is None else row.seconds / row.timed


def _field_value(_: Summary, row: Row) -> Value:
    return "x".join(map(str, row.receptive_field)) if row.receptive_field else None


ALL = (
    _shape_column("input", "shapes of what goes in", 1, None, lambda row: row.inputs),
    _shape_column("output", "shapes of what comes out", 3, 14, lambda row: row.outputs),
    _weights_column("parameters", "weights that are learned, shared ones once", lambda row: row.parameters),
    _weights_column("buffers", "what is kept and not trained, shared ones once", lambda row: row.buffers),
    Column("percent", "%", "share of the model's parameters, equal members together", _percent, share, 2),
    _number_column("macs", "MACs", "multiply-accumulates of one forward pass", lambda row: row.macs, brief),
    _number_column("flops", "FLOPs", "all arithmetic of one forward pass", lambda row: row.flops, brief),
    _formula_column("formula", "MACs in letters", "MACs in the model's hyperparameters and open dims",
                    lambda row: row.macs_formula),
    _formula_column("flops-formula", "FLOPs in letters", "FLOPs in the same", lambda row: row.flops_formula),
    _number_column("training-macs", "training MACs", "multiply-accumulates, forward and backward",
                   lambda row: row.training_macs, brief, True),
    _number_column("training-flops", "training FLOPs", "all arithmetic, forward and backward",
                   lambda row: row.training_flops, brief, True),
    _number_column("activations", "activations", "memory of what comes out", lambda row: row.activations, brief_memory),
    _number_column("saved", "saved", "memory of what is kept for the backward pass", lambda row: row.saved,
                   brief_memory, True),
    Column("receptive-field", "sees", "how much of the input one cell of the result sees", lambda _, row: _field(row),
           _field_value),
    Column("intensity", "FLOPs/B", "FLOPs for each byte that is moved", _intensity, lambda _, row: row.intensity),
    Column("time", "time ≈", "roofline estimate on the device, for the batch", _time, _seconds, sums="timed"),
)  # fmt: skip
COLUMNS = {column.name: column for column in ALL}
USUAL = ("input", "output", "parameters", "percent", "macs")


WHY = {
    "together": "the first have less to do in training, as their inputs need no gradient",
    "timed": "where inputs lie in memory in another order, more is copied",
}


def footnotes(summary: Summary, columns: Sequence[Column], depth: int | None = None) -> list[str]:
    """What the numbers of these columns mean."""
    rows = [step.row for step in walk(summary, depth)]
    sums = {column.sums for column in columns if column.sums}
    why = [WHY[name] for name in WHY if name in sums and any(getattr(row, name) > 1 for row in rows)]
    told = [f"{SUM}: a sum over equal members; {'; '.join(why)}"] if why else []
    loops = (
        ["what is inside of a Scan is told for one step of it"] if any(row.steps is not None for row in rows) else []
    )
    return [*assumptions(summary), *told, *loops]
