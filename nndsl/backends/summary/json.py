"""A summary as JSON: the same keys for every model; numbers where they are numbers, text where dims are open."""

from __future__ import annotations

from json import dumps
from typing import Any

from nndsl.backends.summary.data import Row, Summary, Tensor
from nndsl.backends.summary.walk import MOST_ROWS, size, walk
from nndsl.backends.summary.words import assumptions, at_one_sample
from nndsl.shapes import Size


def json(summary: Summary) -> str:
    return dumps(to_json(summary), indent=2, ensure_ascii=False) + "\n"


def to_json(summary: Summary) -> dict[str, Any]:
    """`macs` and `flops`: numbers when they are known for one sample, else null; `macs_symbolic` says them in full."""
    macs, flops = at_one_sample(summary, summary.macs), at_one_sample(summary, summary.flops)
    return {
        "model": summary.model,
        "inputs": [_tensor(t) for t in summary.inputs],
        "outputs": [_tensor(t) for t in summary.outputs],
        "parameters": summary.parameters,
        "trainable_parameters": summary.trainable,
        "buffers": summary.buffers,
        "macs": macs if isinstance(macs, int) else None,
        "flops": flops if isinstance(flops, int) else None,
        "macs_symbolic": summary.spell(summary.macs),
        "flops_symbolic": summary.spell(summary.flops),
        "dims": summary.dims,
        "unknown": {"macs": summary.unknown_macs, "flops": summary.unknown_flops},
        "assumptions": [*assumptions(summary), *_of_formulas(summary)],
        "layers": _rows(summary),
        "layers_left_out": max(0, size(summary) - MOST_ROWS),
    }


def _tensor(tensor: Tensor) -> dict[str, Any]:
    made: dict[str, Any] = {"name": tensor.name, "dtype": tensor.dtype, "shape": tensor.shape}
    if tensor.mode is not None:
        made["mode"] = tensor.mode
    return made


def _rows(summary: Summary) -> list[dict[str, Any]]:
    """Parents before their members, told by full path and depth: flat, so that no reader needs recursion."""
    return [
        _row(summary, step.row, step.prefix + step.row.name, step.prefix + step.row.path, len(step.lasts) - 1)
        for step in walk(summary)
    ]


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
        "shared": row.shared,
        "buffers": row.buffers,
        "macs": _number(summary, row.macs),
        "flops": _number(summary, row.flops),
        "macs_symbolic": None if row.macs is None else summary.spell(row.macs),
        "mode": row.mode,
    }


def _number(summary: Summary, cost: Size | None) -> int | None:
    if cost is None:
        return None
    known = at_one_sample(summary, cost)
    return known if isinstance(known, int) else None


def _of_formulas(summary: Summary) -> list[str]:
    return [f"macs_symbolic and flops_symbolic hold for any {summary.batch}"] if summary.batch is not None else []
