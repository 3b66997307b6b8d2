"""What a summary holds. Sizes are numbers, or polynomials in the dims that are not fixed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from nndsl.cost.memory import Memory
from nndsl.shapes import Facts, Size


@dataclass(slots=True)
class Tensor:
    """A named input or output; `shape` is spelled in the spec's dims, numbers where they are known."""

    name: str
    dtype: str
    shape: list[int | str]
    mode: str | None = None


@dataclass(slots=True)
class Row:
    """A layer or a block. `parameters`, `macs`, `flops` are of one of the `count` equal members it stands for.

    `weighed`: False where it may have weights that are not known; `parameters` is a lower bound, and so are the totals.
    `shared`: this layer's weights were counted in an earlier row. None: its operator has no formula. `mode`: None,
    "train" or "eval" where it runs in that mode only, "unused" where it does not run at all.

    `activations`: bytes of what it gives, in the summary's dtype. `saved`: bytes that it adds to what PyTorch keeps for
    the backward pass. `training_macs`, `training_flops`: forward and backward. `together`: where equal members, or the
    calls of the block that this row is in, differ while training, these three are sums over so many. `receptive_field`:
    how many cells of the input one cell of the result sees, for each spatial axis; None where it sees all, or axes are
    not spatial.
    `intensity`: FLOPs for each byte moved; `seconds`: the roofline estimate on `Summary.device`; None where open.
    `timed`: where equal members take different times, `seconds` is the sum over so many. `steps`: of a recurrence, how
    often what is in it is run; its members are told for one step.
    `macs_formula`, `flops_formula`: in the letters of `Summary.formulas`."""

    path: str
    name: str
    type: str
    detail: str
    inputs: list[list[int | str]]
    outputs: list[list[int | str]]
    parameters: Size
    buffers: Size
    macs: Size | None
    flops: Size | None
    count: int = 1
    weighed: bool = True
    shared: bool = False
    mode: str | None = None
    children: list[Row] = field(default_factory=list)
    activations: Size | None = None
    saved: Size | None = None
    training_macs: Size | None = None
    training_flops: Size | None = None
    together: int = 1
    receptive_field: tuple[int, ...] | None = None
    intensity: float | None = None
    seconds: float | None = None
    timed: int = 1
    steps: Size | None = None
    macs_formula: Size | None = None
    flops_formula: Size | None = None


@dataclass(slots=True)
class Formulas:
    """Costs in the model's hyperparameters and open dims; `facts` and `batch` are of the model that has them open."""

    macs: Size
    flops: Size
    facts: Facts
    batch: str | None
    training_macs: Size | None = None
    training_flops: Size | None = None
    saved: Size | None = None


@dataclass(slots=True)
class Summary:
    """Totals: shared weights once; `macs` and `flops` of one run outside training. `unknown…`: what has no formula.

    `batch` is the symbol that all inputs begin with: costs are told at `batch` = 1.

    `dtype` is what `float` stands for; `device` the hardware of `seconds` (inference) and `training_seconds` (forward,
    backward, optimizer), which are for `memory.samples` samples, as `memory` is. `saved` counts a tensor once that
    several layers keep."""

    model: str
    inputs: list[Tensor]
    outputs: list[Tensor]
    parameters: Size
    trainable: Size
    buffers: Size
    macs: Size
    flops: Size
    unknown_macs: list[str]
    unknown_flops: list[str]
    batch: str | None
    dims: list[str]
    training_only: bool
    unused: bool
    layers: list[Row]
    facts: Facts
    dtype: str = "float32"
    device: str | None = None
    activations: Size = 0
    saved: Size = 0
    training_macs: Size = 0
    training_flops: Size = 0
    unknown_parameters: list[str] = field(default_factory=list)
    unknown_saved: list[str] = field(default_factory=list)
    intensity: float | None = None
    seconds: float | None = None
    training_seconds: float | None = None
    memory: Memory | None = None
    formulas: Formulas | None = None

    def spell(self, size: Size) -> str:
        return str(size) if isinstance(size, int) else self.facts.spell(size)

    def __str__(self) -> str:
        from nndsl.backends.summary.table import table

        return table(self)

    def save(
        self, path: str | os.PathLike[str], *, columns: Sequence[str] | None = None, depth: int | None = None
    ) -> None:
        """Write it in the format of the path's ending: .txt, .json, .csv, .md, .html. `columns`: names of columns, as
        on the command line. `depth`: how many levels of blocks are open. Raises ValueError for another ending or
        column, OSError where the file cannot be written."""
        from nndsl.backends.summary.formats import ENDINGS, written
        from nndsl.files import write

        ending = os.path.splitext(path)[1].lower()
        if ending not in ENDINGS:
            raise ValueError(f"a summary's file ends in {', '.join(ENDINGS)}, and this is {os.fspath(path)}")
        write(path, written(self, ENDINGS[ending], columns=columns, depth=depth))

    def _repr_html_(self) -> str:
        from nndsl.backends.summary.html import fragment

        return fragment(self)
