"""What stands under the layers: totals of the model, the memory of a batch, the time it takes."""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.backends.summary.columns import UNKNOWN
from nndsl.backends.summary.data import Summary
from nndsl.backends.summary.formula import formula
from nndsl.backends.summary.words import at_one_sample, duration, grouped, rounded, short, three_digits
from nndsl.cost.hardware import HARDWARE
from nndsl.cost.memory import Memory
from nndsl.ir.cost import for_one_sample
from nndsl.shapes import Dim, Size

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(slots=True)
class Fact:
    """`note`: what is said behind the value; `bytes`: the number behind it, for a bar."""

    label: str
    value: str
    note: str = ""
    bytes: int | None = None


@dataclass(slots=True)
class Section:
    """Facts under one title; of `numbers`, the values stand under each other."""

    title: str
    facts: list[Fact] = field(default_factory=list)
    numbers: bool = False


def sections(summary: Summary) -> list[Section]:
    found = [_costs(summary)]
    if summary.memory is not None:
        found.append(_memory(summary, summary.memory))
    if summary.device is not None:
        found.append(_time(summary, summary.device))
    return found


# ---------------------------------------------------------------- parameters, MACs, FLOPs


def _costs(summary: Summary) -> Section:
    trained = summary.parameters == summary.trainable
    also = "all trainable" if trained else f"{grouped(summary, summary.trainable)} trainable"
    facts = [Fact("parameters", grouped(summary, summary.parameters), f"({also})")]
    if summary.unknown_parameters:
        facts[0].value = f"≥ {facts[0].value}"
        facts.append(Fact("", f"{UNKNOWN} weights in Python: {', '.join(summary.unknown_parameters)}"))
    if summary.buffers != 0:
        facts.append(Fact("buffers", grouped(summary, summary.buffers), "(not trained)"))
    for label, name, unknown in (
        ("MACs", "macs", summary.unknown_macs),
        ("FLOPs", "flops", summary.unknown_flops),
        ("training MACs", "training_macs", summary.unknown_macs),
        ("training FLOPs", "training_flops", summary.unknown_flops),
    ):
        cost: Size = getattr(summary, name)
        if name.startswith("training") and cost == 0:
            continue
        fact = _cost(summary, label, cost, name)
        facts.append(fact)
        if unknown:
            fact.value = f"≥ {fact.value}"
            facts.append(Fact("", f"{UNKNOWN} no formula: {', '.join(unknown)}"))
    if summary.intensity is not None:
        facts.append(Fact("intensity", three_digits(summary.intensity), "FLOPs for each byte that is moved"))
    return Section("", facts)


def _cost(summary: Summary, label: str, cost: Size, name: str) -> Fact:
    """A number, and the formula that it follows, for one sample."""
    one = at_one_sample(summary, cost)
    sample = f"for {summary.batch} = 1" if one is not cost else ""
    value = short(one) if isinstance(one, int) else grouped(summary, one)
    notes = [f"({one:,})"] if isinstance(one, int) and one >= 1000 else []
    formulas = summary.formulas
    told: Size | None = getattr(formulas, name) if formulas is not None else None
    if formulas is not None and isinstance(told, Dim):
        one_sample = sample or all(tensor.shape[:1] in ([], [1]) for tensor in summary.inputs)
        whole = for_one_sample(told, formulas.batch) if one_sample else told
        spelled = formula(whole, formulas.facts, rounded)
        notes += [f"= {spelled}"] if isinstance(whole, Dim) and spelled != value else []
        sample = sample or ("" if whole is told else f"for one {formulas.batch}")
    return Fact(label, value, "  ".join([*notes, sample] if sample else notes))


# ---------------------------------------------------------------- memory


def _memory(summary: Summary, memory: Memory) -> Section:
    """In one unit, so that the numbers can be compared: MiB, but for very small and very large models."""
    sizes = {
        "parameters": memory.parameters,
        "buffers": memory.buffers,
        "gradients": memory.gradients,
        "optimizer states": memory.optimizer_states,
        "saved activations": memory.saved,
        "peak, training": memory.training_peak,
        "peak, inference": memory.inference_peak,
    }
    largest = max((size for size in sizes.values() if isinstance(size, int)), default=0)
    unit, name = (KIB, "KiB") if largest < MIB else (MIB, "MiB") if largest < 100 * GIB else (GIB, "GiB")
    about = f"memory for {samples(memory.samples)}, {memory.dtype}, {memory.optimizer}"
    facts = [
        Fact(label, *_in_unit(summary, size, unit, name), bytes=size if isinstance(size, int) else None)
        for label, size in sizes.items()
        if label != "buffers" or size != 0
    ]
    return Section(about, facts, numbers=True)


def _in_unit(summary: Summary, size: Size | None, unit: int, name: str) -> tuple[str, str]:
    if size is None:
        return UNKNOWN, _why(summary, summary.unknown_saved)
    if isinstance(size, int):
        return f"{size / unit:,.1f} {name}" if size == 0 or size >= unit / 20 else f"<0.1 {name}", ""
    spelled = grouped(summary, size)
    return f"({spelled}) B" if " " in spelled else f"{spelled} B", ""


def _why(summary: Summary, unknown: list[str]) -> str:
    """Why a number is not known."""
    if unknown:
        return f"no formula: {', '.join(unknown)}"
    dims = [name for name in summary.dims if name != summary.batch]
    return f"{', '.join(dims)} open: --dim {dims[0]}=SIZE" if dims else ""


def samples(count: int) -> str:
    return "1 sample" if count == 1 else f"{count:,} samples"


# ---------------------------------------------------------------- time


def _time(summary: Summary, device: str) -> Section:
    count = f", {samples(summary.memory.samples)}" if summary.memory is not None else ""
    hardware = HARDWARE[device]
    why = _why(summary, summary.unknown_flops)
    if summary.dtype not in hardware.flops:
        why = f"how fast it is in {summary.dtype} is not told"
    facts = [
        Fact(label, UNKNOWN, why) if seconds is None else Fact(label, f"≈ {duration(seconds)}")
        for label, seconds in (("inference", summary.seconds), ("training step", summary.training_seconds))
    ]
    return Section(f"roofline estimate for {hardware.title}{count}", facts, numbers=True)
