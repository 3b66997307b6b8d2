"""What PyTorch keeps of a recurrent layer while training, on a CPU: oneDNN's workspace for an LSTM of single precision,
the tensors of every step for the others."""

from __future__ import annotations

from typing import Any

from nndsl.ops.costing import Saved, Use
from nndsl.shapes import Size, TensorType, ceil_div

PAGE = 4096  # each part of oneDNN's workspace begins on a page
LINE = 16  # numbers in a cache line, of which rows take whole ones

# Of each step and unit: what the gates give, and what is made of them, besides the states.
WORK = {"RNN": 0, "GRU": 6, "LSTM": 5}


def saved(op: Any, inputs: tuple[Any, ...], use: Use) -> Saved | None:
    """None for sequences of different lengths, and on a GPU, where cuDNN does not say what it needs."""
    x, h_0, c_0, lengths = op.parts(inputs)
    if lengths is not None or use.cuda:
        return None
    kept, made = _inputs(op, x, use)
    batch = (op.batch(x) or (1,))[0]
    for at, state, width in ((1, h_0, op.width), (2, c_0, op.hidden_size)):
        if at == 2 and not op.cell_state:
            continue
        if state is not None:
            kept.append(at)
        else:
            made.append((op.num_layers * op.directions * batch * width,))
    layer = _one_kernel if _one(op) else _steps
    outputs: tuple[int, ...] = ()
    for number in range(op.num_layers):
        if number:
            made += _between(op, x, batch)
        width = x.shape[-1] if number == 0 else op.width * op.directions
        for _ in range(op.directions):
            made += layer(op, op.time(x), batch, width)
        if layer is _one_kernel and not op.bias:
            made += [(4 * op.hidden_size * w,) for w in (width, op.hidden_size)] * op.directions
    if layer is _one_kernel and op.directions == 1:
        outputs = (0,)
        made.remove((op.time(x) * batch * op.hidden_size,))
    return Saved(tuple(kept), outputs, tuple(TensorType(x.dtype, shape) for shape in made))


def _one(op: Any) -> bool:
    """Does one kernel of oneDNN run all steps of a layer?"""
    return op.name == "LSTM" and not op.proj_size


def _inputs(op: Any, x: Any, use: Use) -> tuple[list[int], list[tuple[Size, ...]]]:
    """Steps follow each other in memory: batches first are turned around, for one kernel once."""
    if not (op.batch_first and x.rank == 3):
        return [0], []
    return [], [x.shape] * (1 if _one(op) else op.directions)


def _between(op: Any, x: Any, batch: Size) -> list[tuple[Size, ...]]:
    """What the next layer reads: both directions side by side, after dropout with its factors."""
    joined = (op.time(x) * batch * op.width * op.directions,)
    if op.dropout:
        return [joined, joined]
    return [] if _one(op) and op.directions == 1 else [joined]  # the kernel's own result


def _one_kernel(op: Any, steps: Size, batch: Size, width: int) -> list[tuple[Size, ...]]:
    """Outputs, last states, and the workspace: gates and outputs of each step, and states with those before."""
    hidden = op.hidden_size
    parts: list[Size] = [steps * batch * _row(4 * hidden), steps * batch * _row(hidden)]
    parts += [(steps + 1) * batch * (2 * _row(max(hidden, width)))] * 3 + [(steps + 1) * batch * (2 * hidden)] * 2
    page = PAGE // 4
    space: Size = 0
    for part in parts:
        space = space + (ceil_div(part, page) * page if isinstance(part, int) else part)
    return [(steps * batch * hidden,), (batch * hidden,), (batch * hidden,), (space,)]


def _row(width: int) -> int:
    """Whole cache lines, and one more where rows would fall onto the same sets of the cache."""
    whole = -(-width // LINE) * LINE
    return whole + LINE if whole % 256 == 0 else whole


def _steps(op: Any, steps: Size, batch: Size, width: int) -> list[tuple[Size, ...]]:
    """Outputs of all steps but the last, whose gates read them; of an RNN the last, too, for the activation."""
    hidden = op.hidden_size
    each = WORK[op.name] * hidden + (hidden if op.proj_size else 0)
    states = op.width + (hidden if op.cell_state else 0)
    last = 0 if op.name == "RNN" else -1
    return [(steps * batch * each,), ((steps + last) * batch * states,)]
