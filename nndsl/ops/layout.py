"""Shape and layout: joining, cutting, reshaping, turning axes around. Nothing here computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nndsl.ops.arithmetic import cast_to
from nndsl.ops.kinds import Ints, Sizes
from nndsl.ops.schema import SHAPE, Op, param
from nndsl.shapes import Dim, Size, TensorType, ceil_div, promote

if TYPE_CHECKING:
    from nndsl.ops.emit import OnnxBuilder, OnnxValue, Operand, Text, TorchWriter
    from nndsl.ops.say import Say


class Moves(Op, family=SHAPE, abstract=True):
    """Costs no arithmetic."""

    def flops(self, *inputs: TensorType, y: Any) -> Size:
        return 0


class Concat(Moves):
    """Join along a dim: [*, A, *], [*, B, *] -> [*, A + B, *] (torch.cat)."""

    inputs = ("*xs",)
    dim: int = param(0, doc="the dim to join along")

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
    for i, (a, b) in enumerate(zip(first.shape, x.shape, strict=True)):
        where = f"dim {i} of input {k} ({say.type(x)}) differs from the first ({say.type(first)})"
        if i != axis and not say.same(a, b, where, at=k, axis=i):
            return False
    return True


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


class Pieces(Moves, abstract=True):
    """Cut along a dim; `parts` are the sizes of the pieces."""

    dim: int

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        raise NotImplementedError(self.name)

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, ...] | None:
        axis = say.axis(self.dim, x.rank)
        parts = None if axis is None else self.parts(x, axis, say)
        if axis is None or parts is None:
            return None
        return tuple(TensorType(x.dtype, (*x.shape[:axis], p, *x.shape[axis + 1 :])) for p in parts)

    def cut(self, t: TorchWriter, made: Text, count: int) -> tuple[Text, ...]:
        return (t.index(made, 0),) if count == 1 else t.unpack(made)

    def pieces(self, g: OnnxBuilder, x: OnnxValue, sizes: list[Size]) -> Any:
        if len(sizes) == 1:
            return (x,)
        return g.op("Split", x, g.sizes(sizes), axis=self.dim, outputs=len(sizes))


class Split(Pieces):
    """Cut into pieces of a size, or of given sizes: [*, D, *] -> [*, A, *], [*, B, *] … (torch.split)."""

    outputs = ("*ys",)
    split_size: Sizes = param(doc="size of each piece (the last may be smaller), or a list of all sizes")
    dim: int = param(0, doc="the dim to cut")

    examples = [
        "[2, 6] -> Split(2, dim=1) -> ([2, 2], [2, 2], [2, 2])",
        "[N, 7] -> Split([3, 4], dim=-1) -> ([N, 3], [N, 4])",
        "[7, T] -> Split(3) -> ([3, T], [3, T], [1, T])",
        "[T, T + 5] -> Split([T, 5], 1) -> ([T, T], [T, 5])",
    ]

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        size = x.shape[axis]
        if len(self.split_size) == 1:
            return self._equal(size, self.split_size[0], say)
        total = sum(self.split_size[1:], start=self.split_size[0])
        return (
            list(self.split_size)
            if say.same(total, size, f"the sizes sum up to dim {axis}", at="split_size")
            else None
        )

    def _equal(self, size: Size, each: Size, say: Say) -> list[Size] | None:
        if isinstance(each, int) and each < 1:
            say.error(f"pieces of size {each}", at="split_size")
            return None
        count = say.facts.normalize(ceil_div(size, each))
        if isinstance(count, Dim):
            what = f"{say.spell(size)} cut into pieces of {say.spell(each)}"
            say.error(f"the number of pieces must be known: {what}", code="unknown-dim", at="split_size")
            return None
        return [each] * (count - 1) + [size - each * (count - 1)]

    def _sizes(self, x: TensorType) -> list[Size]:
        from nndsl.ops.say import Collect

        if len(self.split_size) > 1:
            return list(self.split_size)
        return self._equal(x.shape[self.dim], self.split_size[0], Collect(self.name)) or []

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        many = len(self.split_size) > 1
        sizes: Any = list(self.split_size) if many else self.split_size[0]
        made = t.method(x, "split", sizes, **self.given("dim"))
        return self.cut(t, made, len(self._sizes(x.type)))

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        return self.pieces(g, x, self._sizes(x.type))


class Chunk(Pieces):
    """Cut into a number of equal pieces (the last may be smaller): [*, D, *] -> [*, D / chunks, *] … (torch.chunk)."""

    outputs = ("*ys",)
    chunks: int = param(doc="how many pieces", min=1)
    dim: int = param(0, doc="the dim to cut")

    examples = [
        "[2, 6] -> Chunk(3, dim=1) -> ([2, 2], [2, 2], [2, 2])",
        "[7, N] -> Chunk(2) -> ([4, N], [3, N])",
        "[T, 2 * T] -> Chunk(2, -1) -> ([T, T], [T, T])",
        "[5] -> Chunk(1) -> [5]",
    ]

    def parts(self, x: TensorType, axis: int, say: Say) -> list[Size] | None:
        size = say.facts.normalize(x.shape[axis])
        if isinstance(size, int):
            if size >= self.chunks:
                return _chunked(size, self.chunks)
            say.error(
                f"dim {axis} has {size}, too few for {self.chunks} pieces", code="shape-mismatch", at="chunks"
            )
            return None
        each = size // self.chunks
        return (
            [each] * self.chunks
            if say.same(each * self.chunks, size, f"equal pieces of dim {axis}", at="chunks")
            else None
        )

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        made = t.method(x, "chunk", self.chunks, **self.given("dim"))
        size = x.shape[self.dim]
        return self.cut(t, made, len(_chunked(size, self.chunks)) if isinstance(size, int) else self.chunks)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        size = x.shape[self.dim]
        return self.pieces(
            g,
            x,
            _chunked(size, self.chunks) if isinstance(size, int) else [size // self.chunks] * self.chunks,
        )


def _chunked(size: int, chunks: int) -> list[Size]:
    """As torch.chunk: all but the last of one size, which can make fewer pieces than asked for."""
    each = -(-size // chunks)
    return [min(each, size - start) for start in range(0, size, each)]


class Unbind(Pieces):
    """Take a dim apart: [*, D, *] -> D times [*, *] (torch.unbind)."""

    outputs = ("*ys",)
    dim: int = param(0, doc="the dim that is taken apart")

    examples = [
        "[3, N, 4] -> Unbind -> ([N, 4], [N, 4], [N, 4])",
        "[N, 2] -> Unbind(dim=-1) -> ([N], [N])",
        "[1, 5] -> Unbind(0) -> [5]",
    ]

    def shape(self, x: TensorType, say: Say) -> tuple[TensorType, ...] | None:
        axis = say.axis(self.dim, x.rank)
        if (
            axis is None
            or (count := say.known(say.facts.normalize(x.shape[axis]), f"the size of dim {axis}")) is None
        ):
            return None
        return (TensorType(x.dtype, (*x.shape[:axis], *x.shape[axis + 1 :])),) * count

    def torch(self, t: TorchWriter, x: Operand) -> tuple[Text, ...]:
        size = x.shape[self.dim]
        return self.cut(
            t, t.method(x, "unbind", *([self.dim] if self.dim else [])), size if isinstance(size, int) else 2
        )

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        count = x.shape[self.dim]
        if not isinstance(count, int):
            raise AssertionError("a checked Unbind knows its dim")
        return tuple(g.op("Gather", x, g.const(k), axis=self.dim) for k in range(count))


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

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "transpose", self.dim0, self.dim1)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        perm = list(range(x.rank))
        perm[self.dim0], perm[self.dim1] = perm[self.dim1], perm[self.dim0]
        return g.op("Transpose", x, perm=perm)


class Transposed(Moves):
    """`x.T` of a matrix, `x.mT` of the last two dims: [*, M, N] -> [*, N, M] (torch.Tensor.mT)."""

    hidden = True
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
        if len(self.shifts) == len(self.dims):
            return True
        say.error(f"{len(self.shifts)} shifts for {len(self.dims)} dims", at="shifts")
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
            shift = shift % size if isinstance(size, int) else shift
            if shift:
                y = self._rolled(g, y, shift, axis % x.rank, size)
        return y

    def _rolled(self, g: OnnxBuilder, y: Any, shift: int, axis: int, size: Size) -> Any:
        """A shift of a dim that is not known may go around several times, so it is reduced when the model runs."""
        far, here = g.const([(1 << 63) - 1]), g.const([axis])
        at = (
            g.op("Unsqueeze", g.op("Mod", g.const(-shift), g.size(size)), g.const([0]))
            if isinstance(size, Dim)
            else None
        )
        at = at if at is not None else g.const([-shift])
        return g.op(
            "Concat", g.op("Slice", y, at, far, here), g.op("Slice", y, g.const([0]), at, here), axis=axis
        )

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
        return x if all(say.axis(d, x.rank, at="dims") is not None for d in self.dims) else None

    def torch(self, t: TorchWriter, x: Operand) -> Text:
        return t.method(x, "flip", *self.dims)

    def onnx(self, g: OnnxBuilder, x: OnnxValue) -> Any:
        count = len(self.dims)
        ends = g.const([-(1 << 63) + 1] * count)
        return g.op("Slice", x, g.const([-1] * count), ends, g.const(list(self.dims)), g.const([-1] * count))
