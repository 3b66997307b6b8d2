"""An LSTM whose output is projected, as ONNX's LSTM without one.

With z the output before the projection P, the next step reads W P z: that is an LSTM of z with the weight W P, and P z
is what it gives. A first state is P z of no z that there was: what the first step reads of it, W h_0, stands among its
inputs, in columns that are zero in all other steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.lowering import counted, cut, unsqueeze

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder
    from nndsl.shapes import Size

ORDER = (0, 3, 1, 2)  # PyTorch's gates as ONNX has them


def projected(
    g: OnnxBuilder,
    x: Any,
    bias: Any,
    hidden_size: int,
    suffixes: list[str],
    given: tuple[Size, str, Any],
    start: list[Any],
) -> Any:
    """One layer: x is [T, N, D], `given` are T, the type, and the ends of the sequences; the states of `start` are
    [directions, N, *]."""
    time, dtype, ends = given
    h_0, c_0 = start
    if h_0 is not None:
        states = [cut(g, h_0, 0, i, i + 1) for i in range(len(suffixes))] if len(suffixes) > 1 else [h_0]
        firsts = [g.cast(_first(g, time, ends, i), dtype) for i in range(len(suffixes))]
        x = g.op("Concat", x, *(g.op("Mul", *each) for each in zip(firsts, states, strict=True)), axis=-1)
    weight = g.packed(f"weight_ih{suffixes[0]}", lambda w: _inputs(w, suffixes, h_0 is not None))
    again = g.packed(f"weight_hh{suffixes[0]}", lambda w: w.np.stack([_again(w, s) for s in suffixes]))
    kind = {"direction": "bidirectional"} if len(suffixes) > 1 else {}
    z, last, cell = g.op(
        "LSTM", x, weight, again, bias, ends, None, c_0, hidden_size=hidden_size, outputs=3, **kind
    )  # fmt: skip
    projection = g.packed(f"weight_hr{suffixes[0]}", lambda w: w.np.stack([w(f"weight_hr{s}").T for s in suffixes]))
    return g.op("MatMul", z, projection), g.op("MatMul", last, projection), cell


def _first(g: OnnxBuilder, time: Size, ends: Any, direction: int) -> Any:
    """Where this direction begins: [T, 1, 1], or [T, N, 1] from the ends of sequences backwards."""
    steps = unsqueeze(g, counted(g, time), 1, 2)
    if direction == 0:
        begin = g.const(0)
    elif ends is None:
        begin = g.op("Sub", g.size(time), g.const(1))
    else:
        begin = unsqueeze(g, g.op("Sub", cast_to(g, ends, "int64", "int32"), g.const(1)), 0, 2)
    return g.op("Equal", steps, begin)


def _inputs(w: Any, suffixes: list[str], started: bool) -> Any:
    """With columns for the first states of all directions, of which each reads its own."""
    made = []
    for suffix in suffixes:
        weight, state = w(f"weight_ih{suffix}"), w(f"weight_hh{suffix}")
        columns = [state if other == suffix else w.np.zeros_like(state) for other in suffixes if started]
        made.append(_gates(w, w.np.concatenate([weight, *columns], axis=1)))
    return w.np.stack(made)


def _again(w: Any, suffix: str) -> Any:
    """The product in double precision: it is rounded once, as the weight that it is."""
    weight, projection = w(f"weight_hh{suffix}"), w(f"weight_hr{suffix}")
    return _gates(w, (weight.astype("float64") @ projection.astype("float64")).astype(weight.dtype))


def _gates(w: Any, array: Any) -> Any:
    return w.np.concatenate([w.np.split(array, len(ORDER))[gate] for gate in ORDER])
