"""Shape and layout: joining, turning axes around. Nothing here computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.costing import NOTHING
from nndsl.ops.families import SHAPE
from nndsl.ops.kinds import Ints
from nndsl.ops.schema import Op, param
from nndsl.shapes import Dim, Size, TensorType, promote
from nndsl.shapes.dims import lower_bound

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Moves(Op, family=SHAPE, abstract=True):
    """Costs no arithmetic."""

    kept = NOTHING

    def flops(self, *inputs: Any, **y: Any) -> Size:
        return 0


class Concat(Moves):
    """Join along a dim: [*, A, *], [*, B, *] -> [*, A + B, *] (torch.cat)."""

    inputs = ("*xs",)
    dim: int = param(0, doc="the dim to join along")

    def sees(self, *xs: TensorType, y: TensorType) -> tuple[tuple[int, int], ...] | None:
        """Channels side by side."""
        return () if self.dim in (1, 1 - y.rank) and y.rank > 2 else None

    examples = [
        "([2, 3], [2, 4]) -> Concat(dim=1) -> [2, 7]",
        "([N, 1, 8], [N, T, 8]) -> Concat(1) -> [N, T + 1, 8]",
        "([3], [1], [2]) -> Concat -> [6]",
        "(int[2, 3], [2, 3]) -> Concat(dim=-1) -> [2, 6]",
        "([N, 2]) -> Concat(dim=1) -> [N, 2]",
    ]

    def shape(self, *xs: TensorType, say: Say) -> TensorType | None:
        if not xs:
            say.error("Concat joins at least one tensor", code="missing-input")
            return None
        if not xs[0].rank:
            say.error("tensors without dims are joined by `Stack`", code="rank-mismatch", at=0)
            return None
        axis = say.axis(self.dim, xs[0].rank)
        if axis is None or not all(_joins(say, xs, k, axis) for k in range(1, len(xs))):
            return None
        dtype = xs[0].dtype
        for x in xs[1:]:
            dtype = promote(dtype, x.dtype)
        total = sum((x.shape[axis] for x in xs[1:]), start=xs[0].shape[axis])
        return TensorType(dtype, (*xs[0].shape[:axis], total, *xs[0].shape[axis + 1 :]))

    def torch(self, t: TorchWriter, *xs: Operand) -> Text:
        return t.call("torch.cat", list(xs), **self.given("dim"))

    def onnx(self, g: OnnxBuilder, *xs: OnnxValue) -> Any:
        dtype = xs[0].dtype
        for x in xs[1:]:
            dtype = promote(dtype, x.dtype)
        return g.op("Concat", *[cast_to(g, x, dtype) for x in xs], axis=self.dim)

    def detail(self) -> str:
        return f"dim {self.dim}"

    def blame(self, axis: int, rank: int) -> str | None:
        return "dim" if axis == self.dim % rank else None


def _joins(say: Say, xs: tuple[TensorType, ...], k: int, axis: int | None) -> bool:
    """Does input k fit the first, in all dims but `axis`?"""
    first, x = xs[0], xs[k]
    if x.rank != first.rank:
        message = f"{say.who} takes inputs of one rank: {say.type(first)} has {first.rank} dims, input {k} has {x.rank}"
        say.error(f"{message}: {say.type(x)}", code="rank-mismatch", at=k)
        return False
    sizes = enumerate(zip(first.shape, x.shape, strict=True))
    pairs = [(i, a, b) for i, (a, b) in sizes if i != axis and a != b]
    if not pairs:
        return True
    return say.agree(pairs, f"these cannot be joined: {say.type(first)} and {say.type(x)}", at=k, rank=x.rank)


class Stack(Moves):
    """Put side by side along a new dim: [*], [*] -> [*, 2, *] (torch.stack)."""

    inputs = ("*xs",)
    dim: int = param(0, doc="where the new dim stands")

    examples = [
        "([2, 3], [2, 3]) -> Stack -> [2, 2, 3]",
        "([N, T], [N, T], [N, T]) -> Stack(dim=-1) -> [N, T, 3]",
        "([], []) -> Stack -> [2]",
    ]

    def shape(self, *xs: TensorType, say: Say) -> TensorType | None:
        if not xs:
            say.error("Stack takes at least one tensor", code="missing-input")
            return None
        axis = say.axis(self.dim, xs[0].rank + 1)
        if axis is None or not all(_joins(say, xs, k, None) for k in range(1, len(xs))):
            return None
        dtype = xs[0].dtype
        for x in xs[1:]:
            dtype = promote(dtype, x.dtype)
        return TensorType(dtype, (*xs[0].shape[:axis], len(xs), *xs[0].shape[axis:]))

    def torch(self, t: TorchWriter, *xs: Operand) -> Text:
        return t.call("torch.stack", list(xs), **self.given("dim"))

    def onnx(self, g: OnnxBuilder, *xs: OnnxValue) -> Any:
        dtype = xs[0].dtype
        for x in xs[1:]:
            dtype = promote(dtype, x.dtype)
        parts = [g.op("Unsqueeze", cast_to(g, x, dtype), g.const([self.dim])) for x in xs]
        return g.op("Concat", *parts, axis=self.dim)

    def detail(self) -> str:
        return f"dim {self.dim}"


_PERMUTE = """\
class Permute(nn.Module):
    def __init__(self, *dims: int) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.dims)
