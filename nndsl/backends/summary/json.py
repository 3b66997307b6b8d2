"""A summary as JSON: the same keys for every model; numbers where they are numbers, text where dims are open."""

from __future__ import annotations

from json import dumps
from typing import Any

from nndsl.backends.summary.columns import mean, share
from nndsl.backends.summary.data import Formulas, Row, Summary, Tensor
from nndsl.backends.summary.formula import exact
from nndsl.backends.summary.walk import MOST_ROWS, size, walk
from nndsl.backends.summary.words import assumptions, in_letters
from nndsl.cost.memory import Memory
from nndsl.shapes import Size


def json(summary: Summary) -> str:
    return dumps(to_json(summary), indent=2, ensure_ascii=False) + "\n"


def to_json(summary: Summary) -> dict[str, Any]:
    """Costs: numbers when they are known for one sample, else null; `…_symbolic` says them in full."""
    return {
        "model": summary.model,
        "inputs": [_tensor(t) for t in summary.inputs],
        "outputs": [_tensor(t) for t in summary.outputs],
        "parameters": summary.parameters,
        "trainable_parameters": summary.trainable,
        "buffers": summary.buffers,
        **_open(summary, "macs", summary.macs),
        **_open(summary, "flops", summary.flops),
        **_open(summary, "training_macs", summary.training_macs),
        **_open(summary, "training_flops", summary.training_flops),
        **_open(summary, "saved_bytes", summary.saved),
        "memory": None if summary.memory is None else _memory(summary.memory),
        "device": summary.device,
        "intensity": summary.intensity,
        "seconds": summary.seconds,
        "training_seconds": summary.training_seconds,
        "dtype": summary.dtype,
        "batch": summary.batch,
        "dims": summary.dims,
        "unknown": {
            "parameters": summary.unknown_parameters,
            "macs": summary.unknown_macs,
            "flops": summary.unknown_flops,
            "saved": summary.unknown_saved,
        },
        "formulas": None if summary.formulas is None else _formulas(summary, summary.formulas),
        "assumptions": [*assumptions(summary), *_of_formulas(summary), *_of_members(summary)],
        "layers": _rows(summary),
        "layers_left_out": max(0, size(summary) - MOST_ROWS),
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    made: dict[str, Any] = {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape}
    if tensor.mode is not None:
        made["mode"] = tensor.mode
    return made


def _open(summary: Summary, name: str, cost: Size | None, parts: int = 1) -> dict[str, Any]:
    """`parts`: a sum over so many equal members, of which the mean is told."""
    if cost is None:
        return {name: None, f"{name}_symbolic": None}
    told = mean(summary, cost, parts)
    whole = summary.spell(cost) if parts == 1 else f"({summary.spell(cost)})/{parts}"
    return {name: None if isinstance(told, str) else told, f"{name}_symbolic": whole}


def _formulas(summary: Summary, told: Formulas) -> dict[str, str | None]:
    """Of one sample, in hyperparameters and open dims, though dims were fixed for the numbers; training in open dims
    alone. None where all is fixed, or an operator has no formula."""
    whole = {
        "macs": None if summary.unknown_macs else told.macs,
        "flops": None if summary.unknown_flops else told.flops,
        "training_macs": None if summary.unknown_macs else told.training_macs,
        "training_flops": None if summary.unknown_flops else told.training_flops,
        "saved_bytes": told.saved,
    }
    return {name: in_letters(summary, size, exact) or None for name, size in whole.items()}


def _memory(memory: Memory) -> dict[str, Any]:
    """Bytes; null where a size is open or an operator has no formula."""
    sizes = {
        "parameters": memory.parameters,
        "buffers": memory.buffers,
        "gradients": memory.gradients,
        "optimizer_states": memory.optimizer_states,
        "saved_activations": memory.saved,
        "training_peak": memory.training_peak,
        "inference_peak": memory.inference_peak,
    }
    about = {"samples": memory.samples, "dtype": memory.dtype, "optimizer": memory.optimizer}
    return about | {name: size if isinstance(size, int) else None for name, size in sizes.items()}


def _rows(summary: Summary) -> list[dict[str, Any]]:
    """Parents before their members, told by full path and depth: flat, so that no reader needs recursion."""
    return [_row(summary, step.row, step.prefix + step.row.name, step.path, step.depth) for step in walk(summary)]


def _row(summary: Summary, row: Row, name: str, path: str, depth: int) -> dict[str, Any]:
    return {
        "name": name,
        "path": path,
        "depth": depth,
        "type": row.type or "Sequential",
        "detail": row.detail,
        "count": row.count,
        "input_shapes": row.inputs,
        "output_shapes": row.outputs,
        "parameters": row.parameters,
        "percent": share(summary, row),
        "shared": row.shared,
        "buffers": row.buffers,
        **_open(summary, "macs", row.macs),
        **_open(summary, "flops", row.flops),
        "macs_formula": in_letters(summary, row.macs_formula, exact) or None,
        "flops_formula": in_letters(summary, row.flops_formula, exact) or None,
        **_open(summary, "training_macs", row.training_macs, row.together),
        **_open(summary, "training_flops", row.training_flops, row.together),
        **_open(summary, "activation_bytes", row.activations),
        **_open(summary, "saved_bytes", row.saved, row.together),
        "receptive_field": row.receptive_field,
        "intensity": row.intensity,
        "seconds": None if row.seconds is None else row.seconds / row.timed,
        **_open(summary, "steps", row.steps),
        "mode": row.mode,
    }


def _of_formulas(summary: Summary) -> list[str]:
    return [f"what is symbolic holds for any {summary.batch}"] if summary.batch is not None else []


def _of_members(summary: Summary) -> list[str]:
    differ = any(step.row.together > 1 for step in walk(summary))
    return ["where equal members differ while training, theirs are the means"] if differ else []
