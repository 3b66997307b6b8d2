"""The memory of a batch: weights, gradients, the optimizer's states, saved activations, and peaks.

All weights, gradients and states are of the model's type. What a loss makes is not counted; each output comes with a
gradient of its size. The peak of a training step is that of its forward and backward pass, gradients of weights being
made on the way (`zero_grad` frees them), or that of the optimizer's step, whichever is more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nndsl.cost.learned import learned
from nndsl.cost.numbers import bytes_of
from nndsl.cost.peak import Open, Peak
from nndsl.cost.run import Run
from nndsl.ir.cost import batch_symbol
from nndsl.ir.graph import Graph
from nndsl.shapes import Dim, Size, TensorType


@dataclass(frozen=True, slots=True)
class Optimizer:
    """`states`: tensors kept for each weight; `work`: those of the size of the largest weight made in a step, where
    weights are updated one after the other; `together`: those for each weight where PyTorch updates all at once, as it
    does on a GPU (its `foreach`). Lion and LAMB, which are not PyTorch's, go one after the other."""

    states: int
    work: int = 0
    together: int = 0


OPTIMIZERS = {
    "sgd": Optimizer(0),
    "sgd+momentum": Optimizer(1),
    "adam": Optimizer(2, 2, 1),
    "adamw": Optimizer(2, 2, 1),
    "amsgrad": Optimizer(3, 2, 1),
    "nadam": Optimizer(2, 2, 1),
    "radam": Optimizer(2, 2, 1),
    "adamax": Optimizer(2, 1, 1),
    "adagrad": Optimizer(1, 1, 2),
    "adadelta": Optimizer(2, 2, 2),
    "rmsprop": Optimizer(1, 1, 1),
    "lion": Optimizer(1, 1),
    "lamb": Optimizer(2, 2),
}
DTYPES = ("float32", "float16", "bfloat16", "float64")


@dataclass(slots=True)
class Memory:
    """Bytes that a batch needs. `saved`: activations kept for the backward pass. The peaks are of a run simulated in
    the order of the layers, weights (and for training: gradients and optimizer states) included. Both are None where an
    operator does not say what it keeps, peaks, too, where a size is not known. `unknown` names those operators."""

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
) -> Memory:
    """Of `samples` samples, where the model has a batch (a dim that all inputs begin with)."""
    trained = Run(graph, dtype, training=True, cuda=cuda)
    return measured(graph, trained, Run(graph, dtype, training=False, cuda=cuda), samples, optimizer)


def measured(graph: Graph, run: Run, at_work: Run, samples: int, optimizer: str) -> Memory:
    """The same of runs that were followed already."""
    batch = batch_symbol(graph)
    values: dict[str, Size] = {} if batch is None else {batch: samples}
    trained, others = weights(graph, run.dtype)
    gradients, each = learned(run)
    states = gradients * OPTIMIZERS[optimizer].states
    kept = None if run.root.whole.unknown else at(saved(run), values)
    needed = Memory(
        samples, run.dtype, optimizer, trained, others, gradients, states, kept, None, None, run.root.whole.unknown
    )
    try:
        _peaks(graph, run, at_work, values, needed, each)
    except Open:
        return needed
    return needed


def weights(root: Graph, dtype: str) -> tuple[Size, Size]:
    """Bytes of what is trained, and of buffers. Shared layers count once; blocks within blocks are not opened again for
    each call."""
    known: dict[int, tuple[Size, Size]] = {}
    for graph in root.graphs():
        trained: Size = 0
        others: Size = 0
        for node in graph.layers().values():
            if isinstance(node.target, Graph):
                trained, others = trained + known[id(node.target)][0], others + known[id(node.target)][1]
            for weight in node.weights():
                size = bytes_of(TensorType(weight.dtype, weight.shape), dtype)
                trained, others = (trained + size, others) if weight.trained else (trained, others + size)
        known[id(graph)] = trained, others
    return known[id(root)]


def saved(run: Run) -> Size:
    """Bytes of distinct tensors that the backward pass needs, the model's inputs included."""
    root = run.root
    size = root.whole.inside
    for home in root.whole.kept:
        given = home < len(root.places)
        size = size + (bytes_of(root.graph.inputs[home].type, run.dtype) if given else root.whole.made[home])
    return size


def updated(needed: Memory) -> Size:
    """Bytes that an optimizer's step moves at least: it reads gradients, and reads and writes weights and states."""
    return needed.gradients * 3 + needed.optimizer_states * 2


def at(size: Size, values: dict[str, Size]) -> Size:
    return size.substitute(values) if isinstance(size, Dim) else size


def _peaks(graph: Graph, run: Run, at_work: Run, values: dict[str, Size], needed: Memory, each: list[Size]) -> None:
    there = Peak(run, values)
    number = there.number
    fixed = number(needed.parameters) + number(needed.buffers)
    inputs = sum(number(bytes_of(value.type, run.dtype)) for value in graph.inputs)
    needed.inference_peak = fixed + inputs + Peak(at_work, values).inference()
    if needed.unknown:
        return
    rise, counted = there.training()
    fixed += number(needed.optimizer_states) + inputs
    gradients = number(needed.gradients)
    largest = max(map(number, each), default=0)
    results = sum(map(number, run.root.whole.made.values()))
    optimizer = OPTIMIZERS[needed.optimizer]
    at_once = run.cuda and optimizer.together
    step = gradients + results + (optimizer.together * gradients if at_once else optimizer.work * largest)
    needed.training_peak = fixed + max(rise + gradients - counted, step)
