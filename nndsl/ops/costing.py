"""What an operator says of its cost: arithmetic, what the backward pass takes and keeps, how far a cell sees.

A multiply-accumulate (MAC) is one product and one sum of a matrix product or a convolution, those inside attention and
recurrent gates included. FLOPs are all arithmetic: a MAC counts 2; a sum, product, comparison, division, and each
function evaluated (exp, tanh, a root …) count 1; moving, casting and looking up count 0. The backward pass makes a
product for each factor that needs a gradient: as a rule twice the MACs of the forward pass, less where an input needs
none (the first layer's); arithmetic besides products is counted once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from nndsl.ops.strided import Strided, Strides, is_dense, merges
from nndsl.shapes import Size, TensorType

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Use:
    """How an operator is used in training: which inputs need a gradient, and how they lie in memory. `cuda`: on a GPU,
    where some operators keep other things than on a CPU."""

    needs: tuple[bool, ...]
    inputs: tuple[Strided | None, ...]
    cuda: bool = False

    def is_dense(self, at: int) -> bool:
        x = self.inputs[at]
        return x is None or is_dense(x.shape, x.strides)

    def merges(self, at: int, *axes: int) -> bool:
        """Do these axes become one without a copy?"""
        x = self.inputs[at]
        return x is None or merges(x.shape, x.strides, axes)


@dataclass(frozen=True, slots=True)
class Saved:
    """What PyTorch's autograd keeps of one run: inputs and outputs by position, and tensors made for it alone. Weights
    are not told: they are there anyway."""

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    made: tuple[TensorType, ...] = ()


NOTHING, INPUT, OUTPUT, BOTH = Saved(), Saved((0,)), Saved((), (0,)), Saved((0,), (0,))
STATISTICS = "float32"  # means and deviations stay in single precision, whatever the model's type


class Costed:
    """The facets of an operator that tell its cost; `*inputs` are types, None for a missing one."""

    like_input: ClassVar[bool] = False  # results lie in memory as the first input does: what works on each element
    pointwise: ClassVar[bool] = False  # a cell of the result sees one place, though statistics may be of all
    kept: ClassVar[Saved | None] = None  # what `saves` says of every use
    detached: ClassVar[bool] = False  # no gradient passes through it
    passes_gradient: ClassVar[bool] = False  # the gradient of an input of the result's shape is that of the result

    def macs(self, *inputs: Any, **y: Any) -> Size | None:
        """Multiply-accumulates of matrix products and convolutions; None: not known (shown as `?`)."""
        return 0

    def flops(self, *inputs: Any, **y: Any) -> Size | None:
        """All arithmetic; a multiply-accumulate counts 2. None: not known (shown as `?`)."""
        return None

    def backward_macs(self, *inputs: Any, **more: Any) -> Size | None:
        """Products of the backward pass (`y`, `use`): one more of each for the weight, where there is one, and for each
        input that needs a gradient."""
        macs = self.macs(*inputs, y=more["y"])
        if macs is None:
            return None
        needed: int = sum(more["use"].needs)
        return macs * (needed + any(w.trained for w in self.weights(*inputs)))

    def weights(self, *inputs: Any, **more: Any) -> list[Any]:
        """See `Op`."""
        return []

    def sees(self, *inputs: Any, **more: Any) -> tuple[tuple[Fraction | int, Fraction | int], ...] | None:
        """For each spatial axis: how many cells one cell of the result sees, and how many further the next one looks
        (`y`). (): only its own place; None: everything, or axes change their meaning."""
        return () if self.like_input or self.pointwise else None

    def same(self, x: TensorType, y: TensorType) -> bool:
        """Is the result the input itself, while training?"""
        return False

    def strides(self, *inputs: Any, **more: Any) -> Strides | None:
        """How the first result lies in memory of its own (`y`, `use`); None: as the first input where `like_input`,
        else in the order of its axes."""
        return None

    def scratch(self, *inputs: Any, **more: Any) -> list[TensorType]:
        """What is made on the way and gone afterwards, outside training (`y`, `use`)."""
        return []

    def backward_scratch(self, *inputs: Any, **more: Any) -> list[TensorType]:
        """What the backward pass makes on its way, and gives up before the inputs' gradients are made (`y`, `use`)."""
        return []

    def saves(self, *inputs: Any, **more: Any) -> Saved | None:
        """What is kept for the backward pass, asked where the result needs a gradient (`y`: the result's type, or a
        tuple of them; `use`: a Use). None: not known (shown as `?`)."""
        return self.kept
