"""Numbers and conventions in words."""

from __future__ import annotations

from fractions import Fraction

from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.formula import Number, formula
from nndsl.cost.hardware import HARDWARE
from nndsl.ir.cost import for_one_sample
from nndsl.shapes import Size

LONGEST = 26  # letters of a formula in a column
LONGEST_FORMULA = 60  # in one that was asked for
LARGEST = 10**21  # what no unit is for
UNITS = ("", "K", "M", "G", "T", "P", "E")
BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
MODES = {"train": "training only", "eval": "evaluation only", "unused": "unused"}
TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def in_mode(mode: str | None) -> str:
    """What stands behind what runs in one mode only, or never."""
    return f" ({MODES[mode]})" if mode else ""


def at_one_sample(summary: Summary, size: Size) -> Size:
    return for_one_sample(size, summary.batch)


def grouped(summary: Summary, size: Size) -> str:
    """`11,689,512`; a cost in open dims is spelled in them: `6,144·T² + 18,874,624·T`."""
    return f"{size:,}" if isinstance(size, int) else formula(size, summary.facts, rounded)


def in_letters(summary: Summary, size: Size | None, number: Number) -> str:
    """A cost of one sample as a formula of hyperparameters and open dims; "" where there is none."""
    told = summary.formulas
    if told is None or size is None:
        return ""
    return formula(for_one_sample(size, told.batch), told.facts, number)


def depends(summary: Summary, size: Size | None) -> str:
    """Only what a formula depends on: `f(T, d)`."""
    told = summary.formulas
    if told is None or size is None:
        return ""
    spelled = told.facts.spelled(for_one_sample(size, told.batch))
    return f"f({', '.join(sorted(spelled.symbols()))})" if not isinstance(spelled, int) else str(spelled)


def short(number: int) -> str:
    """Four digits and a unit: `1.814 G`; what no unit is for: `1.23e+35`."""
    if number < 1000:
        return str(number)
    return _scaled(Fraction(number), " ")


def rounded(number: Fraction) -> str:
    """A factor of a formula for people: whole numbers in full, others in four digits: `3.586K`, `0.2695`."""
    return f"{number.numerator:,}" if number.denominator == 1 else compact(number)


def compact(number: Fraction) -> str:
    """A factor of a formula: `18.87M`, `512K`."""
    text = str(number) if number.denominator == 1 and number < 1000 else _scaled(number, "")
    if "e" in text:
        return text
    digits, unit = (text[:-1], text[-1]) if text[-1:].isalpha() else (text, "")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) + unit


def memory(number: int) -> str:
    """Four digits and a binary unit: `12.25 MiB`."""
    if number < 1024:
        return f"{number} B"
    if number >= 1 << 70:
        return f"{_powers(number)} B"
    scale = (number.bit_length() - 1) // 10
    if number >= 1023.5 * 1024**scale and scale < len(BINARY) - 1:
        scale += 1
    return f"{four_digits(number / 1024**scale)} {BINARY[scale]}"


def duration(seconds: float) -> str:
    """Three digits: `1.23 ms`."""
    for size, unit in TIMES:
        if seconds >= size * 0.9995:
            return f"{three_digits(seconds / size)} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def three_digits(value: float) -> str:
    """`1.23`, `12.3`, `1,234`."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"


def four_digits(value: float) -> str:
    """`1.814`, `18.14`, `181.4`, `1,814`."""
    value = float(f"{value:.4g}")
    if value < 1:
        return f"{value:.4g}"
    return f"{value:,.{max(0, 3 - (len(str(int(value))) - 1))}f}"


def brief(summary: Summary, cost: Size) -> str:
    """For a column: a number, a short formula, or only what it depends on."""
    spelled = summary.facts.spelled(cost) if not isinstance(cost, int) else cost
    if isinstance(spelled, int):
        return short(spelled)
    text = formula(cost, summary.facts, compact)
    return text if len(text) <= LONGEST else f"f({', '.join(sorted(spelled.symbols()))})"


def brief_memory(summary: Summary, size: Size) -> str:
    """The same for bytes: `12.25 MiB`, `2.048K·T B`."""
    text = brief(summary, size)
    known = summary.facts.spelled(size) if not isinstance(size, int) else size
    return memory(known) if isinstance(known, int) else f"({text}) B" if " + " in text else f"{text} B"


def _scaled(number: Fraction, gap: str) -> str:
    if number >= LARGEST:
        return _powers(int(number))
    value, units = float(number), list(UNITS)
    while value >= 999.95 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{four_digits(value)}{gap if units[0] else ''}{units[0]}"


def _powers(number: int) -> str:
    digits = str(number)
    return f"{digits[0]}.{digits[1:3]}e+{len(digits) - 1}"


def assumptions(summary: Summary) -> list[str]:
    """What the numbers mean."""
    found = [
        "MACs: multiply-accumulates of matrix products and convolutions",
        "FLOPs: all arithmetic, a multiply-accumulate counts 2",
        "shared weights are counted once, where the block that declares their layer uses it first",
    ]
    if summary.batch is not None:
        found.append(f"costs are for one sample: {summary.batch} = 1")
    if summary.training_flops != 0:
        found.append("training: a forward and a backward pass; the loss is not counted")
    if summary.memory is not None:
        found.append("peaks: weights and tensors of this model, without what the framework itself takes")
    if summary.device is not None:
        kind = "a GPU" if HARDWARE[summary.device].cuda else "a CPU"
        found.append(f"saved activations and the training peak are those on {kind}")
        found.append("roofline: the time of the arithmetic or of the memory traffic, layer by layer; a lower bound")
    if summary.training_only:
        found.append("MACs, FLOPs and time of a forward pass leave out what runs only while training; training has it")
    if summary.unused:
        found.append("costs leave out layers whose results nothing uses")
    if summary.unknown_parameters:
        layers = ", ".join(summary.unknown_parameters)
        found.append(f"parameters and their memory are lower bounds: {layers} may have weights that are not known here")
    if summary.unknown_macs or summary.unknown_flops:
        names = sorted({*summary.unknown_macs, *summary.unknown_flops})
        found.append(f"totals are lower bounds: no formula for {', '.join(names)}")
    return found
