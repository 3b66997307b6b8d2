"""Numbers and conventions in words."""

from __future__ import annotations

from nndsl.backends.summary.data import Summary
from nndsl.ir.cost import for_one_sample, polynomial
from nndsl.shapes import Size


def at_one_sample(summary: Summary, size: Size) -> Size:
    return for_one_sample(size, summary.batch)


def grouped(summary: Summary, size: Size) -> str:
    """`11,689,512`; a cost in open dims is spelled in them."""
    return f"{size:,}" if isinstance(size, int) else summary.spell(size)


def short(number: int) -> str:
    """Four digits and a unit: `1.814 G`; what no unit is for: `1.23e+35`."""
    if number >= 10**21:
        digits = str(number)
        return f"{digits[0]}.{digits[1:3]}e+{len(digits) - 1}"
    value, units = float(number), ["", " K", " M", " G", " T", " P", " E"]
    while value >= 999.95 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return str(number) if units[0] == "" else f"{value:.4g}{units[0]}"


def brief(summary: Summary, cost: Size) -> str:
    """For a column: a number, a short polynomial, or only what it depends on."""
    if isinstance(cost, int):
        return short(cost)
    spelled = summary.facts.spelled(cost)
    if isinstance(spelled, int):
        return short(spelled)
    text = polynomial(spelled, lambda number: short(number).replace(" ", ""))
    if text is not None and len(text) <= LONGEST:
        return text
    return f"f({', '.join(sorted(spelled.symbols()))})"


LONGEST = 26


def assumptions(summary: Summary) -> list[str]:
    """What the numbers mean."""
    found = [
        "MACs: multiply-accumulates of matrix products and convolutions",
        "FLOPs: all arithmetic, a multiply-accumulate counts 2",
        "shared weights are counted once, in the first layer that uses them",
    ]
    if summary.batch is not None:
        found.append(f"costs are for one sample: {summary.batch} = 1")
    if summary.training_only:
        found.append("costs leave out what runs only while training")
    if summary.unused:
        found.append("costs leave out layers whose results nothing uses")
    if summary.unknown_macs or summary.unknown_flops:
        names = sorted({*summary.unknown_macs, *summary.unknown_flops})
        found.append(f"totals are lower bounds: no formula for {', '.join(names)}")
    return found
