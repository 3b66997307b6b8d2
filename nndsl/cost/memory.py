"""The memory of a batch: weights, gradients, the optimizer's states, saved activations, and peaks.

All weights, gradients and states are of the model's type. What a loss makes is not counted; each output comes with a
gradient of its size. The peak of a training step is that of its forward and backward pass, gradients of weights being
made on the way (`zero_grad` frees them), or that of the optimizer's step, whichever is more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.cost.numbers import bytes_of, total
from nndsl.cost.peak import Open, Peak
from nndsl.cost.run import Run
from nndsl.ir.cost import batch_symbol
from nndsl.ir.graph import Graph
from nndsl.shapes import Dim, Size, TensorType


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`states`: tensors kept for each weight; `work`: those of the size of the largest weight made in a step."""

    states: int
    work: int = 0


OPTIMIZERS = {
    "sgd": Optimizer(0),
    "sgd+momentum": Optimizer(1),
    "adam": Optimizer(2, 2),
    "adamw": Optimizer(2, 2),
    "amsgrad": Optimizer(3, 2),
    "nadam": Optimizer(2, 2),
    "radam": Optimizer(2, 2),
    "adamax": Optimizer(2, 1),
    "adagrad": Optimizer(1, 1),
    "adadelta": Optimizer(2, 2),
    "rmsprop": Optimizer(1, 1),
    "lion": Optimizer(1, 1),
    "lamb": Optimizer(2, 2),
}
DTYPES = ("float32", "float16", "bfloat16", "float64")


@dataclass(slots=True)
class Needed:
    """Bytes. `saved` and the peaks are None where an operator does not say what it keeps; peaks, too, where a size is
    not known. `unknown` names those operators."""

    samples: int
    dtype: str
    optimizer: str
    parameters: Size
    buffers: Size
    gradients: Size
    optimizer_states: Size
    saved: Size | None
    training_peak: int | None
    inference_peak: int | None
    unknown: dict[str, None] = field(default_factory=dict)


def memory(
    graph: Graph, *, samples: int = 1, dtype: str = "float32", optimizer: str = "adamw", cuda: bool = False
) -> Needed:
    """Of `samples` samples, where the model has a batch (a dim that all inputs begin with)."""
    return measured(graph, Run(graph, dtype, training=True, cuda=cuda), samples, optimizer)


def measured(graph: Graph, run: Run, samples: int, optimizer: str) -> Needed:
    batch = batch_symbol(graph)
    values: dict[str, Size] = {} if batch is None else {batch: samples}
    weights = [
        (weight.trained, bytes_of(TensorType(weight.dtype, weight.shape), run.dtype)) for _, weight in graph.weights()
    ]
    trained = total(size for is_trained, size in weights if is_trained)
    others = total(size for is_trained, size in weights if not is_trained)
    states = trained * OPTIMIZERS[optimizer].states
    kept = None if run.root.whole.unknown else at(saved(run), values)
    needed = Needed(
        samples, run.dtype, optimizer, trained, others, trained, states, kept, None, None, run.root.whole.unknown
    )
    try:
        _peaks(graph, run, values, needed)
    except Open:
        return needed
    return needed


def saved(run: Run) -> Size:
    """Bytes of distinct tensors that the backward pass needs, the model's inputs included."""
    root = run.root
    size = root.whole.inside
    for home in root.whole.kept:
        given = home < len(root.places)
        size = size + (bytes_of(root.graph.inputs[home].type, run.dtype) if given else root.whole.made[home])
    return size


def at(size: Size, values: dict[str, Size]) -> Size:
    return size.substitute(values) if isinstance(size, Dim) else size


def _peaks(graph: Graph, run: Run, values: dict[str, Size], needed: Needed) -> None:
    there = Peak(run, values)
    number = there.number
    fixed = number(needed.parameters) + number(needed.buffers)
    inputs = sum(number(bytes_of(value.type, run.dtype)) for value in graph.inputs)
    needed.inference_peak = (
        fixed + inputs + Peak(Run(graph, run.dtype, training=False, cuda=run.cuda), values).inference()
    )
    if needed.unknown:
        return
    rise, counted = there.training()
    fixed += number(needed.optimizer_states) + inputs
    gradients = number(needed.gradients)
    sizes = [number(bytes_of(TensorType(w.dtype, w.shape), run.dtype)) for _, w in graph.weights() if w.trained]
    results = sum(map(number, run.root.whole.made.values()))
    step = gradients + results + OPTIMIZERS[needed.optimizer].work * max(sizes, default=0)
    needed.training_peak = fixed + max(rise + gradients - counted, step)
