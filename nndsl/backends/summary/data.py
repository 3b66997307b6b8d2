"""What a summary holds. Sizes are numbers, or polynomials in the dims that are not fixed."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    `shared`: this layer's weights were counted in an earlier row. None: its operator has no formula. `mode`: None,
    "train" or "eval" where it runs in that mode only, "unused" where it does not run at all."""

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
    shared: bool = False
    mode: str | None = None
    children: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Summary:
    """Totals: shared weights once; `macs` and `flops` of one run outside training. `unknown…`: what has no formula.

    `batch` is the symbol that all inputs begin with: costs are told at `batch` = 1."""

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

    def spell(self, size: Size) -> str:
        return str(size) if isinstance(size, int) else self.facts.spell(size)

    def __str__(self) -> str:
        from nndsl.backends.summary.table import table

        return table(self)