"""

_TRANSPOSE = """\
class Transpose(nn.Module):
    def __init__(self, dim0: int, dim1: int) -> None:
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(self.dim0, self.dim1)
"""


class Permute(Moves):
    """Reorder the dims: [A, B, C] -> [C, A, B] (torch.permute)."""

    dims: Ints = param(doc="for each dim of the result, which it was", star=True)

    examples = [
        "[2, 3, 4] -> Permute(2, 0, 1) -> [4, 2, 3]",
        "[N, C, H, W] -> Permute(0, 2, 3, 1) -> [N, H, W, C]",
        "int[N, T] -> Permute(-1, 0) -> int[T, N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if len(self.dims) != x.rank:
            say.error(
                f"{len(self.dims)} dims to order, and this has {x.rank}: {say.type(x)}",
                code="rank-mismatch",
                at="dims",
            )
            return None
        axes = [say.axis(d, x.rank, at="dims") for d in self.dims]
        if None in axes:
            return None
        if len(set(axes)) < len(axes):
            say.error("each dim stands once in Permute", at="dims")
            return None
        return TensorType(x.dtype, tuple(x.shape[a] for a in axes if a is not None))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(t.define("Permute", _PERMUTE), *self.dims)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "permute", *self.dims)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Transpose", x, perm=[d % x.rank for d in self.dims])


class Transpose(Moves):
    """Swap two dims: [*, A, *, B, *] -> [*, B, *, A, *] (torch.transpose)."""

    dim0: int = param(doc="one dim")
    dim1: int = param(doc="the other")

    examples = [
        "[2, 3, 4] -> Transpose(1, 2) -> [2, 4, 3]",
        "[N, T, 8] -> Transpose(0, 1) -> [T, N, 8]",
        "[N, T, 8] -> Transpose(-1, 0) -> [8, T, N]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        a, b = say.axis(self.dim0, x.rank, at="dim0"), say.axis(self.dim1, x.rank, at="dim1")
        if a is None or b is None:
            return None
        sizes = list(x.shape)
        sizes[a], sizes[b] = sizes[b], sizes[a]
        return TensorType(x.dtype, tuple(sizes))

    def module(self, t: TorchWriter, x: Operand) -> Text:
        return t.new(t.define("Transpose", _TRANSPOSE), self.dim0, self.dim1)

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "transpose", self.dim0, self.dim1)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        perm = list(range(x.rank))
        perm[self.dim0], perm[self.dim1] = perm[self.dim1], perm[self.dim0]
        return g.op("Transpose", x, perm=perm)


class Transposed(Moves):
    """`x.T` of a matrix, `x.mT` of the last two dims: [*, M, N] -> [*, N, M] (torch.Tensor.mT)."""

    hidden = True
    shown = "Transpose"
    batched: bool = param(False, doc="written `.mT`")

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        if self.batched:
            if not say.rank_at_least(x, 2, layout="`.mT` takes [*, M, N]"):
                return None
        elif x.rank != 2:
            help = "`.mT` swaps the last two dims" if x.rank > 2 else None
            say.error(
                f"`.T` takes a matrix, and this has {x.rank} dims: {say.type(x)}",
                code="rank-mismatch",
                at=0,
                help=help,
            )
            return None
        return TensorType(x.dtype, (*x.shape[:-2], x.shape[-1], x.shape[-2]))

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.attribute(x, "mT" if self.batched else "T")

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return g.op("Transpose", x, perm=[*range(x.rank - 2), x.rank - 1, x.rank - 2])


class Roll(Moves):
    """Shift along dims, what leaves at one end enters at the other: [*] -> [*] (torch.roll)."""

    shifts: Ints = param(doc="by how much, for each dim")
    dims: Ints = param(doc="the dims")

    examples = [
        "[2, 5] -> Roll(2, 1) -> [2, 5]",
        "[N, H, W, 3] -> Roll([-1, -2], [1, 2]) -> [N, H, W, 3]",
        "int[4] -> Roll(0, 0) -> int[4]",
    ]

    def check(self, say: Say) -> bool:
        if not self.shifts:
            say.error("nothing is shifted: give at least one dim", at="shifts")
        elif len(self.shifts) != len(self.dims):
            say.error(f"{len(self.shifts)} shifts for {len(self.dims)} dims", at="shifts")
        else:
            return True
        return False

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        return x if all(say.axis(d, x.rank, at="dims") is not None for d in self.dims) else None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        if len(self.dims) == 1:
            return t.method(x, "roll", self.shifts[0], self.dims[0])
        return t.method(x, "roll", self.shifts, self.dims)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        y: Any = x
        for shift, axis in zip(self.shifts, self.dims, strict=True):
            size = x.shape[axis]
            if not isinstance(size, int) or shift % size:
                y = self._rolled(g, y, shift % size if isinstance(size, int) else shift, axis % x.rank, size)
        return y

    def _rolled(self, g: OnnxBuilder, y: Any, shift: int, axis: int, size: Size) -> Any:
        """Where the shift may go around, as its dim may be smaller, it is reduced when the model runs."""
        far, here = g.const([(1 << 63) - 1]), g.const([axis])
        least = lower_bound(size) if isinstance(size, Dim) else size
        around = least is None or least < abs(shift)
        at = g.op("Mod", g.const([-shift]), g.sizes([size])) if around else g.const([-shift])
        return g.op("Concat", g.op("Slice", y, at, far, here), g.op("Slice", y, g.const([0]), at, here), axis=axis)

    def detail(self) -> str:
        return ", ".join(map(str, self.shifts))


class Flip(Moves):
    """Reverse the order along dims: [*] -> [*] (torch.flip)."""

    dims: Ints = param(doc="the dims", star=True)

    examples = [
        "[2, 5] -> Flip(1) -> [2, 5]",
        "[N, T, 3] -> Flip(-1, 1) -> [N, T, 3]",
        "int[4] -> Flip(0) -> int[4]",
    ]

    def shape(self, x: TensorType, say: Say) -> TensorType | None:
        axes = [say.axis(d, x.rank, at="dims") for d in self.dims]
        if None in axes:
            return None
        if len(set(axes)) < len(axes):
            say.error("each dim can be reversed once", at="dims")
            return None
        return x

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "flip", *self.dims)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        count = len(self.dims)
        ends = g.const([-(1 << 63) + 1] * count)
        return g.op("Slice", x, g.const([-1] * count), ends, g.const(list(self.dims)), g.const([-1] * count))
